"""Copies of the database: one a day in the folder beside it, and one wherever somebody wants it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

from bot.errors import StoreError
from bot.ingest import Clock
from storage.backup import UNFINISHED, Copied, back_up

log = logging.getLogger(__name__)

#: After a day's backup failed, until it is tried again: the log must not fill while a disk is full.
RETRY = timedelta(hours=1)


async def copy(database: Path, file: Path, now: datetime, *, replace: bool) -> Copied:
    """Copy a database in a thread, while others may write to it. Raises StoreError when there is no whole copy."""
    stop = Event()
    try:
        return await asyncio.to_thread(back_up, database, file, now, replace=replace, stop=stop)
    finally:
        # Cancelled, the thread must not keep the program from ending.
        stop.set()


class Backups:
    """The newest copies of one database, a day each, by the clock's day in UTC: `papers.db.backups/2026-08-18.db`."""

    def __init__(self, database: Path, keep: int, clock: Clock) -> None:
        self.database = database
        self.keep = keep
        self.clock = clock
        self.folder = database.with_name(f"{database.name}.backups")
        self._not_before = datetime.min.replace(tzinfo=UTC)

    async def keep_fresh(self, every: float) -> None:
        """Look every so many seconds whether the day's backup is to be made, for ever."""
        while True:
            await asyncio.sleep(every)
            await self.make_due()

    async def make_due(self) -> Copied | None:
        """Make the day's backup, unless there is one or they are off. A failure is logged and tried again later."""
        now = self.clock()
        file = self.folder / f"{now.astimezone(UTC).date()}.db"
        if not self.keep or now < self._not_before:
            return None
        try:
            if file.exists():
                return None
            self.folder.mkdir(exist_ok=True)
            copied = await copy(self.database, file, now, replace=True)
            # Only after a copy that is whole: a damaged database must not push out the good ones.
            await asyncio.to_thread(self._forget_old)
        except (StoreError, OSError) as error:
            self._not_before = now + RETRY
            log.error("today's backup failed, and is tried again in an hour: %s", error)
            return None
        log.info("backed up to %s", file)
        return copied

    def newest(self) -> date | None:
        """The day of the newest backup."""
        return max((day for day, _ in self._kept()), default=None)

    def _kept(self) -> Iterator[tuple[date, Path]]:
        for path in self.folder.glob("*.db"):
            try:
                yield date.fromisoformat(path.stem), path
            except ValueError:
                continue  # Somebody else's file.

    def _forget_old(self) -> None:
        for _, path in sorted(self._kept(), reverse=True)[self.keep :]:
            path.unlink(missing_ok=True)
        for path in self.folder.glob(f"*{UNFINISHED}"):
            # What a killed process left; today's may be in the making by another.
            if not path.name.startswith(f"{self.clock().astimezone(UTC).date()}"):
                path.unlink(missing_ok=True)
