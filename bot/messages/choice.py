"""Which of the papers in a message somebody means, where it names several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.messages.answers import notice
from bot.messages.blocks import OPTION_VALUE_LIMIT, Message, actions, select
from storage.models import Paper, plain

CHOICE = "choice"


class Errand(StrEnum):
    """What is done with the paper of a message."""

    SAVE = "save"
    SIMILAR = "similar"
    DISCUSS = "discuss"


_ASKED = {
    Errand.SAVE: "Which of them do you want to save?",
    Errand.SIMILAR: "Which of them do you want to see papers like?",
    Errand.DISCUSS: "Which of them do you want to discuss?",
}


class Choice(NamedTuple):
    """A paper, what to do with it, and the message that names it; `thread_ts` is where its thread is."""

    errand: Errand
    paper_id: str
    ts: str = ""
    thread_ts: str = ""


def choice_message(choices: Sequence[tuple[Choice, Paper]]) -> Message:
    """A menu of the papers; `choices` are at least two, for one errand."""
    message = notice(f"This message names several papers. {_ASKED[choices[0][0].errand]}")
    options = [(json.dumps(choice), plain(paper.title) or paper.id) for choice, paper in choices]
    fitting = [option for option in options if len(option[0]) <= OPTION_VALUE_LIMIT]
    message["blocks"].append(actions(select(CHOICE, "Choose a paper", fitting)))
    return message


def choice_of(value: str) -> Choice:
    """What was chosen; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(errand), str(paper_id), str(ts), str(thread_ts)]:
            return Choice(Errand(errand), paper_id, ts, thread_ts)
    raise ValueError("not a choice")
