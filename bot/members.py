"""Which channels a person is in, as Slack knows it: asked rarely, and never waited for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from bot.errors import DeliveryError
from bot.outcomes import NotSent, repeatable
from bot.slack import Slack

log = logging.getLogger(__name__)

#: For so long an answer holds, in seconds, unless an event says that somebody has joined a channel.
KEPT = 600.0
#: Whoever opens their Home waits no longer than this for it, in seconds.
PATIENCE = 0.4
#: People of whom the answer is kept.
MOST_KEPT = 2_000


class _Known(NamedTuple):
    channels: frozenset[str]
    until: float


class Members:
    """The channels of each person in one workspace, those private ones included that the bot is in, too.

    `clock` gives seconds; `late` is told of whom an answer came after somebody had stopped waiting for it.
    """

    def __init__(
        self,
        slack: Slack,
        clock: Callable[[], float],
        late: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        self.client = slack.client
        self.clock = clock
        self.late = late
        self.patience = patience
        self._known: dict[str, _Known] = {}
        self._direct: dict[str, str] = {}
        self._asking: dict[str, asyncio.Task[frozenset[str]]] = {}

    async def channels_of(self, user_id: str) -> frozenset[str]:
        """A person's channels; as they were known last, or none, where Slack is slow or does not say."""
        own = frozenset({self._direct[user_id]} if user_id in self._direct else ())
        return own | await self._joined(user_id)

    def knows_direct(self, user_id: str, channel_id: str) -> None:
        """A person's direct messages with the bot, which Slack tells with what they do there and not when asked."""
        self._direct[user_id] = channel_id

    async def _joined(self, user_id: str) -> frozenset[str]:
        known = self._known.get(user_id)
        if known and known.until > self.clock():
            return known.channels
        asking = self._asking.get(user_id) or self._ask(user_id)
        done, _ = await asyncio.wait([asking], timeout=self.patience)
        if done:
            return asking.result()
        asking.add_done_callback(lambda _: self.late(user_id))
        return known.channels if known else frozenset()

    def forget(self, user_id: str) -> None:
        """Ask again the next time: this person has joined or left a channel."""
        if known := self._known.get(user_id):
            self._known[user_id] = known._replace(until=0.0)

    async def aclose(self) -> None:
        """Give up what is being asked."""
        for asking in self._asking.values():
            asking.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _ask(self, user_id: str) -> asyncio.Task[frozenset[str]]:
        asking = self._asking[user_id] = asyncio.create_task(self._asked(user_id))
        asking.add_done_callback(lambda _: self._asking.pop(user_id, None))
        return asking

    async def _asked(self, user_id: str) -> frozenset[str]:
        try:
            channels = await self._read(user_id)
        except (DeliveryError, NotSent) as error:
            log.warning("the channels of a person can't be read: %s", error)
            known = self._known.get(user_id)
            channels = known.channels if known else frozenset()
        for kept in (self._known, self._direct):
            while len(kept) > MOST_KEPT:
                del kept[next(iter(kept))]
        self._known[user_id] = _Known(channels, self.clock() + KEPT)
        return channels

    async def _read(self, user_id: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        with repeatable():
            while True:
                answer = await self.client.users_conversations(
                    user=user_id,
                    types="public_channel,private_channel",
                    exclude_archived=True,
                    limit=999,
                    cursor=cursor,
                )
                found |= {str(channel["id"]) for channel in answer.get("channels") or []}
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return frozenset(found)
