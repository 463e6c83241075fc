"""The daily post: which channels are due, and what their edition holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import ranking
from bot.delivery import Delivery, Outcome
from bot.errors import DeliveryError, StoreError
from bot.ingest import Clock, Ingest
from bot.logs import event
from bot.metrics import Metrics
from bot.timing import Timing
from storage import Store
from storage.models import Edition, Listed, Paper, Post, PostKind, Subscription

log = logging.getLogger(__name__)

#: Hugging Face's papers are all in the edition; arXiv's announcements, hundreds a day, fill it up to this.
FULL = 30
#: Days a channel can catch up on, so that Monday's edition has what the weekend brought.
CATCH_UP = timedelta(days=3)
#: A channel that refuses the bot is left alone for this long.
PAUSE = timedelta(minutes=10)


class Draft(NamedTuple):
    """An edition and its papers, best first, before anything is written down."""

    edition: Edition
    papers: list[Paper]


class Daily:
    """Plans editions, and has them and interrupted shares sent. It holds no schedule: what is due, the store knows."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        delivery: Delivery,
        team_id: str,
        clock: Clock,
        metrics: Metrics,
        tick_seconds: float = Timing().tick,
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.delivery = delivery
        self.team_id = team_id
        self.clock = clock
        self.metrics = metrics
        self.tick_seconds = tick_seconds
        self._working: dict[str, asyncio.Task[None]] = {}
        self._paused: dict[str, datetime] = {}

    async def run(self) -> None:
        """Post what is due, for ever."""
        while True:
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
        shares = await self.store.unfinished_shares(self.team_id)
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

    async def draft(self, subscription: Subscription, day: date, *, exact: bool) -> Draft | None:
        """Choose and order the papers of the edition of `day`; None when there are none the channel has not had.

        `exact`: only papers listed on that very day, instead of all that was listed since the last edition.
        """
        last = None if exact else await self.store.last_edition(self.team_id, subscription.channel_id)
        listed = await (self._listed(day, day) if exact else self._since(last, min(day, self.ingest.today())))
        had = await self.store.papers_posted(self.team_id, subscription.channel_id, list(listed))
        fresh = {id: where for id, where in listed.items() if id not in had}
        if not fresh:
            return None
        papers = _chosen(await self._ranked(list(fresh)), fresh)
        curated = any(fresh[paper.id].curated for paper in papers)
        edition = Edition(
            team_id=self.team_id,
            channel_id=subscription.channel_id,
            day=day,
            listed_day=max(fresh[paper.id].day for paper in papers),
            first_day=min(fresh[paper.id].day for paper in papers if fresh[paper.id].curated or not curated),
            announced_day=max(
                (where.day for where in fresh.values() if not where.curated),
                default=last.announced_day if last else None,
            ),
            planned_at=self.clock(),
            top=subscription.top,
            listed=_counts(papers, fresh),
            left_out=len(fresh) - len(papers),
        )
        return Draft(edition, papers)

    def local_day(self, subscription: Subscription) -> date:
        return self.clock().astimezone(ZoneInfo(subscription.timezone)).date()

    async def _post(self, subscription: Subscription, day: date, *, exact: bool) -> Outcome | None:
        edition = await self.store.edition(self.team_id, subscription.channel_id, day)
        if edition is None:
            edition = await self._plan(subscription, day, exact=exact)
        return await self.delivery.send(edition) if edition else None

    async def _plan(self, subscription: Subscription, day: date, *, exact: bool) -> Edition | None:
        draft = await self.draft(subscription, day, exact=exact)
        if draft is None:
            return None
        edition = draft.edition
        if await self.store.plan(edition, posts_of(draft)):
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

    async def _since(self, last: Edition | None, today: date) -> dict[str, Listed]:
        """The papers listed since a channel's last edition."""
        since = max(last.listed_day, today - CATCH_UP) if last else today - CATCH_UP
        return _news(await self._listed(min(since, today), today), last)

    async def _listed(self, first: date, last: date) -> dict[str, Listed]:
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        await asyncio.gather(*(self.ingest.ensure_day(day) for day in days))
        return await self.store.listed(first, last)

    async def _ranked(self, ids: list[str]) -> list[Paper]:
        tallies = await self.store.tallies(self.team_id, ids)
        return ranking.rank(await self.store.papers(ids), tallies, self.clock())

    def _is_free(self, channel_id: str) -> bool:
        task = self._working.get(channel_id)
        until = self._paused.get(channel_id)
        rested = until is None or self.clock() >= until
        return rested and (task is None or task.done())

    async def _guard(self, channel_id: str, posting: Awaitable[object]) -> None:
        """One channel's trouble is its own: it is logged and the channel left alone for a while."""
        try:
            await posting
        except DeliveryError as error:
            log.error("posting to %s is paused for %s: %s", channel_id, PAUSE, error)
            self._paused[channel_id] = self.clock() + PAUSE
        except Exception:
            log.exception("posting to %s failed and is paused for %s", channel_id, PAUSE)
            self._paused[channel_id] = self.clock() + PAUSE


def _news(listed: dict[str, Listed], last: Edition | None) -> dict[str, Listed]:
    """What is new to a channel: for its first edition, the newest day of each kind of listing.

    After that, whatever Hugging Face listed from the last edition's day on: that day too, because papers
    go on being listed until its evening. Of arXiv only later announcements than the channel has seen: the
    hundreds that did not make it yesterday are not news today.
    """
    if last:
        announced = last.announced_day or date.min
        return {id: where for id, where in listed.items() if where.curated or where.day > announced}
    newest = {
        kind: max((w.day for w in listed.values() if w.curated is kind), default=None)
        for kind in (True, False)
    }
    return {id: where for id, where in listed.items() if where.day == newest[where.curated]}


def posts_of(draft: Draft) -> list[Post]:
    """All posts of an edition: the header, the top as messages of their own, the rest for the thread."""
    edition = draft.edition
    header = Post(
        team_id=edition.team_id,
        channel_id=edition.channel_id,
        day=edition.day,
        position=0,
        kind=PostKind.HEADER,
        planned_at=edition.planned_at,
        seeded=True,
    )
    posts = [header]
    for position, paper in enumerate(draft.papers, start=1):
        kind = PostKind.PAPER if position <= edition.top else PostKind.REST
        # Only the top is seeded: thirty reactions more would take most of a minute's allowance.
        changed = {"position": position, "kind": kind, "paper_id": paper.id, "seeded": kind is PostKind.REST}
        posts.append(header.model_copy(update=changed))
    return posts


def _chosen(ranked: list[Paper], listed: dict[str, Listed]) -> list[Paper]:
    """All of Hugging Face's, and the best of the others until the edition is full; in ranked order."""
    room = FULL - sum(1 for paper in ranked if listed[paper.id].curated)
    others = [paper.id for paper in ranked if not listed[paper.id].curated][: max(0, room)]
    return [paper for paper in ranked if listed[paper.id].curated or paper.id in others]


def _counts(papers: list[Paper], listed: dict[str, Listed]) -> dict[str, int]:
    curated = sum(1 for paper in papers if listed[paper.id].curated)
    return {"huggingface": curated, "arxiv": len(papers) - curated}
