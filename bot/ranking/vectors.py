"""Papers as the vectors an embedder made of them, around the average paper and with common directions damped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.ranking.words import Floats, Rows

#: How much of the mean variance is added to each direction's before dividing by it. 0 would make all directions
#: equal and noise loud, infinity would leave the vectors as they are.
DAMPING = 10.0
#: The nearest papers that a paper is close to, and the number of newest papers among which they are looked for.
NEAREST = 3
RECENT = 100


class Vectors:
    """The vectors of some papers; `known` says which papers have one.

    Embeddings of texts of one field lie in a narrow cone, so that everything is like everything. What is compared is
    the cosine of C^(-1/2) (x - m), with m the mean of the papers, S = U diag(s) U' their covariance, and
    C = U diag(s + 10 mean(s)) U': whitening (Su et al., https://arxiv.org/abs/2103.15316), shrunk.
    """

    def __init__(self, ids: Sequence[str], vectors: Mapping[str, NDArray[np.floating]]) -> None:
        self.known = np.array([id in vectors for id in ids], bool)
        size = next((len(vector) for vector in vectors.values()), 1)
        rows = [np.asarray(vectors[id], np.float32) for id in ids if id in vectors]
        self._x = np.zeros((len(ids), size), np.float32)
        if len(rows) > 1:
            self._x[self.known] = _unit(_whitened(np.array(rows)))

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


def _whitened(x: Floats) -> Floats:
    around = x - x.mean(axis=0)
    variances, directions = np.linalg.eigh(around.T @ around / np.float32(len(x)))
    scale = np.sqrt(np.maximum(variances, 0) + DAMPING * max(float(variances.mean()), 1e-12))
    whitened: Floats = (around @ directions) / scale
    return whitened


def _unit(x: Floats) -> Floats:
    unit: Floats = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return unit
