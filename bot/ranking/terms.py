"""The words that set some papers apart from all others, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from bot.ranking.library import Library
from bot.ranking.words import Grams, number_of, phrases

#: Of so many papers and more, a term must stand in two: what one paper says is not yet a liking.
FEW = 3


def typical_terms(library: Library, ids: Sequence[str], most: int = 8) -> list[str]:
    """The words and phrases that these papers use more than others do, most telling first; unknown papers are left out.

    A term counts by its TF-IDF in the mean of the papers minus that in the average paper: Rocchio's direction, as
    `taste` has it. A word that is part of another term among the best is left out.
    """
    known = [id for id in ids if id in library]
    best = list(islice(_terms(library, known), 2 * most))
    return [term for term in best if not any(_is_part(term, other) for other in best)][:most]


def _terms(library: Library, ids: Sequence[str]) -> Iterator[str]:
    """The terms of some papers, most telling first."""
    grams, weights = library.words.distinction(library.rows(ids))
    spelt, papers = dict[int, str](), Counter[int]()
    for id in ids:
        found = phrases(library.papers[id].about)
        spelt |= found
        papers.update(found.keys())
    least = 2 if len(ids) >= FEW else 1
    for at in np.argsort(-weights, kind="stable"):
        gram = int(grams[at])
        if weights[at] > 0 and papers[gram] >= least and _tells(spelt[gram], grams):
            yield spelt[gram]


def _tells(term: str, grams: Grams) -> bool:
    """Whether it has letters, and neither begins nor ends with a word that stands in too many papers."""
    words = term.split()
    edges = np.array([number_of(words[0]), number_of(words[-1])], np.uint64)
    return bool(np.isin(edges, grams).all()) and not term.replace(" ", "").isdigit()


def _is_part(term: str, other: str) -> bool:
    return term != other and f" {term} " in f" {other} "
