"""Whether a ranking helps: measures of one list, and a replay of what was shown and upvoted before.

Lists are judged by ids and scores. Papers with equal scores stand in an order that knows nothing, that of a
checksum of their ids: a ranking that says nothing must not gain from the order it was given them in.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.ranking.signals import examined

#: A single upvote far down must not outweigh all others: weights are cut at this.
HEAVIEST = 20.0
SAMPLES = 1_000
CONFIDENCE = 0.95


class Impression(NamedTuple):
    """A paper as it was shown, at which position counted from 1, and how many people upvoted it."""

    paper_id: str
    position: int
    upvotes: int


class Interval(NamedTuple):
    """A mean, and the bootstrap's interval that holds it with 95 % confidence."""

    mean: float
    low: float
    high: float


class Replay(NamedTuple):
    """How a ranking would have fared on what was upvoted: larger nDCG and MRR are better, smaller positions are."""

    ndcg: Interval
    mrr: Interval
    position: Interval


class Difference(NamedTuple):
    """How much better one ranking's nDCG is than another's, and in which share of bootstrap samples it is better."""

    mean: float
    low: float
    high: float
    sure: float


Session = Sequence[Impression]
Scores = Mapping[str, float]


def order(scores: Scores) -> list[str]:
    """Ids, best first."""
    return sorted(scores, key=lambda id: (-scores[id], zlib.crc32(id.encode()), id))


def ndcg(scores: Scores, wanted: Collection[str], n: int = 5) -> float:
    """Normalised discounted cumulative gain of the first n (Järvelin and Kekäläinen, 2002), gains 1 or 0.

    DCG = sum of 1 / log2(1 + position) over the wanted among the first n, divided by the best there could be.
    """
    gain = sum(_discount(place) for place, id in enumerate(order(scores)[:n], start=1) if id in wanted)
    best = sum(_discount(place) for place in range(1, min(n, len(set(wanted))) + 1))
    return gain / best if best else 0.0


def reciprocal_rank(scores: Scores, wanted: Collection[str]) -> float:
    """1 / the position of the first that is wanted; 0 when none is there."""
    return next((1 / place for place, id in enumerate(order(scores), start=1) if id in wanted), 0.0)


def auc(scores: Scores, wanted: Collection[str]) -> float:
    """The chance that a wanted paper scores above one that is not; equal scores are half a win.

    NaN when either kind is missing.
    """
    ours = np.array([score for id, score in scores.items() if id in wanted])
    others = np.sort([score for id, score in scores.items() if id not in wanted])
    if not len(ours) or not len(others):
        return math.nan
    below, until = np.searchsorted(others, ours, "left"), np.searchsorted(others, ours, "right")
    return float((below + until).mean() / 2 / len(others))


def replay(sessions: Sequence[Session], scores: Sequence[Scores], n: int = 5, *, seed: int = 0) -> Replay:
    """What a ranking does with the papers of each session; `scores` has its scores of them, session by session.

    People upvote what they see, and see what stands on top. So each upvote counts 1 / p, p the chance that its
    position was looked at (inverse propensity; Joachims, Swaminathan and Schnabel, 2017), 20 at most, and each mean is
    divided by the sum of these weights. Intervals are of 1,000 bootstrap samples of whole sessions, because the
    upvotes of one are not independent. Sessions without an upvote say nothing and are left out.
    """
    return _replayed([_upvoted(session, given) for session, given in _told(sessions, scores)], n, seed)


def shuffled(sessions: Sequence[Session], n: int = 5, *, seed: int = 0) -> Replay:
    """What shuffling each session does to it, as `replay` has it: the mean over all orders, computed and not drawn."""
    upvotes = [
        Upvoted(weights, [len(session)] * len(weights))
        for session in sessions
        if (weights := _weights(session))
    ]

    def anywhere(gain: Gain) -> Gain:
        means = {last: sum(map(gain, range(1, last + 1))) / last for _, lasts in upvotes for last in lasts}
        return means.__getitem__

    return _replayed(upvotes, n, seed, anywhere)


def compare(
    sessions: Sequence[Session],
    ours: Sequence[Scores],
    theirs: Sequence[Scores],
    n: int = 5,
    *,
    seed: int = 0,
) -> Difference:
    """By how much our nDCG is above theirs in a replay of the same sessions: the paired bootstrap.

    Each sample draws whole sessions, for both rankings the same, so that what makes a session easy or hard cancels
    out. Samples in which both are equally good count half. NaN without a session that says something.
    """
    better, worse = (
        _ndcg_sums([_upvoted(session, given) for session, given in _told(sessions, scores)], n)
        for scores in (ours, theirs)
    )
    gained, weight = better[0] - worse[0], better[1]
    means = _resampled(gained, weight, seed)
    if not len(means):
        return Difference(math.nan, math.nan, math.nan, math.nan)
    sure = float((means > 0).mean() + (means == 0).mean() / 2)
    return Difference(*bootstrap(gained, weight, seed=seed), sure)


def bootstrap(gained: NDArray[np.floating], weight: NDArray[np.floating], *, seed: int = 0) -> Interval:
    """sum(gained) / sum(weight), with the percentile interval over samples of the same size with replacement."""
    means = _resampled(gained, weight, seed)
    if not len(means):
        return Interval(math.nan, math.nan, math.nan)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(gained.sum() / weight.sum()), float(low), float(high))


def _resampled(gained: NDArray[np.floating], weight: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
    """The mean of each bootstrap sample; none where there is nothing to draw from."""
    if not len(gained) or not weight.sum():
        return np.empty(0)
    drawn = np.random.default_rng(seed).integers(len(gained), size=(SAMPLES, len(gained)))
    means: NDArray[np.floating] = gained[drawn].sum(axis=1) / weight[drawn].sum(axis=1)
    return means


Gain = Callable[[int], float]


class Upvoted(NamedTuple):
    """What each upvoted paper of a session weighs, and the position that the new ranking gives it."""

    weights: list[float]
    places: list[int]


def _told(sessions: Sequence[Session], scores: Sequence[Scores]) -> Iterator[tuple[Session, Scores]]:
    """Sessions with an upvote, and a ranking's scores of their papers."""
    for session, given in zip(sessions, scores, strict=True):
        if any(one.upvotes for one in session):
            yield session, given


def _replayed(
    upvotes: Sequence[Upvoted], n: int, seed: int, expected: Callable[[Gain], Gain] = lambda gain: gain
) -> Replay:
    """The measures of what was upvoted; `expected` makes of a position's gain what is counted for it."""
    weight = np.array([sum(weights) for weights, _ in upvotes])

    def interval(gain: Gain) -> Interval:
        counted = expected(gain)
        gained = np.array([_weighted(weights, places, counted) for weights, places in upvotes])
        return bootstrap(gained, weight, seed=seed)

    return Replay(
        ndcg=bootstrap(*_ndcg_sums(upvotes, n, expected), seed=seed),
        mrr=interval(lambda place: 1 / place),
        position=interval(float),
    )


def _upvoted(session: Session, scores: Scores) -> Upvoted:
    places = {id: place for place, id in enumerate(order(scores), start=1)}
    return Upvoted(_weights(session), [places[one.paper_id] for one in session if one.upvotes])


def _weights(session: Session) -> list[float]:
    return [one.upvotes * min(1 / examined(one.position), HEAVIEST) for one in session if one.upvotes]


def _weighted(weights: list[float], places: list[int], gain: Gain) -> float:
    return sum(weight * gain(place) for weight, place in zip(weights, places, strict=True))


def _ndcg_sums(
    upvotes: Sequence[Upvoted], n: int, expected: Callable[[Gain], Gain] = lambda gain: gain
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The discounted gain of each session's first n, with the weights as gains, and the best there could be."""
    gain = expected(lambda place: _discount(place) * (place <= n))
    gains = [_weighted(weights, places, gain) for weights, places in upvotes]
    best = [
        _weighted(sorted(weights, reverse=True)[:n], list(range(1, min(n, len(weights)) + 1)), _discount)
        for weights, _ in upvotes
    ]
    return np.array(gains), np.array(best)


def _discount(place: int) -> float:
    return 1 / math.log2(1 + place)
