"""A topic query and its answer, from the store's own papers."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from storage import Store
from storage.models import Paper

#: Longer queries are read up to here: a pasted abstract fits, a pasted paper doesn't.
QUERY_LIMIT = 1000
#: How many matches are counted and can be paged through.
MOST_MATCHES = 100
#: With fewer papers than this that have every word, papers with some of the words are worth showing.
FEW = 5
_MOST_WORDS = 64
# With a letter or a digit: of underscores alone the index keeps nothing that could match.
_WORD = re.compile(r"\w*[^\W_]\w*")


class Found(NamedTuple):
    """Papers that match, best first: those with every word before those with some of them."""

    papers: list[Paper]
    every_word: int


async def search(store: Store, query: str, limit: int = MOST_MATCHES) -> Found:
    """The stored papers that match a topic, best first.

    The query is plain words: whatever else it holds (quotes, operators, brackets) only separates them.
    """
    # Composed, because an accent that stands alone would end a word.
    asked = unicodedata.normalize("NFC", query[:QUERY_LIMIT])
    words = list(dict.fromkeys(_WORD.findall(asked)))[:_MOST_WORDS]
    if not words:
        return Found([], 0)
    # Quoted, so that a word such as NEAR or OR is a word to FTS5.
    terms = [f'"{word}"' for word in words]
    papers = await store.match(" AND ".join(terms), limit)
    every_word = len(papers)
    if every_word < min(FEW, limit) and len(terms) > 1:
        known = {paper.id for paper in papers}
        some = await store.match(" OR ".join(terms), limit)
        papers += [paper for paper in some if paper.id not in known][: limit - every_word]
    return Found(papers, every_word)
