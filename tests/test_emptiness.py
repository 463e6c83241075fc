"""An empty day is explained: once, in the channel's words, and not at weekends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.app import Bot, open_bot
from bot.asking import Asker
from bot.config import Settings
from bot.daily import is_over
from bot.emptiness import Emptiness, Failing, for_answer, for_channel
from bot.errors import UsageError
from bot.workspace import Workspace
from storage.models import Reading
from tests.conftest import QUICK, TUESDAY, MovedClock
from tests.editions import carried, list_day, move, papers_in, post_calls, posted, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
EVENING = TUESDAY.replace(hour=18, minute=0)
BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


def told(slack: Workspace, channel: str) -> list[str]:
    return [message.plain() for message in posted(slack, channel)]


def of(day: str, *failing: Failing, listed: int = 0, hour: int = 18) -> Emptiness:
    found = date.fromisoformat(day)
    return Emptiness(found, datetime.combine(found, time(hour), BERLIN), failing, listed)


@pytest.mark.parametrize(
    ("empty", "answer", "channel"),
    [
        (of("2026-08-18"), "", "No papers for Tuesday 18 August: nothing is listed yet."),
        (
            of("2026-08-16"),
            ": Hugging Face lists few papers or none at weekends",
            "No papers for Sunday 16 August: Hugging Face lists few papers or none at weekends.",
        ),
        (
            of("2026-11-26"),
            ": it is Thanksgiving, on which arXiv announces no papers",
            "No papers for Thursday 26 November: it is Thanksgiving, on which arXiv announces no papers.",
        ),
        (
            of("2026-11-27"),
            ": the day before was Thanksgiving, on which arXiv announces no papers",
            "No papers for Friday 27 November: the day before was Thanksgiving, on which arXiv announces no papers.",
        ),
        (
            of("2026-05-25"),
            ": it is Memorial Day, a holiday in the US",
            "No papers for Monday 25 May: it is Memorial Day, a holiday in the US.",
        ),
        (
            of("2026-08-18", listed=3),
            ": this channel had everything that is listed, or muted it",
            "No papers for Tuesday 18 August: this channel had everything that is listed, or muted it.",
        ),
    ],
)
def test_the_reason_is_said_in_plain_words(empty: Emptiness, answer: str, channel: str) -> None:
    assert for_answer(empty) == answer
    told = for_channel(empty, empty.day, HALF_AN_HOUR)
    assert told == f"{channel} What is listed later comes with the next edition."


def test_a_source_that_fails_is_named_with_since_when_and_the_next_try() -> None:
    since, tried = datetime(2026, 8, 17, 21, tzinfo=UTC), datetime(2026, 8, 18, 15, 55, tzinfo=UTC)
    both = of(
        "2026-08-18",
        Failing("Hugging Face", since, tried),
        Failing("arXiv", tried - 9 * HALF_AN_HOUR, tried),
    )
    why = "Hugging Face could not be read since 23:00 on Monday 17 August and arXiv could not be read since 13:25"
    assert for_answer(both) == f": {why}; I try again every minute"
    assert for_channel(both, both.day, HALF_AN_HOUR) == (
        f"No papers for Tuesday 18 August: {why}. I try again by 18:25, and what I find then comes with the next "
        "edition; `/papers today` asks at once."
    )


@pytest.mark.parametrize(
    ("post_at", "until", "last", "first"),
    [
        ("09:00", "18:00", "17:59", "18:00"),
        ("09:00", "09:01", "09:00", "09:01"),
        ("19:00", "18:00", "23:58", "23:59"),
        ("18:00", "18:00", "23:58", "23:59"),
        ("00:00", "00:00", "23:58", "23:59"),
    ],
)
def test_papers_are_waited_for_until_the_hour_or_until_midnight(
    post_at: str, until: str, last: str, first: str
) -> None:
    hours = (time.fromisoformat(post_at), time.fromisoformat(until))
    assert not is_over(time.fromisoformat(last), *hours)
    assert is_over(time.fromisoformat(first), *hours)


async def test_a_day_without_papers_is_explained_once_when_its_hour_has_passed(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    move(clock, upstream, EVENING - SECOND)
    await tick(bot)
    assert told(slack, papers) == []
    for moment in (EVENING, EVENING + HALF_AN_HOUR, EVENING + 11 * HALF_AN_HOUR):
        move(clock, upstream, moment)
        await tick(bot)
        [message] = posted(slack, papers)
        assert "No papers for Tuesday 18 August: nothing is listed yet" in message.plain()
        assert carried(message) == {"edition": "2026-08-18", "position": 0, "paper": ""}
        assert message.reactions == {}
    assert post_calls(slack) == 1


async def test_papers_that_appear_later_come_with_the_next_days_edition(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    move(clock, upstream, EVENING)
    await tick(bot)
    late = list_day(upstream, TODAY, 2)
    move(clock, upstream, EVENING + HALF_AN_HOUR)
    await tick(bot)
    assert papers_in(slack, papers) == [""]
    move(clock, upstream, TUESDAY + timedelta(days=1))
    await tick(bot)
    assert papers_in(slack, papers) == ["", "", *late]


async def test_papers_that_appear_before_the_hour_are_an_edition_and_so_are_those_found_late(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    await tick(bot)
    ids = list_day(upstream, TODAY, 1)
    move(clock, upstream, EVENING + HALF_AN_HOUR)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]


@pytest.mark.parametrize("day", ["2026-08-15", "2026-08-16"])
async def test_nothing_is_said_in_the_channel_at_weekends_and_a_hand_can_still_post(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str, day: str
) -> None:
    await subscribe(bot, papers)
    move(clock, upstream, datetime.fromisoformat(f"{day}T18:00Z"))
    await tick(bot)
    ids = list_day(upstream, clock().date(), 1)
    clock.forward(minutes=11)
    await tick(bot)
    assert papers_in(slack, papers) == []
    await bot.daily.post(bot.subscription(papers))
    assert papers_in(slack, papers) == ["", *ids]


async def test_a_channel_far_in_the_east_has_the_sources_weekend_on_its_monday(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers, timezone="Pacific/Kiritimati", post_at=time(0, 0))
    bot.daily.until = time(9, 0)
    # Monday there, Sunday in UTC.
    move(clock, upstream, datetime(2026, 8, 16, 20, 0, tzinfo=UTC))
    await tick(bot)
    assert told(slack, papers) == []


async def test_a_failing_source_is_explained_with_the_first_failure_in_a_row(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers, timezone="Europe/Berlin")
    upstream.fail("/api/daily_papers", status=403, times=1_000)
    for hours in (0, 6, 6.5):
        move(clock, upstream, TUESDAY + timedelta(hours=hours))
        await tick(bot)
    [text] = told(slack, papers)
    assert "Hugging Face could not be read since 11:30. I try again by 18:30" in text


async def test_what_a_channel_had_is_no_news_and_that_is_said(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_day(upstream, TODAY, 2)
    await subscribe(bot, papers)
    await tick(bot)
    tomorrow = TODAY + timedelta(days=1)
    upstream.days[tomorrow.isoformat()] = list(upstream.days[TODAY.isoformat()])
    move(clock, upstream, EVENING + timedelta(days=1))
    await tick(bot)
    assert "this channel had everything that is listed" in told(slack, papers)[-1]
    assert len(posted(slack, papers)) == 4


async def test_two_processes_explain_a_day_once_and_so_does_one_that_is_killed(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    move(clock, upstream, EVENING)
    slack.faults.fail_after_work("chat.postMessage")
    async with open_bot(settings, clock, QUICK) as one, open_bot(settings, clock, QUICK) as other:
        await subscribe(one, papers)
        for _ in range(3):
            await asyncio.gather(tick(one), tick(other))
            clock.forward(seconds=31)
    async with open_bot(settings, clock, QUICK) as again:
        await tick(again)
        assert not await again.library.store.unfinished_editions(again.identity.team_id)
    assert len(posted(slack, papers)) == 1


async def test_an_explanation_that_could_not_be_posted_is_not_posted_the_day_after(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock
) -> None:
    outside = slack.add_channel("outside", bot=False)
    await subscribe(bot, outside)
    move(clock, upstream, EVENING)
    await tick(bot)
    slack.add_bot(outside)
    move(clock, upstream, TUESDAY.replace(hour=1) + timedelta(days=1))
    await tick(bot)
    assert post_calls(slack) == 1
    assert told(slack, outside) == []


async def test_a_hand_that_posts_on_an_explained_day_is_told_what_to_do(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    move(clock, upstream, EVENING)
    await tick(bot)
    list_day(upstream, TODAY, 1)
    with pytest.raises(UsageError, match=r"told that there are no papers.*`/papers 2026-08-18` shows it now"):
        await bot.daily.post(bot.subscription(papers))
    assert len(posted(slack, papers)) == 1


async def test_a_deleted_explanation_is_not_posted_again(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    move(clock, upstream, EVENING)
    await tick(bot)
    posted(slack, papers)[0].deleted = True
    clock.forward(minutes=11)
    await tick(bot)
    assert post_calls(slack) == 1


async def test_papers_today_gives_the_same_reason(
    bot: Bot, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    asker = Asker("U1", papers)
    upstream.fail("/api/daily_papers", status=403, times=1)
    with pytest.raises(UsageError, match=r"could not be read since 09:30; I try again every minute\."):
        await bot.answers.answer("today", asker)
    move(clock, upstream, datetime(2026, 8, 16, 12, tzinfo=UTC))
    with pytest.raises(
        UsageError, match=r"Sunday 2026-08-16: Hugging Face lists few papers or none at weekends\."
    ):
        await bot.answers.answer("today", asker)


async def test_readings_that_fail_keep_since_when_until_one_works(bot: Bot) -> None:
    store = bot.library.store

    async def read(hour: int, error: str = "", day: date = TODAY) -> datetime | None:
        at = TUESDAY.replace(hour=hour, minute=0)
        await store.record_reading(Reading(source="huggingface", day=day, read_at=at, error=error))
        return await store.failing_since("huggingface", TODAY)

    assert await read(8, "down", TODAY - timedelta(days=1)) is None
    assert await read(9, "down") == TUESDAY.replace(hour=8, minute=0)
    assert await read(10, day=TODAY - timedelta(days=1)) == TUESDAY.replace(hour=9, minute=0)
    assert await read(11, "still down") == TUESDAY.replace(hour=9, minute=0)
    assert await read(12) is None
    assert await read(13, "down again") == TUESDAY.replace(hour=13, minute=0)


async def test_a_bot_started_in_the_evening_looks_for_papers_for_an_hour_before_it_says_there_are_none(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    move(clock, upstream, EVENING)
    async with open_bot(settings, clock, replace(QUICK, look_for_papers=3600.0)) as bot:
        await subscribe(bot, papers)
        for _ in range(2):
            await tick(bot)
            assert told(slack, papers) == []
            clock.forward(minutes=20)
        listed = list_day(upstream, TODAY, 2)
        await tick(bot)
        assert papers_in(slack, papers) == ["", *listed]
