"""Which blocks and elements the templates can draw: those Slack would take, of a type that has a drawing.

What remains can be trusted in shape, so that templates need not look twice; all else becomes a box with its JSON.
"""

import json
import re
from typing import Any

from bot.workspace.blocks import Surface, problems
from bot.workspace.state import Json

UNKNOWN = "unknown"
BLOCKS = frozenset(("header", "section", "context", "actions", "image", "divider", "rich_text", "input"))
#: What an old-style attachment may have for the templates to draw it.
ATTACHMENT = dict.fromkeys(("pretext", "title", "title_link", "text", "fallback", "color"), str) | {
    "blocks": list
}
#: What Slack adds to the preview of a link that an app has drawn.
_UNFURL = {"id": int, "is_app_unfurl": bool} | dict.fromkeys(
    ("from_url", "app_unfurl_url", "app_id", "bot_id"), str
)
# The part of a block that a problem lies in, when it is one that can be boxed by itself.
_PART = re.compile(r"\[json-pointer:/blocks/0/(accessory|element|elements/\d+)(?:/[^\]]*)?\]\Z")


def known(block: object) -> Json:
    """The block, or of it what can be drawn: the rest is replaced by what `boxed` makes of it."""
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(kind, str) or kind not in BLOCKS:
        return boxed(block)
    surface: Surface = "modal" if kind == "input" else "message"
    found = [_PART.search(problem) for problem in problems([block], surface)]
    if not all(found):
        return boxed(block)
    return _without(block, {part[1] for part in found if part})


def attachment(value: object) -> Json:
    """An old-style attachment or a link's preview, or a box when it is more than its texts and blocks."""
    known = ATTACHMENT | _UNFURL if isinstance(value, dict) and value.get("is_app_unfurl") else ATTACHMENT
    if not isinstance(value, dict) or not value.keys() <= known.keys():
        return boxed(value)
    if not all(isinstance(each, known[name]) for name, each in value.items()):
        return boxed(value)
    return {**value, "type": "attachment"}


def boxed(value: object) -> Json:
    """Something unknown as an element of its own: what it says it is, and its JSON."""
    label = value.get("type") if isinstance(value, dict) else None
    source = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return {
        "type": UNKNOWN,
        "label": label if isinstance(label, str) else type(value).__name__,
        "json": source,
    }


def _without(block: Json, parts: set[str]) -> Json:
    changed: dict[str, Any] = {name: boxed(block[name]) for name in parts if "/" not in name}
    unknown = {int(part.partition("/")[2]) for part in parts if "/" in part}
    if unknown:
        elements = enumerate(block["elements"])
        changed["elements"] = [boxed(each) if index in unknown else each for index, each in elements]
    return {**block, **changed}
