"""The daily post: which channels are due, what was left unfinished, and when a day without papers is given up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import emptiness
from bot.delivery import LEASE, Delivery, Outcome
from bot.drafting import Drafting, note_of, posts_of, unlisted
from bot.errors import DeliveryError, StoreError, UsageError
from bot.ingest import Clock
from bot.leftovers import Leftovers
from bot.logs import event
from bot.metrics import Metrics
from bot.outcomes import TOKEN_ERRORS
from bot.timing import Timing
from bot.troubles import Troubles
from storage import Store
from storage.models import Edition, Subscription

log = logging.getLogger(__name__)

#: A channel that refuses the bot is left alone for this long.
PAUSE = timedelta(minutes=10)
#: The last minute of a day, for channels that wait until midnight.
MIDNIGHT = time(23, 59)


class Due(NamedTuple):
    """A channel whose hour has come, and what its clock says."""

    subscription: Subscription
    local: datetime


class Daily:
    """Plans editions, and has them and interrupted shares sent. It holds no schedule: what is due, the store knows."""

    def __init__(
        self,
        store: Store,
        drafting: Drafting,
        delivery: Delivery,
        troubles: Troubles,
        leftovers: Leftovers,
        team_id: str,
        clock: Clock,
        metrics: Metrics,
        until: time,
        timing: Timing,
    ) -> None:
        self.store = store
        self.drafting = drafting
        self.delivery = delivery
        self.troubles = troubles
        self.leftovers = leftovers
        self.team_id = team_id
        self.clock = clock
        self.metrics = metrics
        self.until = until
        self.timing = timing
        self._working: dict[str, asyncio.Task[None]] = {}
        self._paused: dict[str, datetime] = {}
        self._refused: DeliveryError | None = None
        #: Since when a channel's edition of a day is looked for.
        self._asked: dict[tuple[str, date], datetime] = {}

    async def run(self) -> None:
        """Post what is due, for ever. Raises DeliveryError once Slack does not take the token any more."""
        while True:
            if self._refused:
                raise self._refused
            try:
                await self.tick()
            except StoreError as error:
                log.error("what is due can't be read: %s", error)
            await asyncio.sleep(self.timing.tick)

    async def tick(self) -> list[asyncio.Task[None]]:
        """Start whatever is unfinished or due, and return the tasks: a slow channel holds up no other."""
        started = []
        for channel_id, post in await self._work():
            if self._is_free(channel_id):
                self._working[channel_id] = asyncio.create_task(self._guard(channel_id, post()))
                started.append(self._working[channel_id])
        return started

    async def _work(self) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
        """All there is to post, by channel, the most urgent first."""
        unfinished, due = await self.store.unfinished_editions(self.team_id), await self._due()
        # Whoever planned a share sends it at once; one that is older was left behind.
        shares = await self.store.unfinished_shares(self.team_id, self.clock() - LEASE)
        waiting = {one.subscription.channel_id for one in due}
        return [
            *(
                (
                    one.channel_id,
                    partial(self.leftovers.go_on, one, due=not one.series and one.channel_id in waiting),
                )
                for one in unfinished
            ),
            *((one.subscription.channel_id, partial(self._post_due, one)) for one in due),
            *((share.channel_id, partial(self.delivery.share, share)) for share in shares),
        ]

    async def stop(self, seconds: float) -> None:
        """Finish the message under way, and leave the rest: the store has all that is needed to go on."""
        self.delivery.stopping = True
        if working := [task for task in self._working.values() if not task.done()]:
            _, late = await asyncio.wait(working, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def post(self, subscription: Subscription, day: date | None = None) -> Outcome | None:
        """Post a channel's edition of `day`, or go on with it; None when there are no papers for one.

        Without a day: today's edition in the channel's time zone, with all that was listed since its last one.
        Raises UsageError when the channel was told already that there are none.
        """
        of = day or self.local_day(subscription)
        edition = await self._open_edition(subscription, of) or await self._plan(
            subscription, of, exact=day is not None
        )
        return await self.delivery.send(edition) if edition else None

    def local_day(self, subscription: Subscription) -> date:
        return self.clock().astimezone(ZoneInfo(subscription.timezone)).date()

    async def _open_edition(self, subscription: Subscription, day: date) -> Edition | None:
        """The edition of a day, if it has papers. That there are none, when nobody was told, is taken back."""
        channel_id = subscription.channel_id
        edition = await self.store.edition(self.team_id, channel_id, day)
        if edition and edition.why:
            await self.store.forget_unsent(self.team_id, channel_id, day)
            if await self.store.edition(self.team_id, channel_id, day):
                raise UsageError(
                    f"The channel was told that there are no papers for {day}. What was listed since comes with its "
                    f"next edition, and `/papers {day}` shows it now."
                )
            return None
        return edition

    async def _post_due(self, due: Due) -> None:
        """Post today's edition, or say why there is none once there has been time enough for papers to appear."""
        subscription, day = due.subscription, due.local.date()
        asked = self._asked.setdefault((subscription.channel_id, day), self.clock())
        edition = await self._plan(subscription, day, exact=False)
        over = is_over(due.local.time(), subscription.post_at, self.until)
        if edition is None and over and (self.clock() - asked).total_seconds() >= self.timing.look_for_papers:
            edition = await self._explain(due)
        if edition:
            del self._asked[subscription.channel_id, day]
            await self.delivery.send(edition)

    async def _explain(self, due: Due) -> Edition | None:
        """Write down that today has no papers. At weekends nobody is told: a message each Saturday would be noise."""
        subscription, day = due.subscription, due.local.date()
        ingest = self.drafting.ingest
        empty = await emptiness.examine(self.store, ingest, day, ZoneInfo(subscription.timezone))
        why = emptiness.for_channel(empty, day, timedelta(seconds=self.timing.refresh))
        edition = unlisted(subscription, day, self.clock(), why)
        silent = emptiness.is_weekend(day) or emptiness.is_weekend(empty.day)
        if await self.store.plan(edition, [] if silent else [note_of(edition)]):
            log.info("no edition of %s for %s: %s", day, subscription.channel_id, why)
        return await self.store.edition(self.team_id, subscription.channel_id, day)

    async def _plan(self, subscription: Subscription, day: date, *, exact: bool) -> Edition | None:
        draft = await self.drafting.draft(subscription, day, exact=exact)
        if draft is None:
            return None
        edition = draft.edition
        if await self.store.plan(edition, posts_of(draft), draft.exposures):
            self.metrics.editions.inc()
            event(
                log, "edition planned", channel=edition.channel_id, day=edition.day, papers=len(draft.papers)
            )
        # Where another process was faster, its plan is the edition.
        return await self.store.edition(edition.team_id, edition.channel_id, edition.day)

    async def _due(self) -> list[Due]:
        """Channels whose hour has come today and that have no edition of today."""
        due = []
        for subscription in await self.store.subscriptions(self.team_id):
            local = self.clock().astimezone(ZoneInfo(subscription.timezone))
            if local.time() >= subscription.post_at and not await self.store.edition(
                self.team_id, subscription.channel_id, local.date()
            ):
                due.append(Due(subscription, local))
        return due

    def _is_free(self, channel_id: str) -> bool:
        task = self._working.get(channel_id)
        until = self._paused.get(channel_id)
        rested = until is None or self.clock() >= until
        return rested and (task is None or task.done())

    async def _guard(self, channel_id: str, posting: Awaitable[object]) -> None:
        """One channel's trouble is its own: it is logged and the channel left alone for a while."""
        try:
            await posting
            await self.troubles.ended(channel_id)
        except DeliveryError as error:
            await self._refuse(channel_id, error)
        except Exception:
            log.exception("posting to %s failed and is paused for %s", channel_id, PAUSE)
            self._paused[channel_id] = self.clock() + PAUSE

    async def _refuse(self, channel_id: str, refused: DeliveryError) -> None:
        """Without a token that Slack takes, the bot ends; otherwise this channel waits and its people are told."""
        if refused.code in TOKEN_ERRORS:
            self._refused = refused
            return
        log.error("posting to %s is paused for %s: %s", channel_id, PAUSE, refused)
        self._paused[channel_id] = self.clock() + PAUSE
        try:
            await self.troubles.began(channel_id, refused)
        except StoreError as error:
            log.error("the trouble in %s can't be written down: %s", channel_id, error)


def is_over(now: time, post_at: time, until: time) -> bool:
    """Whether papers that appear now are too late for the edition of the day that was due at `post_at`."""
    return now >= (until if until > post_at else MIDNIGHT)
