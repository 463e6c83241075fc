"""An hour of the week, as people write it (`friday 16:00`), and when it comes in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(days=7)
_CLOCK = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?")


class WeekTime(NamedTuple):
    """A weekday, 0 for Monday, and an hour of it."""

    weekday: int
    at: time

    @classmethod
    def parse(cls, words: str) -> Self:
        """From `friday 16:00`, `Fri 16` or the like. Raises ValueError, with what to write, for anything else."""
        day, _, clock = words.strip().lower().partition(" ")
        found = [at for at, name in enumerate(DAYS) if len(day) >= 3 and name.startswith(day)]
        hour = _CLOCK.fullmatch(clock.strip())
        if not (found and hour):
            raise ValueError("write a weekday and an hour, such as friday 16:00")
        return cls(found[0], time(int(hour[1]), int(hour[2] or 0)))

    def __str__(self) -> str:
        return f"{DAYS[self.weekday]} {self.at:%H:%M}"

    @property
    def told(self) -> str:
        """As a sentence has it: `Friday, 16:00`."""
        return f"{DAYS[self.weekday].capitalize()}, {self.at:%H:%M}"

    def on(self, day: date, zone: ZoneInfo) -> datetime:
        """The moment in the week of `day`, Monday to Sunday, in UTC.

        An hour that a change of the clocks leaves out comes an hour later; of one that it brings twice it is the first.
        """
        local = day - timedelta(days=day.weekday()) + timedelta(days=self.weekday)
        return datetime.combine(local, self.at, zone).astimezone(UTC)

    def last(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The newest such moment that is not after `now`."""
        today = now.astimezone(zone).date()
        return max(at for back in (0, 1) if (at := self.on(today - back * _WEEK, zone)) <= now)

    def next(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first such moment after `now`."""
        today = now.astimezone(zone).date()
        return min(at for ahead in (0, 1) if (at := self.on(today + ahead * _WEEK, zone)) > now)
