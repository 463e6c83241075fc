"""The first ranking: what people voted here, what Hugging Face's readers upvoted, and age."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from storage.models import Paper, Tally

#: What one step of the logarithm of this team's votes weighs against one of everybody's upvotes:
#: two colleagues (2 ln 3 = 2.2) weigh about as much as eight upvotes on Hugging Face (ln(1 + 8) = 2.2).
TEAM_WEIGHT = 2.0
#: After this many days a paper has lost as much as halving its (1 + upvotes) would cost it.
HALF_LIFE_DAYS = 3.0


class Score(NamedTuple):
    """The parts of a paper's score, each in the same unit: natural logarithms of votes."""

    team: float
    upvotes: float
    age: float

    @property
    def total(self) -> float:
        return self.team + self.upvotes + self.age


def score(paper: Paper, tally: Tally, now: datetime, half_life: float = HALF_LIFE_DAYS) -> Score:
    """How much this paper deserves to be seen now.

        score = 2 sgn(v) ln(1 + |v|) + ln(1 + u) - ln(2) a / h

    v: upvotes minus downvotes of this workspace; u: upvotes on Hugging Face; a: age in days since arXiv
    published it, at least 0; h: the half-life in days. Votes count by their logarithm, as in Reddit's "hot"
    order and for its reason: the first ten votes say as much as the next hundred. Age is a term of the sum,
    so that the exponential of the score halves every h days. A paper with no date counts as a day old.
    """
    net = tally.net
    age = 1.0 if paper.published is None else max(0.0, (now - paper.published).total_seconds() / 86_400)
    return Score(
        team=math.copysign(TEAM_WEIGHT * math.log1p(abs(net)), net),
        upvotes=math.log1p(paper.upvotes or 0),
        age=-math.log(2) * age / half_life,
    )


def rank(
    papers: Iterable[Paper],
    tallies: Mapping[str, Tally],
    now: datetime,
    half_life: float = HALF_LIFE_DAYS,
) -> list[Paper]:
    """The papers, best first; equal scores stand in the order they came in."""
    return sorted(
        papers, key=lambda paper: -score(paper, tallies.get(paper.id, Tally()), now, half_life).total
    )
