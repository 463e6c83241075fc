"""What the bot says of itself, once: to a person who opens it first, and in a channel that it has come to."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from bot.delivery import LEASE
from bot.errors import DeliveryError
from bot.ingest import Clock
from bot.messages import Message, help_message, notice
from bot.messages.blocks import section
from bot.outcomes import MaybeSent, NotSent
from bot.slack import Slack
from bot.timing import Timing
from storage import Store

#: Slack's clock and ours, by no more than this.
_CLOCKS_DIFFER = timedelta(minutes=5)
_HELLO = (
    "👋 Hello! I am Papers: each day I bring the new papers, and learn from your votes which ones come first. "
    "My *Home* tab has today's, those for you and those you saved. This is all you can ask me:"
)
_HERE = (
    "👋 I can post each day's papers here, the best first: `/papers subscribe` turns it on, "
    "`/papers subscribe 08:30 Europe/Berlin` at that hour.\n"
    "Nothing comes before somebody asks for it. `/papers diffusion policy` finds papers, `/papers help` tells the rest."
)


class Greeting:
    """Greets in one workspace, each person and each channel once, whatever crashes; `seed` is the emoji of a vote.

    Its methods raise StoreError, and DeliveryError where Slack refuses the message: the next occasion tries again.
    """

    def __init__(
        self, store: Store, slack: Slack, team_id: str, seed: str, clock: Clock, timing: Timing
    ) -> None:
        self.store = store
        self.slack = slack
        self.team_id = team_id
        self.seed = seed
        self.clock = clock
        self.timing = timing

    async def person(self, user_id: str, channel_id: str) -> None:
        """Somebody looks at the app: explain it in their direct messages (`channel_id`), the first time."""
        shown = help_message(self.seed)
        message: Message = {"text": _HELLO, "blocks": [section(_HELLO), *shown["blocks"]]}
        await self._once(channel_id, message, "", user_id)

    async def channel(self, channel_id: str) -> None:
        """The bot has come to a channel: say how to get papers there, unless it gets them already."""
        wanted = await self.store.subscription(self.team_id, channel_id)
        if not (wanted and wanted.active):
            await self._once(channel_id, notice(_HERE), channel_id, "")

    async def _once(self, where: str, message: Message, channel_id: str, user_id: str) -> None:
        key, now = (self.team_id, channel_id, user_id), self.clock()
        since = await self.store.claim_greeting(*key, now, LEASE)
        if since is None:
            return
        metadata = {"greeting": user_id or channel_id}
        if since < now and await self._is_there(where, message, metadata, since):
            await self.store.greeted(*key)
            return
        try:
            await self.slack.post(where, message, metadata)
        except (NotSent, DeliveryError):
            await self.store.not_greeted(*key)
            raise
        except MaybeSent:
            await asyncio.sleep(self.timing.look_again)
            if not await self._is_there(where, message, metadata, since):
                # The claim runs out, and whoever comes next looks again before anything is sent.
                return
        await self.store.greeted(*key)

    async def _is_there(
        self, where: str, message: Message, metadata: dict[str, Any], since: datetime
    ) -> bool:
        """Whether a greeting that may have been sent was. Raises MaybeSent or DeliveryError when that can't be seen."""
        oldest = f"{(since - _CLOCKS_DIFFER).timestamp():.6f}"
        return await self.slack.find(where, message, metadata, since=oldest) is not None
