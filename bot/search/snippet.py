"""The place in an abstract that shows best why a paper was found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.search.query import Query
from bot.search.text import STEMMED, content, stems
from storage.models import Paper

#: How much of an abstract is shown, in characters.
LENGTH = 320
#: How much of it is looked at: arXiv's own limit is half of this, and a file may hold whole books.
_READ = 4_000
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s+[A-Z(\"'])|$)", re.DOTALL)


class _Match(NamedTuple):
    """A word of the query, where it stands in a text."""

    stem: str
    start: int
    end: int


def snippet(query: Query, paper: Paper) -> list[tuple[str, bool]]:
    """A run of the abstract, in pieces: each with whether it is a word of the query.

    Empty when no word of the query stands in the abstract, which then tells nothing about the match.
    """
    text = (paper.abstract or paper.summary)[:_READ]
    matches = list(_matches(text, _wanted(query)))
    if not matches:
        return []
    start, end = _window(text, matches)
    inside = [match for match in matches if start <= match.start and match.end <= end]
    pieces = list(_pieces(text, start, end, inside))
    before = [("… ", False)] if start > 0 else []
    return [*before, *pieces, *([(" …", False)] if end < len(text.rstrip()) else [])]


def _wanted(query: Query) -> set[str]:
    """The stems to mark, joined and apart: `few-shot` also marks `fewshot`."""
    chunks = query.of("word", "phrase", "title")
    return {*content(query.text), *("".join(stems(chunk)) for chunk in chunks)}


def _matches(text: str, wanted: set[str]) -> Iterator[_Match]:
    for token in STEMMED.pre_tokenize(text).tokens:
        if token.text in wanted:
            yield _Match(token.text, token.char_offset_from, token.char_offset_to)


def _window(text: str, matches: Sequence[_Match]) -> tuple[int, int]:
    """The LENGTH characters, from where a sentence or at least a word begins, with the most different words."""
    sentences = {0, *(found.start() for found in _SENTENCE.finditer(text))}

    def told(start: int) -> int:
        return len({m.stem for m in matches if start <= m.start and m.end <= start + LENGTH})

    # Of equal ones a beginning of a sentence, and of these the first.
    best = max(
        sentences | {m.start for m in matches}, key=lambda start: (told(start), start in sentences, -start)
    )
    end = min(len(text), best + LENGTH)
    if end < len(text) and " " in text[best:end]:
        end = best + text[best:end].rindex(" ")
    return best, end


def _pieces(text: str, start: int, end: int, matches: Sequence[_Match]) -> Iterator[tuple[str, bool]]:
    for match in matches:
        if match.start > start:
            yield text[start : match.start], False
        yield text[match.start : match.end], True
        start = match.end
    if end > start:
        yield text[start:end], False
