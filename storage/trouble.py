"""What SQLite's errors mean to the person who runs the bot, and what to do about each."""

from __future__ import annotations

import sqlite3

from storage.errors import StoreError

_DAMAGED = (
    "{path} is damaged, or is no database ({error}). Stop the bot and put back the newest copy from "
    "{path}.backups, as docs/operations.md says; or choose another file with PAPERS_DATABASE."
)
_LOCKED = (
    "Another program has {path} locked ({error}). Close what has it open, such as a shell in sqlite3 or a program "
    "that copies files, and try again."
)
#: By result code (https://www.sqlite.org/rescode.html).
_ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full, and {path} can't grow; nothing of this change was kept. Make room, and "
    "try again; a running bot goes on by itself.",
    sqlite3.SQLITE_READONLY: "{path} can't be written to ({error}). Let the user that runs papers-bot write to the "
    "file and to its folder, and mount the disk writable.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_IOERR: "The disk failed while {path} was read or written ({error}). Look at the disk and at the "
    "system's log; once it works, `papers-bot backup` tells whether the database is whole.",
    sqlite3.SQLITE_CANTOPEN: "{path} can't be opened: {error}. Check the path and its permissions, or choose another "
    "with PAPERS_DATABASE.",
}
_OTHER = "{path} failed: {error}. Try again; if it stays so, `papers-bot backup` tells whether the database is whole."


#: What SQLite's module raises; the second where garbage stands in the place of a name or an error's text.
FAILURES = (sqlite3.Error, UnicodeDecodeError)


def primary_code(error: Exception) -> int:
    """SQLite's result code without its details; 0 where the error came from Python's module itself."""
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def understood(error: Exception, path: str) -> StoreError:
    """The error, one of FAILURES, as a sentence about the database at this path."""
    return StoreError(_ADVICE.get(primary_code(error), _OTHER).format(path=path, error=error))
