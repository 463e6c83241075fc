"""Where on the Home tab somebody is, and what its buttons carry; all in their values, so that it survives a restart."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import NamedTuple

TURN = "home_turn"
VOTE = "home_vote"
SAVE = "home_save"
READ = "home_read"
MARK = "home_mark"
NOTE = "home_note"
MENU = "home_menu"
UNDO = "home_undo"
UNDO_NOTE = "home_undo_note"
HIDE = "home_hide"
TASTE = "home_taste"
SEARCH = "home_search"
#: The modals that are opened from it, by their callback ids.
WRITE_NOTE, MUTE = "home_write_note", "home_mute"
#: Longer words are cut: they have to be carried along.
QUERY_LIMIT = 150
NOTE_LIMIT = 1500


class Tab(StrEnum):
    """The sections, in the order of their buttons."""

    TODAY = "today"
    FOR_YOU = "for_you"
    SAVED = "saved"
    CHANNELS = "channels"
    STATS = "stats"
    SETTINGS = "settings"


#: Every button of one block needs a name of its own.
TURNS = (
    *(f"{TURN}_{tab}" for tab in Tab),
    *(f"{TURN}_{way}" for way in ("back", "more", "before", "after", "all")),
)


class Spot(NamedTuple):
    """A section, how far in it, the day of an edition (None: the newest), and what saved papers are searched for."""

    tab: Tab = Tab.TODAY
    offset: int = 0
    day: date | None = None
    query: str = ""


def spot_value(spot: Spot) -> str:
    """A spot as text; far within what Slack lets a button carry."""
    return json.dumps(
        [spot.tab, spot.offset, spot.day and str(spot.day), spot.query[:QUERY_LIMIT]], ensure_ascii=False
    )


def spot_of(value: str) -> Spot:
    """The spot that a button carries; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(tab), int(offset), (str() | None) as day, str(query)] if 0 <= offset < 1_000_000:
            return Spot(Tab(tab), offset, date.fromisoformat(day) if day else None, query)
    raise ValueError("not a spot")


def switch_value(paper_id: str, *, on: bool) -> str:
    """What a button carries that saves a paper or marks it as read, or takes that back."""
    return json.dumps([paper_id, on])


def switch_of(value: str) -> tuple[str, bool]:
    """The paper, and what is asked for; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(paper_id), bool(on)]:
            return paper_id, on
    raise ValueError("not a switch")


def written_value(paper_id: str, written_at: float) -> str:
    """What the button carries that takes back a note."""
    return json.dumps([paper_id, written_at])


def written_of(value: str) -> tuple[str, float]:
    """The paper and when its note was written; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(paper_id), (int() | float()) as written_at]:
            return paper_id, float(written_at)
    raise ValueError("not a note")
