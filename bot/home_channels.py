"""What somebody's Home shows of subscriptions: their own, and those of the channels they are in."""

from __future__ import annotations

from bot.asking import Asker
from bot.members import Members
from bot.messages.home.channels import Channel, Channels, Hour
from bot.subscriptions import Subscriptions, is_direct
from bot.weekly import OFF, Weekly
from bot.weektime import WeekTime
from storage import Store
from storage.models import ReadingGroup, Subscription, Topic


class HomeChannels:
    """Reads the subscriptions of one workspace as each person may see them."""

    def __init__(
        self, store: Store, members: Members, subscriptions: Subscriptions, weekly: Weekly, team_id: str
    ) -> None:
        self.store = store
        self.members = members
        self.subscriptions = subscriptions
        self.weekly = weekly
        self.team_id = team_id

    async def of(self, user_id: str) -> Channels:
        """Paused ones are among them, so that they can go on from there. Raises StoreError."""
        mine = (await self.subscriptions.held(Asker(user_id, ""))).mine
        joined = [id for id in await self.members.channels_of(user_id) if not is_direct(id)]
        daily = {one.channel_id: one for one in await self.store.subscriptions_in(self.team_id, joined)}
        topics = await self.store.topics_in(self.team_id, joined)
        groups = {one.channel_id: one for one in await self.store.groups(self.team_id)}
        named = {*daily, *(one.channel_id for one in topics), *(groups.keys() & {*joined})}
        channels = [
            await self._channel(
                id, daily.get(id), [one for one in topics if one.channel_id == id], groups.get(id)
            )
            for id in sorted(named)
        ]
        return Channels(mine, channels)

    async def _channel(
        self, id: str, daily: Subscription | None, topics: list[Topic], group: ReadingGroup | None
    ) -> Channel:
        return Channel(
            id,
            [*([daily] if daily else []), *topics],
            await self._roundup(daily) if daily and daily.active else None,
            Hour(WeekTime.parse(group.hour).told, group.timezone) if group else None,
        )

    async def _roundup(self, daily: Subscription) -> Hour | None:
        hour = await self.weekly.hour(daily.channel_id)
        return None if hour == OFF else Hour(WeekTime.parse(hour).told, daily.timezone)
