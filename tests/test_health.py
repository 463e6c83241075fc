"""When `/healthz` is red, and when it must not be."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.errors import StoreError
from bot.health import Check, Line, working_days_missed
from bot.timing import Timing
from bot.workspace import Workspace
from storage import Store
from storage.models import Reading, Subscription
from storage.monitoring import try_writing
from tests.conftest import QUICK, MovedClock, running
from tests.editions import list_day, move, subscribe, tick
from tests.program import PATIENCE
from tests.upstream import Upstream

#: The editions of these tests begin on a Thursday.
THURSDAY = datetime(2026, 8, 20, 9, 30, tzinfo=UTC)


def subscription(post_at: str = "09:00", timezone: str = "UTC") -> Subscription:
    return Subscription(
        team_id="T1", channel_id="C1", post_at=time.fromisoformat(post_at), timezone=timezone, top=5
    )


@pytest.mark.parametrize(
    ("last", "now", "missed"),
    [
        # 20 August 2026 is a Thursday.
        ("2026-08-20", "2026-08-20T23:00Z", []),
        ("2026-08-20", "2026-08-21T09:29Z", []),
        ("2026-08-20", "2026-08-21T09:30Z", ["2026-08-21"]),
        ("2026-08-21", "2026-08-23T23:00Z", []),
        ("2026-08-20", "2026-08-24T10:00Z", ["2026-08-21", "2026-08-24"]),
        ("2026-08-25", "2026-08-24T10:00Z", []),
    ],
)
def test_only_working_days_whose_hour_is_well_past_count_as_missed(
    last: str, now: str, missed: list[str]
) -> None:
    moment = datetime.fromisoformat(now)
    found = working_days_missed(date.fromisoformat(last), subscription(), moment)
    assert [day.isoformat() for day in found] == missed


def test_a_channel_far_away_has_another_today() -> None:
    evening = datetime(2026, 8, 20, 21, 0, tzinfo=UTC)
    auckland = subscription("08:00", "Pacific/Auckland")
    assert working_days_missed(date(2026, 8, 20), auckland, evening) == [date(2026, 8, 21)]


def test_an_edition_of_long_ago_does_not_make_the_check_count_for_ever() -> None:
    now = datetime(2026, 8, 20, 21, 0, tzinfo=UTC)
    assert len(working_days_missed(date(2000, 1, 1), subscription(), now)) == 11


def test_a_socket_may_be_down_for_a_while() -> None:
    seconds = [0.0]
    line = Line(60.0, lambda: seconds[0])
    line.seen(up=True)
    for now, up, ok in [(30, False, True), (60, False, True), (61, False, False), (65, True, True)]:
        seconds[0] = now
        line.seen(up=up)
        assert line.check().ok is ok
    seconds[0] = 200
    assert line.check() == Check(ok=False, reason="The socket to Slack has been down for 135 s.")


async def editions(bot: Bot) -> Check:
    return (await bot.monitoring.health.report()).checks["editions"]


@pytest.fixture
async def reading(bot: Bot, slack: Workspace) -> str:
    channel = slack.add_channel("reading")
    await subscribe(bot, channel)
    return channel


async def days_pass(clock: MovedClock, upstream: Upstream, bot: Bot, *days: int, read: bool = True) -> None:
    """Let mornings come on which nothing is posted; the sources are read as usual, or fail."""
    for day in days:
        move(clock, upstream, THURSDAY + timedelta(days=day))
        if not read:
            upstream.fail("/api/daily_papers", status=404, times=1)
        await bot.library.ingest.fetch_day(clock().date(), ["huggingface"])


async def test_two_working_days_without_an_edition_are_red_although_the_sources_had_papers(
    bot: Bot, reading: str, clock: MovedClock, upstream: Upstream
) -> None:
    move(clock, upstream, THURSDAY)
    list_day(upstream, THURSDAY.date(), 2)
    await tick(bot)
    assert (await editions(bot)).ok
    list_day(upstream, date(2026, 8, 21), 2)
    await days_pass(clock, upstream, bot, 1, 2, 3)
    # A Friday, and a weekend after it: that is one working day.
    assert (await editions(bot)).ok
    await days_pass(clock, upstream, bot, 4)
    report = await bot.monitoring.health.report()
    assert not report.checks["editions"].ok
    assert not report.ok
    assert "No edition came through for 2 working days" in json.dumps(report.as_json("T1"))
    await tick(bot)
    assert (await editions(bot)).ok


async def test_days_on_which_the_sources_list_nothing_are_nobodys_fault(
    bot: Bot, reading: str, clock: MovedClock, upstream: Upstream
) -> None:
    move(clock, upstream, THURSDAY)
    list_day(upstream, THURSDAY.date(), 2)
    await tick(bot)
    await days_pass(clock, upstream, bot, 1, 4, 5)
    assert (await editions(bot)).ok


async def test_a_source_that_fails_for_two_days_is_red(
    bot: Bot, reading: str, clock: MovedClock, upstream: Upstream
) -> None:
    move(clock, upstream, THURSDAY)
    list_day(upstream, THURSDAY.date(), 2)
    await tick(bot)
    await days_pass(clock, upstream, bot, 1, 4, read=False)
    assert not (await editions(bot)).ok


async def test_without_a_channel_that_wants_papers_nothing_is_late(
    bot: Bot, clock: MovedClock, upstream: Upstream
) -> None:
    move(clock, upstream, THURSDAY + timedelta(days=30))
    assert (await editions(bot)).ok


async def test_a_channel_that_threw_the_bot_out_does_not_turn_the_others_red(
    bot: Bot, reading: str, slack: Workspace, clock: MovedClock, upstream: Upstream
) -> None:
    gone = slack.add_channel("gone")
    await subscribe(bot, gone)
    slack.remove_bot(gone)
    for day in (0, 1, 4, 5):
        move(clock, upstream, THURSDAY + timedelta(days=day))
        list_day(upstream, clock().date(), 2)
        await tick(bot)
    assert (await editions(bot)).ok
    slack.remove_bot(reading)
    for day in (6, 7):
        move(clock, upstream, THURSDAY + timedelta(days=day))
        list_day(upstream, clock().date(), 2)
        await tick(bot)
    assert not (await editions(bot)).ok


async def test_what_was_due_while_the_bot_was_away_may_still_come_after_a_start(
    settings: Settings, slack: Workspace, clock: MovedClock, upstream: Upstream
) -> None:
    channel = slack.add_channel("reading")
    move(clock, upstream, THURSDAY)
    list_day(upstream, THURSDAY.date(), 2)
    async with open_bot(settings, clock, QUICK) as bot:
        await subscribe(bot, channel)
        await tick(bot)
    move(clock, upstream, THURSDAY + timedelta(days=20))
    async with open_bot(settings, clock, QUICK) as bot:
        assert (await editions(bot)).ok
        clock.forward(minutes=31)
        assert not (await editions(bot)).ok


def test_writing_is_tried_on_the_disk_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    log = path.with_name("papers.db-wal")
    before = store.rows("SELECT * FROM corpus"), log.stat().st_size
    try_writing(path)
    assert store.rows("SELECT * FROM corpus") == before[0]
    assert log.stat().st_size > before[1]


def test_a_database_that_is_locked_damaged_or_gone_can_not_be_written(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    store.db.conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="can't be written: database is locked"):
        try_writing(path)
    store.db.conn.execute("ROLLBACK")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="can't be written"):
        try_writing(damaged)
    with pytest.raises(StoreError, match="can't be written"):
        try_writing(tmp_path / "gone.db")
    assert not (tmp_path / "gone.db").exists()


async def test_a_locked_database_turns_the_bot_red_and_holds_up_nothing(bot: Bot) -> None:
    bot.library.store.db.conn.execute("BEGIN IMMEDIATE")
    examining = asyncio.create_task(bot.monitoring.health.report())
    turns = 0
    while not examining.done():
        await asyncio.sleep(0.01)
        turns += 1
    bot.library.store.db.conn.execute("ROLLBACK")
    assert not (await examining).checks["database"].ok
    assert turns > 10
    assert (await bot.monitoring.health.report()).checks["database"].ok


async def test_a_report_is_kept_for_a_few_seconds_however_many_ask(
    settings: Settings, slack: Workspace, clock: MovedClock
) -> None:
    async with open_bot(settings, clock, Timing(health=600)) as bot:
        health = bot.monitoring.health
        first, *others = await asyncio.gather(*(health.report() for _ in range(20)))
        assert all(other is first for other in others)


async def test_a_socket_that_stays_down_turns_the_bot_red_until_it_is_up_again(
    bot: Bot, slack: Workspace
) -> None:
    async def turns(*, ok: bool) -> None:
        async with asyncio.timeout(PATIENCE):
            while (await bot.monitoring.health.report()).checks["socket"].ok is not ok:  # noqa: ASYNC110 - of the clock
                await asyncio.sleep(0.02)

    async with running(bot):
        await turns(ok=True)
        slack.faults.fail("apps.connections.open", "internal_error", times=1000)
        await slack.close_sockets()
        await turns(ok=False)
        slack.faults.clear()
        await turns(ok=True)


async def test_a_store_that_can_not_be_read_is_a_red_check_and_no_crash(bot: Bot, reading: str) -> None:
    bot.library.store.db.conn.execute("DROP TABLE subscriptions")
    report = await bot.monitoring.health.report()
    assert "no such table: subscriptions" in report.checks["editions"].reason
    assert report.checks["database"].ok


async def test_the_ages_of_sources_come_from_their_last_reading_that_worked(
    bot: Bot, clock: MovedClock
) -> None:
    store, day = bot.library.store, clock().date()
    for ago, error in ((5, ""), (1, "answered 500")):
        at = clock() - timedelta(hours=ago)
        await store.record_reading(
            Reading(source="huggingface", day=day - timedelta(days=ago), read_at=at, error=error)
        )
    assert await store.last_good_readings() == {"huggingface": clock() - timedelta(hours=5)}
