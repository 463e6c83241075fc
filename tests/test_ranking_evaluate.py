"""Measures of a ranking, and the replay of what was upvoted before."""

from __future__ import annotations

import math
import random

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, nDCG

from bot.ranking.evaluate import (
    Impression,
    auc,
    bootstrap,
    compare,
    ndcg,
    order,
    reciprocal_rank,
    replay,
    shuffled,
)

IDS = st.sampled_from([f"p{n}" for n in range(12)])
#: Without ties, which other tools order in ways of their own.
SCORES = st.dictionaries(IDS, st.integers(-99, 99).map(float), min_size=1).filter(
    lambda scores: len(set(scores.values())) == len(scores)
)
WANTED = st.sets(IDS, min_size=1)


@given(SCORES, WANTED)
def test_lists_are_measured_as_by_trecs_tools(scores: dict[str, float], wanted: set[str]) -> None:
    measures = (nDCG @ 5, RR)
    judged = {"q": dict.fromkeys(wanted, 1)}
    expected = ir_measures.calc_aggregate(measures, judged, {"q": scores})
    assert ndcg(scores, wanted) == pytest.approx(expected[nDCG @ 5])
    assert reciprocal_rank(scores, wanted) == pytest.approx(expected[RR])


@given(st.dictionaries(IDS, st.integers(0, 3), min_size=1), WANTED)
def test_auc_is_the_share_of_pairs_in_the_right_order(scores: dict[str, float], wanted: set[str]) -> None:
    ours = [score for id, score in scores.items() if id in wanted]
    others = [score for id, score in scores.items() if id not in wanted]
    pairs = [(a > b) + (a == b) / 2 for a in ours for b in others]
    found = auc(scores, wanted)
    assert math.isnan(found) if not pairs else found == pytest.approx(sum(pairs) / len(pairs))


def test_a_ranking_that_says_nothing_gains_nothing_from_the_order_of_the_pool() -> None:
    pool = [f"p{n}" for n in range(50)]
    assert order(dict.fromkeys(pool, 0.0)) == order(dict.fromkeys(reversed(pool), 0.0)) != pool


def sessions(count: int, seed: int = 0) -> list[list[Impression]]:
    """What people who look at position k with a chance of 1 / k did: all like `p1` to `p3`, half of the time."""
    draw = random.Random(seed)
    told = []
    for _ in range(count):
        shown = [f"p{n}" for n in range(6)]
        draw.shuffle(shown)
        told.append(
            [
                Impression(id, place, id in {"p1", "p2", "p3"} and draw.random() < 0.5 / place)
                for place, id in enumerate(shown, start=1)
            ]
        )
    return told


GOOD = {"p1": 6.0, "p2": 5.0, "p3": 4.0, "p0": 3.0, "p4": 2.0, "p5": 1.0}
BAD = {id: -score for id, score in GOOD.items()}


def test_a_ranking_that_puts_what_is_liked_on_top_wins_the_replay_of_any_log() -> None:
    told = sessions(300)
    good, bad = replay(told, [GOOD] * 300), replay(told, [BAD] * 300)
    assert good.ndcg.low > bad.ndcg.high
    assert good.mrr.low > bad.mrr.high
    assert good.position.high < bad.position.low
    assert good.position.mean == pytest.approx(2, abs=0.2)


def test_positions_are_corrected_for_what_nobody_looked_at() -> None:
    """`p2` is as liked as `p1`, but stands at 4, where a quarter of the people look."""
    told = [[Impression("p1", 1, number < 80), Impression("p2", 4, number < 20)] for number in range(100)]
    assert replay(told, [{"p1": 1.0, "p2": 0.0}] * 100).position.mean == pytest.approx(1.5)


def test_an_upvote_at_the_bottom_of_a_long_list_does_not_outweigh_all_others() -> None:
    told = [[Impression("p1", 1, True)]] * 20 + [[Impression("p2", 400, True), Impression("p3", 1, False)]]
    found = replay(told, [{"p1": 1.0}] * 20 + [{"p2": 0.0, "p3": 1.0}])
    assert found.position.mean == pytest.approx(1.5)


def test_sessions_without_an_upvote_say_nothing() -> None:
    told = [[Impression("p1", 1, True)], [Impression("p2", 1, False)]]
    assert replay(told, [{"p1": 1.0}, {"p2": 1.0}]) == replay(told[:1], [{"p1": 1.0}])
    nothing = replay([], [])
    assert all(math.isnan(value) for interval in nothing for value in interval)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    intervals = [bootstrap(rng.normal(size=60), np.ones(60), seed=n) for n in range(200)]
    held = sum(interval.low <= 0 <= interval.high for interval in intervals)
    assert 175 <= held <= 200
    assert all(interval.low <= interval.mean <= interval.high for interval in intervals)


def test_two_rankings_are_compared_on_the_same_sessions() -> None:
    told = sessions(300)
    found = compare(told, [GOOD] * 300, [BAD] * 300)
    good, bad = replay(told, [GOOD] * 300), replay(told, [BAD] * 300)
    assert found.mean == pytest.approx(good.ndcg.mean - bad.ndcg.mean)
    assert 0 < found.low < found.mean < found.high
    assert found.sure == 1
    assert compare(told, [BAD] * 300, [GOOD] * 300).sure == 0


def test_a_ranking_is_as_likely_as_not_better_than_itself() -> None:
    told = sessions(20)
    assert compare(told, [GOOD] * 20, [GOOD] * 20) == (0, 0, 0, 0.5)
    assert all(math.isnan(value) for value in compare([], [], []))


def test_pairs_tell_more_than_two_intervals_do() -> None:
    """Of easy and hard sessions, ours is a little better in the hard: the intervals overlap, the difference is sure."""
    told = [[Impression("p4", 1, True), Impression("p0", 2, False), Impression("p1", 3, False)]] * 2
    told = [*told, [Impression("p0", 1, True), Impression("p1", 2, False)]] * 10
    ours = [{"p0": 3.0, "p4": 2.0, "p1": 1.0}, {"p0": 3.0, "p4": 2.0, "p1": 1.0}, {"p0": 3.0, "p1": 1.0}] * 10
    theirs = [
        {"p0": 3.0, "p1": 2.0, "p4": 1.0},
        {"p0": 3.0, "p1": 2.0, "p4": 1.0},
        {"p0": 3.0, "p1": 1.0},
    ] * 10
    found = compare(told, ours, theirs)
    assert replay(told, ours).ndcg.low < replay(told, theirs).ndcg.high
    assert found.low > 0
    assert found.sure == 1


def test_shuffling_does_what_many_shuffles_do() -> None:
    draw = random.Random(3)
    told = sessions(60)
    orders = [[{one.paper_id: draw.random() for one in session} for session in told] for _ in range(200)]
    drawn = [replay(told, given) for given in orders]
    found = shuffled(told)
    assert found.ndcg.mean == pytest.approx(np.mean([one.ndcg.mean for one in drawn]), abs=0.01)
    assert found.mrr.mean == pytest.approx(np.mean([one.mrr.mean for one in drawn]), abs=0.01)
    assert found.position.mean == pytest.approx(3.5)
    assert all(math.isnan(value) for interval in shuffled([]) for value in interval)


def test_an_upvote_of_each_of_two_people_counts_twice() -> None:
    """Otherwise the more people vote, the more what stands below would be made up for."""
    told = [[Impression("p1", 1, 3), Impression("p2", 2, 0), Impression("p3", 3, 1)]]
    found = replay(told, [{"p1": 3.0, "p2": 2.0, "p3": 1.0}])
    assert found.position.mean == pytest.approx((3 * 1 + 3 * 3) / 6)
    assert found.ndcg.mean == pytest.approx((3 + 3 / 2) / (3 + 3 / math.log2(3)))
