"""A vector for every paper, searched by brute force in two steps.

First by signs: 256 bits a paper, of which the differing ones are counted, a million papers in about five
milliseconds. Then the best four thousand by 8-bit numbers. Nothing has to be built, so a paper can be found as soon
as it is written. What is missed is far from the best: of the ten papers nearest to a title the shortlist holds 98 in
a hundred, of the nearest hundred 88, among 24,000 papers of arXiv.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BufferedRandom
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.search.static import DIMENSIONS, Floats

_CODE = DIMENSIONS // 8
_WORDS = DIMENSIONS // 64
#: Papers whose signs differ least, which are then looked at more closely.
SHORTLIST = 4_000
# Papers compared at a time, so that what is in between stays in the processor's cache.
_BLOCK = 65_536


class Near(NamedTuple):
    """Papers by their numbers, nearest first, and the cosine of each with what was looked for."""

    numbers: NDArray[np.int64]
    cosines: Floats


class VectorWriter:
    """Writes vectors where their papers' numbers say: row n of either file belongs to paper n."""

    def __init__(self, folder: Path) -> None:
        self._codes = _opened(folder / "codes.bin")
        self._values = _opened(folder / "values.bin")
        self._rows = min(
            (folder / "codes.bin").stat().st_size // _CODE,
            (folder / "values.bin").stat().st_size // DIMENSIONS,
        )

    def put(self, numbers: Sequence[int], vectors: Floats) -> None:
        """Keep unit vectors; a row that was never written holds zeros."""
        codes = np.packbits(vectors > 0, axis=1)
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        values = np.round(vectors / np.where(largest > 0, largest, 1) * 127).astype(np.int8)
        for number, code, value in zip(numbers, codes, values, strict=True):
            self._codes.seek(number * _CODE)
            self._codes.write(code.tobytes())
            self._values.seek(number * DIMENSIONS)
            self._values.write(value.tobytes())
            self._rows = max(self._rows, number + 1)

    def flush(self) -> int:
        """Have readers find what was put; returns how many rows it takes at least."""
        self._codes.flush()
        self._values.flush()
        return self._rows

    def close(self) -> None:
        self._codes.close()
        self._values.close()


def _opened(path: Path) -> BufferedRandom:
    path.touch()
    return path.open("r+b")


class Vectors:
    """What a VectorWriter has written until now: signs in memory, numbers on disk and mapped."""

    def __init__(self, folder: Path) -> None:
        codes = np.fromfile(folder / "codes.bin", np.uint64)
        # By column, so that each step reads one run of memory.
        self._signs = np.ascontiguousarray(codes[: len(codes) // _WORDS * _WORDS].reshape(-1, _WORDS).T)
        rows = (folder / "values.bin").stat().st_size // DIMENSIONS
        self._values: NDArray[np.int8] = (
            np.memmap(folder / "values.bin", np.int8, "r", shape=(rows, DIMENSIONS))
            if rows
            else np.zeros((0, DIMENSIONS), np.int8)
        )

    def __len__(self) -> int:
        return int(min(self._signs.shape[1], len(self._values)))

    def nearest(self, vector: Floats) -> Near:
        """About SHORTLIST papers that come nearest to a unit vector, the nearest first."""
        differing = self._differing(np.packbits(vector > 0).view(np.uint64))
        counted = np.bincount(differing, minlength=DIMENSIONS + 1).cumsum()
        bound = int(np.searchsorted(counted, SHORTLIST))
        numbers = np.flatnonzero(differing <= bound)
        cosines = self.cosines(vector, numbers)
        order = np.argsort(-cosines, kind="stable")
        return Near(numbers[order], cosines[order])

    def cosines(self, vector: Floats, numbers: NDArray[np.int64]) -> Floats:
        """The cosine of each of these papers with a unit vector; 0 for one that has none."""
        if not len(self):
            return np.zeros(len(numbers), np.float32)
        values = self._values[np.minimum(numbers, len(self) - 1)].astype(np.float32)
        values[numbers >= len(self)] = 0
        lengths = np.linalg.norm(values, axis=1)
        cosines: Floats = values @ vector / np.maximum(lengths, np.finfo(np.float32).tiny)
        return cosines

    def _differing(self, code: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """In how many of its 256 signs each paper differs. All 256 come out as 0, which the cosines then mend."""
        total = np.zeros(len(self), np.uint8)
        for start in range(0, len(self), _BLOCK):
            part = total[start : start + _BLOCK]
            for column, signs in zip(self._signs, code, strict=True):
                part += np.bitwise_count(column[start : start + len(part)] ^ signs)
        return total
