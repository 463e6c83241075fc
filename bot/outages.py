"""Which services of the sources can't be asked just now, remembered, so that nobody waits for them again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.errors import SourceError
from bot.sources.http import RefusedError
from storage import Store
from storage.models import SERVICES, Health, Service, SourceName

#: A service that failed is asked again after this long, or when it said itself.
RETRY = timedelta(minutes=1)
#: Statuses that are about what was asked, and say nothing of the service.
_ABOUT_THE_QUESTION = frozenset({400, 404, 414, 422})


class Outages:
    """Kept in the store, so that another process and the next start know of them, too."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.store = store
        self.clock = clock

    async def told_to_wait(self, source: SourceName) -> str:
        """Why nothing must be asked of the source yet: one of its services said for how long; "" when it may be."""
        healths, now = [await self.store.health(source, service) for service in SERVICES], self.clock()
        until = max((one.ask_at for one in healths if one.told and one.ask_at), default=now)
        seconds = math.ceil((until - now).total_seconds())
        return f"{source} wants to be left alone for {seconds} s more" if seconds > 0 else ""

    async def resting(self, source: SourceName, service: Service) -> str:
        """Why a person should not wait for the service; "" when they may.

        Whoever runs for long asks a failing service again every RETRY (`due`). Where nobody has, as with a command that
        ended, the next one who wants something asks as if nothing had been.
        """
        health = await self.store.health(source, service)
        if health.ask_at is None or self.clock() >= health.ask_at + RETRY:
            return await self.told_to_wait(source)
        return health.error

    async def due(self, source: SourceName, service: Service) -> bool:
        """Whether the service fails, and has been left alone for long enough."""
        health = await self.store.health(source, service)
        rested = health.ask_at is not None and self.clock() >= health.ask_at
        return rested and not await self.told_to_wait(source)

    async def answered(self, source: SourceName, service: Service) -> None:
        await self.store.record_health(Health(source=source, service=service, read_at=self.clock()))

    async def failed(self, source: SourceName, service: Service, error: SourceError, began: datetime) -> None:
        """Remember the failure of a call that began then.

        A refusal that is about what was asked shows that the service works. Nor does a failure count if the service has
        answered another call meanwhile: in a queue that keeps a pace, patience ends though nothing is wrong.
        """
        before, now = await self.store.health(source, service), self.clock()
        if isinstance(error, RefusedError) and error.status in _ABOUT_THE_QUESTION:
            works = Health(source=source, service=service, read_at=before.read_at)
            await self.store.record_health(works)
            return
        if before.read_at and before.read_at > began:
            return
        wait = RETRY if error.after is None else max(RETRY, timedelta(seconds=error.after))
        changed = {
            "failing_since": before.failing_since or began,
            "error": str(error),
            "ask_at": now + wait,
            "told": error.after is not None,
        }
        await self.store.record_health(before.model_copy(update=changed))
