"""The words of every paper, in tantivy: what is kept of a paper, under which field, and how it is looked up."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress, Document, Index, IndexWriter, Order, Query, Schema, SchemaBuilder, Searcher

from bot.search.text import PLAIN, STEMMED, compounds, fold
from storage.corpus import Entry

#: Changes whenever papers are kept in another way.
SCHEMA_VERSION = 1

_STEMS = "stems"
_NAMES = "names"
#: What a writer may hold in memory before it writes, in bytes for each of its threads.
_MEMORY = 64_000_000
_REMEMBERED = 1 << 14


def _schema() -> Schema:
    builder = SchemaBuilder()
    # The row of the paper in the store, by which hits become papers.
    builder.add_unsigned_field("number", indexed=True, fast=True)
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_unsigned_field("upvotes", fast=True)
    # All that says what a paper is about, and its title once more, to weigh that.
    builder.add_text_field("text", tokenizer_name=_STEMS)
    builder.add_text_field("title", tokenizer_name=_STEMS)
    builder.add_text_field("compounds", tokenizer_name=_STEMS, index_option="basic")
    builder.add_text_field("author", tokenizer_name=_NAMES)
    # Whole words of titles, to offer the nearest spelling of one that is nowhere.
    builder.add_text_field("spelling", tokenizer_name=_NAMES, index_option="basic")
    for name in ("id", "cat", "from", "has"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


SCHEMA = _schema()


def _prepared(index: Index) -> Index:
    index.register_tokenizer(_STEMS, STEMMED)
    index.register_tokenizer(_NAMES, PLAIN)
    return index


class DamagedError(ValueError):
    """A part of the index can't be read."""


@contextmanager
def noticing_damage() -> Iterator[None]:
    """Raise DamagedError for each of the ways in which tantivy fails when its files are not what they were."""
    try:
        yield
    except BaseException as error:
        # Python gets one type for all of https://docs.rs/tantivy/latest/tantivy/enum.TantivyError.html, and for a
        # panic, which is what comes of offsets that point nowhere, one that can't be imported.
        if type(error).__name__ != "PanicException" and not str(error).startswith(
            ("Data corr", "An IO error")
        ):
            raise
        raise DamagedError(str(error)) from error


class WordWriter:
    """Adds papers to the index in a folder, and takes the place of what it had of them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._index = _prepared(Index(SCHEMA, str(folder)))
        self._empty = self._index.searcher().num_docs == 0
        threads = 2 if self._empty else 1
        self._writer: IndexWriter | None = self._index.writer(_MEMORY * threads, threads)

    def put(self, entries: Sequence[Entry], *, known: bool) -> None:
        """Add papers; unless they are `known` to be so, none of them is in an index that was empty."""
        if known or not self._empty:
            numbers = [entry.number for entry in entries]
            self.writer.delete_documents_by_query(Query.term_set_query(SCHEMA, "number", numbers))
        for entry in entries:
            self.writer.add_document(_document(entry))

    def commit(self) -> int:
        """Have readers find what was put; returns how many papers there are."""
        self.writer.commit()
        self._index.reload()
        return self._index.searcher().num_docs

    def merge(self) -> None:
        """Wait until segments are merged, so that the next reader has few of them to look through; the last call."""
        self.writer.wait_merging_threads()

    def close(self) -> None:
        """Let another write, whatever became of what was put since the last commit."""
        self._writer = None

    @property
    def writer(self) -> IndexWriter:
        if self._writer is None:
            raise ValueError("the writer is closed")
        return self._writer


def _document(entry: Entry) -> Document:
    document = Document()
    title, text = fold(entry.title), fold(f"{entry.title}\n{entry.abstract}\n{', '.join(entry.keywords)}")
    document.add_unsigned("number", entry.number)
    document.add_integer("published", published_on(entry).toordinal())
    document.add_unsigned("upvotes", entry.upvotes)
    document.add_text("text", text)
    document.add_text("title", title)
    document.add_text("spelling", title)
    if joined := compounds(text):
        document.add_text("compounds", joined)
    for author in entry.authors:
        document.add_text("author", fold(author))
    for name, value in _labels(entry):
        document.add_text(name, value)
    return document


def _labels(entry: Entry) -> Iterable[tuple[str, str]]:
    yield "id", entry.id
    for category in dict.fromkeys(category.lower() for category in entry.categories):
        yield "cat", category
    for archive in dict.fromkeys(category.lower().partition(".")[0] for category in entry.categories):
        yield "cat", f"{archive}.*"
    if entry.has_code:
        yield "has", "code"
    if entry.curated:
        yield "from", "huggingface"
    if entry.categories:
        # Hugging Face doesn't tell categories: this paper was read at arXiv as well.
        yield "from", "arxiv"


def published_on(entry: Entry) -> date:
    """When a paper was published; where that is not known, the first of the month that is in its arXiv id."""
    if entry.published:
        return date.fromisoformat(entry.published[:10])
    found = re.fullmatch(r"(?:[a-z-]+/)?(\d\d)(0[1-9]|1[0-2])(?:\d{3}|\.\d{4,5})", entry.id)
    if found is None:
        return date.min
    year = int(found[1])
    return date(year + (1900 if year >= 91 else 2000), int(found[2]), 1)


class Words:
    """The index as one commit left it: the same however long a search takes."""

    def __init__(self, folder: Path) -> None:
        # Opened and not made: an index whose list of segments is gone would otherwise be an empty one.
        self.searcher: Searcher = _prepared(Index.open(str(folder))).searcher()
        # Asked several times for each word of a query, and it never changes.
        self._counted = functools.lru_cache(_REMEMBERED)(self.searcher.doc_freq)
        #: Every word of a field, and in how many papers it stands there; of a million titles it takes a third of a
        #: second to read, and 30 MB.
        self.spellings = functools.cache(self._spellings)

    def __len__(self) -> int:
        return self.searcher.num_docs

    def count(self, field: str, word: str) -> int:
        """How many papers have a word in a field."""
        return self._counted(field, word)

    def matches(self, query: Query, most: int) -> int:
        """How many papers match, counted up to `most`."""
        # Without scores, which would have to be worked out for each.
        return len(self.searcher.search(Query.const_score_query(query, 0.0), most, count=False).hits)

    def best(self, query: Query, most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The numbers of the papers that match best, and their scores, best first."""
        hits = self.searcher.search(query, most, count=False).hits
        return self._numbers([address for _, address in hits]), np.array(
            [score for score, _ in hits], np.float32
        )

    def ordered(self, query: Query, field: str, most: int) -> NDArray[np.int64]:
        """The numbers of the papers that match and have the highest values of a field."""
        hits = self.searcher.search(query, most, count=False, order_by_field=field, order=Order.Desc).hits
        return self._numbers([address for _, address in hits])

    def _spellings(self, field: str) -> dict[str, int]:
        return dict(self.searcher.terms_with_prefix(field, ""))

    def _numbers(self, addresses: Sequence[DocAddress]) -> NDArray[np.int64]:
        return np.array(self.searcher.fast_field_values("number", list(addresses)), np.int64)
