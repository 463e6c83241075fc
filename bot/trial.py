"""`papers-bot try`: the whole bot against a local workspace, to be looked at in a browser or, once, in the terminal."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from bot import config, round_trip, sample
from bot.app import Bot, open_bot
from bot.config import Settings
from bot.errors import SourceError, UsageError
from bot.library import now
from bot.search.index import SearchIndex
from bot.sources import open_sources
from bot.timing import Timing
from bot.workspace import MovableClock, Workspace, forget, set_aside
from handlers.manifest import manifest

#: Where a trial is kept: the workspace, and the bot's database, which is called by what fills it.
FOLDER = Path(".papers-try")
WORKSPACE, LIVE, SAMPLE = "workspace.db", "live.db", "sample.db"
#: Listened on unless another port is asked for or this one is taken, so that a bookmark stays right.
PORT = 4321
#: How long the sources may take to show that they can be reached, in seconds.
LIVE_PATIENCE = 4.0
#: Somebody looks at it: what is due shows at once, and messages follow each other as fast as Slack may take them.
TIMING = Timing(tick=0.5, per_message=0.4, coalesce=0.2)
MORNING = time(9, 0)
#: Live papers begin this many working days ago, so that there are mornings to move on to.
DAYS_AGO = 3
PEOPLE = ("Ada", "Ben", "Cleo")
#: Name, topic, and whether the bot is there.
CHANNELS = (
    ("papers", "Each morning's papers. React or press Upvote: votes decide what comes first.", True),
    (
        "reading-group",
        "Ask for papers with /papers and a topic, or have a daily post with /papers subscribe.",
        True,
    ),
    ("random", "The bot is not here until somebody types /invite @papers.", False),
)


class Where(NamedTuple):
    """Where the page is served, and whether a browser is to show it. Without a port: the usual, or a free one."""

    host: str = "127.0.0.1"
    port: int | None = None
    browser: bool = True


async def play(console: Console) -> None:
    """Play a day before the reader's eyes in the terminal, and leave nothing behind."""
    logging.getLogger().setLevel(logging.ERROR)
    live = await _can_reach_sources()
    ahead = timedelta() if live else datetime.combine(sample.days()[-1], MORNING, UTC) - now()
    clock = MovableClock((now() + ahead).timestamp())
    with tempfile.TemporaryDirectory(prefix="papers-bot-") as folder:
        async with Workspace(clock=clock) as slack:
            settings = _settings(slack, Path(folder) / "try.db", slack.add_channel("papers"), post_at="00:00")
            async with open_bot(settings, lambda: _moment(clock)) as bot:
                console.print(
                    f"A local workspace runs at {slack.url}; the bot talks to it as it would to Slack."
                )
                if not live:
                    await sample.keep(bot.library.store, bot.library.ingest)
                console.print(f"Papers come {_origin(live)}.")
                people = [slack.add_user(name.lower(), name) for name in PEOPLE]
                await _beside(bot, round_trip.play(console, slack, bot, people))


async def stay(console: Console, where: Where, *, fresh: bool) -> None:
    """Keep a workspace and the bot running, with a page to try them in, until stopped; the next time goes on."""
    logging.getLogger().setLevel(logging.ERROR)
    if fresh:
        for name in (WORKSPACE, LIVE, SAMPLE):
            forget(FOLDER / name)
            shutil.rmtree(SearchIndex(FOLDER / name).folder, ignore_errors=True)
    live = await _is_live()
    clock = MovableClock(beginning(live=live).timestamp())
    slack = _workspace(clock)
    if slack.restored is None:
        # A database that knows of another workspace's messages would wait for them.
        for name in (LIVE, SAMPLE):
            set_aside(FOLDER / name)
        _people_and_channels(slack)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(slack.stop)
        await _listen(slack, where)
        settings = _settings(slack, FOLDER / (LIVE if live else SAMPLE), slack.known_channel("papers").id)
        bot = await closing.enter_async_context(open_bot(settings, lambda: _moment(clock), TIMING))
        if not live:
            await sample.keep(bot.library.store, bot.library.ingest)
        await _beside(bot, _shown(console, slack, bot, where, live=live))


async def _is_live() -> bool:
    """Whether papers come from the sources: as the trial began, or when they can be reached."""
    if (FOLDER / LIVE).exists() or (FOLDER / SAMPLE).exists():
        return (FOLDER / LIVE).exists()
    return await _can_reach_sources()


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


def _origin(live: bool) -> str:
    if live:
        return "live from Hugging Face and arXiv"
    return "from the bundled sample (the sources are out of reach)"


def beginning(*, live: bool) -> datetime:
    """The morning a trial begins on: with papers of the day before, and mornings to come."""
    return datetime.combine(_working_days_ago(DAYS_AGO) if live else sample.days()[1], MORNING, UTC)


def _working_days_ago(count: int) -> date:
    day = now().date()
    while count:
        day -= timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _moment(clock: MovableClock) -> datetime:
    return datetime.fromtimestamp(clock(), UTC)


def _workspace(clock: MovableClock) -> Workspace:
    """The app installed with exactly what its manifest asks for."""
    app = manifest()
    return Workspace(
        clock=clock,
        scopes=app["oauth_config"]["scopes"]["bot"],
        events=app["settings"]["event_subscriptions"]["bot_events"],
        slash_commands=app["features"]["slash_commands"],
        shortcuts=app["features"]["shortcuts"],
        unfurl_domains=app["features"]["unfurl_domains"],
        saved_in=FOLDER / WORKSPACE,
    )


async def _listen(slack: Workspace, where: Where) -> None:
    """Start the workspace. Raises UsageError when its port is taken, or its host none of this machine."""
    for port in (PORT, 0) if where.port is None else (where.port,):
        slack.address = (where.host, port)
        try:
            await slack.start()
        except OSError as error:
            if where.port is None and port and error.errno == errno.EADDRINUSE:
                continue
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
            raise UsageError(f"{where.host} port {port} can't be listened on: {why}.") from error
        return


def _people_and_channels(slack: Workspace) -> None:
    for name in PEOPLE:
        slack.add_user(name.lower(), name)
    for name, topic, bot in CHANNELS:
        slack.known_channel(slack.add_channel(name, bot=bot)).topic = topic


def _settings(slack: Workspace, database: Path, channel: str, post_at: str = f"{MORNING:%H:%M}") -> Settings:
    """Settings for the workspace; sources, emoji and numbers stay as the environment has them."""
    return config.load(
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
        papers_database=database,
        papers_channels=(channel,),
        papers_post_at=post_at,
        papers_timezone="UTC",
        # A trial downloads nothing but papers.
        papers_embedding="static",
        # Nothing of a trial is worth a copy.
        papers_backups=0,
    )


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


async def _shown(console: Console, slack: Workspace, bot: Bot, where: Where, *, live: bool) -> None:
    """Say where everything is, open a browser, play a first day, and wait to be stopped."""
    if slack.saved and slack.saved.notice:
        console.print(slack.saved.notice, style="yellow", soft_wrap=True)
    today = f"{_moment(slack.clock):%A, %d %B %Y}" if isinstance(slack.clock, MovableClock) else ""
    again = "It goes on where it was" if slack.restored else "It begins"
    console.print(f"Open {slack.url} to try the bot in a workspace of three people.", soft_wrap=True)
    console.print(f"Papers come {_origin(live)}. {again}: it is {today}; the page can move the clock.")
    console.print(f"Everything is kept in {FOLDER}/ here; `papers-bot try --fresh` starts anew.")
    if where.host not in ("127.0.0.1", "::1", "localhost"):
        console.print(
            f"It listens on {where.host}: whoever can reach this machine can read it, and act as anybody in it.",
            style="yellow",
            soft_wrap=True,
        )
    if where.browser and _has_display():
        # A thread of its own, because some browsers keep the call until they are closed.
        threading.Thread(target=webbrowser.open, args=(slack.url,), daemon=True).start()
    if slack.restored is None:
        people = [user.id for user in slack.state.users.values() if not user.is_bot]
        await round_trip.play(console, slack, bot, people)
    console.print(f"The bot keeps running at {slack.url}. Press Ctrl-C to stop.", soft_wrap=True)
    await asyncio.Event().wait()


def _has_display() -> bool:
    """Whether a browser would open in a window; one in the terminal would take the place of what is said here."""
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
