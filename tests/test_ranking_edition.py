"""Editions: the best papers, none twice, unlike one another, with a slot for what is not known yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking.edition import Role, choose, diversify, unseen
from bot.ranking.parts import Part, Scored
from storage.models import Paper
from tests import shelf

LIBRARY = shelf.library()
EVERYTHING = list(LIBRARY.papers)


def scored(id: str, trend: float, taste: float = 0.0) -> Scored:
    return Scored(id, dict.fromkeys(Part, 0.0) | {Part.CHANNEL: taste, Part.UPVOTES: trend})


ROBOTS_FIRST = [scored(id, 0.01 * n, 2.0 * id.startswith("robots")) for n, id in enumerate(EVERYTHING)]
SCORED = st.lists(
    st.builds(scored, st.sampled_from(EVERYTHING), st.floats(-5, 5), st.floats(-5, 5)),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(SCORED, st.integers(0, 8), st.sets(st.sampled_from(EVERYTHING)), st.floats(0, 1), st.text())
def test_an_edition_is_full_and_holds_no_paper_twice(
    papers: list[Scored], size: int, late: set[str], diversity: float, seed: str
) -> None:
    choices = choose(papers, size, LIBRARY.alike, bloomed=late, diversity=diversity, seed=seed)
    chosen = [choice.id for choice in choices]
    todays = [one for one in papers if one.id not in late]
    assert len(set(chosen)) == len(chosen) == min(size, len(todays) + (len(todays) < len(papers)))
    assert sum(choice.role is Role.BLOOMED for choice in choices) <= 1
    assert sum(choice.role is Role.EXPLORED for choice in choices) <= 1
    assert choices == choose(papers, size, LIBRARY.alike, bloomed=late, diversity=diversity, seed=seed)


@given(SCORED, st.integers(0, 8))
def test_without_diversity_the_order_is_that_of_the_scores(papers: list[Scored], size: int) -> None:
    best = sorted(papers, key=lambda one: -one.total)[:size]
    assert [one.total for one in diversify(papers, size, LIBRARY.alike, 0.0)] == pytest.approx(
        [one.total for one in best]
    )


def test_more_diversity_brings_more_fields_into_an_edition() -> None:
    def fields(diversity: float) -> int:
        chosen = diversify(ROBOTS_FIRST, 5, LIBRARY.alike, diversity)
        return len({one.id.partition("-")[0] for one in chosen})

    assert fields(0.0) == 1
    assert fields(0.9) > 2


def test_the_last_slot_explores_what_taste_would_not_have_chosen() -> None:
    explored = set()
    for day in range(20):
        *best, last = choose(ROBOTS_FIRST, 4, LIBRARY.alike, diversity=0.0, seed=f"C1 {day}")
        assert {choice.id.partition("-")[0] for choice in best} == {"robots"}
        assert last.role is Role.EXPLORED
        explored.add(last.id)
    assert len(explored) > 5
    # The better half by everything but taste.
    assert all(EVERYTHING.index(id) >= 15 for id in explored)


def test_nothing_is_explored_where_there_is_no_taste_or_no_choice() -> None:
    untasted = [scored(id, n) for n, id in enumerate(EVERYTHING)]
    for papers, size in ((untasted, 4), (ROBOTS_FIRST, 2), (ROBOTS_FIRST[:4], 4)):
        roles = {choice.role for choice in choose(papers, size, LIBRARY.alike)}
        assert roles == {Role.BEST}


def test_a_late_bloomer_takes_the_place_that_its_score_deserves() -> None:
    papers = [scored("robots-1", 5), scored("graphs-1", 1), scored("speech-1", 3), scored("speech-2", 2.5)]
    choices = choose(papers, 2, LIBRARY.alike, bloomed={"speech-1", "speech-2"})
    assert [(choice.id, choice.role) for choice in choices] == [
        ("robots-1", Role.BEST),
        ("speech-1", Role.BLOOMED),
    ]


@pytest.mark.parametrize(
    ("had", "new", "same"),
    [
        (("2401.00001", "Robots that fold"), ("2401.00001v3", "Robots that fold, again"), True),
        (("2401.00001", "Robots that fold towels at home"), ("9", "The robots that fold towels at home!"), True),
        (("2401.00001", "Robots that fold towels at home"), ("9", "Robot that folds towels at home"), True),
        (("1", "A technical report of Qwen2 for everybody"), ("2", "A technical report of Qwen3 for everybody"), False),
        (("1", "The colouring of large graphs: part I"), ("2", "The colouring of large graphs: part II"), False),
        (("1", "Speech from very few microphones"), ("2", "Proteins from very few residues"), False),
    ],
)  # fmt: skip
def test_versions_and_near_equal_titles_are_the_same_paper(
    had: tuple[str, str], new: tuple[str, str], same: bool
) -> None:
    first, second = (Paper(id=id, title=title) for id, title in (had, new))
    assert unseen([second], [first]) == ([] if same else [second])
    assert unseen([first, second], []) == ([first] if same else [first, second])
