"""Whether a ranking helps: measures of one list, and a replay of what was shown and upvoted before.

Lists are judged by ids and scores. Papers with equal scores stand in an order that knows nothing, that of a
checksum of their ids: a ranking that says nothing must not gain from the order it was given them in.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.ranking.signals import examined

#: A single upvote far down must not outweigh all others: weights are cut at this.
HEAVIEST = 20.0
SAMPLES = 1_000
CONFIDENCE = 0.95


class Impression(NamedTuple):
    """A paper as it was shown, at which position counted from 1, and whether it was upvoted."""

    paper_id: str
    position: int
    upvoted: bool


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
    told = [
        (session, given)
        for session, given in zip(sessions, scores, strict=True)
        if any(one.upvoted for one in session)
    ]
    upvotes = [_upvoted(session, given) for session, given in told]
    weight = np.array([sum(weights) for weights, _ in upvotes])

    def interval(gain: Callable[[int], float]) -> Interval:
        gained = np.array([_weighted(weights, places, gain) for weights, places in upvotes])
        return bootstrap(gained, weight, seed=seed)

    return Replay(
        ndcg=bootstrap(*_ndcg_sums(upvotes, n), seed=seed),
        mrr=interval(lambda place: 1 / place),
        position=interval(float),
    )


def bootstrap(gained: NDArray[np.floating], weight: NDArray[np.floating], *, seed: int = 0) -> Interval:
    """sum(gained) / sum(weight), with the percentile interval over samples of the same size with replacement."""
    if not len(gained) or not weight.sum():
        return Interval(math.nan, math.nan, math.nan)
    drawn = np.random.default_rng(seed).integers(len(gained), size=(SAMPLES, len(gained)))
    means = gained[drawn].sum(axis=1) / weight[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(gained.sum() / weight.sum()), float(low), float(high))


_Upvoted = tuple[list[float], list[int]]


def _upvoted(session: Session, scores: Scores) -> _Upvoted:
    """The weight of each upvote of a session, and the position that the new ranking gives its paper."""
    places = {id: place for place, id in enumerate(order(scores), start=1)}
    upvoted = [one for one in session if one.upvoted]
    weights = [min(1 / examined(one.position), HEAVIEST) for one in upvoted]
    return weights, [places[one.paper_id] for one in upvoted]


def _weighted(weights: list[float], places: list[int], gain: Callable[[int], float]) -> float:
    return sum(weight * gain(place) for weight, place in zip(weights, places, strict=True))


def _ndcg_sums(upvotes: Sequence[_Upvoted], n: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The discounted gain of each session's first n, with the weights as gains, and the best there could be."""
    gains = [
        _weighted(weights, places, lambda place: _discount(place) * (place <= n))
        for weights, places in upvotes
    ]
    best = [
        _weighted(sorted(weights, reverse=True)[:n], list(range(1, min(n, len(weights)) + 1)), _discount)
        for weights, _ in upvotes
    ]
    return np.array(gains), np.array(best)


def _discount(place: int) -> float:
    return 1 / math.log2(1 + place)
