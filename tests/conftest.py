"""What the tests share: a local workspace, sources on loopback, a clock to move, and the whole bot between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import config
from bot.app import Bot, open_bot
from bot.config import Settings
from bot.timing import Timing
from bot.workspace import Workspace
from handlers import EVENTS
from handlers.manifest import manifest
from storage import Store
from tests.library import Library, opened
from tests.upstream import Upstream

#: A Tuesday, 09:30 in UTC.
TUESDAY = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
#: No test waits for real time to pass.
QUICK = Timing(
    tick=0.05,
    per_message=0.001,
    per_workspace=0.0001,
    coalesce=0.05,
    look_again=0.05,
    look_for_papers=0.0,
    arxiv=0.01,
    per_read=0.001,
    socket=0.2,
    health=0.0,
    per_seed=0.001,
)


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = TUESDAY) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **amount: float) -> None:
        self.at += timedelta(**amount)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path / "papers.db") as opened:
        yield opened


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with opened(tmp_path / "papers.db") as made:
        yield made


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    """A workspace in which the app is installed with exactly the scopes and events of its manifest."""
    app = manifest()
    async with Workspace(
        enforce_limits=False,
        scopes=app["oauth_config"]["scopes"]["bot"],
        events=sorted(EVENTS),
        shortcuts=app["features"]["shortcuts"],
        unfurl_domains=app["features"]["unfurl_domains"],
        retry_delays=(0, 0.2),
    ) as workspace:
        yield workspace


@pytest.fixture
async def upstream(clock: MovedClock) -> AsyncIterator[Upstream]:
    async with Upstream() as served:
        served.today = clock().date()
        yield served


@pytest.fixture
def settings(slack: Workspace, upstream: Upstream, tmp_path: Path) -> Settings:
    return config.load(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_signing_secret=slack.signing_secret,
        slack_api_url=slack.api_url,
        huggingface_url=upstream.url,
        arxiv_url=upstream.url,
        arxiv_rss_url=upstream.url,
        papers_database=tmp_path / "papers.db",
        papers_arxiv_categories=(),
        papers_embedding="static",
        # Tests ask for more at once than anybody does.
        papers_burst=0,
        # Only the tests of backups want any.
        papers_backups=0,
        # Only the tests of round-ups want any.
        papers_weekly="off",
    )


@pytest.fixture
async def bot(settings: Settings, clock: MovedClock) -> AsyncIterator[Bot]:
    """The bot, connected to the Web API but not listening: for tests that call its parts."""
    async with open_bot(settings, clock, QUICK) as opened:
        yield opened


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[Bot]:
    """The bot listening to Slack, as in `papers-bot run`; a failure of it fails the test."""
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(bot.run(stop, ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not task.done():
            yield bot
    finally:
        stop.set()
        await task
