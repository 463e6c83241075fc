"""Does the ranking help? A replay of a workspace's own history: what was shown, upvoted, and known beforehand."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

from bot.messages import Comparison, Experiment
from bot.ranking import evaluate, interleave
from bot.ranking.evaluate import Difference, Impression, Replay, Scores
from bot.ranking.interleave import Drafted, Outcome, Team
from bot.recommend import Audience, Recommender
from storage.models import Edition, Showing

#: Stands for papers that an order knows nothing of: below all others.
UNKNOWN = float("-inf")
#: With fewer editions in which anything was upvoted, or fewer upvotes, a bootstrap is sure of chance.
FEW_EDITIONS, FEW_UPVOTES = 10, 20


class Order(StrEnum):
    """Ways to order an edition, none of which knows what came after."""

    OURS = "ours"
    HUGGINGFACE = "huggingface"
    NEWEST = "newest"
    RANDOM = "random"


class Replayed(NamedTuple):
    """An edition as it was shown, what each order would have made of it, and whose picks were upvoted.

    `scores` are missing where nothing was upvoted, and `credit` where there was no experiment.
    """

    edition: Edition
    session: tuple[Impression, ...]
    scores: dict[Order, Scores]
    credit: tuple[int, int] | None = None


class Proof(NamedTuple):
    """How the orders fare over some editions: `counted` are those in which anything was upvoted.

    Without any, there are no `replays`. `difference` is our nDCG@n minus that of Hugging Face's order.
    """

    since: date | None
    editions: int
    counted: int
    upvotes: int
    n: int
    replays: dict[Order, Replay]
    difference: Difference
    experiment: Outcome | None

    @property
    def comparison(self) -> Comparison:
        """Our order beside Hugging Face's; without figures while there is too little to say anything."""
        early = self.counted < FEW_EDITIONS or self.upvotes < FEW_UPVOTES
        ours, theirs = (
            (math.nan, math.nan)
            if early
            else (self.replays[Order.OURS].ndcg.mean, self.replays[Order.HUGGINGFACE].ndcg.mean)
        )
        return Comparison(self.n, ours, theirs, self.difference.sure, self.counted, self.upvotes, early)

    @property
    def tried(self) -> Experiment | None:
        """How the experiment stands, if there is one: the first ranking is the one with the channel's taste."""
        tried = self.experiment
        return Experiment(tried.first, tried.second, tried.ties, tried.p_value) if tried else None


class Prover:
    """Replays the editions of one workspace, from the store alone."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender
        self.store = recommender.store
        self.team_id = recommender.team_id

    async def editions(self, first: date = date.min, channel_id: str = "") -> list[Edition]:
        """A workspace's editions from a day on, oldest first; of one channel, where one is named."""
        return await self.store.editions_of(self.team_id, first, channel_id)

    async def replay(self, editions: Sequence[Edition], *, logged: bool = False) -> AsyncIterator[Replayed]:
        """Each of these editions in turn; upvotes cast in its channel at or after its planning count.

        Our order is that of today's ranking with what was known when an edition was planned; `logged`, which takes
        no time: of the ranking that planned it, and editions of before the log have no scores.
        """
        upvoted: dict[str, dict[str, list[float]]] = {}
        first = min((edition.planned_at for edition in editions), default=datetime.now(UTC))
        for edition in editions:
            channel = edition.channel_id
            if channel not in upvoted:
                upvoted[channel] = await self.store.upvoted(self.team_id, channel, first)
            shown = await self.store.showings(edition)
            session = tuple(_impression(one, edition, upvoted[channel]) for one in shown)
            scores = await self._scores(edition, shown, logged) if any(one.upvotes for one in session) else {}
            yield Replayed(edition, session, scores, _credit(shown, session))
            # The store answers on the loop, which others want, too.
            await asyncio.sleep(0)

    async def _scores(self, edition: Edition, shown: Sequence[Showing], logged: bool) -> dict[Order, Scores]:
        """What each order gives the papers of an edition, by what was known when it was planned."""
        if logged and all(one.score is None for one in shown):
            return {}
        known = {
            Order.OURS: _logged(shown) if logged else await self._ranked(edition, shown),
            Order.HUGGINGFACE: await self._upvotes(edition, shown),
            Order.NEWEST: {one.paper_id: one.published.timestamp() for one in shown if one.published},
        }
        # Muted meanwhile, or listed by arXiv alone: at the end.
        return {
            order: {one.paper_id: given.get(one.paper_id, UNKNOWN) for one in shown}
            for order, given in known.items()
        }

    async def _ranked(self, edition: Edition, shown: Sequence[Showing]) -> Scores:
        papers = await self.store.papers([one.paper_id for one in shown])
        audience = Audience(edition.channel_id)
        ranked = await self.recommender.rank(papers, audience, until=edition.planned_at)
        return {one.id: one.total for one in ranked.scored}

    async def _upvotes(self, edition: Edition, shown: Sequence[Showing]) -> Scores:
        """Hugging Face's upvotes as they were logged, or else as they had been read by then."""
        upvotes = {one.paper_id: one.upvotes for one in shown}
        if all(one.score is None for one in shown):
            standings = await self.store.standings_of(list(upvotes), edition.planned_at)
            upvotes = {one.paper_id: one.upvotes for one in standings}
        return {id: float(count) for id, count in upvotes.items() if count is not None}


async def prove(replayed: Sequence[Replayed]) -> Proof:
    """The measures over these editions, off the event loop."""
    return await asyncio.to_thread(proof, replayed)


def proof(replayed: Sequence[Replayed]) -> Proof:
    told = [one for one in replayed if one.scores]
    n = _usual(one.edition.top for one in replayed)
    sessions = [one.session for one in told]
    scores = {
        order: [one.scores[order] for one in told] for order in (Order.OURS, Order.HUGGINGFACE, Order.NEWEST)
    }
    replays: dict[Order, Replay] = {
        order: evaluate.replay(sessions, given, n) for order, given in scores.items()
    }
    replays[Order.RANDOM] = evaluate.shuffled(sessions, n)
    credited = [one.credit for one in replayed if one.credit is not None]
    return Proof(
        since=min((one.edition.day for one in replayed), default=None),
        editions=len(replayed),
        counted=len(told),
        upvotes=sum(one.upvotes for session in sessions for one in session),
        n=n,
        replays=replays if told else {},
        difference=evaluate.compare(sessions, scores[Order.OURS], scores[Order.HUGGINGFACE], n),
        experiment=interleave.outcome(credited) if credited else None,
    )


def _impression(shown: Showing, edition: Edition, upvoted: Mapping[str, Sequence[float]]) -> Impression:
    since = edition.planned_at.timestamp()
    upvotes = sum(at >= since for at in upvoted.get(shown.paper_id, ()))
    return Impression(shown.paper_id, shown.position, upvotes)


def _logged(shown: Sequence[Showing]) -> Scores:
    return {one.paper_id: one.score for one in shown if one.score is not None}


def _credit(shown: Sequence[Showing], session: Sequence[Impression]) -> tuple[int, int] | None:
    """How many upvoted papers each ranking of an experiment had picked; None without an experiment."""
    drafted = [Drafted(one.paper_id, Team(one.team)) for one in shown if one.team]
    return interleave.credit(drafted, {one.paper_id for one in session if one.upvotes}) if drafted else None


def _usual(tops: Iterable[int]) -> int:
    """What most editions show first; of two as frequent, the newer."""
    return max(Counter(reversed(list(tops))).items(), key=lambda item: item[1], default=(5, 0))[0]
