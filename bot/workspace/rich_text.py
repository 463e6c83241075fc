"""The rich text block, which nests.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/
"""

from bot.workspace.rules import Rule, Shapes, by_type, flag, items, number, one_of, shape, string, url

_STYLE: Shapes = {"style": shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), flag))}
_INLINE = by_type(
    {
        "text": shape({"text": string(None)}, _STYLE),
        "link": shape({"url": url()}, {"text": string(None, 0), "unsafe": flag, **_STYLE}),
        "emoji": shape({"name": string()}, {"unicode": string(), "skin_tone": number(2, 6), **_STYLE}),
        "user": shape({"user_id": string()}, _STYLE),
        "usergroup": shape({"usergroup_id": string()}, _STYLE),
        "channel": shape({"channel_id": string()}, _STYLE),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, _STYLE),
        "color": shape({"value": string()}, _STYLE),
        "date": shape(
            {"timestamp": number(0, 9_999_999_999), "format": string()},
            {"url": url(), "fallback": string(), **_STYLE},
        ),
    }
)
_BORDER: Shapes = {"border": number(0, 1)}
_SECTION = shape({"elements": items(_INLINE, None, 0)})
_LIST = shape(
    {"style": one_of("bullet", "ordered"), "elements": items(by_type({"rich_text_section": _SECTION}), None)},
    {**_BORDER, "indent": number(0, 8), "offset": number(0, 10_000)},
)
_BOXED = shape({"elements": items(_INLINE, None)}, _BORDER)

RICH_TEXT: Rule = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": _LIST,
        "rich_text_preformatted": _BOXED,
        "rich_text_quote": _BOXED,
    }
)
