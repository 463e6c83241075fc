"""A period of arXiv into the store: every paper of some categories, window by window.

Killed at any moment it has lost nothing: each answer is kept as it comes, a window counts as harvested only when all
its papers have come, and the next run asks for what is not harvested yet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from bot.errors import UsageError
from bot.ingest import Ingest
from bot.sources.arxiv import CUT, MOST_IN_ALL, MOST_RESULTS, Answer
from storage.models import Skipped, Span, Window

#: The day of arXiv's first paper (https://info.arxiv.org/about/reports/).
BEGAN = date(1991, 8, 14)
#: Papers appear with the date of their submission after days, when moderators held them; hardly any after a week.
SETTLED = timedelta(days=7)
#: A window that brings fewer papers than arXiv says it has is read so often in all.
READINGS = 3
#: Windows are made to hold about so much of a slice, and parted from so many on: the fewer pages a window has,
#: the less can shift between them.
AIM, MANY = 0.75, 2
#: Windows begin and end at round times; the minute is arXiv's own step.
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Harvest(NamedTuple):
    """What a window brought; `total` is how many papers arXiv says it has."""

    window: Window
    papers: int
    new: int
    skipped: tuple[Skipped, ...]
    total: int

    @property
    def missing(self) -> int:
        return max(0, self.total - self.papers - len(self.skipped))

    @property
    def length(self) -> timedelta:
        return self.window.span.last - self.window.span.first


def period(categories: Sequence[str], first: date, last: date, now: datetime) -> Window:
    """The days from `first` to `last`, as far as they have passed; raises UsageError where arXiv can't have papers."""
    if not categories:
        raise UsageError("Name categories with --categories, or in PAPERS_ARXIV_CATEGORIES.")
    today = now.astimezone(UTC).date()
    if first < BEGAN:
        raise UsageError(f"{first} is before arXiv began, on {BEGAN}.")
    if first > today:
        raise UsageError(f"{first} lies ahead; today is {today} in UTC.")
    passed = now.replace(second=0, microsecond=0)
    return Window(tuple(categories), Span(_midnight(first), min(_midnight(last + DAY), passed)))


def unharvested(wanted: Window, known: Mapping[str, Sequence[Span]], settled: datetime) -> list[Window]:
    """The windows of `wanted` that are in no `known` span of their categories, parted where papers are `settled`."""
    first, last = wanted.span
    edges = {first, last, settled, *(edge for spans in known.values() for span in spans for edge in span)}
    windows = (
        Window(_lacking(wanted.categories, known, Span(*ends)), Span(*ends))
        for ends in pairwise(sorted(edge for edge in edges if first <= edge <= last))
    )
    return [window for window in windows if window.categories]


def _lacking(categories: Sequence[str], known: Mapping[str, Sequence[Span]], span: Span) -> tuple[str, ...]:
    return tuple(
        category
        for category in categories
        if not any(had.first <= span.first and span.last <= had.last for had in known[category])
    )


class Backfill:
    """Reads windows from arXiv into the store; `most` is how many papers it asks for at a time."""

    def __init__(self, ingest: Ingest, most: int = MOST_RESULTS) -> None:
        self.ingest = ingest
        self.most = most

    async def remaining(self, wanted: Window) -> list[Window]:
        """What is not harvested yet of what is wanted, oldest first; the last days never are."""
        store = self.ingest.store
        known = {category: await store.harvested(category) for category in wanted.categories}
        return unharvested(wanted, known, _midnight((self.ingest.clock() - SETTLED).date()))

    async def harvest(self, windows: Sequence[Window]) -> AsyncIterator[Harvest]:
        """Read all that was submitted in these windows, parted so that each answer of arXiv's is well filled.

        A window whose papers did not all come, though it was read several times, is left unharvested. Raises
        SourceError when arXiv can't be read.
        """
        size = DAY
        for categories, (at, last) in windows:
            while at < last:
                window = Window(categories, Span(at, min(at + size, last)))
                brought = await self._read(window)
                size = self._next_size(size, brought)
                if self._is_crowded(brought):
                    continue
                at = window.span.last
                if not brought.missing and at + SETTLED <= self.ingest.clock():
                    await self.ingest.store.record_harvest(window)
                yield brought

    def _is_crowded(self, brought: Harvest) -> bool:
        """Whether the window has too many papers to be read page by page, and can be parted."""
        return brought.total > MANY * self.most and brought.length > MINUTE

    def _next_size(self, size: timedelta, last: Harvest) -> timedelta:
        """What would have filled a slice, had papers come as densely as in the last window; at most twice as long."""
        wanted = min(2 * size, last.length * (AIM * self.most / max(last.total, 1)))
        step = next((step for step in (DAY, HOUR) if wanted >= step), MINUTE)
        return max(wanted // step * step, MINUTE)

    async def _read(self, window: Window) -> Harvest:
        """Keep a window's papers; none of them when they are too many, because they come again with its parts."""
        papers: set[str] = set()
        skipped: dict[str, Skipped] = {}
        brought = Harvest(window, 0, 0, (), 0)
        for _ in range(READINGS):
            async for answer in self._pages(window):
                brought = brought._replace(total=answer.total)
                if self._is_crowded(brought):
                    return brought
                kept = await self.ingest.keep(answer.batch)
                papers.update(answer.batch.listed)
                skipped |= {item.id: item for item in answer.batch.skipped if item != CUT}
                unread = tuple(item for id, item in skipped.items() if id not in papers)
                brought = brought._replace(papers=len(papers), new=brought.new + kept.new, skipped=unread)
            if not brought.missing:
                break
        return brought

    async def _pages(self, window: Window) -> AsyncIterator[Answer]:
        start, total = 0, 1
        while start < min(total, MOST_IN_ALL):
            answer = await self.ingest.sources.arxiv.submitted(window, start, self.most)
            yield answer
            # By what came and not by what was asked for: arXiv's pages can be shorter.
            start, total = start + answer.entries, answer.total


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
