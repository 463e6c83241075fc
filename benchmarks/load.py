"""The servers that a signed delivery is timed against, and the sample papers they serve."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import (
    NOWHERE,
    Figures,
    cpu_seconds,
    environment,
    first_line,
    latencies,
    output_of,
    slack_environment,
    started,
)
from bot import config
from bot.app import Bot, open_bot
from bot.config import Settings
from bot.importing import import_papers
from bot.timing import Timing
from bot.workspace import Workspace
from storage.models import Reading

BOT = "papers-bot"
DEFAULT = "empty AsyncApp, default"
BEFORE = "empty AsyncApp, before_response"
ANSWERING = "AsyncApp that answers"
BARE = "bare aiohttp server"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
#: Sent before the clock runs: the first request of a server asks Slack who it is.
WARMUP = 10
UNPACED = Timing(
    per_message=0.000_001,
    per_workspace=0.000_001,
    per_seed=0.000_001,
    coalesce=0.0,
    look_again=0.0,
    arxiv=0.001,
)
MORNING = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)

_MODULES = {
    BOT: ["benchmarks.bot_server"],
    DEFAULT: ["benchmarks.empty_app", "default"],
    BEFORE: ["benchmarks.empty_app", "process_before_response"],
    ANSWERING: ["benchmarks.empty_app", "answering"],
    BARE: ["benchmarks.bare_server"],
}


class Server(NamedTuple):
    """A process that answers deliveries."""

    address: str
    pid: int
    secret: str


@asynccontextmanager
async def servers(slack: Workspace, database: Path) -> AsyncIterator[dict[str, Server]]:
    """The bot on this database and its baselines, each a process of its own."""
    env = slack_environment(slack, PAPERS_DATABASE=database)
    async with AsyncExitStack() as stack:
        processes: dict[str, asyncio.subprocess.Process] = {}
        for name, module in _MODULES.items():
            processes[name] = await stack.enter_async_context(started("-m", *module, env=env))
        yield {
            name: Server(await first_line(process), process.pid, slack.signing_secret)
            for name, process in processes.items()
        }


async def load(
    server: Server,
    bodies: list[str],
    content_type: str,
    pause: float = 0.0,
    answers: Callable[[], Awaitable[object]] | None = None,
) -> Figures:
    """Send these bodies, one after the other; the CPU is the server's, until all `answers` are there."""
    wanted = {
        "address": server.address,
        "secret": server.secret,
        "bodies": bodies,
        "content_type": content_type,
        "warmup": WARMUP,
        "pause": pause,
    }
    before = cpu_seconds(server.pid)
    sent = json.loads(await output_of("-m", "benchmarks.client", env=environment(), given=json.dumps(wanted)))
    if sent["statuses"] != [200]:
        raise RuntimeError(f"a delivery was answered with {sent['statuses']}")
    if answers:
        await answers()
    counted = len(bodies) - WARMUP
    busy = (cpu_seconds(server.pid) - before) * 1000 / len(bodies)
    rate = {} if pause else {"requests/s": counted / sent["seconds"]}
    return {**latencies(sent["milliseconds"]), **rate, "CPU ms": busy}


def settings(api_url: str, token: str, database: Path) -> Settings:
    """Settings for a bot in this process that reaches no source."""
    return config.load(
        _env_file=None,
        slack_bot_token=token,
        slack_api_url=api_url,
        huggingface_url=NOWHERE,
        arxiv_url=NOWHERE,
        arxiv_rss_url=NOWHERE,
        papers_arxiv_categories=(),
        papers_database=database,
        papers_timezone="UTC",
        papers_embedding="static",
        # One person asks for thousands of things.
        papers_burst=0,
    )


@asynccontextmanager
async def filled_bot(
    wanted: Settings, papers: int, at: datetime = MORNING, timing: Timing = UNPACED
) -> AsyncIterator[Bot]:
    """The bot in this process, with that many of the sample's papers listed on the day it lives in."""
    async with open_bot(wanted, lambda: at, timing) as bot:
        await import_papers(bot.library.ingest, listed_on(at.date(), papers), lambda _: None)
        for back in range(7):
            # As if the source had just been read: there is none to ask.
            day = at.date() - timedelta(days=back)
            await bot.library.store.record_reading(Reading(source="huggingface", day=day, read_at=at))
        yield bot


def listed_on(day: date, papers: int) -> list[str]:
    """The first papers of the bundled sample as JSON Lines, all listed on one day."""
    lines = resources.files("bot").joinpath("sample.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.dumps({**json.loads(line), "day": day.isoformat()}) for line in lines[:papers]]
