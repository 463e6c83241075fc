"""Posts show the votes: many votes in one update, and none forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.errors import StoreError
from bot.workspace import Message, Workspace
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import list_day, posted, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
UPDATE = "chat.update"
#: So long that only a test's own `flush` redraws.
NEVER = replace(QUICK, coalesce=3600.0)


@pytest.fixture
async def channels(bot: Bot, slack: Workspace, upstream: Upstream) -> tuple[str, str]:
    """Two channels that had the same edition."""
    list_day(upstream, TODAY, 3)
    one, two = slack.add_channel("one"), slack.add_channel("two")
    for channel in (one, two):
        await subscribe(bot, channel, top=2)
    await tick(bot)
    return one, two


@pytest.fixture
def ada(slack: Workspace, channels: tuple[str, str]) -> str:
    return slack.add_user("ada")


def best(slack: Workspace, channels: tuple[str, str]) -> list[Message]:
    """The first paper's message in both channels."""
    return [posted(slack, channel)[1] for channel in channels]


def updates(slack: Workspace) -> list[str]:
    """The messages that were redrawn, by channel and `ts`."""
    return [f"{it.args['channel']} {it.args['ts']}" for it in slack.calls if it.method == UPDATE]


async def test_ten_votes_at_once_are_one_update_of_each_post(
    settings: Settings, slack: Workspace, clock: MovedClock, channels: tuple[str, str]
) -> None:
    people = [slack.add_user(f"person{number}") for number in range(10)]
    one, two = best(slack, channels)
    async with open_bot(settings, clock, NEVER) as bot, running(bot):
        await asyncio.gather(
            *(
                slack.react(user, message.channel, message.ts, "+1")
                for user in people
                for message in (one, two)
            )
        )
        await bot.refresher.flush()
    assert sorted(updates(slack)) == sorted(f"{message.channel} {message.ts}" for message in (one, two))
    assert all("10 upvotes here" in message.plain() for message in (one, two))


async def test_votes_that_change_nothing_redraw_nothing(
    settings: Settings, slack: Workspace, clock: MovedClock, channels: tuple[str, str], ada: str
) -> None:
    one, _ = best(slack, channels)
    async with open_bot(settings, clock, NEVER) as bot, running(bot):
        await slack.react(ada, one.channel, one.ts, "+1")
        await slack.unreact(ada, one.channel, one.ts, "+1")
        await slack.react(ada, one.channel, one.ts, "thinking_face")
        await bot.refresher.flush()
    assert updates(slack) == []


async def test_votes_that_were_stored_before_a_crash_are_shown_after_the_next_start(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    channels: tuple[str, str],
    ada: str,
) -> None:
    one, two = best(slack, channels)
    async with open_bot(settings, clock, NEVER) as dying, running(dying):
        await slack.react(ada, one.channel, one.ts, "+1")
    assert updates(slack) == []
    async with running(bot):
        await slack.wait_for(lambda: all("1 upvote here" in message.plain() for message in (one, two)))
    async with open_bot(settings, clock, QUICK) as later, running(later):
        await slack.react(ada, one.channel, posted(slack, channels[0])[2].ts, "+1")
        await slack.wait_for(lambda: "1 upvote here" in posted(slack, channels[1])[2].plain())
    assert len(updates(slack)) == 4, "what is shown already is not drawn again"


async def test_a_post_found_by_history_is_redrawn_with_its_votes(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str
) -> None:
    later = slack.add_channel("later")
    async with open_bot(settings, clock, QUICK) as bot, running(bot):
        slack.faults.hang("chat.postMessage", seconds=0, channel=later)
        slack.faults.fail_after_work("chat.postMessage", channel=later)
        await subscribe(bot, later, top=2)
        await slack.wait_for(lambda: len(posted(slack, later)) == 4)
        message = posted(slack, later)[1]
        await slack.react(ada, later, message.ts, "heart")
        await slack.wait_for(lambda: "1 upvote here" in message.plain())


async def test_an_update_that_slack_has_no_time_for_is_made_later(
    bot: Bot, slack: Workspace, channels: tuple[str, str], ada: str
) -> None:
    one, two = best(slack, channels)
    slack.faults.rate_limit(UPDATE, retry_after=0, times=4)
    async with running(bot):
        await slack.react(ada, one.channel, one.ts, "+1")
        await slack.wait_for(lambda: all("1 upvote here" in it.plain() for it in (one, two)), timeout=20)


async def test_a_post_that_can_not_be_redrawn_holds_up_no_other(
    bot: Bot, slack: Workspace, channels: tuple[str, str], ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = best(slack, channels)
    slack.faults.fail(UPDATE, "edit_window_closed", channel=two.channel)
    async with running(bot):
        await slack.react(ada, one.channel, one.ts, "+1")
        await slack.wait_for(lambda: "1 upvote here" in one.plain())
        ben = slack.add_user("ben")
        await slack.react(ben, one.channel, one.ts, "+1")
        await slack.wait_for(lambda: all("2 upvotes here" in it.plain() for it in (one, two)))
    assert "edit_window_closed" in caplog.text


async def test_a_store_that_fails_in_the_middle_forgets_no_post(
    settings: Settings, slack: Workspace, clock: MovedClock, channels: tuple[str, str], ada: str
) -> None:
    one, two = best(slack, channels)
    async with open_bot(settings, clock, NEVER) as bot, running(bot):
        await slack.react(ada, one.channel, one.ts, "+1")
        bot.library.store.db.conn.execute("PRAGMA query_only = on")
        with pytest.raises(StoreError):
            await bot.refresher.flush()
        bot.library.store.db.conn.execute("PRAGMA query_only = off")
        await bot.refresher.flush()
    assert all("1 upvote here" in message.plain() for message in (one, two))
