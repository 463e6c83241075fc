"""The section of what a person and their channels are subscribed to, and at which hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.messages.blocks import Block, actions, button, channel_mention, context, header, section
from bot.messages.subscriptions import NEW_SUBSCRIPTION, subscription_rows
from bot.messages.text import clip, count
from storage.models import Subscription, Topic

#: Of 100 blocks, what the tabs, what is said of a press, the head and the foot leave.
MOST_ROWS = 93
_ZONE_LIMIT = 60
_NO_CHANNELS = (
    "None of your channels gets papers yet. Invite me to one and type `/papers subscribe` there: each day, "
    "at the hour you name, I post the best papers of the day, and your team's votes decide which those are."
)
_FOOT = (
    "*New subscription* brings papers to your direct messages; `/papers subscribe` in a channel brings them there, "
    "`/papers weekly` and `/papers group` set the other hours."
)


class Hour(NamedTuple):
    """An hour of the week as people read it, such as `Friday, 16:00`, and the time zone that it is told by."""

    told: str
    timezone: str


class Channel(NamedTuple):
    """What one channel is subscribed to, when its week is rounded up and when its reading group meets, if at all."""

    channel_id: str
    held: Sequence[Subscription | Topic]
    roundup: Hour | None = None
    group: Hour | None = None


class Channels(NamedTuple):
    """What comes to somebody's direct messages, and to their channels."""

    mine: Sequence[Subscription | Topic] = ()
    channels: Sequence[Channel] = ()


def channels_blocks(shown: Channels) -> list[Block]:
    """Every subscription with its buttons; of more channels than fit, how many those are."""
    blocks = [header("Subscriptions and their hours")]
    if shown.mine:
        blocks += [section("*To you, as direct messages*"), *subscription_rows(shown.mine)]
    if not shown.channels:
        blocks.append(section(_NO_CHANNELS))
    left = len(shown.channels)
    for channel in shown.channels:
        rows = [section("\n".join(_head(channel))), *subscription_rows(channel.held)]
        if len(blocks) + len(rows) > MOST_ROWS:
            break
        blocks += rows
        left -= 1
    more = [context(f"and {count(left, 'channel')} more")] if left else []
    return [
        *blocks,
        *more,
        actions(button(NEW_SUBSCRIPTION, "New subscription", "new")),
        context(_FOOT),
    ]


def _head(channel: Channel) -> Iterator[str]:
    yield f"*{channel_mention(channel.channel_id)}*"
    if channel.roundup:
        yield f"Round-up of the week: {_told(channel.roundup)}"
    if channel.group:
        yield f"Reading group: {_told(channel.group)}"


def _told(hour: Hour) -> str:
    return f"{clip(hour.told, _ZONE_LIMIT)} ({clip(hour.timezone, _ZONE_LIMIT)})"
