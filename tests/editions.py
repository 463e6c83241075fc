"""Days of papers at the sources, and the editions that come of them, read in Slack as a person would."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Any

from bot.app import Bot
from bot.workspace import Message, Workspace
from tests.conftest import MovedClock
from tests.upstream import Upstream, daily_item

#: Longer than a claim or a channel's pause lasts.
LATER = {"minutes": 11}


def list_day(upstream: Upstream, day: date, count: int, first: int = 1) -> list[str]:
    """Have Hugging Face list `count` more papers for a day, worst first; returns their ids, best first."""
    ids = [f"{day:%y%m}.{day:%d}{number:03d}" for number in range(first, first + count)]
    items = [daily_item(id, f"Paper {id}", upvotes=500 - int(id[-3:])) for id in ids]
    upstream.days.setdefault(day.isoformat(), []).extend(reversed(items))
    return ids


def move(clock: MovedClock, upstream: Upstream, moment: datetime) -> None:
    """Set the bot's clock, and the day that the sources know as today."""
    clock.at = moment
    upstream.today = moment.astimezone(clock.at.tzinfo).date()


async def subscribe(bot: Bot, channel: str, **changes: Any) -> None:
    subscription = bot.subscription(channel).model_copy(update=changes)
    await bot.library.store.subscribe(subscription)


async def tick(bot: Bot) -> None:
    """Let the bot look once at what is due, and wait until it has done what it can."""
    await asyncio.gather(*await bot.daily.tick())


async def until_done(bot: Bot, clock: MovedClock, ticks: int = 6) -> None:
    """Tick, with enough time between for every claim and pause to end, until nothing is left to do."""
    for _ in range(ticks):
        await tick(bot)
        clock.forward(**LATER)
        if not await bot.library.store.unfinished_editions(bot.identity.team_id):
            return


def posted(slack: Workspace, channel: str) -> list[Message]:
    """What the bot's editions posted to a channel, replies included, in the order of posting."""
    found = slack.known_channel(channel).messages.values()
    return sorted((it for it in found if it.metadata and not it.deleted), key=lambda it: it.ts)


def carried(message: Message) -> dict[str, Any]:
    """What the message's metadata says of it."""
    payload: dict[str, Any] = (message.metadata or {})["event_payload"]
    return payload


def papers_in(slack: Workspace, channel: str) -> list[str]:
    """The ids of the papers posted to a channel, in the order of posting; "" stands for a header."""
    return [carried(message)["paper"] for message in posted(slack, channel)]


def post_calls(slack: Workspace) -> int:
    return sum(call.method == "chat.postMessage" for call in slack.calls)
