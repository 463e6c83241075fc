"""Hours of the week: as people write them, and when they come."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.weektime import WeekTime

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = WeekTime(4, time(16, 0))


@pytest.mark.parametrize("words", ["friday 16:00", "Fri 16", " FRIDAY  16:00 ", "frid 16:00"])
def test_an_hour_of_the_week_is_read_as_people_write_it(words: str) -> None:
    assert WeekTime.parse(words) == FRIDAY
    assert str(WeekTime.parse(words)) == "friday 16:00"


@pytest.mark.parametrize(
    "words", ["", "friday", "16:00", "fr 16:00", "friday 24:00", "friday 16:60", "day 16:00"]
)
def test_what_is_no_hour_of_the_week_is_refused_with_what_to_write(words: str) -> None:
    with pytest.raises(ValueError, match=r"such as friday 16:00"):
        WeekTime.parse(words)


def test_the_hour_is_the_channels_own_through_a_change_of_the_clocks() -> None:
    summer = FRIDAY.next(datetime(2026, 10, 22, tzinfo=UTC), BERLIN)
    winter = FRIDAY.next(summer, BERLIN)
    assert (summer.hour, winter.hour) == (14, 15)
    assert winter - summer == timedelta(days=7, hours=1)


def test_an_hour_that_the_clocks_skip_comes_an_hour_later_and_one_they_repeat_comes_once() -> None:
    skipped = WeekTime(6, time(2, 30)).next(datetime(2026, 3, 28, tzinfo=UTC), BERLIN)
    assert skipped.astimezone(BERLIN).time() == time(3, 30)
    repeated = WeekTime(6, time(2, 30))
    first = repeated.next(datetime(2026, 10, 24, tzinfo=UTC), BERLIN)
    assert repeated.next(first, BERLIN) - first > timedelta(days=6)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        WeekTime, st.integers(0, 6), st.times().map(lambda it: it.replace(second=0, microsecond=0, fold=0))
    ),
    st.integers(0, 2 * 366 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]),
)
def test_now_lies_between_the_last_moment_and_the_next(hour: WeekTime, now: datetime, zone: str) -> None:
    last, following = hour.last(now, ZoneInfo(zone)), hour.next(now, ZoneInfo(zone))
    assert last <= now < following
    assert timedelta(days=6, hours=22) <= following - last <= timedelta(days=7, hours=2)
    assert WeekTime.parse(str(hour)) == hour
