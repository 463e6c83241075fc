"""`/papers stats`: the numbers of a channel and of the workspace, and the gist of whether the ranking helps."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.asking import Answer, Asker
from bot.errors import UsageError
from bot.ingest import Clock
from bot.messages import Message, Place, Stats, stats_message
from bot.proving import Proof, Prover, prove
from storage.models import Paper
from storage.statistics import WEEK

WEEKS = 8
MONTH = timedelta(days=30)
FAVOURITES = 5
#: Whoever asks waits for it, so no more editions than these are looked at.
MOST_EDITIONS = 400


class Reporter:
    """Reports on one workspace."""

    def __init__(self, prover: Prover, clock: Clock) -> None:
        self.prover = prover
        self.store = prover.store
        self.team_id = prover.team_id
        self.clock = clock

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers stats`."""
        return None if rest else self.stats(asker.channel_id)

    async def stats(self, channel_id: str) -> Message:
        """A channel's numbers beside the workspace's; the workspace's alone where nothing was posted in the channel.

        Raises UsageError when nothing was posted anywhere.
        """
        now, team_id = self.clock(), self.team_id
        channel = await self.store.activity(team_id, channel_id)
        workspace = await self.store.activity(team_id)
        if not workspace.papers:
            raise UsageError(
                "There is nothing to count yet: no papers were posted. `/papers subscribe` turns on the daily papers "
                "in a channel."
            )
        where = channel_id if channel.papers else ""
        proof, note = await self._proof(where)
        return stats_message(
            Stats(
                channel_id,
                channel if where else None,
                workspace,
                await self.store.votes_by_week(team_id, now - WEEKS * WEEK, WEEKS, where),
                await self._favourites(now - MONTH, where),
                proof.comparison,
                proof.tried,
                note,
            )
        )

    async def _proof(self, channel_id: str) -> tuple[Proof, str]:
        """By the scores in the log: to rank a year of editions anew takes longer than somebody waits."""
        editions = await self.prover.editions(channel_id=channel_id)
        newest = editions[-MOST_EDITIONS:]
        proof = await prove([one async for one in self.prover.replay(newest, logged=True)])
        left_out = f"Of {len(editions):,} editions, these are the newest {len(newest):,}."
        return proof, left_out if len(newest) < len(editions) else ""

    async def _favourites(self, since: datetime, channel_id: str) -> list[tuple[Paper, int]]:
        upvotes = await self.store.favourites(self.team_id, since, FAVOURITES, channel_id)
        papers = await self.store.papers(list(upvotes))
        return [(paper, upvotes[paper.id]) for paper in papers]
