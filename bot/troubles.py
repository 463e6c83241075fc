"""Channels that refuse the bot: whoever asked for papers there is told once, and again only of another reason."""

from __future__ import annotations

import logging

from bot.errors import DeliveryError
from bot.ingest import Clock
from bot.messages import channel_mention, notice
from bot.outcomes import NotSent
from bot.slack import Slack
from storage import Store
from storage.personal import NOBODY

log = logging.getLogger(__name__)


class Troubles:
    """Keeps account of what keeps the bot out of one workspace's channels."""

    def __init__(self, store: Store, slack: Slack, team_id: str, clock: Clock) -> None:
        self.store = store
        self.slack = slack
        self.team_id = team_id
        self.clock = clock

    async def began(self, channel_id: str, refused: DeliveryError) -> None:
        """A channel refused a post. Raises StoreError."""
        told = await self.store.record_trouble(self.team_id, channel_id, refused.code, self.clock())
        subscription = await self.store.subscription(self.team_id, channel_id)
        asked = subscription.created_by if subscription else ""
        if not asked:
            topics = await self.store.topics_of(self.team_id, channel_id)
            asked = next((topic.user_id for topic in topics), "")
        # Nobody in Slack asked for what only the settings name; the log and `papers-bot doctor` have it.
        if told or asked in ("", NOBODY):
            return
        try:
            await self.slack.tell(
                asked,
                notice(
                    f"I can't post the day's papers in {channel_mention(channel_id)}: {refused}. "
                    "Nothing is lost: I try again every ten minutes. `/papers unsubscribe` in the channel ends it."
                ),
            )
        except (DeliveryError, NotSent) as error:
            log.warning("%s can't be told of the trouble in %s: %s", asked, channel_id, error)
            return
        await self.store.told_of_trouble(self.team_id, channel_id)

    async def ended(self, channel_id: str) -> None:
        """A channel took a post. Raises StoreError."""
        await self.store.clear_trouble(self.team_id, channel_id)
