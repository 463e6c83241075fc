"""What everybody likes: upvotes on Hugging Face beside those of the same day, and this workspace's votes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from storage.models import Tally

#: When a paper has half of the upvotes it will ever have: the median (12.7; quartiles 6 and 30) of the papers of 2026
#: that had some 9 hours into their day and more days to months later, by the curve of `gathered`.
HALF_TIME_HOURS = 12.0
#: A title twice as long costs a quarter of the upvotes still to come; measured on the same papers.
TITLE = 0.4
#: Days are never thought more alike than this, in natural logarithms of upvotes.
LEAST_SPREAD = 0.5
#: What this workspace's votes count beside the upvotes of everybody, and how many full exposures they begin with.
#: After a day, two colleagues weigh as much as seven times the upvotes on Hugging Face; one is no match for forty.
TEAM, BELIEF = 1.0, 1.0


class Gathered(NamedTuple):
    """A paper's upvotes when they were last read, and how many hours it had been listed by then.

    `upvotes` is None for a paper that Hugging Face does not list.
    """

    title: str
    upvotes: int | None
    hours: float = math.inf


class Trend(NamedTuple):
    """Where a paper stands in its day, in standard deviations; `above` is the share of the day with fewer upvotes."""

    popularity: float
    forecast: float
    upvotes: int | None
    above: float


def gathered(hours: float) -> float:
    """The share of its final upvotes that a paper has after so many hours: (t + 1) / (t + 1 + 12), 1 in the end.

    The hour more keeps the first reading from counting without bound.
    """
    after = max(hours, 0.0) + 1
    return 1.0 if math.isinf(after) else after / (after + HALF_TIME_HOURS)


def trends(day: Sequence[Gathered]) -> list[Trend]:
    """The trend of each of one day's papers.

        popularity = (ln((1 + u) / g(t)) - mean of the day) / deviation of the day
        forecast   = -0.4 * 2 (1 - g(t)) (ln c - mean of the day) / deviation of the day

    u: upvotes, g(t): the share of its upvotes that a paper has after t hours, so that the one listed last is not
    punished; c: characters of the title, for short titles gather more of what is still to come. The deviation is that
    of the first logarithm, 0.5 at least. A paper that is not listed counts as one that has no upvote and will get none.
    """
    rates = [0.0 if one.upvotes is None else math.log((1 + one.upvotes) / gathered(one.hours)) for one in day]
    lengths = [math.log(max(len(one.title), 1)) for one in day]
    mean, spread = _moments(rates)
    usual, _ = _moments(lengths)
    counts = [one.upvotes or 0 for one in day]
    return [
        Trend(
            popularity=(rate - mean) / spread,
            forecast=-TITLE * 2 * (1 - gathered(one.hours)) * (length - usual) / spread,
            upvotes=one.upvotes,
            above=sum(other < count for other in counts) / len(day),
        )
        for one, rate, length, count in zip(day, rates, lengths, counts, strict=True)
    ]


def team(tally: Tally, hours: float, usual: float) -> float:
    """What this workspace's votes on a paper say, 0 when they are what was to be expected.

        team = l((v + m) / (g(t) + 1)) - l(m),  l(x) = sgn(x) ln(1 + |x|)

    v: upvotes minus downvotes; t: hours since it was posted here, and g as above, 0 before it was posted; m: the
    usual net votes of a paper here. The fraction is the mean of a Poisson rate under a Gamma prior with the weight
    of one paper: one vote is little evidence, and a paper that nobody has seen yet is an average one.
    """
    exposed = gathered(hours) if hours > 0 else 0.0
    rate = (tally.net + BELIEF * usual) / (exposed + BELIEF)
    return TEAM * (_signed_log(rate) - _signed_log(usual))


def bloomed(before: int, hours: float, now: int) -> bool:
    """Whether a paper that had `before` upvotes after so many hours has at least twice what it was headed for."""
    return now + 1 >= 2 * (before + 1) / gathered(hours)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    mean = sum(values) / max(len(values), 1)
    variance = sum((value - mean) ** 2 for value in values) / max(len(values), 1)
    return mean, max(math.sqrt(variance), LEAST_SPREAD)


def _signed_log(value: float) -> float:
    return math.copysign(math.log1p(abs(value)), value)
