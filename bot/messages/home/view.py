"""The Home tab as a whole, and the modals that are opened from it: https://docs.slack.dev/reference/views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.messages.answers import notice, quoted
from bot.messages.blocks import (
    OPTION_VALUE_LIMIT,
    Block,
    Message,
    actions,
    button,
    context,
    divider,
    section,
    select,
)
from bot.messages.home import place
from bot.messages.home.place import Spot, Tab, spot_value
from bot.messages.menu import Statement, statement_value
from bot.messages.text import clip
from bot.messages.why import UNDO, named_subject
from storage.models import Paper

MOST_BLOCKS = 100
_TABS = {
    Tab.TODAY: "📄 Papers",
    Tab.FOR_YOU: "✨ For you",
    Tab.SAVED: "🔖 Saved",
    Tab.CHANNELS: "📣 Channels",
    Tab.STATS: "📊 Stats",
    Tab.SETTINGS: "⚙️ Settings",
}


def home_view(spot: Spot, blocks: Sequence[Block], said: Message | None = None) -> dict[str, Any]:
    """The tab at a spot, with what is to say of what was just done; never more blocks than Slack takes."""
    whole = [_tabs(spot), *(_said_blocks(said) if said else []), *blocks]
    return {"type": "home", "private_metadata": spot_value(spot), "blocks": whole[:MOST_BLOCKS]}


def shown_papers(view: Mapping[str, Any]) -> set[str]:
    """The papers that can be voted on in a view of ours."""
    elements = (each for block in view["blocks"] for each in block.get("elements", ()))
    return {each["value"] for each in elements if each.get("action_id") == place.VOTE}


def _tabs(spot: Spot) -> Block:
    buttons = [button(f"{place.TURN}_{tab}", label, spot_value(Spot(tab))) for tab, label in _TABS.items()]
    here = list(_TABS).index(spot.tab)
    buttons[here] = {**buttons[here], "style": "primary"}
    return actions(*buttons)


def _said_blocks(said: Message) -> list[Block]:
    """What an answer says, its Undo under a name of the Home tab's own: there is no `response_url` here."""
    return [*(_renamed(block) for block in said["blocks"]), divider()]


def _renamed(block: Block) -> Block:
    if block["type"] != "actions":
        return block
    names = {UNDO: place.UNDO}
    elements = (
        {**each, "action_id": names.get(each["action_id"], each["action_id"])} for each in block["elements"]
    )
    return {**block, "elements": list(elements)}


def undoable(text: str, action_id: str, value: str) -> Message:
    """What was just done, with a button that takes it back."""
    message = notice(text)
    message["blocks"].append(actions(button(action_id, "Undo", value)))
    return message


def why_modal(message: Message) -> dict[str, Any]:
    """The explanation of a paper; what can be done about it is in the menu that it was asked from."""
    told = [block for block in message["blocks"] if block["type"] != "actions"]
    return _modal("Why this paper?", told)


def note_modal(paper: Paper, note: str) -> dict[str, Any]:
    """A note on a paper, to write or to change."""
    element = {
        "type": "plain_text_input",
        "action_id": place.NOTE,
        "multiline": True,
        "max_length": place.NOTE_LIMIT,
        "focus_on_load": True,
        **({"initial_value": note} if note else {}),
    }
    blocks = [
        section(f"*{clip(paper.title, 300)}*"),
        {
            "type": "input",
            "block_id": place.NOTE,
            "optional": True,
            "label": {"type": "plain_text", "text": "Your note"},
            "hint": {"type": "plain_text", "text": "Only you see it. Leave it empty to take the note away."},
            "element": element,
        },
    ]
    return {**_modal("Note", blocks, "Save"), "callback_id": place.WRITE_NOTE, "private_metadata": paper.id}


def mute_modal(paper: Paper, mutes: Sequence[Statement]) -> dict[str, Any]:
    """What of a paper a person may mute."""
    options = [(statement_value(one), ": ".join(named_subject(one))) for one in mutes]
    fitting = [option for option in options if len(option[0]) <= OPTION_VALUE_LIMIT]
    if not fitting:
        return _modal(
            "Mute", [section(f"{quoted(paper.title)} names neither authors nor topics that can be muted.")]
        )
    choice = {
        "type": "input",
        "block_id": place.MUTE,
        "label": {"type": "plain_text", "text": "What do you not want to see again?"},
        "element": select(place.MUTE, "An author or a topic", fitting),
    }
    blocks = [section(f"*{clip(paper.title, 300)}*"), choice]
    return {**_modal("Mute", blocks, "Mute"), "callback_id": place.MUTE}


def problem_view(spot: Spot, sentence: str) -> dict[str, Any]:
    """What stands there when the tab itself could not be drawn."""
    return home_view(spot, [section(sentence), context("A press of one of the buttons above tries again.")])


def _modal(title: str, blocks: Sequence[Block], submit: str = "") -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Cancel" if submit else "Close"},
        **({"submit": {"type": "plain_text", "text": submit}} if submit else {}),
        "blocks": list(blocks),
    }
