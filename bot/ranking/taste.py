"""What a person or a channel likes: learned from a few papers, and true of papers that nobody has seen yet.

    affinity(p, L) = the mean cosine of p to the papers L     (words)
    affinity(p, L) = half of that and half of the mean cosine to the three of L nearest to p     (embeddings)
    z(p, L)        = sum over views of w_v (affinity_v(p, L) - mean_v) / deviation_v
    taste(p)       = s(L) z(p, liked) - 1/5 s(D) z(p, disliked),  s(X) = |X| / (|X| + 3)

The mean part is Rocchio's classifier around the average paper (1971), which no support vector machine beat here;
the nearest three keep several interests apart. mean_v and deviation_v are those of the person's affinities to 300
background papers, so that the views have one unit, standard deviations, whatever the history is like; w_v is in
`library`. s shrinks what rests on few votes, and |X| counts a vote half
for every 30 that came after it. What else was tried is in docs/ranking.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bot.ranking.library import Library, View
from bot.ranking.vectors import NEAREST
from bot.ranking.words import Floats, Rows

#: Votes at which a taste counts half of what it can.
HALF_TRUSTED = 3.0
DISLIKE = 0.2
#: After so many newer votes an older one counts half, so that a taste follows when interests change.
HALF_LIFE = 30.0
#: A paper's neighbours are looked for among so many of those liked: the next one counts a thousandth of the newest.
COMPARED = 300
#: Where all papers are equally close, no difference is a great one.
LEAST_DEVIATION = 1e-3


class Side(NamedTuple):
    """The papers liked, or those disliked, newest last: how much each counts, and the affinity of an average paper.

    `usual` is (mean, deviation) for each view of the library it was learned in.
    """

    ids: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    usual: tuple[tuple[float, float], ...] = ()

    @property
    def strength(self) -> float:
        total = sum(self.weights)
        return total / (total + HALF_TRUSTED)


class Taste(NamedTuple):
    """What was learned: a plain value, small, good for the library it was learned in. Empty, it scores nothing."""

    liked: Side = Side()
    disliked: Side = Side()


#: Of somebody who never voted.
NO_TASTE = Taste()


class Neighbour(NamedTuple):
    """A paper voted on, and how much of a taste's affinity to another paper rests on it."""

    id: str
    share: float


def learn(library: Library, preferences: Mapping[str, float]) -> Taste:
    """The taste behind these preferences, from -1 to 1 by paper id, newest last (see `signals.preferences`).

    Papers that are not in the library are left out.
    """
    known = {id: value for id, value in preferences.items() if id in library}
    liked = _faded({id: value for id, value in known.items() if value > 0})
    disliked = _faded({id: -value for id, value in known.items() if value < 0})
    return Taste(_side(library, liked), _side(library, disliked))


def score(library: Library, taste: Taste, ids: Sequence[str]) -> Floats:
    """How much each paper is to this taste, in standard deviations of all papers; 0 is an average paper."""
    rows = library.rows(ids)
    liked, disliked = _standard(library, taste.liked, rows), _standard(library, taste.disliked, rows)
    scores: Floats = taste.liked.strength * liked - DISLIKE * taste.disliked.strength * disliked
    return scores


def neighbours(
    library: Library, taste: Taste, ids: Sequence[str], most: int = NEAREST
) -> list[list[Neighbour]]:
    """For each paper the liked ones that are most like it, nearest first: those that its score rests on."""
    if not (taste.liked.ids and ids):
        return [[] for _ in ids]
    weights = np.array(taste.liked.weights, np.float32)
    # What has faded to nothing beside the others is not compared at all.
    heaviest = np.sort(np.argsort(-weights, kind="stable")[:COMPARED])
    liked = [taste.liked.ids[n] for n in heaviest]
    alike = np.maximum(library.alike(ids, liked) * weights[heaviest], 0)
    shares = alike / np.maximum(alike.sum(axis=1, keepdims=True), 1e-12)
    best = np.argsort(-shares, axis=1, kind="stable")[:, :most]
    return [
        [Neighbour(liked[n], float(row[n])) for n in nearest if row[n] > 0]
        for row, nearest in zip(shares, best, strict=True)
    ]


def _faded(weights: Mapping[str, float]) -> dict[str, float]:
    """What was said by how much has been said since, newest last: each newer vote takes from those before it."""
    faded, newer = {}, 0.0
    for id, weight in reversed(list(weights.items())):
        faded[id] = weight * 2 ** (-newer / HALF_LIFE)
        newer += weight
    return dict(reversed(faded.items()))


def _side(library: Library, weights: Mapping[str, float]) -> Side:
    if not weights:
        return Side()
    side = Side(tuple(weights), tuple(weights.values()))
    rows = library.rows(side.ids)
    return side._replace(usual=tuple(_usual(library, view, rows, side) for view in library.views))


def _usual(library: Library, view: View, to: Rows, side: Side) -> tuple[float, float]:
    background = view.affinity(library.sample(view, to), to, np.array(side.weights, np.float32))
    if not len(background):
        return 0.0, 1.0
    return float(background.mean()), max(float(background.std()), LEAST_DEVIATION)


def _standard(library: Library, side: Side, rows: Rows) -> Floats:
    """The affinity of each paper to a side, in the deviations of background papers."""
    if not side.ids:
        return np.zeros(len(rows), np.float32)
    to, weights = library.rows(side.ids), np.array(side.weights, np.float32)
    affinities = np.array([view.affinity(rows, to, weights) for view in library.views])
    usual = np.array(side.usual, np.float32)
    standard: Floats = (affinities - usual[:, :1]) / usual[:, 1:]
    scores: Floats = (library.weights(rows) * standard).sum(axis=0)
    return scores
