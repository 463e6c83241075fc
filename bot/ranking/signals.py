"""What people did, as plain values, and how much of a liking each of it tells."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from storage.models import Signal
from storage.models import SignalKind as Kind

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
    -0.1 times the chance that it was looked at, at the best position it had. Of somebody who never said anything, what
    was shown tells nothing.
    """
    told = sorted(signals, key=lambda one: one.at)
    if all(one.kind is Kind.SHOWN for one in told):
        return {}
    liked: dict[str, float] = {}
    certain: dict[str, int] = {}
    for signal in told:
        value, certainty = _said(signal)
        id = signal.paper_id
        if certainty > certain.get(id, -1) or (certainty == certain[id] and (certainty or value < liked[id])):
            liked.pop(id, None)
            liked[id], certain[id] = value, certainty
    return liked


def shared(signals: Iterable[Signal]) -> dict[str, float]:
    """How much the people of a channel like each paper: sgn(s) log2(1 + |s|) of the sum s over people.

    By papers in the order of their newest signals. One person's upvote counts 1, those of three people 2: votes count
    by their logarithm, as everywhere here. That a paper was only shown counts where nobody said anything of it.
    """
    told = sorted(signals, key=lambda one: one.at)
    said = {one.paper_id for one in told if one.kind is not Kind.SHOWN}
    if not said:
        return {}
    people = defaultdict[str, list[Signal]](list)
    sums = defaultdict[str, float](float)
    for one in told:
        if one.kind is not Kind.SHOWN:
            people[one.user_id].append(one)
        elif one.paper_id not in said:
            sums[one.paper_id] = min(sums[one.paper_id], _said(one)[0])
    for theirs in people.values():
        for id, value in preferences(theirs).items():
            sums[id] += value
    newest_last = reversed(dict.fromkeys(one.paper_id for one in reversed(told)))
    return {id: math.copysign(math.log2(1 + abs(sums[id])), sums[id]) for id in newest_last}


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
