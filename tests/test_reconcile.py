"""Votes that no event told of: people react while the bot is down, and reading the channel finds it out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.history import ATTEMPTS
from bot.reconcile import ReadBack
from bot.refresh import LOOK_BACK
from bot.workspace import Message, MovableClock, Workspace
from handlers import EVENTS
from handlers.manifest import SCOPES
from storage.models import PostState, Reaction, Tally
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import carried, list_day, posted, subscribe, tick
from tests.program import environment, started
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PAPER, OTHER, IN_THREAD = "2608.18001", "2608.18002", "2608.18003"
HISTORY, REPLIES, GET = "conversations.history", "conversations.replies", "reactions.get"


@pytest.fixture
def time() -> MovableClock:
    """The workspace's time, which is months away from the bot's."""
    return MovableClock()


@pytest.fixture
async def slack(time: MovableClock) -> AsyncIterator[Workspace]:
    events, scopes = sorted(EVENTS), sorted(SCOPES)
    async with Workspace(
        clock=time, enforce_limits=False, scopes=scopes, events=events, retry_delays=()
    ) as workspace:
        yield workspace


@pytest.fixture
async def channels(bot: Bot, slack: Workspace, upstream: Upstream) -> tuple[str, str]:
    """Two channels that had the same edition, from a bot that is down since."""
    list_day(upstream, TODAY, 4)
    one, two = slack.add_channel("one"), slack.add_channel("two")
    for channel in (one, two):
        await subscribe(bot, channel, top=2)
    await tick(bot)
    return one, two


@pytest.fixture
def papers(channels: tuple[str, str]) -> str:
    return channels[0]


@pytest.fixture
def ada(slack: Workspace, channels: tuple[str, str]) -> str:
    return slack.add_user("ada")


def message_of(slack: Workspace, channel: str, paper: str) -> Message:
    return next(message for message in posted(slack, channel) if carried(message)["paper"] == paper)


async def read_back(bot: Bot, channel: str = "") -> dict[str, ReadBack]:
    reads = bot.reconciler.read_back(bot.clock() - LOOK_BACK, channel)
    return {read.channel: read async for read in reads}


def shown(slack: Workspace, channels: Iterable[str]) -> set[tuple[str, str, str, str]]:
    """What Slack shows of people's reactions on the bot's posts."""
    return {
        (channel, message.ts, user, emoji)
        for channel in channels
        for message in posted(slack, channel)
        for emoji, users in message.reactions.items()
        for user in users
        if user != slack.bot_user_id
    }


def stored(bot: Bot) -> set[tuple[str, str, str, str]]:
    rows = bot.library.store.rows("SELECT * FROM reactions WHERE present")
    return {(row["channel_id"], row["ts"], row["user_id"], row["emoji"]) for row in rows}


async def tally(bot: Bot, paper: str = PAPER) -> Tally:
    return (await bot.library.store.tallies(bot.identity.team_id, [paper]))[paper]


async def state_of(bot: Bot, channel: str, paper: str) -> tuple[PostState, str]:
    post = await bot.library.store.post_about(paper, bot.identity.team_id, channel)
    assert post
    return post.state, post.reason


def calls(slack: Workspace, *methods: str) -> list[str]:
    return [call.method for call in slack.calls if call.method in methods]


def event(kind: str, user: str, message: Message, at: float, emoji: str = "+1") -> dict[str, Any]:
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    told = {"type": kind, "user": user, "reaction": emoji, "item": item, "item_user": message.user}
    return {**told, "event_ts": f"{at:.6f}"}


async def test_what_people_did_while_the_bot_was_down_counts_when_it_is_back(
    settings: Settings,
    bot: Bot,
    slack: Workspace,
    clock: MovedClock,
    time: MovableClock,
    channels: tuple[str, str],
    ada: str,
) -> None:
    one, two = (message_of(slack, channel, PAPER) for channel in channels)
    reply, ben = message_of(slack, channels[0], IN_THREAD), slack.add_user("ben")
    async with running(bot):
        await slack.react(ada, one.channel, one.ts, "+1")
        await slack.react(ben, one.channel, one.ts, "heart")
    await slack.unreact(ada, one.channel, one.ts, "+1")
    await slack.react(ada, two.channel, two.ts, "-1")
    await slack.unreact(ben, one.channel, one.ts, "heart")
    await slack.react(ben, one.channel, one.ts, "fire::skin-tone-3")
    await slack.react(ben, reply.channel, reply.ts, "tada")
    time.move(3600)
    async with open_bot(settings, clock, QUICK) as back, running(back):
        await slack.wait_for(lambda: stored(back) == shown(slack, channels))
        assert (await tally(back), await tally(back, IN_THREAD)) == (Tally(1, 1), Tally(1, 0))
        await slack.wait_for(lambda: "1 upvote here" in one.plain() and "1 upvote here" in reply.plain())


async def test_a_reading_says_what_it_found_and_a_second_one_finds_nothing(
    bot: Bot, slack: Workspace, time: MovableClock, channels: tuple[str, str], ada: str
) -> None:
    message, reply = (message_of(slack, channels[0], paper) for paper in (PAPER, IN_THREAD))
    for emoji in ("+1", "eyes"):
        await slack.react(ada, message.channel, message.ts, emoji)
    await slack.react(ada, reply.channel, reply.ts, "-1")
    time.move(60)
    one, two = channels
    assert await read_back(bot) == {one: ReadBack(one, 5, 2), two: ReadBack(two, 5)}
    await slack.unreact(ada, reply.channel, reply.ts, "-1")
    time.move(60)
    assert (await read_back(bot))[one] == ReadBack(one, 5, 0, 1)
    assert await read_back(bot, one) == {one: ReadBack(one, 5)}
    assert stored(bot) == shown(slack, channels)


async def test_a_channel_with_one_edition_is_read_by_two_calls(
    bot: Bot, slack: Workspace, papers: str
) -> None:
    await read_back(bot, papers)
    assert calls(slack, HISTORY, REPLIES, GET) == [HISTORY, REPLIES]


async def test_sixty_people_on_one_message_are_all_counted(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str
) -> None:
    message, reply = (message_of(slack, papers, paper) for paper in (PAPER, IN_THREAD))
    for number in range(60):
        user = slack.add_user(f"person{number}")
        for there in (message, reply):
            await slack.react(user, papers, there.ts, "heart")
    time.move(60)
    read = await read_back(bot, papers)
    assert read[papers] == ReadBack(papers, 5, 120)
    assert (await tally(bot), await tally(bot, IN_THREAD)) == (Tally(60, 0), Tally(60, 0))
    assert calls(slack, GET) == [GET, GET]


async def test_a_message_deleted_before_its_people_are_named_holds_up_no_other(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    slack.api.reaction_users_shown = 1
    first, second = (message_of(slack, papers, paper) for paper in (PAPER, OTHER))
    for message in (first, second):
        await slack.react(ada, papers, message.ts, "+1")
    time.move(60)
    slack.faults.fail(GET, "message_not_found")
    assert (await read_back(bot))[papers] == ReadBack(papers, 4, 1)
    assert (await read_back(bot))[papers] == ReadBack(papers, 5, 1)
    assert stored(bot) == shown(slack, [papers])


async def test_what_happens_while_slack_answers_wins_over_the_answer(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    message, ben = message_of(slack, papers, PAPER), slack.add_user("ben")
    async with running(bot):
        await slack.wait_for(lambda: len(calls(slack, REPLIES)) == 2)
        await slack.react(ada, papers, message.ts, "+1")
        time.move(60)
        before = len(calls(slack, HISTORY))
        slack.faults.hang(HISTORY, seconds=1.5)
        reading = asyncio.create_task(read_back(bot, papers))
        await slack.wait_for(lambda: len(calls(slack, HISTORY)) > before)
        await slack.unreact(ada, papers, message.ts, "+1")
        await slack.react(ben, papers, message.ts, "heart")
        assert not reading.done()
        assert (await reading)[papers] == ReadBack(papers, 5)
    assert stored(bot) == shown(slack, [papers]) == {(papers, message.ts, ben, "heart")}


async def test_what_is_delivered_late_after_a_reading_changes_nothing(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    message, ben, start = message_of(slack, papers, PAPER), slack.add_user("ben"), time()
    # Ada adds, removes and adds again, Ben adds and removes: nothing is delivered.
    await slack.react(ada, papers, message.ts, "+1")
    time.move(60)
    late = [
        event("reaction_removed", ada, message, start + 20),
        event("reaction_added", ben, message, start + 10),
        event("reaction_removed", ben, message, start + 5, "heart"),
        event("reaction_added", ada, message, start + 10),
    ]
    async with running(bot):
        await slack.wait_for(lambda: stored(bot) == shown(slack, [papers]))
        time.move(300)
        for told in [*late, *reversed(late)]:
            assert (await slack.event(told)).acked
            assert stored(bot) == {(papers, message.ts, ada, "+1")}
        await slack.unreact(ada, papers, message.ts, "+1")
        assert stored(bot) == set()


async def test_a_message_deleted_in_slack_is_lost_and_its_votes_stay(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    message, reply = (message_of(slack, papers, paper) for paper in (PAPER, IN_THREAD))
    await slack.react(ada, papers, message.ts, "+1")
    time.move(60)
    await read_back(bot)
    slack.delete_message(papers, message.ts)
    slack.delete_message(papers, reply.ts)
    assert (await read_back(bot))[papers] == ReadBack(papers, 3, deleted=2)
    for paper in (PAPER, IN_THREAD):
        assert await state_of(bot, papers, paper) == (PostState.ABANDONED, "deleted in Slack")
    assert (await state_of(bot, papers, OTHER))[0] is PostState.SENT
    assert await tally(bot) == Tally(1, 0)
    assert (await read_back(bot))[papers] == ReadBack(papers, 3)


async def test_a_thread_whose_header_was_deleted_is_read_as_long_as_it_is_there(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    header, *_, first, second = posted(slack, papers)
    await slack.react(ada, papers, first.ts, "+1")
    time.move(60)
    slack.delete_message(papers, header.ts)
    assert (await read_back(bot))[papers] == ReadBack(papers, 4, 1, deleted=1)
    for reply in (first, second):
        slack.delete_message(papers, reply.ts)
    assert (await read_back(bot))[papers] == ReadBack(papers, 2, deleted=2)


async def test_a_post_that_slack_hides_is_not_taken_for_a_deleted_one(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str
) -> None:
    slack.api.history_days = 90
    time.move(91 * 86_400)
    await slack.say(slack.add_user("ada"), papers, "good morning")
    assert (await read_back(bot))[papers] == ReadBack(papers)
    assert (await state_of(bot, papers, PAPER))[0] is PostState.SENT
    assert (await state_of(bot, papers, IN_THREAD))[0] is PostState.SENT


async def test_pages_of_fifteen_messages_do(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    slack.api.history_limit = 2
    for paper in (PAPER, OTHER, IN_THREAD, "2608.18004"):
        await slack.react(ada, papers, message_of(slack, papers, paper).ts, "+1")
    time.move(60)
    assert (await read_back(bot))[papers] == ReadBack(papers, 5, 4)
    assert calls(slack, HISTORY, REPLIES)[:4] == [HISTORY, HISTORY, REPLIES, REPLIES]


async def test_slack_is_given_the_time_it_asks_for(
    bot: Bot, slack: Workspace, time: MovableClock, channels: tuple[str, str], ada: str
) -> None:
    message = message_of(slack, channels[0], PAPER)
    for number in range(60):
        await slack.react(slack.add_user(f"person{number}"), message.channel, message.ts, "heart")
    time.move(60)
    for method in (HISTORY, REPLIES, GET):
        slack.faults.rate_limit(method, retry_after=0, times=ATTEMPTS - 1)
    slack.faults.rate_limit(HISTORY, retry_after=1, channel=channels[1])
    started_at = asyncio.get_running_loop().time()
    assert [read.error for read in (await read_back(bot)).values()] == ["", ""]
    assert asyncio.get_running_loop().time() - started_at >= 1
    assert await tally(bot) == Tally(60, 0)


@pytest.mark.parametrize("method", [HISTORY, REPLIES, GET])
async def test_a_reading_that_breaks_off_keeps_what_it_has_and_takes_nothing_away(
    bot: Bot, slack: Workspace, time: MovableClock, channels: tuple[str, str], ada: str, method: str
) -> None:
    one, two = channels
    async with running(bot):
        for paper in (PAPER, IN_THREAD):
            message = message_of(slack, one, paper)
            await slack.react(ada, one, message.ts, "+1")
    for paper in (PAPER, IN_THREAD):
        for number in range(60):
            message = message_of(slack, one, paper)
            await slack.react(slack.add_user(f"{paper} {number}"), one, message.ts, "heart")
    slack.delete_message(one, message_of(slack, one, "2608.18004").ts)
    before, after = message_of(slack, one, OTHER), message_of(slack, two, OTHER)
    for message in (before, after):
        await slack.react(ada, message.channel, message.ts, "+1")
    time.move(60)
    slack.faults.rate_limit(method, retry_after=0, times=ATTEMPTS, channel=one)
    reads = await read_back(bot)
    assert "too busy" in reads[one].error
    assert (reads[one].gone, reads[one].deleted) == (0, 0)
    assert stored(bot) <= shown(slack, channels)
    assert {(one, message_of(slack, one, paper).ts, ada, "+1") for paper in (PAPER, IN_THREAD)} <= stored(bot)
    assert reads[two] == ReadBack(two, 5, 1)
    assert [read.error for read in (await read_back(bot)).values()] == ["", ""]
    assert stored(bot) == shown(slack, channels)


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "missing_scope", "token_revoked"])
async def test_a_channel_that_can_not_be_read_is_named_and_the_others_are_read(
    bot: Bot, slack: Workspace, time: MovableClock, channels: tuple[str, str], ada: str, code: str
) -> None:
    one, two = channels
    message = message_of(slack, two, PAPER)
    await slack.react(ada, two, message.ts, "+1")
    time.move(60)
    slack.faults.fail(HISTORY, code, channel=one)
    reads = await read_back(bot)
    assert reads[one].error
    assert reads[one].messages == reads[one].deleted == 0
    assert reads[two] == ReadBack(two, 5, 1)


async def test_a_bot_thrown_out_of_a_channel_says_so_in_the_log_and_goes_on(
    bot: Bot,
    slack: Workspace,
    time: MovableClock,
    channels: tuple[str, str],
    ada: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, two = channels
    slack.remove_bot(one)
    slack.rename_channel(two, "renamed")
    message = message_of(slack, two, PAPER)
    await slack.react(ada, two, message.ts, "+1")
    time.move(60)
    async with running(bot):
        await slack.wait_for(lambda: "1 upvote here" in message.plain())
    assert f"votes in {one} can't be read back: The bot is not in {one}" in caplog.text
    assert (await state_of(bot, one, PAPER))[0] is PostState.SENT


async def test_a_socket_that_was_cut_and_comes_back_has_the_votes_read(
    bot: Bot, slack: Workspace, time: MovableClock, channels: tuple[str, str], ada: str
) -> None:
    message = message_of(slack, channels[0], PAPER)
    async with running(bot):
        await slack.wait_for(lambda: len(calls(slack, REPLIES)) == 2)
        # The event is offered while no socket is open, and never again.
        await slack.close_sockets()
        unheard = await slack.react(ada, message.channel, message.ts, "+1")
        assert unheard
        assert not unheard.acked
        time.move(60)
        await slack.wait_for(lambda: "1 upvote here" in message.plain(), timeout=30)
    assert stored(bot) == shown(slack, channels)


async def test_what_was_taken_back_of_the_newest_message_is_found_though_only_older_ones_show_the_bots_reaction(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    newest = message_of(slack, papers, OTHER)
    await slack.unreact(slack.bot_user_id, papers, newest.ts, "+1")
    before = Reaction(
        team_id=bot.identity.team_id,
        channel_id=papers,
        ts=newest.ts,
        user_id=ada,
        emoji="eyes",
        present=True,
        event_ts=float(newest.ts),
    )
    await bot.library.store.record_reaction(before)
    await read_back(bot)
    assert stored(bot) == set()


async def test_the_bots_own_reactions_are_never_stored(
    bot: Bot, slack: Workspace, time: MovableClock, channels: tuple[str, str]
) -> None:
    time.move(60)
    assert message_of(slack, channels[0], PAPER).reactions == {"+1": [slack.bot_user_id]}
    await read_back(bot)
    assert stored(bot) == set()


async def test_an_event_without_a_time_has_that_of_its_delivery_and_a_reading_settles_it(
    bot: Bot, slack: Workspace, time: MovableClock, papers: str, ada: str
) -> None:
    message = message_of(slack, papers, PAPER)
    async with running(bot):
        await slack.wait_for(lambda: len(calls(slack, REPLIES)) == 2)
        time.move(60)
        told = event("reaction_added", ada, message, 0)
        del told["event_ts"]
        assert (await slack.event(told)).acked
        assert await tally(bot) == Tally(1, 0)
        time.move(60)
        await read_back(bot)
        assert stored(bot) == shown(slack, [papers]) == set()


async def test_the_command_prints_what_it_found_and_fails_for_a_channel_it_can_not_read(
    slack: Workspace, upstream: Upstream, time: MovableClock, tmp_path: Path
) -> None:
    upstream.today = datetime.now(UTC).date()
    list_day(upstream, upstream.today, 2)
    channel, ada = slack.add_channel("papers"), slack.add_user("ada")
    given = environment(slack, upstream, PAPERS_CHANNELS="papers", PAPERS_DATABASE="here.db")

    async def ran(*arguments: str) -> tuple[int, str]:
        async with started(*arguments, folder=tmp_path, environment=given) as program:
            return await program.ended(), program.output

    async with started("reconcile", folder=tmp_path, environment=given) as program:
        await program.says("Nothing was posted in the last 14 days")
        assert await program.ended() == 0
    assert (await ran("post"))[0] == 0
    message = posted(slack, channel)[1]
    await slack.react(ada, channel, message.ts, "+1")
    time.move(60)
    counts = "1 votes found, 0 votes gone"
    assert await ran("reconcile") == (0, f"{channel}: 3 messages read, {counts}\n")
    assert "1 upvote here" in message.plain()
    slack.delete_message(channel, message.ts)
    status, out = await ran("reconcile", "--channel", "papers", "--days", "2", "--json")
    assert (status, '"messages": 2' in out, '"deleted": 1' in out) == (0, True, True)
    slack.remove_bot(channel)
    status, out = await ran("reconcile")
    assert status == 1
    assert "type /invite @papers there" in out
