"""The papers that the ranking compares, kept from one question to the next: recent ones, and all that was asked for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from bot.ranking.library import Library
from bot.ranking.vectors import ByPaper
from bot.search import static
from storage.corpus import Corpus
from storage.models import Paper

#: The papers listed last, as the background that the others are told apart from.
BACKGROUND = 1_000


class Shelf:
    """A library of one database's papers, for the thread that ranks; it grows by what it is asked for.

    Papers that are added are compared by what the others have taught. After it has doubled, or when another day has
    come, it is laid anew.
    """

    def __init__(self, database: Path) -> None:
        self.database = database
        self._library = Library(())
        self._laid: tuple[str, str] | None = None
        self._room = 0

    def library(self, ids: Collection[str], day: str, encoder: str) -> Library:
        """A library with these papers, of which the unknown are left out; `encoder` names its vectors, or nothing.

        The same object as before when it has them all. Raises StoreError when the database can't be read.
        """
        missing = [id for id in ids if id not in self._library]
        if self._laid == (day, encoder) and not missing:
            return self._library
        with Corpus.open(self.database) as corpus:
            if self._laid != (day, encoder) or len(self._library.papers) + len(missing) > self._room:
                papers = corpus.papers(dict.fromkeys([*corpus.newest_listed(BACKGROUND), *ids]))
                self._library = Library(papers, _embeddings(corpus, papers, encoder))
                self._laid, self._room = (day, encoder), 2 * max(len(papers), BACKGROUND)
            elif papers := corpus.papers(missing):
                self._library = self._library.extended(papers, _embeddings(corpus, papers, encoder))
        return self._library


def _embeddings(corpus: Corpus, papers: Collection[Paper], encoder: str) -> list[ByPaper]:
    """Static vectors of all papers, and the encoder's of those it has read."""
    ids = [paper.id for paper in papers]
    found: list[ByPaper] = [
        dict(zip(ids, static.load().embed([paper.about for paper in papers]), strict=True))
    ]
    if encoder:
        kept = corpus.vectors_of(encoder, ids)
        found.append({id: np.frombuffer(vector, np.float16) for id, vector in kept.items()})
    return found
