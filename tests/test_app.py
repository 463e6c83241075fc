"""The whole program as a process: starting, stopping, dying, and being in touch with Slack."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.errors import DeliveryError
from bot.workspace import Workspace
from tests.conftest import QUICK, MovedClock, running
from tests.editions import list_day, papers_in, post_calls, posted, subscribe, tick
from tests.program import PATIENCE, environment, secrets_of, started
from tests.upstream import Upstream


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


@pytest.fixture
def expected(upstream: Upstream) -> list[str]:
    """A small edition of the day that the real clock shows."""
    upstream.today = datetime.now(UTC).date()
    return ["", *list_day(upstream, upstream.today, 5)]


def ledger(folder: Path) -> dict[str, int]:
    """How many posts are in which state, as another process sees it."""
    connection = sqlite3.connect(folder / "papers.db", timeout=10)
    try:
        return dict(connection.execute("SELECT state, count(*) FROM posts GROUP BY state"))
    finally:
        connection.close()


async def test_run_posts_answers_and_ends_in_order_when_asked_to(
    slack: Workspace, upstream: Upstream, papers: str, expected: list[str], tmp_path: Path
) -> None:
    ada = slack.add_user("ada")
    settings = environment(slack, upstream, PAPERS_CHANNELS="papers", PAPERS_TOP="2")
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: papers_in(slack, papers) == expected, PATIENCE)
        message = posted(slack, papers)[1]
        await slack.react(ada, papers, message.ts, "+1")
        run = await slack.command(ada, papers, "/papers", "today")
        assert expected[1] in str((await run.reply(PATIENCE)).blocks)
        await slack.wait_for(lambda: "1 upvote here" in message.plain(), PATIENCE)
        assert await program.stopped() == 0
    assert "Traceback" not in program.errors
    assert not any(secret in program.output + program.errors for secret in secrets_of(settings))
    assert ledger(tmp_path) == {"sent": 6}
    assert slack.connections == 0


async def test_asked_to_stop_in_the_middle_of_an_edition_it_leaves_no_half_sent_post(
    slack: Workspace, upstream: Upstream, papers: str, expected: list[str], tmp_path: Path
) -> None:
    # The seeds come back as events; one that is being answered as the socket closes is another matter.
    slack.events = frozenset()
    settings = environment(slack, upstream, PAPERS_CHANNELS=papers, PAPERS_TOP="2")
    slack.faults.hang("chat.postMessage", seconds=0)
    slack.faults.hang("chat.postMessage", seconds=0.5)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: post_calls(slack) == 2, PATIENCE)
        assert await program.stopped(signal.SIGINT) == 0
    assert "Traceback" not in program.errors
    assert ledger(tmp_path) == {"sent": 2, "planned": 4}
    assert papers_in(slack, papers) == expected[:2]


async def test_killed_while_posting_and_started_again_it_posts_every_paper_once(
    slack: Workspace, upstream: Upstream, papers: str, expected: list[str], tmp_path: Path
) -> None:
    settings = environment(slack, upstream, PAPERS_CHANNELS=papers, PAPERS_TOP="2")
    slack.faults.hang("chat.postMessage", seconds=0)
    slack.faults.hang("chat.postMessage", seconds=30)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: post_calls(slack) == 2, PATIENCE)
        assert await program.stopped(signal.SIGKILL) == -signal.SIGKILL
    assert ledger(tmp_path) == {"sent": 1, "sending": 1, "planned": 4}
    # Half a minute passes.
    with sqlite3.connect(tmp_path / "papers.db") as connection:
        connection.execute(
            "UPDATE posts SET claimed_at = '2026-01-01T00:00:00.000000+00:00' WHERE state = 'sending'"
        )
    connection.close()
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: papers_in(slack, papers) == expected, PATIENCE)
        assert await program.stopped() == 0
    assert papers_in(slack, papers) == expected
    assert ledger(tmp_path) == {"sent": 6}


async def test_missing_settings_are_named_together(tmp_path: Path) -> None:
    async with started("run", folder=tmp_path, environment={"PAPERS_TOP": "many"}) as program:
        assert await program.ended() == 2
    assert "PAPERS_TOP" in program.errors
    async with started("run", folder=tmp_path, environment={}) as program:
        assert await program.ended() == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        assert name in program.errors
    assert "Traceback" not in program.errors


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", "", "The bot token was revoked"),
        ("SLACK_BOT_TOKEN", "xoxb-not-of-this-workspace", "Slack does not know this bot token"),
        ("SLACK_APP_TOKEN", "xapp-not-of-this-workspace", "Slack refused SLACK_APP_TOKEN"),
    ],
)
async def test_a_token_that_slack_refuses_ends_the_program_with_what_to_do(
    slack: Workspace, upstream: Upstream, tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    settings = environment(slack, upstream)
    if value:
        settings[name] = value
    else:
        slack.revoke()
    async with started("run", folder=tmp_path, environment=settings) as program:
        assert await program.ended() == 1
    assert sentence in program.errors
    assert "Traceback" not in program.errors
    assert not any(secret in program.errors for secret in secrets_of(settings))


async def test_slack_out_of_reach_at_the_start_is_tried_again(
    slack: Workspace, upstream: Upstream, tmp_path: Path
) -> None:
    slack.faults.hang("auth.test", seconds=0, work=False, times=2)
    async with started("run", folder=tmp_path, environment=environment(slack, upstream)) as program:
        await program.says("Slack can't be reached; trying again")
        await slack.wait_for(lambda: slack.connections, PATIENCE)
        assert await program.stopped() == 0
    assert "Traceback" not in program.errors


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
async def test_it_can_be_stopped_while_it_waits_for_slack(
    slack: Workspace, upstream: Upstream, tmp_path: Path, method: str
) -> None:
    slack.faults.hang(method, seconds=600)
    async with started("run", folder=tmp_path, environment=environment(slack, upstream)) as program:
        await slack.wait_for(lambda: any(call.method == method for call in slack.calls), PATIENCE)
        assert await program.stopped() == 0
    assert "Traceback" not in program.errors


@pytest.mark.parametrize("how", ["cut", "asked"])
async def test_a_lost_connection_is_opened_again_and_votes_go_on(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str, how: str
) -> None:
    (paper,) = list_day(upstream, clock().date(), 1)
    ada = slack.add_user("ada")
    await subscribe(bot, papers)
    await tick(bot)
    async with running(bot):
        opened = len([call for call in slack.calls if call.method == "apps.connections.open"])
        await (slack.close_sockets() if how == "cut" else slack.ask_to_reconnect())
        await slack.wait_for(lambda: slack.connections, PATIENCE)
        assert len([call for call in slack.calls if call.method == "apps.connections.open"]) > opened
        await slack.react(ada, papers, posted(slack, papers)[1].ts, "+1")
        assert (await bot.library.store.tallies(bot.identity.team_id, [paper]))[paper].up == 1


async def test_stopping_waits_for_answers_that_are_under_way(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ada = slack.add_user("ada")
    list_day(upstream, clock().date(), 1)
    upstream.hang("/api/daily_papers", seconds=0.3)
    async with open_bot(settings, clock, QUICK) as bot, running(bot):
        run = await slack.command(ada, papers, "/papers", "today")
        assert run.replies == []
    assert len(run.replies) == 1


async def test_a_refused_app_token_ends_the_run_instead_of_being_tried_for_ever(
    settings: Settings, clock: MovedClock
) -> None:
    wrong = settings.model_copy(update={"slack_app_token": settings.slack_bot_token})
    async with open_bot(wrong, clock, QUICK) as bot:
        with pytest.raises(DeliveryError, match="SLACK_APP_TOKEN"):
            await bot.run(asyncio.Event())


async def test_stopping_waits_for_the_event_that_is_being_handled(bot: Bot, slack: Workspace) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    item = {"type": "message", "channel": reading, "ts": "1700000000.000100"}
    async with running(bot):
        # Bolt asks who the bot is when the first event comes; meanwhile the bot is asked to stop.
        slack.faults.hang("auth.test", seconds=0.3)
        reacting = {"type": "reaction_added", "user": ada, "reaction": "+1", "item": item, "event_ts": "5.0"}
        delivering = asyncio.create_task(slack.event(reacting))
        await slack.wait_for(lambda: any(delivery.attempts for delivery in slack.deliveries))
    assert (await delivering).acked
    assert (await delivering).attempts == 1
