"""`/papers stats`: the numbers in the store, the message they make, and the answer over the wire."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import Bot
from bot.messages import Comparison, Experiment, Stats, stats_message, tried, verdict
from bot.messages.stats import BARS, chart
from bot.workspace import Workspace, message_problems
from storage import Store
from storage.models import Activity, Click, Paper
from tests.conftest import TUESDAY, MovedClock, running
from tests.editions import list_day, posted, subscribe, tick
from tests.history import CHANNEL, TEAM, days, edition, react
from tests.upstream import Upstream

EARLY = Comparison(5, 0, 0, 0.5, 2, 3, early=True)


def numbered(first: int, count: int) -> list[Paper]:
    return [
        Paper(id=f"2603.{number:05}", title=f"Paper {number}", upvotes=number)
        for number in range(first, first + count)
    ]


async def test_activity_counts_what_was_sent_and_the_votes_that_stand(store: Store) -> None:
    one, two = [
        await edition(store, planned, numbered(10 * number, 3))
        for number, planned in enumerate(days(date(2026, 3, 2), 2))
    ]
    other = await edition(store, one.planned_at, numbered(90, 2), channel="C2")
    await react(store, one, 1, "U1")
    await react(store, one, 1, "U2")
    await react(store, two, 2, "U1", emoji="-1")
    await react(store, two, 2, "U3", emoji="eyes")
    await react(store, other, 1, "U4")
    since = date(2026, 3, 2)
    assert await store.activity(TEAM, CHANNEL) == Activity(since, 1, 2, 6, 3, 2)
    assert await store.activity(TEAM) == Activity(since, 2, 3, 8, 4, 3)
    assert await store.activity(TEAM, "C9") == Activity(None, 0, 0, 0, 0, 0)
    assert await store.activity("T2") == Activity(None, 0, 0, 0, 0, 0)
    assert await store.teams() == [TEAM]


async def test_votes_are_counted_by_week(store: Store) -> None:
    made = await edition(store, datetime(2026, 3, 2, tzinfo=UTC), numbered(0, 3))
    for user, day in enumerate((1, 2, 6.9, 7.1, 15)):
        await react(store, made, 1, f"U{user}", hours=24 * day)
    first = made.planned_at
    assert await store.votes_by_week(TEAM, first, 3, CHANNEL) == [3, 1, 1]
    assert await store.votes_by_week(TEAM, first + timedelta(days=7), 3) == [1, 1, 0]
    assert await store.votes_by_week(TEAM, first, 3, "C2") == [0, 0, 0]


async def test_favourites_are_those_with_the_most_upvotes_lately(store: Store) -> None:
    made = await edition(store, datetime(2026, 3, 2, tzinfo=UTC), numbered(0, 4))
    for position, users in ((1, 1), (2, 3), (3, 2)):
        for user in range(users):
            await react(store, made, position, f"U{user}")
    await react(store, made, 4, "U1", emoji="-1")
    click = Click(
        team_id=TEAM, paper_id="2603.00001", user_id="U9", click_id="1", clicked_at=made.planned_at.timestamp() + 9,
        channel_id=CHANNEL,
    )  # fmt: skip
    await store.record_click(click)
    assert await store.favourites(TEAM, made.planned_at, 2, CHANNEL) == {"2603.00001": 4, "2603.00002": 2}
    assert await store.favourites(TEAM, made.planned_at + timedelta(days=1), 2) == {}


def test_a_chart_has_a_bar_for_each_number() -> None:
    assert chart([0, 1, 6, 3, 12]) == "▁▂▄▃▇"
    assert chart([0, 0]) == "▁▁"
    assert chart([]) == ""


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_a_higher_bar_is_never_a_smaller_number(numbers: list[int]) -> None:
    drawn = [BARS.index(bar) for bar in chart(numbers)]
    assert all(
        (a <= b)
        for a, x in zip(drawn, numbers, strict=True)
        for b, y in zip(drawn, numbers, strict=True)
        if x <= y
    )
    assert all((bar == 0) == (number == 0) for bar, number in zip(drawn, numbers, strict=True))


@pytest.mark.parametrize(
    ("sure", "said"),
    [
        (
            0.97,
            "Our order is better than Hugging Face's: nDCG@5 0.61 to 0.48, 37 editions, 112 upvotes (97 % sure).",
        ),
        (
            0.01,
            "Hugging Face's order is better than ours: nDCG@5 0.48 to 0.61, 37 editions, 112 upvotes (more than 99 %",
        ),
        (
            0.6,
            "can't be told apart yet: nDCG@5 0.61 to 0.48, 37 editions, 112 upvotes (ours is better with a chance of",
        ),
    ],
)
def test_the_verdict_is_no_surer_than_the_samples(sure: float, said: str) -> None:
    assert said in verdict(Comparison(5, 0.61, 0.48, sure, 37, 112, early=False))


def test_an_experiment_is_won_only_when_chance_is_unlikely() -> None:
    assert "the ranking with the channel's taste wins" in tried(Experiment(20, 5, 3, 0.004))
    assert "the ranking without the channel's taste wins" in tried(Experiment(5, 20, 3, 0.004))
    assert "nobody wins for sure yet" in tried(Experiment(6, 5, 1, 1.0))


@given(st.text(), st.lists(st.integers(0, 10**9), min_size=8, max_size=8), st.text(max_size=20))
def test_the_message_is_within_slacks_limits_whatever_titles_say(
    title: str, weeks: list[int], channel: str
) -> None:
    paper = Paper(id="2603.00001", title=title)
    activity = Activity(date(2026, 3, 2), 3, 10**6, 10**7, 10**8, 10**5)
    message = stats_message(
        Stats(
            channel, activity, activity, weeks, [(paper, 10**6)] * 5, EARLY, Experiment(1, 2, 3, 0.5), "note"
        )
    )
    assert message_problems(dict(message)) == []


async def test_stats_are_answered_over_the_wire(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock
) -> None:
    ada, reading, empty = slack.add_user("ada"), slack.add_channel("reading"), slack.add_channel("empty")
    await subscribe(bot, reading)
    [best, *_] = list_day(upstream, TUESDAY.date(), 6)
    await tick(bot)
    async with running(bot):
        message = next(it for it in posted(slack, reading) if best in it.plain())
        await slack.react(ada, reading, message.ts, "+1")
        answer = await (await slack.command(ada, reading, "/papers", "stats")).reply()
        elsewhere = await (await slack.command(ada, empty, "/papers", "stats")).reply()
    told = answer.plain()
    assert answer.ephemeral_to == ada
    assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
    assert "1 edition since 18 August 2026, 6 papers, 1 vote by 1 person" in told
    assert f"Paper {best}" in told
    assert (
        "It is too early to tell whether our order is better than Hugging Face's (1 edition, 1 upvote)"
        in told
    )
    assert "This workspace" in elsewhere.plain()
    assert elsewhere.plain().count("1 edition since") == 1


async def test_with_nothing_posted_there_is_nothing_to_count(bot: Bot, slack: Workspace) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        answer = await (await slack.command(ada, reading, "/papers", "stats")).reply()
    assert "There is nothing to count yet: no papers were posted." in answer.plain()


async def test_stats_of_more_words_are_a_topic(bot: Bot, slack: Workspace) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        answer = await (await slack.command(ada, reading, "/papers", "stats of galaxies")).reply()
    assert "stats of galaxies" in answer.plain()
