"""A store with papers and the search over them, without Slack and without sources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from bot.search import MOST_MATCHES, Search
from storage import Store
from storage.models import Batch, Paper

NOW = datetime(2026, 8, 18, tzinfo=UTC)


class Library:
    """A store and its search; `has` keeps papers in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store.open(path)
        self.search = Search(path, self.store)

    async def has(self, *papers: Paper, day: date | None = None) -> None:
        listed = tuple(paper.id for paper in papers) if day else ()
        await self.store.keep(Batch(source="huggingface", papers=papers, day=day, listed=listed), NOW)

    async def titled(self, titles: dict[str, str]) -> None:
        await self.has(*(Paper(id=id, title=title) for id, title in titles.items()))

    async def ids(self, query: str, limit: int = MOST_MATCHES) -> list[str]:
        return [paper.id for paper in (await self.search.search(query, limit)).papers]

    async def aclose(self) -> None:
        await self.search.aclose()
        self.store.close()


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Library]:
    library = Library(path)
    try:
        yield library
    finally:
        await library.aclose()


def fill(path: Path, *papers: Paper) -> Path:
    """A database with these papers and its index, made before a test's own loop runs."""

    async def filled() -> None:
        async with opened(path) as library:
            await library.has(*papers)
            await library.search.update()

    asyncio.run(filled())
    return path


def many(numbers: Iterable[int]) -> list[Paper]:
    """Papers that are told apart by one word each: `word7`."""
    return [
        Paper(
            id=f"2601.{number:05}",
            title=f"Word{number} and the learning of policies",
            abstract="We learn policies for robots, and say so.",
            authors=("Ada Lovelace",),
        )
        for number in numbers
    ]
