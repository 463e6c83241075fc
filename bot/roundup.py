"""What a week brought to a channel: read from the store, kept with the plan of the round-up, and drawn from there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.chart import shares
from bot.messages import Moved, Risen, RoundUpPage, Voted
from bot.ranking.topics import ENOUGH, Topics, topics
from bot.ranking.trend import bloomed
from storage import Store
from storage.models import Listed, Paper

WEEK = timedelta(days=7)
#: Papers listed in so many days before the week are looked at for late risers.
BLOOM = timedelta(days=14)
#: The weeks that topics are compared with.
BEFORE = timedelta(days=28)
MOST_VOTED, MOST_RISEN = 5, 3
#: More papers than these are not read for their topics; the newest days come first.
MOST_READ = 3000
#: Papers are read from the store in portions, so that the loop is free between them.
_PORTION = 200


class RoundUp(BaseModel):
    """What a round-up says, by ids and numbers: people are not in it, for they may want to be forgotten.

    `since` and `until` bound the votes and submissions; `first` and `last` are the days told. `risen` are papers with
    their upvotes before and now.
    """

    model_config = ConfigDict(frozen=True)

    first: date
    last: date
    since: datetime
    until: datetime
    voted: tuple[tuple[str, int], ...] = ()
    risen: tuple[tuple[str, int, int], ...] = ()
    topics: Topics = Topics()

    @property
    def moved(self) -> bool:
        """Whether any topic did, so that there is something to picture."""
        return bool(self.topics.rising or self.topics.falling)


class RoundUps:
    """Looks back on the weeks of one workspace's channels."""

    def __init__(self, store: Store, team_id: str, url: str) -> None:
        self.store = store
        self.team_id = team_id
        self.url = url
        self._topics: dict[date, Topics] = {}

    async def look_back(self, channel_id: str, until: datetime, zone: ZoneInfo) -> RoundUp:
        """The seven days before `until`, by the clock of a time zone: with summer time beginning, 167 hours."""
        local = until.astimezone(zone)
        since = datetime.combine(local.date() - WEEK, local.time(), zone).astimezone(UTC)
        last = local.date()
        first = last - WEEK + timedelta(days=1)
        voted = await self.store.voted_between(self.team_id, channel_id, since, until, MOST_VOTED)
        return RoundUp(
            first=first,
            last=last,
            since=since,
            until=until,
            voted=tuple(voted.items()),
            risen=tuple(await self._risen(first, since)),
            topics=await self._moved(first, last),
        )

    async def is_empty(self, channel_id: str, found: RoundUp) -> bool:
        """Whether there is nothing to tell."""
        brought = await self.store.submitted_between(self.team_id, channel_id, found.since, found.until)
        return not (found.voted or found.risen or found.moved or brought)

    async def page(self, channel_id: str, found: RoundUp) -> RoundUpPage:
        """A round-up with its papers and people."""
        brought = await self.store.submitted_between(self.team_id, channel_id, found.since, found.until)
        ids = [id for id, _ in found.voted] + [id for id, _, _ in found.risen] + [id for _, id in brought]
        papers = {paper.id: paper for paper in await self.store.papers(ids)}
        posts = await self.store.posts_of(self.team_id, [id for id, _ in found.voted])
        urls = {
            post.paper_id: f"{self.url}archives/{channel_id}/p{post.ts.replace('.', '')}"
            for post in posts
            # The address of a reply needs its thread's, too.
            if post.channel_id == channel_id and not post.in_thread
        }
        return RoundUpPage(
            found.first,
            found.last,
            [Voted(papers[id], votes, urls.get(id, "")) for id, votes in found.voted if id in papers],
            [Risen(papers[id], before, now) for id, before, now in found.risen if id in papers],
            [Moved(topic.term, shares(topic)) for topic in found.topics.rising],
            [Moved(topic.term, shares(topic)) for topic in found.topics.falling],
            [(user_id, papers[id]) for user_id, id in brought if id in papers],
        )

    async def _risen(self, first: date, since: datetime) -> list[tuple[str, int, int]]:
        """Papers of the fortnight before that bloomed in this week, and had not when it began; most grown first."""
        listed = await self.store.listed(first - BLOOM, first - timedelta(days=1))
        now = {one.paper_id: one.upvotes for one in await self.store.standings_of(list(listed))}
        at_first = {
            one.paper_id: one.upvotes for one in await self.store.standings_of(list(listed), until=since)
        }
        found = []
        for day in sorted({where.day for where in listed.values()}):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
            for before in await self.store.standings_on([day], until=midnight):
                latest, then = now.get(before.paper_id), at_first.get(before.paper_id)
                if before.upvotes is None or latest is None:
                    continue
                had = then is not None and bloomed(before.upvotes, before.hours, then)
                if not had and bloomed(before.upvotes, before.hours, latest):
                    found.append((before.paper_id, before.upvotes, latest))
        return sorted(found, key=lambda it: (it[1] - it[2], it[0]))[:MOST_RISEN]

    async def _moved(self, first: date, last: date) -> Topics:
        """The topics of these days; the same for every channel, so they are counted once."""
        if first not in self._topics:
            now = await self._papers(first, last)
            before = await self._papers(first - BEFORE, first - timedelta(days=1))
            self._topics = {first: await asyncio.to_thread(topics, now, before)}
        return self._topics[first]

    async def _papers(self, first: date, last: date) -> list[Paper]:
        """What was listed on these days: by Hugging Face's community or, where that was too little, at all."""
        listed = await self.store.listed(first, last)
        curated = [id for id, where in listed.items() if where.curated]
        wanted = curated if len(curated) >= ENOUGH else _newest(listed)
        papers: list[Paper] = []
        for at in range(0, len(wanted), _PORTION):
            papers += await self.store.papers(wanted[at : at + _PORTION])
            await asyncio.sleep(0)
        return papers


def _newest(listed: dict[str, Listed]) -> Sequence[str]:
    return sorted(listed, key=lambda id: (listed[id].day, id), reverse=True)[:MOST_READ]
