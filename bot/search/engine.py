"""The search as the rest of the bot sees it: a question in, papers out, and an index that looks after itself.

Nothing here runs on the event loop but bookkeeping: searches run in threads of their own, on a snapshot of the
index, and one more thread brings the index up to date, a moment after papers change in the store.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from bot.errors import PapersError, SearchError, StoreError
from bot.search import spelling
from bot.search.index import BusyError, Progress, SearchIndex, Snapshot
from bot.search.meaning import Meaning
from bot.search.models import Embedding, find
from bot.search.query import Query, Term, parse, show
from bot.search.rank import NOTHING, Ranking, rank
from bot.search.transformer import Transformer
from bot.search.words import DamagedError, noticing_damage
from storage import Store
from storage.corpus import Corpus
from storage.models import Paper

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many matches are looked at and can be paged through.
MOST_MATCHES = 100
#: With fewer papers than this that have every word, papers with some of the words are worth a remark.
FEW = 5
#: A question waits until so many new papers are indexed, which takes about half a second; not for more.
_WORTH_WAITING = 1_000
_SEARCH_THREADS = 2
#: Papers listed for so long are worth an encoder's time; others, when somebody posts or votes on them.
RECENT = timedelta(days=60)
#: Papers the encoder reads at a time, in about a second.
_ENCODED = 16
_APART = "No paper has these words side by side; they were searched apart."


class Found(NamedTuple):
    """The answer to a query: papers, best first, their scores, and the query as it was understood.

    `every_word` counts the papers that have every word, FEW at most; for whole texts it is 0. `suggestion` is the
    query in another spelling when it has words that no paper has, or empty. `unread` papers are not in the index yet.
    """

    query: Query
    papers: list[Paper]
    scores: tuple[float, ...]
    every_word: int
    notes: tuple[str, ...] = ()
    suggestion: str = ""
    unread: int = 0


class _Closing(Exception):  # noqa: N818 - a signal to the thread that writes, never seen outside
    """The bot is stopping."""


class Search:
    """Searches one database's papers. Close it at the end."""

    def __init__(self, database: Path, store: Store, embedding: Embedding = Embedding()) -> None:  # noqa: B008
        self.database = database
        self.store = store
        self.embedding = embedding
        self.index = SearchIndex(database)
        self._snapshot: Snapshot | None = None
        self._searching = ThreadPoolExecutor(_SEARCH_THREADS, "search")
        self._indexing = ThreadPoolExecutor(1, "index")
        self._updating: asyncio.Task[int] | None = None
        self._closing = False
        self._encoder: Transformer | None = None
        self._discarded = False

    async def search(self, typed: str, limit: int = MOST_MATCHES) -> Found:
        """The stored papers that match what a person typed, best first; it can be anything."""
        try:
            return await self._search(typed, limit)
        except DamagedError as error:
            await self._in_thread(self._searching, self._discard, error)
            return await self._search(typed, limit)

    async def _search(self, typed: str, limit: int) -> Found:
        unread = await self.catch_up()
        query = parse(typed)
        if query.empty:
            return Found(query, [], (), 0, query.notes)
        ranking = await self._ranked(query, limit)
        notes = query.notes
        if not len(ranking.numbers) and query.of("phrase"):
            # Nobody wants to be told that nothing has their words in just this order.
            query, notes = _unquoted(query), (*notes, _APART)
            ranking = await self._ranked(query, limit)
        known = await self.store.numbered(ranking.numbers.tolist())
        scored = zip(ranking.numbers.tolist(), ranking.scores.tolist(), strict=True)
        papers = [(known[number], score) for number, score in scored if number in known]
        suggestion = "" if ranking.every_word else await self._suggestion(query)
        return Found(
            query,
            [paper for paper, _ in papers],
            tuple(score for _, score in papers),
            ranking.every_word,
            notes,
            suggestion,
            unread,
        )

    async def catch_up(self) -> int:
        """Have what the store holds in the index; returns how many papers are left for later.

        Waits for what is quick; more than that is indexed in the background, and so is all of a new index.
        """
        if self._is_current(await self.store.revision()):
            return 0
        pending = await self._in_thread(self._searching, self._pending)
        if pending and self._updating is None:
            self._updating = asyncio.create_task(self.update())
            self._updating.add_done_callback(self._updated)
        if pending <= _WORTH_WAITING and self._updating:
            await asyncio.wait([self._updating])
            pending = await self._in_thread(self._searching, self._pending)
        return pending

    async def update(self, progress: Progress = lambda done, total: None) -> int:
        """Bring the index up to the store, however long it takes; returns how many papers were read.

        When another process is at it already, what that one has written is used, and the answer is 0. Raises
        StoreError when the index can't be written to; what it holds is searched all the same.
        """
        return await self._in_thread(self._indexing, self._update, progress)

    async def pending(self) -> int:
        """How many papers are not in the index as they are in the store."""
        return await self._in_thread(self._searching, self._pending)

    async def keep_fresh(self, every: float, clock: Callable[[], datetime]) -> None:
        """Look every so many seconds whether papers have changed, and have the encoder read them, for ever."""
        opening = asyncio.create_task(self.open_encoder(fetch=True))
        try:
            while True:
                try:
                    await self.catch_up()
                    await self.encode(clock().date() - RECENT)
                except PapersError as error:
                    log.error("the search index can't be brought up to date: %s", error)
                await asyncio.sleep(every)
        finally:
            opening.cancel()

    # --- the encoder -------------------------------------------------------------------------------------------

    async def open_encoder(self, *, fetch: bool = False) -> str:
        """Use the encoder of the settings, if it is on this machine or can be fetched.

        Returns what is in use, in words for a person; an encoder that can't be had leaves static vectors.
        """
        if not self.embedding.model:
            return "static vectors, as PAPERS_EMBEDDING says"
        try:
            self._encoder = await _aside(self._opened_encoder, fetch)
        except SearchError as error:
            log.warning("%s Static vectors are used instead.", error)
            return f"static vectors; {error}"
        if self._encoder is None:
            return f"static vectors; {self.embedding.model} is not on this machine, `papers-bot run` downloads it"
        log.info("meaning is compared with %s", self._encoder.name)
        return f"static vectors, and {self._encoder.name} for papers that matter"

    async def encode(self, since: date | None, progress: Progress = lambda done, total: None) -> int:
        """Have the encoder read what it has not read yet; returns how many papers that were.

        Those listed since that day, posted or voted on, newest first; all there are when `since` is None. A few at a
        time, so that the index is not kept waiting.
        """
        done = 0
        while self._encoder and not self._closing:
            read, left = await self._in_thread(self._indexing, self._encode, self._encoder, since)
            done += read
            progress(done, done + left)
            if not left:
                break
        return done

    async def aclose(self) -> None:
        """End, within a second or two: an index that is being built is gone on with the next time."""
        self._closing = True
        for pool in (self._searching, self._indexing):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    @property
    def encoder(self) -> str:
        """The name of the encoder in use, under which the store keeps its vectors; empty without one."""
        return self._encoder.name if self._encoder else ""

    # --- on the loop -------------------------------------------------------------------------------------------

    def _is_current(self, revision: int) -> bool:
        return self._snapshot is not None and self._snapshot.state.revision == revision

    def _updated(self, task: asyncio.Task[int]) -> None:
        self._updating = None
        if not task.cancelled() and (error := task.exception()):
            log.error("the search index can't be brought up to date: %s", error)

    async def _ranked(self, query: Query, limit: int) -> Ranking:
        like = await self._text_of(query.like)
        return await self._in_thread(self._searching, self._rank, query, like, limit)

    async def _text_of(self, id: str) -> str:
        papers = await self.store.papers([id]) if id else []
        return papers[0].about if papers else ""

    async def _suggestion(self, query: Query) -> str:
        terms = await self._in_thread(self._searching, self._respelt, query)
        # In its better spelling, too, a query may find nothing.
        return show(terms) if terms and len((await self._ranked(Query(terms), 1)).numbers) else ""

    async def _in_thread(self, pool: ThreadPoolExecutor, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)

    # --- in threads --------------------------------------------------------------------------------------------

    def _pending(self) -> int:
        self._refresh()
        with Corpus.open(self.database) as corpus:
            return self.index.pending(corpus)

    def _update(self, progress: Progress) -> int:
        def report(done: int, total: int) -> None:
            if self._closing:
                raise _Closing
            progress(done, total)

        try:
            with Corpus.open(self.database) as corpus:
                return self.index.update(corpus, report)
        except (BusyError, _Closing):
            return 0
        except (OSError, ValueError) as error:
            raise StoreError(
                f"The search index {self.index.folder} can't be written to: {error}. "
                "Check the room on the disk and the permissions of the folder."
            ) from error
        finally:
            self._refresh()

    def _refresh(self) -> Snapshot | None:
        # A state of before is better than none: it is only missing while another is being put in its place.
        self._snapshot = self.index.snapshot() or self._snapshot
        return self._snapshot

    def _discard(self, error: DamagedError) -> None:
        if self._snapshot is None:
            # Another search has noticed as well.
            return
        if self._discarded:
            # Building it takes long, and then it is something else.
            raise StoreError(f"The search index {self.index.folder} was built anew and fails again: {error}")
        log.error("the search index is damaged and is built anew: %s", error)
        self._discarded, self._snapshot = True, None
        self.index.discard()

    def _rank(self, query: Query, like: str, limit: int) -> Ranking:
        snapshot = self._refresh()
        if snapshot is None:
            return NOTHING
        with noticing_damage():
            if self._encoder is None:
                return rank(snapshot, query, like, limit, FEW)
            with Corpus.open(self.database) as corpus:
                return rank(snapshot, query, like, limit, FEW, Meaning(self._encoder, corpus.vectors))

    def _opened_encoder(self, fetch: bool) -> Transformer | None:
        folder = find(self.embedding, fetch=fetch)
        return Transformer(folder) if folder else None

    def _encode(self, encoder: Transformer, since: date | None) -> tuple[int, int]:
        with Corpus.open(self.database) as corpus:
            waiting = corpus.count_without_vector(encoder.name, since)
            entries = corpus.without_vector(encoder.name, since, _ENCODED)
            vectors = encoder.papers([entry.about for entry in entries]) if entries else ()
            kept = zip((entry.number for entry in entries), vectors, strict=True)
            corpus.keep_vectors(encoder.name, [(n, row.astype(np.float16).tobytes()) for n, row in kept])
        return len(entries), waiting - len(entries)

    def _respelt(self, query: Query) -> tuple[Term, ...]:
        snapshot = self._refresh()
        with noticing_damage():
            return spelling.respelt(query, snapshot.words) if snapshot else ()


def _unquoted(query: Query) -> Query:
    """The query without its quotation marks."""
    terms: list[Term] = []
    for term in query.terms:
        if term.name == "phrase" and not term.negative:
            terms += [Term("word", word) for word in term.value.split()]
        else:
            terms.append(term)
    return Query(tuple(terms), query.notes)


async def _aside(function: Callable[..., T], *arguments: object) -> T:
    """Call a function that may take as long as a network does, in a thread that nobody waits for at the end."""
    outcome: Future[T] = Future()
    # From here on it can't be cancelled under the thread that settles it.
    outcome.set_running_or_notify_cancel()

    def call() -> None:
        try:
            outcome.set_result(function(*arguments))
        except Exception as error:  # noqa: BLE001 - raised where the result is awaited
            outcome.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return await asyncio.wrap_future(outcome)
