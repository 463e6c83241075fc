"""Whether a paper is what a query asks for, decided without the index: for topics, of which a day's papers are asked.

It reads a query as the index does, with one difference: of a compound's spellings (`few-shot`, `fewshot`) only the
typed one counts, because nothing but the paper is at hand.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from bot.search.query import Query, Term
from bot.search.text import names, says_something, stems
from storage.models import Paper

#: What says how to order papers, not which.
_NO_CONDITION = ("sort", "like")


def matches(query: Query, paper: Paper) -> bool:
    """Whether a paper has every word, phrase and operator of the query, and nothing that is ruled out.

    `sort:` and `like:` are passed over. An empty query matches nothing. Words that say nothing (`of`, `about`) are not
    looked for, unless the query has no other.
    """
    terms = [term for term in query.terms if term.name not in _NO_CONDITION]
    words = [term for term in terms if term.name == "word" and not term.negative]
    telling = [term for term in words if says_something(term.value)] or words
    wanted = [term for term in terms if not term.negative and term.name != "word"] + telling
    ruled_out = [term for term in terms if term.negative]
    return (
        bool(wanted or ruled_out)
        and all(_any_of(term, wanted, paper) for term in wanted)
        and not any(_has(term, paper) for term in ruled_out)
    )


def _any_of(term: Term, wanted: Sequence[Term], paper: Paper) -> bool:
    """Several categories widen a query, and so do several sources."""
    if term.name in ("cat", "from"):
        return any(_has(other, paper) for other in wanted if other.name == term.name)
    return _has(term, paper)


def _has(term: Term, paper: Paper) -> bool:
    value = term.value
    match term.name:
        case "word":
            return value == paper.id or _side_by_side(stems(value), _text(paper)) or _author(value, paper)
        case "phrase":
            return _side_by_side(stems(value), _text(paper))
        case "title":
            return _side_by_side(stems(value), stems(paper.title))
        case "author":
            return _author(value, paper)
        case "cat":
            return any(_in_category(name.lower(), value) for name in paper.categories)
        case "has":
            return bool(paper.code_url) or "github.com" in f"{paper.abstract} {paper.comment}"
        case "from":
            return (paper.upvotes is not None) == (value == "huggingface")
        case "after":
            return bool(paper.published) and str(paper.published) >= value
        case "before":
            return bool(paper.published) and str(paper.published) < value
    return True


def _text(paper: Paper) -> Sequence[str]:
    return _stems_of(f"{paper.title}. {paper.abstract or paper.summary} {'. '.join(paper.keywords)}")


# A query looks at one paper several times, and several queries at the same papers.
@functools.lru_cache(1_000)
def _stems_of(text: str) -> tuple[str, ...]:
    return tuple(stems(text))


def _author(value: str, paper: Paper) -> bool:
    """A name in either order; a single letter is an initial."""
    order = " ".join(reversed(value.split(","))) if "," in value else value
    wanted = names(order)
    return any(_named(wanted, names(author)) for author in paper.authors)


def _named(wanted: Sequence[str], name: Sequence[str]) -> bool:
    starts = range(len(name) - len(wanted) + 1)
    return bool(wanted) and any(
        all(
            there.startswith(part) if len(part) == 1 else there == part
            for part, there in zip(wanted, name[start:], strict=False)
        )
        for start in starts
    )


def _side_by_side(wanted: Sequence[str], text: Sequence[str]) -> bool:
    length = len(wanted)
    if length <= 1:
        return length == 1 and wanted[0] in text
    return any(list(text[start : start + length]) == list(wanted) for start in range(len(text) - length + 1))


def _in_category(name: str, wanted: str) -> bool:
    return name == wanted or (wanted.endswith(".*") and f"{name}.".startswith(wanted[:-1]))
