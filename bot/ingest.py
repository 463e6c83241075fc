"""From the sources into the store: a day, a topic, one paper."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from bot.errors import SourceError, StoreError
from bot.logs import event
from bot.metrics import Metrics
from bot.outages import RETRY, Outages
from bot.sources import IDS_A_REQUEST, Sources
from storage import Store
from storage.models import Batch, Paper, Reading, Service, Skipped, SourceName

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
#: A day that may still change is read again after this long.
FRESH = timedelta(minutes=10)
#: A day is final two days later: Hugging Face's list no longer grows, only upvotes do.
SETTLED = timedelta(days=2)
#: For so long upvotes are read again once a day, so that a paper whose day has passed is noticed when it rises late.
RISING = timedelta(days=14)
DAILY = timedelta(days=1)
#: How long a person waits for the sources' own search before the store answers alone, in seconds.
SEARCH_PATIENCE = 6.0
SEARCH_LIMIT = 20
Asking = Callable[[], Coroutine[Any, Any, Batch]]


class Kept(NamedTuple):
    """What one reading of a source brought; `day` is the one that the source says it listed.

    With an `error` it brought nothing, or less than there is, and must be made again.
    `unnamed` counts what was skipped beyond `skipped`, which names a thousand at most.
    """

    source: SourceName
    papers: int
    new: int
    skipped: tuple[Skipped, ...] = ()
    error: str = ""
    day: date | None = None
    unnamed: int = 0


class Ingest:
    """Reads sources and keeps what they answer.

    A source that fails leaves what is stored as it is, and its error in the log of readings.
    """

    def __init__(
        self,
        store: Store,
        sources: Sources,
        categories: Sequence[str],
        clock: Clock,
        patience: float = SEARCH_PATIENCE,
        metrics: Metrics | None = None,
    ) -> None:
        self.store = store
        self.sources = sources
        self.categories = tuple(categories)
        self.clock = clock
        self.patience = patience
        self.metrics = metrics or Metrics()
        self.outages = Outages(store, clock)
        self._reading: dict[date, asyncio.Task[None]] = {}
        #: What a source could not be asked for a person: it is the first thing to ask when it may be back.
        self._unanswered: dict[SourceName, Asking] = {}

    async def ensure_day(self, day: date, patience: float | None = None) -> bool:
        """Have a day's papers in the store, asking the sources only when it may hold too little.

        Tasks that want the same day at once wait for one reading, `patience` seconds at most when it is
        given; the reading itself goes on, and the answer is False. A source's failure is recorded, not
        raised: what is stored serves.
        """
        if day > self.today():
            return True
        reading = self._reading.get(day)
        if reading is None:
            reading = self._reading[day] = asyncio.create_task(self._read(day))
            reading.add_done_callback(lambda _: self._reading.pop(day))
        done, _ = await asyncio.wait([reading], timeout=patience)
        if not done:
            log.warning("reading %s takes longer than %s s; answering from the store", day, patience)
        elif not reading.cancelled():
            reading.result()
        return bool(done)

    async def follow_upvotes(self, day: date) -> None:
        """Read a day that was read before again, for its upvotes, unless that was done within a day."""
        last = await self.store.reading("huggingface", day)
        if last and self.clock() - last.read_at >= DAILY:
            await self.fetch_day(day, ["huggingface"])

    async def _read(self, day: date) -> None:
        wanted = [source for source in self.sources_for(day) if await self._is_due(source, day)]
        await self.fetch_day(day, wanted)

    async def aclose(self) -> None:
        """Give up the readings that are under way."""
        readings = list(self._reading.values())
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)

    async def keep_fresh(self, every: float) -> None:
        """Read the last days again every so many seconds, for ever: lists grow all day, upvotes for two weeks."""
        while True:
            await asyncio.sleep(every)
            try:
                for days_ago in range(SETTLED.days, -1, -1):
                    await self.ensure_day(self.today() - timedelta(days=days_ago))
                for days_ago in range(SETTLED.days + 1, RISING.days + 1):
                    await self.follow_upvotes(self.today() - timedelta(days=days_ago))
            except StoreError as error:
                log.error("the last days can't be refreshed: %s", error)

    async def keep_asking(self, every: float) -> None:
        """Ask failing sources again what they could not answer, for ever: they serve as soon as they are back."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.ask_again()
            except StoreError as error:
                log.error("the sources that fail can't be asked again: %s", error)

    async def ask_again(self) -> None:
        """Ask each failing source once what it could not answer last, if it has been left alone for long enough."""
        waiting = list(self._unanswered.items())
        due = [(name, ask) for name, ask in waiting if await self.outages.due(name, "search")]
        await asyncio.gather(*(self._keep_within(name, ask) for name, ask in due))

    async def fetch_day(self, day: date, sources: Iterable[SourceName]) -> list[Kept]:
        """Read a day from these sources now, side by side."""
        return list(await asyncio.gather(*(self._fetch(source, day) for source in sources)))

    async def search(self, query: str) -> list[Kept]:
        """Ask the sources' own searches for a topic and keep what they find.

        Gives up after `patience` seconds, so that a person is answered from the store alone; a source that is known
        to fail is not waited for at all.
        """
        asked: dict[SourceName, Asking] = {
            "huggingface": lambda: self.sources.huggingface.search(query, SEARCH_LIMIT),
            "arxiv": lambda: self.sources.arxiv.search(query, SEARCH_LIMIT),
        }
        return list(await asyncio.gather(*(self._unless_resting(name, ask) for name, ask in asked.items())))

    async def paper(self, id: str) -> Paper | None:
        """A paper from the store, or from the sources, or None when neither knows it.

        Raises SourceError when it is not stored and no source could be asked.
        """
        known = await self.store.papers([id])
        if known:
            return known[0]
        kept = await asyncio.gather(
            self._unless_resting("arxiv", lambda: self.sources.arxiv.by_ids([id])),
            self._unless_resting("huggingface", lambda: self._one(id)),
        )
        found = await self.store.papers([id])
        failed = [reading.error for reading in kept if reading.error]
        if not found and failed:
            raise SourceError("sources", f"paper {id}", failed[0])
        return found[0] if found else None

    async def papers(self, ids: Sequence[str]) -> list[Paper]:
        """These papers from the store and, of those it lacks, what arXiv has: asked for a hundred in one request.

        Raises SourceError when some are not stored and arXiv could not be asked.
        """
        known = {paper.id for paper in await self.store.papers(ids)}
        missing = [id for id in ids if id not in known]
        if len(missing) == 1:
            # Of a single one Hugging Face knows the upvotes, too.
            await self.paper(missing[0])
        for start in range(0, len(missing) * (len(missing) > 1), IDS_A_REQUEST):
            part = missing[start : start + IDS_A_REQUEST]
            kept = await self._unless_resting("arxiv", partial(self.sources.arxiv.by_ids, part))
            if kept.error:
                raise SourceError("arxiv", f"{len(part)} papers", kept.error)
        return await self.store.papers(ids)

    async def keep(self, batch: Batch) -> Kept:
        """Keep an answer that is at hand."""
        new = await self.store.keep(batch, self.clock())
        return Kept(batch.source, len(batch.papers), new, batch.skipped, batch.missing, batch.day)

    def today(self) -> date:
        """The newest day that can have papers: Hugging Face's days are UTC's."""
        return self.clock().astimezone(UTC).date()

    def sources_for(self, day: date) -> list[SourceName]:
        """The sources that can list a day's papers.

        arXiv's feed only ever holds the newest announcements, and is worth reading only when categories are set.
        """
        return ["huggingface", "arxiv"] if self.categories and day >= self.today() else ["huggingface"]

    async def _is_due(self, source: SourceName, day: date) -> bool:
        last = await self.store.reading(source, day)
        # Read later than now: the clock was set back, and such a reading would hold until it is there again.
        if last is None or last.read_at > self.clock():
            return True
        if not last.error and last.read_at.date() >= day + SETTLED:
            return False
        return self.clock() - last.read_at >= (RETRY if last.error else FRESH)

    async def _fetch(self, source: SourceName, day: date) -> Kept:
        if told := await self.outages.told_to_wait(source):
            return Kept(source, 0, 0, error=told)
        kept = await self._kept(source, "days", lambda: self._list(source, day))
        await self.store.record_reading(
            Reading(
                source=source,
                day=day,
                read_at=self.clock(),
                papers=kept.papers,
                skipped=len(kept.skipped),
                error=kept.error,
            )
        )
        if not kept.error:
            event(log, "source read", source=source, day=day, papers=kept.papers, new=kept.new)
        return kept

    async def _list(self, source: SourceName, day: date) -> Batch:
        """A day's list; where most of what was listed before is gone from it, it is taken for an incomplete one."""
        batch = await (
            self.sources.huggingface.daily(day)
            if source == "huggingface"
            else self.sources.arxiv.announcements(self.categories)
        )
        known, listed = await self.store.count_listed(source, batch.day or day), len(batch.listed)
        if batch.missing or listed * 2 >= known:
            return batch
        fewer = f"{source} lists {listed} papers for {batch.day or day}, of which it listed {known} before"
        return batch.model_copy(update={"missing": fewer})

    async def _one(self, id: str) -> Batch:
        paper = await self.sources.huggingface.paper(id)
        return Batch(source="huggingface", papers=(paper,) if paper else ())

    async def _unless_resting(self, source: SourceName, ask: Asking) -> Kept:
        """What a person asks, unless the source is known to fail: then it is asked later, and they don't wait."""
        if resting := await self.outages.resting(source, "search"):
            self._unanswered[source] = ask
            return Kept(source, 0, 0, error=resting)
        return await self._keep_within(source, ask)

    async def _keep_within(self, source: SourceName, ask: Asking) -> Kept:
        began = self.clock()
        try:
            async with asyncio.timeout(self.patience):
                kept = await self._kept(source, "search", ask)
        except TimeoutError:
            self.metrics.reads.labels(source, "failed").inc()
            late = SourceError(source, "search", f"no answer within {self.patience:g} seconds")
            await self.outages.failed(source, "search", late, began)
            kept = Kept(source, 0, 0, error=str(late))
        if kept.error:
            self._unanswered[source] = ask
        else:
            self._unanswered.pop(source, None)
        return kept

    async def _kept(self, source: SourceName, service: Service, ask: Asking) -> Kept:
        began = self.clock()
        try:
            batch = await ask()
        except SourceError as error:
            self.metrics.reads.labels(source, "failed").inc()
            log.warning("reading failed: %s", error)
            await self.outages.failed(source, service, error, began)
            return Kept(source, 0, 0, error=str(error))
        self.metrics.reads.labels(source, "read").inc()
        if batch.missing:
            incomplete = SourceError(source, f"papers of {batch.day}", batch.missing)
            await self.outages.failed(source, service, incomplete, began)
        else:
            await self.outages.answered(source, service)
        return await self.keep(batch)
