"""What Slack shows in a channel now: the reactions of its messages, and since when they are known to be so.

A page of the history names some of the people behind an emoji and counts all of them. Where it names too few, the
message is asked for by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.ingest import Clock
from bot.outcomes import NotSent, header_of
from bot.slack import Slack
from storage.models import Shown

#: Older messages are not read.
OLDEST = timedelta(days=366)
#: How often one call is made before Slack counts as too busy.
ATTEMPTS = 5


class Page(NamedTuple):
    """Messages by their `ts`, deleted ones left out.

    Of those in `cut`, not everybody who reacted is named. `limited` means that Slack hides what is older.
    """

    shown: list[Shown]
    limited: bool

    @property
    def cut(self) -> list[Shown]:
        return [message for message in self.shown if message.partial]

    @property
    def whole(self) -> list[Shown]:
        return [message for message in self.shown if not message.partial]


class History:
    """Reads at a pace that leaves Slack's rate limits to others, too; waits as long as Slack asks for."""

    def __init__(self, slack: Slack, clock: Clock, seconds_between: float) -> None:
        self.slack = slack
        self.clock = clock
        self.seconds_between = seconds_between
        self._time = 0.0

    async def pages(self, channel: str, **asked: str) -> AsyncIterator[Page]:
        """A channel's history, newest first, or with `ts` a thread.

        Raises NotSent when Slack stays too busy, and DeliveryError when a person has to act.
        """
        cursor = ""
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer, read_at = await self._ask(lambda more=more: self.slack.page(channel, **asked, **more))  # type: ignore[misc]
            messages = [message for message in answer.get("messages") or [] if _is_there(message)]
            yield Page([_shown(message, read_at) for message in messages], bool(answer.get("is_limited")))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def message(self, channel: str, ts: str) -> Shown:
        """One message with everybody who reacted to it. Raises as `pages` does."""
        answer, read_at = await self._ask(lambda: self.slack.reactions(channel, ts))
        return _shown({**(answer.get("message") or {}), "ts": ts}, read_at)

    async def _ask(
        self, call: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> tuple[AsyncSlackResponse, float]:
        """Slack's answer, and a moment that was not after Slack made it."""
        busy = NotSent(0)
        for _ in range(ATTEMPTS):
            await asyncio.sleep(self.seconds_between)
            asked_by_us, asked, known = self.clock().timestamp(), time.monotonic(), self._time
            try:
                answer = await call()
            except NotSent as later:
                busy = later
                await asyncio.sleep(later.retry_after)
                continue
            written = _written(answer.headers)
            if written is None:
                return answer, asked_by_us
            # Slack had its answer to an earlier call before it was asked this one.
            read_at = max(known, written - (time.monotonic() - asked))
            self._time = max(self._time, read_at)
            return answer, read_at
        raise busy


def _written(headers: Mapping[str, Any]) -> float | None:
    """When Slack wrote an answer, by its own clock, rounded down to the second.

    Events carry Slack's time, and ours may be minutes off, so that the two can't be compared.
    """
    try:
        return parsedate_to_datetime(header_of(headers, "date")).timestamp()
    except ValueError:
        return None


def _is_there(message: Mapping[str, Any]) -> bool:
    # Where a message with a thread was deleted, a stone is left.
    return bool(message.get("ts")) and message.get("subtype") != "tombstone"


def _shown(message: Mapping[str, Any], read_at: float) -> Shown:
    reactions = [one for one in message.get("reactions") or [] if one.get("name")]
    named = {str(one["name"]): set(one.get("users") or []) for one in reactions}
    counts = {str(one["name"]): int(one.get("count") or 0) for one in reactions}
    pairs = frozenset((str(user), emoji) for emoji, users in named.items() for user in users)
    partial = frozenset(emoji for emoji, count in counts.items() if count > len(named[emoji]))
    return Shown(str(message["ts"]), comparable(read_at, str(message["ts"])), pairs, partial)


def comparable(read_at: float, ts: str) -> float:
    """The moment of a reading by the clock that messages and events are dated by.

    Where that runs years apart from the clock of answers, as in a workspace that plays another day, all that is known
    is that whoever reacted did so after the message was there.
    """
    posted = float(ts)
    return read_at if posted <= read_at <= posted + OLDEST.total_seconds() else posted
