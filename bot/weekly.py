"""The weekly round-up: when each channel gets one, and `/papers weekly`."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.asking import Answer, Asker
from bot.delivery import Delivery
from bot.errors import UsageError
from bot.ingest import Clock
from bot.messages import Message, Place, notice, roundup_message, weekly_set_message
from bot.permission import Permission
from bot.planning import posts_without_votes
from bot.roundup import RoundUp, RoundUps
from bot.weektime import DAYS, WeekTime
from storage import Store
from storage.models import Edition, Post, PostKind, Subscription

log = logging.getLogger(__name__)

SERIES = "weekly"
OFF = "off"
#: A round-up that could not come in time is not made up for after so long: the next week has begun.
GRACE = timedelta(days=1)
#: What else somebody may write for "as the settings have it".
_DEFAULT = "default"


class Weekly:
    """Plans and draws the round-ups of one workspace. `default` is an hour of the week, or `off`."""

    def __init__(
        self,
        store: Store,
        round_ups: RoundUps,
        delivery: Delivery,
        permission: Permission,
        default: str,
        team_id: str,
        clock: Clock,
    ) -> None:
        self.store = store
        self.round_ups = round_ups
        self.delivery = delivery
        self.permission = permission
        self.default = default
        self.team_id = team_id
        self.clock = clock

    async def plan_due(self) -> None:
        """Plan the round-up of each subscribed channel whose hour has come."""
        for subscription in await self.store.subscriptions(self.team_id):
            hour = await self.hour(subscription.channel_id)
            if hour == OFF:
                continue
            zone = ZoneInfo(subscription.timezone)
            until = WeekTime.parse(hour).last(self.clock(), zone)
            if self.clock() - until < GRACE and not await self._edition(subscription, until):
                await self._plan(subscription, until, even_if_empty=True)

    async def hour(self, channel_id: str) -> str:
        """When a channel gets its round-up, or `off`."""
        return await self.store.weekly_hour(self.team_id, channel_id) or self.default

    async def draw(self, post: Post) -> Message:
        """The message of a planned round-up."""
        about = (await self.store.edition_of(post)).about
        return roundup_message(await self.round_ups.page(post.channel_id, RoundUp.model_validate_json(about)))

    async def _edition(self, subscription: Subscription, until: datetime) -> Edition | None:
        return await self.store.edition(
            self.team_id, subscription.channel_id, _week_of(subscription, until), SERIES
        )

    async def _plan(
        self, subscription: Subscription, until: datetime, *, even_if_empty: bool
    ) -> Edition | None:
        """Write a week's round-up down; of one without anything, if at all, that it is done with."""
        channel_id, zone = subscription.channel_id, ZoneInfo(subscription.timezone)
        found = await self.round_ups.look_back(channel_id, until, zone)
        empty = await self.round_ups.is_empty(channel_id, found)
        if empty and not even_if_empty:
            return None
        edition = Edition(
            team_id=self.team_id,
            channel_id=channel_id,
            day=_week_of(subscription, until),
            listed_day=found.last,
            first_day=found.first,
            planned_at=self.clock(),
            top=len(found.voted),
            why="A week without anything to tell." if empty else "",
            series=SERIES,
            about=found.model_dump_json(),
        )
        await self.store.plan(edition, [] if empty else _posts(edition, picture=found.moved))
        log.info("round-up of the week of %s planned for %s%s", edition.day, channel_id, ", empty" * empty)
        # Where another process was faster, its plan is the round-up.
        return await self._edition(subscription, until)

    # The command.

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers weekly [day hour|off|default|now|preview]`; other words are a topic."""
        words = rest.lower()
        match words:
            case "":
                return self._status(asker)
            case "preview" | "now preview":
                return self._preview(asker)
            case "now":
                return self._now(asker)
            case "off" | "default":
                return self.set_hour(words, asker)
        return self.set_hour(words, asker) if _names_a_day(words) else None

    async def set_hour(self, words: str, asker: Asker, *, undoing: bool = False) -> Message:
        """Change when a channel gets its round-up; the answer can put it back. Raises UsageError."""
        await self.permission.to_subscribe(asker.user_id)
        hour = _hour(words)
        before = await self.store.weekly_hour(self.team_id, asker.channel_id)
        await self.store.set_weekly(self.team_id, asker.channel_id, hour)
        told = await self._told(asker.channel_id)
        return weekly_set_message(f"As before: {told}" if undoing else told, before or _DEFAULT)

    async def _status(self, asker: Asker) -> Message:
        return notice(
            f"{await self._told(asker.channel_id)}\n`/papers weekly friday 16:00` sets another hour, "
            "`off` turns it off, `default` leaves it to the settings; `preview` shows you the last seven days, "
            "and `now` shows them to all."
        )

    async def _told(self, channel_id: str) -> str:
        """When the next round-up comes, in a sentence."""
        subscription = await self.store.subscription(self.team_id, channel_id)
        if subscription is None or not subscription.active:
            return (
                "Round-ups go to channels with daily papers; `/papers subscribe` turns both on in this one."
            )
        hour = await self.hour(channel_id)
        if hour == OFF:
            return "This channel gets no weekly round-up."
        zone = ZoneInfo(subscription.timezone)
        following = WeekTime.parse(hour).next(self.clock(), zone).astimezone(zone)
        return (
            f"This channel gets a round-up of its week each {WeekTime.parse(hour).told} ({zone.key}), "
            f"next on {following.day} {following:%B}, unless nothing has happened."
        )

    async def _subscription(self, channel_id: str) -> Subscription:
        subscription = await self.store.subscription(self.team_id, channel_id)
        if subscription is None or not subscription.active:
            raise UsageError(await self._told(channel_id))
        return subscription

    async def _preview(self, asker: Asker) -> Message:
        subscription = await self._subscription(asker.channel_id)
        found = await self._looked_back(subscription)
        return roundup_message(await self.round_ups.page(asker.channel_id, found))

    async def _looked_back(self, subscription: Subscription) -> RoundUp:
        """The last seven days. Raises UsageError when there is nothing to tell."""
        channel_id, zone = subscription.channel_id, ZoneInfo(subscription.timezone)
        found = await self.round_ups.look_back(channel_id, self.clock(), zone)
        if await self.round_ups.is_empty(channel_id, found):
            raise UsageError(
                "The last seven days have nothing to tell: no votes in this channel, no paper that rose late, no "
                "submission, and no topic that moved."
            )
        return found

    async def _now(self, asker: Asker) -> Message:
        """Post this week's round-up at once, which then is this week's only one."""
        await self.permission.to_subscribe(asker.user_id)
        subscription = await self._subscription(asker.channel_id)
        edition = await self._edition(subscription, self.clock())
        if edition and not edition.why:
            raise UsageError("This week's round-up is in this channel already, and there is one a week.")
        await self._looked_back(subscription)
        if edition:
            await self.store.forget_unsent(self.team_id, asker.channel_id, edition.day, SERIES)
        planned = await self._plan(subscription, self.clock(), even_if_empty=False)
        if planned:
            await self.delivery.send(planned)
        return notice("This week's round-up is in this channel now; the next one comes next week.")


def _week_of(subscription: Subscription, until: datetime) -> date:
    """The Monday of a moment's week, by a channel's calendar: a channel has one round-up for each."""
    local = until.astimezone(ZoneInfo(subscription.timezone)).date()
    return local - timedelta(days=local.weekday())


def _posts(edition: Edition, *, picture: bool) -> list[Post]:
    kinds = [PostKind.ROUNDUP, *([PostKind.PICTURE] if picture else [])]
    return posts_without_votes(edition, kinds)


def _names_a_day(words: str) -> bool:
    """Whether words were meant for an hour: "friday", "fri 16:00", but not "planning of robots"."""
    first = words.partition(" ")[0]
    return len(words.split()) <= 2 and len(first) >= 3 and any(day.startswith(first) for day in DAYS)


def _hour(words: str) -> str:
    """What is stored for what somebody wrote. Raises UsageError."""
    if words in (OFF, _DEFAULT):
        return OFF if words == OFF else ""
    try:
        return str(WeekTime.parse(words))
    except ValueError as error:
        raise UsageError("Write a weekday and an hour, such as `/papers weekly friday 16:00`.") from error
