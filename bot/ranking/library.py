"""The papers that are compared with one another, and how alike any two of them are in each view."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.ranking.vectors import ByPaper, Vectors
from bot.ranking.words import Floats, Rows, Words
from storage.models import Paper

#: What words count, and what each embedding counts beside them, for papers that have one.
WORDS, EMBEDDING = 1.0, 0.4
#: Papers that stand for all others when a person's scores are brought to a common unit.
SAMPLE = 300


class View(Protocol):
    """One way of looking at the papers of a library, which it knows by their rows; `known` says which it can see."""

    known: NDArray[np.bool_]

    def affinity(self, rows: Rows, to: Rows, weights: Floats) -> Floats:
        """How close each of `rows` is to the papers `to`, newest last, by their weights."""

    def cosines(self, rows: Rows, to: Rows) -> Floats:
        """The cosine of each of `rows` to each of `to`."""


class Library:
    """Everything that is voted on or up for an edition, and the recent papers beside it as background.

    `embeddings` has the vectors of each embedder by paper id; one that is missing for a paper, or altogether, is
    made up for by the others. A library is a value: build it once for a set of papers, and learn as many tastes
    from it as there are people.
    """

    def __init__(self, papers: Iterable[Paper], embeddings: Sequence[ByPaper] = ()) -> None:
        self.papers = {paper.id: paper for paper in papers}
        self._row = {id: row for row, id in enumerate(self.papers)}
        ids = list(self.papers)
        self.words = Words([paper.about for paper in self.papers.values()])
        self._vectors = [Vectors(ids, vectors) for vectors in embeddings]
        self._factors = np.array([WORDS, *(EMBEDDING for _ in embeddings)], np.float32)
        self._background = len(ids)
        #: The same for all libraries that were extended from this one: tastes learned in one are good for the others.
        self.root = object()

    def extended(self, papers: Iterable[Paper], embeddings: Sequence[ByPaper] = ()) -> Library:
        """A library with these papers, too, compared by what the ones before them have taught it.

        `embeddings` are by the same embedders, of the new papers. Papers it has already are left as they are.
        """
        new = {paper.id: paper for paper in papers if paper.id not in self.papers}
        ids = list(new)
        other = copy.copy(self)
        other.papers = self.papers | new
        other._row = {id: row for row, id in enumerate(other.papers)}
        other.words = self.words.extended([paper.about for paper in new.values()])
        known = [*embeddings, *({} for _ in self._vectors)]
        other._vectors = [
            view.extended(ids, vectors) for view, vectors in zip(self._vectors, known, strict=False)
        ]
        return other

    @property
    def views(self) -> list[View]:
        return [self.words, *self._vectors]

    def __contains__(self, id: object) -> bool:
        return id in self._row

    def rows(self, ids: Iterable[str]) -> Rows:
        """The rows of these papers. Raises KeyError for one that the library does not have."""
        return np.array([self._row[id] for id in ids], np.intp)

    def sample(self, view: View, without: Rows) -> Rows:
        """Papers that stand for all others in a view, evenly spread, and the same for everybody who asks."""
        known = np.flatnonzero(view.known[: self._background])
        # Papers that were voted on are no average papers, unless there are no others.
        others = np.setdiff1d(known, without)
        known = others if len(others) > 1 else known
        return known[np.linspace(0, len(known) - 1, min(SAMPLE, len(known))).astype(np.intp)]

    def weights(self, rows: Rows) -> Floats:
        """What each view counts for each paper: views x papers; columns sum to 1, or 0 where no view knows a paper."""
        known = np.array([view.known[rows] for view in self.views])
        counted = known * self._factors[:, None]
        weights: Floats = counted / np.maximum(counted.sum(axis=0), np.finfo(np.float32).tiny)
        return weights

    def alike(self, ids: Sequence[str], others: Sequence[str]) -> Floats:
        """How alike papers are, at most 1: the cosines of all views, weighted. len(ids) x len(others)."""
        rows, to = self.rows(ids), self.rows(others)
        cosines = np.array([view.cosines(rows, to) for view in self.views])
        alike: Floats = np.einsum("vp,vpo->po", self.weights(rows), cosines)
        return alike
