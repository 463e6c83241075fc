"""Spans of time that were harvested whole: kept for each category, and joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Store
from storage.models import Span, Window

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def span(first: int, last: int) -> Span:
    return Span(at(first), at(last))


async def test_each_category_has_its_own_spans(store: Store) -> None:
    await store.record_harvest(Window(("cs.CL", "cs.LG"), span(0, 24)))
    await store.record_harvest(Window(("cs.LG",), span(24, 48)))
    assert await store.harvested("cs.CL") == [span(0, 24)]
    assert await store.harvested("cs.LG") == [span(0, 48)]
    assert await store.harvested("cs.CV") == []


async def test_spans_that_do_not_touch_stay_apart_until_the_gap_is_filled(store: Store) -> None:
    for ends in ((0, 2), (4, 6), (10, 12)):
        await store.record_harvest(Window(("cs.CL",), span(*ends)))
    await store.record_harvest(Window(("cs.CL",), span(2, 4)))
    assert await store.harvested("cs.CL") == [span(0, 6), span(10, 12)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=12))
@settings(deadline=None)
async def test_the_spans_cover_exactly_the_hours_that_were_harvested(lengths: list[tuple[int, int]]) -> None:
    hours: set[int] = set()
    with Store.open(":memory:") as store:
        for first, length in lengths:
            await store.record_harvest(Window(("cs.CL",), span(first, first + length)))
            hours |= set(range(first, first + length))
        spans = await store.harvested("cs.CL")
    covered = {hour for hour in range(60) if any(one.first <= at(hour) < one.last for one in spans)}
    assert covered == hours
    assert all(one.last < later.first for one, later in pairwise(spans))
