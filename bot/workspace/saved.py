"""The SQLite file a workspace lives in, so that it is still there after a restart, however it ended.

What changed is written at once, before anybody is told that it happened: a bot that was answered finds the same
again when the process is killed in the next moment. Only the clock's running is written now and then.
"""

import base64
import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

from bot.workspace.state import Channel, File, Json, Message, State, Team, User, View

log = logging.getLogger(__name__)

VERSION = 1
# What was handed out after the last write must not be handed out again.
SPARE_IDS = 1000
SPARE_MICROSECONDS = 1_000_000

Key = tuple[str, str]


class InUseError(OSError):
    """Another process has the file open."""


class Loaded(NamedTuple):
    """What a restored workspace goes on with: its time, and the events that the bot did not get yet."""

    clock: float
    undelivered: list[Json]


class _UnreadableError(Exception):
    """The file holds something else than a workspace of this version."""


class Saved:
    """The file; `notice` says what a person should know about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notice = ""
        self._written: dict[Key, object] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = _opened(path)

    def load(self, state: State) -> Loaded | None:
        """Fill a new state with what was saved; None when nothing was, or nothing that can be read."""
        try:
            _prepare(self._connection)
            return _restored(state, _rows(self._connection))
        except (_UnreadableError, sqlite3.DatabaseError, LookupError, ValueError, TypeError) as error:
            self._set_aside(error)
            return None

    def save(self, state: State, undelivered: list[Json]) -> None:
        """Write what changed since the last time, all of it or nothing."""
        changed = [(key, stamp, body) for key, stamp, body in _contents(state) if self._is_news(key, stamp)]
        now = {"clock": state.clock(), "undelivered": undelivered, "counters": state.counters()}
        rows = [(*key, json.dumps(body)) for key, _, body in changed] + [("now", "", json.dumps(now))]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            log.error("the workspace can't be saved in %s: %s", self.path, error)
        else:
            self._written.update((key, stamp) for key, stamp, _ in changed)

    def close(self) -> None:
        self._connection.close()

    def _is_news(self, key: Key, stamp: object) -> bool:
        return key not in self._written or self._written[key] != stamp

    def _set_aside(self, error: Exception) -> None:
        self._connection.close()
        aside = set_aside(self.path)
        self.notice = (
            f"{self.path} can't be read ({error}); it is now {aside.name}, and the workspace is new."
        )
        log.warning("%s", self.notice)
        self._connection = _opened(self.path)
        _prepare(self._connection)


def set_aside(path: Path) -> Path:
    """Give a database, if it is there, another name; returns the new path."""
    names = (path.with_name(f"{path.name}.aside-{number}") for number in range(1, 10_000))
    aside = next(name for name in names if not name.exists())
    for part, renamed in zip(_files(path), _files(aside), strict=True):
        if part.exists():
            part.rename(renamed)
    return aside


def forget(path: Path) -> None:
    """Delete a database that nobody uses, if it is there. Raises InUseError when somebody does."""
    if path.exists():
        _opened(path).close()
    for part in _files(path):
        part.unlink(missing_ok=True)


def _files(path: Path) -> list[Path]:
    """A database's file, and what SQLite leaves beside it when its process is killed."""
    return [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]


def _opened(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=0.5)
    except sqlite3.Error as error:
        raise OSError(f"{path} can't be opened: {error}") from None
    try:
        # Two processes that write the same workspace would each undo what the other did.
        connection.execute("PRAGMA locking_mode = exclusive")
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = normal")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise InUseError(f"{path} is in use: another workspace runs on it.") from None
        raise OSError(f"{path} can't be opened: {error}") from None
    except sqlite3.DatabaseError:
        pass  # no database at all; reading it will say so
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise _UnreadableError(f"a newer version wrote it: {version}, not {VERSION}")
    with connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
        )
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _rows(connection: sqlite3.Connection) -> dict[str, dict[str, Json]]:
    kept: dict[str, dict[str, Json]] = {}
    for kind, id, body in connection.execute("SELECT kind, id, body FROM kept ORDER BY kind, id"):
        kept.setdefault(kind, {})[id] = json.loads(body)
    return kept


def _contents(state: State) -> Iterator[tuple[Key, object, Json]]:
    """Everything there is: its key, something that differs once it changed, and what is written of it."""
    team = {**vars(state.team), "scopes": sorted(state.team.scopes)}
    yield ("team", ""), dict(team), team
    for user in state.users.values():
        yield ("user", user.id), replace(user), vars(user)
    for channel in state.channels.values():
        body = {name: value for name, value in vars(channel).items() if name != "messages"}
        yield ("channel", channel.id), repr(body), body
        for message in channel.messages.values():
            yield ("message", f"{channel.id} {message.ts}"), message.version(), vars(message)
    for message in state.ephemerals:
        yield ("ephemeral", message.ts), message.version(), vars(message)
    for view in state.views.values():
        yield ("view", view.id), (view.hash, view.open), vars(view)
    for file in state.files.values():
        if file.finished:
            content = base64.b64encode(file.content or b"").decode()
            yield ("file", file.id), dict(file.shares), {**vars(file), "content": content}
    homes = {user: view.id for user, view in state.homes.items()}
    yield ("homes", ""), homes, homes


def _restored(state: State, kept: dict[str, dict[str, Json]]) -> Loaded | None:
    now = kept.get("now", {}).get("")
    if now is None:
        return None
    team = _team(state.team, kept["team"][""])
    users = {id: User(**body) for id, body in kept.get("user", {}).items()}
    channels = {id: Channel(**body) for id, body in kept.get("channel", {}).items()}
    for body in kept.get("message", {}).values():
        message = Message(**body)
        channels[message.channel].messages[message.ts] = message
    views = {id: View(**body) for id, body in kept.get("view", {}).items()}
    homes = {user: views[view] for user, view in kept.get("homes", {}).get("", {}).items()}
    ephemerals = [Message(**body) for body in kept.get("ephemeral", {}).values()]
    files = {
        id: File(**{**body, "content": base64.b64decode(body["content"])})
        for id, body in kept.get("file", {}).items()
    }
    ids, last_ts = now["counters"]
    loaded = Loaded(max(float(now["clock"]), last_ts / 1_000_000), list(now["undelivered"]))
    # From here on nothing can fail: a state is filled or left as it was.
    state.team, state.users, state.channels, state.views = team, users, channels, views
    state.homes, state.ephemerals, state.files = homes, ephemerals, files
    state.go_on_from(ids + SPARE_IDS, last_ts + SPARE_MICROSECONDS)
    return loaded


def _team(team: Team, saved: Json) -> Team:
    """The saved team; what the app may do is for the program to say, not for a file of its last version."""
    known = {field.name for field in fields(Team)} - {"scopes"}
    return replace(team, **{name: value for name, value in saved.items() if name in known})
