"""One connection to the SQLite file, and how values travel to and from its columns."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlite_utils import Database

from storage.migrations import check, migrate
from storage.trouble import FAILURES, primary_code, understood

#: How long a write waits for another process. On the loop, so less than the three seconds Slack allows.
BUSY_SECONDS = 2.5
Row = dict[str, Any]
#: Made once: `json.dumps` would make one for each value.
_encoder = json.JSONEncoder(ensure_ascii=False)


def connect(path: Path | str) -> Database:
    """Open the file, create it when it is missing, and bring its schema up to date.

    Raises StoreError with what to do when it can't be opened, is not a database, or is newer than the code.
    """
    with ExitStack() as on_failure:
        try:
            # Autocommit: every transaction of ours is begun and ended in `writing` and nowhere else.
            connection = sqlite3.connect(str(path), timeout=BUSY_SECONDS, isolation_level=None)
            on_failure.callback(connection.close)
            db = Database(connection)
            # First, because the write-ahead log would be a change to a file that may not be ours.
            _patiently(lambda: check(db, str(path)))
            _patiently(lambda: connection.execute("PRAGMA journal_mode = wal"))
            # FULL, because an event is acknowledged on the strength of the commit.
            connection.execute("PRAGMA synchronous = full")
            connection.execute("PRAGMA foreign_keys = on")
            migrate(db)
        except FAILURES as error:
            raise understood(error, str(path)) from error
        on_failure.pop_all()
    return db


def _patiently(act: Callable[[], object]) -> None:
    """Try again while another process turns the write-ahead log on, for which SQLite's own timeout does not hold."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            act()
            return
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)


class Connected:
    """What each part of the store builds on: reading, writing, and a transaction; all raise StoreError."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.path = str(db.conn.execute("PRAGMA database_list").fetchone()[2])

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock first, so that two processes queue instead of failing."""
        connection = self.db.conn
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except FAILURES as error:
            raise understood(error, self.path) from error
        finally:
            if connection.in_transaction:
                connection.rollback()

    def write(self, sql: str, values: Mapping[str, Any]) -> int:
        """One statement, which is one transaction; returns how many rows it changed."""
        try:
            return self.db.conn.execute(sql, values).rowcount
        except FAILURES as error:
            raise understood(error, self.path) from error

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        return list(self.each(sql, values))

    def tuples(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows without the names of their columns, where there may be thousands and somebody waits."""
        try:
            return self.db.conn.execute(sql, values).fetchall()
        except FAILURES as error:
            raise understood(error, self.path) from error

    def each(self, sql: str, values: Mapping[str, Any] | None = None) -> Iterator[Row]:
        """The rows as they are consumed, where there may be millions."""
        try:
            cursor = self.db.conn.execute(sql, values or {})
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))
        except FAILURES as error:
            raise understood(error, self.path) from error


def to_row(value: BaseModel) -> Row:
    """A value's fields as columns: times and dates as ISO text, lists and mappings as JSON, flags as 0 and 1."""
    return {name: _column(field) for name, field in value}


def _column(value: Any) -> Any:  # noqa: ANN401 - a field of any of our models
    # What most fields are, first: the patterns below are tried one after the other.
    if value is None or type(value) is str:
        return value
    match value:
        case datetime():
            # One form and one zone, so that text order is time order.
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case Enum():
            return value.value
        case tuple() | dict() | list():
            return as_json(value)
        case bool():
            return int(value)
        case int() | float():
            return value
        case _:
            return value.isoformat()


def iso(moment: datetime | date) -> str:
    return str(_column(moment))


def as_json(values: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    """A list or mapping for SQLite's json_each, so that one statement serves any number of values."""
    return _encoder.encode(values)
