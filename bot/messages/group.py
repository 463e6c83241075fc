"""The reading group: its agenda, a message for each paper on it, its settings, and notes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from bot.messages.answers import quoted
from bot.messages.blocks import (
    SECTION_LIMIT,
    Block,
    Message,
    actions,
    button,
    context,
    divider,
    header,
    link,
    mention,
    section,
    select,
)
from bot.messages.papers import authors, links, summary, title
from bot.messages.text import clip, count
from storage.models import Paper

#: Buttons and forms, by the names that Slack reports them with.
GROUP_FORM, GROUP_VIEW, GROUP_UNDO, GROUP_SKIP = "group_form", "group_view", "group_undo", "group_skip"
PRESENT, PASS_ON, PRESENTER_UNDO = "group_present", "group_pass_on", "group_presenter_undo"
NOTE_FORM, NOTE_VIEW, NOTE_TURN = "group_note", "group_note_view", "group_note_turn"
#: The fields of the forms.
DAY_FIELD, HOUR_FIELD, COUNT_FIELD, ROTA_FIELD, NOTE_FIELD = "day", "hour", "papers", "rota", "note"
MOST_ON_AGENDA, MOST_PEOPLE = 10, 50
NOTE_LIMIT = 3000
_NOTES_SHOWN = 20
_QUOTE_LIMIT = 500
_TITLE_LIMIT = 150

Modal = dict[str, Any]


class OnAgenda(NamedTuple):
    """A paper, who presents it (empty: nobody yet), and its upvotes in the channel that week."""

    paper: Paper
    user_id: str
    upvotes: int


class Noted(NamedTuple):
    """A note: what it says, whose it is, when, where it stands; `note_id` where the reader may take it back."""

    text: str
    user_id: str
    when: str
    url: str
    note_id: str = ""


class GroupForm(NamedTuple):
    """What the form for the settings begins with; `hour` is `15:00`."""

    channel_id: str
    days: Sequence[str]
    day: str
    hour: str
    timezone: str
    papers: int
    rota: Sequence[str]


def agenda_message(day: date, agenda: Sequence[OnAgenda]) -> Message:
    told = f"Reading group of {day:%A} {day.day} {day:%B}"
    lines = [
        f"{at}. {_titled(one.paper)}  ·  {count(one.upvotes, 'upvote')}  ·  {_presenter(one.user_id)}"
        for at, one in enumerate(agenda, 1)
    ]
    return {
        "text": f"{told}: {count(len(agenda), 'paper')}",
        "blocks": [
            header(f"📖 {told}"),
            section("\n".join(lines)),
            context(
                "Each paper has its own message below, with a thread to talk in. `/papers group` has the settings."
            ),
        ],
    }


def group_paper_message(one: OnAgenda, day: date, position: int) -> Message:
    """The message whose thread is a paper's: what one needs to begin talking."""
    paper, value = one.paper, presenter_value(day, {position: one.user_id})
    facts = [text for text in (authors(paper), links(paper)) if text]
    below = (
        f"Reply in this thread. What begins with `note:` is kept: `/papers group notes {clip(paper.id, 40)}`"
    )
    return {
        "text": f"Reading group: {clip(paper.title, 200)}",
        "blocks": [
            section("\n".join(part for part in (title(paper), summary(paper, 2, 800)) if part)),
            *([context(*facts)] if facts else []),
            section(f"*Presented by* {_by(one.user_id)}\n*To begin with:* {opening_question(paper)}"),
            actions(
                button(PRESENT, "🙋 I present this", value),
                *([button(PASS_ON, "↷ Pass on", value)] if one.user_id else []),
                button(NOTE_FORM, "📝 Keep a note", paper.id),
            ),
            context(below),
        ],
    }


def opening_question(paper: Paper) -> str:
    """A question to begin with, of what is known about a paper; it claims nothing that the paper doesn't say."""
    if paper.withdrawn:
        return "its authors withdrew it. What went wrong, and what stands all the same?"
    if paper.code_url:
        return "the code is public. What would we try with it first, and what would surprise us?"
    if paper.keywords:
        return f"what does it do for {clip(paper.keywords[0], 80)} that could not be done before?"
    return "which of its claims would we want to see tested once more, and how?"


def _titled(paper: Paper) -> str:
    """A title short enough for ten of them."""
    label = clip(paper.title, _TITLE_LIMIT).strip() or clip(paper.id, _TITLE_LIMIT)
    return link(paper.abstract_url, label) or label


def _by(user_id: str) -> str:
    return mention("@", user_id) if user_id else "nobody yet"


def _presenter(user_id: str) -> str:
    return f"presented by {_by(user_id)}"


def presenter_value(day: date, presenters: dict[int, str]) -> str:
    """What the buttons of a paper carry: the day of the meeting, and who presents what."""
    return json.dumps([day.isoformat(), {str(at): user for at, user in presenters.items()}])


def presenter_of(value: str) -> tuple[date, dict[int, str]]:
    """What such a button carries; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(day), dict(presenters)]:
            return date.fromisoformat(day), {int(at): str(user) for at, user in presenters.items()}
    raise ValueError("no presenters")


def presenter_message(said: str, undo: str) -> Message:
    return {"text": said, "blocks": [section(said), actions(button(PRESENTER_UNDO, "Undo", undo))]}


def group_message(lines: Sequence[str], *, active: bool) -> Message:
    """How things stand with a reading group."""
    skip = [button(GROUP_SKIP, "Skip the next meeting", "skip")] if active else []
    label = "Settings…" if active else "Found one…"
    return {
        "text": lines[0],
        "blocks": [section("\n".join(lines)), actions(button(GROUP_FORM, label, "form"), *skip)],
    }


def group_set_message(lines: Sequence[str], undo: str) -> Message:
    """What was set; `undo` is what the button puts back."""
    return {
        "text": lines[0],
        "blocks": [section("\n".join(lines)), actions(button(GROUP_UNDO, "Undo", undo))],
    }


def group_form(form: GroupForm) -> Modal:
    """The settings: day, hour, how many papers, and who presents in turn."""
    days = [(day, day.capitalize()) for day in form.days]
    counts = [(str(number), count(number, "paper")) for number in range(1, MOST_ON_AGENDA + 1)]
    rota: Block = {"type": "multi_users_select", "action_id": ROTA_FIELD, "max_selected_items": MOST_PEOPLE}
    return {
        "type": "modal",
        "callback_id": GROUP_VIEW,
        "private_metadata": form.channel_id,
        "title": _plain("Reading group"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(DAY_FIELD, "Day", _chosen(select(DAY_FIELD, "A weekday", days), form.day)),
            _input(
                HOUR_FIELD,
                f"Hour ({form.timezone})",
                {"type": "timepicker", "action_id": HOUR_FIELD, "initial_time": form.hour},
            ),
            _input(
                COUNT_FIELD,
                "How many papers",
                _chosen(select(COUNT_FIELD, "A number", counts), str(form.papers)),
            ),
            {
                **_input(
                    ROTA_FIELD,
                    "Who presents in turn",
                    {**rota, **({"initial_users": list(form.rota)} if form.rota else {})},
                ),
                "optional": True,
                "hint": _plain(
                    "Next is whoever presented longest ago. Who leaves the channel is passed over."
                ),
            },
        ],
    }


def note_form(paper: Paper, carried: str) -> Modal:
    """Where a note is written; `carried` says of what."""
    return {
        "type": "modal",
        "callback_id": NOTE_VIEW,
        "private_metadata": carried,
        "title": _plain("Keep a note"),
        "submit": _plain("Keep"),
        "close": _plain("Cancel"),
        "blocks": [
            section(f"On {quoted(paper.title)}. Everybody in this channel can read it."),
            _input(
                NOTE_FIELD,
                "Note",
                {
                    "type": "plain_text_input",
                    "action_id": NOTE_FIELD,
                    "multiline": True,
                    "max_length": NOTE_LIMIT,
                },
            ),
        ],
    }


def note_kept_message(paper: Paper, text: str, note_id: str, *, kept: bool) -> Message:
    """That a note is kept, or no longer is, with the way back."""
    of = quoted(paper.title)
    said = (
        f"Kept with {of}: {quoted(text, _QUOTE_LIMIT)}"
        if kept
        else f"Taken back. It is no longer kept with {of}."
    )
    label, value = ("Undo", f"0 {note_id}") if kept else ("Keep it after all", f"1 {note_id}")
    return {"text": said, "blocks": [section(said), actions(button(NOTE_TURN, label, value))]}


def note_turn_of(value: str) -> tuple[bool, str]:
    """Whether a note is to be kept, and which; raises ValueError when the value is not one of ours."""
    kept, _, note_id = value.partition(" ")
    if kept not in ("0", "1") or not note_id:
        raise ValueError("no note")
    return kept == "1", note_id


def notes_message(paper: Paper, threads: Sequence[str], notes: Sequence[Noted]) -> Message:
    """What was noted of a paper in a channel; `threads` are links to where it was talked about."""
    said = f"*Notes on* {title(paper)}"
    talked = f"Talked about on {', '.join(threads)}." if threads else ""
    shown = notes[-_NOTES_SHOWN:]
    older = (
        [context(f"{count(len(notes) - len(shown), 'older note')} left out.")]
        if len(shown) < len(notes)
        else []
    )
    none = "Nothing was noted yet. Reply in its thread with `note: …`, or press *Keep a note* there."
    blocks = [block for one in shown for block in _note(one)]
    return {
        "text": f"Notes on {clip(paper.title, 200)}",
        "blocks": [section("\n".join(filter(None, (said, talked)))), *older, *(blocks or [section(none)])],
    }


def _note(one: Noted) -> list[Block]:
    where = link(one.url, one.when) or one.when
    # All texts of a message together are limited, too.
    text = clip(one.text, min(SECTION_LIMIT, _QUOTE_LIMIT))
    mine = button(NOTE_TURN, "Remove", f"0 {one.note_id}") if one.note_id else None
    return [divider(), section(f"{text}\n{mention('@', one.user_id)}, {where}", mine)]


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _chosen(element: Block, value: str) -> Block:
    """A select with one of its options chosen."""
    chosen = next((option for option in element["options"] if option["value"] == value), None)
    return {**element, "initial_option": chosen} if chosen else element
