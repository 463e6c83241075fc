"""Where the months take place: the workspace, its channels and people, the sources, the clock and the database."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as hour
from pathlib import Path
from typing import Any

from benchmarks.soak.check import Check, Verdict
from benchmarks.soak.lives import SharedClock, forkserver
from benchmarks.soak.people import NAMES
from bot import config
from bot.workspace import Workspace
from handlers import EVENTS
from handlers.manifest import manifest
from storage import Store
from storage.models import Subscription
from tests.upstream import Upstream, daily_item

#: A Monday, long enough ago that no real date is near.
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
#: Each channel with its zone and hour; the last one is private.
CHANNELS = {
    "papers": ("Etc/UTC", hour(9)),
    "tokyo": ("Asia/Tokyo", hour(9)),
    "boston": ("America/New_York", hour(8, 30)),
    "board": ("Etc/UTC", hour(9, 10)),
}
TOP = 3
_TITLES = ("retrieval", "robots", "diffusion policies", "proofs", "proteins", "agents", "speech", "vision")


@dataclass(frozen=True)
class Place:
    """One workspace and all around it; `settings` are what the bot is started with."""

    slack: Workspace
    upstream: Upstream
    clock: SharedClock
    folder: Path
    channels: list[str]
    people: list[str]
    settings: dict[str, Any]
    listed: dict[date, list[str]]

    @property
    def database(self) -> Path:
        return self.folder / "papers.db"

    def list_papers(self, day: date, count: int, rng: random.Random) -> None:
        """Hugging Face lists more papers for a day, which is today."""
        ids = self.listed.setdefault(day, [])
        self.upstream.today = day
        for _ in range(count):
            id = f"{day:%y%m}.{day:%d}{len(ids):03d}"
            title = f"On {rng.choice(_TITLES)} and {rng.choice(_TITLES)}, lesson {id}"
            ids.append(id)
            item = daily_item(id, title, upvotes=rng.randint(1, 90))
            self.upstream.days.setdefault(day.isoformat(), []).append(item)

    def all_planned(self, day: date) -> bool:
        """Whether every channel has an edition of a day, or has all its papers already."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            found = connection.execute(
                "SELECT channel_id FROM editions WHERE day = ? AND series = ''", (day.isoformat(),)
            )
            had = set(connection.execute("SELECT channel_id, paper_id FROM posts"))
            planned = {channel for (channel,) in found}
        return all(
            channel in planned or all((channel, paper) in had for paper in self.listed[day])
            for channel in self.channels
        )

    def events(self) -> int:
        """How many events the bot acknowledged, repeated ones not counted."""
        return sum(
            1 for delivery in self.slack.deliveries if delivery.kind == "events_api" and delivery.acked
        )

    def check(self) -> Check:
        emoji = config.load(_env_file=None, **self.settings).emoji
        return Check(self.database, self.slack, emoji, self.channels)

    def verdict(self) -> Verdict:
        return self.check().verdict([id for ids in self.listed.values() for id in ids])


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Place]:
    """A workspace, sources and a clock at the beginning of the months; every channel wants editions."""
    clock = SharedClock(forkserver().RawValue("d", FIRST_DAY.timestamp() - time.time()))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(
            Workspace(
                clock=clock,
                enforce_limits=False,
                scopes=manifest()["oauth_config"]["scopes"]["bot"],
                events=sorted(EVENTS),
                retry_delays=(0.05, 60, 300),
                ack_timeout=1.0,
            )
        )
        upstream = await stack.enter_async_context(Upstream())
        people = [slack.add_user(name) for name in NAMES]
        channels = [slack.add_channel(name, private=name == "board") for name in CHANNELS]
        settings = _settings(slack, upstream, folder)
        place = Place(slack, upstream, clock, folder, channels, people, settings, {})
        await _subscribe(place)
        yield place


def _settings(slack: Workspace, upstream: Upstream, folder: Path) -> dict[str, Any]:
    return {
        "slack_bot_token": slack.bot_token,
        "slack_app_token": slack.app_token,
        "slack_api_url": slack.api_url,
        "huggingface_url": upstream.url,
        "arxiv_url": upstream.url,
        "arxiv_rss_url": upstream.url,
        "papers_database": folder / "papers.db",
        "papers_arxiv_categories": (),
        "papers_embedding": "static",
        "papers_top": TOP,
    }


async def _subscribe(place: Place) -> None:
    with Store.open(place.database) as store:
        for channel, (zone, post_at) in zip(place.channels, CHANNELS.values(), strict=True):
            await store.subscribe(
                Subscription(
                    team_id=place.slack.team_id,
                    channel_id=channel,
                    post_at=post_at,
                    timezone=zone,
                    top=TOP,
                    created_by="soak",
                )
            )
