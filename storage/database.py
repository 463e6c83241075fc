"""One connection to the SQLite file, and how values travel to and from its columns."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlite_utils import Database

from storage.errors import StoreError
from storage.migrations import migrate

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
            _write_ahead(connection)
            # FULL, because an event is acknowledged on the strength of the commit.
            connection.execute("PRAGMA synchronous = full")
            connection.execute("PRAGMA foreign_keys = on")
            db = Database(connection)
            migrate(db, str(path))
        except sqlite3.Error as error:
            raise StoreError(
                f"The database {path} can't be opened: {error}. Check the path and its permissions, "
                "or choose another with PAPERS_DATABASE."
            ) from error
        on_failure.pop_all()
    return db


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on; SQLite's own timeout does not hold while another process does the same."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(0.01)


class Connected:
    """What each part of the store builds on: reading, writing, and a transaction; all raise StoreError."""

    def __init__(self, db: Database) -> None:
        self.db = db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock first, so that two processes queue instead of failing."""
        connection = self.db.conn
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _failed(error) from error
        finally:
            if connection.in_transaction:
                connection.rollback()

    def write(self, sql: str, values: Mapping[str, Any]) -> int:
        """One statement, which is one transaction; returns how many rows it changed."""
        try:
            return self.db.conn.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise _failed(error) from error

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        try:
            cursor = self.db.conn.execute(sql, values or {})
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise _failed(error) from error


def _failed(error: sqlite3.Error) -> StoreError:
    return StoreError(f"The database failed: {error}")


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
