"""The bot as a process of its own, forked from one that has everything imported, and killed as one is in the wild."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import time
from contextlib import suppress
from ctypes import c_byte, c_double
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from benchmarks.harness import cpu_seconds
from bot import config
from bot.app import Bot, open_bot
from bot.outcomes import NotSent
from bot.posting import post_now
from bot.timing import Timing

#: Real seconds, short enough that days pass in seconds; a claim's lease is counted by the moved clock.
QUICK = Timing(
    tick=0.08,
    per_message=0.004,
    coalesce=0.1,
    look_for_papers=0.0,
    look_again=0.03,
    arxiv=0.01,
    call=1.0,
    per_read=0.001,
    reconcile=5.0,
)
#: What the process that all others are forked from imports, so that a life begins in milliseconds.
_PRELOADED = [
    "benchmarks.soak.lives",
    "bot.ranking.taste",
    "scipy.sparse",
    "httpcore",
    "anyio._backends._asyncio",
    "certifi",
    "slack_bolt.adapter.socket_mode.aiohttp",
]


class SharedClock:
    """Real time and how far it was moved ahead, the same in every process that is given it."""

    def __init__(self, ahead: c_double) -> None:
        self.ahead = ahead

    def __call__(self) -> float:
        """Seconds since 1970, as the workspace wants it."""
        return time.time() + self.ahead.value

    def now(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)

    def move(self, seconds: float) -> None:
        self.ahead.value += seconds


@dataclass(frozen=True)
class Nest:
    """What every life needs: the settings, the clock, and the file for its log."""

    settings: dict[str, Any]
    clock: SharedClock
    log: Path

    def start(self, context: ForkServerContext, post_to: str = "") -> Life:
        """A `papers-bot run`, or with a channel `papers-bot post --channel`."""
        listens = context.RawValue("b", 0)
        process = context.Process(target=_live, args=(self, post_to, listens), daemon=True)
        process.start()
        return Life(process, listens)


class Life:
    """One running process."""

    def __init__(self, process: ForkServerProcess, listens: c_byte) -> None:
        self.process = process
        self._listens = listens
        self.killed = False
        #: Seconds of processor time until it was killed or asked to stop.
        self.cpu = 0.0
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    def kill(self) -> bool:
        """SIGKILL; False when there was nothing left to kill."""
        if not self.alive or self.killed:
            return False
        self.killed = True
        self._signal(signal.SIGKILL)
        return True

    async def stopped(self) -> int | None:
        """Its exit status after a SIGTERM, which it gets once it listens to signals."""
        async with asyncio.timeout(30):
            while self.alive and not self._listens.value:  # noqa: ASYNC110 - nothing tells this process of the other's
                await asyncio.sleep(0.01)
        if self.alive:
            self._signal(signal.SIGTERM)
        await self.ended()
        return self.process.exitcode

    async def ended(self) -> None:
        async with asyncio.timeout(30):
            await self._ended.wait()

    def _signal(self, number: signal.Signals) -> None:
        if pid := self.process.pid:
            # One that has just ended by itself is gone, and no news.
            with suppress(OSError):
                self.cpu = cpu_seconds(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self.process.sentinel)
        self.process.join()
        self._ended.set()


def forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _live(nest: Nest, post_to: str, listens: c_byte) -> None:
    logging.basicConfig(
        filename=nest.log, level=logging.WARNING, format=f"{os.getpid()} %(levelname)s %(name)s: %(message)s"
    )
    logging.captureWarnings(capture=True)
    asyncio.run(_run(nest, post_to, listens))


async def _run(nest: Nest, post_to: str, listens: c_byte) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    listens.value = 1
    if driver := multiprocessing.parent_process():
        # Whoever ends the run must not have to look for what it left behind.
        loop.add_reader(driver.sentinel, stop.set)
    settings = config.load(_env_file=None, **nest.settings)
    while not stop.is_set():
        try:
            async with open_bot(settings, nest.clock.now, QUICK) as bot:
                await (_post(bot, post_to) if post_to else bot.run(stop))
            return
        except NotSent:
            # `papers-bot run` waits for seconds here, for which no life has time.
            await asyncio.sleep(0.05)


async def _post(bot: Bot, channel: str) -> None:
    for subscription in await bot.channels(channel):
        await post_now(bot, subscription, None, dry_run=False)
