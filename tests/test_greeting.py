"""The one direct message to whoever opens the app first, and the two lines in a channel that the bot comes to."""

from __future__ import annotations

import pytest

from bot.app import Bot
from bot.delivery import LEASE
from bot.workspace import Message, Workspace
from tests.conftest import MovedClock, running
from tests.editions import subscribe
from tests.looking import Looking

POST = "chat.postMessage"


@pytest.fixture
def ada(slack: Workspace) -> Looking:
    return Looking(slack, slack.add_user("ada"))


def greetings(slack: Workspace, channel: str) -> list[Message]:
    return [message for message in slack.messages(channel) if "👋" in message.plain()]


async def test_whoever_opens_the_app_is_greeted_once_and_told_what_it_can_do(
    bot: Bot, slack: Workspace, ada: Looking
) -> None:
    direct = slack.dm(ada.user_id)
    async with running(bot):
        await ada.open()
        (hello,) = await slack.wait_for(lambda: greetings(slack, direct))
        await ada.open()
        await bot.tasks.finish(5)
    assert greetings(slack, direct) == [hello]
    assert "/papers diffusion policy" in hello.plain()


async def test_the_messages_tab_greets_as_well_and_draws_no_home(
    bot: Bot, slack: Workspace, ada: Looking
) -> None:
    direct = slack.dm(ada.user_id)
    event = {"type": "app_home_opened", "user": ada.user_id, "channel": direct, "tab": "messages"}
    async with running(bot):
        for _ in range(2):
            slack.emit({**event, "event_ts": slack.state.next_ts()}, slack.known_channel(direct))
        await slack.wait_for(lambda: greetings(slack, direct))
        await bot.tasks.finish(5)
    assert len(greetings(slack, direct)) == 1
    assert slack.home(ada.user_id) is None


async def test_a_greeting_whose_answer_was_lost_is_found_and_not_sent_again(
    bot: Bot, slack: Workspace, ada: Looking, clock: MovedClock
) -> None:
    direct = slack.dm(ada.user_id)
    slack.faults.fail_after_work(POST)
    async with running(bot):
        await ada.open()
        await slack.wait_for(lambda: greetings(slack, direct))
        await bot.tasks.finish(5)
        clock.forward(minutes=1)
        await ada.open()
        await bot.tasks.finish(5)
    assert len(greetings(slack, direct)) == 1


@pytest.mark.parametrize("sent", [True, False])
async def test_a_greeting_that_a_crash_broke_off_is_looked_for_before_it_is_sent(
    bot: Bot, slack: Workspace, ada: Looking, clock: MovedClock, sent: bool
) -> None:
    direct, store = slack.dm(ada.user_id), bot.library.store
    if sent:
        await bot.greeting.person(ada.user_id, direct)
        store.write("UPDATE greetings SET sent = 0", {})
    else:
        await store.claim_greeting(slack.team_id, "", ada.user_id, clock(), LEASE)
    await bot.greeting.person(ada.user_id, direct)
    assert len(greetings(slack, direct)) == sent
    clock.forward(minutes=1)
    await bot.greeting.person(ada.user_id, direct)
    await bot.greeting.person(ada.user_id, direct)
    assert len(greetings(slack, direct)) == 1


async def test_a_greeting_that_slack_refused_is_tried_again_the_next_time(
    bot: Bot, slack: Workspace, ada: Looking
) -> None:
    direct = slack.dm(ada.user_id)
    slack.faults.rate_limit(POST, retry_after=1)
    async with running(bot):
        await ada.open()
        await bot.tasks.finish(5)
        assert greetings(slack, direct) == []
        await ada.open()
        await slack.wait_for(lambda: greetings(slack, direct))


async def test_a_channel_that_the_bot_comes_to_is_told_once_how_to_get_papers(
    bot: Bot, slack: Workspace, ada: Looking
) -> None:
    reading = slack.add_channel("reading", bot=False)
    async with running(bot):
        slack.add_bot(reading)
        (hello,) = await slack.wait_for(lambda: greetings(slack, reading))
        slack.remove_bot(reading)
        slack.add_bot(reading)
        await slack.wait_for(lambda: all(delivery.acked for delivery in slack.deliveries))
        await bot.tasks.finish(5)
    assert greetings(slack, reading) == [hello]
    assert "/papers subscribe" in hello.plain()
    assert len(hello.plain().splitlines()) == 2


async def test_a_channel_that_gets_papers_already_is_told_nothing(
    bot: Bot, slack: Workspace, ada: Looking
) -> None:
    reading = slack.add_channel("reading", bot=False)
    await subscribe(bot, reading, created_by=ada.user_id)
    await bot.greeting.channel(reading)
    async with running(bot):
        slack.add_bot(reading)
        await slack.wait_for(lambda: slack.deliveries and all(it.acked for it in slack.deliveries))
        await bot.tasks.finish(5)
    assert greetings(slack, reading) == []


async def test_a_person_who_joins_a_channel_is_not_greeted_but_their_channels_are_asked_again(
    bot: Bot, slack: Workspace, ada: Looking
) -> None:
    reading = slack.add_channel("reading", members=[])
    async with running(bot):
        assert await bot.members.channels_of(ada.user_id) == frozenset()
        slack.known_channel(reading).members.append(ada.user_id)
        assert await bot.members.channels_of(ada.user_id) == frozenset()
        event = {"type": "member_joined_channel", "user": ada.user_id, "channel": reading}
        slack.emit({**event, "event_ts": slack.state.next_ts()}, slack.known_channel(reading))
        await slack.wait_for(lambda: slack.deliveries and slack.deliveries[-1].acked)
        assert await bot.members.channels_of(ada.user_id) == {reading}
    assert greetings(slack, reading) == []
