"""The papers that answer a query, best first: words and meaning, on one state of the index."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.search import fusion, static
from bot.search.index import Snapshot
from bot.search.lexical import Lexical
from bot.search.query import Query
from bot.search.static import Floats

#: Candidates by words, and by meaning: more of them change the first hundred little.
CANDIDATES = 400


class Ranking(NamedTuple):
    """The numbers of the papers found, best first; `every_word` counts those with all words, up to the limit asked."""

    numbers: NDArray[np.int64]
    every_word: int


NOTHING = np.zeros(0, np.int64)


def rank(snapshot: Snapshot, query: Query, like: str, limit: int, few: int) -> Ranking:
    """At most `limit` papers for a query; `like` is the text of the paper that they should resemble.

    Papers with every word are counted up to `few`.
    """
    lexical = Lexical(snapshot.words, query, like)
    if query.sort != "relevance":
        counted = snapshot.words.matches(lexical.every_word, few)
        if counted or not query.text:
            field = "published" if query.sort == "new" else "upvotes"
            return Ranking(snapshot.words.ordered(lexical.every_word, field, limit), counted)
    clause = lexical.any_word()
    best = snapshot.words.best(clause, CANDIDATES) if clause else (NOTHING, np.zeros(0, np.float32))
    found = _with_meaning(snapshot, lexical, f"{query.text} {like}", *best)[:limit]
    return Ranking(found, lexical.count_every_word(few, best[0]))


def _with_meaning(
    snapshot: Snapshot, lexical: Lexical, text: str, numbers: NDArray[np.int64], scores: Floats
) -> NDArray[np.int64]:
    vector = static.load().embed([text])[0]
    if not vector.any():
        return numbers
    near = snapshot.vectors.nearest(vector)
    close = near.numbers[near.cosines >= fusion.CLOSE][:CANDIDATES]
    alone = np.setdiff1d(lexical.allowed(close), numbers)
    numbers = np.concatenate([numbers, alone])
    words: Floats = np.concatenate([scores, np.zeros(len(alone), np.float32)])
    cosines = snapshot.vectors.cosines(vector, numbers)
    return fusion.fuse(numbers, words, cosines, fusion.STATIC_WEIGHT).numbers
