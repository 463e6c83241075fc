"""Trend: upvotes beside those of the day, and the votes of a workspace."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking.trend import Gathered, bloomed, gathered, team, trends
from storage.models import Tally

COUNTS = st.integers(0, 10**6)
HOURS = st.floats(0, 10_000)
PAPERS = st.builds(Gathered, st.text(min_size=1, max_size=100), st.none() | COUNTS, HOURS)


def day(*upvotes: int | None, hours: float = math.inf) -> list[Gathered]:
    return [Gathered("A title", count, hours) for count in upvotes]


@given(st.lists(PAPERS, min_size=1, max_size=30))
def test_a_day_is_around_zero_whatever_its_upvotes(papers: list[Gathered]) -> None:
    told = trends(papers)
    assert sum(one.popularity for one in told) == pytest.approx(0, abs=1e-6)
    alike = trends([one._replace(hours=9) for one in papers])
    assert sum(one.forecast for one in alike) == pytest.approx(0, abs=1e-6)
    assert all(0 <= one.above < 1 for one in told)


@given(st.lists(COUNTS, min_size=2, max_size=20), HOURS)
def test_of_papers_listed_together_the_one_with_more_upvotes_is_more_popular(
    counts: list[int], hours: float
) -> None:
    told = trends(day(*counts, hours=hours))
    for one, first in zip(told, counts, strict=True):
        for other, second in zip(told, counts, strict=True):
            assert (one.popularity > other.popularity) is (first > second)


def test_the_paper_listed_last_is_not_punished_for_having_had_no_time() -> None:
    early, late, idle = trends([Gathered("A", 20, 24), Gathered("B", 12, 2), Gathered("C", 12, 24)])
    assert late.popularity > early.popularity > idle.popularity


def test_a_paper_that_is_not_listed_stands_below_one_listed_just_now() -> None:
    outside, fresh, liked = trends([Gathered("A", None), Gathered("B", 0, 0), Gathered("C", 9, 24)])
    assert outside.popularity < fresh.popularity < liked.popularity
    assert outside.upvotes is None


def test_a_quiet_day_is_not_blown_up() -> None:
    assert [round(one.popularity, 2) for one in trends(day(1, 1, 1, 2))] == [-0.2, -0.2, -0.2, 0.61]


def test_above_is_the_share_of_the_day_with_fewer_upvotes() -> None:
    assert [one.above for one in trends(day(5, 1, 5, None))] == [0.5, 0.25, 0.5, 0.0]


def test_of_two_papers_with_as_many_upvotes_the_one_with_the_short_title_is_expected_to_gain() -> None:
    short, long = trends([Gathered("Brief", 9, 9), Gathered("A title of a great many words", 9, 9)])
    assert short.forecast > 0 > long.forecast
    settled = trends([Gathered("Brief", 9), Gathered("A title of a great many words", 9)])
    assert settled[0].forecast == settled[1].forecast == 0


@given(HOURS, HOURS)
def test_more_is_gathered_with_time_and_never_more_than_all(first: float, later: float) -> None:
    assert 0 < gathered(min(first, later)) <= gathered(max(first, later)) < gathered(math.inf) == 1


TALLIES = st.builds(Tally, st.integers(0, 1000), st.integers(0, 1000))
USUAL = st.floats(0, 20)


@given(TALLIES, HOURS, USUAL, st.integers(1, 100))
def test_each_vote_here_moves_a_paper_its_way(tally: Tally, hours: float, usual: float, more: int) -> None:
    before = team(tally, hours, usual)
    assert team(tally._replace(up=tally.up + more), hours, usual) > before
    assert team(tally._replace(down=tally.down + more), hours, usual) < before


@given(USUAL)
def test_a_paper_that_nobody_has_seen_yet_counts_as_an_average_one(usual: float) -> None:
    assert team(Tally(), 0, usual) == pytest.approx(0)
    assert team(Tally(), 100, usual) <= 0


def test_one_vote_does_not_beat_forty() -> None:
    assert team(Tally(up=40), 48, 0.5) > 4 * team(Tally(up=1), 1, 0.5) > 0


def test_a_vote_in_the_first_hour_says_more_than_one_after_a_week() -> None:
    assert team(Tally(up=1), 1, 0.5) > team(Tally(up=1), 168, 0.5)


def test_a_late_bloomer_has_twice_what_it_was_headed_for() -> None:
    assert not bloomed(20, 11, 40)
    assert bloomed(20, 11, 84)
    assert not bloomed(20, 1000, 35)
    assert bloomed(20, 1000, 42)
