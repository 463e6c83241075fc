"""`/papers subscribe` and `unsubscribe`: which channels get the day's papers, and when."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import messages
from bot.asking import Answer, Asker
from bot.errors import DeliveryError, UsageError
from bot.messages import Message, Place, quoted
from bot.permission import Permission
from bot.slack import Slack
from storage import Store
from storage.models import Subscription

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Subscribing:
    """Subscribes channels of one workspace. Raises UsageError with the sentence a person reads.

    `defaults` is what a channel gets unless somebody asks for something else.
    """

    def __init__(
        self, store: Store, slack: Slack, permission: Permission, defaults: Subscription, bot_user_id: str
    ) -> None:
        self.store = store
        self.slack = slack
        self.permission = permission
        self.defaults = defaults
        self.bot_user_id = bot_user_id

    def subscribing(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers subscribe [hour] [time zone]`."""
        return self._subscribe(rest, asker)

    def unsubscribing(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers unsubscribe`."""
        return None if rest else self._unsubscribe(asker)

    async def _subscribe(self, rest: str, asker: Asker) -> Message:
        subscription = self.defaults.model_copy(
            update={"channel_id": asker.channel_id, "created_by": asker.user_id, **_schedule(rest)}
        )
        await self.permission.to_subscribe(asker.user_id)
        await self._check_member(asker.channel_id)
        await self.store.subscribe(subscription)
        return messages.subscribed_message(subscription)

    async def _unsubscribe(self, asker: Asker) -> Message:
        await self.permission.to_subscribe(asker.user_id)
        if not await self.store.unsubscribe(self.defaults.team_id, asker.channel_id, asker.user_id):
            raise UsageError("This channel gets no daily papers. `/papers subscribe` turns them on.")
        return messages.notice(
            "No more daily papers in this channel. `/papers subscribe` turns them on again."
        )

    async def _check_member(self, channel_id: str) -> None:
        try:
            member = await self.slack.is_member(channel_id)
        except DeliveryError as error:
            # A private channel the bot is not in does not exist for it; any other error is not about the channel.
            member = error.code not in ("channel_not_found", "not_in_channel")
        if not member:
            raise UsageError(
                f"I am not in this channel, so I can't post here. Type `/invite` <@{self.bot_user_id}> "
                "and then `/papers subscribe` again."
            )


def _schedule(words: str) -> dict[str, object]:
    """An hour and a time zone, in any order, from what stands after `subscribe`."""
    changed: dict[str, object] = {}
    for word in words.split():
        clock = _TIME.fullmatch(word)
        if clock:
            changed["post_at"] = datetime.min.time().replace(hour=int(clock[1]), minute=int(clock[2]))
        elif _is_zone(word):
            changed["timezone"] = word
        else:
            raise UsageError(
                f"I don't understand {quoted(word)}: write an hour and a time zone, such as "
                "`/papers subscribe 08:30 Europe/Berlin`, or neither. "
                f"To search for it: `/papers search subscribe {messages.quoted(words, 60)}`."
            )
    return changed


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
