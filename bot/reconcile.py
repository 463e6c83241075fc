"""Votes that no event told of: the reactions of recent posts are read back, and the store made what Slack shows.

Slack gives up on a delivery after some minutes, so what people do while the bot is down is in the channel only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from bot.errors import DeliveryError, StoreError
from bot.history import History, Page
from bot.ingest import Clock
from bot.outcomes import NotSent
from bot.refresh import LOOK_BACK
from bot.slack import Identity, Slack
from bot.timing import Timing
from storage import Store
from storage.models import PastedLink, Post, PostKind, Reaction, Shown

log = logging.getLogger(__name__)


@dataclass
class ReadBack:
    """What the reading of one channel found: posts of ours that were read, and what was different there.

    `found` and `gone` count reactions that mean a vote, `deleted` posts that are no longer in the channel. `seen_ours`
    tells whether a reaction of the bot's own was among what was read.
    """

    channel: str
    messages: int = 0
    found: int = 0
    gone: int = 0
    deleted: int = 0
    error: str = ""
    seen_ours: bool = field(default=False, compare=False)


class Reconciler:
    """Reads one workspace's recent posts back; `on_change` is told whose votes may have changed."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        identity: Identity,
        clock: Clock,
        timing: Timing,
        on_change: Callable[[Iterable[str]], None],
    ) -> None:
        self.store = store
        self.identity = identity
        self.clock = clock
        self.timing = timing
        self.on_change = on_change
        self.history = History(slack, clock, timing.per_read)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Events may have been missed: read soon."""
        self._wake.set()

    async def run(self) -> None:
        """Read at once, and again every few hours and whenever it is woken, for ever."""
        while True:
            self._wake.clear()
            try:
                async for read in self.read_back(self.clock() - LOOK_BACK):
                    _log(read)
            except StoreError as error:
                log.error("votes can't be read back: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.timing.reconcile):
                    await self._wake.wait()

    async def read_back(self, since: datetime, channel: str = "") -> AsyncIterator[ReadBack]:
        """Read what was posted since then in one channel, or in each; a channel's trouble is a part of its answer.

        Raises StoreError. What was read until then is kept.
        """
        posts = await self.store.posts_sent_since(self.identity.team_id, since, channel)
        links = await self.store.pasted_since(self.identity.team_id, since, channel)
        if channel and not (posts or links):
            yield ReadBack(channel)
        for channel_id in sorted({post.channel_id for post in posts} | {link.channel_id for link in links}):
            read = ReadBack(channel_id)
            linked = [link for link in links if link.channel_id == channel_id]
            said = [post for post in posts if post.channel_id == channel_id]
            try:
                await self._channel(read, [*said, *(_as_post(link) for link in linked if not link.thread_ts)])
                await self._links_in_threads(read, [link for link in linked if link.thread_ts])
            except DeliveryError as refused:
                read.error = str(refused)
            except NotSent:
                read.error = (
                    f"Slack was too busy or out of reach to read all of {channel_id}; try again later"
                )
            yield read

    async def _channel(self, read: ReadBack, posts: Sequence[Post]) -> None:
        top = {post.ts: post for post in posts if not post.in_thread}
        limited = False
        if top:
            # Newest first, so what is oldest is read last.
            limited = await self._posts(read, top, oldest=min(top), latest=max(top))
        for thread in _threads(posts):
            if header := await self.store.header_ts(thread[0]):
                await self._thread(read, {post.ts: post for post in thread}, header, limited=limited)

    async def _links_in_threads(self, read: ReadBack, links: Sequence[PastedLink]) -> None:
        for thread_ts in dict.fromkeys(link.thread_ts for link in links):
            there = {link.ts: _as_post(link) for link in links if link.thread_ts == thread_ts}
            await self._thread(read, there, thread_ts, limited=False)

    async def _thread(self, read: ReadBack, posts: dict[str, Post], header: str, *, limited: bool) -> None:
        try:
            await self._posts(read, posts, limited=limited, ts=header)
        except DeliveryError as refused:
            if refused.code != "thread_not_found":
                raise
            if not limited:
                await self._lose(read, posts.values())

    async def _posts(
        self, read: ReadBack, wanted: dict[str, Post], *, limited: bool = False, **asked: str
    ) -> bool:
        """Read these posts; returns whether Slack hides some of the history.

        A post that a complete history doesn't have was deleted, unless that has none of our posts at all.
        """
        missing = dict(wanted)
        async for page in self.history.pages(read.channel, **asked):
            limited |= page.limited
            await self._page(read, wanted, page)
            for message in page.shown:
                missing.pop(message.ts, None)
            if not missing:
                return limited
        if not limited and read.messages:
            await self._lose(read, missing.values())
        return limited

    async def _page(self, read: ReadBack, wanted: dict[str, Post], page: Page) -> None:
        await self._keep(read, wanted, [message for message in page.whole if message.ts in wanted])
        for message in page.cut:
            if message.ts not in wanted:
                continue
            try:
                whole = await self.history.message(read.channel, message.ts)
            except DeliveryError as refused:
                # Deleted since the page was read: the next reading will miss it.
                if refused.code != "message_not_found":
                    raise
            else:
                await self._keep(read, wanted, [whole])

    async def _keep(self, read: ReadBack, posts: dict[str, Post], shown: Sequence[Shown]) -> None:
        # First whether ours are there at all: a round-up without one can be newer than all that have one.
        read.seen_ours |= any(self._ours(message) for message in shown)
        by_people = [self._by_people(read, message) for message in shown]
        changed = await self.store.reconcile(self.identity.team_id, read.channel, by_people)
        votes = [reaction for reaction in changed if self._is_vote(reaction, posts[reaction.ts])]
        read.messages += len(shown)
        read.found += sum(reaction.present for reaction in votes)
        read.gone += sum(not reaction.present for reaction in votes)
        self.on_change({posts[reaction.ts].paper_id for reaction in votes})

    def _by_people(self, read: ReadBack, message: Shown) -> Shown:
        """The reactions of others than the bot.

        Its own stands on the first posts of each edition and on shares: as long as none was seen, what is missing from
        the history says nothing.
        """
        others = message.reactions - self._ours(message)
        return message._replace(reactions=others, complete=read.seen_ours)

    def _ours(self, message: Shown) -> frozenset[tuple[str, str]]:
        return frozenset(it for it in message.reactions if it[0] == self.identity.user_id)

    def _is_vote(self, reaction: Reaction, post: Post) -> bool:
        return bool(post.paper_id) and reaction.emoji.partition("::")[0] in self.store.emoji

    async def _lose(self, read: ReadBack, posts: Iterable[Post]) -> None:
        for post in posts:
            if post.kind is PostKind.LINK:
                await self.store.pasted_gone(post.team_id, post.channel_id, post.ts)
            else:
                await self.store.lost(post, "deleted in Slack")
            read.deleted += 1


def _as_post(link: PastedLink) -> Post:
    """Somebody's message with a link, to be read as a post of ours is."""
    return Post(
        team_id=link.team_id,
        channel_id=link.channel_id,
        day=None,
        position=0,
        kind=PostKind.LINK,
        planned_at=datetime.fromtimestamp(float(link.ts), UTC),
        paper_id=link.paper_id,
        ts=link.ts,
    )


def _threads(posts: Sequence[Post]) -> Iterator[list[Post]]:
    """The posts in the thread of each edition, the newest edition first."""
    rest = sorted((post for post in posts if post.in_thread), key=_edition, reverse=True)
    for _, thread in groupby(rest, key=_edition):
        yield list(thread)


def _edition(post: Post) -> tuple[str, str]:
    return str(post.day), post.series


def _log(read: ReadBack) -> None:
    if read.error:
        log.error("votes in %s can't be read back: %s", read.channel, read.error)
    elif read.found or read.gone or read.deleted:
        counts = (read.found, read.gone, read.deleted)
        log.info("read back in %s: %d votes found, %d gone, %d messages deleted", read.channel, *counts)
