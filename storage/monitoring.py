"""What a monitor asks: can the database be written, what is late, and how old the sources' news are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

from storage.database import BUSY_SECONDS, Connected, as_json, iso
from storage.errors import StoreError


class Monitoring(Connected):
    async def size(self) -> int:
        """How many papers there are, read from the newest one's number: counting millions would take a while."""
        return int(self.rows("SELECT coalesce(max(number), 0) AS papers FROM papers")[0]["papers"])

    async def last_edition_sent(self, team_id: str, channel_id: str) -> date | None:
        """The day of the newest edition of which a channel got at least the header."""
        rows = self.rows(
            "SELECT max(day) AS day FROM posts WHERE team_id = :team AND channel_id = :channel "
            "AND kind = 'header' AND state = 'sent'",
            {"team": team_id, "channel": channel_id},
        )
        return date.fromisoformat(rows[0]["day"]) if rows[0]["day"] else None

    async def has_news(self, team_id: str, channel_id: str, first: date, last: date) -> bool:
        """Whether a paper was listed in these days that a channel has not had."""
        rows = self.rows(
            "SELECT 1 FROM listings WHERE day BETWEEN :first AND :last AND paper_id NOT IN ("
            "SELECT paper_id FROM posts WHERE team_id = :team AND channel_id = :channel) LIMIT 1",
            {"first": iso(first), "last": iso(last), "team": team_id, "channel": channel_id},
        )
        return bool(rows)

    async def unread(self, days: Sequence[date]) -> list[date]:
        """Those of these days for which Hugging Face could not be read, or was not."""
        rows = self.rows(
            "SELECT day FROM readings WHERE source = 'huggingface' AND error = '' "
            "AND day IN (SELECT value FROM json_each(:days))",
            {"days": as_json([iso(day) for day in days])},
        )
        read = {row["day"] for row in rows}
        return [day for day in days if iso(day) not in read]

    async def last_good_readings(self) -> dict[str, datetime]:
        """When each source was last read without an error."""
        rows = self.rows("SELECT source, max(read_at) AS at FROM readings WHERE error = '' GROUP BY source")
        return {row["source"]: datetime.fromisoformat(row["at"]) for row in rows}

    async def count_unfinished(self, team_id: str) -> int:
        """Posts that are neither sent nor abandoned."""
        rows = self.rows(
            "SELECT count(*) AS posts FROM posts WHERE team_id = :team AND state IN ('planned', 'sending')",
            {"team": team_id},
        )
        return int(rows[0]["posts"])


def try_writing(path: Path) -> None:
    """Write to the database, through to the disk, and change nothing. Raises StoreError when that can't be done.

    On a connection of its own, for a thread: a lock that somebody else holds must not stop the loop.
    """
    try:
        # Not to be created where it was deleted.
        where = f"file:{quote(str(path.absolute()))}?mode=rw"
        with closing(
            sqlite3.connect(where, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # There and back again, because SQLite writes nothing where a value is the one it has.
            connection.execute("UPDATE corpus SET id = id || '~'")
            connection.execute("UPDATE corpus SET id = substr(id, 1, length(id) - 1)")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StoreError(f"The database can't be written: {error}") from error
