"""From process start to ready for Slack, and the memory it takes.

`papers-bot run` in Socket Mode against a local workspace, timed from the start of the process until its socket is
open, beside a script with an empty AsyncApp that does the same. Resident memory is read from /proc once the socket
is open, and again after an edition (the script posts as many messages); HWM is the highest it has been. Then what
`papers-bot --help` takes, beside importing what the script imports, and beside an interpreter that does nothing.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import (
    Figures,
    Side,
    alternate,
    environment,
    main,
    memory_mib,
    output_of,
    show,
    slack_environment,
    started,
)
from benchmarks.load import BOT, filled_bot, settings
from bot.workspace import Workspace

EMPTY = "empty AsyncApp"
PYTHON = "python -c pass"
HELP = "papers-bot --help"
#: The bot posts about a message a second.
PATIENCE = 120.0


class Program(NamedTuple):
    """What is started, with which settings, and the channel it posts to."""

    slack: Workspace
    arguments: tuple[str, ...]
    settings: dict[str, object]
    folder: Path
    channel: str = ""
    messages: int = 0


async def measure(*, rounds: int = 9, editions: int = 3, papers: int = 12) -> None:
    """Measure and print; `editions` is how often one of so many `papers` is posted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Workspace(enforce_limits=False) as slack:
            await _fill(slack, folder / "papers.db", papers)
            sides: dict[str, Side] = {
                BOT: partial(
                    _start, Program(slack, ("-m", "bot", "--log-level", "error", "run"), {}, folder)
                ),
                EMPTY: partial(_start, Program(slack, ("-m", "benchmarks.empty_app", "socket"), {}, folder)),
            }
            show("From process start to an open socket", await alternate(sides, rounds), EMPTY, "ms", "RSS")
            edition: dict[str, Side] = {
                BOT: partial(_bot_edition, slack, folder, papers),
                EMPTY: partial(_empty_edition, slack, folder, papers),
            }
            results = await alternate(edition, editions)
        show(f"Memory after {papers + 1} messages, in MiB", results, EMPTY, "RSS")
        await _help(folder, rounds)


async def _fill(slack: Workspace, database: Path, papers: int) -> None:
    """Today's papers: `papers-bot run` lives in real time."""
    async with filled_bot(settings(slack.api_url, slack.bot_token, database), papers, datetime.now(UTC)):
        pass


@asynccontextmanager
async def _running(program: Program) -> AsyncIterator[tuple[asyncio.subprocess.Process, float]]:
    """The program once its socket is open, and how many milliseconds that took."""
    slack = program.slack
    env = slack_environment(
        slack,
        SLACK_APP_TOKEN=slack.app_token,
        PAPERS_DATABASE=program.folder / "papers.db",
        PAPERS_POST_AT="00:00",
        **program.settings,
    )
    began = time.perf_counter()
    async with started(*program.arguments, env=env, cwd=program.folder) as process:
        await slack.wait_for(lambda: slack.connections, PATIENCE)
        yield process, (time.perf_counter() - began) * 1000
    await slack.wait_for(lambda: not slack.connections, PATIENCE)


async def _start(program: Program) -> Figures:
    async with _running(program) as (process, milliseconds):
        return {"ms": milliseconds, **_memory(process)}


async def _bot_edition(slack: Workspace, folder: Path, papers: int) -> Figures:
    # A channel of its own in every round, for which the edition is new.
    channel = slack.add_channel(f"bot-{len(slack.state.channels)}")
    run = ("-m", "bot", "--log-level", "error", "run")
    return await _posted(Program(slack, run, {"PAPERS_CHANNELS": channel}, folder, channel, papers + 1))


async def _empty_edition(slack: Workspace, folder: Path, papers: int) -> Figures:
    channel = slack.add_channel(f"empty-{len(slack.state.channels)}")
    script = ("-m", "benchmarks.empty_app", "socket", channel, str(papers + 1))
    return await _posted(Program(slack, script, {}, folder, channel, papers + 1))


async def _posted(program: Program) -> Figures:
    async with _running(program) as (process, _):
        await program.slack.wait_for(lambda: _count(program) == program.messages, PATIENCE)
        return _memory(process)


def _count(program: Program) -> int:
    # Some of the bot's are in the thread of its header.
    return len(program.slack.state.channels[program.channel].messages)


def _memory(process: asyncio.subprocess.Process) -> Figures:
    return memory_mib(process.pid)


async def _help(folder: Path, rounds: int) -> None:
    imported = "import slack_bolt.async_app, slack_bolt.adapter.socket_mode.aiohttp"
    commands = {HELP: ("-m", "bot", "--help"), f"{EMPTY}'s imports": ("-c", imported), PYTHON: ("-c", "pass")}
    sides: dict[str, Side] = {name: partial(_run, arguments, folder) for name, arguments in commands.items()}
    show("A command that only prints", await alternate(sides, rounds), f"{EMPTY}'s imports", "ms")


async def _run(arguments: tuple[str, ...], folder: Path) -> Figures:
    began = time.perf_counter()
    await output_of(*arguments, env=environment(), cwd=folder)
    return {"ms": (time.perf_counter() - began) * 1000}


if __name__ == "__main__":
    main(measure)
