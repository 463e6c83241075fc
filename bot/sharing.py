"""Papers that people share: posted in the channel they are in, once, in the ledger like every other post."""

from __future__ import annotations

from bot.asking import Asker
from bot.delivery import Delivery
from bot.entries import Entries
from bot.errors import DeliveryError, UsageError
from bot.ingest import Clock
from bot.known import known_paper
from bot.messages import Message, already_message, notice, quoted
from bot.slack import Identity, Slack
from storage import Store
from storage.models import Paper, Post, PostKind, PostState

_OPEN = (PostState.PLANNED, PostState.SENDING)


class Sharing:
    """Shares papers in one workspace. Every method raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        delivery: Delivery,
        entries: Entries,
        identity: Identity,
        clock: Clock,
    ) -> None:
        self.store = store
        self.slack = slack
        self.delivery = delivery
        self.entries = entries
        self.identity = identity
        self.clock = clock

    async def plan(self, paper_id: str, asker: Asker) -> Post:
        """Write down that a paper is to be posted where somebody is, unless that channel had it.

        Returns the channel's post of the paper. From here on nothing loses the share: the tick finishes it.
        """
        paper = await known_paper(self.store, paper_id)
        share = Post(
            team_id=self.identity.team_id,
            channel_id=asker.channel_id,
            day=None,
            position=0,
            kind=PostKind.SHARE,
            planned_at=self.clock(),
            paper_id=paper.id,
            shared_by=asker.user_id,
        )
        return await self.store.plan_share(share)

    async def send(self, post: Post) -> Message | None:
        """Post what was planned; returns what to tell the person, None where the message itself says it."""
        paper = await known_paper(self.store, post.paper_id)
        if post.kind is not PostKind.SHARE or post.state not in _OPEN:
            return await self._had(post, paper)
        try:
            settled = await self.delivery.share(post)
        except DeliveryError as refused:
            raise self._why_not(refused, post.channel_id) from refused
        return _said(settled, quoted(paper.title))

    async def _had(self, post: Post, paper: Paper) -> Message:
        """Where the channel has the paper already."""
        if post.state in _OPEN:
            raise UsageError(f"{quoted(paper.title)} is among the papers being posted here just now.")
        url = await self.slack.permalink(post.channel_id, post.ts) if post.ts else ""
        if not url:
            why = post.reason or "deleted in Slack"
            raise UsageError(
                f"A channel gets a paper once, and of {quoted(paper.title)} no message is left here ({why})."
            )
        return already_message(paper, self.entries.date_of(post), url)

    def _why_not(self, refused: DeliveryError, channel_id: str) -> DeliveryError | UsageError:
        """The refusal in the words of somebody who stands in that channel."""
        match refused.code:
            case "channel_not_found" if channel_id.startswith("D"):
                return UsageError(
                    "I can't post between other people. Share it in a channel, or in a message to me."
                )
            case "channel_not_found" | "not_in_channel":
                return UsageError(
                    "I am not in this channel, so I can't post here. "
                    f"Type `/invite` <@{self.identity.user_id}> and press *Share* again."
                )
            case "is_archived":
                return UsageError("This channel is archived: nothing can be posted here any more.")
            case code if code.startswith("restricted_action"):
                return UsageError(
                    "A setting of this workspace keeps me from posting here. An admin can change it."
                )
        return refused


def _said(settled: Post | None, title: str) -> Message | None:
    """What there is to say of a share once it is as far as it will go now."""
    if settled is None:
        raise UsageError(f"{title} was refused just now. Press *Share* again to read why.")
    if settled.state is PostState.ABANDONED:
        raise UsageError(f"Slack does not take the message about {title}: {settled.reason}.")
    if settled.state in _OPEN:
        return notice(f"Slack is slow to take {title}; I go on until it is in this channel.")
    return None
