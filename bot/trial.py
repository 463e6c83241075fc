"""`papers-bot try`: the whole bot against a local workspace, one visible round trip, then running on."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import tempfile
from collections.abc import Coroutine
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from bot import config
from bot.app import Bot, now, open_bot
from bot.config import Settings
from bot.errors import SourceError
from bot.ingest import Clock, import_papers
from bot.messages import VOTE
from bot.sources import open_sources
from bot.workspace import Message, Workspace
from storage.models import Reading

#: How long the sources may take to show that they can be reached, in seconds.
LIVE_PATIENCE = 4.0
#: A whole edition takes about a second a message.
EDITION_PATIENCE = 180.0
TOPIC = "reasoning"


async def play(console: Console, *, once: bool) -> None:
    """Start a workspace and a bot, play a day before the reader's eyes and, unless `once`, keep running."""
    logging.getLogger().setLevel(logging.ERROR)
    live = await _can_reach_sources()
    sample = [] if live else _sample()
    clock = now if live else _clock_from(_last_day(sample))
    with tempfile.TemporaryDirectory(prefix="papers-bot-") as folder:
        async with Workspace(clock=lambda: clock().timestamp()) as slack:
            settings = _settings(slack, Path(folder) / "try.db")
            async with open_bot(settings, clock) as bot:
                console.print(
                    f"A local workspace runs at {slack.url}; the bot talks to it as it would to Slack."
                )
                await _import(bot, sample)
                kind = (
                    "live from Hugging Face and arXiv"
                    if live
                    else "from the bundled sample (the sources are out of reach)"
                )
                console.print(f"Papers come {kind}.")
                await _beside(bot, _watch(console, slack, bot, once=once))


async def _can_reach_sources() -> bool:
    settings = config.load()
    sources = open_sources(
        huggingface_url=str(settings.huggingface_url),
        arxiv_url=str(settings.arxiv_url),
        arxiv_rss_url=str(settings.arxiv_rss_url),
        patience=LIVE_PATIENCE,
        attempts=1,
    )
    try:
        await sources.huggingface.daily(now().date())
    except SourceError:
        return False
    finally:
        await sources.aclose()
    return True


def _sample() -> list[str]:
    """Real papers of five days: facts from Hugging Face and arXiv, summaries of our own."""
    return resources.files("bot").joinpath("sample.jsonl").read_text(encoding="utf-8").splitlines()


def _last_day(sample: list[str]) -> date:
    return max(date.fromisoformat(json.loads(line)["day"]) for line in sample)


def _clock_from(day: date) -> Clock:
    """A clock that started at nine on that morning and runs like any other."""
    offset = datetime.combine(day, time(9, 0), UTC) - now()
    return lambda: now() + offset


def _settings(slack: Workspace, database: Path) -> Settings:
    """Settings for the workspace; sources, emoji and numbers stay as the environment has them."""
    return config.load(
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
        papers_database=database,
        papers_channels=(slack.add_channel("papers"),),
        papers_post_at="00:00",
        papers_timezone="UTC",
    )


async def _import(bot: Bot, sample: list[str]) -> None:
    if not sample:
        return
    store, ingest = bot.library
    await import_papers(ingest, sample, lambda _: None)
    for day in (ingest.today() - timedelta(days=n) for n in range(7)):
        for source in ingest.sources_for(day):
            # Nothing is gained by asking sources that were out of reach a second ago.
            await store.record_reading(Reading(source=source, day=day, read_at=bot.daily.clock()))


async def _beside(bot: Bot, watching: Coroutine[Any, Any, None]) -> None:
    """Run the bot as long as somebody watches; when either fails, so does the whole."""
    stop = asyncio.Event()
    # Without this SIGTERM would end the process with its temporary folder left behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running, watched = asyncio.create_task(bot.run(stop)), asyncio.create_task(watching)
    try:
        await asyncio.wait([running, watched], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        watched.cancel()
        await asyncio.gather(running, watched, return_exceptions=True)
    for task in (running, watched):
        if not task.cancelled():
            task.result()


async def _watch(console: Console, slack: Workspace, bot: Bot, *, once: bool) -> None:
    await slack.wait_for(lambda: slack.connections, timeout=30)
    await _round_trip(console, slack, bot)
    if not once:
        console.print("\nThe bot keeps running. Press Ctrl-C to stop.")
        await asyncio.Event().wait()


async def _round_trip(console: Console, slack: Workspace, bot: Bot) -> None:
    """What a team sees in a day: the edition, an answer, votes, and what they change."""
    (channel,) = bot.settings.papers_channels
    ada, ben, cleo = (slack.add_user(name) for name in ("ada", "ben", "cleo"))

    console.rule("The morning's post in #papers")
    posts = await _edition(slack, bot, channel)
    for post in posts:
        _show(console, post)
    console.print(f"  ... and {len(slack.thread(channel, posts[0].ts))} more papers in the header's thread")

    console.rule(f"Ada types: /papers {TOPIC}")
    run = await slack.command(ada, channel, "/papers", TOPIC)
    _show(console, await run.reply(timeout=30))

    liked = posts[3]
    console.rule("Ada reacts with fire, Ben with thumbs up, and Cleo presses Upvote")
    await slack.react(ada, channel, liked.ts, "fire")
    await slack.react(ben, channel, liked.ts, "+1::skin-tone-4")
    await slack.click(cleo, channel, liked.ts, VOTE)
    await slack.wait_for(lambda: "3 upvotes here" in liked.plain(), timeout=30)
    _show(console, liked)

    console.rule("Ben types: /papers top week")
    run = await slack.command(ben, channel, "/papers", "top week")
    _show(console, await run.reply(timeout=30))
    console.print(
        "Three votes here outweigh dozens on Hugging Face: the paper they liked is near the top now."
    )


async def _edition(slack: Workspace, bot: Bot, channel: str) -> list[Message]:
    """The channel's messages, once the whole edition is there."""
    await slack.wait_for(lambda: slack.messages(channel), timeout=30)
    edition = await bot.library.store.last_edition(slack.team_id, channel)
    planned = len(await bot.library.store.posts(edition)) if edition else 0
    header = slack.messages(channel)[0].ts
    await slack.wait_for(
        lambda: len(slack.messages(channel)) + len(slack.thread(channel, header)) == planned, EDITION_PATIENCE
    )
    return slack.messages(channel)


def _show(console: Console, message: Message) -> None:
    console.print(Panel(Text(message.plain()), width=min(console.width, 110)))
