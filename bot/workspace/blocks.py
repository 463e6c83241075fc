"""Block Kit as Slack checks it: what it would refuse in a message, a modal or a Home tab, and why.

https://docs.slack.dev/reference/block-kit/blocks/
"""

from collections.abc import Iterator
from typing import Any, Literal

from bot.workspace import elements
from bot.workspace.rich_text import RICH_TEXT
from bot.workspace.rules import (
    Report,
    Rule,
    Shapes,
    any_field,
    both,
    by_type,
    flag,
    items,
    shape,
    string,
    unique,
    url,
)
from bot.workspace.state import Json

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_TEXT = 40_000
# No page of Slack's names this one: all texts of a message's blocks together, measured by people who hit it.
MOST_BLOCK_TEXT = 13_200
MOST_MARKDOWN = 12_000

_BLOCK_ID: Shapes = {"block_id": string(255)}
_SECTION = both(
    shape(
        {},
        {
            **_BLOCK_ID,
            "text": elements.text(3000),
            "fields": items(elements.text(2000), 10),
            "accessory": elements.SECTION_ACCESSORIES,
            "expand": flag,
        },
    ),
    any_field("text", "fields"),
)
_INPUT = shape(
    {"label": elements.plain_text(2000), "element": elements.INPUT_ELEMENTS},
    {**_BLOCK_ID, "hint": elements.plain_text(2000), "optional": flag, "dispatch_action": flag},
)
_VIDEO = shape(
    {
        "alt_text": string(2000),
        "title": elements.plain_text(199),
        "thumbnail_url": url(),
        "video_url": url(),
    },
    {
        **_BLOCK_ID,
        "title_url": url(),
        "description": elements.plain_text(200),
        "author_name": string(49),
        "provider_name": string(),
        "provider_icon_url": url(),
    },
)
_EVERYWHERE: Shapes = {
    "section": _SECTION,
    "header": shape({"text": elements.plain_text(150)}, _BLOCK_ID),
    "divider": shape({}, _BLOCK_ID),
    "image": both(
        shape(
            {"alt_text": string(2000)},
            {
                **_BLOCK_ID,
                "image_url": url(),
                "slack_file": shape({}, {"id": string(), "url": url()}),
                "title": elements.plain_text(2000),
            },
        ),
        any_field("image_url", "slack_file"),
    ),
    "context": shape({"elements": items(elements.CONTEXT_ELEMENTS, 10)}, _BLOCK_ID),
    "actions": shape({"elements": items(elements.ACTIONS_ELEMENTS, 25)}, _BLOCK_ID),
    "rich_text": shape({"elements": items(RICH_TEXT, None)}, _BLOCK_ID),
    "video": _VIDEO,
}
_MARKDOWN = shape({"text": string(MOST_MARKDOWN)}, _BLOCK_ID)
_BY_SURFACE: dict[str, Rule] = {
    "message": by_type({**_EVERYWHERE, "markdown": _MARKDOWN}),
    "modal": by_type({**_EVERYWHERE, "input": _INPUT}),
    "home": by_type({**_EVERYWHERE, "input": _INPUT}),
}
_VIEW_FIELDS: Shapes = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255),
    "external_id": string(255),
}
_ANY_LIST = items(lambda *_: None, None, 0)
_MODAL = shape(
    {"title": elements.plain_text(24), "blocks": _ANY_LIST},
    {
        **_VIEW_FIELDS,
        "submit": elements.plain_text(24),
        "close": elements.plain_text(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_HOME = shape({"blocks": _ANY_LIST}, _VIEW_FIELDS)


def problems(blocks: object, surface: Surface) -> list[str]:
    """What Slack would refuse in a list of blocks; empty when it takes them."""
    report = Report()
    items(_BY_SURFACE[surface], MOST_BLOCKS[surface], 0)(report, "/blocks", blocks)
    if isinstance(blocks, list):
        found = [(f"/blocks/{index}", block) for index, block in enumerate(blocks) if isinstance(block, dict)]
        unique(((f"{path}/block_id", block.get("block_id")) for path, block in found), "block_id", report)
        for path, block in found:
            unique(_action_ids(path, block), "action_id", report)
    return report.problems


def view_problems(view: object) -> list[str]:
    """What Slack would refuse in a modal or a Home tab, its blocks included."""
    report = Report()
    by_type({"modal": _MODAL, "home": _HOME})(report, "", view)
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return report.problems
    blocks = view.get("blocks")
    if view["type"] == "modal" and not view.get("submit") and _has_input(blocks):
        report.add("/submit", "a modal with input blocks must have a submit button")
    if isinstance(blocks, list):
        report.problems += problems(blocks, view["type"])
    return report.problems


def message_errors(payload: Json) -> list[tuple[str, str]]:
    """What Slack would refuse in a message (`text`, `blocks`, `attachments`, `metadata`): error code and detail."""
    text = payload.get("text")
    blocks, attachments = ([] if payload.get(n) is None else payload[n] for n in ("blocks", "attachments"))
    found: list[tuple[str, str]] = []
    if not text and not blocks and not attachments:
        found.append(("no_text", "text, blocks or attachments must be given"))
    if text and len(str(text)) > MOST_TEXT:
        found.append(("msg_too_long", f"text must be less than {MOST_TEXT + 1} characters"))
    found += [("invalid_blocks", problem) for problem in problems(blocks, "message")]
    for attachment in attachments if isinstance(attachments, list) else ["?"]:
        found += [("invalid_attachments", problem) for problem in _attachment_problems(attachment)]
    if (length := text_length(blocks)) > MOST_BLOCK_TEXT:
        found.append(("msg_blocks_too_long", f"texts of all blocks together: {length} of {MOST_BLOCK_TEXT}"))
    found += [("invalid_metadata_format", problem) for problem in metadata_problems(payload.get("metadata"))]
    return found


def message_problems(payload: Json) -> list[str]:
    """What Slack would refuse in a message, each with the error code it would answer."""
    return [f"{code}: {problem}" for code, problem in message_errors(payload)]


def metadata_problems(metadata: object) -> list[str]:
    """What Slack would refuse in message metadata: a named event with a flat payload."""
    report = Report()
    if metadata is None or metadata == {}:
        return []
    shape({"event_type": string(), "event_payload": _flat}, {"entities": _ANY_LIST})(
        report, "/metadata", metadata
    )
    return report.problems


def text_length(value: object) -> int:
    """All characters a person could read in blocks: every text, label and option together."""
    if isinstance(value, list):
        return sum(map(text_length, value))
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(map(text_length, value.values()))


def _flat(report: Report, path: str, value: object) -> None:
    if not isinstance(value, dict):
        report.add(path, "must be an object")
        return
    for name, inner in value.items():
        scalars = inner if isinstance(inner, list) else [inner]
        if any(isinstance(scalar, (dict, list)) for scalar in scalars):
            report.add(f"{path}/{name}", "must be a string, number, boolean or a list of these")


def _attachment_problems(attachment: object) -> list[str]:
    if not isinstance(attachment, dict):
        return ["attachments must be a list of objects"]
    return problems(attachment.get("blocks") or [], "message")


def _action_ids(path: str, block: Json) -> Iterator[tuple[str, Any]]:
    inner = block.get("elements")
    several = inner if isinstance(inner, list) else []
    for index, element in enumerate(several):
        if isinstance(element, dict):
            yield f"{path}/elements/{index}/action_id", element.get("action_id")


def _has_input(blocks: object) -> bool:
    several = blocks if isinstance(blocks, list) else []
    return any(isinstance(block, dict) and block.get("type") == "input" for block in several)
