"""Ordering papers for a channel and for people, by what they did: a real store, and the ranking's thread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.ranking.parts import Part
from bot.recommend import NOBODY, Audience, Recommender
from bot.wishes import wishes
from storage.models import (
    Batch,
    Click,
    Edition,
    Exposure,
    Interest,
    Learning,
    Opening,
    Paper,
    Post,
    PostKind,
    Reaction,
    Save,
    SignalKind,
    Subject,
)
from tests import shelf
from tests.conftest import TUESDAY, MovedClock
from tests.library import Library, opened

TEAM, ADA, BEN, READING, OTHER = "T1", "U1", "U2", "C1", "C2"
NOW = TUESDAY.timestamp()
TODAY = TUESDAY.date()


class Lab(NamedTuple):
    """A store with the shelf's papers, listed today, and what ranks them."""

    library: Library
    recommender: Recommender
    papers: list[Paper]

    async def order(self, audience: Audience = NOBODY, **how: Any) -> list[str]:
        return [one.id for one in (await self.recommender.rank(self.papers, audience, **how)).scored]

    async def field_first(self, audience: Audience = NOBODY, **how: Any) -> str:
        """The field that most of the first eight papers are of."""
        fields = [id.partition("-")[0] for id in (await self.order(audience, **how))[:8]]
        return max(set(fields), key=fields.count)

    async def click(self, paper: str, user: str = ADA, channel: str = READING, at: float = NOW) -> None:
        press = Click(
            team_id=TEAM, paper_id=paper, user_id=user, click_id=f"{at}", clicked_at=at, channel_id=channel
        )
        await self.library.store.record_click(press)

    async def states(self, subject: Subject, value: str, attitude: Any = 1, owner: str = ADA) -> None:
        stated = Interest(
            team_id=TEAM, owner_id=owner, subject=subject, value=value, attitude=attitude, stated_at=NOW
        )
        await self.library.store.record_interests([stated])


@pytest.fixture
async def lab(tmp_path: Path, clock: MovedClock) -> AsyncIterator[Lab]:
    async with opened(tmp_path / "papers.db") as library:
        papers = [one.model_copy(update={"upvotes": 5}) for one in shelf.papers()]
        await library.has(*papers, day=TODAY)
        recommender = Recommender(library.store, library.search, library.path, TEAM, clock)
        yield Lab(library, recommender, papers)
        await recommender.aclose()


async def test_without_votes_papers_stand_by_their_trend_and_whoever_asks_sees_the_same(lab: Lab) -> None:
    liked = lab.papers[7].model_copy(update={"upvotes": 90})
    await lab.library.has(liked, day=TODAY)
    nobody = await lab.recommender.rank(lab.papers)
    assert nobody.scored[0].id == liked.id
    assert not nobody.tasted
    assert await lab.order(Audience(READING, ADA)) == [one.id for one in nobody.scored]


async def test_one_vote_brings_its_field_first_for_the_person_and_the_channel_and_nobody_else(
    lab: Lab,
) -> None:
    await lab.click("robots-3")
    assert await lab.field_first(Audience(user_id=ADA)) == "robots"
    assert await lab.field_first(Audience(READING)) == "robots"
    for other in (Audience(OTHER), Audience(user_id=BEN), NOBODY):
        assert not (await lab.recommender.rank(lab.papers, other)).tasted


async def test_a_vote_taken_back_is_forgotten(lab: Lab) -> None:
    await lab.click("robots-3")
    undone = Click(
        team_id=TEAM, paper_id="robots-3", user_id=ADA, click_id="undone", clicked_at=NOW + 1, value=0
    )
    await lab.library.store.record_click(undone)
    assert not (await lab.recommender.rank(lab.papers, Audience(READING, ADA))).tasted


async def test_saving_opening_and_naming_papers_teach_what_one_likes(lab: Lab) -> None:
    store = lab.library.store
    await store.record_save(Save(team_id=TEAM, user_id=ADA, paper_id="speech-1", saved=True, pressed_at=NOW))
    assert await lab.field_first(Audience(user_id=ADA)) == "speech"
    await store.record_opening(Opening(team_id=TEAM, user_id=BEN, paper_id="graphs-1", opened_at=NOW))
    assert await lab.field_first(Audience(user_id=BEN)) == "graphs"
    await lab.states(Subject.PAPER, "proteins-1", owner="U3")
    assert await lab.field_first(Audience(user_id="U3")) == "proteins"
    await lab.states(Subject.PAPER, "proteins-1", owner=OTHER)
    assert await lab.field_first(Audience(OTHER)) == "proteins"


async def test_a_taste_that_is_reset_begins_anew_and_one_switched_off_says_nothing(lab: Lab) -> None:
    await lab.click("robots-3", at=NOW - 60)
    await lab.library.store.set_learning(TEAM, ADA, Learning(since=NOW - 30))
    assert not (await lab.recommender.rank(lab.papers, Audience(user_id=ADA))).tasted
    await lab.click("graphs-3", at=NOW - 10)
    assert await lab.field_first(Audience(user_id=ADA)) == "graphs"
    await lab.library.store.set_learning(TEAM, ADA, Learning(active=False))
    assert not (await lab.recommender.rank(lab.papers, Audience(user_id=ADA))).tasted


async def test_followed_topics_lift_and_muted_ones_are_not_shown_even_with_the_taste_off(lab: Lab) -> None:
    await lab.states(Subject.TOPIC, "phoneme")
    ranked = await lab.recommender.rank(lab.papers, Audience(user_id=ADA))
    first = ranked.scored[0]
    assert ranked.candidates[first.id].topics == ("phoneme",)
    assert first.parts[Part.TOPICS] == 1
    await lab.states(Subject.TOPIC, "phoneme", -1)
    await lab.library.store.set_learning(TEAM, ADA, Learning(active=False))
    assert not any(
        "phoneme" in paper.about
        for paper in (await lab.recommender.rank(lab.papers, Audience(user_id=ADA))).ordered
    )
    assert len(await lab.order()) == len(lab.papers)


async def test_followed_authors_lift_and_muted_ones_are_not_shown(lab: Lab) -> None:
    written = lab.papers[5].model_copy(update={"authors": ("Ada Lovelace",)})
    papers = [written if one.id == written.id else one for one in lab.papers]
    await lab.states(Subject.AUTHOR, "Ada Lovelace")
    ranked = await lab.recommender.rank(papers, Audience(user_id=ADA))
    assert ranked.scored[0].id == written.id
    assert ranked.candidates[written.id].authors == ("Ada Lovelace",)
    await lab.states(Subject.AUTHOR, "Ada Lovelace", -1)
    assert written.id not in (await lab.recommender.rank(papers, Audience(user_id=ADA))).papers


async def test_as_of_an_earlier_time_later_votes_are_unknown(lab: Lab) -> None:
    await lab.click("robots-3", at=NOW - 100)
    await lab.click("graphs-3", at=NOW - 10)
    await lab.click("graphs-4", at=NOW - 5)
    then = TUESDAY - timedelta(seconds=50)
    assert await lab.field_first(Audience(READING), until=then) == "robots"
    ranked = await lab.recommender.rank(lab.papers, Audience(READING), until=then)
    assert ranked.tallies["graphs-3"].up == 0


async def test_papers_passed_over_in_an_edition_count_a_little_against_once_a_day_has_gone(
    lab: Lab, clock: MovedClock
) -> None:
    shown = Exposure(
        team_id=TEAM,
        channel_id=READING,
        day=TODAY,
        paper_id="robots-3",
        position=1,
        shown_at=TUESDAY,
        ranking="1",
    )
    await lab.library.store.record_exposures([shown])
    await lab.click("graphs-1")
    assert (await lab.recommender.liking(READING)).preferences == {"graphs-1": 1.0}
    clock.forward(hours=25)
    assert (await lab.recommender.liking(READING)).preferences == {
        "graphs-1": 1.0,
        "robots-3": pytest.approx(-0.1375, abs=0.01),
    }
    await lab.click("robots-3")
    assert (await lab.recommender.liking(READING)).preferences == {"graphs-1": 1.0, "robots-3": 1.0}


async def test_while_nobody_votes_what_is_left_alone_says_nothing(lab: Lab, clock: MovedClock) -> None:
    shown = Exposure(
        team_id=TEAM,
        channel_id=READING,
        day=TODAY,
        paper_id="robots-3",
        position=1,
        shown_at=TUESDAY,
        ranking="1",
    )
    await lab.library.store.record_exposures([shown, shown.model_copy(update={"user_id": ADA})])
    clock.forward(days=2)
    for owner in (READING, ADA):
        assert (await lab.recommender.liking(owner)).preferences == {}


async def test_what_stands_beside_a_paper_one_reacted_to_was_seen_too(lab: Lab, clock: MovedClock) -> None:
    edition = Edition(
        team_id=TEAM, channel_id=READING, day=TODAY, listed_day=TODAY, planned_at=TUESDAY, top=2
    )
    posts = [
        Post(
            team_id=TEAM, channel_id=READING, day=TODAY, position=n, kind=PostKind.PAPER, planned_at=TUESDAY,
            paper_id=id,
        )
        for n, id in enumerate(("robots-1", "graphs-1"), start=1)
    ]  # fmt: skip
    shown = [
        Exposure(
            team_id=TEAM, channel_id=READING, day=TODAY, paper_id=one.paper_id, position=one.position,
            shown_at=TUESDAY, ranking="1",
        )
        for one in posts
    ]  # fmt: skip
    store = lab.library.store
    await store.plan(edition, posts, shown)
    await store.claim(posts[0], TUESDAY)
    await store.confirm(posts[0], "1000.1", "0/0")
    assert [one.paper_id for one in await store.exposures(edition)] == ["robots-1", "graphs-1"]
    clock.forward(hours=25)
    assert (await lab.recommender.liking(ADA)).preferences == {}
    reaction = Reaction(
        team_id=TEAM,
        channel_id=READING,
        ts="1000.1",
        user_id=ADA,
        emoji="+1::skin-tone-2",
        present=True,
        event_ts=NOW,
    )
    await store.record_reaction(reaction)
    assert (await lab.recommender.liking(ADA)).preferences == {
        "robots-1": 1.0,
        "graphs-1": pytest.approx(-0.05),
    }
    told = await store.signals_of_person(TEAM, ADA, clock())
    assert {one.kind for one in told} == {SignalKind.UP, SignalKind.SHOWN}
    assert (await store.exposure(TEAM, READING, "graphs-1")) == shown[1]
    assert await store.exposure(TEAM, OTHER, "graphs-1") is None
    await store.forget_unsent(TEAM, READING, TODAY)
    assert await store.exposures(edition) == shown  # something of it was sent


async def test_three_peoples_votes_count_twice_as_much_as_ones(lab: Lab) -> None:
    for user in ("U1", "U2", "U3"):
        await lab.click("robots-1", user)
    await lab.click("graphs-1")
    assert (await lab.recommender.liking(READING)).preferences == {"robots-1": 2.0, "graphs-1": 1.0}


async def test_one_vote_here_is_no_match_for_forty_upvotes_and_three_are(lab: Lab) -> None:
    popular = lab.papers[0].model_copy(update={"upvotes": 40})
    quiet = lab.papers[1].model_copy(update={"upvotes": 0})
    await lab.library.has(popular, quiet, day=TODAY)
    papers = [popular, quiet, *lab.papers[2:]]
    await lab.click(quiet.id)
    ranked = await lab.recommender.rank(papers)
    assert ranked.scored[0].id == popular.id
    for user in (BEN, "U3"):
        await lab.click(quiet.id, user)
    ranked = await lab.recommender.rank(papers)
    assert [one.id for one in ranked.scored].index(quiet.id) <= 1


async def test_of_papers_that_match_equally_well_the_one_to_ones_taste_comes_first(lab: Lab) -> None:
    await lab.click("graphs-3")
    papers = [lab.papers[0], next(one for one in lab.papers if one.id == "graphs-4")]
    mine = Audience(user_id=ADA)
    assert await lab.recommender.untied(papers, [0.5, 0.5], mine) == papers[::-1]
    assert await lab.recommender.untied(papers, [0.5, 0.4], mine) == papers
    assert await lab.recommender.untied(papers, [0.5, 0.5], Audience(user_id=BEN)) == papers


async def test_papers_that_come_later_are_ranked_by_the_same_taste(lab: Lab) -> None:
    await lab.click("robots-3")
    before = await lab.order(Audience(user_id=ADA))
    later = shelf.paper("robots", 2).model_copy(
        update={"id": "new-1", "title": "On gripper torque once more"}
    )
    await lab.library.has(later)
    ranked = await lab.recommender.rank([*lab.papers, later], Audience(user_id=ADA))
    assert [one.id for one in ranked.scored if one.id != "new-1"] == before
    assert next(one for one in ranked.scored if one.id == "new-1").familiar > 0


async def test_a_source_that_reads_a_paper_late_in_the_day_does_not_punish_it(lab: Lab) -> None:
    store, day = lab.library.store, date(2026, 8, 17)
    early = Paper(id="early", title="An early paper", upvotes=6)
    late = Paper(id="late", title="A latest paper", upvotes=5)
    midnight = datetime(2026, 8, 17, tzinfo=TUESDAY.tzinfo)
    await store.keep(
        Batch(source="huggingface", day=day, papers=(early,), listed=("early",)),
        midnight + timedelta(hours=2),
    )
    for hours in (20, 22):
        both = Batch(source="huggingface", day=day, papers=(early, late), listed=("early", "late"))
        await store.keep(both, midnight + timedelta(hours=hours))
    since = {one.paper_id: one.hours for one in await store.standings_on([day])}
    assert since == {"early": 22, "late": 2}
    ranked = await lab.recommender.rank([early, late])
    assert [one.id for one in ranked.scored] == ["late", "early"]
    known = await store.standings_of(["early", "late"], until=midnight + timedelta(hours=3))
    assert {one.paper_id: one.upvotes for one in known} == {"early": 6, "late": None}


def test_wishes_are_sorted_by_what_they_are_about() -> None:
    def stated(subject: Subject, value: str, attitude: Any) -> Interest:
        return Interest(
            team_id=TEAM, owner_id=ADA, subject=subject, value=value, attitude=attitude, stated_at=0
        )

    asked = wishes(
        [
            stated(Subject.TOPIC, "robots", 1),
            stated(Subject.AUTHOR, "Gauss", -1),
            stated(Subject.PAPER, "1", 1),
        ]
    )
    assert [topic.typed for topic in asked.followed_topics] == ["robots"]
    assert asked.mutes(Paper(id="1", title="x", authors=("Carl Gauss",)))
    assert not asked.mutes(Paper(id="1", title="Robots"))
    assert asked.topics(Paper(id="1", title="A robot")) == ("robots",)
