"""A copy put back in the place of the database: the bot goes on, and no channel gets anything twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from bot.app import Bot, open_bot
from bot.asking import Asker
from bot.config import Settings
from bot.errors import DeliveryError
from bot.workspace import Message, Workspace
from storage import Store
from storage.backup import back_up
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import list_day, move, papers_in, post_calls, posted, subscribe, tick, until_done
from tests.library import many, opened
from tests.program import PATIENCE, environment, started, until
from tests.upstream import Upstream

TODAY = TUESDAY.date()
TOMORROW = TUESDAY + timedelta(days=1)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


def save(settings: Settings, now: datetime) -> Path:
    copy = settings.papers_database.with_name("copy.db")
    back_up(settings.papers_database, copy, now, replace=True, stop=Event())
    return copy


def restore(copy: Path, database: Path) -> None:
    """As docs/operations.md says."""
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    copy.replace(database)


def history_calls(slack: Workspace) -> int:
    return sum(call.method == "conversations.history" for call in slack.calls)


@pytest.fixture
async def lost(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> list[str]:
    """A copy of the first day was put back after two editions and a share; returns what the channel has."""
    first = list_day(upstream, TODAY, 7)
    async with open_bot(settings, clock, QUICK) as bot:
        await subscribe(bot, papers, top=2)
        await tick(bot)
        copy = save(settings, clock())
        second = list_day(upstream, TOMORROW.date(), 7)
        move(clock, upstream, TOMORROW)
        await tick(bot)
        (shared,) = list_day(upstream, TOMORROW.date(), 1, first=100)
        await bot.library.ingest.fetch_day(TOMORROW.date(), ["huggingface"])
        asker = Asker(slack.add_user("ada"), papers)
        await bot.sharing.send(await bot.sharing.plan(shared, asker))
    restore(copy, settings.papers_database)
    has = papers_in(slack, papers)
    assert has == ["", *first, "", *second, shared]
    return has


async def test_what_was_posted_since_the_copy_is_not_posted_again_and_the_next_day_is(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str, lost: list[str]
) -> None:
    async with open_bot(settings, clock, QUICK) as bot:
        assert await bot.library.store.papers([lost[-1]]) == []
        assert await bot.library.store.copied_at() == TUESDAY
        await bot.recover([])
        await until_done(bot, clock)
        assert papers_in(slack, papers) == lost
        third = list_day(upstream, (TOMORROW + timedelta(days=1)).date(), 3)
        move(clock, upstream, TOMORROW + timedelta(days=1))
        await until_done(bot, clock)
        assert papers_in(slack, papers) == [*lost, "", *third]
        # What is known again is known for good.
        calls = history_calls(slack)
        await bot.recover([])
        assert history_calls(slack) == calls


def shows_a_vote(message: Message) -> bool:
    return "1 upvote here" in message.plain()


async def test_votes_on_posts_since_the_copy_count_again(
    settings: Settings, slack: Workspace, clock: MovedClock, papers: str, lost: list[str]
) -> None:
    ben = slack.add_user("ben")
    async with open_bot(settings, clock, QUICK) as bot:
        await bot.recover([])
        async with running(bot):
            for paper in (lost[9], lost[-1]):
                (message,) = [it for it in posted(slack, papers) if it.metadata and paper in str(it.metadata)]
                await slack.react(ben, papers, message.ts, "+1")
                assert (await bot.library.store.tallies(bot.identity.team_id, [paper]))[paper].up == 1
                await slack.wait_for(partial(shows_a_vote, message), PATIENCE)


async def test_a_copy_made_in_the_middle_of_an_edition_is_brought_to_its_end(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 5)
    async with open_bot(settings, clock, QUICK) as bot:
        await subscribe(bot, papers, top=2)
        bot.daily.delivery.stopping = True
        await tick(bot)
        copy = save(settings, clock())
        bot.daily.delivery.stopping = False
        await until_done(bot, clock)
    restore(copy, settings.papers_database)
    assert papers_in(slack, papers) == ["", *ids]
    async with open_bot(settings, clock, QUICK) as bot:
        await bot.recover([])
        await until_done(bot, clock)
        assert await bot.library.store.unfinished_editions(bot.identity.team_id) == []
    assert papers_in(slack, papers) == ["", *ids]


async def test_nothing_is_posted_while_the_history_cannot_be_read(
    settings: Settings, slack: Workspace, clock: MovedClock, papers: str, lost: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("INFO")
    calls = post_calls(slack)
    slack.faults.fail("conversations.history", "missing_scope", times=3)
    async with open_bot(settings, clock, QUICK) as bot:
        with pytest.raises(DeliveryError, match="lacks a scope"):
            await bot.recover([])
        async with running(bot):
            # Tried again by itself, until it can be read.
            await until(lambda: "were read from Slack" in caplog.text)
        assert history_calls(slack) >= 4
        assert await bot.library.store.copied_at() is None
        await until_done(bot, clock)
    assert (papers_in(slack, papers), post_calls(slack)) == (lost, calls)


async def test_a_channel_that_the_bot_has_left_holds_up_no_other(
    settings: Settings, slack: Workspace, clock: MovedClock, papers: str, lost: list[str]
) -> None:
    slack.faults.fail("conversations.history", "not_in_channel")
    async with open_bot(settings, clock, QUICK) as bot:
        await bot.recover([])
        assert await bot.library.store.copied_at() is None


async def test_posts_of_another_papers_bot_in_the_channel_are_not_ours(
    settings: Settings, slack: Workspace, clock: MovedClock, papers: str, lost: list[str]
) -> None:
    for message in posted(slack, papers):
        message.bot_id = "B0ANOTHER"
    async with open_bot(settings, clock, QUICK) as bot:
        assert await bot.recovery.recover([papers]) == 0


async def test_a_database_that_is_no_copy_asks_slack_nothing(bot: Bot, slack: Workspace) -> None:
    await bot.recover([slack.add_channel("reading")])
    assert history_calls(slack) == 0


async def test_the_search_index_notices_a_copy_that_was_put_back(tmp_path: Path) -> None:
    database, copy = tmp_path / "papers.db", tmp_path / "copy.db"
    async with opened(database) as library:
        await library.has(*many(range(1, 11)))
        assert await library.ids("title:word7") == ["2601.00007"]
        back_up(database, copy, TUESDAY, replace=False, stop=Event())
        await library.has(*many(range(11, 21)))
        assert await library.ids("title:word17") == ["2601.00017"]
    restore(copy, database)
    async with opened(database) as library:
        assert await library.ids("title:word17") == []
        assert await library.ids("title:word7") == ["2601.00007"]
        await library.has(*many([30]))
        assert await library.ids("title:word30") == ["2601.00030"]


@pytest.mark.parametrize("command", ["run", "post"])
async def test_saved_and_put_back_by_hand_the_program_goes_on(
    slack: Workspace, upstream: Upstream, papers: str, tmp_path: Path, command: str
) -> None:
    upstream.today = datetime.now(UTC).date()
    ids = list_day(upstream, upstream.today, 5)
    settings = environment(slack, upstream, PAPERS_CHANNELS="papers", PAPERS_TOP="2")
    # Before there is anything, and while the bot runs.
    Store.open(tmp_path / "papers.db").close()
    async with started("backup", "copy.db", folder=tmp_path, environment=settings) as backup:
        assert await backup.ended() == 0
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: papers_in(slack, papers) == ["", *ids], PATIENCE)
        assert await program.stopped() == 0
    restore(tmp_path / "copy.db", tmp_path / "papers.db")
    if command == "post":
        async with started("post", "--json", folder=tmp_path, environment=settings) as post:
            assert await post.ended() == 0, post.errors
        assert json.loads(post.output)["new"] == 0
    else:
        async with started("run", folder=tmp_path, environment=settings) as program:
            await program.says("6 posts since then were read from Slack")
            assert await program.stopped() == 0
    assert papers_in(slack, papers) == ["", *ids]
