"""The one door to the database: every query of the bot is a method of Store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from storage.channels import Channels
from storage.conversations import Conversations
from storage.database import connect
from storage.exposures import Exposures
from storage.groups import Groups
from storage.harvests import Harvests
from storage.health import Healths
from storage.interests import Interests
from storage.links import Links
from storage.mail import Mails
from storage.monitoring import Monitoring
from storage.papers import Papers
from storage.pasted import PastedLinks
from storage.personal import Personal
from storage.posts import Posts
from storage.reading import Reading
from storage.saves import Saves
from storage.signals import Signals
from storage.statistics import Statistics
from storage.submissions import Submissions
from storage.topics import Topics
from storage.visits import Visits
from storage.votes import Votes
from storage.weekly import Weekly

PLUS_AND_MINUS: Mapping[str, int] = {"+1": 1, "-1": -1}


class Store(
    Papers,
    Harvests,
    Healths,
    Channels,
    Posts,
    Votes,
    Saves,
    Exposures,
    Interests,
    Links,
    Mails,
    Signals,
    Monitoring,
    Statistics,
    Personal,
    Topics,
    PastedLinks,
    Submissions,
    Conversations,
    Reading,
    Visits,
    Weekly,
    Groups,
):
    """Async by contract, so that a networked database can answer the same calls.

    SQLite answers on the loop, on the thread that opened it, in well under a millisecond.
    """

    def __init__(self, db: Database, emoji: Mapping[str, int] = PLUS_AND_MINUS) -> None:
        super().__init__(db)
        self.emoji = emoji

    @classmethod
    def open(cls, path: Path | str, emoji: Mapping[str, int] = PLUS_AND_MINUS) -> Self:
        """Open or create the database file.

        Raises StoreError when it can't be opened or a newer papers-bot has written it.
        """
        return cls(connect(path), emoji)

    async def created_at(self) -> datetime:
        """When the database was made; of a restored copy, when the original was."""
        (row,) = self.rows("SELECT min(applied_at) AS made FROM _sqlite_migrations")
        return datetime.fromisoformat(row["made"])

    async def copied_at(self) -> datetime | None:
        """When the copy was made that this database is; None for one that never was a copy, or is settled."""
        # Written by storage.backup, in minutes since 1970.
        minutes = self.rows("PRAGMA user_version")[0]["user_version"]
        return datetime.fromtimestamp(minutes * 60, UTC) if minutes else None

    async def settle_copy(self) -> None:
        """What happened since the copy was made is known again."""
        self.write("PRAGMA user_version = 0", {})

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
