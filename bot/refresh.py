"""Posts that show how many voted: redrawn within seconds, many votes at once in one update."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta

from bot.drawing import Drawing
from bot.errors import DeliveryError, StoreError
from bot.ingest import Clock
from bot.messages import drawn
from bot.outcomes import NotSent
from bot.slack import Slack
from bot.timing import Timing
from storage import Store
from storage.models import Post

log = logging.getLogger(__name__)

#: Posts this old are compared with the votes cast while the bot was down; few people vote on what is older.
LOOK_BACK = timedelta(days=14)


class Refresher:
    """Redraws the posts of papers whose votes changed.

    What a post shows is stored with it, so an update is made only where that differs from the votes,
    and one that was lost in a crash is found again at the next start.
    """

    def __init__(
        self,
        store: Store,
        slack: Slack,
        drawing: Drawing,
        team_id: str,
        clock: Clock,
        coalesce_seconds: float = Timing().coalesce,
    ) -> None:
        self.store = store
        self.slack = slack
        self.drawing = drawing
        self.team_id = team_id
        self.clock = clock
        self.coalesce_seconds = coalesce_seconds
        self._touched: set[str] = set()
        self._wake = asyncio.Event()

    def touch(self, paper_ids: Iterable[str]) -> None:
        """The votes on these papers may have changed."""
        self._touched.update(paper_ids)
        if self._touched:
            self._wake.set()

    async def run(self) -> None:
        """Redraw what is touched, for ever."""
        self.touch(await self.store.papers_posted_since(self.team_id, self.clock() - LOOK_BACK))
        while True:
            await self._wake.wait()
            await asyncio.sleep(self.coalesce_seconds)
            try:
                await self.flush()
            except StoreError as error:
                log.error("posts can't be redrawn: %s", error)

    async def flush(self) -> None:
        """Redraw what was touched until now. Raises StoreError, with nothing forgotten."""
        touched, self._touched = self._touched, set()
        self._wake.clear()
        try:
            for post in await self._stale(sorted(touched)):
                await self._redraw(post)
        except StoreError:
            self.touch(touched)
            raise

    async def _stale(self, paper_ids: list[str]) -> list[Post]:
        """The posts of these papers that show other numbers than the votes are."""
        posts = await self.store.posts_of(self.team_id, paper_ids)
        tallies = await self.store.tallies(self.team_id, paper_ids)
        return [post for post in posts if post.drawn != drawn(tallies[post.paper_id])]

    async def _redraw(self, post: Post) -> None:
        message, shown = await self.drawing.message(post)
        try:
            if await self.slack.update(post.channel_id, post.ts, message):
                await self.store.drawn(post, shown)
            else:
                await self.store.lost(post, "deleted in Slack")
        except NotSent as later:
            await asyncio.sleep(later.retry_after)
            self.touch([post.paper_id])
        except DeliveryError as refused:
            log.warning("the votes on %s in %s are not shown: %s", post.paper_id, post.channel_id, refused)
