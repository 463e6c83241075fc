"""Delivery: every paper once and in order, whatever goes wrong between planning and confirming."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.workspace import Workspace
from storage import Store
from storage.models import PostState
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import (
    LATER,
    carried,
    list_day,
    papers_in,
    post_calls,
    posted,
    subscribe,
    tick,
    until_done,
)
from tests.upstream import Upstream

TODAY = TUESDAY.date()
POST = "chat.postMessage"
#: Every message of the small edition: a header, two papers, two in the thread.
EACH = range(1, 6)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


@pytest.fixture
async def expected(bot: Bot, upstream: Upstream, papers: str) -> list[str]:
    """Subscribes a channel to a small edition; what it shall have in the end."""
    ids = list_day(upstream, TODAY, 4)
    await subscribe(bot, papers, top=2)
    return ["", *ids]


def after(slack: Workspace, calls: int) -> None:
    """Let this many posts through before the trouble that is asked for next."""
    if calls:
        slack.faults.hang(POST, seconds=0, times=calls)


async def states(bot: Bot, channel: str) -> list[PostState]:
    edition = await bot.library.store.edition(bot.identity.team_id, channel, TODAY)
    assert edition
    return [post.state for post in await bot.library.store.posts(edition)]


@pytest.mark.parametrize("nth", EACH)
async def test_a_post_that_worked_although_slack_answered_500_is_found_and_not_repeated(
    bot: Bot, slack: Workspace, papers: str, expected: list[str], nth: int
) -> None:
    after(slack, nth - 1)
    slack.faults.fail_after_work(POST)
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert post_calls(slack) == 5


@pytest.mark.parametrize("nth", EACH)
async def test_a_post_that_failed_with_500_is_sent_again_before_the_next(
    bot: Bot, slack: Workspace, papers: str, expected: list[str], nth: int
) -> None:
    after(slack, nth - 1)
    slack.faults.hang(POST, seconds=0, work=False)
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert post_calls(slack) == 6


@pytest.mark.parametrize("work", [True, False])
@pytest.mark.parametrize("nth", EACH)
async def test_a_post_that_is_never_answered_is_settled_by_the_history(
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    papers: str,
    expected: list[str],
    nth: int,
    work: bool,
) -> None:
    after(slack, nth - 1)
    slack.faults.hang(POST, seconds=30, work=work)
    async with open_bot(settings, clock, replace(QUICK, call=0.3)) as impatient:
        await until_done(impatient, clock)
    assert papers_in(slack, papers) == expected


@pytest.mark.parametrize("work", [True, False])
@pytest.mark.parametrize("nth", EACH)
async def test_a_process_that_died_while_posting_leaves_nothing_twice_and_nothing_out(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    papers: str,
    expected: list[str],
    nth: int,
    work: bool,
) -> None:
    after(slack, nth - 1)
    slack.faults.hang(POST, seconds=30, work=work)
    async with open_bot(settings, clock, QUICK) as dying:
        tasks = await dying.daily.tick()
        await slack.wait_for(
            lambda: post_calls(slack) == nth and len(posted(slack, papers)) == nth - 1 + work
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert (await states(bot, papers))[nth - 1] is PostState.SENDING
    await tick(bot)
    assert post_calls(slack) == nth, "a fresh claim is somebody else's"
    clock.forward(**LATER)
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert await states(bot, papers) == [PostState.SENT] * 5


@pytest.mark.parametrize("work", [True, False])
async def test_two_processes_that_settle_a_dead_ones_post_send_it_once(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    papers: str,
    expected: list[str],
    caplog: pytest.LogCaptureFixture,
    work: bool,
) -> None:
    slack.faults.hang(POST, seconds=30, work=work)
    (dying,) = await bot.daily.tick()
    await slack.wait_for(lambda: post_calls(slack) == 1)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    clock.forward(**LATER)
    async with open_bot(settings, clock, QUICK) as other:
        await asyncio.gather(tick(bot), tick(other))
        await until_done(bot, clock)
    assert papers_in(slack, papers) == expected
    assert "is there twice" not in caplog.text


async def test_two_processes_share_an_edition_without_a_paper_twice(
    bot: Bot, settings: Settings, slack: Workspace, clock: MovedClock, papers: str, expected: list[str]
) -> None:
    async with open_bot(settings, clock, QUICK) as other:
        for _ in range(6):
            await asyncio.gather(tick(bot), tick(other))
    assert papers_in(slack, papers) == expected
    assert post_calls(slack) == 5


async def test_a_channel_told_to_wait_holds_up_no_other(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, expected: list[str]
) -> None:
    other = slack.add_channel("other")
    await subscribe(bot, other, top=2)
    after(slack, 0)
    slack.faults.rate_limit(POST, retry_after=600, channel=papers)
    tasks = await bot.daily.tick()
    await slack.wait_for(lambda: papers_in(slack, other) == expected)
    assert papers_in(slack, papers) == []
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await tick(bot)
    assert papers_in(slack, papers) == expected, "what waits is not claimed, and goes on at once"


@pytest.mark.parametrize("times", [1, 4, 7])
async def test_a_rate_limit_is_waited_out(
    bot: Bot, slack: Workspace, papers: str, expected: list[str], times: int
) -> None:
    after(slack, 2)
    slack.faults.rate_limit(POST, retry_after=0, times=times)
    await tick(bot)
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert post_calls(slack) == 5 + times


async def test_slack_out_of_reach_costs_no_message(
    bot: Bot, slack: Workspace, papers: str, expected: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bot.delivery")
    await slack.stop()
    (task,) = await bot.daily.tick()
    await slack.wait_for(lambda: "before the next post" in caplog.text)
    assert await states(bot, papers) == [PostState.PLANNED] * 5
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await slack.start()
    await tick(bot)
    assert papers_in(slack, papers) == expected


@pytest.mark.parametrize(("nth", "method"), [(2, "conversations.history"), (4, "conversations.replies")])
async def test_while_the_history_can_not_be_read_a_doubtful_post_waits(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, expected: list[str], nth: int, method: str
) -> None:
    after(slack, nth - 1)
    slack.faults.fail_after_work(POST)
    slack.faults.fail(method, "missing_scope", times=1000)
    for _ in range(3):
        await tick(bot)
        clock.forward(**LATER)
    assert papers_in(slack, papers) == expected[:nth]
    slack.faults.clear()
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert post_calls(slack) == 5


@pytest.mark.parametrize("nth", [2, 4, 5])
async def test_a_message_that_slack_will_never_take_is_given_up_and_the_others_go_on(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, expected: list[str], nth: int
) -> None:
    after(slack, nth - 1)
    slack.faults.fail(POST, "invalid_blocks")
    await until_done(bot, clock)
    assert papers_in(slack, papers) == expected[: nth - 1] + expected[nth:]
    edition = await bot.library.store.edition(bot.identity.team_id, papers, TODAY)
    assert edition
    refused = (await bot.library.store.posts(edition))[nth - 1]
    assert (refused.state, refused.reason) == (PostState.ABANDONED, "invalid_blocks")


async def test_a_bot_thrown_out_in_the_middle_goes_on_when_it_is_invited_again(
    bot: Bot,
    slack: Workspace,
    clock: MovedClock,
    papers: str,
    expected: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    after(slack, 2)
    slack.faults.rate_limit(POST, retry_after=600)
    (task,) = await bot.daily.tick()
    await slack.wait_for(lambda: post_calls(slack) == 3)
    slack.remove_bot(papers)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for _ in range(3):
        await tick(bot)
        clock.forward(**LATER)
    assert papers_in(slack, papers) == expected[:2]
    assert f"The bot is not in {papers}; type /invite @papers there" in caplog.text
    slack.add_bot(papers)
    await tick(bot)
    assert papers_in(slack, papers) == expected


async def test_an_archived_channel_is_asked_once_in_a_pause(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, expected: list[str]
) -> None:
    slack.archive(papers)
    for _ in range(5):
        await tick(bot)
    assert post_calls(slack) == 1
    slack.unarchive(papers)
    clock.forward(**LATER)
    await tick(bot)
    assert papers_in(slack, papers) == expected


@pytest.mark.parametrize("work", [True, False])
async def test_a_header_deleted_in_slack_ends_its_thread_and_not_the_channels_posts(
    bot: Bot,
    slack: Workspace,
    upstream: Upstream,
    clock: MovedClock,
    papers: str,
    expected: list[str],
    work: bool,
) -> None:
    after(slack, 3)
    slack.faults.hang(POST, seconds=30, work=work)
    (task,) = await bot.daily.tick()
    await slack.wait_for(lambda: post_calls(slack) == 4)
    slack.delete_message(papers, posted(slack, papers)[0].ts)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    clock.forward(**LATER)
    await until_done(bot, clock)
    assert papers_in(slack, papers) == expected[1 : 3 + work]
    clock.forward(days=1)
    upstream.today = clock().date()
    new = list_day(upstream, clock().date(), 1)
    await until_done(bot, clock)
    assert papers_in(slack, papers) == [*expected[1 : 3 + work], "", *new]


async def test_a_message_deleted_in_slack_is_neither_drawn_nor_posted_again(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, expected: list[str]
) -> None:
    ada = slack.add_user("ada")
    await tick(bot)
    deleted = posted(slack, papers)[1]
    async with running(bot):
        await slack.react(ada, papers, deleted.ts, "+1")
        slack.delete_message(papers, deleted.ts)
        kept = posted(slack, papers)[1]
        await slack.react(ada, papers, kept.ts, "+1")
        await slack.wait_for(lambda: "1 upvote here" in kept.plain())
    clock.forward(**LATER)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *expected[2:]]


@pytest.mark.parametrize("status", ["ratelimited", "broken"])
async def test_a_seed_that_slack_has_no_time_for_is_added_later(
    bot: Bot, slack: Workspace, papers: str, expected: list[str], status: str
) -> None:
    if status == "broken":
        slack.faults.hang("reactions.add", seconds=0, work=False, times=4)
    else:
        slack.faults.rate_limit("reactions.add", retry_after=0, times=8)
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert not any(message.reactions for message in posted(slack, papers))
    await tick(bot)
    assert [list(message.reactions) for message in posted(slack, papers)[1:3]] == [["+1"], ["+1"]]


async def test_a_bot_without_the_right_to_react_posts_all_the_same(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, expected: list[str]
) -> None:
    slack.faults.fail("reactions.add", "missing_scope", times=1000)
    await tick(bot)
    assert papers_in(slack, papers) == expected
    assert await bot.library.store.unfinished_editions(bot.identity.team_id) == []


async def test_asked_to_stop_the_bot_finishes_the_message_under_way_and_the_next_process_goes_on(
    bot: Bot, settings: Settings, slack: Workspace, clock: MovedClock, papers: str, expected: list[str]
) -> None:
    after(slack, 1)
    slack.faults.hang(POST, seconds=0.2)
    async with open_bot(settings, clock, QUICK) as stopped:
        await stopped.daily.tick()
        await slack.wait_for(lambda: post_calls(slack) == 2)
        await stopped.daily.stop(5)
    assert papers_in(slack, papers) == expected[:2]
    assert await states(bot, papers) == [PostState.SENT] * 2 + [PostState.PLANNED] * 3
    await tick(bot)
    assert papers_in(slack, papers) == expected


async def test_what_was_posted_can_be_told_from_its_metadata_alone(
    bot: Bot, slack: Workspace, papers: str, expected: list[str], store: Store
) -> None:
    await tick(bot)
    edition = await store.edition(slack.team_id, papers, TODAY)
    assert edition
    ledger = [(post.ts, post.position, post.paper_id) for post in await store.posts(edition)]
    assert ledger == [
        (message.ts, carried(message)["position"], carried(message)["paper"])
        for message in posted(slack, papers)
    ]
