"""Fifty channels due at the same minute: none waits for another, Slack is never asked too fast, the loop stays free."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from pydantic import SecretStr

from bot.app import open_bot
from bot.config import Settings
from bot.delivery import BURST_OF_ALL, SEEDS
from bot.timing import Timing
from bot.workspace import Workspace
from tests.conftest import QUICK, TUESDAY, MovedClock
from tests.editions import list_day, papers_in, post_calls, subscribe, tick
from tests.upstream import Upstream

CHANNELS = 50
#: What Slack's limits are per minute: https://docs.slack.dev/apis/web-api/rate-limits/ for reactions.add, and "several
#: hundred" messages of a workspace.
SEVERAL_HUNDRED, REACTIONS = 400, 50


def test_a_minute_never_has_more_than_slack_takes_of_a_workspace() -> None:
    assert BURST_OF_ALL + 60 / Timing().per_workspace <= SEVERAL_HUNDRED
    assert SEEDS + 60 / Timing().per_seed <= REACTIONS


async def test_fifty_channels_are_posted_side_by_side_and_slack_never_says_too_many(
    settings: Settings, upstream: Upstream, clock: MovedClock
) -> None:
    ids = list_day(upstream, TUESDAY.date(), 4)
    async with Workspace(enforce_limits=True) as slack:
        there = {"slack_bot_token": SecretStr(slack.bot_token), "slack_api_url": slack.api_url}
        channels = [slack.add_channel(f"papers-{number}") for number in range(CHANNELS)]
        # The pace of each channel is Slack's own; no top, so no reactions, which take minutes.
        async with open_bot(settings.model_copy(update=there), clock, replace(QUICK, per_message=1.0)) as bot:
            for channel in channels:
                await subscribe(bot, channel, top=0)
            began = time.monotonic()
            await tick(bot)
            took = time.monotonic() - began
        assert all(papers_in(slack, channel) == ["", *ids] for channel in channels)
        assert {call.status for call in slack.calls} == {200}
        assert post_calls(slack) == CHANNELS * 5
        # One after the other, these would be a hundred seconds.
        assert took < CHANNELS * 2


async def test_messages_and_reactions_keep_to_the_pace_of_all_channels_together(
    settings: Settings, upstream: Upstream, slack: Workspace, clock: MovedClock
) -> None:
    list_day(upstream, TUESDAY.date(), 4)
    channels = [slack.add_channel(f"papers-{number}") for number in range(20)]
    async with open_bot(settings, clock, replace(QUICK, per_workspace=0.02, per_seed=0.05)) as bot:
        for channel in channels:
            await subscribe(bot, channel, top=2)
        began = time.monotonic()
        await tick(bot)
        took = time.monotonic() - began
    assert post_calls(slack) == 100
    assert sum(call.method == "reactions.add" for call in slack.calls) == 40
    assert took >= (100 - BURST_OF_ALL) * 0.02
    assert took >= (40 - SEEDS) * 0.05


async def test_the_loop_is_free_between_two_drafts(
    settings: Settings, upstream: Upstream, slack: Workspace, clock: MovedClock
) -> None:
    list_day(upstream, TUESDAY.date(), 30)
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with open_bot(settings, clock, QUICK) as bot:
        drafting = bot.daily.drafting
        # The first reads the day; those after it have nothing to wait for.
        await drafting.draft(bot.subscription("C0"), TUESDAY.date(), exact=True)
        working = asyncio.create_task(other_work())
        had: list[int] = []

        async def drafted(number: int) -> None:
            assert await drafting.draft(bot.subscription(f"C{number}"), TUESDAY.date(), exact=True)
            had.append(turns)

        await asyncio.gather(*(drafted(number) for number in range(CHANNELS)))
        working.cancel()
    # Each was done in a turn of its own, with other work between it and the one before.
    assert len(set(had)) == CHANNELS
