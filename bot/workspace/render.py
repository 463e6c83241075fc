"""What a person reads of a message: Block Kit and mrkdwn as plain text."""

import re
from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]

_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_STYLED = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^*_~\n]*\S)\1(?![\w*_~])")


def unmarked(text: str) -> str:
    """Mrkdwn as it looks: links by their label, mentions by name, no style marks, entities as characters."""
    text = _STYLED.sub(r"\2", _LINK.sub(_link, text))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _link(match: re.Match[str]) -> str:
    target, label = match[1], match[2]
    if target[0] in "@#":
        return target[0] + (label or target[1:])
    if target[0] == "!":
        return label or "@" + target[1:].split("^")[0]
    return label or target


def plain(text: str, blocks: list[Json], attachments: list[Json] | None = None) -> str:
    """A whole message: its blocks when there are any, its text otherwise, then its attachments."""
    parts = [_block(block) for block in blocks] if blocks else [unmarked(text)]
    parts += [plain(a.get("text") or a.get("fallback", ""), a.get("blocks", [])) for a in attachments or []]
    return "\n".join(part for part in parts if part)


def _block(block: Json) -> str:
    draw = _BLOCKS.get(block.get("type", ""))
    return draw(block) if draw else ""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    text = str(value.get("text", ""))
    return unmarked(text) if value.get("type") == "mrkdwn" else text


def _section(block: Json) -> str:
    accessory = block.get("accessory")
    lines = [_text(block.get("text")), *map(_text, block.get("fields", []))]
    if accessory:
        lines.append(element_label(accessory))
    return "\n".join(line for line in lines if line)


def _context(block: Json) -> str:
    parts = (e.get("alt_text") if e.get("type") == "image" else _text(e) for e in block.get("elements", []))
    return "  ".join(part for part in parts if part)


def _actions(block: Json) -> str:
    return " ".join(map(element_label, block.get("elements", [])))


def _input(block: Json) -> str:
    return f"{_text(block.get('label'))}: {element_label(block.get('element', {}))}"


def element_label(element: Json) -> str:
    """A button, menu, field or image as a person knows it: `[ Upvote ]`, `[ Choose one v ]`."""
    kind = element.get("type", "")
    if kind == "button":
        return f"[ {_text(element.get('text'))} ]"
    if kind == "overflow":
        return "[ ... ]"
    if kind == "image":
        return f"({element.get('alt_text', '')})"
    if "options" in element and "select" not in kind:
        return " ".join(f"( ) {_text(option.get('text'))}" for option in element["options"])
    chosen = element.get("initial_option") or {}
    shown = _text(chosen.get("text")) or element.get("initial_value") or _text(element.get("placeholder"))
    return f"[ {shown} v ]" if "select" in kind else f"[ {shown or kind} ]"


def _rich_text(block: Json) -> str:
    return "\n".join(_rich(element) for element in block.get("elements", []))


def _rich(element: Json) -> str:
    kind = element.get("type")
    children: Iterable[str] = map(_rich, element.get("elements", []))
    if kind == "rich_text_list":
        return "\n".join(f"- {child}" for child in children)
    if "elements" in element:
        return "".join(children)
    if kind == "emoji":
        return f":{element.get('name')}:"
    names = (element.get(key) for key in ("text", "url", "user_id", "channel_id", "range"))
    return str(next(filter(None, names), ""))


_BLOCKS: dict[str, Callable[[Json], str]] = {
    "header": lambda block: _text(block.get("text")),
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "divider": lambda _: "-" * 20,
    "markdown": lambda block: str(block.get("text", "")),
    "image": lambda block: f"({block.get('alt_text', '')})",
    "video": lambda block: f"({_text(block.get('title'))})",
    "rich_text": _rich_text,
}
