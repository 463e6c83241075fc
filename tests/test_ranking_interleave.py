"""Two rankings in one list, and which of them wins."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking.interleave import Team, credit, outcome, sign_test, team_draft

RANKING = st.lists(st.sampled_from([f"p{n}" for n in range(10)]), unique=True)


@given(RANKING, RANKING, st.integers(0, 12), st.integers())
def test_the_list_is_full_and_holds_no_paper_twice(
    first: list[str], second: list[str], size: int, seed: int
) -> None:
    drafted = team_draft(first, second, size, random.Random(seed))
    ids = [one.id for one in drafted]
    assert len(set(ids)) == len(ids) == min(size, len({*first, *second}))
    for one in drafted:
        assert one.id in (first if one.team is Team.FIRST else second)


@given(RANKING.filter(bool), st.integers(0, 10), st.integers())
def test_of_two_equal_rankings_the_list_is_the_ranking(ranking: list[str], size: int, seed: int) -> None:
    assert [one.id for one in team_draft(ranking, ranking, size, random.Random(seed))] == ranking[:size]


@given(st.integers(1, 10), st.integers())
def test_both_rankings_have_as_many_picks_but_for_one(size: int, seed: int) -> None:
    first, second = [f"a{n}" for n in range(10)], [f"b{n}" for n in range(10)]
    teams = [one.team for one in team_draft(first, second, size, random.Random(seed))]
    assert abs(teams.count(Team.FIRST) - teams.count(Team.SECOND)) <= 1


def test_the_coin_is_fair() -> None:
    starts = [team_draft(["a"], ["b"], 1, random.Random(seed))[0].team for seed in range(400)]
    assert 150 < starts.count(Team.FIRST) < 250


def test_the_better_ranking_wins_and_equal_ones_do_not() -> None:
    better, worse = [f"p{n}" for n in range(10)], [f"p{n}" for n in reversed(range(10))]
    liked = {"p0", "p1"}
    lists = [team_draft(better, worse, 5, random.Random(seed)) for seed in range(60)]
    won = outcome(credit(drafted, liked) for drafted in lists)
    assert won.leader is Team.FIRST
    assert won.p_value < 0.001
    same = outcome(credit(team_draft(better, better, 5, random.Random(seed)), liked) for seed in range(60))
    assert same.p_value > 0.01


@pytest.mark.parametrize(
    ("wins", "losses", "chance"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (8, 2, 0.109375), (5, 5, 1.0)],
)
def test_the_sign_test_is_two_sided_and_symmetric(wins: int, losses: int, chance: float) -> None:
    assert sign_test(wins, losses) == sign_test(losses, wins) == pytest.approx(chance)


def test_a_great_many_lists_can_be_tested() -> None:
    assert sign_test(5_100, 4_900) == pytest.approx(0.0466, abs=1e-3)
    assert outcome([(1, 1), (0, 0)]) == (0, 0, 2, 1.0)
    assert outcome([]).leader is None
