"""The fields of a modal, each within Slack's limits.

https://docs.slack.dev/reference/block-kit/block-elements/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.messages.blocks import OPTION_LIMIT, OPTION_VALUE_LIMIT, PLACEHOLDER_LIMIT, Block
from bot.messages.text import clip_plain

#: The title of a modal and the words on its buttons.
TITLE_LIMIT = 24
LABEL_LIMIT = 2000

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

Options = Sequence[tuple[str, str]]


def plain(text: str, limit: int = LABEL_LIMIT) -> Block:
    return {"type": "plain_text", "text": clip_plain(text, limit), "emoji": True}


def field(id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """A labelled field; `id` is both its block's and its element's, and what an error is addressed to."""
    return {
        "type": "input",
        "block_id": id,
        "label": plain(label),
        "element": {**element, "action_id": id},
        "optional": optional,
        **({"hint": plain(hint)} if hint else {}),
    }


def text_field(value: str, placeholder: str, most: int) -> Block:
    return {
        "type": "plain_text_input",
        "max_length": most,
        "placeholder": plain(placeholder, PLACEHOLDER_LIMIT),
        **({"initial_value": value[:most]} if value else {}),
    }


def number_field(value: str, least: int, most: int) -> Block:
    whole = value if value.isascii() and value.isdigit() and least <= int(value[:9]) <= most else ""
    return {
        "type": "number_input",
        "is_decimal_allowed": False,
        "min_value": str(least),
        "max_value": str(most),
        **({"initial_value": whole} if whole else {}),
    }


def time_field(value: str) -> Block:
    return {"type": "timepicker", **({"initial_time": value} if _TIME.fullmatch(value) else {})}


def choice(options: Options, chosen: str) -> Block:
    """One of a few, all of them in sight."""
    drawn = {value: _option(value, label) for value, label in options}
    initial = {"initial_option": drawn[chosen]} if chosen in drawn else {}
    return {"type": "radio_buttons", "options": list(drawn.values()), **initial}


def choices(options: Options, chosen: Sequence[str]) -> Block:
    """Any of a few, all of them in sight; Slack takes ten."""
    drawn = {value: _option(value, label) for value, label in options}
    initial = [drawn[value] for value in drawn if value in chosen]
    return {
        "type": "checkboxes",
        "options": list(drawn.values()),
        **({"initial_options": initial} if initial else {}),
    }


def value_of(values: dict[str, Any], id: str) -> str:
    """What a field holds, as text; empty where it holds nothing, or is not there."""
    state = (values.get(id) or {}).get(id) or {}
    chosen = (state.get("selected_option") or {}).get("value")
    return str(state.get("value") or state.get("selected_time") or chosen or "")


def values_of(values: dict[str, Any], id: str) -> tuple[str, ...]:
    """Which of several are chosen."""
    state = (values.get(id) or {}).get(id) or {}
    return tuple(str(option.get("value") or "") for option in state.get("selected_options") or [])


def _option(value: str, label: str) -> Block:
    return {"text": plain(label, OPTION_LIMIT), "value": value[:OPTION_VALUE_LIMIT]}
