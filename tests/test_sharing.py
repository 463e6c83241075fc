"""Share: a paper in the channel one is in, once, whatever goes wrong between the press and the message."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import Bot, open_bot
from bot.asking import Asker
from bot.config import Settings
from bot.messages import SHARE, VOTE
from bot.workspace import CommandRun, Message, Workspace
from storage.models import Tally
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import (
    LATER,
    carried,
    list_day,
    move,
    papers_in,
    post_calls,
    posted,
    subscribe,
    tick,
)
from tests.upstream import Upstream

TODAY = TUESDAY.date()
POST = "chat.postMessage"
PAPER, OTHER = "2608.18001", "2608.18002"


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def reading(slack: Workspace, ada: str) -> str:
    return slack.add_channel("reading")


@pytest.fixture
async def known(bot: Bot, upstream: Upstream) -> None:
    """Puts today's papers into the store."""
    list_day(upstream, TODAY, 4)
    await bot.library.ingest.ensure_day(TODAY)


@pytest.fixture
async def found(
    settings: Settings, slack: Workspace, clock: MovedClock, ada: str, reading: str, known: None
) -> Message:
    """Today's papers as Ada found them in #reading, from a bot that is gone by now."""
    async with open_bot(settings, clock, QUICK) as asked, running(asked):
        return await listed(slack, ada, reading)


async def listed(slack: Workspace, person: str, channel: str) -> Message:
    return await (await slack.command(person, channel, "/papers", "today")).reply()


async def share(slack: Workspace, page: Message, paper: str = PAPER) -> CommandRun:
    assert page.ephemeral_to
    return await slack.click_reply(page.ephemeral_to, page, SHARE, paper)


async def test_a_shared_paper_is_a_post_of_the_channel_like_any_other(
    bot: Bot, slack: Workspace, ada: str, reading: str, found: Message
) -> None:
    async with running(bot):
        run = await share(slack, found)
        await slack.wait_for(lambda: posted(slack, reading) and posted(slack, reading)[0].reactions)
        [message] = posted(slack, reading)
        assert carried(message)["paper"] == PAPER
        assert message.reactions == {"+1": [slack.bot_user_id]}
        assert message.blocks[0]["elements"][0]["text"] == f"↗ shared by <@{ada}>"
        assert "A made-up summary of Paper 2608.18001." in message.plain()
        await slack.react(ada, reading, message.ts, "fire")
        await slack.wait_for(lambda: "1 upvote here" in message.plain())
        ben = slack.add_user("ben")
        await slack.click(ben, reading, message.ts, VOTE)
        await slack.wait_for(lambda: "2 upvotes here" in message.plain())
    assert "shared by" in message.plain()
    assert (await bot.library.store.tallies(slack.team_id, [PAPER]))[PAPER] == Tally(2, 0)
    assert run.replies == [], "the message says it itself"


async def test_a_list_says_where_a_paper_was_posted_and_what_people_here_think_of_it(
    bot: Bot, slack: Workspace, ada: str, reading: str, found: Message
) -> None:
    async with running(bot):
        await share(slack, found)
        await slack.wait_for(lambda: posted(slack, reading))
        [message] = posted(slack, reading)
        await slack.react(ada, reading, message.ts, "fire")
        page = await listed(slack, ada, reading)
    said = next(text for text in texts(page) if "posted in" in text)
    link = f"https://lab.slack.com/archives/{reading}/p{message.ts.replace('.', '')}"
    assert re.fullmatch(
        rf"posted in <#{reading}> on <{re.escape(link)}\|\d+ \w+( \d+)?>, \*1 upvote\*  ·  .+", said
    )


def texts(message: Message) -> list[str]:
    return [
        element["text"]
        for block in message.blocks
        if block["type"] == "context"
        for element in block["elements"]
    ]


async def test_presses_at_once_post_once_and_leave_nobody_without_an_answer(
    bot: Bot, slack: Workspace, reading: str, found: Message
) -> None:
    slack.faults.hang(POST, seconds=0.2)
    async with running(bot):
        runs = await asyncio.gather(*(share(slack, found) for _ in range(3)))
        await slack.wait_for(lambda: posted(slack, reading) and posted(slack, reading)[0].reactions)
        again = await share(slack, found)
        assert "is already in this channel" in (await again.reply()).plain()
    assert all(run.acked for run in runs)
    assert (papers_in(slack, reading), post_calls(slack)) == ([PAPER], 1)


async def test_a_press_delivered_twice_posts_once(
    bot: Bot, slack: Workspace, reading: str, found: Message
) -> None:
    async with running(bot):
        run = await share(slack, found)
        await slack.wait_for(lambda: posted(slack, reading))
        press = next(it for it in slack.deliveries if it.kind == "interactive")
        assert (await slack.courier.once("interactive", press.payload)).acked
        assert "is already in this channel" in (await run.reply()).plain()
    assert papers_in(slack, reading) == [PAPER]


@pytest.mark.parametrize("work", [True, False])
async def test_a_500_posts_once_whether_or_not_the_work_was_done(
    bot: Bot, slack: Workspace, reading: str, found: Message, work: bool
) -> None:
    slack.faults.hang(POST, seconds=0, work=False) if not work else slack.faults.fail_after_work(POST)
    async with running(bot):
        run = await share(slack, found)
        await slack.wait_for(lambda: posted(slack, reading) and posted(slack, reading)[0].reactions)
    assert (papers_in(slack, reading), post_calls(slack)) == ([PAPER], 1 if work else 2)
    assert run.replies == []


@pytest.mark.parametrize("work", [True, False])
async def test_a_share_that_is_never_answered_is_settled_by_the_history(
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    reading: str,
    found: Message,
    work: bool,
) -> None:
    slack.faults.hang(POST, seconds=30, work=work)
    async with open_bot(settings, clock, replace(QUICK, call=0.3)) as impatient, running(impatient):
        run = await share(slack, found)
        if not work:
            assert "Slack is slow to take “Paper 2608.18001”" in (await run.reply()).plain()
            clock.forward(**LATER)
        await slack.wait_for(lambda: posted(slack, reading) and posted(slack, reading)[0].reactions)
    assert papers_in(slack, reading) == [PAPER]


@pytest.mark.parametrize("work", [True, False])
async def test_a_process_that_died_while_sharing_leaves_the_paper_once(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    ada: str,
    reading: str,
    known: None,
    work: bool,
) -> None:
    slack.faults.hang(POST, seconds=30, work=work)
    async with open_bot(settings, clock, QUICK) as dying:
        planned = await dying.sharing.plan(PAPER, Asker(ada, reading))
        sending = asyncio.create_task(dying.sharing.send(planned))
        await slack.wait_for(lambda: post_calls(slack) == 1 and len(posted(slack, reading)) == work)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    await tick(bot)
    assert post_calls(slack) == 1, "a fresh claim is somebody else's"
    clock.forward(**LATER)
    await tick(bot)
    assert (papers_in(slack, reading), post_calls(slack)) == ([PAPER], 2 - work)
    await tick(bot)
    assert posted(slack, reading)[0].reactions == {"+1": [slack.bot_user_id]}
    assert await bot.library.store.unfinished_shares(slack.team_id, datetime.max.replace(tzinfo=UTC)) == []


async def test_a_process_that_died_before_sharing_has_promised_it(
    bot: Bot, slack: Workspace, clock: MovedClock, ada: str, reading: str, known: None
) -> None:
    await bot.sharing.plan(PAPER, Asker(ada, reading))
    await tick(bot)
    assert papers_in(slack, reading) == []  # whoever planned it may be about to send it
    clock.forward(minutes=1)
    await tick(bot)
    assert papers_in(slack, reading) == [PAPER]


async def test_two_processes_share_a_paper_once(
    bot: Bot, settings: Settings, slack: Workspace, clock: MovedClock, ada: str, reading: str, known: None
) -> None:
    async with open_bot(settings, clock, QUICK) as other:
        planned = [await each.sharing.plan(PAPER, Asker(ada, reading)) for each in (bot, other)]
        await asyncio.gather(bot.sharing.send(planned[0]), other.sharing.send(planned[1]))
    assert (papers_in(slack, reading), post_calls(slack)) == ([PAPER], 1)


async def test_a_share_that_slack_has_no_time_for_is_posted_later(
    bot: Bot, slack: Workspace, clock: MovedClock, reading: str, found: Message
) -> None:
    slack.faults.rate_limit(POST, retry_after=0, times=6)
    async with running(bot):
        run = await share(slack, found)
        assert "I go on until it is in this channel" in (await run.reply()).plain()
        clock.forward(minutes=1)
        await slack.wait_for(lambda: posted(slack, reading))
    assert papers_in(slack, reading) == [PAPER]


@pytest.mark.parametrize("private", [False, True])
async def test_where_the_bot_is_not_a_member_the_person_learns_how_to_invite_it(
    bot: Bot, slack: Workspace, ada: str, found: Message, private: bool
) -> None:
    elsewhere = slack.add_channel("elsewhere", bot=False, private=private)
    async with running(bot):
        page = await listed(slack, ada, elsewhere)
        refused = await (await share(slack, page)).reply()
        assert f"Type /invite <@{slack.bot_user_id}> and press *Share* again" in refused.text.replace("`", "")
        slack.add_bot(elsewhere)
        assert (
            await bot.library.store.unfinished_shares(slack.team_id, datetime.max.replace(tzinfo=UTC)) == []
        )
        assert papers_in(slack, elsewhere) == [], "what was refused does not come by itself"
        await share(slack, page)
        await slack.wait_for(lambda: papers_in(slack, elsewhere) == [PAPER])


async def test_of_two_presses_that_are_refused_neither_is_posted_later(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    slack.remove_bot(reading)
    planned = [await bot.sharing.plan(PAPER, Asker(ada, reading)) for _ in range(2)]
    answers = await asyncio.gather(*(bot.sharing.send(each) for each in planned), return_exceptions=True)
    assert [str(answer)[:24] for answer in answers] == [
        "I am not in this channel",
        "“Paper 2608.18001” was r",
    ]
    slack.add_bot(reading)
    await tick(bot)
    assert posted(slack, reading) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("is_archived", "This channel is archived"),
        ("restricted_action", "A setting of this workspace keeps me from posting here"),
        ("restricted_action_read_only_channel", "A setting of this workspace keeps me from posting here"),
        ("token_revoked", "install the app again"),
        ("invalid_blocks", "Slack does not take the message about “Paper 2608.18001”: invalid_blocks"),
    ],
)
async def test_what_keeps_the_bot_from_posting_is_said_in_a_sentence(
    bot: Bot, slack: Workspace, reading: str, found: Message, code: str, said: str
) -> None:
    slack.faults.fail(POST, code)
    async with running(bot):
        assert said in (await (await share(slack, found)).reply()).plain()
    assert await bot.library.store.unfinished_shares(slack.team_id, datetime.max.replace(tzinfo=UTC)) == []
    assert posted(slack, reading) == []


async def test_in_messages_to_the_bot_a_paper_is_posted_there_and_nobody_else_hears_of_it(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    direct, ben = slack.dm(ada), slack.add_user("ben")
    async with running(bot):
        await share(slack, await listed(slack, ada, direct))
        await slack.wait_for(lambda: papers_in(slack, direct) == [PAPER])
        assert "posted here on" in (await listed(slack, ada, direct)).plain()
        for person, channel in ((ada, reading), (ben, reading), (ben, slack.dm(ben))):
            assert "posted" not in (await listed(slack, person, channel)).plain()


async def test_between_other_people_nothing_is_posted(
    bot: Bot, slack: Workspace, ada: str, known: None
) -> None:
    direct = slack.dm(ada)
    slack.faults.fail(POST, "channel_not_found", channel=direct)
    async with running(bot):
        refused = await (await share(slack, await listed(slack, ada, direct))).reply()
    assert "I can't post between other people" in refused.plain()


@pytest.mark.parametrize(("paper", "in_thread"), [(PAPER, False), ("2608.18003", True)])
async def test_what_an_edition_brought_is_not_posted_again_but_shown(
    bot: Bot,
    slack: Workspace,
    reading: str,
    found: Message,
    paper: str,
    in_thread: bool,
) -> None:
    await subscribe(bot, reading, top=2)
    await tick(bot)
    async with running(bot):
        answer = await (await share(slack, found, paper)).reply()
    message = next(it for it in posted(slack, reading) if carried(it)["paper"] == paper)
    address = f"https://lab.slack.com/archives/{reading}/p{message.ts.replace('.', '')}"
    address += f"?thread_ts={message.thread_ts}&amp;cid={reading}" if in_thread else ""
    assert f"“Paper {paper}” is already in this channel: <{address}|posted on " in answer.text
    assert papers_in(slack, reading).count(paper) == 1


async def test_a_paper_that_an_edition_is_about_to_bring_is_left_to_it(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    ada: str,
    reading: str,
    found: Message,
) -> None:
    await subscribe(bot, reading, top=2, created_by=ada)
    slack.faults.rate_limit(POST, retry_after=600)
    async with running(bot):
        await slack.wait_for(lambda: post_calls(slack) == 1)
        answer = await (await share(slack, found)).reply()
        assert "is among the papers being posted here just now" in answer.plain()
        await bot.daily.stop(0)
    async with open_bot(settings, clock, QUICK) as other:
        await tick(other)
    assert papers_in(slack, reading).count(PAPER) == 1


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_paper_whose_message_was_deleted_is_not_posted_again(
    bot: Bot, slack: Workspace, ada: str, reading: str, found: Message, noticed: bool
) -> None:
    async with running(bot):
        await share(slack, found)
        await slack.wait_for(lambda: posted(slack, reading) and posted(slack, reading)[0].reactions)
        slack.delete_message(reading, posted(slack, reading)[0].ts)
        if noticed:
            await slack.click_reply(ada, found, VOTE, PAPER)
            await slack.wait_for(lambda: any(it.error == "message_not_found" for it in slack.calls))
        answer = await (await share(slack, found)).reply()
    assert "no message is left here (deleted in Slack)" in answer.plain()
    assert posted(slack, reading) == []


async def test_editions_leave_out_what_was_shared_and_are_otherwise_as_ever(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, reading: str, known: None
) -> None:
    await bot.sharing.send(await bot.sharing.plan(OTHER, Asker(ada, reading)))
    await subscribe(bot, reading, top=2)
    assert await bot.library.store.last_edition(slack.team_id, reading) is None
    await tick(bot)
    assert papers_in(slack, reading) == [OTHER, "", PAPER, "2608.18003", "2608.18004"]
    assert "3 papers" in posted(slack, reading)[1].plain()
    move(clock, upstream, TUESDAY + timedelta(days=1))
    new = list_day(upstream, clock().date(), 1)
    await tick(bot)
    assert papers_in(slack, reading)[5:] == ["", *new]


async def test_a_share_does_not_wait_for_an_edition(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str, reading: str, known: None
) -> None:
    older = TODAY - timedelta(days=20)
    [paper] = list_day(upstream, older, 1)
    await bot.library.ingest.ensure_day(older)
    await subscribe(bot, reading, top=2, created_by=ada)
    slack.faults.rate_limit(POST, retry_after=600)
    async with running(bot):
        await slack.wait_for(lambda: post_calls(slack) == 1)
        await bot.sharing.send(await bot.sharing.plan(paper, Asker(ada, reading)))
        assert papers_in(slack, reading) == [paper]
        await bot.daily.stop(0)


async def test_a_forged_press_gets_a_sentence(bot: Bot, slack: Workspace, found: Message) -> None:
    for block in found.blocks:
        for element in block.get("elements", []):
            if element.get("action_id") == SHARE:
                element["value"] = "9999.99999"
    async with running(bot):
        answer = await (await share(slack, found, "9999.99999")).reply()
    assert "I don't know this paper any more" in answer.plain()


async def test_a_share_that_could_not_be_stored_is_told_to_the_person(
    bot: Bot, slack: Workspace, reading: str, found: Message
) -> None:
    slack.courier.ack_timeout = 0.3
    async with running(bot):
        bot.library.store.db.conn.execute("PRAGMA query_only = on")
        run = await share(slack, found)
        assert not run.acked
        assert "Something went wrong on my side" in (await run.reply()).plain()
        bot.library.store.db.conn.execute("PRAGMA query_only = off")
    assert posted(slack, reading) == []
