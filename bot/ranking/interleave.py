"""Two rankings compared by what people upvote in a list drawn from both: team-draft interleaving.

Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?" (2008). A hundred interleaved
lists tell two rankings apart that a comparison of two groups of people would need thousands for.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple


class Team(StrEnum):
    FIRST = "first"
    SECOND = "second"


class Drafted(NamedTuple):
    """A paper of the interleaved list, and the ranking whose pick it was."""

    id: str
    team: Team


class Outcome(NamedTuple):
    """Lists that each ranking won, ties, and the chance of a result so uneven if both were equally good."""

    first: int
    second: int
    ties: int
    p_value: float

    @property
    def leader(self) -> Team | None:
        """The ranking that won more lists; None when neither did."""
        if self.first == self.second:
            return None
        return Team.FIRST if self.first > self.second else Team.SECOND


def team_draft(first: Sequence[str], second: Sequence[str], size: int, rng: random.Random) -> list[Drafted]:
    """One list of both rankings: in each round both pick their best paper not yet picked, in the order of a coin."""
    drafted: list[Drafted] = []
    left = {Team.FIRST: iter(dict.fromkeys(first)), Team.SECOND: iter(dict.fromkeys(second))}
    taken: set[str] = set()
    while len(drafted) < size:
        before = len(drafted)
        for team in rng.sample(list(Team), 2):
            pick = next((id for id in left[team] if id not in taken), None)
            if pick is not None and len(drafted) < size:
                drafted.append(Drafted(pick, team))
                taken.add(pick)
        if len(drafted) == before:
            break
    return drafted


def credit(drafted: Iterable[Drafted], upvoted: Collection[str]) -> tuple[int, int]:
    """How many of the upvoted papers were the first ranking's picks, and how many the second's."""
    teams = [one.team for one in drafted if one.id in upvoted]
    return teams.count(Team.FIRST), teams.count(Team.SECOND)


def outcome(credited: Iterable[tuple[int, int]]) -> Outcome:
    """Who wins over many lists, each won by the ranking with more credit; the p-value is the two-sided sign test's."""
    differences = [first - second for first, second in credited]
    first, second = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    return Outcome(first, second, differences.count(0), sign_test(first, second))


def sign_test(wins: int, losses: int) -> float:
    """The chance of wins and losses at least so uneven under a fair coin: 1 without any."""
    tosses, fewer = wins + losses, min(wins, losses)
    tail = sum(math.comb(tosses, count) for count in range(fewer + 1))
    # Whole numbers, divided once: powers of floats overflow.
    return min(1.0, (2 * tail) / (1 << tosses))
