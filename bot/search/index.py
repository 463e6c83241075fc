"""The search index: a folder beside the database that can be deleted at any time and is built again by itself.

    papers.db.index/
        lock            held by the one process that writes
        state.json      which generation counts, of which database and version, and how far it has come
        3f9a1c/         a generation: words/ (tantivy), codes.bin and values.bin (vectors)

Readers hold a generation open as long as they need it. A writer adds to it and says so in state.json; when it
can't be added to, because it is damaged, of another version or of another database, the writer begins a new one.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from bot.search import static
from bot.search.text import TEXT_VERSION
from bot.search.vectors import VECTORS_VERSION, Vectors, VectorWriter
from bot.search.words import SCHEMA_VERSION, Words, WordWriter, noticing_damage
from storage.corpus import Corpus, Entry, Mark

log = logging.getLogger(__name__)

VERSION = f"{SCHEMA_VERSION}.{TEXT_VERSION}.{VECTORS_VERSION}.{static.NAME}"
#: Papers after which an index that is being built can be searched so far, and is gone on with after a crash.
CHECKPOINT = 50_000

Progress = Callable[[int, int], None]


class State(NamedTuple):
    """What state.json says: `revision` and `number` are the mark up to which the corpus is in the generation.

    `papers` and `rows` are how many papers and rows of vectors it has at least: with fewer, something is missing.
    """

    version: str
    corpus: str
    generation: str
    revision: int
    number: int
    papers: int
    rows: int

    @property
    def mark(self) -> Mark:
        return Mark(self.revision, self.number)


class Snapshot(NamedTuple):
    """The index as it was at one moment, for any number of searches in any threads."""

    state: State
    words: Words
    vectors: Vectors


class BusyError(Exception):
    """Another process is writing to the index; what it writes is found as soon as it is there."""


class SearchIndex:
    """The index of one database. Its methods block, and are called in threads."""

    def __init__(self, database: Path, checkpoint: int = CHECKPOINT) -> None:
        self.checkpoint = checkpoint
        self.folder = database.with_name(f"{database.name}.index")
        self._state_file = self.folder / "state.json"
        self._known: Snapshot | None = None

    def snapshot(self) -> Snapshot | None:
        """The newest state of the index; None when there is none that can be read."""
        state, known = self._state(), self._known
        if state is None or state.version != VERSION:
            return None
        if known and known.state == state:
            return known
        try:
            self._known = self._opened(state)
        except (OSError, ValueError) as error:
            # Perhaps a writer is just putting another in its place; if not, the next update will.
            log.warning("the search index in %s can't be read: %s", self.folder, error)
            return None
        return self._known

    def _opened(self, state: State) -> Snapshot:
        folder = self.folder / state.generation
        with noticing_damage():
            words = Words(folder / "words")
        vectors = Vectors(folder)
        if len(words) < state.papers or len(vectors) < state.rows:
            raise ValueError("a part of it is missing")
        return Snapshot(state, words, vectors)

    def discard(self) -> None:
        """Have the next update build the index anew. Raises OSError when that can't be written down."""
        self._known = None
        self._state_file.unlink(missing_ok=True)

    def pending(self, corpus: Corpus) -> int:
        """How many papers are not in the index as they are in the store."""
        return corpus.count_since(self._mark(corpus))

    def update(self, corpus: Corpus, progress: Progress = lambda done, total: None) -> int:
        """Bring the index up to the store, or build it; returns how many papers were read.

        `progress` is told how many papers are done and how many there are. Raises BusyError when another process
        is at it, OSError when the folder can't be written to.
        """
        with self._writing():
            total = self.pending(corpus)
            if total:
                self._write(corpus, total, progress)
            return total

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.folder.mkdir(exist_ok=True)
        try:
            with FileLock(self.folder / "lock", timeout=0):
                yield
        except Timeout as busy:
            raise BusyError from busy

    def _write(self, corpus: Corpus, total: int, progress: Progress) -> None:
        state = self._usable(corpus) or self._begun(corpus)
        folder = self.folder / state.generation
        newest = corpus.revision()
        with closing(WordWriter(folder / "words")) as words, closing(VectorWriter(folder)) as vectors:
            for entries, is_checkpoint in self._batches(corpus, state.mark, total, progress):
                # Only what changes while a new index is built can be in it already.
                words.put(entries, known=entries[-1].revision > newest)
                embedded = static.load().embed([entry.about for entry in entries])
                vectors.put([entry.number for entry in entries], embedded)
                if is_checkpoint:
                    papers, rows = words.commit(), vectors.flush()
                    self._say(state._replace(**entries[-1].mark._asdict(), papers=papers, rows=rows))
            words.merge()

    def _batches(
        self, corpus: Corpus, mark: Mark, total: int, progress: Progress
    ) -> Iterator[tuple[list[Entry], bool]]:
        """What is to be indexed, and after which of it to say so; tells `progress` when each is done."""
        done = unsaid = 0
        for entries in corpus.changed_since(mark):
            done, unsaid = done + len(entries), unsaid + len(entries)
            is_checkpoint = unsaid >= self.checkpoint or done >= total
            unsaid = 0 if is_checkpoint else unsaid
            yield entries, is_checkpoint
            progress(done, max(done, total))

    def _begun(self, corpus: Corpus) -> State:
        """A new generation, in the place of all others."""
        for old in self.folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old, ignore_errors=True)
        state = State(VERSION, corpus.id(), secrets.token_hex(4), 0, 0, 0, 0)
        (self.folder / state.generation).mkdir()
        self._say(state)
        return state

    def _usable(self, corpus: Corpus) -> State | None:
        """The state, if it can be gone on with: undamaged, of this version and database, and not ahead of it."""
        snapshot = self.snapshot()
        if snapshot is None or snapshot.state.corpus != corpus.id():
            return None
        return snapshot.state if snapshot.state.revision <= corpus.revision() else None

    def _mark(self, corpus: Corpus) -> Mark:
        state = self._usable(corpus)
        return state.mark if state else Mark()

    def _state(self) -> State | None:
        try:
            return State(**json.loads(self._state_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s can't be read: %s", self._state_file, error)
            return None

    def _say(self, state: State) -> None:
        """Written whole or not at all, and only after what it speaks of."""
        new = self._state_file.with_suffix(".new")
        new.write_text(json.dumps(state._asdict()), encoding="utf-8")
        new.replace(self._state_file)
