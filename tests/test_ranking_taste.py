"""Taste: what is learned from a few votes, and what it says of papers that nobody voted on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking.library import Library
from bot.ranking.signals import preferences
from bot.ranking.taste import NO_TASTE, learn, neighbours, score
from bot.ranking.vectors import Vectors
from bot.ranking.words import Words, ngrams
from storage.models import Paper, Signal
from storage.models import SignalKind as Kind
from tests import shelf

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
LIBRARY = shelf.library()
EVERYTHING = list(LIBRARY.papers)


def scores(preferred: dict[str, float], library: Library = LIBRARY) -> dict[str, float]:
    return dict(zip(EVERYTHING, score(library, learn(library, preferred), EVERYTHING).tolist(), strict=True))


def mean(values: dict[str, float], field: str) -> float:
    return float(np.mean([values[id] for id in shelf.ids(field)]))


@pytest.mark.parametrize("library", [LIBRARY, Library(shelf.papers())])
@given(field=st.sampled_from(sorted(shelf.FIELDS)), number=st.integers(0, shelf.EACH - 1))
def test_one_vote_lifts_the_papers_of_its_field_that_nobody_voted_on(
    library: Library, field: str, number: int
) -> None:
    voted = scores({f"{field}-{number}": 1.0}, library)
    others = [mean(voted, other) for other in shelf.FIELDS if other != field]
    assert mean(voted, field) > 0 > max(others)


@given(st.integers(1, shelf.EACH - 2))
def test_each_further_vote_counts_for_more(votes: int) -> None:
    fewer = scores(dict.fromkeys(shelf.ids("robots", 0, votes), 1.0))
    more = scores(dict.fromkeys(shelf.ids("robots", 0, votes + 1), 1.0))
    assert mean(more, "robots") > mean(fewer, "robots")


def test_nobody_who_never_voted_likes_anything_more_than_anything_else() -> None:
    assert set(scores({}).values()) == {0.0}
    assert learn(LIBRARY, {"unknown": 1.0}) == NO_TASTE


def test_downvotes_sink_a_field_whether_or_not_another_is_liked() -> None:
    alone = scores(dict.fromkeys(shelf.ids("speech", 0, 3), -1.0))
    assert mean(alone, "speech") < 0 < mean(alone, "graphs")
    liked = dict.fromkeys(shelf.ids("robots", 0, 3), 1.0)
    beside = scores(liked | dict.fromkeys(shelf.ids("speech", 0, 3), -1.0))
    assert mean(beside, "speech") < mean(scores(liked), "speech")


def test_two_interests_are_both_kept() -> None:
    both = dict.fromkeys([*shelf.ids("robots", 0, 4), *shelf.ids("proteins", 0, 4)], 1.0)
    found = scores(both)
    assert min(mean(found, "robots"), mean(found, "proteins")) > max(
        mean(found, "speech"), mean(found, "graphs")
    )


def test_a_taste_is_the_same_whoever_learns_it_and_whatever_the_papers_came_with() -> None:
    preferred = {"robots-1": 1.0, "graphs-2": 1.0, "speech-3": -1.0}
    assert learn(LIBRARY, preferred) == learn(shelf.library(), preferred)
    assert hash(learn(LIBRARY, preferred))


def test_a_paper_without_a_vector_is_judged_by_its_words() -> None:
    known = {id: vector for id, vector in shelf.vectors().items() if id not in ("robots-9", "speech-9")}
    found = scores(dict.fromkeys(shelf.ids("robots", 0, 5), 1.0), Library(shelf.papers(), [known]))
    assert found["robots-9"] > 0.5 > 0 > found["speech-9"]


def test_liked_papers_without_a_vector_leave_that_view_silent() -> None:
    known = {id: vector for id, vector in shelf.vectors().items() if not id.startswith("robots")}
    found = scores({"robots-1": 1.0}, Library(shelf.papers(), [known]))
    assert mean(found, "robots") > 0 > mean(found, "speech")


def test_the_neighbours_of_a_paper_are_the_liked_ones_of_its_field() -> None:
    learned = learn(LIBRARY, dict.fromkeys([*shelf.ids("robots", 0, 4), *shelf.ids("graphs", 0, 4)], 1.0))
    near = neighbours(LIBRARY, learned, ["robots-9"])[0]
    assert len(near) == 3
    assert {neighbour.id.partition("-")[0] for neighbour in near} == {"robots"}
    assert [one.share for one in near] == sorted((one.share for one in near), reverse=True)
    assert sum(neighbour.share for neighbour in near) <= 1 + 1e-6
    assert neighbours(LIBRARY, NO_TASTE, ["robots-9"]) == [[]]


@pytest.mark.parametrize(
    "papers",
    [[], [Paper(id="1", title="")], [Paper(id="1", title="One"), Paper(id="2", title="")]],
)
def test_a_library_may_hold_next_to_nothing(papers: list[Paper]) -> None:
    library = Library(papers, [{}])
    preferred = {paper.id: 1.0 for paper in papers}
    found = score(library, learn(library, preferred), [paper.id for paper in papers])
    assert np.isfinite(found).all()
    assert len(found) == len(papers)


def test_papers_that_a_library_does_not_have_can_not_be_scored() -> None:
    with pytest.raises(KeyError, match="unknown"):
        score(LIBRARY, NO_TASTE, ["unknown"])


@given(st.lists(st.sampled_from(EVERYTHING), min_size=1, max_size=6), st.sampled_from(EVERYTHING))
def test_papers_are_alike_both_ways_and_most_like_themselves(others: list[str], one: str) -> None:
    alike = LIBRARY.alike([one], others)[0]
    assert alike == pytest.approx(LIBRARY.alike(others, [one])[:, 0], abs=1e-5)
    assert alike.max() <= LIBRARY.alike([one], [one])[0, 0] + 1e-5
    assert LIBRARY.alike([one], [one])[0, 0] == pytest.approx(1, abs=1e-4)


@given(st.lists(st.sampled_from(EVERYTHING), min_size=1, max_size=9, unique=True))
def test_the_affinity_to_several_papers_is_the_mean_of_their_cosines(liked: list[str]) -> None:
    words = Words([shelf_paper.abstract for shelf_paper in shelf.papers()])
    rows, to = LIBRARY.rows(EVERYTHING), LIBRARY.rows(liked)
    weights = np.linspace(1, 2, len(liked), dtype=np.float32)
    expected = words.cosines(rows, to) @ (weights / weights.sum())
    assert words.affinity(rows, to, weights) == pytest.approx(expected, abs=1e-5)


def test_one_near_paper_is_worth_more_than_many_half_near() -> None:
    found = Vectors(["a", "b", "c", "d"], {id: np.eye(4, dtype=np.float32)[n] for n, id in enumerate("abcd")})
    affinity = found.affinity(np.array([0, 3]), np.array([0, 1, 2]), np.ones(3, np.float32))
    assert affinity[0] > affinity[1]


def test_the_order_of_neighbouring_words_counts() -> None:
    assert len(ngrams("Graphs of graphs")) == 6
    assert set(ngrams("robot arm")) != set(ngrams("arm robot"))
    assert (ngrams("Robot ARM") == ngrams("robot arm")).all()
    assert len(ngrams("")) == 0


def test_names_of_authors_are_not_read() -> None:
    mine, other = shelf.paper("robots", 1), shelf.paper("robots", 2)
    named = [one.model_copy(update={"authors": ("Ada Lovelace",)}) for one in (mine, other)]
    rest = [one for one in shelf.papers() if one.id not in (mine.id, other.id)]
    with_names, without = Library([*named, *rest]), Library([mine, other, *rest])
    assert with_names.alike([mine.id], [other.id])[0, 0] == without.alike([mine.id], [other.id])[0, 0]


def signal(kind: Kind, minutes: int = 0, position: int = 1, paper_id: str = "1") -> Signal:
    return Signal(paper_id, kind, NOW + timedelta(minutes=minutes), position)


#: Something that was said of another paper.
OTHER = Signal("other", Kind.UP, NOW)


def test_of_two_votes_the_newest_holds_in_whatever_order_they_are_told() -> None:
    votes = [signal(Kind.UP), signal(Kind.DOWN, 5)]
    assert preferences(votes) == preferences(reversed(votes)) == {"1": -1.0}


@pytest.mark.parametrize(
    ("kinds", "liking"),
    [
        ([Kind.SHOWN], -0.1),
        ([Kind.SHOWN, Kind.OPENED], 0.3),
        ([Kind.OPENED, Kind.SHOWN], 0.3),
        ([Kind.OPENED, Kind.SAVED], 1.0),
        ([Kind.DOWN, Kind.SAVED, Kind.OPENED, Kind.SHOWN], -1.0),
    ],
)
def test_what_is_more_certain_outweighs_what_is_newer(kinds: list[Kind], liking: float) -> None:
    signals = [signal(kind, minute) for minute, kind in enumerate(kinds)]
    assert preferences([OTHER, *signals]) == {"other": 1.0, "1": pytest.approx(liking)}


@given(st.lists(st.integers(1, 30), min_size=1))
def test_being_passed_over_counts_by_the_best_position_a_paper_had(positions: list[int]) -> None:
    shown = [signal(Kind.SHOWN, minute, position) for minute, position in enumerate(positions)]
    assert preferences([OTHER, *shown])["1"] == pytest.approx(-0.1 / min(positions))
    assert preferences(shown) == {}  # whoever never said anything may not have looked


def test_preferences_stand_in_the_order_of_their_newest_signals() -> None:
    told = [signal(Kind.UP, 3, paper_id="late"), signal(Kind.UP, 1, paper_id="early")]
    assert list(preferences(told)) == ["early", "late"]
