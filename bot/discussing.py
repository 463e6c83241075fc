"""Talks about papers: each begins once, in the thread of the message that brought the paper."""

from __future__ import annotations

from datetime import timedelta

from bot.delivery import LEASE
from bot.errors import DeliveryError, UsageError
from bot.ingest import Clock
from bot.messages import Message, discussed_message, discussion_message, notice, quoted
from bot.outcomes import BadMessage, MaybeSent, NotSent
from bot.pointing import Spot
from bot.slack import Identity, Slack
from storage import Store
from storage.models import Discussion, Paper

#: By this, and the paper, an opening is known again in its thread.
EVENT_TYPE = "papers_discussion"


class Discussing:
    """Opens discussions in one workspace. Every method raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        identity: Identity,
        clock: Clock,
        lease: timedelta = LEASE,
    ) -> None:
        self.store = store
        self.slack = slack
        self.identity = identity
        self.clock = clock
        self.lease = lease

    async def discuss(self, paper: Paper, spot: Spot) -> Message:
        """Begin the talk about a paper at a message, unless it has begun; says where it is."""
        wanted = Discussion(
            team_id=self.identity.team_id,
            channel_id=spot.channel_id,
            ts=spot.ts,
            paper_id=paper.id,
            claimed_at=self.clock(),
        )
        if url := await self._under_way(wanted):
            return discussed_message(paper, url, new=False)
        if not await self.store.claim_discussion(wanted, self.lease):
            return notice(f"The discussion of {quoted(paper.title)} is being opened just now.")
        opening_ts = await self._open(paper, spot, wanted)
        await self.store.discussion_opened(wanted, opening_ts)
        return discussed_message(paper, await self.slack.permalink(spot.channel_id, opening_ts), new=True)

    async def _under_way(self, wanted: Discussion) -> str:
        """Where the talk is; empty where there is none, or none any more."""
        known = await self.store.discussion(wanted)
        if known is None or not known.opening_ts:
            return ""
        if url := await self.slack.permalink(known.channel_id, known.opening_ts):
            return url
        # Somebody deleted the opening: whoever asks now wants another.
        await self.store.forget_discussion(known)
        return ""

    async def _open(self, paper: Paper, spot: Spot, wanted: Discussion) -> str:
        """The `ts` of the opening, found or posted; nobody else is at it, and a crash may have come before."""
        message, metadata = discussion_message(paper), {"paper": paper.id, "message": spot.ts}
        try:
            found = await self._find(spot, message, metadata)
            return found or await self.slack.post(spot.channel_id, message, metadata, spot.thread, EVENT_TYPE)
        except MaybeSent as unknown:
            raise UsageError(
                "Slack does not say whether it took the message. Try again in half a minute: it will be there once."
            ) from unknown
        except BadMessage as refused:
            await self.store.forget_discussion(wanted)
            raise UsageError("The message that this would be about is gone.") from refused
        except NotSent:
            await self.store.forget_discussion(wanted)
            raise
        except DeliveryError as refused:
            await self.store.forget_discussion(wanted)
            raise self._why_not(refused) from refused

    async def _find(self, spot: Spot, message: Message, metadata: dict[str, str]) -> str | None:
        return await self.slack.find(
            spot.channel_id, message, metadata, since="", thread_ts=spot.thread, event_type=EVENT_TYPE
        )

    def _why_not(self, refused: DeliveryError) -> DeliveryError | UsageError:
        if refused.code in ("channel_not_found", "not_in_channel"):
            return UsageError(
                "I am not in this channel, so I can't open a discussion here. "
                f"Type `/invite` <@{self.identity.user_id}> and try again."
            )
        return refused
