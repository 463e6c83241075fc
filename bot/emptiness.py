"""Why a day has no papers: found out from the calendar and the readings, and said in plain words."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.holidays import deferral
from bot.ingest import Ingest
from storage import Store

#: As they are called in a sentence.
NAMES = {"huggingface": "Hugging Face", "arxiv": "arXiv"}
SATURDAY = 5


class Failing(NamedTuple):
    """A source that can't be read: since when, and when that was tried last."""

    name: str
    since: datetime
    tried_at: datetime


class Emptiness(NamedTuple):
    """What is known of a day without papers. `day` is a day of the sources, `now` in the zone of whoever is told.

    `listed` papers were listed, none of which is news where they would be shown.
    """

    day: date
    now: datetime
    failing: tuple[Failing, ...] = ()
    listed: int = 0


async def examine(store: Store, ingest: Ingest, day: date, zone: ZoneInfo) -> Emptiness:
    """Why there is nothing for a day, as far as the store knows; to be told by clocks in this zone."""
    day = min(day, ingest.today())
    failing = []
    for source in ingest.sources_for(day):
        reading = await store.reading(source, day)
        since = await store.failing_since(source, day)
        if reading and since:
            failing.append(Failing(NAMES[source], since, reading.read_at))
    listed = len(await store.listed(day, day))
    return Emptiness(day, ingest.clock().astimezone(zone), tuple(failing), listed)


def is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def for_answer(empty: Emptiness) -> str:
    """What continues "No papers are listed": the reason, or nothing where none is known."""
    if not (why := _reason(empty)):
        return ""
    return f": {why}" + ("; I try again every minute" if empty.failing else "")


def for_channel(empty: Emptiness, day: date, again: timedelta) -> str:
    """What a channel reads when its edition of `day` is given up; a source is tried again within `again`."""
    told = f"No papers for {day:%A} {day.day} {day:%B}: {_reason(empty) or 'nothing is listed yet'}."
    if not empty.failing:
        return f"{told} What is listed later comes with the next edition."
    next_try = max(one.tried_at for one in empty.failing) + again
    return (
        f"{told} I try again by {_clock(next_try, empty.now)}, and what I find then comes with the next edition; "
        "`/papers today` asks at once."
    )


def _reason(empty: Emptiness) -> str:
    """The first that holds: sources that fail, papers that are no news, the weekend, a holiday."""
    if empty.failing:
        return " and ".join(
            f"{one.name} could not be read since {_clock(one.since, empty.now)}" for one in empty.failing
        )
    if empty.listed:
        return "this channel had everything that is listed, or muted it"
    if is_weekend(empty.day):
        return "Hugging Face lists few papers or none at weekends"
    return _holiday(empty.day)


def _holiday(day: date) -> str:
    if (found := deferral(day)) is None:
        return ""
    when, holiday = found
    is_was = "it is" if when == day else "the day before was"
    kind = "on which arXiv announces no papers" if holiday.arxiv else "a holiday in the US"
    return f"{is_was} {holiday.name}, {kind}"


def _clock(moment: datetime, now: datetime) -> str:
    """A time by the clock of whoever reads it, with the day where it is another one."""
    local = moment.astimezone(now.tzinfo)
    if local.date() == now.date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} on {local:%A} {local.day} {local:%B}"
