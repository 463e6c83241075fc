"""A vector for every paper, searched by brute force in two steps.

First by signs: on which side of 512 planes a paper lies, a million papers in about ten milliseconds. Then the best
few thousand by 8-bit numbers. Nothing has to be built, so a paper can be found as soon as it is written, and the
search misses next to nothing (docs/benchmarks.md has how much).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from io import BufferedRandom
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.search.static import DIMENSIONS, Floats, pseudo_random

#: Changes whenever vectors are kept in another way.
VECTORS_VERSION = 2
_PLANES = 2 * DIMENSIONS
_CODE = _PLANES // 8
_WORDS = _PLANES // 64
#: Papers whose signs differ least, which are then looked at more closely.
SHORTLIST = 3_000
# Papers compared at a time, so that what is in between stays in the processor's cache.
_BLOCK = 65_536
_FEW = 1_000


class Near(NamedTuple):
    """Papers by their numbers, nearest first, and the cosine of each with what was looked for."""

    numbers: NDArray[np.int64]
    cosines: Floats


@functools.cache
def _planes() -> Floats:
    """Two sets of directions at right angles, a column each.

    The vectors' own few directions tell much and their many others little, and each sign counts the same: turned at
    random, all of them tell something. At right angles they tell more than just any would (docs/benchmarks.md).
    """
    return np.hstack([_turn(*flips) for flips in np.split(np.sign(pseudo_random(4)).astype(np.int32), 2)])


def _turn(first: NDArray[np.int32], second: NDArray[np.int32]) -> Floats:
    """A random rotation: twice, signs are flipped and a Hadamard matrix mixes all directions (Ailon, Chazelle 2009).

    In whole numbers, so that it is the same on every machine, and the threads of BLAS have nothing to wait for.
    """
    mixed = np.ones((1, 1), np.int32)
    while len(mixed) < DIMENSIONS:
        mixed = np.block([[mixed, mixed], [mixed, -mixed]])
    turned = (first[:, None] * mixed) @ (second[:, None] * mixed)
    return (turned / DIMENSIONS).astype(np.float32)


def _signs(vectors: Floats) -> NDArray[np.uint8]:
    return np.packbits(vectors @ _planes() > 0, axis=-1)


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
        codes = _signs(vectors)
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


def _mapped(path: Path, kind: np.dtype[Any], width: int) -> NDArray[Any]:
    rows = path.stat().st_size // (width * kind.itemsize)
    return np.memmap(path, kind, "r", shape=(rows, width)) if rows else np.zeros((0, width), kind)


class Vectors:
    """What a VectorWriter has written until now: signs in memory, numbers on disk and mapped."""

    def __init__(self, folder: Path) -> None:
        # By column, so that each step reads one run of memory.
        self._signs = np.ascontiguousarray(_mapped(folder / "codes.bin", np.dtype(np.uint64), _WORDS).T)
        self._values = _mapped(folder / "values.bin", np.dtype(np.int8), DIMENSIONS)

    def __len__(self) -> int:
        return int(min(self._signs.shape[1], len(self._values)))

    def nearest(self, vector: Floats) -> Near:
        """About SHORTLIST papers that come nearest to a unit vector, the nearest first; none to a vector of zeros."""
        if not vector.any():
            return Near(np.zeros(0, np.int64), np.zeros(0, np.float32))
        differing = self._differing(_signs(vector).view(np.uint64))
        counted = np.bincount(differing, minlength=_PLANES + 1).cumsum()
        bound = int(np.searchsorted(counted, SHORTLIST))
        numbers = np.flatnonzero(differing <= bound)
        cosines = self.cosines(vector, numbers)
        order = np.argsort(-cosines, kind="stable")
        return Near(numbers[order], cosines[order])

    def cosines(self, vector: Floats, numbers: NDArray[np.int64]) -> Floats:
        """The cosine of each of these papers with a unit vector; 0 for one that has none."""
        if not len(self):
            return np.zeros(len(numbers), np.float32)
        # Some at a time: arrays of megabytes would be had from the system anew for each search.
        parts = [self._cosines(vector, part) for part in np.array_split(numbers, len(numbers) // _FEW + 1)]
        return np.concatenate(parts)

    def _cosines(self, vector: Floats, numbers: NDArray[np.int64]) -> Floats:
        values = self._values[np.minimum(numbers, len(self) - 1)].astype(np.float32)
        values[numbers >= len(self)] = 0
        lengths = np.linalg.norm(values, axis=1)
        cosines = values @ vector / np.maximum(lengths, np.finfo(np.float32).tiny)
        # Where in memory a row lies changes its last digits; equal papers are to be equal.
        rounded: Floats = np.round(cosines, 6)
        return rounded

    def _differing(self, code: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """In how many of its signs each paper differs."""
        total = np.zeros(len(self), np.uint16)
        for start in range(0, len(self), _BLOCK):
            part = total[start : start + _BLOCK]
            for column, signs in zip(self._signs, code, strict=True):
                part += np.bitwise_count(column[start : start + len(part)] ^ signs)
        return total
