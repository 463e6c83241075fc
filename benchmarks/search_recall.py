"""How many of the papers that come nearest by full cosines the search by signs and 8-bit numbers finds as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.search import static
from bot.search.static import Floats
from bot.search.vectors import Vectors
from storage.corpus import Corpus, Mark

DEPTHS = (10, 100)


def recall(
    database: Path, vectors: Vectors, texts: Mapping[str, Sequence[str]]
) -> dict[str, dict[int, float]]:
    """The share of the nearest papers that is found, for each kind of text and by how many are looked for."""
    wanted = static.load().embed([text for some in texts.values() for text in some])
    exact = iter(zip(wanted, _nearest(database, wanted), strict=True))
    return {kind: _share(vectors, list(islice(exact, len(some)))) for kind, some in texts.items()}


def _share(vectors: Vectors, exact: Sequence[tuple[Floats, NDArray[np.int64]]]) -> dict[int, float]:
    pairs = [(best, vectors.nearest(vector).numbers) for vector, best in exact]
    return {
        depth: float(np.mean([np.isin(best[:depth], found[:depth]).mean() for best, found in pairs]))
        for depth in DEPTHS
    }


def _nearest(database: Path, wanted: Floats) -> NDArray[np.int64]:
    """A row for each vector: the papers nearest to it, nearest first, every paper looked at."""
    numbers = np.zeros((len(wanted), 0), np.int64)
    cosines: Floats = np.zeros((len(wanted), 0), np.float32)
    with Corpus.open(database) as corpus:
        for entries in corpus.changed_since(Mark()):
            embedded = static.load().embed([f"{entry.title}. {entry.abstract}" for entry in entries])
            these = np.broadcast_to([entry.number for entry in entries], (len(wanted), len(entries)))
            numbers = np.hstack([numbers, these])
            cosines = np.hstack([cosines, wanted @ embedded.T])
            best = np.argsort(-cosines, axis=1, kind="stable")[:, : max(DEPTHS)]
            numbers, cosines = np.take_along_axis(numbers, best, 1), np.take_along_axis(cosines, best, 1)
    return numbers
