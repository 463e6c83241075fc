"""Sending editions and shares exactly once: the only code that moves a post through the ledger.

A post is planned, claimed (sending), and sent; or abandoned because Slack will never take it. Whatever
happens in between, the channel's history decides, by the metadata each message carries, and nothing is guessed.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Protocol, Self

from aiolimiter import AsyncLimiter

from bot.drawing import Drawing
from bot.errors import DeliveryError
from bot.ingest import Clock
from bot.logs import event
from bot.metrics import Metrics
from bot.outcomes import BadMessage, MaybeSent, NotSent
from bot.slack import Slack
from bot.timing import Timing
from storage import Store
from storage.models import Edition, Post, PostKind, PostState

log = logging.getLogger(__name__)

#: A claim older than this belongs to a process that is gone: no call to Slack takes as long.
LEASE = timedelta(seconds=30)
#: How often a message whose fate is unknown is looked for before it counts as not sent.
LOOKS = 2
#: How often Slack may ask to wait before the edition is left for the next tick.
ATTEMPTS = 5
#: Reactions of the bot's own that may follow one another at once, in all channels together: 50 in the first minute.
SEEDS = 10
#: Messages that may follow one another at once before a channel's pace sets in.
BURST = 3
#: The same for all channels together, so that a minute has 350 at most.
BURST_OF_ALL = 50


class Sender(Protocol):
    """Sends the posts of one kind another way than as a message that the bot writes: as a file."""

    async def send(self, post: Post) -> str:
        """Send a claimed post within its lease and return its `ts`. Raises as `Slack.post` does."""

    async def find(self, post: Post) -> str | None:
        """The `ts` of a post that was perhaps sent. Raises as `Slack.find` does."""


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
    """Sends what is planned to one workspace, each channel at its own pace."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        drawing: Drawing,
        clock: Clock,
        timing: Timing,
        on_sent: Callable[[list[str]], None],
        metrics: Metrics,
    ) -> None:
        self.store = store
        self.slack = slack
        self.drawing = drawing
        self.clock = clock
        self.timing = timing
        self.on_sent = on_sent
        self.metrics = metrics
        self.stopping = False
        #: For kinds of posts that are no messages of the bot's own writing.
        self.senders: dict[PostKind, Sender] = {}
        self._pace: defaultdict[str, AsyncLimiter] = defaultdict(
            lambda: AsyncLimiter(BURST, BURST * timing.per_message)
        )
        # The limiter lets anyone of those who wait through; the lock has them in order, so that no channel comes last.
        self._queue = asyncio.Lock()
        self._pace_of_all = AsyncLimiter(BURST_OF_ALL, BURST_OF_ALL * timing.per_workspace)
        self._seed_pace = AsyncLimiter(SEEDS, SEEDS * timing.per_seed)
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sharing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

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
            outcome = Outcome.between(before, await self._states(edition))
            if outcome.new:
                counts = outcome._asdict()
                series = edition.series or "daily"
                event(
                    log,
                    "edition posted",
                    channel=edition.channel_id,
                    day=edition.day,
                    series=series,
                    **counts,
                )
            return outcome

    async def settle(self, edition: Edition) -> list[Post]:
        """Find out what became of the posts of an edition that were being sent, and send nothing; returns its posts.

        Raises DeliveryError when a person must act before the history can be read.
        """
        async with self._busy[edition.channel_id]:
            for post in await self.store.posts(edition):
                if post.state is PostState.SENDING and self._expired(post):
                    self._announce(post, await self._look_for(post, over=True))
            return await self.store.posts(edition)

    async def share(self, planned: Post) -> Post | None:
        """Send a shared paper, unless that is done, and return its post as the ledger has it then.

        Raises DeliveryError when a person must mend the channel or the token first. A share that was certainly
        not sent is forgotten then, for it must not come by itself, days later; None where that happened before.
        """
        # A lock of their own, because somebody waits for a share, and an edition takes most of a minute.
        async with self._sharing[planned.channel_id]:
            post = await self.store.post_about(planned.paper_id, planned.team_id, planned.channel_id)
            if post is None:
                return None
            try:
                settled = await self._settle(post)
            except DeliveryError:
                await self.store.forget_share(post)
                raise
            self._announce(post, settled)
            if _lacks_seed(settled):
                await self._seed(settled)
            return settled

    async def _states(self, edition: Edition) -> list[PostState]:
        return [post.state for post in await self.store.posts(edition)]

    async def _send_in_order(self, edition: Edition, seeding: list[asyncio.Task[None]]) -> None:
        for post in await self.store.posts(edition):
            if self.stopping:
                return
            settled = await self._settle(post)
            if settled.state in (PostState.PLANNED, PostState.SENDING):
                # Another process has it, or its fate is unknown: nothing may overtake it.
                return
            self._announce(post, settled)
            if _lacks_seed(settled):
                seeding.append(asyncio.create_task(self._seed(settled)))

    def _announce(self, before: Post, settled: Post) -> None:
        """A vote can come before its message's `ts` is known, and is shown once it is."""
        if settled.state is PostState.SENT and settled.paper_id and settled != before:
            self.on_sent([settled.paper_id])

    async def _settle(self, post: Post) -> Post:
        """Bring one post as far as it will go now, and return it as the ledger has it then."""
        if post.state is PostState.SENDING and self._expired(post):
            post = await self._look_for(post, over=True)
        for _ in range(ATTEMPTS):
            if post.state is not PostState.PLANNED:
                break
            # Before the claim, so that a claimed post is being sent and not waiting.
            await self._pace[post.channel_id].acquire()
            async with self._queue:
                await self._pace_of_all.acquire()
            if not await self.store.claim(post, self.clock()):
                return await self.store.current(post)
            post = await self._send_claimed(await self.store.current(post))
        return post

    async def _send_claimed(self, post: Post) -> Post:
        thread_ts = await self._thread_ts(post)
        if post.in_thread and not thread_ts:
            await self._abandon(post, "its thread has no header")
            return await self.store.current(post)
        try:
            ts, shown = await self._call(post, thread_ts)
        except NotSent as later:
            await self.store.release(post)
            log.info("Slack asks for %.0f s before the next post in %s", later.retry_after, post.channel_id)
            await asyncio.sleep(later.retry_after)
        except MaybeSent as unknown:
            log.warning("%s: %s", _named(post), unknown)
            return await self._look_for(post, over=unknown.answered)
        except BadMessage as refused:
            log.error("%s is abandoned: %s", _named(post), refused)
            await self._abandon(post, str(refused))
        except DeliveryError:
            await self.store.release(post)
            raise
        else:
            await self._confirm(post, ts, shown)
        return await self.store.current(post)

    async def _call(self, post: Post, thread_ts: str) -> tuple[str, str]:
        """Have Slack take a post; returns its `ts` and what of the votes it shows."""
        if sender := self.senders.get(post.kind):
            return await sender.send(post), ""
        message, shown = await self.drawing.message(post)
        return await self.slack.post(post.channel_id, message, _metadata(post), thread_ts), shown

    async def _look_for(self, post: Post, *, over: bool) -> Post:
        """Settle a post that may have been sent, by reading the channel's history.

        Not found, it is free to be sent again only when the call is `over`: Slack may still be at it. Raises
        DeliveryError when a person must act before the history can be read.
        """
        for look in range(LOOKS):
            await asyncio.sleep(self.timing.look_again * look)
            try:
                ts = await self._find(post)
            except MaybeSent as unreadable:
                # Not a guess: it stays open until the history can be read.
                log.warning("%s waits to be found: %s", _named(post), unreadable)
                return await self.store.current(post)
            if ts:
                # What it shows is not known, so it counts as stale and is drawn again.
                await self._confirm(post, ts, "")
                return await self.store.current(post)
        if over:
            await self.store.release(post)
        return await self.store.current(post)

    async def _confirm(self, post: Post, ts: str, shown: str) -> None:
        if await self.store.confirm(post, ts, shown):
            self.metrics.posts.labels("sent").inc()
            return
        known = await self.store.current(post)
        # Two processes that looked for it have found the same message.
        if known.ts != ts:
            log.error("%s is there twice, as %s and as %s", _named(post), known.ts or "nothing known", ts)

    async def _abandon(self, post: Post, reason: str) -> None:
        await self.store.abandon(post, reason)
        self.metrics.posts.labels("abandoned").inc()

    async def _find(self, post: Post) -> str | None:
        if sender := self.senders.get(post.kind):
            return await sender.find(post)
        message, _ = await self.drawing.message(post)
        header = await self.store.header_ts(post)
        # By Slack's own clock where there is a header; ours may be off, so it gets a day's margin.
        since = header or f"{(post.planned_at - timedelta(days=1)).timestamp():.6f}"
        thread_ts = header if post.in_thread else ""
        return await self.slack.find(
            post.channel_id, message, _metadata(post), since=since, thread_ts=thread_ts
        )

    async def _thread_ts(self, post: Post) -> str:
        return await self.store.header_ts(post) if post.in_thread else ""

    async def _seed(self, post: Post) -> None:
        await self._seed_pace.acquire()
        try:
            await self.slack.seed(post.channel_id, post.ts, self.drawing.seed)
        except NotSent:
            return  # It is still unseeded, so the next tick tries again.
        except DeliveryError as refused:
            log.warning("no reaction on %s: %s", _named(post), refused)
        await self.store.seeded(post)

    def _expired(self, post: Post) -> bool:
        return post.claimed_at is None or self.clock() - post.claimed_at >= LEASE


def _lacks_seed(post: Post) -> bool:
    return post.state is PostState.SENT and not post.seeded


def _metadata(post: Post) -> dict[str, str | int]:
    """What a message carries, flat as Slack wants it: enough to know it again, nothing private."""
    edition = post.day.isoformat() if post.day else "shared"
    of = {"series": post.series, "kind": str(post.kind)} if post.series else {}
    return {"edition": edition, "position": post.position, "paper": post.paper_id, **of}


def _named(post: Post) -> str:
    """A post in the log."""
    if post.day is None:
        return f"the share of {post.paper_id} in {post.channel_id}"
    series = f" of {post.series}" if post.series else ""
    return f"post {post.position} of {post.day}{series} in {post.channel_id}"
