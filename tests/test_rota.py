"""Turns: whoever presented longest ago is next, and who is gone is passed over."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rota import stand_in, taken_over, turns
from storage.models import Presentation

DAY = date(2026, 8, 20)


def agenda(*people: str) -> list[Presentation]:
    return [
        Presentation(team_id="T", channel_id="C", day=DAY, position=at, paper_id=f"p{at}", user_id=user)
        for at, user in enumerate(people, 1)
    ]


def test_who_never_presented_comes_first_then_whoever_did_longest_ago() -> None:
    presented = {"A": DAY, "B": DAY - timedelta(days=14), "C": DAY - timedelta(days=7)}
    assert turns(["A", "B", "C", "D"], presented, {"A", "B", "C", "D"}) == ["D", "B", "C", "A"]


def test_who_is_gone_is_passed_over_and_nobody_is_named_twice() -> None:
    assert turns(["A", "B", "A", "C"], {}, {"A", "C", "X"}) == ["A", "C"]


def test_who_takes_a_paper_over_gives_theirs_to_whom_they_took_it_from() -> None:
    assert taken_over(agenda("A", "B", ""), 1, "B") == {1: "B", 2: "A"}
    assert taken_over(agenda("A", "B", ""), 3, "B") == {3: "B", 2: ""}
    assert taken_over(agenda("A", "B", ""), 3, "C") == {3: "C"}


def test_a_stand_in_has_no_paper_yet_and_is_not_who_leaves() -> None:
    assert stand_in(["A", "B", "C"], agenda("A", ""), "B") == "C"
    assert stand_in(["A", "B"], agenda("A", ""), "B") == ""


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(1, 3), st.lists(st.sets(st.integers(0, 5), max_size=3), max_size=20))
def test_over_many_meetings_nobody_here_presents_twice_before_everybody_here_did_once(
    people: int, papers: int, away: list[set[int]]
) -> None:
    rota = [f"U{n}" for n in range(people)]
    presented: dict[str, date] = {}
    for week, gone in enumerate(away):
        here = {user for at, user in enumerate(rota) if at not in gone}
        order = turns(rota, presented, here)
        chosen, passed = order[:papers], order[papers:]
        last = [presented.get(user, date.min) for user in chosen]
        assert all(presented.get(user, date.min) >= max(last, default=date.min) for user in passed)
        presented |= dict.fromkeys(chosen, DAY + timedelta(weeks=week))
