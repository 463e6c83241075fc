"""`/papers subscribe` and `unsubscribe`: which channels get the day's papers, and when."""

from __future__ import annotations

import secrets

from bot import messages
from bot.asking import Answer, Asker
from bot.errors import UsageError
from bot.messages import Message, Place, quoted
from bot.permission import Permission
from bot.subscription_form import Words, is_like_an_hour, words_of
from bot.subscriptions import Kept, Subscriptions
from storage import Store
from storage.models import Subscription, Topic


class Subscribing:
    """Subscribes channels of one workspace. Raises UsageError with the sentence a person reads.

    `defaults` is what a channel gets unless somebody asks for something else.
    """

    def __init__(
        self, store: Store, permission: Permission, subscriptions: Subscriptions, defaults: Subscription
    ) -> None:
        self.store = store
        self.permission = permission
        self.subscriptions = subscriptions
        self.defaults = defaults

    def subscribing(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers subscribe [topic] [hour] [time zone]`."""
        return self._subscribe(rest, asker)

    def unsubscribing(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers unsubscribe`."""
        return None if rest else self._unsubscribe(asker)

    async def _subscribe(self, rest: str, asker: Asker) -> Message | None:
        """At once where an hour or a zone is all that was typed; everything else is asked for in the modal."""
        words = words_of(rest)
        if wrong := next(filter(is_like_an_hour, words.topic.split()), ""):
            raise UsageError(
                f"I don't understand {quoted(wrong)}: write an hour and a time zone, such as "
                "`/papers subscribe 08:30 Europe/Berlin`, or neither. "
                f"To search for it: `/papers search subscribe {quoted(rest, 60)}`."
            )
        if asker.trigger_id and (words.topic or not rest):
            await self.subscriptions.open_new(asker, words)
            return None
        await self.permission.to_subscribe(asker.user_id)
        await self.subscriptions.check_member(asker.channel_id)
        return await (self._follow(words, asker) if words.topic else self._daily(words, asker))

    async def _daily(self, words: Words, asker: Asker) -> Message:
        """The day's papers; what was asked for before besides the hour stays."""
        before = await self.store.subscription(self.defaults.team_id, asker.channel_id)
        typed = {"post_at": words.post_at, "timezone": words.timezone}
        subscription = self.defaults.model_copy(
            update={
                **({name: getattr(before, name) for name in _KEPT} if before and before.created_by else {}),
                "channel_id": asker.channel_id,
                "created_by": asker.user_id,
                **{name: value for name, value in typed.items() if value},
            }
        )
        await self.store.subscribe(subscription)
        return messages.subscribed_message(subscription)

    async def _follow(self, words: Words, asker: Asker) -> Message:
        """A topic with all the defaults, where no modal can be opened."""
        topic = Topic(
            id=secrets.token_hex(6),
            team_id=self.defaults.team_id,
            channel_id=asker.channel_id,
            user_id=asker.user_id,
            typed=words.topic,
            post_at=words.post_at or self.defaults.post_at,
            timezone=words.timezone or self.defaults.timezone,
            top=self.defaults.top,
            created_at=self.subscriptions.clock(),
        )
        kept = await self.subscriptions.keep_topic(topic, changed=False)
        if not isinstance(kept, Kept):
            raise UsageError(" ".join(kept.values()))
        return kept.message

    async def _unsubscribe(self, asker: Asker) -> Message:
        await self.permission.to_subscribe(asker.user_id)
        team_id, channel_id = self.defaults.team_id, asker.channel_id
        if not await self.store.unsubscribe(team_id, channel_id, asker.user_id):
            raise UsageError("This channel gets no daily papers. `/papers subscribe` turns them on.")
        topics = [topic for topic in await self.store.topics_of(team_id, channel_id) if topic.active]
        go_on = " Its topics go on; `/papers subscriptions` lists them." if topics else ""
        return messages.notice(
            f"No more daily papers in this channel. `/papers subscribe` turns them on again.{go_on}"
        )


#: What an hour typed anew does not change.
_KEPT = ("top", "weekdays", "sources", "minimum", "mode")
