"""Search results that match equally well."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.ranking.ties import TIE, break_ties

RESULTS = st.lists(st.floats(0, 1), max_size=30).map(lambda scores: sorted(scores, reverse=True))


def test_what_matches_equally_well_comes_in_the_order_of_the_taste() -> None:
    liked = {"b": 1.0, "d": 2.0}
    assert break_ties("abcd", [0.9, 0.895, 0.5, 0.4999], liked) == ["b", "a", "d", "c"]


def test_without_a_taste_nothing_moves() -> None:
    assert break_ties("abc", [0.5, 0.5, 0.5], {}) == list("abc")


@given(RESULTS, st.data())
def test_no_paper_overtakes_one_that_matches_clearly_better(scores: list[float], data: st.DataObject) -> None:
    ids = [str(number) for number in range(len(scores))]
    liked = data.draw(st.dictionaries(st.sampled_from(ids), st.floats(-3, 3))) if ids else {}
    ordered = break_ties(ids, scores, liked)
    assert sorted(ordered) == sorted(ids)
    for place, id in enumerate(ordered):
        assert all(scores[int(later)] < scores[int(id)] + TIE for later in ordered[place:])
