"""Words and meaning in one order: the weighted sum of both scores, each as a part of the best one.

    score = (1 - w) b / max b  +  w max(c, 0) / max c
    b: BM25 of the paper for the query, 0 without a word of it    c: cosine of paper and query

By scores and not by ranks, because how far ahead the best match is tells something: on four collections reciprocal
ranks gave up to three hundredths of nDCG@10 less than this (docs/search.md has the table).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.search.static import Floats

#: What meaning weighs against words, by what it was found with: chosen once, over all development collections.
STATIC_WEIGHT = 0.35
TRANSFORMER_WEIGHT = 0.6
#: A paper without any word of the query is found only when it is at least this close to it.
CLOSE = 0.45


class Ranked(NamedTuple):
    """Papers by their numbers, best first, and their scores, 1 being the best that could be."""

    numbers: NDArray[np.int64]
    scores: Floats


def fuse(numbers: NDArray[np.int64], words: Floats, cosines: Floats, weight: float) -> Ranked:
    """Order papers by BM25 and cosine; equal ones stand newest first."""
    scores = (1 - weight) * _of_best(words) + weight * _of_best(cosines)
    order = np.lexsort((-numbers, -scores))
    return Ranked(numbers[order], scores[order].astype(np.float32))


def _of_best(values: Floats) -> Floats:
    best = values.max(initial=0)
    parts: Floats = np.maximum(values, 0) / best if best > 0 else np.zeros_like(values)
    return parts
