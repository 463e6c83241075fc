"""Which papers are of a topic: asked of those that were listed in some days, from the store alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from bot.search import Query, Term, matches, parse
from storage import Store
from storage.models import Listed, Paper, SourceName

#: What a preview looks back on.
PREVIEWED = timedelta(days=14)
#: Papers listed so many days ago can still come: those that got the upvotes asked for, or found no room before.
WINDOW = timedelta(days=7)


class Wanted(NamedTuple):
    """What a subscription asks of a paper. Without a query and categories it takes all; without sources, of any."""

    query: Query = Query()
    categories: tuple[str, ...] = ()
    sources: tuple[SourceName, ...] = ()
    minimum: int = 0

    def takes(self, paper: Paper, listed: Listed) -> bool:
        source: SourceName = "huggingface" if listed.curated else "arxiv"
        return (
            (not self.sources or source in self.sources)
            and (paper.upvotes or 0) >= self.minimum
            and (not self.categories or any(matches(_category(name), paper) for name in self.categories))
            and (not self.query.terms or matches(self.query, paper))
        )


class Preview(NamedTuple):
    """What a subscription would have posted: the papers by day, newest day first."""

    days: Sequence[tuple[date, Sequence[Paper]]]

    @property
    def papers(self) -> int:
        return sum(len(papers) for _, papers in self.days)

    @property
    def per_week(self) -> float:
        return self.papers * 7 / PREVIEWED.days


def wanted(typed: str, categories: Sequence[str], sources: Sequence[SourceName], minimum: int) -> Wanted:
    return Wanted(parse(typed), tuple(categories), tuple(sources), minimum)


def is_searchable(query: Query) -> bool:
    """Whether a query says which papers; not only how to order them."""
    return any(term.name not in ("like", "sort") for term in query.terms)


async def matching(store: Store, wants: Wanted, listed: Mapping[str, Listed]) -> dict[str, Paper]:
    """Those of the listed papers that are wanted.

    Day by day, each matched in a thread: a week of arXiv is thousands of papers, and the loop has others to answer.
    """
    found: dict[str, Paper] = {}
    for _, ids in groupby(listed, key=lambda id: listed[id].day):
        papers = await store.papers(list(ids))
        taken = await asyncio.to_thread(_taken, wants, papers, listed)
        found |= {paper.id: paper for paper in taken}
    return found


async def preview(store: Store, wants: Wanted, weekdays: Sequence[int], top: int, today: date) -> Preview:
    """What would have been posted in the days up to `today`, by what is stored now; most upvoted first."""
    first = today - PREVIEWED + timedelta(days=1)
    listed = await store.listed(first, today)
    waiting = await matching(store, wants, listed)
    days = []
    for day in (first + timedelta(days=n) for n in range(PREVIEWED.days)):
        if day.weekday() not in weekdays:
            continue
        ready = [paper for id, paper in waiting.items() if day - WINDOW <= listed[id].day <= day]
        chosen = sorted(ready, key=lambda paper: -(paper.upvotes or 0))[:top]
        if chosen:
            days.append((day, chosen))
        for paper in chosen:
            del waiting[paper.id]
    return Preview(days[::-1])


def _category(name: str) -> Query:
    return Query((Term("cat", name),))


def _taken(wants: Wanted, papers: Sequence[Paper], listed: Mapping[str, Listed]) -> list[Paper]:
    return [paper for paper in papers if wants.takes(paper, listed[paper.id])]
