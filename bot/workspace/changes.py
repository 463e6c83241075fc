"""Waiting for something to become true, without polling."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# A predicate may look at the bot as well, of whose changes the workspace hears nothing.
LOOK_EVERY = 0.02


class Changes:
    """Wakes everybody who waits whenever the workspace changes.

    An `asyncio.Condition` would do, but notifying one must be awaited, and state changes in plain functions.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.listeners: list[Callable[[], None]] = []

    def notify(self) -> None:
        """Say that something changed; the listeners have heard of it when this returns."""
        for listener in self.listeners:
            listener()
        self._changed.set()
        self._changed = asyncio.Event()

    def following(self) -> asyncio.Event:
        """Is set at the next change after this call."""
        return self._changed

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float) -> T:  # noqa: ASYNC109
        """The first true value of `predicate`, asked now and after every change; `TimeoutError` after `timeout` s."""
        async with asyncio.timeout(timeout):
            while not (value := predicate()):
                await self._next_look()
            return value

    async def _next_look(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EVERY):
                await self._changed.wait()
        except TimeoutError:
            pass
