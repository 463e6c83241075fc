"""The daily post: which channels are due, and what was left unfinished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.delivery import LEASE, Delivery, Outcome
from bot.drafting import Drafting, posts_of
from bot.errors import DeliveryError, StoreError
from bot.ingest import Clock
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


class Daily:
    """Plans editions, and has them and interrupted shares sent. It holds no schedule: what is due, the store knows."""

    def __init__(
        self,
        store: Store,
        drafting: Drafting,
        delivery: Delivery,
        troubles: Troubles,
        team_id: str,
        clock: Clock,
        metrics: Metrics,
        tick_seconds: float = Timing().tick,
    ) -> None:
        self.store = store
        self.drafting = drafting
        self.delivery = delivery
        self.troubles = troubles
        self.team_id = team_id
        self.clock = clock
        self.metrics = metrics
        self.tick_seconds = tick_seconds
        self._working: dict[str, asyncio.Task[None]] = {}
        self._paused: dict[str, datetime] = {}
        self._refused: DeliveryError | None = None

    async def run(self) -> None:
        """Post what is due, for ever. Raises DeliveryError once Slack does not take the token any more."""
        while True:
            if self._refused:
                raise self._refused
            try:
                await self.tick()
            except StoreError as error:
                log.error("what is due can't be read: %s", error)
            await asyncio.sleep(self.tick_seconds)

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
        return [
            *((edition.channel_id, partial(self.delivery.send, edition)) for edition in unfinished),
            *(
                (channel.channel_id, partial(self._post, channel, today, exact=False))
                for channel, today in due
            ),
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
        """
        return await self._post(subscription, day or self.local_day(subscription), exact=day is not None)

    def local_day(self, subscription: Subscription) -> date:
        return self.clock().astimezone(ZoneInfo(subscription.timezone)).date()

    async def _post(self, subscription: Subscription, day: date, *, exact: bool) -> Outcome | None:
        edition = await self.store.edition(self.team_id, subscription.channel_id, day)
        if edition is None:
            edition = await self._plan(subscription, day, exact=exact)
        return await self.delivery.send(edition) if edition else None

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

    async def _due(self) -> list[tuple[Subscription, date]]:
        """Channels whose hour has come today and that have no edition of today, and which day that is there."""
        due = []
        for subscription in await self.store.subscriptions(self.team_id):
            local = self.clock().astimezone(ZoneInfo(subscription.timezone))
            if local.time() >= subscription.post_at and not await self.store.edition(
                self.team_id, subscription.channel_id, local.date()
            ):
                due.append((subscription, local.date()))
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
