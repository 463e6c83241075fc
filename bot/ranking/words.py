"""Papers as the words they use: TF-IDF of one, two and three words in a row, around the average paper.

TF-IDF as in Salton and Buckley, "Term-weighting approaches in automatic text retrieval" (1988), with logarithmic
term frequencies. Words are taken as they are written: stemming, titles counted double and lists of stop words were
measured and gave nothing (docs/ranking.md).
"""

from __future__ import annotations

import copy
import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
Grams = NDArray[np.uint64]

#: Words that stand in more than this share of the papers tell none of them apart.
MOST_COMMON = 0.3
#: Below this number of papers a share is no share yet.
FEW_PAPERS = 10
_WORD = re.compile(r"\w\w+")
_ORDER = np.uint64(0x9E3779B97F4A7C15)


def number_of(word: str) -> int:
    return zlib.crc32(word.encode())


def phrases(text: str) -> dict[int, str]:
    """The words, pairs and triples of a text by their numbers, as people read them."""
    words = _WORD.findall(text.lower())
    spelt = [
        " ".join(words[at : at + length]) for length in (1, 2, 3) for at in range(len(words) - length + 1)
    ]
    return dict(zip(ngrams(text).tolist(), spelt, strict=True))


def ngrams(text: str) -> Grams:
    """A number for each word, pair and triple of neighbours in a text, in their order.

    A word's number is its CRC-32; of neighbours a, b it is a * k + b modulo 2^64, so that the order counts.
    """
    words = np.array([number_of(word) for word in _WORD.findall(text.lower())], np.uint64)
    pairs = words[:-1] * _ORDER + words[1:]
    triples = pairs[:-1] * _ORDER + words[2:]
    return np.concatenate([words, pairs, triples])


class Words:
    """The words of some papers: `cosines` compares them by what sets them apart from the average paper.

    A paper is the vector x / |x| of w(t) = (1 + ln tf) (1 + ln((1 + n) / (1 + df))), and m is the mean of all n
    papers. Papers a and b are as alike as the cosine of a - m and b - m. That a and b are sparse and m is not is
    why the products below are written out.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Learn the vocabulary of these papers, and hold them: about 300 numbers, 2.4 kB, for each."""
        counted = _counted(texts)
        self._grams, self._idf = _vocabulary([grams for grams, _ in counted])
        x = _tf_idf(counted, self._grams, self._idf)
        self._mean = np.asarray(x.sum(axis=0), np.float32) / max(len(texts), 1)
        self._hold(x)

    def extended(self, texts: Sequence[str]) -> Words:
        """These papers and more, by the vocabulary, the frequencies and the average paper of these alone."""
        more = copy.copy(self)
        more._hold(sparse.vstack([self._x, _tf_idf(_counted(texts), self._grams, self._idf)], format="csr"))
        return more

    def _hold(self, x: sparse.csr_array) -> None:
        self._x = x
        self._along: Floats = x @ self._mean
        self._square = float(self._mean @ self._mean)
        norms = np.asarray(x.multiply(x).sum(axis=1)).ravel()
        self._length = np.sqrt(np.maximum(norms - 2 * self._along + self._square, 1e-12))
        # A paper with no word of the vocabulary is like nothing, rather than opposite to everything.
        self.known = norms > 0
        self._length[~self.known] = np.inf

    def affinity(self, rows: Rows, to: Rows, weights: Floats) -> Floats:
        """How close each of `rows` is to the papers `to`: their mean cosine by `weights`."""
        scaled = (weights / weights.sum() / self._length[to]).astype(np.float32)
        # A product with the transposed matrix, for a product with the matrix would be dense.
        centre = self._x[to].T @ scaled - scaled.sum() * self._mean
        cosines: Floats = (self._x[rows] @ centre - self._mean @ centre) / self._length[rows]
        return cosines

    def distinction(self, rows: Rows) -> tuple[Grams, Floats]:
        """Every n-gram of the vocabulary, in rising order, and how much more it counts in these papers than usual."""
        shares = np.full(len(rows), 1 / max(len(rows), 1), np.float32)
        more: Floats = self._x[rows].T @ shares - self._mean
        return self._grams, more

    def cosines(self, rows: Rows, to: Rows) -> Floats:
        """The cosine of each of `rows` to each of `to`: len(rows) x len(to)."""
        products = (self._x[rows] @ self._x[to].T).toarray()
        around = products - self._along[rows][:, None] - self._along[to][None, :] + self._square
        cosines: Floats = around / (self._length[rows][:, None] * self._length[to][None, :])
        return cosines


def _counted(texts: Sequence[str]) -> list[tuple[Grams, NDArray[np.intp]]]:
    return [np.unique(ngrams(text), return_counts=True) for text in texts]


def _vocabulary(papers: Sequence[Grams]) -> tuple[Grams, Floats]:
    """What stands in two papers or more and not in too many, in rising order, and its inverse document frequency.

    What stands in one paper only can't make it like another.
    """
    none = np.empty(0, np.uint64)
    grams, frequency = np.unique(np.concatenate([none, *papers]), return_counts=True)
    kept = (frequency >= 2) & (frequency <= max(FEW_PAPERS, MOST_COMMON * len(papers)))
    idf = 1 + np.log((1 + len(papers)) / (1 + frequency[kept]))
    return grams[kept], idf.astype(np.float32)


def _tf_idf(
    counted: Sequence[tuple[Grams, NDArray[np.intp]]], vocabulary: Grams, idf: Floats
) -> sparse.csr_array:
    """Rows of unit length, one a paper; zeros for a paper without a word of the vocabulary."""
    columns, values, ends = [np.empty(0, np.intp)], [np.empty(0, np.float32)], [0]
    for grams, counts in counted:
        at = np.searchsorted(vocabulary, grams)
        known = at < len(vocabulary)
        known[known] = vocabulary[at[known]] == grams[known]
        row = (1 + np.log(counts[known])) * idf[at[known]]
        columns.append(at[known])
        values.append((row / max(float(np.linalg.norm(row)), 1e-12)).astype(np.float32))
        ends.append(ends[-1] + len(row))
    shape = (len(counted), len(vocabulary))
    return sparse.csr_array((np.concatenate(values), np.concatenate(columns), np.array(ends)), shape=shape)
