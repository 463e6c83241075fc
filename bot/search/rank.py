"""The papers that answer a query, best first: words and meaning, on one state of the index."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.search import static
from bot.search.fusion import CLOSE, STATIC_WEIGHT, TRANSFORMER_WEIGHT, Ranked, fuse
from bot.search.index import Snapshot
from bot.search.lexical import Lexical
from bot.search.meaning import RERANKED, Meaning
from bot.search.query import Query
from bot.search.static import Floats

#: Candidates by words, and by meaning: more of them change the first hundred little.
CANDIDATES = 400


class Ranking(NamedTuple):
    """Papers by their numbers, best first, with scores of 1 at most; `every_word` counts those with all words.

    What is sorted by date or upvotes has no scores: all are 0.
    """

    numbers: NDArray[np.int64]
    scores: Floats
    every_word: int = 0


NOTHING = Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))


def rank(
    snapshot: Snapshot, query: Query, like: str, limit: int, few: int, meaning: Meaning | None = None
) -> Ranking:
    """At most `limit` papers for a query; `like` is the text of the paper that they should resemble.

    Papers with every word are counted up to `few`. With a `meaning`, an encoder has its say on the best of them.
    """
    lexical = Lexical(snapshot.words, query, like)
    if query.sort != "relevance":
        counted = snapshot.words.matches(lexical.every_word, few)
        if counted or not query.text:
            field = "published" if query.sort == "new" else "upvotes"
            numbers = snapshot.words.ordered(lexical.every_word, field, limit)
            return Ranking(numbers, np.zeros(len(numbers), np.float32), counted)
    ranked = _relevant(snapshot, lexical, f"{query.text} {like}".strip(), meaning)
    counted = lexical.count_every_word(few, ranked.numbers)
    return Ranking(ranked.numbers[:limit], ranked.scores[:limit], counted)


def _relevant(snapshot: Snapshot, lexical: Lexical, text: str, meaning: Meaning | None) -> Ranked:
    vector = static.load().embed([text])[0]
    numbers, words = _candidates(snapshot, lexical, vector)
    cosines = snapshot.vectors.cosines(vector, numbers)
    first = fuse(numbers, words, cosines, STATIC_WEIGHT)
    if meaning is None or not len(numbers):
        return first
    best = np.flatnonzero(np.isin(numbers, first.numbers[:RERANKED]))
    closer = meaning.cosines(text, numbers[best].tolist(), cosines[best])
    if closer is None:
        return first
    again = fuse(numbers[best], words[best], closer, TRANSFORMER_WEIGHT)
    # What was not looked at again stays behind, by its score as well.
    behind = np.minimum(first.scores[len(best) :], again.scores[-1])
    return Ranked(
        np.concatenate([again.numbers, first.numbers[len(best) :]]), np.concatenate([again.scores, behind])
    )


def _candidates(snapshot: Snapshot, lexical: Lexical, vector: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Papers that have some word of the query, and papers that are close to it; and the BM25 of each."""
    numbers, words = NOTHING.numbers, NOTHING.scores
    if clause := lexical.any_word():
        numbers, words = snapshot.words.best(clause, CANDIDATES)
    near = snapshot.vectors.nearest(vector)
    close = near.numbers[near.cosines >= CLOSE][:CANDIDATES]
    alone = np.setdiff1d(lexical.allowed(close), numbers)
    return np.concatenate([numbers, alone]), np.concatenate([words, np.zeros(len(alone), np.float32)])
