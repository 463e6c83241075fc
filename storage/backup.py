"""A copy of the database that is whole: made while others write, verified, and only then given its name.

SQLite's online backup API copies one snapshot (https://www.sqlite.org/backup.html). Everything here blocks, on
connections of its own, and is called in a thread.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import NamedTuple

from sqlite_utils import Database

from storage.database import BUSY_SECONDS
from storage.errors import StoreError
from storage.migrations import check, migrations
from storage.trouble import FAILURES, primary_code, understood

#: What a copy is called until it is whole, after a name of its own.
UNFINISHED = ".unfinished"
#: Pages copied between two looks at whether to stop: 4 MB.
_PAGES = 1_000
#: Instructions of SQLite between two such looks while the copy is verified.
_INSTRUCTIONS = 100_000
# As of the oldest schema, so that a file can be copied before it is brought up to date.
_COUNTS = """
    SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM posts),
        (SELECT count(*) FROM reactions) + (SELECT count(*) FROM clicks)"""


class Counts(NamedTuple):
    """What is in a database; `votes` counts the reactions and presses that votes are derived from."""

    papers: int
    posts: int
    votes: int


class Copied(NamedTuple):
    """A finished backup; `size` in bytes."""

    file: Path
    counts: Counts
    size: int


class _Contents(NamedTuple):
    counts: Counts
    migrations: list[str]


def back_up(database: Path, file: Path, now: datetime, *, replace: bool, stop: Event) -> Copied:
    """Copy the database to `file`, verify the copy, and then give it that name.

    The database is read as it is, and not brought up to date. Once `stop` is set, it ends within moments. Raises
    StoreError with what to do when there is no whole copy; then nothing is left of it.
    """
    try:
        _refuse(database, file, replace=replace)
        with _unfinished(file) as unfinished:
            counts = _verified_copy(database, unfinished, now, stop)
            size = unfinished.stat().st_size
            shutil.copymode(database, unfinished)
            unfinished.replace(file)
    except FAILURES as error:
        _end_if(stop)
        raise _understood(error, database, file) from error
    except OSError as error:
        raise StoreError(
            f"The backup {file} can't be written: {error.strerror}. Check the permissions of its folder and the room "
            "on the disk, or name another file."
        ) from error
    return Copied(file, counts, size)


def _refuse(database: Path, file: Path, *, replace: bool) -> None:
    if not database.is_file():
        raise StoreError(f"There is no database {database} to copy. Name the file with PAPERS_DATABASE.")
    if not file.parent.is_dir():
        raise StoreError(f"There is no folder {file.parent} for the backup. Make it, or name another file.")
    if file.resolve() in _own_files(database.resolve()):
        raise StoreError(f"{file} is the database itself, or a part of it. Name another file for the backup.")
    if file.is_dir():
        raise StoreError(f"{file} is a folder. Name a file in it for the backup.")
    if file.exists() and not replace:
        raise StoreError(f"{file} is there already. Name another file, or replace it with --force.")


def _own_files(database: Path) -> list[Path]:
    return [
        database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal", ".lock", ".index")
    ]


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """A new file beside `file`, gone at the end unless it was given another name. Raises OSError."""
    path = file.with_name(f"{file.name}.{secrets.token_hex(4)}{UNFINISHED}")
    # Nobody else may read it: it says who voted on what.
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield path
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _verified_copy(database: Path, copy: Path, now: datetime, stop: Event) -> Counts:
    """Make `copy` what the database is now. Raises StoreError when it did not become that."""
    with _opened(database, stop) as source, _opened(copy, stop) as target:
        check(Database(source), str(database))
        # Held until the end, so that what is written meanwhile neither shows nor makes the copying begin anew.
        source.execute("BEGIN")
        contents = _contents(source)
        _copy(source, target, now, stop)
        problem = _problem(target) or ("" if _contents(target) == contents else "it holds something else")
    if problem:
        raise StoreError(
            f"The copy of {database} is not whole ({problem}), and was not kept. The database or its disk is damaged: "
            "docs/operations.md tells how to go back to an older copy."
        )
    return contents.counts


@contextmanager
def _opened(path: Path, stop: Event) -> Iterator[sqlite3.Connection]:
    """A connection to an existing file, which fails within moments once `stop` is set."""
    # Never created, and named as SQLite wants it, whatever letters the name has.
    address = f"{path.resolve().as_uri()}?mode=rw"
    with closing(
        sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=True)
    ) as connection:
        connection.set_progress_handler(stop.is_set, _INSTRUCTIONS)
        yield connection


def _contents(connection: sqlite3.Connection) -> _Contents:
    names = [migration.name for migration in migrations.applied(Database(connection))]
    return _Contents(Counts(*connection.execute(_COUNTS).fetchone()), names)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, now: datetime, stop: Event) -> None:
    source.backup(target, pages=_PAGES, progress=lambda *_: _end_if(stop))
    # By this it is known to be a copy when it is put back; minutes, because there are 31 bits for it.
    made = source.execute("PRAGMA user_version").fetchone()[0] or int(now.timestamp() // 60)
    target.execute(f"PRAGMA user_version = {made}")
    # One file without a log beside it, wherever it is carried; the bot turns the log on again.
    target.execute("PRAGMA journal_mode = delete")


def _problem(copy: sqlite3.Connection) -> str:
    """What is wrong with a database in itself, or nothing."""
    found = str(copy.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if found != "ok":
        return found
    orphan = copy.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {orphan[0]} lacks its row of {orphan[2]}" if orphan else ""


def _understood(error: Exception, database: Path, file: Path) -> StoreError:
    match primary_code(error):
        case sqlite3.SQLITE_FULL:
            size = f"{database.stat().st_size / 1e6:,.1f} MB"
            return StoreError(
                f"The disk has no room for the backup {file}, which takes {size}. Make room, or name a file on another "
                "disk."
            )
        case sqlite3.SQLITE_IOERR:
            return StoreError(
                f"A disk failed while {database} was copied to {file} ({error}). Look at the system's log and at what "
                "limits the size of files, or name a file on another disk."
            )
    return understood(error, str(database))


def _end_if(stop: Event) -> None:
    if stop.is_set():
        raise StoreError("The backup was stopped before its end, and nothing of it is kept.")
