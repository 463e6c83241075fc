"""What a channel's edition holds: the papers of the last days that it has not had, in the order of the ranking."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from bot.errors import SourceError
from bot.ingest import Clock, Ingest
from bot.ranking import VERSION
from bot.ranking.edition import unseen
from bot.ranking.interleave import Team, team_draft
from bot.ranking.trend import bloomed
from bot.recommend import Audience, Ranked, Recommender
from bot.topics import Wanted
from storage import Store
from storage.models import Edition, Exposure, Listed, Mode, Paper, Post, PostKind, Subscription

#: Hugging Face's papers are all in the edition; arXiv's announcements, hundreds a day, fill it up to this.
FULL = 30
#: Days a channel can catch up on, so that Monday's edition has what the weekend brought.
CATCH_UP = timedelta(days=3)
#: What was listed between that and so many days ago is counted, so that it can be looked up.
MISSED = timedelta(days=30)
#: Papers listed so many days ago can come back when their upvotes have grown since.
BLOOM = timedelta(days=14)
#: A paper under another number, or almost the same title, comes at most so long after the first.
REMEMBERED = timedelta(days=90)
#: The role of a paper that is none of the first, in the log of what was shown.
REST = "rest"


class Draft(NamedTuple):
    """An edition, its papers in order, and why each is in, before anything is written down.

    `submitters` are who brought papers to it, by paper.
    """

    edition: Edition
    papers: list[Paper]
    exposures: list[Exposure]
    submitters: Mapping[str, str] = MappingProxyType({})


class Shown(NamedTuple):
    """One paper of an edition: the role in which it was chosen, and whose pick it was in an experiment."""

    id: str
    role: str
    team: str = ""


class Drafting:
    """Drafts editions for the channels of one workspace.

    With `experiment`, two rankings take turns in choosing what stands first: the one with the channel's taste, and
    the same without it.
    """

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        recommender: Recommender,
        team_id: str,
        clock: Clock,
        *,
        experiment: bool = False,
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.recommender = recommender
        self.team_id = team_id
        self.clock = clock
        self.experiment = experiment
        self._turn = asyncio.Lock()

    async def draft(self, subscription: Subscription, day: date, *, exact: bool) -> Draft | None:
        """Choose and order the papers of the edition of `day`; None when there are none the channel has not had.

        `exact`: only papers listed on that very day, instead of all that was listed since the last edition.
        """
        # One after the other: the store answers on the loop, and fifty channels at once would keep it from all else.
        async with self._turn:
            return await self._draft(subscription, day, exact=exact)

    async def _draft(self, subscription: Subscription, day: date, *, exact: bool) -> Draft | None:
        last = None if exact else await self.store.last_edition(self.team_id, subscription.channel_id)
        today = min(day, self.ingest.today())
        reach = reaching_back(subscription.weekdays, today)
        listed = await (
            self._listed(day, day) if exact else self._since(subscription.channel_id, last, today, reach)
        )
        submitters = {} if exact or not listed else await self._submitted(subscription.channel_id)
        brought = _as_listed(submitters, listed)
        news = await self.news_to(subscription.channel_id, listed | brought)
        # What somebody submits was chosen for this channel, whatever else it asks for.
        asked = await self._asked_for(
            subscription, {id: where for id, where in news.items() if id not in brought}
        )
        fresh = asked | {id: where for id, where in news.items() if id in brought}
        # What people submit joins a day's papers; it does not make up for those that are not listed yet.
        if not asked:
            return None
        late = {} if exact else await self._bloomed(subscription.channel_id, fresh)
        late = await self._asked_for(subscription, late)
        papers = await self.store.papers([*fresh, *late])
        ranked = await self.recommender.rank(papers, Audience(subscription.channel_id))
        shown = await self._shown(ranked, subscription, day, fresh, late)
        if not shown:
            return None
        drafted = self._drafted(ranked, subscription, day, shown, fresh | late, last, brought)
        drafted = drafted._replace(submitters=submitters)
        if is_picky(subscription):
            # What was not asked for is not missed.
            return drafted
        missed = await self._missed(subscription.channel_id, last, today - reach, drafted.papers)
        return drafted._replace(edition=drafted.edition.model_copy(update={"missed": missed}))

    async def _asked_for(self, subscription: Subscription, listed: dict[str, Listed]) -> dict[str, Listed]:
        """What of the listed papers is of the sources and has the upvotes that a channel asked for."""
        if not is_picky(subscription):
            return listed
        wants = Wanted(sources=subscription.sources, minimum=subscription.minimum)
        papers = await self.store.papers(list(listed))
        return {paper.id: listed[paper.id] for paper in papers if wants.takes(paper, listed[paper.id])}

    async def _shown(
        self,
        ranked: Ranked,
        subscription: Subscription,
        day: date,
        fresh: Mapping[str, Listed],
        late: Mapping[str, Listed],
    ) -> list[Shown]:
        """What the edition shows, in order: the first by the ranking's choice, then the rest by their scores."""
        seed = f"{self.team_id} {subscription.channel_id} {day}"
        choices = await self.recommender.choose(ranked, subscription.top, list(late), seed)
        first = [Shown(choice.id, choice.role) for choice in choices]
        if self.experiment and ranked.tasted:
            first = _interleaved(first, ranked, fresh, subscription.top, seed)
        taken = {one.id for one in first}
        rest = [one.id for one in ranked.scored if one.id in fresh and one.id not in taken]
        return first + [Shown(id, REST) for id in _filling(rest, fresh, FULL - len(first))]

    def _drafted(
        self,
        ranked: Ranked,
        subscription: Subscription,
        day: date,
        shown: Sequence[Shown],
        listed: Mapping[str, Listed],
        last: Edition | None,
        brought: Mapping[str, Listed],
    ) -> Draft:
        papers = [ranked.papers[one.id] for one in shown]
        news = [listed[one.id] for one in shown if one.role != "bloomed" and one.id not in brought]
        curated = any(where.curated for where in news)
        edition = Edition(
            team_id=self.team_id,
            channel_id=subscription.channel_id,
            day=day,
            listed_day=max((where.day for where in news), default=day),
            first_day=min((where.day for where in news if where.curated or not curated), default=day),
            announced_day=max(
                (where.day for where in listed.values() if not where.curated),
                default=last.announced_day if last else None,
            ),
            planned_at=self.clock(),
            top=subscription.top,
            listed=_counts(papers, listed, brought),
            left_out=len(ranked.scored) - len(papers),
            about=Mode.LIST if subscription.mode is Mode.LIST else "",
        )
        return Draft(edition, papers, list(exposures_of(edition, shown, ranked)))

    async def _submitted(self, channel_id: str) -> dict[str, str]:
        """Who brought which papers to the channel's next edition, oldest first; of several people the first."""
        submissions = await self.store.submissions(self.team_id, channel_id)
        submitters = {one.paper_id: one.user_id for one in reversed(submissions)}
        with suppress(SourceError):
            # Submitted while arXiv was out of reach; otherwise all are in the store.
            await self.ingest.papers(list(submitters))
        known = await self.store.papers(list(dict.fromkeys(one.paper_id for one in submissions)))
        return {paper.id: submitters[paper.id] for paper in known}

    async def news_to(self, channel_id: str, listed: Mapping[str, Listed]) -> dict[str, Listed]:
        """What is news to a channel: not what it had, be it under another number or almost the same title."""
        had = await self.store.papers_posted(self.team_id, channel_id, list(listed))
        fresh = await self.store.papers([id for id in listed if id not in had])
        remembered = await self.store.titles_posted(self.team_id, channel_id, self.clock() - REMEMBERED)
        kept = await asyncio.to_thread(unseen, fresh, remembered)
        return {paper.id: listed[paper.id] for paper in kept}

    async def _bloomed(self, channel_id: str, fresh: Mapping[str, Listed]) -> dict[str, Listed]:
        """Papers of earlier days that the channel did not have, and whose upvotes have grown since those days."""
        first = min(where.day for where in fresh.values())
        listed = await self.store.listed(first - BLOOM, first - timedelta(days=1))
        now = {one.paper_id: one for one in await self.store.standings_of(list(listed))}
        grown = {}
        for day in sorted({where.day for where in listed.values()}):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
            for before in await self.store.standings_on([day], until=midnight):
                latest = now.get(before.paper_id)
                if before.upvotes is None or latest is None or latest.upvotes is None:
                    continue
                if bloomed(before.upvotes, before.hours, latest.upvotes):
                    grown[before.paper_id] = listed[before.paper_id]
        return await self.news_to(channel_id, {id: it for id, it in grown.items() if id not in fresh})

    async def _missed(
        self, channel_id: str, last: Edition | None, first: date, shown: Sequence[Paper]
    ) -> dict[str, int]:
        """How many of Hugging Face's papers from before the `first` day of this edition were in none, by day.

        Those that the store has: a day on which the bot did not run may be missing.
        """
        if last is None:
            return {}
        # From its first day on: the posting of the last edition may have broken off.
        since = min(last.first_day or last.listed_day, last.listed_day)
        listed = await self.store.listed(max(since, first - MISSED), first - timedelta(days=1))
        had = await self.store.papers_posted(self.team_id, channel_id, list(listed))
        had |= {paper.id for paper in shown}
        days = [str(where.day) for id, where in listed.items() if where.curated and id not in had]
        return dict(sorted(Counter(days).items()))

    async def _since(
        self, channel_id: str, last: Edition | None, today: date, reach: timedelta
    ) -> dict[str, Listed]:
        """What was listed since a channel gets editions, on the days it can catch up on.

        Not only since its last edition: a day before that may have been one that could not be read by then.
        """
        began = await self.store.editions_began(self.team_id, channel_id)
        first = min(max(began or date.min, today - reach), today)
        listed = await self._listed(first, today)
        announced = last.announced_day if last else None
        return _since_then(listed, announced or date.min) if began else _newest(listed)

    async def _listed(self, first: date, last: date) -> dict[str, Listed]:
        await self.read(first, last)
        return await self.store.listed(first, last)

    async def read(self, first: date, last: date) -> None:
        """Have the store know what the sources list for these days."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        await asyncio.gather(*(self.ingest.ensure_day(day) for day in days))


def _since_then(listed: dict[str, Listed], announced: date) -> dict[str, Listed]:
    """What is new to a channel after its first edition: whatever Hugging Face listed on any of these days.

    Papers go on being listed until a day's evening, and a day may have been read late. Of arXiv only later
    announcements than those of the day `announced`: the hundreds that did not make it yesterday are not news today.
    """
    return {id: where for id, where in listed.items() if where.curated or where.day > announced}


def _newest(listed: dict[str, Listed]) -> dict[str, Listed]:
    """What a channel's first edition is made of: the newest day of each kind of listing."""
    newest = {
        kind: max((w.day for w in listed.values() if w.curated is kind), default=None)
        for kind in (True, False)
    }
    return {id: where for id, where in listed.items() if where.day == newest[where.curated]}


def _as_listed(submitters: Iterable[str], listed: Mapping[str, Listed]) -> dict[str, Listed]:
    """Submitted papers that no source has listed lately, as if somebody had curated them on the newest of the days."""
    day = max((where.day for where in listed.values()), default=date.min)
    return {id: Listed(day, curated=True) for id in submitters if id not in listed}


def _interleaved(
    chosen: Sequence[Shown], ranked: Ranked, fresh: Mapping[str, Listed], size: int, seed: str
) -> list[Shown]:
    """What stands first where two rankings take turns: with the channel's taste as chosen, and without it."""
    plain = sorted(
        (one for one in ranked.scored if one.id in fresh), key=lambda one: one.familiar - one.total
    )
    roles = {one.id: one.role for one in chosen}
    # The seed is no secret: it makes an edition the same when it is planned again.
    coin = random.Random(seed)  # noqa: S311
    drafted = team_draft([one.id for one in chosen], [one.id for one in plain], size, coin)
    return [
        Shown(one.id, roles.get(one.id, "best") if one.team is Team.FIRST else "best", one.team)
        for one in drafted
    ]


def exposures_of(edition: Edition, shown: Sequence[Shown], ranked: Ranked) -> Iterator[Exposure]:
    """What the log says of the papers that an edition shows."""
    scored = {one.id: one for one in ranked.scored}
    for position, one in enumerate(shown, start=1):
        yield Exposure(
            team_id=edition.team_id,
            channel_id=edition.channel_id,
            day=edition.day,
            paper_id=one.id,
            position=position,
            shown_at=edition.planned_at,
            ranking=VERSION,
            role=one.role,
            team=one.team,
            upvotes=ranked.papers[one.id].upvotes,
            parts={str(part): value for part, value in scored[one.id].parts.items()},
            series=edition.series,
        )


def unlisted(subscription: Subscription, day: date, now: datetime, why: str) -> Edition:
    """The edition of a day without papers."""
    return Edition(
        team_id=subscription.team_id,
        channel_id=subscription.channel_id,
        day=day,
        listed_day=day,
        planned_at=now,
        top=subscription.top,
        why=why,
    )


def reaching_back(weekdays: Sequence[int], day: date) -> timedelta:
    """How many days an edition of `day` catches up on: all since the last day with one, and no fewer than usual."""
    since = (timedelta(days=n) for n in range(1, 8) if (day - timedelta(days=n)).weekday() in weekdays)
    return max(CATCH_UP, next(since, CATCH_UP))


def is_picky(subscription: Subscription) -> bool:
    """Whether a channel asked for some of the day's papers only."""
    return bool(subscription.sources or subscription.minimum)


def note_of(edition: Edition) -> Post:
    """The one post of an edition without papers."""
    return first_post(edition, PostKind.NOTE)


def posts_of(draft: Draft) -> list[Post]:
    """All posts of an edition: the header, the top as messages of their own, the rest for the thread.

    As a list, all are in the thread, and the header names the top.
    """
    edition = draft.edition
    header = first_post(edition, PostKind.HEADER)
    posts = [header]
    for position, paper in enumerate(draft.papers, start=1):
        alone = position <= edition.top and edition.about != Mode.LIST
        kind = PostKind.PAPER if alone else PostKind.REST
        # Only the top is seeded: thirty reactions more would take most of a minute's allowance.
        changed = {"position": position, "kind": kind, "paper_id": paper.id, "seeded": kind is PostKind.REST}
        changed["shared_by"] = draft.submitters.get(paper.id, "")
        posts.append(header.model_copy(update=changed))
    return posts


def first_post(edition: Edition, kind: PostKind) -> Post:
    """What an edition begins with."""
    return Post(
        team_id=edition.team_id,
        channel_id=edition.channel_id,
        day=edition.day,
        position=0,
        kind=kind,
        planned_at=edition.planned_at,
        # It has no paper to vote on.
        seeded=True,
        series=edition.series,
    )


def _filling(rest: Sequence[str], listed: Mapping[str, Listed], room: int) -> list[str]:
    """All of Hugging Face's, and the best of the others until the edition is full; in their order."""
    others = [id for id in rest if not listed[id].curated]
    kept = {*others[: max(0, room - (len(rest) - len(others)))]}
    return [id for id in rest if listed[id].curated or id in kept]


def _counts(
    papers: Sequence[Paper], listed: Mapping[str, Listed], brought: Mapping[str, Listed]
) -> dict[str, int]:
    found = [paper for paper in papers if paper.id not in brought]
    curated = sum(1 for paper in found if listed[paper.id].curated)
    submitted = {"submitted": len(papers) - len(found)} if len(found) < len(papers) else {}
    return {"huggingface": curated, "arxiv": len(found) - curated, **submitted}
