"""Days on which few papers or none are to be expected: arXiv's holidays, and those of the United States."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import NamedTuple


class Holiday(NamedTuple):
    """A holiday by its name, and whether arXiv defers its announcements on it."""

    name: str
    arxiv: bool = True


#: Deferred for reasons of arXiv's own, without a name. Each year's stand on https://info.arxiv.org/help/availability.html,
#: which keeps one year: these are from its text of 2023, and of August 2026.
_DEFERRED = frozenset(
    {date(2023, 6, 14), date(2023, 12, 27), date(2026, 12, 29), date(2026, 12, 31)},
)


def holiday(day: date) -> Holiday | None:
    """The holiday of a day.

    arXiv's list of 2023 (see above) has six holidays that come back each year, and what is known of 2026 agrees. The
    others are holidays of the US by 5 U.S.C. 6103, on which arXiv announces as ever.
    """
    if day in _DEFERRED:
        return Holiday("one of arXiv's holidays")
    return _of_year(day.year).get(day)


def deferral(day: date) -> tuple[date, Holiday] | None:
    """The holiday for which papers that would be listed on a day are missing: that day's, or the one before's.

    arXiv announces in the evening (20:00 in New York), so what is missing is missing on the next day, too.
    """
    for when in (day, day - timedelta(days=1)):
        found = holiday(when)
        if found and (found.arxiv or when == day):
            return when, found
    return None


def _of_year(year: int) -> dict[date, Holiday]:
    last_monday = max(_days(year, 5, calendar.MONDAY))
    return {
        date(year, 1, 1): Holiday("New Year's Day", arxiv=False),
        _days(year, 1, calendar.MONDAY)[2]: Holiday("Martin Luther King Jr. Day"),
        last_monday: Holiday("Memorial Day", arxiv=False),
        date(year, 6, 19): Holiday("Juneteenth"),
        date(year, 7, 4): Holiday("Independence Day"),
        _days(year, 9, calendar.MONDAY)[0]: Holiday("Labor Day"),
        _days(year, 11, calendar.THURSDAY)[3]: Holiday("Thanksgiving"),
        date(year, 12, 25): Holiday("Christmas Day"),
    }


def _days(year: int, month: int, weekday: int) -> list[date]:
    """The Mondays (or other days) of a month, in order."""
    return [date(year, month, week[weekday]) for week in calendar.monthcalendar(year, month) if week[weekday]]
