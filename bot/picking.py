"""The papers that are chosen for one person, of a day or a week: what their mail and their feed hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.ingest import Clock, Ingest
from bot.ranking import why
from bot.recommend import Audience, Recommender
from storage import Store
from storage.mail_models import Pick, Rhythm
from storage.models import Listed, Paper

#: How many papers are chosen, and of how many days before.
SIZES = {Rhythm.DAILY: 10, Rhythm.WEEKLY: 20}
CATCH_UP = {Rhythm.DAILY: timedelta(days=3), Rhythm.WEEKLY: timedelta(days=6)}
#: A week's papers come on this day.
MONDAY = 0
#: How late a mail may come: later, there is a newer one soon.
LATE = {Rhythm.DAILY: timedelta(days=1), Rhythm.WEEKLY: timedelta(days=2)}
#: What was chosen before is looked up in so many picks.
_REMEMBERED = 30
_REASONS = 2
_NOTHING_YET = "new, and little sets it apart yet"
#: A vote, a save or a wish moves a preference by more than this; what was only shown moves it less.
_JUDGED = 0.1


class Hour(NamedTuple):
    """When a person's papers come: at `at` in their time zone."""

    at: time
    zone: ZoneInfo


class Hours(NamedTuple):
    """When papers come: at `at`, in each person's own time zone, or in `zone` where that is not known."""

    at: time
    zone: ZoneInfo

    def of(self, timezone: str) -> Hour:
        return Hour(self.at, ZoneInfo(timezone) if timezone else self.zone)


def slot(rhythm: Rhythm, hour: Hour, now: datetime) -> datetime:
    """The newest moment up to now at which a person's papers were to come."""
    local = now.astimezone(hour.zone)
    day = local.date() - timedelta(days=(local.weekday() - MONDAY) % 7 if rhythm is Rhythm.WEEKLY else 0)
    moment = datetime.combine(day, hour.at, hour.zone)
    return moment if moment <= local else _before(rhythm, day, hour)


def following(rhythm: Rhythm, hour: Hour, now: datetime) -> datetime:
    """The first moment after now at which papers are to come."""
    newest = slot(rhythm, hour, now)
    return datetime.combine(newest.date() + _step(rhythm), hour.at, hour.zone)


def _before(rhythm: Rhythm, day: date, hour: Hour) -> datetime:
    return datetime.combine(day - _step(rhythm), hour.at, hour.zone)


def _step(rhythm: Rhythm) -> timedelta:
    return timedelta(days=7 if rhythm is Rhythm.WEEKLY else 1)


class Picking:
    """Chooses for the people of one workspace."""

    def __init__(
        self, store: Store, ingest: Ingest, recommender: Recommender, team_id: str, clock: Clock
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.recommender = recommender
        self.team_id = team_id
        self.clock = clock

    async def pick(
        self, user_id: str, rhythm: Rhythm, day: date, patience: float | None = None
    ) -> Pick | None:
        """The papers of a person's day, chosen now unless they were before; None when there are none.

        With `patience`, a source is waited for so many seconds at most.
        """
        known = await self.store.pick(self.team_id, user_id, rhythm, day)
        return known or await self._choose(user_id, rhythm, day, patience)

    async def why(self, paper: Paper, user_id: str) -> str:
        """Why a paper was chosen for a person, as one line of plain text."""
        reasons = [
            one for one in await self.recommender.explain(paper, Audience(user_id=user_id)) if one.text
        ]
        speaking = [reason for reason in reasons if reason.value > 0] or reasons
        return why.sentence(speaking[:_REASONS]) or _NOTHING_YET

    async def _choose(self, user_id: str, rhythm: Rhythm, day: date, patience: float | None) -> Pick | None:
        await self._read(rhythm, day, patience)
        listed = await self._news(user_id, rhythm, day)
        papers = await self._wanted(user_id, listed)
        if not papers:
            return None
        ranked = await self.recommender.rank(papers, Audience(user_id=user_id))
        chosen = await self.recommender.choose(ranked, SIZES[rhythm], (), f"{self.team_id} {user_id} {day}")
        if not chosen:
            return None
        ids = tuple(choice.id for choice in chosen)
        pick = Pick(
            team_id=self.team_id,
            user_id=user_id,
            rhythm=rhythm,
            day=day,
            picked_at=self.clock(),
            papers=ids,
            passed=tuple(id for id, where in listed.items() if where.curated and id not in ids),
            announced_day=max((where.day for where in listed.values() if not where.curated), default=None),
        )
        return await self.store.keep_pick(pick)

    async def _read(self, rhythm: Rhythm, day: date, patience: float | None) -> None:
        """Have the days that are looked at in the store."""
        for before in range(CATCH_UP[rhythm].days, -1, -1):
            await self.ingest.ensure_day(day - timedelta(days=before), patience)

    async def _news(self, user_id: str, rhythm: Rhythm, day: date) -> dict[str, Listed]:
        """What was listed up to a day and not looked at for this person before.

        Of a week all but what a week before had; of arXiv's announcements, hundreds a day, only the newest.
        """
        listed = await self.store.listed(day - CATCH_UP[rhythm], min(day, self.ingest.today()))
        before = await self.store.picks(self.team_id, user_id, rhythm, _REMEMBERED)
        had = {id for pick in before for id in (*pick.papers, *pick.passed)}
        fresh = {id: where for id, where in listed.items() if id not in had}
        if rhythm is Rhythm.WEEKLY:
            return fresh
        return _newest(fresh, before)

    async def _wanted(self, user_id: str, listed: Mapping[str, Listed]) -> list[Paper]:
        """Without those that the person has judged already: they know them."""
        liking = await self.recommender.liking(user_id)
        judged = {id for id, liked in liking.preferences.items() if abs(liked) > _JUDGED}
        return await self.store.papers([id for id in listed if id not in judged])


def _newest(listed: Mapping[str, Listed], before: Sequence[Pick]) -> dict[str, Listed]:
    """What is news after earlier days; of the first day, the newest of each kind of listing."""
    if before:
        announced = max((pick.announced_day for pick in before if pick.announced_day), default=date.min)
        return {id: where for id, where in listed.items() if where.curated or where.day > announced}
    newest = {
        kind: max((where.day for where in listed.values() if where.curated is kind), default=None)
        for kind in (True, False)
    }
    return {id: where for id, where in listed.items() if where.day == newest[where.curated]}
