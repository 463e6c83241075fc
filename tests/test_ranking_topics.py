"""Topics that rise and fall: what chance can't explain, and nothing else."""

from __future__ import annotations

import random

import pytest

from bot.ranking.topics import SURE, Topic, topics, z
from storage.models import Paper


def papers(count: int, shares: dict[str, float], prefix: str = "p") -> list[Paper]:
    """Papers of which so large a share names each keyword."""
    return [
        Paper(
            id=f"{prefix}{at}",
            title="A title",
            abstract="An abstract.",
            keywords=("something", *(word for word, share in shares.items() if at < share * count)),
        )
        for at in range(count)
    ]


def test_a_topic_of_many_more_papers_rises_and_one_of_many_fewer_falls() -> None:
    found = topics(
        papers(100, {"world models": 0.2, "GANs": 0.01}), papers(400, {"world models": 0.05, "GANs": 0.2})
    )
    assert found.rising == (Topic("world models", 20, 100, 20, 400),)
    assert found.falling == (Topic("GANs", 1, 100, 80, 400),)
    assert (found.followed, found.by_chance) == (2, 0)


def test_a_topic_as_common_as_before_does_neither() -> None:
    shares = {"world models": 0.1, "diffusion": 0.03}
    assert topics(papers(100, shares), papers(400, shares))[:2] == ((), ())


def test_two_papers_of_a_week_are_no_topic() -> None:
    assert topics(papers(100, {"new thing": 0.02}), papers(400, {}))[:2] == ((), ())


@pytest.mark.parametrize(("now", "before"), [(19, 400), (400, 19), (0, 0)])
def test_of_too_few_papers_nothing_is_said(now: int, before: int) -> None:
    assert topics(papers(now, {"a topic": 0.9}), papers(before, {}))[:2] == ((), ())


def test_words_of_the_abstract_count_for_a_topic_that_others_name_in_any_number() -> None:
    saying = [
        Paper(id=f"s{n}", title="T", abstract="With a World Model, again a World Model.") for n in range(12)
    ]
    found = topics([*papers(60, {"world models": 0.05}), *saying], papers(300, {"world models": 0.02}))
    assert [one.now for one in found.rising] == [15]
    assert found.rising[0].term == "World Model", "as most write it"


def test_without_keywords_the_words_that_follow_each_other_in_titles_are_the_topics() -> None:
    now = [Paper(id=f"n{n}", title=f"Sparse Attention for {n}") for n in range(40)]
    rest = [Paper(id=f"r{n}", title=f"Another matter {n}") for n in range(160)]
    found = topics([*now[:20], *rest[:40]], rest[40:])
    assert [one.term for one in found.rising] == ["Sparse Attention"]


def test_terms_that_are_parts_of_one_another_are_one_topic() -> None:
    more = {"video generation": 0.3, "video generation models": 0.25}
    found = topics(
        papers(100, more), papers(400, {"video generation": 0.05, "video generation models": 0.01})
    )
    assert len(found.rising) == 1


def test_where_nothing_changed_no_more_than_chance_allows_is_shown() -> None:
    draw, followed, shown = random.Random(7), 0, 0
    words = [f"topic{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
    for _ in range(4):
        both = [
            Paper(id=str(n), title="T", keywords=tuple(draw.sample(words, 4)), abstract="A.")
            for n in range(300)
        ]
        found = topics(both[:80], both[80:], most=100)
        followed, shown = followed + found.followed, shown + len(found.rising) + len(found.falling)
    assert followed > 200
    assert shown <= 0.05 * followed


def test_the_more_papers_say_the_same_the_surer_it_is() -> None:
    few, many = Topic("a", 4, 40, 8, 160), Topic("a", 40, 400, 80, 1600)
    assert 0 < z(few) < SURE < z(many)
    assert z(Topic("a", 80, 1600, 40, 400)) == pytest.approx(-z(many))
