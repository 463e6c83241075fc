"""The papers as the search index reads them: on a connection of its own, in the thread that builds the index."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple, Self

from storage.database import Connected, Row, as_json, connect, iso
from storage.models import Paper
from storage.papers import NEWEST_CHANGE, PAPERS_BY_ID, paper_of

#: Rows read at a time: enough to be fast, few enough to be nothing in memory.
_ROWS = 2_000


class Mark(NamedTuple):
    """How far a reader has come: the revision it read, and the last row of it."""

    revision: int = 0
    number: int = 0


class Entry(NamedTuple):
    """One paper as it is indexed: `number` is its row, for good; `published` an ISO time or empty."""

    number: int
    id: str
    title: str
    abstract: str
    authors: list[str]
    categories: list[str]
    keywords: list[str]
    published: str
    upvotes: int
    has_code: bool
    curated: bool
    revision: int

    @property
    def mark(self) -> Mark:
        return Mark(self.revision, self.number)

    @property
    def about(self) -> str:
        """As `Paper.about`, which has the same words: an empty abstract is the summary here already."""
        return f"{self.title}. {self.abstract}"


_ENTRY = """
    number, id, title, CASE abstract WHEN '' THEN summary ELSE abstract END AS abstract, authors, categories,
    keywords, coalesce(published, '') AS published, coalesce(upvotes, 0) AS upvotes,
    code_url != '' OR instr(abstract, 'github.com') OR instr(comment, 'github.com') AS has_code,
    upvotes IS NOT NULL
        OR EXISTS (SELECT 1 FROM listings WHERE paper_id = papers.id AND source = 'huggingface') AS curated,
    changed AS revision"""
_SINCE = "FROM papers INDEXED BY papers_by_change WHERE (changed, number) > (:revision, :number)"


class Corpus(Connected):
    """Its methods are plain calls, for it lives in a thread and never on the loop; all raise StoreError."""

    @classmethod
    @contextmanager
    def open(cls, path: Path | str) -> Iterator[Self]:
        """A connection for the thread that opens it. Raises StoreError when the database can't be used."""
        with closing(connect(path)) as db:
            yield cls(db)

    def id(self) -> str:
        """Which database this is, wherever its file lies."""
        return str(self.rows("SELECT id FROM corpus")[0]["id"])

    def revision(self) -> int:
        """The newest change there is; 0 in an empty database."""
        return int(self.rows(NEWEST_CHANGE)[0]["newest"])

    def count_since(self, mark: Mark) -> int:
        return int(self.rows(f"SELECT count(*) AS papers {_SINCE}", mark._asdict())[0]["papers"])

    def changed_since(self, mark: Mark) -> Iterator[list[Entry]]:
        """Every paper that changed after the mark, in the order of the changes, some thousands at a time."""
        while True:
            rows = self.rows(
                f"SELECT {_ENTRY} {_SINCE} ORDER BY changed, number LIMIT {_ROWS}", mark._asdict()
            )
            if not rows:
                return
            entries = [_entry(row) for row in rows]
            yield entries
            mark = entries[-1].mark

    def papers(self, ids: Iterable[str]) -> list[Paper]:
        """The known papers among `ids`, in the order asked for."""
        rows = self.rows(
            PAPERS_BY_ID,
            {"ids": as_json(list(ids))},
        )
        return [paper_of(row) for row in rows]

    def newest_listed(self, limit: int) -> list[str]:
        """The papers that were listed last, newest day first; Hugging Face's before arXiv's."""
        rows = self.rows(
            "SELECT paper_id FROM listings GROUP BY paper_id "
            "ORDER BY max(day) DESC, max(source = 'huggingface') DESC, paper_id LIMIT :limit",
            {"limit": limit},
        )
        return [row["paper_id"] for row in rows]

    def vectors_of(self, model: str, ids: Iterable[str]) -> dict[str, bytes]:
        """What this model made of these papers, as far as it has come."""
        rows = self.rows(
            "SELECT id, vector FROM json_each(:ids) AS wanted JOIN papers ON papers.id = wanted.value "
            "JOIN vectors ON vectors.number = papers.number AND model = :model",
            {"ids": as_json(list(ids)), "model": model},
        )
        return {row["id"]: row["vector"] for row in rows}

    def vectors(self, model: str, numbers: Iterable[int]) -> dict[int, bytes]:
        """What this model made of these papers, as far as it has come."""
        rows = self.rows(
            "SELECT number, vector FROM json_each(:numbers) AS wanted CROSS JOIN vectors "
            "ON number = wanted.value AND model = :model",
            {"numbers": as_json(list(numbers)), "model": model},
        )
        return {row["number"]: row["vector"] for row in rows}

    def without_vector(self, model: str, since: date | None, limit: int) -> list[Entry]:
        """Papers that this model has not read yet, newest first.

        Those that matter: listed since that day, or posted, or voted on; every paper when `since` is None.
        """
        rows = self.rows(
            f"SELECT {_ENTRY} {_unread(since)} ORDER BY number DESC LIMIT :limit",
            {"model": model, "since": iso(since) if since else "", "limit": limit},
        )
        return [_entry(row) for row in rows]

    def count_without_vector(self, model: str, since: date | None) -> int:
        """How many papers `without_vector` would come to in the end."""
        rows = self.rows(
            f"SELECT count(*) AS papers {_unread(since)}",
            {"model": model, "since": iso(since) if since else ""},
        )
        return int(rows[0]["papers"])

    def keep_vectors(self, model: str, vectors: Sequence[tuple[int, bytes]]) -> None:
        with self.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors (number, model, vector) VALUES (?, ?, ?)",
                ((number, model, vector) for number, vector in vectors),
            )


_THAT_MATTER = """
    SELECT paper_id FROM listings WHERE day >= :since
    UNION SELECT paper_id FROM posts WHERE state = 'sent' AND paper_id != ''
    UNION SELECT paper_id FROM clicks
    UNION SELECT paper_id FROM saves WHERE saved
    UNION SELECT value FROM interests WHERE subject = 'paper'"""


def _unread(since: date | None) -> str:
    which = f"id IN ({_THAT_MATTER}) AND" if since else ""
    return (
        f"FROM papers WHERE {which} NOT EXISTS "
        "(SELECT 1 FROM vectors WHERE vectors.number = papers.number AND model = :model)"
    )


def _entry(row: Row) -> Entry:
    lists = {name: json.loads(row[name]) for name in ("authors", "categories", "keywords")}
    flags = {name: bool(row[name]) for name in ("has_code", "curated")}
    return Entry(**row | lists | flags)
