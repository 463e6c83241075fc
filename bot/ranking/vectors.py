"""Papers as the vectors an embedder made of them, around the average paper and with common directions damped."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bot.ranking.words import Floats, Rows

#: How much of the mean variance is added to each direction's before dividing by it. 0 would make all directions
#: equal and noise loud, infinity would leave the vectors as they are.
DAMPING = 10.0
#: The nearest papers that a paper is close to, and the number of newest papers among which they are looked for.
NEAREST = 3
RECENT = 100


ByPaper = Mapping[str, NDArray[np.floating]]


class _Space(NamedTuple):
    """What some vectors have in common: their mean, and the directions with how far they are to be squeezed."""

    mean: Floats
    directions: Floats
    scale: Floats

    @classmethod
    def of(cls, x: Floats) -> Self:
        mean: Floats = x.mean(axis=0)
        around = x - mean
        variances, directions = np.linalg.eigh(around.T @ around / np.float32(len(x)))
        damped = np.maximum(variances, 0) + DAMPING * max(float(variances.mean()), 1e-12)
        return cls(mean, directions, np.sqrt(damped).astype(np.float32))

    def place(self, x: Floats) -> Floats:
        """The vectors, whitened, at unit length."""
        return _unit(((x - self.mean) @ self.directions) / self.scale)


class Vectors:
    """The vectors of some papers; `known` says which papers have one.

    Embeddings of texts of one field lie in a narrow cone, so that everything is like everything. What is compared is
    the cosine of C^(-1/2) (x - m), with m the mean of the papers, S = U diag(s) U' their covariance, and
    C = U diag(s + 10 mean(s)) U': whitening (Su et al., https://arxiv.org/abs/2103.15316), shrunk.
    """

    def __init__(self, ids: Sequence[str], vectors: ByPaper) -> None:
        self.known = np.array([id in vectors for id in ids], bool)
        rows = [np.asarray(vectors[id], np.float32) for id in ids if id in vectors]
        self._space = _Space.of(np.array(rows)) if len(rows) > 1 else None
        self._x = self._placed(ids, vectors)

    def extended(self, ids: Sequence[str], vectors: ByPaper) -> Vectors:
        """These papers and more, around the average of these alone."""
        more = copy.copy(self)
        more.known = np.append(self.known, [id in vectors for id in ids]).astype(bool)
        more._x = np.concatenate([self._x, self._placed(ids, vectors)])
        return more

    def _placed(self, ids: Sequence[str], vectors: ByPaper) -> Floats:
        """A row for each paper; zeros for one without a vector, and for all where there are too few to compare."""
        x = np.zeros((len(ids), len(self._space.mean) if self._space else 1), np.float32)
        known = [row for row, id in enumerate(ids) if id in vectors]
        if self._space and known:
            x[known] = self._space.place(np.array([vectors[ids[row]] for row in known], np.float32))
        return x

    def affinity(self, rows: Rows, to: Rows, weights: Floats) -> Floats:
        """How close each of `rows` is to the papers `to`, newest last, by their `weights`.

        Half of it is the mean cosine, half the mean of the three greatest: one interest of several is enough.
        Papers without a vector are left out of `to`; among `rows` they get 0, as all do when nothing is left.
        """
        to, weights = to[self.known[to]], weights[self.known[to]]
        if not len(to):
            return np.zeros(len(rows), np.float32)
        mean = self._x[rows] @ (weights / weights.sum() @ self._x[to])
        newest, most = to[-RECENT:], weights[-RECENT:]
        near = self.cosines(rows, newest) * (most / most.max())
        count = min(NEAREST, len(newest))
        affinity: Floats = (mean + np.partition(near, -count, axis=1)[:, -count:].mean(axis=1)) / 2
        return affinity

    def cosines(self, rows: Rows, to: Rows) -> Floats:
        """The cosine of each of `rows` to each of `to`; 0 where either has no vector."""
        cosines: Floats = self._x[rows] @ self._x[to].T
        return cosines


def _unit(x: NDArray[np.floating]) -> Floats:
    unit: Floats = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return unit
