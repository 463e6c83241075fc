"""The daily post: who is due when, and what an edition holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.workspace import Workspace
from storage.models import Paper
from tests.conftest import QUICK, TUESDAY, MovedClock
from tests.editions import carried, list_day, move, papers_in, post_calls, posted, subscribe, tick
from tests.upstream import Upstream, daily_item

MONDAY = date(2026, 8, 17)
TODAY = TUESDAY.date()
SECOND = timedelta(seconds=1)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


@pytest.mark.parametrize(
    "zone",
    ["Etc/GMT+12", "America/St_Johns", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati"],
)
async def test_an_edition_comes_at_the_channels_own_hour_and_not_a_second_before(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str, zone: str
) -> None:
    ids = list_day(upstream, MONDAY - timedelta(days=1), 2)
    await subscribe(bot, papers, timezone=zone, post_at=time(9, 0))
    hour = datetime(2026, 8, 18, 9, 0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    move(clock, upstream, hour - SECOND)
    await tick(bot)
    assert posted(slack, papers) == []
    move(clock, upstream, hour)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]
    assert {carried(message)["edition"] for message in posted(slack, papers)} == {"2026-08-18"}


@pytest.mark.parametrize(
    ("post_at", "before", "after"),
    [
        # 02:30 does not exist on this day in Berlin: clocks go from 02:00 to 03:00.
        (time(2, 30), "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
        # The same hour by the clock on the wall, an hour earlier in UTC than the day before.
        (time(9, 0), "2026-03-29T06:59:59Z", "2026-03-29T07:00:00Z"),
        # 02:30 happens twice.
        (time(2, 30), "2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z"),
        (time(9, 0), "2026-10-25T07:59:59Z", "2026-10-25T08:00:00Z"),
    ],
)
async def test_the_hour_is_kept_when_clocks_change(
    bot: Bot,
    slack: Workspace,
    upstream: Upstream,
    clock: MovedClock,
    papers: str,
    post_at: time,
    before: str,
    after: str,
) -> None:
    due = datetime.fromisoformat(after)
    list_day(upstream, due.date(), 2)
    await subscribe(bot, papers, timezone="Europe/Berlin", post_at=post_at)
    move(clock, upstream, datetime.fromisoformat(before))
    await tick(bot)
    assert posted(slack, papers) == []
    for hours in (0, 1, 2):
        move(clock, upstream, due + timedelta(hours=hours))
        await tick(bot)
        assert len(posted(slack, papers)) == 3


async def test_a_day_has_one_edition_however_often_the_bot_looks(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_day(upstream, TODAY, 3)
    await subscribe(bot, papers)
    await tick(bot)
    assert post_calls(slack) == 4
    for _ in range(6):
        clock.forward(hours=2)
        list_day(upstream, TODAY, 1, first=len(upstream.days[TODAY.isoformat()]) + 1)
        await tick(bot)
    assert post_calls(slack) == 4


async def test_an_edition_is_a_header_then_the_best_then_the_rest_in_its_thread(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 7)
    await subscribe(bot, papers, top=3)
    await tick(bot)
    header, *best = slack.messages(papers)
    rest = slack.thread(papers, header.ts)
    assert "Papers of Tuesday 18 August 2026" in header.plain()
    assert "7 papers" in header.plain()
    assert [carried(message)["paper"] for message in best] == ids[:3]
    assert [carried(message)["paper"] for message in rest] == ids[3:]
    assert [carried(message) for message in posted(slack, papers)] == [
        {"edition": "2026-08-18", "position": position, "paper": paper}
        for position, paper in enumerate(["", *ids])
    ]
    assert all(
        f"Paper {carried(message)['paper']}" in message.plain() for message in posted(slack, papers)[1:]
    )
    assert [list(message.reactions) for message in posted(slack, papers)] == [[], *[["+1"]] * 3, *[[]] * 4]


async def test_an_empty_day_posts_nothing_until_papers_appear(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    await tick(bot)
    assert post_calls(slack) == 0
    ids = list_day(upstream, TODAY, 2)
    clock.forward(minutes=5)
    await tick(bot)
    assert post_calls(slack) == 0, "a day read a moment ago is not read again"
    clock.forward(minutes=5)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]


async def test_a_source_that_fails_at_the_hour_delays_the_edition(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 2)
    upstream.fail("/api/daily_papers", status=403, times=4)
    await subscribe(bot, papers)
    await tick(bot)
    assert post_calls(slack) == 0
    clock.forward(minutes=1)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]


async def test_monday_has_what_late_friday_and_the_weekend_brought(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    friday, monday = date(2026, 8, 14), date(2026, 8, 17)
    first = list_day(upstream, friday, 2)
    await subscribe(bot, papers)
    move(clock, upstream, TUESDAY - timedelta(days=4))
    await tick(bot)
    assert papers_in(slack, papers) == ["", *first]
    late = list_day(upstream, friday, 1, first=10)
    weekend = [
        id for days in (1, 2) for id in list_day(upstream, friday + timedelta(days=days), 1, first=20 + days)
    ]
    news = list_day(upstream, monday, 1, first=30)
    move(clock, upstream, TUESDAY - timedelta(days=1))
    await tick(bot)
    posted_now = papers_in(slack, papers)
    assert posted_now[:4] == ["", *first, ""]
    assert sorted(posted_now[4:]) == sorted([*late, *weekend, *news])


async def test_a_paper_that_a_channel_had_does_not_come_again(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 2)
    await subscribe(bot, papers)
    await tick(bot)
    tomorrow = TODAY + timedelta(days=1)
    upstream.days[tomorrow.isoformat()] = list(upstream.days[TODAY.isoformat()])
    move(clock, upstream, TUESDAY + timedelta(days=1))
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids], "a day with nothing new has no edition"
    new = list_day(upstream, tomorrow, 1)
    clock.forward(minutes=10)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids, "", *new]


async def test_each_channel_has_its_own_hour_and_zone(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock
) -> None:
    ids = list_day(upstream, TODAY, 2)
    tokyo, denver = slack.add_channel("tokyo"), slack.add_channel("denver")
    await subscribe(bot, tokyo, timezone="Asia/Tokyo", post_at=time(19, 0))
    await subscribe(bot, denver, timezone="America/Denver", post_at=time(7, 30))
    await tick(bot)
    assert post_calls(slack) == 0
    move(clock, upstream, datetime(2026, 8, 18, 10, 0, tzinfo=UTC))
    await tick(bot)
    assert (papers_in(slack, tokyo), papers_in(slack, denver)) == (["", *ids], [])
    move(clock, upstream, datetime(2026, 8, 18, 13, 30, tzinfo=UTC))
    await tick(bot)
    assert (papers_in(slack, tokyo), papers_in(slack, denver)) == (["", *ids], ["", *ids])


async def test_channels_are_named_by_id_or_name_and_one_in_trouble_holds_up_no_other(
    settings: Settings,
    slack: Workspace,
    upstream: Upstream,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = list_day(upstream, TODAY, 2)
    by_id, by_name = slack.add_channel("by-id"), slack.add_channel("by-name")
    private, outside = slack.add_channel("private", private=True), slack.add_channel("outside", bot=False)
    named = (by_id, "C0NOWHERE", "#by-name", "nowhere", "private", "outside")
    async with open_bot(settings.model_copy(update={"papers_channels": named}), clock, QUICK) as bot:
        await bot.subscribe_channels()
        await tick(bot)
        for channel in (by_id, by_name, private):
            assert papers_in(slack, channel) == ["", *ids]
        assert "There is no channel #nowhere that the bot can see" in caplog.text
        assert "There is no channel C0NOWHERE that the bot can see" in caplog.text
        assert f"The bot is not in {outside}; type /invite @papers there" in caplog.text
        slack.add_bot(outside)
        await tick(bot)
        assert papers_in(slack, outside) == [], "a channel in trouble is left alone for a while"
        clock.forward(minutes=10)
        await tick(bot)
        assert papers_in(slack, outside) == ["", *ids]


async def test_arxivs_announcements_fill_the_edition_and_the_others_are_counted(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    curated = list_day(upstream, TODAY, 4)
    upstream.announced_on = TODAY
    upstream.announced = [
        (Paper(id=f"2608.9{n:04d}", title=f"Announced {n}", categories=("cs.LG",)), "new") for n in range(40)
    ]
    arxiv = settings.model_copy(update={"papers_arxiv_categories": ("cs.LG",)})
    async with open_bot(arxiv, clock, QUICK) as bot:
        await subscribe(bot, papers)
        await tick(bot)
        edition = await bot.library.store.edition(bot.identity.team_id, papers, TODAY)
    assert edition
    assert (edition.listed, edition.left_out) == ({"huggingface": 4, "arxiv": 26}, 14)
    header, *found = posted(slack, papers)
    assert len(found) == 30
    assert set(curated) < {carried(message)["paper"] for message in found}
    assert "30 papers" in header.plain()
    assert "14 other papers" in header.plain()


async def test_a_first_edition_on_a_sunday_has_fridays_papers_and_says_so(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_day(upstream, date(2026, 8, 13), 2)
    ids = list_day(upstream, date(2026, 8, 14), 2)
    await subscribe(bot, papers)
    move(clock, upstream, datetime(2026, 8, 16, 9, 0, tzinfo=UTC))
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]
    assert "Papers of Friday 14 August 2026" in posted(slack, papers)[0].plain()


async def test_a_day_asked_for_is_posted_once_and_todays_edition_leaves_its_papers_out(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    before, today = list_day(upstream, MONDAY, 2), list_day(upstream, TODAY, 2)
    subscription = bot.subscription(papers)
    first = await bot.daily.post(subscription, MONDAY)
    again = await bot.daily.post(subscription, MONDAY)
    assert first
    assert again
    assert (first.sent, first.open, again.sent, again.open) == (3, 0, 3, 0)
    assert papers_in(slack, papers) == ["", *before]
    assert await bot.daily.post(subscription, date(2026, 8, 10)) is None
    await subscribe(bot, papers)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *before, "", *today]


async def test_two_processes_that_plan_the_same_day_at_once_post_it_once(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 8)
    async with open_bot(settings, clock, QUICK) as one, open_bot(settings, clock, QUICK) as other:
        await subscribe(one, papers, top=2)
        for _ in range(4):
            await asyncio.gather(tick(one), tick(other))
            clock.forward(seconds=31)
        assert not await one.library.store.unfinished_editions(one.identity.team_id)
    assert papers_in(slack, papers) == ["", *ids]


async def test_a_channel_that_posts_before_arxiv_announces_gets_the_announcements_of_the_day_before(
    settings: Settings, slack: Workspace, upstream: Upstream
) -> None:
    channel = slack.add_channel("kolkata")
    clock = MovedClock(datetime(2026, 8, 18, 3, 30, tzinfo=UTC))
    with_arxiv = settings.model_copy(
        update={"papers_arxiv_categories": ("cs.AI",), "papers_timezone": "Asia/Kolkata"}
    )
    async with open_bot(with_arxiv, clock, QUICK) as bot:
        announced = []
        for day in range(18, 21):
            clock.at = datetime(2026, 8, day, 3, 30, tzinfo=UTC)
            upstream.today = clock().date()
            upstream.days[f"2026-08-{day}"] = [daily_item(f"2608.{day}001", f"Curated {day}")]
            # At 03:30 UTC the feed still holds what was announced a day earlier.
            told = Paper(
                id=f"2608.{day}999", title=f"Told before {day}", abstract="A.", categories=("cs.AI",)
            )
            upstream.announced = [(told, "new")]
            upstream.announced_on = date(2026, 8, day - 1)
            await bot.daily.post(bot.subscription(channel))
            edition = await bot.library.store.last_edition(bot.identity.team_id, channel)
            assert edition is not None
            announced.append(edition.listed["arxiv"])
            clock.forward(days=1)
    assert announced == [1, 1, 1]


async def test_an_edition_is_of_the_day_on_which_it_was_due(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock
) -> None:
    subscription = bot.subscription(slack.add_channel("reading"))
    list_day(upstream, TODAY, 2)
    before_midnight = datetime(2026, 8, 18, 23, 59, 58, tzinfo=UTC)
    clock.at = before_midnight
    upstream.hang("/api/daily_papers", 0.2, times=1)
    posting = asyncio.create_task(bot.daily.post(subscription))
    await slack.wait_for(lambda: upstream.requests)
    clock.forward(seconds=10)
    await posting
    edition = await bot.library.store.last_edition(bot.identity.team_id, subscription.channel_id)
    assert edition is not None
    assert edition.day == before_midnight.date()
