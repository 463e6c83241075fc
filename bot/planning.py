"""Plans what is due besides the daily edition; what is planned, `Daily` sends like all that is unfinished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.errors import PapersError
from bot.outcomes import NotSent
from storage import Store
from storage.models import Edition, Post, PostKind

log = logging.getLogger(__name__)


def posts_without_votes(edition: Edition, kinds: Sequence[PostKind]) -> list[Post]:
    """The posts of an edition of a series whose papers, if any, are voted on in posts of their own."""
    return [
        Post(
            team_id=edition.team_id,
            channel_id=edition.channel_id,
            day=edition.day,
            position=position,
            kind=kind,
            planned_at=edition.planned_at,
            seeded=True,
            series=edition.series,
        )
        for position, kind in enumerate(kinds)
    ]


class Planning:
    """Asks each planner at every tick what is due. They hold no schedule: the store knows."""

    def __init__(self, store: Store, planners: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        self.store = store
        self.planners = planners

    async def run(self, tick: float) -> None:
        """Plan for ever, every so many seconds."""
        while True:
            await self.plan()
            await asyncio.sleep(tick)

    async def plan(self) -> None:
        """Let each plan what is due; the trouble of one is no other's."""
        for name, plan in self.planners.items():
            try:
                # What a copy that was put back doesn't know of must be read from Slack first.
                if await self.store.copied_at() is None:
                    await plan()
            except (PapersError, NotSent) as error:
                log.error("%s can't be planned just now: %s", name, error)
            except Exception:
                log.exception("planning %s failed", name)
