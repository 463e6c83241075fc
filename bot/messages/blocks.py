"""The Block Kit elements that the bot uses, each within Slack's limits.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypedDict

from bot.messages.text import clip, clip_plain

Block = dict[str, Any]

SECTION_LIMIT = 3000
CONTEXT_LIMIT = 2000
HEADER_LIMIT = 150
BUTTON_LIMIT = 75
VALUE_LIMIT = 2000
PLACEHOLDER_LIMIT = 150
OPTION_LIMIT = 75
OPTION_VALUE_LIMIT = 150
BLOCK_ID_LIMIT = 255
#: How many an overflow menu can hold, and a select.
OVERFLOW_OPTIONS, SELECT_OPTIONS = 5, 100
#: A link longer than this, as it is sent, is left out: no page of a paper or its code needs it.
URL_LIMIT = 250


class Message(TypedDict):
    """What chat.postMessage, chat.update and response_url take; `text` is what a notification reads out."""

    text: str
    blocks: list[Block]


def mrkdwn(text: str) -> Block:
    # Verbatim: Slack would otherwise turn "#general" or "@here" in an abstract into a link or a mention.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text[:SECTION_LIMIT])}
    return {**block, "accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text[:CONTEXT_LIMIT]) for text in texts if text]}


def header(text: str) -> Block:
    return {
        "type": "header",
        "text": _plain(text, HEADER_LIMIT),
    }


def divider() -> Block:
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def button(action_id: str, text: str, value: str) -> Block:
    return {
        "type": "button",
        "action_id": action_id,
        "text": _plain(text, BUTTON_LIMIT),
        "value": value[:VALUE_LIMIT],
    }


def link_button(action_id: str, text: str, url: str, value: str) -> Block:
    """A button that opens a page; Slack reports the press all the same. The URL is one of ours."""
    return {**button(action_id, text, value), "url": url}


def overflow(action_id: str, options: Sequence[tuple[str, str]]) -> Block:
    """The menu behind three dots; `options` are values of at most OPTION_VALUE_LIMIT characters, and labels."""
    return {
        "type": "overflow",
        "action_id": action_id,
        "options": [_option(*option) for option in options[:OVERFLOW_OPTIONS]],
    }


def select(action_id: str, placeholder: str, options: Sequence[tuple[str, str]]) -> Block:
    """A menu that drops down; `options` as in an overflow menu, at least one."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": _plain(placeholder, PLACEHOLDER_LIMIT),
        "options": [_option(*option) for option in options[:SELECT_OPTIONS]],
    }


def typed(
    block_id: str, action_id: str, label: str, *, hint: str, initial: str = "", most: int = SECTION_LIMIT
) -> Block:
    """A line of a view to type into, reported as soon as Enter is pressed."""
    element = {
        "type": "plain_text_input",
        "action_id": action_id,
        "placeholder": _plain(hint, PLACEHOLDER_LIMIT),
        "max_length": most,
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
        **({"initial_value": initial} if initial else {}),
    }
    return {
        "type": "input",
        "block_id": block_id[:BLOCK_ID_LIMIT],
        "dispatch_action": True,
        "optional": True,
        "label": _plain(label, BUTTON_LIMIT),
        "element": element,
    }


def _option(value: str, label: str) -> Block:
    return {"text": _plain(label, OPTION_LIMIT), "value": value}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": clip_plain(text, limit), "emoji": True}


def mention(sign: str, id: str) -> str:
    """A person (`@`) or a channel (`#`) by an id of Slack's; anything else stays text."""
    return f"<{sign}{id}>" if re.fullmatch("[A-Z0-9]+", id) else clip(id, 50)


def channel_mention(channel_id: str) -> str:
    return mention("#", channel_id)


def link(url: str, label: str) -> str:
    """A mrkdwn link; `label` is escaped already. A URL that could break out of the link is not made one."""
    sent = url.replace("&", "&amp;")
    if not re.fullmatch(r"https?://[^|<>\s\x00-\x1f\x7f]+", url) or len(sent) > URL_LIMIT:
        return ""
    return f"<{sent}|{label}>"
