"""What each paper of an answer shows of this workspace: its votes, where it was posted, whether one has saved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo

from bot.ingest import Clock
from bot.messages import Entry, Posted, Snippet, short_date
from storage import Store
from storage.models import Paper, Post, PostKind


class Entries:
    """Makes the entries of one workspace, whose messages are below `url`; dates are told in `zone`."""

    def __init__(self, store: Store, team_id: str, url: str, zone: tzinfo, clock: Clock) -> None:
        self.store = store
        self.team_id = team_id
        self.url = url
        self.zone = zone
        self.clock = clock

    async def of(
        self, papers: Sequence[Paper], user_id: str, channel_id: str, snippets: Mapping[str, Snippet]
    ) -> list[Entry]:
        """The papers as this person sees them in this channel; `snippets` are those of a search, by paper id."""
        ids = [paper.id for paper in papers]
        tallies = await self.store.tallies(self.team_id, ids)
        posted = await self._posted(ids, channel_id)
        saved = await self.store.saved_among(self.team_id, user_id, ids)
        read = await self.store.read_among(self.team_id, user_id, ids)
        return [
            Entry(
                paper,
                tallies[paper.id],
                snippets.get(paper.id),
                posted.get(paper.id),
                paper.id in saved,
                paper.id in read,
            )
            for paper in papers
        ]

    async def _posted(self, ids: Sequence[str], channel_id: str) -> dict[str, Posted]:
        """The newest post of each paper that this person may know of: not of somebody else's direct messages."""
        posts = await self.store.posts_of(self.team_id, ids)
        seen = [post for post in posts if post.channel_id == channel_id or not _is_direct(post.channel_id)]
        # Oldest first, so that the newest one stays.
        return {post.paper_id: self.where(post) for post in reversed(seen)}

    def where(self, post: Post) -> Posted:
        """Where and when a post was sent, as an entry tells it."""
        channel_id = "" if _is_direct(post.channel_id) else post.channel_id
        url = f"{self.url}archives/{post.channel_id}/p{post.ts.replace('.', '')}"
        # The address of a reply needs its thread's, too.
        return Posted(channel_id, self.date_of(post), "" if post.kind is PostKind.REST else url)

    def date_of(self, post: Post) -> str:
        """The day on which a post was sent, as an entry tells it."""
        sent = datetime.fromtimestamp(float(post.ts), UTC).astimezone(self.zone)
        return self.told(sent.date())

    def told(self, day: date) -> str:
        """A day, with its year where that is not this one."""
        return short_date(day, self.clock().astimezone(self.zone).date())


def _is_direct(channel_id: str) -> bool:
    """Whether this is a conversation of one person with the bot."""
    return channel_id.startswith("D")
