"""Topics that are due, what they post, and how that is drawn.

A topic's papers are a series of the ledger, so they come once and in order like an edition. On a day without matches
nothing is posted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.daily import Work, is_over
from bot.delivery import Delivery
from bot.drafting import CATCH_UP, Drafting, Shown, exposures_of, first_post
from bot.messages import Match, Message, alert_message, topic_list_message
from bot.recommend import Audience
from bot.search import parse, snippet
from bot.topics import WINDOW, matching, wanted
from storage import Store
from storage.models import Edition, Exposure, Mode, Paper, Post, PostKind, Topic

#: A topic that found nothing is looked for again after this, until the day is over: sources are read as often.
AGAIN = timedelta(minutes=10)
#: The role of a topic's papers in the log of what was shown.
ROLE = "topic"


class Alerts:
    """Posts the topics of one workspace. From `until` on, papers that appear are too late for a day."""

    def __init__(self, drafting: Drafting, delivery: Delivery, until: time) -> None:
        self.drafting = drafting
        self.delivery = delivery
        self.store = drafting.store
        self.team_id = drafting.team_id
        self.clock = drafting.clock
        self.until = until
        #: When each topic was looked for last.
        self._looked: dict[str, datetime] = {}
        self._turn = asyncio.Lock()

    async def work(self) -> list[Work]:
        """What is to be posted now, by channel, for the tick."""
        due: list[Work] = []
        for topic in await self.store.topics(self.team_id):
            local = self.clock().astimezone(ZoneInfo(topic.timezone))
            day = local.date()
            if self._is_due(topic, local) and not await self.store.edition(
                self.team_id, topic.channel_id, day, topic.series
            ):
                due.append((topic.channel_id, partial(self.post, topic, day)))
        return due

    def _is_due(self, topic: Topic, local: datetime) -> bool:
        if local.weekday() not in topic.weekdays or local.time() < topic.post_at:
            return False
        looked = self._looked.get(topic.id)
        if looked is None or looked.astimezone(local.tzinfo).date() != local.date():
            return True
        return local - looked >= AGAIN and not is_over(local.time(), topic.post_at, self.until)

    async def post(self, topic: Topic, day: date) -> None:
        """Post what is new of a topic, if anything is. Raises DeliveryError when a person must act first."""
        # One after the other, as with drafts of editions.
        async with self._turn:
            self._looked[topic.id] = self.clock()
            edition, posts, shown = await self._plan(topic, day)
            if posts:
                await self.store.plan(edition, posts, shown)
        planned = await self.store.edition(self.team_id, topic.channel_id, day, topic.series)
        if planned:
            await self.delivery.send(planned)

    async def _plan(self, topic: Topic, day: date) -> tuple[Edition, list[Post], list[Exposure]]:
        edition = Edition(
            team_id=self.team_id,
            channel_id=topic.channel_id,
            day=day,
            listed_day=day,
            planned_at=self.clock(),
            top=topic.top,
            series=topic.series,
            about=topic.name,
        )
        ranked = await self.drafting.recommender.rank(await self._new(topic, day), _audience(topic))
        shown = [Shown(one.id, ROLE) for one in ranked.scored[: topic.top]]
        posts = _posts(edition, topic.mode, [one.id for one in shown])
        return edition, posts, list(exposures_of(edition, shown, ranked))

    async def _new(self, topic: Topic, day: date) -> list[Paper]:
        """The papers of the last days that are of a topic, and that its channel has not had."""
        today = min(day, self.drafting.ingest.today())
        await self.drafting.read(today - CATCH_UP, today)
        listed = await self.store.listed(today - WINDOW, today)
        wants = wanted(topic.typed, topic.categories, topic.sources, topic.minimum)
        found = await matching(self.store, wants, listed)
        fresh = await self.drafting.news_to(topic.channel_id, {id: listed[id] for id in found})
        # What stands in a list is no post of its own.
        had = await self.store.papers_of_series(self.team_id, topic.channel_id, topic.series, list(fresh))
        return [found[id] for id in fresh if id not in had]


class AlertDrawing:
    """Draws what topics post."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def alert(self, post: Post) -> Message:
        topic = (await self.store.edition_of(post)).about
        (match,) = await self._matches(post, [post.paper_id], topic)
        return alert_message(match, topic)

    async def list_(self, post: Post) -> Message:
        edition = await self.store.edition_of(post)
        ids = [one.paper_id for one in await self.store.exposures(edition)]
        return topic_list_message(await self._matches(post, ids, edition.about), edition.about)

    async def _matches(self, post: Post, ids: Sequence[str], topic: str) -> list[Match]:
        query, tallies = parse(topic), await self.store.tallies(post.team_id, ids)
        found = []
        for paper in await self.store.papers(ids):
            # Where no word stands in the abstract, one may in the title.
            titled = paper.model_copy(update={"abstract": paper.title, "summary": ""})
            shown = snippet(query, paper) or snippet(query, titled)
            found.append(Match(paper, tallies[paper.id], shown))
        return found


def _audience(topic: Topic) -> Audience:
    """In their messages with the bot, a person's own taste orders the papers."""
    direct = topic.channel_id.startswith("D")
    return Audience(user_id=topic.user_id) if direct else Audience(topic.channel_id)


def _posts(edition: Edition, mode: Mode, ids: Sequence[str]) -> list[Post]:
    if not ids:
        return []
    if mode is Mode.LIST:
        return [first_post(edition, PostKind.LIST)]
    first = first_post(edition, PostKind.ALERT)
    return [
        first.model_copy(update={"position": position, "paper_id": id, "seeded": False})
        for position, id in enumerate(ids, start=1)
    ]
