"""Papers that people bring to the next edition: the form, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from bot.messages.answers import notice, quoted
from bot.messages.blocks import VALUE_LIMIT, Message, actions, button, channel_mention, context, section
from storage.models import Paper

#: The form's callback id, its fields, and the button of the answer.
SUBMIT_VIEW = "submit_paper"
PAPER_FIELD, CHANNELS_FIELD = "paper", "channels"
SUBMIT_UNDO = "submit_undo"
_MOST_TYPED = 500

Modal = dict[str, Any]


class Submitted(NamedTuple):
    """A paper, the channels whose next edition it joins, and those that had it already."""

    paper: Paper
    joins: tuple[str, ...] = ()
    had: tuple[str, ...] = ()


class Withdrawal(NamedTuple):
    """What the Undo of a submission carries."""

    paper_ids: tuple[str, ...]
    channels: tuple[str, ...]


def submit_form(typed: str, channels: Sequence[str], note: str = "") -> Modal:
    """The form, with what is known already filled in."""
    paper = {
        "type": "plain_text_input",
        "action_id": PAPER_FIELD,
        "max_length": _MOST_TYPED,
        "placeholder": _plain("https://arxiv.org/abs/2403.01234"),
        **({"initial_value": typed[:_MOST_TYPED]} if typed else {}),
    }
    where = {
        "type": "multi_conversations_select",
        "action_id": CHANNELS_FIELD,
        "placeholder": _plain("Choose channels"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        **({"initial_conversations": list(channels)} if channels else {}),
    }
    hint = "A link to arXiv, Hugging Face or alphaXiv, a DOI of arXiv, a number, or the whole title."
    return {
        "type": "modal",
        "callback_id": SUBMIT_VIEW,
        "title": _plain("Submit a paper"),
        "submit": _plain("Submit"),
        "close": _plain("Cancel"),
        "blocks": [
            *([context(note)] if note else []),
            _input(PAPER_FIELD, "Paper", paper, hint),
            _input(CHANNELS_FIELD, "Joins the next edition of", where, "Channels that get the day's papers."),
        ],
    }


def answer_modal(message: Message) -> Modal:
    """An answer in the place of the form."""
    return {
        "type": "modal",
        "title": _plain("Submit a paper"),
        "close": _plain("Close"),
        "blocks": message["blocks"],
    }


def looking_message(ids: Sequence[str]) -> Message:
    return notice(f"Kept. Looking up {', '.join(ids)} at arXiv and Hugging Face…")


def submitted_message_to(
    submitted: Sequence[Submitted], unknown: Sequence[str], unasked: Sequence[str], channels: Sequence[str]
) -> Message:
    """What came of a submission to these channels, for whoever made it, with an Undo for what joins.

    `unknown` are ids of which no source knows a paper, `unasked` those for which none could be asked.
    """
    lines = [line for one in submitted for line in _lines(one)]
    if unknown:
        names = ", ".join(unknown)
        lines.append(f"Neither arXiv nor Hugging Face knows {names}. Check the number, and submit it again.")
    if unasked:
        lines.append(
            f"arXiv and Hugging Face can't be asked for {', '.join(unasked)} just now: "
            "it is kept, and looked up before the next edition."
        )
    text = "\n".join(lines)
    joining = (*(one.paper.id for one in submitted if one.joins), *unasked)
    value = json.dumps(Withdrawal(joining, tuple(channels)))
    buttons = [actions(button(SUBMIT_UNDO, "Undo", value))] if joining and len(value) <= VALUE_LIMIT else []
    return {"text": text, "blocks": [section(text), *buttons]}


def withdrawn_message(papers: Sequence[Paper], posted: Sequence[Paper], unasked: Sequence[str]) -> Message:
    """What was taken back, be it not looked up yet (`unasked`), and what came too late for that."""
    said = [f"Taken back: {id} joins no edition on your word." for id in unasked]
    said += [f"Taken back: {quoted(paper.title)} joins no edition on your word." for paper in papers]
    said += [f"{quoted(paper.title)} is posted already, so it stays." for paper in posted]
    return notice("\n".join(said) or "There is nothing left to take back.")


def withdrawal_of(value: str) -> Withdrawal:
    """What an Undo takes back; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [list(papers), list(channels)]:
            return Withdrawal(tuple(map(str, papers)), tuple(map(str, channels)))
    raise ValueError("not a submission")


def _lines(one: Submitted) -> list[str]:
    said = []
    if one.joins:
        editions = "edition" if len(one.joins) == 1 else "editions"
        said.append(
            f"{quoted(one.paper.title)} joins the next {editions} of {_channels(one.joins)}, as submitted by you."
        )
    if one.had:
        said.append(
            f"{_channels(one.had)} had {quoted(one.paper.title)} already: a channel gets a paper once."
        )
    return said


def _channels(ids: Sequence[str]) -> str:
    named = [channel_mention(id) for id in ids]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _input(name: str, label: str, element: Modal, hint: str) -> Modal:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": element,
        "hint": _plain(hint),
    }


def _plain(text: str) -> Modal:
    return {"type": "plain_text", "text": text}
