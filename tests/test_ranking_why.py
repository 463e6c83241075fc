"""The parts of a score, and the words for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ranking.parts import Candidate, Part, scored
from bot.ranking.taste import NO_TASTE, Taste, learn
from bot.ranking.trend import Gathered, Trend, trends
from bot.ranking.why import NO_VOTES, explain, hundredths, sentence
from storage.models import Tally
from tests import shelf

LIBRARY = shelf.library()
EVERYTHING = list(LIBRARY.papers)
NO_TREND = Trend(0.0, 0.0, None, 0.0)
NUMBERS = st.floats(-10, 10)
TRENDS = st.builds(Trend, NUMBERS, NUMBERS, st.none() | st.integers(0, 10**6), st.floats(0, 1))
CANDIDATES = st.builds(
    Candidate,
    st.sampled_from(EVERYTHING),
    TRENDS,
    NUMBERS,
    st.sampled_from([(), ("diffusion policy",), ("grasping", "graphs")]),
)
TASTES = st.dictionaries(st.sampled_from(EVERYTHING), st.sampled_from([-1.0, 0.3, 1.0]), max_size=6).map(
    lambda preferred: learn(LIBRARY, preferred)
)


def why(
    candidate: Candidate, person: Taste = NO_TASTE, channel: Taste = NO_TASTE, tally: Tally = NO_VOTES
) -> str:
    (one,) = scored([candidate], LIBRARY, person, channel)
    return sentence(explain(candidate, one, LIBRARY, person, channel, tally))


@given(CANDIDATES, TASTES, TASTES)
def test_the_reasons_sum_to_the_score(candidate: Candidate, person: Taste, channel: Taste) -> None:
    (one,) = scored([candidate], LIBRARY, person, channel)
    reasons = explain(candidate, one, LIBRARY, person, channel)
    assert sum(reason.value for reason in reasons) == pytest.approx(one.total)
    assert {reason.part for reason in reasons} == set(Part)
    weights = [abs(reason.value) for reason in reasons]
    assert weights == sorted(weights, reverse=True)


@given(CANDIDATES, TASTES)
def test_every_part_that_counts_is_said_and_no_other(candidate: Candidate, channel: Taste) -> None:
    (one,) = scored([candidate], LIBRARY, channel=channel)
    for reason in explain(candidate, one, LIBRARY, channel=channel):
        assert bool(reason.text) is (abs(reason.value) >= 0.1)


@given(CANDIDATES, TASTES, TASTES)
def test_the_score_of_a_paper_does_not_depend_on_what_it_is_scored_with(
    candidate: Candidate, person: Taste, channel: Taste
) -> None:
    others = [Candidate(id, NO_TREND) for id in EVERYTHING]
    alone, *_ = scored([candidate], LIBRARY, person, channel)
    among, *_ = scored([candidate, *others], LIBRARY, person, channel)
    assert alone.total == pytest.approx(among.total, abs=1e-4)


def test_without_votes_the_order_is_that_of_trend_and_topics() -> None:
    day = trends([Gathered("One", 40), Gathered("One", 3), Gathered("One", 3)])
    candidates = [
        Candidate("robots-1", day[0]),
        Candidate("robots-2", day[1], topics=("grasping",)),
        Candidate("graphs-1", day[2]),
    ]
    found = sorted(scored(candidates, LIBRARY), key=lambda one: -one.total)
    assert [one.id for one in found] == ["robots-2", "robots-1", "graphs-1"]


def test_the_taste_is_told_by_the_papers_it_rests_on() -> None:
    channel = learn(LIBRARY, dict.fromkeys(shelf.ids("robots", 0, 3), 1.0))
    titles = {LIBRARY.papers[id].title for id in shelf.ids("robots", 0, 3)}
    told = why(Candidate("robots-8", NO_TREND), channel=channel)
    assert told.startswith("close to 3 papers upvoted here: ")
    assert set(told.partition(": ")[2].strip("“”").split("”, “")) == titles
    one = learn(LIBRARY, {"robots-1": 1.0})
    assert why(Candidate("robots-8", NO_TREND), person=one) == (
        f"close to 1 paper you liked: “{LIBRARY.papers['robots-1'].title}”"
    )
    assert why(Candidate("speech-8", NO_TREND), channel=channel) == "unlike the papers upvoted here"


def test_a_paper_that_was_liked_itself_is_not_explained_by_itself() -> None:
    channel = learn(LIBRARY, dict.fromkeys(shelf.ids("robots", 0, 3), 1.0))
    told = why(Candidate("robots-1", NO_TREND), channel=channel)
    assert told.startswith("one of the papers upvoted here, and close to 2 others: ")
    assert LIBRARY.papers["robots-1"].title not in told
    alone = learn(LIBRARY, {"robots-1": 1.0})
    assert why(Candidate("robots-1", NO_TREND), person=alone) == "one of the papers you liked"


def test_what_was_passed_over_is_told_where_nothing_was_liked() -> None:
    person = learn(LIBRARY, dict.fromkeys(shelf.ids("robots", 0, 8), -1.0))
    assert why(Candidate("robots-1", NO_TREND), person=person) == "one of the papers you passed over"
    assert why(Candidate("robots-9", NO_TREND), person=person) == "close to the papers you passed over"
    assert why(Candidate("speech-1", NO_TREND), person=person) == ""
    (one,) = scored([Candidate("speech-1", NO_TREND)], LIBRARY)
    one.parts[Part.PERSON] = 0.2
    assert sentence(explain(Candidate("speech-1", NO_TREND), one, LIBRARY, person)) == (
        "unlike the papers you passed over"
    )


def test_upvotes_votes_and_topics_are_told_in_numbers_that_can_be_checked() -> None:
    popular = Candidate("robots-1", Trend(2.0, 0.0, 41, 0.9), 1.2, ("diffusion policy", "grasping"))
    assert why(popular, tally=Tally(3, 1)) == (
        "3 upvotes and 1 downvote here; topic: diffusion policy, grasping; "
        "41 upvotes on Hugging Face, more than 90 % of that day's"
    )
    passed = Candidate("robots-1", Trend(-1.0, 0.5, None, 0.0), -0.5)
    assert why(passed) == (
        "posted here a while ago, and nobody has voted for it; not among Hugging Face's daily papers; "
        "a short title, with which papers gather more upvotes later"
    )
    last = Candidate("robots-1", Trend(-1.0, 0.0, 1, 0.0), -0.2, authors=("Ada",))
    assert why(last, tally=Tally(1, 0)) == (
        "by Ada; 1 upvote on Hugging Face, no more than any other of that day; 1 upvote here, fewer than usual"
    )
    assert why(Candidate("robots-1", NO_TREND)) == ""


@given(st.lists(NUMBERS, max_size=9))
def test_what_is_shown_of_the_parts_adds_up_to_what_is_shown_of_the_sum(values: list[float]) -> None:
    shown = hundredths(values)
    assert sum(shown) == round(sum(100 * value for value in values))
    assert all(abs(part - 100 * value) <= 1 for part, value in zip(shown, values, strict=True))
    assert hundredths([0.004, 0.004, 0.004]) == [1, 0, 0]
