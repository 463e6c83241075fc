"""What the search is measured against: tantivy without anything of ours, and the full-text search of SQLite."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tantivy import Occur, Query, Searcher

from bot.search.lexical import TITLE_WEIGHT
from bot.search.rank import CANDIDATES
from bot.search.text import content, names
from bot.search.words import SCHEMA

#: As many as a person can page through; FTS5 has to order all that match in any case.
_LIMIT = 100


def raw_tantivy(searcher: Searcher, text: str) -> NDArray[np.int64]:
    """The papers with any word of a text, in its abstract or its title, by BM25: one query and no more."""
    clauses = [(Occur.Should, _term("text", word)) for word in content(text)]
    clauses += [
        (Occur.Should, Query.boost_query(_term("title", word), TITLE_WEIGHT)) for word in content(text)
    ]
    hits = searcher.search(Query.boolean_query(clauses), CANDIDATES, count=False).hits
    return np.array(searcher.fast_field_values("number", [address for _, address in hits]), np.int64)


def tells(word: str) -> bool:
    """Whether a word says something of what a paper is about."""
    return content(f"{word} zzzz") != ["zzzz"]


def _term(field: str, word: str) -> Query:
    return Query.term_query(SCHEMA, field, word, "freq")


class FullText:
    """FTS5 over the same papers, in a file of its own that holds the index and no text."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name("fts.db")
        self.seconds = 0.0
        fresh = not self.path.exists()
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        if fresh:
            self.seconds = self._build(database)

    def _build(self, database: Path) -> float:
        began = time.perf_counter()
        self.connection.execute("PRAGMA journal_mode = wal")
        self.connection.execute(
            "CREATE VIRTUAL TABLE fts USING fts5(title, abstract, content='', tokenize='porter unicode61')"
        )
        self.connection.execute("ATTACH ? AS store", (str(database),))
        self.connection.execute(
            "INSERT INTO fts (rowid, title, abstract) SELECT number, title, abstract FROM store.papers"
        )
        self.connection.execute("DETACH store")
        return time.perf_counter() - began

    def search(self, text: str) -> list[int]:
        """The papers with any word of a text, by BM25."""
        wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(names(text)) if tells(word))
        rows = self.connection.execute(
            "SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY bm25(fts) LIMIT ?", (wanted, _LIMIT)
        )
        return [number for (number,) in rows]

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.path.parent.glob(f"{self.path.name}*"))

    def close(self) -> None:
        self.connection.close()
