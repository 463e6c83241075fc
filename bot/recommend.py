"""Brings what the store knows of people, papers and votes to the ranking: for a channel, a person, or both.

What is asked of the store is read on the loop; everything that is computed from it, in one thread of its own.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from bot.ingest import Clock
from bot.ranking import edition, signals, taste, trend, why
from bot.ranking.edition import Choice
from bot.ranking.library import Library
from bot.ranking.parts import Candidate, Part, Scored, scored
from bot.ranking.taste import NO_TASTE, Taste
from bot.ranking.terms import typical_terms
from bot.ranking.ties import break_ties
from bot.ranking.trend import Gathered, Trend
from bot.ranking.why import Reason
from bot.search import Search, says_something
from bot.shelf import Shelf
from bot.wishes import Wishes, wishes
from storage import Store
from storage.models import Paper, Standing, Tally

T = TypeVar("T")

#: Votes on the posts of so many days say what is usual here.
USUAL = timedelta(days=30)
#: Of a search's results so many are put in order where they match equally well.
TIED = 25


#: Terms by which a taste is described.
TERMS = 8


class Audience(NamedTuple):
    """For whom papers are ordered: a channel, a person, a person in a channel, or, where both are empty, nobody."""

    channel_id: str = ""
    user_id: str = ""


#: Whoever sees everybody's order, without a taste.
NOBODY = Audience()


class Liking(NamedTuple):
    """What one person or channel likes: how much each paper, and what was asked for in words."""

    preferences: Mapping[str, float]
    wishes: Wishes


INDIFFERENT = Liking({}, Wishes())


class Facts(NamedTuple):
    """What the store knows of some papers, and of whom they are to be ordered for.

    `days` are the groups within which upvotes are compared; `posted` are hours since a paper was posted here first.
    """

    audience: Audience
    papers: Sequence[Paper]
    days: Sequence[Sequence[Standing]]
    tallies: Mapping[str, Tally]
    posted: Mapping[str, float]
    usual: float
    person: Liking
    channel: Liking
    now: datetime


class Ranked(NamedTuple):
    """Papers in the order of their scores, and what the scores rest on."""

    papers: dict[str, Paper]
    scored: list[Scored]
    candidates: dict[str, Candidate]
    tallies: Mapping[str, Tally]
    library: Library
    person: Taste
    channel: Taste

    @property
    def ordered(self) -> list[Paper]:
        return [self.papers[one.id] for one in self.scored]

    @property
    def tasted(self) -> bool:
        """Whether anybody's taste had a say in it."""
        return self.person != NO_TASTE or self.channel != NO_TASTE


class _Learned(NamedTuple):
    """A taste, the preferences it was learned from, newest last, and the root of the library it was learned in."""

    root: object
    preferences: tuple[tuple[str, float], ...]
    taste: Taste


class Recommender:
    """Orders papers in one workspace. Close it at the end."""

    def __init__(
        self,
        store: Store,
        search: Search,
        database: Path,
        team_id: str,
        clock: Clock,
        diversity: float = edition.DIVERSITY,
    ) -> None:
        self.store = store
        self.search = search
        self.team_id = team_id
        self.clock = clock
        self.diversity = diversity
        self._shelf = Shelf(database)
        self._thread = ThreadPoolExecutor(1, "ranking")
        self._tastes: dict[str, _Learned] = {}

    async def rank(
        self,
        papers: Sequence[Paper],
        audience: Audience = NOBODY,
        *,
        together: bool = False,
        until: datetime | None = None,
        mine: Liking | None = None,
    ) -> Ranked:
        """The papers as this audience should see them, best first; those it muted are left out.

        Upvotes are compared within the days that papers were listed on, or of all `together`. With `until`, as it would
        have been at that time. What the person likes need not be read again where it is at hand as `mine`.
        """
        facts = await self._facts(papers, audience, together=together, until=until, mine=mine)
        return await self._aside(self._ranked, facts)

    async def choose(self, ranked: Ranked, size: int, bloomed: Sequence[str], seed: str) -> list[Choice]:
        """The `size` papers that an edition shows first, in order: see `ranking.edition.choose`."""
        return await self._aside(
            lambda: edition.choose(
                ranked.scored,
                size,
                ranked.library.alike,
                bloomed=bloomed,
                diversity=self.diversity,
                seed=seed,
            )
        )

    async def untied(
        self, papers: Sequence[Paper], scores: Sequence[float], audience: Audience
    ) -> list[Paper]:
        """Results of a search, best first: those that match equally well in the order of this audience's taste.

        Only the first TIED are looked at: nobody turns as many pages as there would be to order.
        """
        facts = await self._facts(papers[:TIED], audience)
        if not (facts.person.preferences or facts.channel.preferences):
            return list(papers)
        ranked = await self._aside(self._ranked, facts)
        liked = {one.id: one.familiar for one in ranked.scored}
        known = {paper.id: paper for paper in papers[:TIED]}
        return [known[id] for id in break_ties(list(known), scores[:TIED], liked)] + list(papers[TIED:])

    async def explain(
        self,
        paper: Paper,
        audience: Audience,
        *,
        parts: Mapping[str, float] | None = None,
        until: datetime | None = None,
    ) -> list[Reason]:
        """Why a paper scores as it does for this audience, be it muted or not, the weightiest part first.

        With the `parts` of a score that was logged, these are explained, by what was known `until` then.
        """
        facts = await self._facts([paper], audience, together=False, until=until)
        # What is muted has a score, too, and whoever asks for it is answered.
        return await self._aside(self._explained, paper.id, facts._replace(papers=[paper]), parts)

    async def reasons(self, ranked: Ranked, ids: Sequence[str]) -> dict[str, list[Reason]]:
        """Why each of these papers has its score, by paper, the weightiest part first."""
        return await self._aside(_reasons, ranked, ids)

    async def liking(self, owner_id: str, until: datetime | None = None) -> Liking:
        """What a person or a channel likes; nothing where that is switched off, but what they mute."""
        if not owner_id:
            return INDIFFERENT
        learning = await self.store.learning(self.team_id, owner_id)
        now, at = until or self.clock(), until.timestamp() if until else math.inf
        interests = await self.store.interests(self.team_id, owner_id)
        stated = wishes([one for one in interests if one.stated_at <= at])
        if not learning.active:
            return Liking({}, Wishes(muted_topics=stated.muted_topics, muted_authors=stated.muted_authors))
        if is_channel(owner_id):
            told = await self.store.signals_of_channel(self.team_id, owner_id, now, learning.since, at)
            return Liking(signals.shared(told), stated)
        told = await self.store.signals_of_person(self.team_id, owner_id, now, learning.since, at)
        return Liking(signals.preferences(told), stated)

    async def terms(self, ids: Sequence[str]) -> list[str]:
        """The words that set these papers apart from the recent ones, most telling first."""
        day = self.clock().date().isoformat()
        found = await self._aside(
            lambda: typical_terms(self._shelf.library(ids, day, self.search.encoder), ids, 3 * TERMS)
        )
        # What is no word to search for tells nobody anything.
        telling = [term for term in found if all(map(says_something, (term.split()[0], term.split()[-1])))]
        return telling[:TERMS]

    async def aclose(self) -> None:
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    # --- on the loop -------------------------------------------------------------------------------------------

    async def _facts(
        self,
        papers: Sequence[Paper],
        audience: Audience,
        *,
        together: bool = False,
        until: datetime | None = None,
        mine: Liking | None = None,
    ) -> Facts:
        now, ids = until or self.clock(), [paper.id for paper in papers]
        person = mine or await self.liking(audience.user_id, until)
        channel = await self.liking(audience.channel_id, until)
        wanted = [
            paper for paper in papers if not (person.wishes.mutes(paper) or channel.wishes.mutes(paper))
        ]
        at = until.timestamp() if until else math.inf
        return Facts(
            audience,
            wanted,
            await self._days(ids, until, together=together),
            await self.store.tallies(self.team_id, ids, at),
            await self._posted(ids, now),
            await self.store.usual_votes(self.team_id, now - USUAL, until),
            person,
            channel,
            now,
        )

    async def _days(
        self, ids: Sequence[str], until: datetime | None, *, together: bool
    ) -> list[list[Standing]]:
        own = await self.store.standings_of(ids, until)
        if together:
            return [own]
        days: defaultdict[date, list[Standing]] = defaultdict(list)
        for one in await self.store.standings_on(sorted({one.day for one in own}), until):
            days[one.day].append(one)
        # Oldest first, so that of two days on which a paper was listed the newer one counts.
        return [days[day] for day in sorted(days)]

    async def _posted(self, ids: Sequence[str], now: datetime) -> dict[str, float]:
        """Hours since each paper was posted here first, newest posts first in what the store answers."""
        posts = await self.store.posts_of(self.team_id, ids)
        hours = {post.paper_id: (now.timestamp() - float(post.ts)) / 3600 for post in posts}
        return {id: since for id, since in hours.items() if since > 0}

    async def _aside(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    # --- in the thread -----------------------------------------------------------------------------------------

    def _ranked(self, facts: Facts) -> Ranked:
        ids = [paper.id for paper in facts.papers]
        wanted = {*ids, *facts.person.preferences, *facts.channel.preferences}
        # Of today, whatever day is asked about: an older one would have the library laid anew, and then again.
        library = self._shelf.library(wanted, self.clock().date().isoformat(), self.search.encoder)
        candidates = [one for one in _candidates(facts) if one.id in library]
        person = self._taste(library, facts.audience.user_id, facts.person.preferences)
        channel = self._taste(library, facts.audience.channel_id, facts.channel.preferences)
        ranked = sorted(scored(candidates, library, person, channel), key=lambda one: -one.total)
        return Ranked(
            {paper.id: paper for paper in facts.papers},
            ranked,
            {one.id: one for one in candidates},
            facts.tallies,
            library,
            person,
            channel,
        )

    def _explained(self, id: str, facts: Facts, parts: Mapping[str, float] | None) -> list[Reason]:
        ranked = self._ranked(facts)
        (one,) = ranked.scored
        if parts is not None:
            one = Scored(id, {part: parts.get(part, 0.0) for part in Part})
        tally = ranked.tallies.get(id, why.NO_VOTES)
        return why.explain(ranked.candidates[id], one, ranked.library, ranked.person, ranked.channel, tally)

    def _taste(self, library: Library, owner_id: str, preferences: Mapping[str, float]) -> Taste:
        """What was learned before, as long as neither the library nor the votes have changed."""
        if not preferences:
            return NO_TASTE
        known, told = self._tastes.get(owner_id), tuple(preferences.items())
        if known is None or known.root is not library.root or known.preferences != told:
            known = self._tastes[owner_id] = _Learned(library.root, told, taste.learn(library, preferences))
        return known.taste


def _reasons(ranked: Ranked, ids: Sequence[str]) -> dict[str, list[Reason]]:
    scored = {one.id: one for one in ranked.scored}
    told = why.explain_all(
        [ranked.candidates[id] for id in ids],
        [scored[id] for id in ids],
        ranked.library,
        ranked.person,
        ranked.channel,
        ranked.tallies,
    )
    return dict(zip(ids, told, strict=True))


def is_channel(owner_id: str) -> bool:
    """Whether a Slack id is a conversation's; people's begin with U or W."""
    return not owner_id.startswith(("U", "W"))


def _candidates(facts: Facts) -> Iterable[Candidate]:
    trends = _trends(facts)
    for paper in facts.papers:
        tally = facts.tallies.get(paper.id, Tally())
        yield Candidate(
            paper.id,
            trends.get(paper.id) or Trend(0.0, 0.0, paper.upvotes, 0.0),
            trend.team(tally, facts.posted.get(paper.id, 0.0), facts.usual),
            tuple(dict.fromkeys(facts.channel.wishes.topics(paper) + facts.person.wishes.topics(paper))),
            tuple(dict.fromkeys(facts.channel.wishes.authors(paper) + facts.person.wishes.authors(paper))),
        )


def _trends(facts: Facts) -> dict[str, Trend]:
    """The trend of each paper within its newest day."""
    found: dict[str, Trend] = {}
    for day in facts.days:
        gathered = [Gathered(one.title, one.upvotes, one.hours) for one in day]
        found |= zip((one.paper_id for one in day), trend.trends(gathered), strict=True)
    return found
