"""Whether the bot does what it is there for: the checks behind `/healthz`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.errors import StoreError
from bot.ingest import Clock
from bot.logs import event
from bot.timing import Timing
from storage import Store
from storage.models import Subscription
from storage.monitoring import try_writing

log = logging.getLogger(__name__)

#: An edition counts as missed this long after its hour: sources may be late, and posting takes a minute.
GRACE = timedelta(minutes=30)
#: So many working days without an edition are no accident.
MISSED = 2
#: No day before these is looked at.
_FARTHEST = timedelta(days=14)


class Check(NamedTuple):
    """One thing examined. `reason` is a sentence when it is not `ok`; it goes to whoever can ask, so no names."""

    ok: bool
    reason: str = ""


class Report(NamedTuple):
    """All checks by name."""

    checks: Mapping[str, Check]
    papers: int

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks.values())

    def as_json(self, team_id: str) -> dict[str, Any]:
        checks = {name: check._asdict() for name, check in self.checks.items()}
        reasons = " ".join(check.reason for check in self.checks.values() if not check.ok)
        return {"ok": self.ok, "team": team_id, "papers": self.papers, "reason": reasons, "checks": checks}


class Line:
    """Whether the socket to Slack is open, as whoever watches it has seen; `clock` gives seconds."""

    def __init__(self, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.patience = patience
        self.clock = clock
        self._last_up = clock()

    def seen(self, *, up: bool) -> None:
        if up:
            self._last_up = self.clock()

    def check(self) -> Check:
        down = self.clock() - self._last_up
        if down <= self.patience:
            return Check(ok=True)
        return Check(ok=False, reason=f"The socket to Slack has been down for {down:.0f} s.")


class Health:
    """Examines one bot. A report is kept for a few seconds, so that nobody can make it busy by asking."""

    def __init__(
        self, store: Store, database: Path, team_id: str, clock: Clock, timing: Timing, line: Line | None
    ) -> None:
        self.store = store
        self.database = database
        self.team_id = team_id
        self.clock = clock
        self.started = clock()
        self.keep = timing.health
        self.line = line
        self._report: Report | None = None
        self._examined = 0.0
        self._examining = asyncio.Lock()

    async def report(self) -> Report:
        """Examine everything, unless that was just done."""
        async with self._examining:
            if self._report is None or time.monotonic() - self._examined >= self.keep:
                before, self._report = self._report, await self._examine()
                self._examined = time.monotonic()
                _log_change(before, self._report)
            return self._report

    async def _examine(self) -> Report:
        checks = {"socket": self.line.check()} if self.line else {}
        checks["database"] = await _guarded(self._database())
        checks["editions"] = await _guarded(self._editions())
        try:
            papers = await self.store.size()
        except StoreError:
            papers = 0
        return Report(checks, papers)

    async def _database(self) -> Check:
        await asyncio.to_thread(try_writing, self.database)
        return Check(ok=True)

    async def _editions(self) -> Check:
        """Red only when no channel at all gets its papers: one that threw the bot out is no reason to restart it."""
        subscriptions = await self.store.subscriptions(self.team_id)
        late = [subscription for subscription in subscriptions if await self._is_late(subscription)]
        if not late or len(late) < len(subscriptions):
            return Check(ok=True)
        return Check(
            ok=False, reason=f"No edition came through for {MISSED} working days, although papers were due."
        )

    async def _is_late(self, subscription: Subscription) -> bool:
        now, channel = self.clock(), subscription.channel_id
        if now - self.started < GRACE:
            # What was due while the bot was away is being posted.
            return False
        begun = self.started.astimezone(ZoneInfo(subscription.timezone)).date()
        last = await self.store.last_edition_sent(self.team_id, channel)
        missed = working_days_missed(last or begun, subscription, now)
        if len(missed) < MISSED:
            return False
        # Days on which Hugging Face listed nothing, such as Christmas, are no fault of anybody's.
        return bool(await self.store.unread(missed)) or await self.store.has_news(
            self.team_id, channel, missed[0], missed[-1]
        )


def working_days_missed(last: date, subscription: Subscription, now: datetime) -> list[date]:
    """The days from Monday to Friday after `last` that a channel wants papers on and whose hour is well past."""
    zone = ZoneInfo(subscription.timezone)
    today = now.astimezone(zone).date()
    first = max(last + timedelta(days=1), today - _FARTHEST)
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    return [
        day
        for day in days
        if day.weekday() < 5
        and day.weekday() in subscription.weekdays
        and datetime.combine(day, subscription.post_at, zone) + GRACE <= now
    ]


async def _guarded(check: Awaitable[Check]) -> Check:
    try:
        return await check
    except StoreError as error:
        return Check(ok=False, reason=f"{error}.")


def _log_change(before: Report | None, after: Report) -> None:
    if not after.ok and (before is None or before.ok):
        red = ",".join(name for name, check in after.checks.items() if not check.ok)
        event(log, "unhealthy", level=logging.WARNING, red=red)
    elif before is not None and not before.ok and after.ok:
        event(log, "healthy again")
