"""Work that goes on after Slack was acknowledged, awaited at shutdown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.errors import PapersError
from bot.metrics import Metrics
from bot.outcomes import NotSent

log = logging.getLogger(__name__)

#: Rounds of the event loop that the acknowledgement is ahead of the work: aiohttp writes it one round after the
#: handler has returned, and work that began at once would hold it up by a whole search.
_HEAD_START = 3

OnError = Callable[[Exception], Awaitable[None]]


class Tasks:
    """Background work with an owner: no task is lost to the garbage collector, no failure to silence."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], on_error: OnError) -> None:
        """Run `work` now; when it fails, `on_error` tells the person."""
        task = asyncio.create_task(self._guard(work, on_error))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way, and cancel what takes longer."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _guard(self, work: Coroutine[Any, Any, None], on_error: OnError) -> None:
        try:
            for _ in range(_HEAD_START):
                await asyncio.sleep(0)
            await work
        except Exception as error:  # noqa: BLE001 - the end of the line: the person is told, the log has the rest
            if not isinstance(error, PapersError | NotSent):
                self._metrics.task_failures.inc()
            await self._report(error, on_error)

    async def _report(self, error: Exception, on_error: OnError) -> None:
        try:
            await on_error(error)
        except Exception:
            self._metrics.task_failures.inc()
            log.exception("a failure could not be reported to the person it happened to")
