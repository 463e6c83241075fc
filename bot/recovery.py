"""After a copy was put back: what the bot posted since the copy was made is in Slack, and comes back into the ledger.

Until that is done nothing is posted, because the ledger would not know what the channels had.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from bot.errors import DeliveryError, PapersError
from bot.ingest import Ingest
from bot.outcomes import NotSent
from bot.slack import Identity, Sent, Slack
from storage import Store
from storage.models import Edition, Post, PostKind, PostState

log = logging.getLogger(__name__)

#: Slack's clock and ours may differ.
MARGIN = timedelta(days=1)
#: Where nothing can be read, nothing can be posted either.
_OUT_OF_REACH = frozenset({"not_in_channel", "channel_not_found"})


class Recovery:
    """Brings the ledger of one workspace up to what its channels hold."""

    def __init__(self, store: Store, ingest: Ingest, slack: Slack, identity: Identity) -> None:
        self.store = store
        self.ingest = ingest
        self.slack = slack
        self.team_id = identity.team_id
        self.bot_id = identity.bot_id

    async def insist(self, channels: Iterable[str], every: float) -> None:
        """Recover, and try again every so many seconds until Slack and the sources let it."""
        wanted = set(channels)
        while True:
            try:
                await self.recover(wanted)
                return
            except PapersError as error:
                log.error(
                    "nothing is posted until what was posted since the backup is read from Slack: %s", error
                )
            except NotSent:
                log.warning(
                    "nothing is posted until Slack can be reached, to read what was posted since the backup"
                )
            await asyncio.sleep(every)

    async def recover(self, channels: Iterable[str]) -> int:
        """Read back what was posted to these channels, and those of the ledger; returns how many posts were unknown.

        Does nothing unless the database is a copy that was put back. Raises DeliveryError, NotSent or SourceError
        when that can't be done now; then it is all done the next time.
        """
        copied_at = await self.store.copied_at()
        if copied_at is None:
            return 0
        count = 0
        for channel in sorted({*channels, *await self.store.channels_posted_to(self.team_id)}):
            count += await self._recover_channel(channel, copied_at - MARGIN)
        await self.store.settle_copy()
        log.info("a backup of %s was put back; %d posts since then were read from Slack", copied_at, count)
        return count

    async def _recover_channel(self, channel: str, since: datetime) -> int:
        try:
            found = [message async for message in self.slack.sent_since(channel, since, self.bot_id)]
        except DeliveryError as error:
            if error.code not in _OUT_OF_REACH:
                raise
            log.warning("what was posted since the backup is not known: %s", error)
            return 0
        posts = [_post(self.team_id, channel, message) for message in found]
        await self._have_papers(posts)
        count = 0
        for (day, _), of_edition in groupby(sorted(posts, key=_edition_of), key=_edition_of):
            count += await self._adopt(day, list(of_edition))
        return count

    async def _have_papers(self, posts: Sequence[Post]) -> None:
        """Have every posted paper in the store, from which posts are redrawn. Raises SourceError."""
        for day in sorted({post.planned_at.date() for post in posts}):
            await self.ingest.ensure_day(day)
        for post in posts:
            if post.paper_id:
                await self.ingest.paper(post.paper_id)

    async def _adopt(self, day: date, posts: Sequence[Post]) -> int:
        known = {paper.id for paper in await self.store.papers([post.paper_id for post in posts])}
        drawable = [post for post in posts if not post.paper_id or post.paper_id in known]
        shares = day == date.min
        return (
            await self.store.adopt(None if shares else _edition(day, drawable), drawable) if drawable else 0
        )


def _edition_of(post: Post) -> tuple[date, str]:
    return post.day or date.min, post.series


def _post(team_id: str, channel: str, sent: Sent) -> Post:
    """The post that a message is, as the ledger would have it."""
    day = None if sent.edition == "shared" else date.fromisoformat(sent.edition)
    kind = PostKind.HEADER if not sent.paper else PostKind.REST if sent.in_thread else PostKind.PAPER
    if sent.series and sent.kind in set(PostKind):
        kind = PostKind(sent.kind)
    return Post(
        team_id=team_id,
        channel_id=channel,
        day=day,
        position=sent.position,
        kind=kind if day else PostKind.SHARE,
        planned_at=datetime.fromtimestamp(float(sent.ts), UTC),
        paper_id=sent.paper,
        state=PostState.SENT,
        ts=sent.ts,
        # Perhaps not, but one more reaction is worth less than the calls to find out.
        seeded=True,
        series=sent.series,
    )


def _edition(day: date, posts: Sequence[Post]) -> Edition:
    """What is known of an edition by its messages."""
    first = min(posts, key=lambda post: post.position)
    return Edition(
        team_id=first.team_id,
        channel_id=first.channel_id,
        day=day,
        listed_day=day,
        planned_at=first.planned_at,
        top=sum(post.kind is PostKind.PAPER for post in posts),
        series=first.series,
    )
