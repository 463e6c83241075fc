"""Sending an edition exactly once: the only code that moves a post through the ledger.

A post is planned, claimed (sending), and sent; or abandoned because Slack will never take it. Whatever
happens in between, the channel's history decides, by the metadata each message carries, and nothing is guessed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Self

from aiolimiter import AsyncLimiter

from bot.errors import DeliveryError
from bot.ingest import Clock
from bot.messages import Message, drawn, header_message, paper_message, rest_message
from bot.outcomes import BadMessage, MaybeSent, NotSent
from bot.slack import Slack
from bot.timing import Timing
from storage import Store
from storage.models import Edition, Paper, Post, PostKind, PostState, Tally

log = logging.getLogger(__name__)

#: A claim older than this belongs to a process that is gone: no call to Slack takes as long.
LEASE = timedelta(seconds=30)
#: How often a message whose fate is unknown is looked for before it counts as not sent.
LOOKS = 2
#: How often Slack may ask to wait before the edition is left for the next tick.
ATTEMPTS = 5
#: Messages that may follow one another at once before a channel's pace sets in.
BURST = 3


class Outcome(NamedTuple):
    """What became of an edition: its messages that are in the channel, of them new, still open, and given up."""

    sent: int
    new: int
    open: int
    abandoned: int

    @classmethod
    def between(cls, before: list[PostState], after: list[PostState]) -> Self:
        sent = after.count(PostState.SENT)
        waiting = after.count(PostState.PLANNED) + after.count(PostState.SENDING)
        return cls(sent, sent - before.count(PostState.SENT), waiting, after.count(PostState.ABANDONED))


class Delivery:
    """Sends planned editions to one workspace, each channel at its own pace."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        seed: str,
        clock: Clock,
        timing: Timing,
        on_sent: Callable[[list[str]], None],
    ) -> None:
        self.store = store
        self.slack = slack
        self.seed = seed
        self.clock = clock
        self.timing = timing
        self.on_sent = on_sent
        self.stopping = False
        self._pace: defaultdict[str, AsyncLimiter] = defaultdict(
            lambda: AsyncLimiter(BURST, BURST * timing.per_message)
        )
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, edition: Edition) -> Outcome:
        """Send what is not sent yet, in order.

        Raises DeliveryError when a person must mend the channel or the token first; nothing is lost by it.
        """
        async with self._busy[edition.channel_id]:
            before = await self._states(edition)
            seeding: list[asyncio.Task[None]] = []
            try:
                await self._send_in_order(edition, seeding)
            except BaseException:
                # What is not seeded yet is seeded at the next tick.
                for task in seeding:
                    task.cancel()
                raise
            finally:
                await asyncio.gather(*seeding, return_exceptions=True)
            return Outcome.between(before, await self._states(edition))

    async def _states(self, edition: Edition) -> list[PostState]:
        return [post.state for post in await self.store.posts(edition)]

    async def _send_in_order(self, edition: Edition, seeding: list[asyncio.Task[None]]) -> None:
        posts = await self.store.posts(edition)
        papers = {paper.id: paper for paper in await self.store.papers([post.paper_id for post in posts])}
        for post in posts:
            if self.stopping:
                return
            settled = await self._settle(edition, post, papers.get(post.paper_id))
            if settled.state in (PostState.PLANNED, PostState.SENDING):
                # Another process has it, or its fate is unknown: nothing may overtake it.
                return
            if settled.state is PostState.SENT and post.paper_id and settled != post:
                # A vote can come before its message's `ts` is known.
                self.on_sent([post.paper_id])
            if settled.state is PostState.SENT and not settled.seeded:
                seeding.append(asyncio.create_task(self._seed(settled)))

    async def _settle(self, edition: Edition, post: Post, paper: Paper | None) -> Post:
        """Bring one post as far as it will go now, and return it as the ledger has it then."""
        if post.state is PostState.SENDING and self._expired(post):
            post = await self._look_for(edition, post, paper, over=True)
        for _ in range(ATTEMPTS):
            if post.state is not PostState.PLANNED:
                break
            # Before the claim, so that a claimed post is being sent and not waiting.
            await self._pace[post.channel_id].acquire()
            if not await self.store.claim(post, self.clock()):
                return await self.store.current(post)
            post = await self._send_claimed(edition, await self.store.current(post), paper)
        return post

    async def _send_claimed(self, edition: Edition, post: Post, paper: Paper | None) -> Post:
        message, shown = await self._draw(edition, post, paper)
        thread_ts = await self._thread_ts(post)
        if post.kind is PostKind.REST and not thread_ts:
            await self.store.abandon(post, "its thread has no header")
            return await self.store.current(post)
        try:
            ts = await self.slack.post(post.channel_id, message, _metadata(post), thread_ts)
        except NotSent as later:
            await self.store.release(post)
            log.info("Slack asks for %.0f s before the next post in %s", later.retry_after, post.channel_id)
            await asyncio.sleep(later.retry_after)
        except MaybeSent as unknown:
            log.warning("post %d of %s in %s: %s", post.position, post.day, post.channel_id, unknown)
            return await self._look_for(edition, post, paper, over=unknown.answered)
        except BadMessage as refused:
            log.error(
                "post %d of %s in %s is abandoned: %s", post.position, post.day, post.channel_id, refused
            )
            await self.store.abandon(post, str(refused))
        except DeliveryError:
            await self.store.release(post)
            raise
        else:
            await self._confirm(post, ts, shown)
        return await self.store.current(post)

    async def _look_for(self, edition: Edition, post: Post, paper: Paper | None, *, over: bool) -> Post:
        """Settle a post that may have been sent, by reading the channel's history.

        Not found, it is free to be sent again only when the call is `over`: Slack may still be at it. Raises
        DeliveryError when a person must act before the history can be read.
        """
        for look in range(LOOKS):
            await asyncio.sleep(self.timing.look_again * look)
            try:
                ts = await self._find(edition, post, paper)
            except MaybeSent as unreadable:
                # Not a guess: it stays open until the history can be read.
                log.warning("post %d of %s waits to be found: %s", post.position, post.day, unreadable)
                return await self.store.current(post)
            if ts:
                # What it shows is not known, so it counts as stale and is drawn again.
                await self._confirm(post, ts, "")
                return await self.store.current(post)
        if over:
            await self.store.release(post)
        return await self.store.current(post)

    async def _confirm(self, post: Post, ts: str, shown: str) -> None:
        if not await self.store.confirm(post, ts, shown):
            log.error(
                "post %d of %s is in %s twice; this one is %s", post.position, post.day, post.channel_id, ts
            )

    async def _find(self, edition: Edition, post: Post, paper: Paper | None) -> str | None:
        message, _ = await self._draw(edition, post, paper)
        header = await self._header_ts(post)
        # By Slack's own clock where there is a header; ours may be off, so it gets a day's margin.
        since = header or f"{(edition.planned_at - timedelta(days=1)).timestamp():.6f}"
        thread_ts = header if post.kind is PostKind.REST else ""
        return await self.slack.find(
            post.channel_id, message, _metadata(post), since=since, thread_ts=thread_ts
        )

    async def _draw(self, edition: Edition, post: Post, paper: Paper | None) -> tuple[Message, str]:
        if paper is None:
            papers = sum(1 for other in await self.store.posts(edition) if other.paper_id)
            return header_message(edition, papers, self.seed), ""
        tally = (await self.store.tallies(post.team_id, [paper.id]))[paper.id]
        return draw(post, paper, tally), drawn(tally)

    async def _thread_ts(self, post: Post) -> str:
        if post.kind is not PostKind.REST:
            return ""
        return await self._header_ts(post)

    async def _header_ts(self, post: Post) -> str:
        return (await self.store.current(post.model_copy(update={"position": 0}))).ts

    async def _seed(self, post: Post) -> None:
        try:
            await self.slack.seed(post.channel_id, post.ts, self.seed)
        except NotSent:
            return  # It is still unseeded, so the next tick tries again.
        except DeliveryError as refused:
            log.warning("no reaction on post %d of %s: %s", post.position, post.day, refused)
        await self.store.seeded(post)

    def _expired(self, post: Post) -> bool:
        return post.claimed_at is None or self.clock() - post.claimed_at >= LEASE


def draw(post: Post, paper: Paper, tally: Tally) -> Message:
    """A paper's message as this post shows it: whole in the channel, short in the thread."""
    return (paper_message if post.kind is PostKind.PAPER else rest_message)(paper, tally)


def _metadata(post: Post) -> dict[str, str | int]:
    """What a message carries, flat as Slack wants it: enough to know it again, nothing private."""
    return {"edition": post.day.isoformat(), "position": post.position, "paper": post.paper_id}
