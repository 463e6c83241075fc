"""The store, what fills it and what finds in it, opened from Settings: all that needs no Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from bot.config import Settings
from bot.ingest import Clock, Ingest
from bot.metrics import Metrics
from bot.search import Embedding, Search
from bot.sources import PROMPT, Patience, open_sources
from bot.timing import Timing
from storage import Store

DEFAULT_TIMING = Timing()


def now() -> datetime:
    """The time, in UTC: the clock that everything is given unless a test or a trial gives another."""
    return datetime.now(UTC)


class Library(NamedTuple):
    """The store, what fills it and what finds in it: all that a command without Slack needs."""

    store: Store
    ingest: Ingest
    search: Search
    metrics: Metrics


@asynccontextmanager
async def open_library(
    settings: Settings, clock: Clock = now, timing: Timing = DEFAULT_TIMING, patience: Patience = PROMPT
) -> AsyncIterator[Library]:
    """Open the database and the sources. Raises StoreError when the database can't be used."""
    store = Store.open(settings.papers_database, settings.emoji)
    sources = open_sources(
        huggingface_url=str(settings.huggingface_url),
        huggingface_token=settings.huggingface_token.get_secret_value(),
        arxiv_url=str(settings.arxiv_url),
        arxiv_rss_url=str(settings.arxiv_rss_url),
        arxiv_pace=timing.arxiv,
        **patience._asdict(),
    )
    metrics = Metrics()
    ingest = Ingest(store, sources, settings.papers_arxiv_categories, clock, metrics=metrics)
    search = Search(settings.papers_database, store, embedding(settings))
    try:
        yield Library(store, ingest, search, metrics)
    finally:
        await ingest.aclose()
        await sources.aclose()
        await search.aclose()
        store.close()


def embedding(settings: Settings) -> Embedding:
    """What the settings say of encoders, and where they are downloaded."""
    hub = str(settings.huggingface_url).rstrip("/")
    return Embedding(settings.papers_embedding, hub, settings.huggingface_token.get_secret_value())
