"""Editions that were planned and not finished: which are gone on with, and what becomes of the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.delivery import Delivery
from bot.errors import DeliveryError
from bot.ingest import Clock
from bot.outcomes import NotSent
from bot.slack import Slack
from storage import Store
from storage.models import Edition, Post, PostKind, PostState

log = logging.getLogger(__name__)

YESTERDAY = timedelta(days=1)
NOT_IN_TIME = "It could not be posted on its day. What it was to hold comes with the next edition."


class Leftovers:
    """Finishes the unfinished editions of one workspace, or gives them up.

    Whoever opens the channel after days wants one list, under today's date. So an edition of days ago is not gone on
    with: of what was not posted, the newest is in the next edition, and the rest is counted in its header.
    """

    def __init__(self, store: Store, slack: Slack, delivery: Delivery, clock: Clock) -> None:
        self.store = store
        self.slack = slack
        self.delivery = delivery
        self.clock = clock

    async def go_on(self, edition: Edition, *, due: bool) -> None:
        """Finish an edition of today or yesterday; take back what was not posted of an older one.

        What was not begun before today is taken back, too, where the next edition is `due`, and where it only explains
        an empty day. Raises DeliveryError when a person must act first.
        """
        days = await self._days_since(edition)
        if days > timedelta():
            posts = await self.delivery.settle(edition)
            if any(post.state is PostState.SENDING for post in posts):
                return
            if not _begun(posts) and (days > YESTERDAY or due or edition.why):
                await self.store.forget_unsent(
                    edition.team_id,
                    edition.channel_id,
                    edition.day,
                    edition.series,
                    # What it was to hold is news to the channel still, be it the first that it would have had.
                    but_why="" if edition.series else edition.why or NOT_IN_TIME,
                )
                log.info("the edition of %s was not posted in %s in time", edition.day, edition.channel_id)
                return
            if days > YESTERDAY:
                await self._close(edition)
        await self.delivery.send(edition)

    async def _days_since(self, edition: Edition) -> timedelta:
        """How many days ago an edition was planned, by its channel's calendar: one of an old day may be new."""
        subscription = await self.store.subscription(edition.team_id, edition.channel_id)
        zone = ZoneInfo(subscription.timezone if subscription else "UTC")
        return self.clock().astimezone(zone).date() - edition.planned_at.astimezone(zone).date()

    async def _close(self, edition: Edition) -> None:
        """Take back the rest of an edition, and have its header say how many papers there are."""
        if not await self.store.withdraw(edition):
            return
        header, *papers = await self.store.posts(edition)
        if header.kind is not PostKind.HEADER:
            return
        log.info("%s in %s ends after %d papers", edition.day, edition.channel_id, len(papers))
        fewer = await self.delivery.drawing.header(edition.model_copy(update={"listed": {}}))
        try:
            await self.slack.update(header.channel_id, header.ts, fewer)
        except (DeliveryError, NotSent) as error:
            log.warning("the header of %s in %s says more: %s", edition.day, edition.channel_id, error)


def _begun(posts: Sequence[Post]) -> bool:
    return any(post.state is not PostState.PLANNED for post in posts)
