"""The nearest spelling: words that stand in no paper, and what they may have been meant to be."""

from __future__ import annotations

import re

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.search.lexical import stem
from bot.search.query import Query, Term
from bot.search.text import names
from bot.search.words import Words

#: Letters that may be wrong, missing, too many or exchanged: one in a short word, two in a longer one.
_LONG = 7
_SHORT = 4
#: In longer queries a word that no paper has is hardly the reason why nothing fits.
_MOST_WORDS = 10


def respelt(query: Query, words: Words) -> tuple[Term, ...]:
    """The query with its unknown words and names in their nearest spelling; empty when there is none to offer."""
    if len(query.of("word")) > _MOST_WORDS:
        return ()
    fields = {"word": Field("spelling", words), "author": Field("author", words)}
    terms = tuple(
        term._replace(value=fields[term.name].respelt(term.value))
        if term.name in fields and not term.negative
        else term
        for term in query.terms
    )
    return terms if terms != query.terms else ()


class Field:
    """The words that a misspelt one may have been: those of titles, or the names of authors."""

    def __init__(self, name: str, words: Words) -> None:
        self.name = name
        self.words = words

    def respelt(self, value: str) -> str:
        return re.sub(r"\w+", lambda found: self._nearest(found[0]), value)

    def _is_known(self, name: str) -> bool:
        count = self.words.count
        return bool(count("author", name) or (self.name != "author" and count("text", stem(name))))

    def _nearest(self, word: str) -> str:
        """The known word that is least different; of equally different ones the one that most papers have."""
        name = "".join(names(word))
        if len(name) < _SHORT or self._is_known(name):
            return word
        most, known = 1 if len(name) < _LONG else 2, self.words.spellings(self.name)
        found = process.extract(name, list(known), scorer=OSA.distance, score_cutoff=most, limit=None)
        best = min(found, key=lambda match: (match[1], -known[match[0]]), default=None)
        return str(best[0]) if best else word
