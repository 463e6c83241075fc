"""The nearest spelling: words that stand in no paper, and what they may have been meant to be."""

from __future__ import annotations

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
    """The query with every unknown word in its nearest spelling; empty when there is none to offer."""
    if len(query.of("word")) > _MOST_WORDS:
        return ()
    terms = []
    for term in query.terms:
        if term.name != "word" or term.negative or _is_known(term.value, words):
            terms.append(term)
            continue
        nearest = _nearest(term.value, words)
        if not nearest:
            return ()
        terms.append(term._replace(value=nearest))
    return tuple(terms) if tuple(terms) != query.terms else ()


def _is_known(word: str, words: Words) -> bool:
    return all(words.count("text", stem(name)) or words.count("author", name) for name in names(word))


def _nearest(word: str, words: Words) -> str:
    """The word of a title that is least different; of equally different ones the one most titles have."""
    name = "".join(names(word))
    if len(name) < _SHORT:
        return ""
    most = 1 if len(name) < _LONG else 2
    spellings, titles = words.spellings
    found = process.extract(name, spellings, scorer=OSA.distance, score_cutoff=most, limit=None)
    ranked = sorted(found, key=lambda match: (match[1], -titles[match[2]]))
    return str(ranked[0][0]) if ranked else ""
