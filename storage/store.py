"""The one door to the database: every query of the bot is a method of Store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from storage.channels import Channels
from storage.database import connect
from storage.exposures import Exposures
from storage.harvests import Harvests
from storage.health import Healths
from storage.interests import Interests
from storage.papers import Papers
from storage.posts import Posts
from storage.saves import Saves
from storage.signals import Signals
from storage.votes import Votes

PLUS_AND_MINUS: Mapping[str, int] = {"+1": 1, "-1": -1}


class Store(Papers, Harvests, Healths, Channels, Posts, Votes, Saves, Exposures, Interests, Signals):
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

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
