"""Votes: what people do to posts in Slack, delivered over Socket Mode, becomes one vote per person and paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app import Bot
from bot.messages import VOTE
from bot.workspace import Message, Workspace
from storage.models import Tally
from tests.conftest import TUESDAY, MovedClock, running
from tests.editions import carried, list_day, papers_in, posted, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PAPER, OTHER, IN_THREAD = "2608.18001", "2608.18002", "2608.18003"


@pytest.fixture
async def channels(bot: Bot, slack: Workspace, upstream: Upstream) -> AsyncIterator[tuple[str, str]]:
    """Two channels that had the same edition, and the bot listening."""
    list_day(upstream, TODAY, 4)
    one, two = slack.add_channel("one"), slack.add_channel("two")
    for channel in (one, two):
        await subscribe(bot, channel, top=2)
    await tick(bot)
    async with running(bot):
        yield one, two


@pytest.fixture
def papers(channels: tuple[str, str]) -> str:
    return channels[0]


@pytest.fixture
def ada(slack: Workspace, channels: tuple[str, str]) -> str:
    return slack.add_user("ada")


def message_of(slack: Workspace, channel: str, paper: str) -> Message:
    return next(message for message in posted(slack, channel) if carried(message)["paper"] == paper)


async def tally(bot: Bot, paper: str = PAPER) -> Tally:
    return (await bot.library.store.tallies(bot.identity.team_id, [paper]))[paper]


def reaction(kind: str, user: str, message: Message, event_ts: str, emoji: str = "+1") -> dict[str, Any]:
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    event = {"type": kind, "user": user, "reaction": emoji, "item": item, "event_ts": event_ts}
    return {**event, "item_user": message.user}


@pytest.mark.parametrize(
    ("emoji", "counted"),
    [
        *((f"+1{tone}", Tally(1, 0)) for tone in ("", *(f"::skin-tone-{n}" for n in range(2, 7)))),
        ("heart", Tally(1, 0)),
        ("raised_hands::skin-tone-5", Tally(1, 0)),
        ("100", Tally(1, 0)),
        ("-1", Tally(0, 1)),
        ("thumbsdown::skin-tone-2", Tally(0, 1)),
        ("thinking_face", Tally(0, 0)),
        ("heart_eyes", Tally(0, 0)),
    ],
)
async def test_an_emoji_means_what_the_settings_say_whatever_its_skin(
    bot: Bot, slack: Workspace, papers: str, ada: str, emoji: str, counted: Tally
) -> None:
    message = message_of(slack, papers, PAPER)
    await slack.react(ada, papers, message.ts, emoji)
    assert await tally(bot) == counted
    await slack.unreact(ada, papers, message.ts, emoji)
    assert await tally(bot) == Tally(0, 0)


async def test_one_person_has_one_vote_over_all_posts_of_a_paper(
    bot: Bot, slack: Workspace, channels: tuple[str, str], ada: str
) -> None:
    first, second = (message_of(slack, channel, PAPER) for channel in channels)
    for message in (first, second):
        for emoji in ("+1", "+1::skin-tone-3", "fire"):
            await slack.react(ada, message.channel, message.ts, emoji)
    assert await tally(bot) == Tally(1, 0)
    for emoji in ("+1", "+1::skin-tone-3", "fire"):
        await slack.unreact(ada, first.channel, first.ts, emoji)
    assert await tally(bot) == Tally(1, 0), "the other channel's reactions are still there"
    for emoji in ("+1", "+1::skin-tone-3", "fire"):
        await slack.unreact(ada, second.channel, second.ts, emoji)
    assert await tally(bot) == Tally(0, 0)


async def test_the_newest_opinion_counts_and_taking_it_back_leaves_the_older_one(
    bot: Bot, slack: Workspace, channels: tuple[str, str], ada: str
) -> None:
    first, second = (message_of(slack, channel, PAPER) for channel in channels)
    await slack.react(ada, first.channel, first.ts, "+1")
    await slack.react(ada, second.channel, second.ts, "-1")
    assert await tally(bot) == Tally(0, 1)
    await slack.unreact(ada, second.channel, second.ts, "-1")
    assert await tally(bot) == Tally(1, 0)


async def test_papers_of_the_thread_can_be_voted_on(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    reply = message_of(slack, papers, IN_THREAD)
    assert reply.is_reply
    await slack.react(ada, papers, reply.ts, "heart")
    ben = slack.add_user("ben")
    await slack.click(ben, papers, reply.ts, VOTE)
    assert await tally(bot, IN_THREAD) == Tally(2, 0)
    await slack.wait_for(lambda: "2 upvotes here" in reply.plain())


async def test_the_bots_own_seed_never_counts(bot: Bot, slack: Workspace, channels: tuple[str, str]) -> None:
    message = message_of(slack, channels[0], PAPER)
    assert message.reactions == {"+1": [slack.bot_user_id]}
    seed = await slack.event(reaction("reaction_added", slack.bot_user_id, message, "1800000000.000100"))
    assert seed.acked
    assert await tally(bot) == Tally(0, 0)


async def test_button_and_reaction_of_one_person_are_one_vote(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    message = message_of(slack, papers, PAPER)
    await slack.click(ada, papers, message.ts, VOTE)
    await slack.react(ada, papers, message.ts, "fire")
    assert await tally(bot) == Tally(1, 0)
    run = await slack.click(ada, papers, message.ts, VOTE)
    assert await tally(bot) == Tally(1, 0)
    assert "Your reaction already counts" in (await run.reply()).plain()
    await slack.unreact(ada, papers, message.ts, "fire")
    assert await tally(bot) == Tally(0, 0)


async def test_a_second_press_takes_the_vote_back(bot: Bot, slack: Workspace, papers: str, ada: str) -> None:
    message = message_of(slack, papers, PAPER)
    for expected in (Tally(1, 0), Tally(0, 0), Tally(1, 0)):
        assert (await slack.click(ada, papers, message.ts, VOTE)).acked
        assert await tally(bot) == expected


@pytest.mark.parametrize("trouble", ["redeliver", "drop_ack"])
async def test_a_reaction_delivered_twice_counts_once(
    bot: Bot, slack: Workspace, papers: str, ada: str, trouble: str
) -> None:
    message = message_of(slack, papers, PAPER)
    slack.faults.redeliver() if trouble == "redeliver" else slack.faults.drop_ack()
    delivery = await slack.react(ada, papers, message.ts, "+1")
    assert delivery
    assert (delivery.attempts, delivery.acked) == (2, True)
    assert await tally(bot) == Tally(1, 0)


async def test_a_press_delivered_twice_counts_once(bot: Bot, slack: Workspace, papers: str, ada: str) -> None:
    message = message_of(slack, papers, PAPER)
    await slack.click(ada, papers, message.ts, VOTE)
    (press,) = [delivery for delivery in slack.deliveries if delivery.kind == "interactive"]
    again = await slack.courier.once("interactive", press.payload)
    assert again.acked
    assert await tally(bot) == Tally(1, 0)


async def test_a_removal_that_overtakes_its_addition_wins(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    message = message_of(slack, papers, PAPER)
    await slack.event(reaction("reaction_removed", ada, message, "1800000000.000200"))
    await slack.event(reaction("reaction_added", ada, message, "1800000000.000100"))
    assert await tally(bot) == Tally(0, 0)
    await slack.event(reaction("reaction_added", ada, message, "1800000000.000300"))
    assert await tally(bot) == Tally(1, 0)


async def test_reactions_to_a_header_or_to_somebody_elses_message_are_no_votes(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    before = {paper: await tally(bot, paper) for paper in papers_in(slack, papers) if paper}
    talk = await slack.say(ada, papers, "look at this")
    for ts in (posted(slack, papers)[0].ts, talk.ts):
        delivery = await slack.react(ada, papers, ts, "+1")
        assert delivery
        assert delivery.acked
    assert {paper: await tally(bot, paper) for paper in before} == before
    on_file: dict[str, Any] = {"type": "file", "file": "F0000001"}
    event = {**reaction("reaction_added", ada, talk, "1800000000.000100"), "item": on_file}
    assert (await slack.event(event)).acked


async def test_a_vote_that_could_not_be_stored_is_delivered_again(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    slack.courier.ack_timeout, slack.courier.retry_delays = 0.3, (60,)
    message = message_of(slack, papers, PAPER)
    database = bot.library.store.db.conn
    database.execute("PRAGMA query_only = on")
    delivery = await slack.react(ada, papers, message.ts, "+1")
    assert delivery
    assert not delivery.acked
    database.execute("PRAGMA query_only = off")
    await slack.retry_now()
    assert (delivery.acked, delivery.attempts) == (True, 2)
    assert await tally(bot) == Tally(1, 0)
    await slack.wait_for(lambda: "1 upvote here" in message.plain())


async def test_a_press_that_could_not_be_stored_is_told_to_the_person(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    slack.courier.ack_timeout = 0.3
    bot.library.store.db.conn.execute("PRAGMA query_only = on")
    run = await slack.click(ada, papers, message_of(slack, papers, PAPER).ts, VOTE)
    assert not run.acked
    assert (await run.reply()).ephemeral_to == ada
    bot.library.store.db.conn.execute("PRAGMA query_only = off")
    assert await tally(bot) == Tally(0, 0)


async def test_every_post_of_the_paper_shows_the_count(
    slack: Workspace, channels: tuple[str, str], ada: str
) -> None:
    first, second = (message_of(slack, channel, PAPER) for channel in channels)
    await slack.react(ada, first.channel, first.ts, "+1")
    await slack.wait_for(lambda: all("1 upvote here" in message.plain() for message in (first, second)))
    await slack.unreact(ada, first.channel, first.ts, "+1")
    await slack.wait_for(lambda: not any("upvote here" in message.plain() for message in (first, second)))
    assert all("upvote here" not in it.plain() for it in posted(slack, channels[0]))


async def test_the_next_edition_ranks_by_what_people_voted(
    bot: Bot, slack: Workspace, channels: tuple[str, str], ada: str
) -> None:
    people = [ada, *(slack.add_user(name) for name in ("ben", "cleo", "dora"))]
    await asyncio.gather(
        *(
            slack.react(user, channels[0], message_of(slack, channels[0], "2608.18004").ts, "rocket")
            for user in people
        )
    )
    await slack.react(ada, channels[0], message_of(slack, channels[0], PAPER).ts, "-1")
    later = slack.add_channel("later")
    await subscribe(bot, later, top=2)
    await slack.wait_for(lambda: len(posted(slack, later)) == 5)
    assert papers_in(slack, later) == ["", "2608.18004", OTHER, IN_THREAD, PAPER]
    assert "4 upvotes here" in posted(slack, later)[1].plain()


async def test_a_vote_that_comes_before_the_post_is_confirmed_is_shown_on_it(
    bot: Bot, slack: Workspace, clock: MovedClock, channels: tuple[str, str], ada: str
) -> None:
    later = slack.add_channel("later")
    slack.faults.hang("chat.postMessage", seconds=0, times=1, channel=later)
    slack.faults.hang("chat.postMessage", seconds=0.3, channel=later)
    await subscribe(bot, later, top=2)
    await slack.wait_for(lambda: PAPER in papers_in(slack, later))
    message = message_of(slack, later, PAPER)
    await slack.react(ada, later, message.ts, "fire")
    await slack.wait_for(lambda: "1 upvote here" in message.plain())
    assert await tally(bot) == Tally(1, 0)


async def test_a_press_upvotes_whatever_was_said_before(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    message = message_of(slack, papers, PAPER)
    await slack.react(ada, papers, message.ts, "-1")
    await slack.click(ada, papers, message.ts, VOTE)
    assert await bot.library.store.vote_of(slack.team_id, ada, PAPER) == 1
    await slack.unreact(ada, papers, message.ts, "-1")
    await slack.react(ada, papers, message.ts, "-1")
    assert await bot.library.store.vote_of(slack.team_id, ada, PAPER) == -1
    await slack.click(ada, papers, message.ts, VOTE)
    assert await bot.library.store.vote_of(slack.team_id, ada, PAPER) == 1


async def test_a_press_beside_a_reaction_does_not_outlive_it(
    bot: Bot, slack: Workspace, papers: str, ada: str
) -> None:
    message = message_of(slack, papers, PAPER)
    await slack.react(ada, papers, message.ts, "heart")
    run = await slack.click(ada, papers, message.ts, VOTE)
    assert "Take the reaction away to take the vote back" in (await run.reply()).plain()
    await slack.unreact(ada, papers, message.ts, "heart")
    assert await bot.library.store.vote_of(slack.team_id, ada, PAPER) == 0
