"""What an edition holds: news to the channel, chosen by its taste, and written down with the reasons."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.app import Bot
from bot.drafting import Draft, Drafting
from bot.ranking import VERSION
from bot.workspace import Workspace
from storage.models import Batch, Click, Interest, Paper, Subject
from tests import shelf
from tests.conftest import TUESDAY, MovedClock
from tests.editions import list_day, move, papers_in, subscribe, tick
from tests.upstream import Upstream, daily_item

TODAY = TUESDAY.date()


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


def list_shelf(upstream: Upstream, day: date, numbers: range) -> list[str]:
    """Have Hugging Face list the shelf's papers with these numbers, all with as many upvotes; returns their ids."""
    listed = []
    for place, field in enumerate(shelf.FIELDS):
        for number in numbers:
            one = shelf.paper(field, number)
            id = f"2608.{place + 1}{day.day:02d}{number:02d}"
            item = daily_item(id, one.title, upvotes=10)
            item["paper"]["summary"] = one.abstract
            upstream.days.setdefault(day.isoformat(), []).append(item)
            listed.append(id)
    return listed


async def drafted(bot: Bot, channel: str, day: date = TODAY, *, exact: bool = False) -> Draft:
    subscription = await bot.library.store.subscription(bot.identity.team_id, channel)
    draft = await bot.daily.drafting.draft(subscription or bot.subscription(channel), day, exact=exact)
    assert draft
    return draft


async def like(bot: Bot, channel: str, *ids: str) -> None:
    for number, id in enumerate(ids):
        press = Click(
            team_id=bot.identity.team_id,
            paper_id=id,
            user_id="U9",
            click_id=f"{number}",
            clicked_at=1.0 + number,
            channel_id=channel,
        )
        await bot.library.store.record_click(press)


async def test_what_is_shown_is_written_down_with_position_role_and_parts(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 8)
    await subscribe(bot, papers, top=2)
    await tick(bot)
    edition = await bot.library.store.last_edition(bot.identity.team_id, papers)
    assert edition
    shown = await bot.library.store.exposures(edition)
    assert [one.paper_id for one in shown] == papers_in(slack, papers)[1:]
    assert [one.position for one in shown] == list(range(1, 9))
    assert [one.role for one in shown] == ["best", "best"] + ["rest"] * 6
    assert {one.ranking for one in shown} == {VERSION}
    assert all(one.upvotes is not None and sum(one.parts.values()) for one in shown)
    assert {one.paper_id for one in shown} == set(ids)


async def test_the_channels_votes_of_yesterday_choose_todays_first_papers(
    bot: Bot, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    yesterday = list_shelf(upstream, TODAY - timedelta(days=1), range(5))
    today = list_shelf(upstream, TODAY, range(5, 9))
    await subscribe(bot, papers, top=5)
    await drafted(bot, papers, TODAY - timedelta(days=1), exact=True)
    before = await drafted(bot, papers, exact=True)
    await like(bot, papers, *yesterday[5:8])
    after = await drafted(bot, papers, exact=True)
    proteins = set(today[4:8])
    assert len(proteins & {one.paper_id for one in after.exposures[:4]}) >= 3
    assert len(proteins & {one.paper_id for one in before.exposures[:4]}) < 3
    assert [one.role for one in after.exposures[:5]] == ["best"] * 4 + ["explored"]
    assert after.exposures[4].paper_id not in proteins
    assert {one.id for one in after.papers} == {one.id for one in before.papers} == set(today)


async def test_papers_listed_for_a_day_after_the_edition_of_a_later_day_come_with_the_next(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_day(upstream, TODAY, 1)
    await subscribe(bot, papers)
    await tick(bot)
    upstream.days["2026-08-20"] = [daily_item("2608.20001", "In time")]
    move(clock, upstream, TUESDAY + timedelta(days=2))
    await tick(bot)
    assert papers_in(slack, papers)[2:] == ["", "2608.20001"]
    upstream.days["2026-08-19"] = [daily_item("2608.19001", "Late"), daily_item("2608.19002", "Later")]
    move(clock, upstream, TUESDAY + timedelta(days=3))
    await tick(bot)
    assert sorted(papers_in(slack, papers)[4:]) == ["", "2608.19001", "2608.19002"]


async def test_almost_the_same_title_under_another_number_is_the_same_paper(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    upstream.days["2026-08-18"] = [daily_item("2608.00001", "Learning to Grasp with Diffusion Policies")]
    await subscribe(bot, papers)
    await tick(bot)
    upstream.days["2026-08-19"] = [
        daily_item("2608.00002", "Learning to grasp, with diffusion policies"),
        daily_item("2608.00003", "Something else"),
    ]
    move(clock, upstream, TUESDAY + timedelta(days=1))
    await tick(bot)
    assert papers_in(slack, papers) == ["", "2608.00001", "", "2608.00003"]


async def test_a_paper_of_an_earlier_day_that_has_risen_since_gets_a_place(
    bot: Bot, upstream: Upstream, papers: str
) -> None:
    store, earlier = bot.library.store, TODAY - timedelta(days=5)
    midnight = TUESDAY.replace(hour=0, minute=0) - timedelta(days=5)
    for hours, upvotes in ((20, 4), (100, 60)):
        risen = Paper(id="2608.09001", title="Late but loved", upvotes=upvotes)
        same = Paper(id="2608.09002", title="As it was", upvotes=4)
        listed = (risen.id, same.id)
        batch = Batch(source="huggingface", day=earlier, papers=(risen, same), listed=listed)
        await store.keep(batch, midnight + timedelta(hours=hours))
    today = list_day(upstream, TODAY, 8)
    await subscribe(bot, papers, top=3)
    draft = await drafted(bot, papers)
    late = [one for one in draft.exposures if one.role == "bloomed"]
    assert [one.paper_id for one in late] == ["2608.09001"]
    assert late[0].position <= 3
    assert {one.id for one in draft.papers} == {*today, "2608.09001"}
    assert draft.edition.listed_day == draft.edition.first_day == TODAY
    assert draft.edition.left_out == 0


async def test_what_the_channel_muted_is_not_posted(bot: Bot, upstream: Upstream, papers: str) -> None:
    ids = list_shelf(upstream, TODAY, range(3))
    muted = Interest(
        team_id=bot.identity.team_id,
        owner_id=papers,
        subject=Subject.TOPIC,
        value="speech",
        attitude=-1,
        stated_at=1,
    )
    await bot.library.store.record_interests([muted])
    draft = await drafted(bot, papers, exact=True)
    speech = {one.id for one in draft.papers if "speech" in one.about.lower()}
    assert not speech
    assert len(draft.papers) < len(ids)


async def test_an_experiment_draws_the_first_papers_from_both_rankings_and_says_whose_they_are(
    bot: Bot, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    yesterday = list_shelf(upstream, TODAY - timedelta(days=1), range(5))
    list_shelf(upstream, TODAY, range(5, 9))
    await subscribe(bot, papers, top=6)
    await drafted(bot, papers, TODAY - timedelta(days=1), exact=True)
    store, ours = bot.library.store, bot.daily.drafting
    trying = Drafting(store, ours.ingest, ours.recommender, ours.team_id, clock, experiment=True)
    before = await trying.draft(bot.subscription(papers), TODAY, exact=True)
    assert before
    assert {one.team for one in before.exposures} == {""}  # without a taste there is nothing to compare
    await like(bot, papers, *yesterday[:3])
    drafts = [await trying.draft(bot.subscription(papers), TODAY, exact=True) for _ in range(2)]
    assert drafts[0]
    assert drafts[0] == drafts[1]
    teams = [one.team for one in drafts[0].exposures]
    size = bot.subscription(papers).top
    assert sorted(set(teams[:size])) == ["first", "second"]
    assert abs(teams.count("first") - teams.count("second")) <= 1
    assert set(teams[size:]) == {""}
    assert len({one.id for one in drafts[0].papers}) == len(drafts[0].papers) == 16
