"""Channels and tokens that Slack refuses: the channel waits, its people are told, and a dead token ends the bot."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.app import Bot
from bot.config import Settings
from bot.doctor import examine
from bot.errors import DeliveryError
from bot.workspace import Workspace
from storage.models import Post, PostKind
from tests.conftest import TUESDAY, MovedClock
from tests.editions import LATER, list_day, papers_in, subscribe, tick
from tests.upstream import Upstream

POST = "chat.postMessage"
TODAY = TUESDAY.date()


@pytest.fixture
def papers(slack: Workspace, upstream: Upstream) -> str:
    list_day(upstream, TODAY, 2)
    return slack.add_channel("papers")


def told(slack: Workspace, person: str) -> list[str]:
    return [message.plain() for message in slack.messages(slack.dm(person))]


@pytest.mark.parametrize(
    ("code", "advice"), [("is_archived", "unarchive it"), ("not_in_channel", "type /invite @papers")]
)
async def test_whoever_subscribed_a_channel_that_refuses_is_told_once_and_it_is_tried_again(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str, code: str, advice: str
) -> None:
    ada = slack.add_user("ada")
    await subscribe(bot, papers, created_by=ada)
    for _ in range(3):
        slack.faults.fail(POST, code)
        await tick(bot)
        clock.forward(**LATER)
    (message,) = told(slack, ada)
    assert advice in message
    assert [it.code for it in await bot.library.store.troubles(slack.team_id)] == [code]
    await tick(bot)
    assert len(papers_in(slack, papers)) == 3
    assert await bot.library.store.troubles(slack.team_id) == []


async def test_another_reason_is_told_and_so_is_the_same_one_after_it_was_over(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ada = slack.add_user("ada")
    await subscribe(bot, papers, created_by=ada)
    for code in ("is_archived", "not_in_channel"):
        slack.faults.fail(POST, code)
        await tick(bot)
        clock.forward(**LATER)
    await tick(bot)
    clock.forward(days=1)
    upstream.today = clock().date()
    list_day(upstream, clock().date(), 1)
    slack.faults.fail(POST, "not_in_channel")
    await tick(bot)
    assert len(told(slack, ada)) == 3


async def test_a_channel_of_the_settings_has_nobody_to_tell_and_only_waits(
    bot: Bot, slack: Workspace, papers: str
) -> None:
    await subscribe(bot, papers)
    slack.faults.fail(POST, "is_archived")
    await tick(bot)
    assert [call.method for call in slack.calls].count(POST) == 1


async def test_who_cannot_be_told_just_now_is_told_the_next_time(
    bot: Bot, slack: Workspace, clock: MovedClock, papers: str
) -> None:
    ada = slack.add_user("ada")
    await subscribe(bot, papers, created_by=ada)
    slack.faults.fail(POST, "is_archived")
    slack.faults.fail(POST, "account_inactive")
    await tick(bot)
    assert told(slack, ada) == []
    clock.forward(**LATER)
    slack.faults.fail(POST, "is_archived")
    await tick(bot)
    assert len(told(slack, ada)) == 1


async def test_a_revoked_token_ends_the_bot_with_what_to_do(bot: Bot, slack: Workspace, papers: str) -> None:
    await subscribe(bot, papers, created_by=slack.add_user("ada"))
    slack.faults.fail(POST, "token_revoked")
    with pytest.raises(DeliveryError, match="install the app again"):
        await asyncio.wait_for(bot.run(asyncio.Event()), 10)


async def test_doctor_names_channels_that_refuse_and_messages_whose_fate_is_unknown(
    bot: Bot, slack: Workspace, settings: Settings, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers)
    slack.faults.fail(POST, "is_archived")
    await tick(bot)
    store, long_ago = bot.library.store, TUESDAY - timedelta(days=400)
    share = Post(
        team_id=slack.team_id, channel_id=papers, day=None, position=0, kind=PostKind.SHARE, planned_at=long_ago,
        paper_id="2608.18001",
    )  # fmt: skip
    await store.forget_unsent(slack.team_id, papers, TODAY)
    await store.plan_share(share)
    await store.claim(share, long_ago)
    found = [check for check in [one async for one in examine(settings)] if not check.ok]
    texts = [f"{check.found} {check.advice}" for check in found if check.name == f"posts to {papers}"]
    assert len(texts) == 2
    assert "refused since 2026-08-18 09:30 UTC (is_archived)" in texts[0]
    assert "1 message may have been sent" in texts[1]
