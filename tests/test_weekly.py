"""The weekly round-up: what it tells, and that it comes once, whatever goes wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.messages import WEEKLY_SET
from bot.workspace import Message, Workspace
from storage.models import Batch, PostState, Submission
from tests.conftest import QUICK, MovedClock, running
from tests.editions import LATER, subscribe, tick
from tests.weeks import FALLING, FRIDAY, MONDAY, RISING, grow, list_weeks, topical, vote

UPLOAD, SHARE, POST = "files.getUploadURLExternal", "files.completeUploadExternal", "chat.postMessage"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"papers_weekly": "friday 16:00"})


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


@pytest.fixture
async def week(bot: Bot, clock: MovedClock, papers: str) -> list[str]:
    """A subscribed channel, an hour after its round-up was due; the daily edition is not due before midnight."""
    ids = await list_weeks(bot.library.store)
    await subscribe(bot, papers, post_at="23:59", created_by="U1")
    clock.at = FRIDAY + timedelta(minutes=1)
    return ids


async def voted(bot: Bot, channel: str, paper_id: str, people: int = 1, at: datetime = FRIDAY) -> None:
    await vote(bot.library.store, bot.identity.team_id, channel, paper_id, at - timedelta(hours=1), people)


async def planned(bot: Bot) -> None:
    await bot.planning.plan()
    await tick(bot)


def shown(slack: Workspace, channel: str) -> list[Message]:
    """What the bot has in a channel, pictures and all."""
    found = slack.known_channel(channel).messages.values()
    return sorted((it for it in found if not it.deleted), key=lambda it: it.ts)


async def states(bot: Bot, channel: str) -> list[PostState]:
    edition = await bot.library.store.edition(bot.identity.team_id, channel, MONDAY, "weekly")
    assert edition
    return [post.state for post in await bot.library.store.posts(edition)]


async def test_a_channel_is_told_once_a_week_with_a_picture_of_the_topics(
    bot: Bot, slack: Workspace, papers: str, week: list[str]
) -> None:
    await voted(bot, papers, week[3], people=3)
    await voted(bot, papers, week[4], people=1)
    await voted(bot, papers, week[5], people=5, at=FRIDAY - timedelta(days=8))
    await planned(bot)
    await planned(bot)
    message, picture = shown(slack, papers)
    text = message.plain()
    assert "The week in papers, 15 to 21 August" in text
    assert text.index(f"1. On the matter of {week[3]}") < text.index(f"2. On the matter of {week[4]}")
    assert "3 upvotes" in text
    assert week[5] not in text, "those votes are of the week before"
    assert RISING in text
    assert FALLING in text
    (file,) = picture.files
    assert (file["name"], file["mimetype"]) == (f"topics-{MONDAY}.png", "image/png")
    assert f"Rising: {RISING} from" in file["alt_txt"]
    assert await states(bot, papers) == [PostState.SENT, PostState.SENT]


async def test_what_rose_late_is_told_once(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str
) -> None:
    store, late = bot.library.store, "2607.00001"
    await list_weeks(store)
    await subscribe(bot, papers, post_at="23:59", created_by="U1")
    await grow(store, late, 90, FRIDAY - timedelta(days=2))
    clock.at = FRIDAY
    await planned(bot)
    assert f"On the matter of {late}  ·  from 10 to 90" in shown(slack, papers)[0].plain()
    clock.forward(days=7)
    await planned(bot)
    assert all(f"{late}  ·  from" not in message.plain() for message in shown(slack, papers)[1:])


async def test_a_week_without_anything_is_passed_over_in_silence(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str
) -> None:
    await subscribe(bot, papers, post_at="23:59", created_by="U1")
    clock.at = FRIDAY
    await planned(bot)
    assert shown(slack, papers) == []
    await list_weeks(bot.library.store)
    await voted(bot, papers, "2608.00001")
    await planned(bot)
    assert shown(slack, papers) == [], "the week is done with"


async def test_without_topics_there_is_no_picture(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str
) -> None:
    await subscribe(bot, papers, post_at="23:59", created_by="U1")
    clock.at = FRIDAY
    await one_paper(bot)
    await voted(bot, papers, "2608.00001")
    await planned(bot)
    (message,) = shown(slack, papers)
    assert "Topics" not in message.plain()


async def one_paper(bot: Bot) -> None:
    await bot.library.store.keep(Batch(source="arxiv", papers=(topical("2608.00001"),)), FRIDAY)


async def submitted(bot: Bot, channel: str, who: str, at: datetime, *, undone: bool = False) -> None:
    await bot.library.store.record_submission(
        Submission(
            team_id=bot.identity.team_id,
            channel_id=channel,
            paper_id="2608.00001",
            user_id=who,
            submitted_at=at.timestamp(),
            submitted=not undone,
        )
    )


async def test_thanks_name_who_brought_a_paper(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str
) -> None:
    store, day = bot.library.store, timedelta(days=1)
    ada, ben, cleo = (slack.add_user(name) for name in ("ada", "ben", "cleo"))
    await one_paper(bot)
    for who, at in ((ada, FRIDAY - day), (ben, FRIDAY - 9 * day), (cleo, FRIDAY - 2 * day)):
        await submitted(bot, papers, who, at)
    await submitted(bot, papers, cleo, FRIDAY - day, undone=True)
    await subscribe(bot, papers, post_at="23:59", created_by="U1")
    clock.at = FRIDAY
    await planned(bot)
    (message,) = shown(slack, papers)
    assert "Thanks for bringing papers" in message.plain()
    text = message.blocks[1]["text"]["text"]
    assert text.count(f"<@{ada}> for <https://arxiv.org/abs/2608.00001|") == 1
    assert ben not in text, "that was another week"
    assert cleo not in text, "it was taken back"
    edition = await store.edition(bot.identity.team_id, papers, MONDAY, "weekly")
    assert edition
    assert ada not in edition.about, "a person may want to be forgotten"


@pytest.mark.parametrize(
    ("zone", "hour", "minute"), [("Europe/Berlin", 14, 0), ("Asia/Tokyo", 7, 0), ("America/New_York", 20, 0)]
)
async def test_the_hour_is_the_channels_own(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str, zone: str, hour: int, minute: int
) -> None:
    await one_paper(bot)
    due = datetime(2026, 8, 21, hour, minute, tzinfo=UTC)
    await voted(bot, papers, "2608.00001", at=due)
    await subscribe(bot, papers, post_at="23:59", created_by="U1", timezone=zone)
    clock.at = due - timedelta(minutes=1)
    await planned(bot)
    assert shown(slack, papers) == []
    clock.at = due
    await planned(bot)
    assert len(shown(slack, papers)) == 1


async def test_a_bot_that_slept_over_the_hour_makes_up_for_a_day_but_not_for_more(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str, week: list[str]
) -> None:
    clock.at = FRIDAY + timedelta(days=1, minutes=1)
    await planned(bot)
    assert shown(slack, papers) == []
    clock.at = FRIDAY + timedelta(hours=23)
    await planned(bot)
    assert len(shown(slack, papers)) == 2


async def test_off_in_the_settings_or_in_a_channel_means_none(
    bot: Bot, slack: Workspace, papers: str, week: list[str]
) -> None:
    await bot.library.store.set_weekly(bot.identity.team_id, papers, "off")
    await planned(bot)
    assert shown(slack, papers) == []


# What goes wrong.


@pytest.mark.parametrize("method", [POST, SHARE])
async def test_what_worked_although_slack_answered_500_is_found_and_not_repeated(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str, week: list[str], method: str
) -> None:
    slack.faults.fail_after_work(method)
    await planned(bot)
    clock.forward(**LATER)
    await tick(bot)
    assert len(shown(slack, papers)) == 2
    assert await states(bot, papers) == [PostState.SENT, PostState.SENT]


@pytest.mark.parametrize("method", [POST, SHARE, UPLOAD])
async def test_what_was_not_done_is_done_later(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str, week: list[str], method: str
) -> None:
    slack.faults.rate_limit(method, retry_after=0)
    await planned(bot)
    for _ in range(3):
        clock.forward(**LATER)
        await tick(bot)
    assert [len(message.files) for message in shown(slack, papers)] == [0, 1]


@pytest.mark.parametrize("work", [True, False])
@pytest.mark.parametrize("method", [POST, SHARE])
async def test_a_process_that_died_while_sending_leaves_one_round_up_and_one_picture(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    papers: str,
    week: list[str],
    method: str,
    work: bool,
) -> None:
    slack.faults.hang(method, seconds=30, work=work)
    async with open_bot(settings, clock, QUICK) as dying:
        await dying.planning.plan()
        (sending,) = await dying.daily.tick()
        done = 1 + (method == SHARE)
        await slack.wait_for(
            lambda: (
                any(call.method == method for call in slack.calls)
                and len(shown(slack, papers)) == done - (not work)
            )
        )
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    await planned(bot)
    before = len(shown(slack, papers))
    assert before == done - (not work), "a fresh claim is somebody else's"
    clock.forward(**LATER)
    await tick(bot)
    assert [len(message.files) for message in shown(slack, papers)] == [0, 1]
    assert await states(bot, papers) == [PostState.SENT, PostState.SENT]


async def test_a_call_that_hangs_is_given_up_and_settled_by_the_history(
    settings: Settings, slack: Workspace, clock: MovedClock, papers: str, week: list[str]
) -> None:
    slack.faults.hang(SHARE, seconds=30)
    async with open_bot(settings, clock, replace(QUICK, call=0.3)) as impatient:
        await planned(impatient)
        clock.forward(**LATER)
        await tick(impatient)
        assert await states(impatient, papers) == [PostState.SENT, PostState.SENT]
    assert len(shown(slack, papers)) == 2


async def test_two_processes_at_once_post_one_round_up(
    bot: Bot, settings: Settings, slack: Workspace, clock: MovedClock, papers: str, week: list[str]
) -> None:
    async with open_bot(settings, clock, QUICK) as other:
        await asyncio.gather(bot.planning.plan(), other.planning.plan())
        await asyncio.gather(tick(bot), tick(other))
        await tick(bot)
    assert [len(message.files) for message in shown(slack, papers)] == [0, 1]


async def test_without_the_scope_for_files_the_round_up_comes_alone_and_nothing_waits_for_it(
    bot: Bot, slack: Workspace, papers: str, week: list[str]
) -> None:
    slack.faults.fail(UPLOAD, "missing_scope", times=5)
    await planned(bot)
    (message,) = shown(slack, papers)
    assert "The week in papers" in message.plain()
    assert await states(bot, papers) == [PostState.SENT, PostState.ABANDONED]
    assert await bot.library.store.troubles(bot.identity.team_id) == []


# What people can ask for.


async def test_people_set_the_hour_turn_it_off_and_take_that_back(
    bot: Bot, slack: Workspace, papers: str, week: list[str]
) -> None:
    ada, store = slack.add_user("ada"), bot.library.store

    async def said(text: str) -> Message:
        return await (await slack.command(ada, papers, "/papers", f"weekly {text}")).reply()

    async with running(bot):
        assert "each Friday, 16:00 (UTC), next on 28 August" in (await said("")).plain()
        changed = await said("Mon 9")
        assert "each Monday, 09:00 (UTC), next on 24 August" in changed.plain()
        off = await said("off")
        assert "gets no weekly round-up" in off.plain()
        run = await slack.click_reply(ada, off, WEEKLY_SET)
        assert (
            "As before: This channel gets a round-up of its week each Monday" in (await run.reply()).plain()
        )
        assert await store.weekly_hour(slack.team_id, papers) == "monday 09:00"
        await slack.click_reply(ada, changed, WEEKLY_SET)
        assert await store.weekly_hour(slack.team_id, papers) == ""
        assert "Write a weekday and an hour" in (await said("friday")).plain()


async def test_other_words_after_weekly_are_a_topic(bot: Bot, slack: Workspace, papers: str) -> None:
    async with running(bot):
        run = await slack.command(slack.add_user("ada"), papers, "/papers", "weekly forecasts of demand")
        assert "weekly forecasts of demand" in (await run.reply()).plain()


async def test_a_preview_is_for_one_person_and_now_is_for_all_and_once_a_week(
    bot: Bot, clock: MovedClock, slack: Workspace, papers: str, week: list[str]
) -> None:
    ada = slack.add_user("ada")
    clock.at = FRIDAY - timedelta(hours=3)
    await vote(bot.library.store, bot.identity.team_id, papers, week[2], clock.at - timedelta(hours=1))

    async def said(text: str) -> str:
        return (await (await slack.command(ada, papers, "/papers", f"weekly {text}")).reply()).plain()

    async with running(bot):
        assert f"1. On the matter of {week[2]}" in await said("preview")
        assert shown(slack, papers) == []
        assert "is in this channel now" in await said("now")
        assert "is in this channel already" in await said("now")
        clock.at = FRIDAY + timedelta(minutes=1)
        await planned(bot)
    assert [len(message.files) for message in shown(slack, papers)] == [0, 1]


async def test_where_there_is_nothing_to_tell_or_no_subscription_one_is_told_so(
    bot: Bot, slack: Workspace, papers: str
) -> None:
    ada = slack.add_user("ada")
    async with running(bot):
        run = await slack.command(ada, papers, "/papers", "weekly now")
        assert "/papers subscribe turns both on" in (await run.reply()).plain().replace("`", "")
        await subscribe(bot, papers, post_at="23:59", created_by="U1")
        run = await slack.command(ada, papers, "/papers", "weekly preview")
        assert "nothing to tell" in (await run.reply()).plain()
