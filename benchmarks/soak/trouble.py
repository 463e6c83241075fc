"""What goes wrong, drawn from the seed: at Slack, on the way from it, and at the sources."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping

from bot.workspace import Workspace
from tests.upstream import Upstream

#: Longer than the bot waits for a call, and longer than anybody waits for a source's next byte here.
HANGING = 1.3
_READING = ("conversations.history", "conversations.replies", "reactions.get")
_REDOABLE = (*_READING, "chat.update", "reactions.add", "auth.test", "apps.connections.open")
_DAILY = "/api/daily_papers"


class Trouble:
    """Sows a few faults for each life of the bot, and counts them by kind."""

    def __init__(self, slack: Workspace, upstream: Upstream, rng: random.Random) -> None:
        self.slack = slack
        self.upstream = upstream
        self.rng = rng
        self.sown: Counter[str] = Counter()
        self._kinds: Mapping[str, Callable[[], None]] = {
            "429 for a post": lambda: slack.faults.rate_limit(
                "chat.postMessage", retry_after=rng.choice((0, 0, 1))
            ),
            "500 after a post": lambda: slack.faults.fail_after_work(
                "chat.postMessage", times=rng.randint(1, 3)
            ),
            "500 instead of a post": lambda: slack.faults.hang("chat.postMessage", seconds=0, work=False),
            "post times out": lambda: slack.faults.hang("chat.postMessage", seconds=HANGING),
            "post times out undone": lambda: slack.faults.hang(
                "chat.postMessage", seconds=HANGING, work=False
            ),
            "429 for another call": lambda: slack.faults.rate_limit(rng.choice(_REDOABLE), retry_after=0),
            "500 for another call": lambda: slack.faults.hang(rng.choice(_REDOABLE), seconds=0, work=False),
            "500 for a reading": lambda: slack.faults.hang(
                rng.choice(_READING), seconds=0, work=False, times=rng.randint(1, 6)
            ),
            "dropped acks": lambda: slack.faults.drop_ack(times=rng.randint(1, 8)),
            "redelivered events": lambda: slack.faults.redeliver(times=rng.randint(1, 8)),
            "events held back": lambda: slack.faults.hold_back(times=rng.randint(1, 8)),
            "source down": lambda: upstream.fail(_DAILY, 503, times=rng.randint(1, 3)),
            "source slow": lambda: upstream.hang(_DAILY, rng.uniform(0.1, 0.6), times=2),
            "source garbled": lambda: upstream.fail(
                _DAILY, 200, body=b"<html>busy</html>", times=rng.randint(1, 3)
            ),
        }

    def sow(self) -> None:
        for kind in self.rng.sample(sorted(self._kinds), self.rng.randint(1, 5)):
            self.sown[kind] += 1
            self._kinds[kind]()

    async def cut_sockets(self) -> None:
        self.sown["dead sockets"] += 1
        await self.slack.close_sockets()

    def end(self) -> None:
        """Nothing goes wrong from now on."""
        self.slack.faults.clear()
        self.upstream.heal()
