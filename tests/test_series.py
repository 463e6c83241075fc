"""Several series of posts in one channel and day, each once and in order like the daily edition."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.messages import Message, notice
from bot.workspace import Workspace
from storage import Store
from storage.backup import back_up
from storage.models import Edition, Post, PostKind, PostState
from tests.conftest import QUICK, TUESDAY, MovedClock
from tests.editions import carried, list_day, move, papers_in, post_calls, posted, subscribe, tick, until_done
from tests.upstream import Upstream

TODAY = TUESDAY.date()
POST = "chat.postMessage"


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


async def draw(store: Store, post: Post) -> Message:
    return notice((await store.edition_of(post)).about)


async def plan(bot: Bot, channel: str, series: str, about: str, day: date = TODAY) -> Edition:
    """A series with a kind of post of its own: one message that says what it is about."""
    bot.drawing.add(PostKind.LIST, partial(draw, bot.library.store))
    of = Edition(
        team_id=bot.identity.team_id,
        channel_id=channel,
        day=day,
        listed_day=day,
        planned_at=bot.clock(),
        top=0,
        series=series,
        about=about,
    )
    key = {"team_id": of.team_id, "channel_id": channel, "day": day, "planned_at": of.planned_at}
    post = Post(**key, position=0, kind=PostKind.LIST, seeded=True, series=series)
    assert await bot.library.store.plan(of, [post])
    return of


def texts(slack: Workspace, channel: str) -> list[str]:
    return [message.text for message in posted(slack, channel)]


async def test_series_of_one_day_stand_beside_the_daily_edition(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 3)
    await subscribe(bot, papers, top=2)
    await plan(bot, papers, "weekly", "The week")
    await plan(bot, papers, "group", "The agenda")
    for _ in range(3):
        # One edition of a channel at a tick.
        await tick(bot)
    assert sorted(papers_in(slack, papers)) == sorted(["", "", "", *ids])
    assert {"The week", "The agenda"} < set(texts(slack, papers))
    weekly = next(message for message in posted(slack, papers) if message.text == "The week")
    assert carried(weekly) == {
        "edition": str(TODAY),
        "position": 0,
        "paper": "",
        "series": "weekly",
        "kind": "list",
    }
    daily = [
        carried(message)
        for message in posted(slack, papers)
        if message.text not in ("The week", "The agenda")
    ]
    assert all(set(payload) == {"edition", "position", "paper"} for payload in daily)
    edition = await bot.library.store.edition(bot.identity.team_id, papers, TODAY)
    assert edition
    assert edition.series == ""
    assert await bot.library.store.last_edition(bot.identity.team_id, papers) == edition


@pytest.mark.parametrize("work", [True, False])
async def test_a_post_of_a_series_whose_answer_was_lost_is_not_taken_for_another(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, work: bool
) -> None:
    """Both are the first post of the day without a paper: only the series tells them apart."""
    await plan(bot, papers, "weekly", "The week")
    await until_done(bot, clock)
    of = await plan(bot, papers, "group", "The agenda")
    if work:
        slack.faults.fail_after_work(POST)
    else:
        slack.faults.hang(POST, seconds=0, work=False)
    await until_done(bot, clock)
    assert texts(slack, papers) == ["The week", "The agenda"]
    assert [post.state for post in await bot.library.store.posts(of)] == [PostState.SENT]


async def test_an_unsubscribed_channel_still_gets_what_another_series_has_planned(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers, active=False)
    await plan(bot, papers, "weekly", "The week")
    await until_done(bot, clock)
    assert texts(slack, papers) == ["The week"]


async def test_a_post_of_a_series_that_nobody_could_send_for_days_is_taken_back(
    bot: Bot, slack: Workspace, clock: MovedClock, upstream: Upstream, papers: str
) -> None:
    of = await plan(bot, papers, "weekly", "The week")
    move(clock, upstream, TUESDAY + timedelta(days=2))
    await tick(bot)
    assert post_calls(slack) == 0
    assert await bot.library.store.edition(of.team_id, papers, TODAY, "weekly") is None


async def test_a_series_posted_since_a_copy_was_made_is_not_posted_again(
    settings: Settings, slack: Workspace, clock: MovedClock, papers: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    async with open_bot(settings, clock, QUICK) as bot:
        back_up(settings.papers_database, copy, clock(), replace=True, stop=Event())
        await plan(bot, papers, "weekly", "The week")
        await until_done(bot, clock)
    for end in ("-wal", "-shm"):
        settings.papers_database.with_name(settings.papers_database.name + end).unlink(missing_ok=True)
    copy.replace(settings.papers_database)
    async with open_bot(settings, clock, QUICK) as bot:
        await bot.recover([papers])
        found = await bot.library.store.edition(bot.identity.team_id, papers, TODAY, "weekly")
        assert found
        [post] = await bot.library.store.posts(found)
        assert (post.kind, post.state, post.ts) == (
            PostKind.LIST,
            PostState.SENT,
            posted(slack, papers)[0].ts,
        )
        assert await bot.library.store.edition(bot.identity.team_id, papers, TODAY) is None
