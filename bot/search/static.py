"""Static vectors: what a text is about, as the sum of what its words are about. No GPU, a quarter of a millisecond.

Each stem of the vocabulary has a vector, made by distillation as `docs/search.md` tells. A stem that is not in
it has one of OTHERS pseudo-random vectors, so that rare words, names and formulas still tell papers apart.
"""

from __future__ import annotations

import functools
import hashlib
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.search.text import content

Floats = NDArray[np.float32]

#: Names the vectors below: an index built with others is built anew.
NAME = "static-1"
DIMENSIONS = 256
OTHERS = 8_192


class Static:
    """The table of word vectors, and texts embedded with it."""

    def __init__(self, words: Sequence[str], table: NDArray[np.int8], scales: Floats) -> None:
        known: Floats = table.astype(np.float32) * scales[:, None]
        length = float(np.percentile(np.linalg.norm(known, axis=1), 75))
        self._table = np.concatenate([known, pseudo_random(OTHERS) * np.float32(length)])
        self._rows = _Rows((word, row) for row, word in enumerate(words))

    def embed(self, texts: Sequence[str]) -> Floats:
        """A row of unit length for each text; zeros for one without words.

        A word that stands n times in a text counts 1 + ln n times.
        """
        rows: list[int] = []
        times: list[int] = []
        ends = []
        for text in texts:
            counted = Counter(content(text))
            rows += map(self._rows.__getitem__, counted)
            times += counted.values()
            ends.append(len(rows))
        weights: Floats = 1 + np.log(np.array(times, np.float32))
        return unit(self._sums(np.array(rows, np.intp), weights, ends))

    def _sums(self, rows: NDArray[np.intp], weights: Floats, ends: Sequence[int]) -> Floats:
        sums = np.zeros((len(ends), DIMENSIONS), np.float32)
        start = 0
        for number, end in enumerate(ends):
            if end > start:
                sums[number] = weights[start:end] @ self._table[rows[start:end]]
            start = end
        return sums


class _Rows(dict[str, int]):
    """Where in the table a stem's vector is."""

    def __missing__(self, word: str) -> int:
        return len(self) + zlib.crc32(word.encode()) % OTHERS


def unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def pseudo_random(count: int) -> Floats:
    """Unit vectors that are the same on every machine: each sign is a bit of a digest."""
    digests = b"".join(
        hashlib.blake2b(str(n).encode(), digest_size=DIMENSIONS // 8).digest() for n in range(count)
    )
    bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(count, DIMENSIONS)
    signs: Floats = (bits.astype(np.float32) * 2 - 1) / np.float32(math.sqrt(DIMENSIONS))
    return signs


@functools.cache
def load() -> Static:
    """The vectors that come with the bot; read once, 50 ms and 40 MB."""
    data = resources.files("bot.search").joinpath("static.npz").read_bytes()
    with np.load(BytesIO(data)) as file:
        parts: dict[str, Any] = {name: file[name] for name in file.files}
    words = parts["words"].tobytes().decode().split("\n")
    return Static(words, parts["table"], parts["scales"].astype(np.float32))
