"""arXiv's holidays, by its own lists, and those of the United States."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.holidays import deferral, holiday

#: https://info.arxiv.org/help/availability.html in 2023, and what it had of the rest of 2026 in that August.
OF_2023 = ["01-16", "06-14", "06-19", "07-04", "09-04", "11-23", "12-25", "12-27"]
REST_OF_2026 = ["09-07", "11-26", "12-25", "12-29", "12-31"]


def deferred(year: int) -> list[str]:
    days = [date.fromordinal(date(year, 1, 1).toordinal() + n) for n in range(365)]
    found = [(day, holiday(day)) for day in days]
    return [f"{day:%m-%d}" for day, one in found if one and one.arxiv]


def test_the_holidays_are_those_that_arxiv_published() -> None:
    assert deferred(2023) == OF_2023
    assert [day for day in deferred(2026) if day > "08-18"] == REST_OF_2026


@pytest.mark.parametrize(
    ("day", "name", "arxiv"),
    [
        ("2025-01-01", "New Year's Day", False),
        ("2027-01-18", "Martin Luther King Jr. Day", True),
        ("2026-05-25", "Memorial Day", False),
        ("2027-11-25", "Thanksgiving", True),
        ("2026-12-29", "one of arXiv's holidays", True),
    ],
)
def test_a_holiday_has_a_name(day: str, name: str, arxiv: bool) -> None:
    assert holiday(date.fromisoformat(day)) == (name, arxiv)


def test_what_is_not_announced_in_the_evening_is_missing_the_day_after() -> None:
    labor_day = date(2026, 9, 7)
    assert deferral(labor_day) == deferral(date(2026, 9, 8)) == (labor_day, holiday(labor_day))
    assert deferral(date(2026, 9, 9)) is None
    memorial_day = date(2026, 5, 25)
    assert deferral(memorial_day)
    assert deferral(date(2026, 5, 26)) is None


@given(st.integers(2000, 2200))
def test_each_year_has_the_same_holidays(year: int) -> None:
    days = [date.fromordinal(date(year, 1, 1).toordinal() + n) for n in range(366)]
    names = {one.name for day in days if day.year == year and (one := holiday(day))}
    assert len(names - {"one of arXiv's holidays"}) == 8
