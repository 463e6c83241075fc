"""What one can do with a paper besides voting: read it, and the menu behind the three dots."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NamedTuple

from bot.messages.blocks import OPTION_VALUE_LIMIT, Block, link_button, overflow
from storage.models import Attitude, Paper, Subject

READ = "read"
MENU = "menu"


class Deed(StrEnum):
    """What the menu offers, in its order."""

    WHY = "why"
    MORE = "more"
    LESS = "less"
    MUTE = "mute"
    BIBTEX = "bibtex"


_LABELS = {
    Deed.WHY: "Why this paper?",
    Deed.MORE: "More like this",
    Deed.LESS: "Less like this",
    Deed.MUTE: "Mute an author or a topic…",
    Deed.BIBTEX: "Copy BibTeX",
}


class Statement(NamedTuple):
    """What a press says for whoever presses: see `storage.models.Interest`."""

    subject: Subject
    value: str
    attitude: Attitude


def read_button(paper: Paper) -> list[Block]:
    """A way to the paper itself; nothing for one that is nowhere to be read."""
    return [link_button(READ, "Read", paper.abstract_url, paper.id)] if paper.abstract_url else []


def menu(paper: Paper) -> list[Block]:
    """The menu of a paper; nothing where Slack could not carry the id, which no id of arXiv's is too long for."""
    options = [(f"{deed} {paper.id}", label) for deed, label in _LABELS.items()]
    fits = all(len(value) <= OPTION_VALUE_LIMIT for value, _ in options)
    return [overflow(MENU, options)] if fits else []


def deed_of(value: str) -> tuple[Deed, str]:
    """What was chosen in a menu, and the id of the paper; raises ValueError when the value is not one of ours."""
    deed, _, paper_id = value.partition(" ")
    return Deed(deed), paper_id


def statement_value(statement: Statement) -> str:
    """What a button or an option carries that states this."""
    return json.dumps(statement, ensure_ascii=False)


def statement_of(value: str) -> Statement:
    """What a button or an option states; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(subject), str(stated), (-1 | 0 | 1) as attitude] if stated:
            return Statement(Subject(subject), stated, attitude)
    raise ValueError("not a statement")
