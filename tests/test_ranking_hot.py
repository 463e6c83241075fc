"""The order of lists without a taste: the formula, and what it promises."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking import Score, rank, score
from storage.models import Paper, Tally

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)


def paper(id: str = "1", *, days: float | None = 0.0, upvotes: int | None = None) -> Paper:
    published = None if days is None else NOW - timedelta(days=days)
    return Paper(id=id, title="A title", published=published, upvotes=upvotes)


COUNTS = st.integers(0, 10**6)
TALLIES = st.builds(Tally, COUNTS, COUNTS)
PAPERS = st.builds(
    paper,
    days=st.none() | st.floats(-1000, 10_000),
    upvotes=st.none() | st.integers(0, 2**63 - 2),
)


@given(PAPERS, TALLIES)
def test_the_score_is_the_sum_of_its_parts_as_the_formula_says(of: Paper, tally: Tally) -> None:
    parts = score(of, tally, NOW)
    v, u = tally.up - tally.down, of.upvotes or 0
    a = 1 if of.published is None else max(0, (NOW - of.published) / timedelta(days=1))
    sign = (v > 0) - (v < 0)
    assert parts.team == pytest.approx(2 * sign * math.log(1 + abs(v)))
    assert parts.upvotes == pytest.approx(math.log(1 + u))
    assert parts.age == pytest.approx(-math.log(2) * a / 3)
    assert parts.total == pytest.approx(parts.team + parts.upvotes + parts.age)


@given(PAPERS, TALLIES, st.integers(1, 10**6))
def test_one_more_vote_never_ranks_lower_and_a_downvote_never_higher(
    of: Paper, tally: Tally, more: int
) -> None:
    before = score(of, tally, NOW).total
    assert score(of, tally._replace(up=tally.up + more), NOW).total >= before
    assert score(of, tally._replace(down=tally.down + more), NOW).total <= before


@given(PAPERS, TALLIES, st.integers(0, 10**6))
def test_more_upvotes_upstream_never_rank_lower(of: Paper, tally: Tally, more: int) -> None:
    popular = of.model_copy(update={"upvotes": (of.upvotes or 0) + more})
    assert score(popular, tally, NOW).total >= score(of, tally, NOW).total


@given(PAPERS, TALLIES, st.floats(0, 1000))
def test_time_never_raises_a_paper(of: Paper, tally: Tally, days: float) -> None:
    later = NOW + timedelta(days=days)
    assert score(of, tally, later).total <= score(of, tally, NOW).total


def test_three_days_cost_as_much_as_half_of_the_upvotes() -> None:
    fresh, older = paper(upvotes=49), paper(days=3, upvotes=99)
    assert score(fresh, Tally(), NOW).total == pytest.approx(score(older, Tally(), NOW).total)


def test_a_paper_without_a_date_counts_as_a_day_old_and_one_from_tomorrow_as_new() -> None:
    assert score(paper(days=None), Tally(), NOW) == score(paper(days=1), Tally(), NOW)
    assert score(paper(days=-1), Tally(), NOW) == score(paper(days=0), Tally(), NOW)


def test_nothing_known_scores_nothing() -> None:
    assert score(paper(), Tally(), NOW) == Score(0.0, 0.0, 0.0)
    assert score(paper(), Tally(4, 4), NOW).team == 0.0


def test_two_colleagues_outweigh_seven_readers_elsewhere() -> None:
    liked, popular = paper("liked"), paper("popular", upvotes=7)
    assert rank([popular, liked], {"liked": Tally(2, 0)}, NOW) == [liked, popular]


def test_downvotes_sink_a_paper_below_an_unknown_one() -> None:
    disliked, unknown = paper("disliked", upvotes=2), paper("unknown")
    assert rank([disliked, unknown], {"disliked": Tally(1, 3)}, NOW) == [unknown, disliked]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12))
def test_the_best_come_first_and_equals_stay_in_their_order(given_: list[tuple[int, int]]) -> None:
    papers = [paper(str(n), upvotes=upvotes) for n, (upvotes, _) in enumerate(given_)]
    tallies = {str(n): Tally(up, 0) for n, (_, up) in enumerate(given_)}
    ranked = rank(iter(papers), tallies, NOW)

    def place(of: Paper) -> tuple[float, int]:
        return -score(of, tallies[of.id], NOW).total, int(of.id)

    assert ranked == sorted(papers, key=place)


@pytest.mark.parametrize("broken", [{"upvotes": -1}, {"upvotes": 2**63}, {"code_stars": -1}])
def test_a_paper_cannot_have_a_number_of_votes_that_no_score_or_column_takes(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Input should be"):
        Paper(id="1", title="A title", **broken)


def test_over_a_year_much_liked_papers_stand_before_new_ones() -> None:
    old = Paper(id="2501.00001", title="Old", upvotes=800, published=NOW - timedelta(days=60))
    new = Paper(id="2501.00002", title="New", upvotes=2, published=NOW - timedelta(days=1))
    tallies = {old.id: Tally(up=10)}
    assert rank([old, new], tallies, NOW) == [new, old]
    assert rank([old, new], tallies, NOW, half_life=365) == [old, new]
