"""When a life ends: at a random moment, or right at a step of the bot's work that it must survive."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import NamedTuple

from bot.workspace import Call, Workspace
from tests.upstream import Upstream

#: The moment of a life that reached no other.
ANY = "at any time"
PLANNING = "while planning"
STARTING = "while starting"


class Step(NamedTuple):
    """A step that Slack sees: which calls it is about, and how long after one the blow falls, in seconds at most."""

    is_it: Callable[[Call], bool]
    after: float


def _posting(call: Call) -> bool:
    return call.method == "chat.postMessage"


STEPS = {
    # Slack has done the work, and its answer never arrives.
    "while Slack answers a post": Step(_posting, 0.0),
    "after Slack answered a post": Step(_posting, 0.004),
    "between messages": Step(_posting, 0.03),
    "in a thread": Step(lambda call: _posting(call) and bool(call.args.get("thread_ts")), 0.01),
    "while seeding": Step(lambda call: call.method == "reactions.add", 0.003),
    "while redrawing": Step(lambda call: call.method == "chat.update", 0.003),
    "while reading back": Step(lambda call: call.method.startswith("conversations."), 0.01),
}
MOMENTS = (*STEPS, *STEPS, PLANNING, PLANNING, STARTING, ANY)


class Killer:
    """Waits for one moment at a time, and strikes."""

    def __init__(self, slack: Workspace, upstream: Upstream, rng: random.Random) -> None:
        self.upstream = upstream
        self.rng = rng
        self._step: Step | None = None
        self._left = 0
        self._share = 0.0
        self._strike: Callable[[], object] = bool
        self._struck = asyncio.Event()
        slack.api.listeners.append(self._hear)

    async def wait(self, moment: str, strike: Callable[[], object], patience: float) -> str:
        """Strike at this moment or, when it doesn't come within `patience` seconds, then; returns which it was."""
        self._struck.clear()
        self._strike, self._step = strike, STEPS.get(moment)
        self._left, self._share = self.rng.choice((1, 1, 2, 3, 5)), self.rng.random()
        watching = asyncio.create_task(self._watch(moment))
        try:
            async with asyncio.timeout(patience):
                await self._struck.wait()
        except TimeoutError:
            self._fall()
            return ANY
        finally:
            self._step = None
            watching.cancel()
        return moment

    async def _watch(self, moment: str) -> None:
        if moment == STARTING:
            await asyncio.sleep(self._share * 0.12)
        elif moment == PLANNING:
            await self.upstream.asked(len(self.upstream.requests) + 1)
            await asyncio.sleep(self._share * 0.15)
        else:
            return
        self._fall()

    def _hear(self, call: Call) -> None:
        if self._step is None or not self._step.is_it(call):
            return
        self._left -= 1
        if self._left > 0:
            return
        after, self._step = self._step.after, None
        if after:
            asyncio.get_running_loop().call_later(self._share * after, self._fall)
        else:
            self._fall()

    def _fall(self) -> None:
        if not self._struck.is_set():
            self._strike()
            self._struck.set()
