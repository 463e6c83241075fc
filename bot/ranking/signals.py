"""What people did, as plain values, and how much of a liking each of it tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    UP = "up"
    DOWN = "down"
    SAVED = "saved"
    OPENED = "opened"
    SHOWN = "shown"


class Signal(NamedTuple):
    """One thing a person did with a paper, or that it was `SHOWN` to them at `position`, counted from 1."""

    paper_id: str
    kind: Kind
    at: datetime
    position: int = 1


#: A vote is a vote; saving is one in private; opening may have been curiosity.
WEIGHT = {Kind.UP: 1.0, Kind.DOWN: -1.0, Kind.SAVED: 1.0, Kind.OPENED: 0.3}
#: A paper that was seen and left alone is a little disliked.
PASSED = -0.1


def examined(position: int) -> float:
    """How likely somebody looks at a position: 1 / position, the position bias of Joachims et al. (2017)."""
    return 1.0 / max(position, 1)


def preferences(signals: Iterable[Signal]) -> dict[str, float]:
    """How much each paper is liked, from -1 to 1, by papers in the order of their newest signals.

    Of votes, the newest holds; a vote outweighs a save, a save an opening; and a paper that was only shown counts
    -0.1 times the chance that it was looked at, at the best position it had.
    """
    liked: dict[str, float] = {}
    certain: dict[str, int] = {}
    for signal in sorted(signals, key=lambda one: one.at):
        value, certainty = _said(signal)
        id = signal.paper_id
        if certainty > certain.get(id, -1) or (certainty == certain[id] and (certainty or value < liked[id])):
            liked.pop(id, None)
            liked[id], certain[id] = value, certainty
    return liked


def _said(signal: Signal) -> tuple[float, int]:
    """The liking that a signal tells, and how certain it is beside others."""
    match signal.kind:
        case Kind.SHOWN:
            return PASSED * examined(signal.position), 0
        case Kind.OPENED:
            return WEIGHT[signal.kind], 1
        case Kind.SAVED:
            return WEIGHT[signal.kind], 2
        case _:
            return WEIGHT[signal.kind], 3
