"""Copies of the database: whole or not at all, whatever goes on meanwhile, and one a day kept for a week."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_bot
from bot.backups import Backups, copy
from bot.config import Settings
from bot.importing import LINES
from bot.workspace import Workspace
from storage import Store
from storage.backup import back_up
from storage.errors import StoreError
from storage.migrations import KNOWN
from storage.models import Batch, Click, Paper, Reaction
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.ordinary import ordinary_user
from tests.program import OURS, PATIENCE, environment, started, until
from tests.test_cli import feed
from tests.test_migrations import digest, older
from tests.upstream import Upstream

NOW = datetime(2026, 8, 18, tzinfo=UTC)


async def fill(path: Path, papers: int = 3) -> Path:
    """A database with papers and two votes."""
    kept = tuple(Paper(id=str(n), title=f"Paper {n}", abstract="Words. " * 50) for n in range(papers))
    reaction = Reaction(
        team_id="T1", channel_id="C1", ts="1.1", user_id="U1", emoji="+1", present=True, event_ts=1.0
    )
    click = Click(team_id="T1", paper_id="0", user_id="U2", click_id="a", clicked_at=2.0, value=1)
    with Store.open(path) as store:
        await store.keep(Batch(source="arxiv", papers=kept), NOW)
        await store.record_reaction(reaction)
        await store.record_click(click)
    return path


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    return await fill(tmp_path / "papers.db")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fetched(path: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def backed_up(folder: Path, *arguments: str, status: int = 0) -> str:
    """What `papers-bot backup` prints, or complains of."""
    async with started("backup", *arguments, folder=folder, environment={}) as program:
        assert await program.ended() == status, program.errors
    assert "Traceback" not in program.errors
    return program.errors if status else program.output


async def test_a_backup_says_what_it_holds_and_is_one_file_that_serves_as_a_database(
    database: Path, tmp_path: Path
) -> None:
    before = digest(database)
    said = json.loads(await backed_up(tmp_path, "copy.db", "--json"))
    assert said == {
        "file": "copy.db", "papers": 3, "posts": 0, "votes": 2, "size": (tmp_path / "copy.db").stat().st_size,
    }  # fmt: skip
    assert names(tmp_path) == ["copy.db", "papers.db"]
    assert digest(database) == before
    with Store.open(tmp_path / "copy.db") as copied, Store.open(database) as original:
        assert list(await copied.all_papers()) == list(await original.all_papers())
    assert "3 papers, 0 posts, 2 votes" in await backed_up(tmp_path, "other.db")


def test_a_backup_is_as_private_as_the_database(database: Path, tmp_path: Path) -> None:
    for mode in (0o600, 0o640):
        database.chmod(mode)
        back_up(database, tmp_path / "copy.db", NOW, replace=True, stop=threading.Event())
        assert (tmp_path / "copy.db").stat().st_mode & 0o777 == mode


async def test_a_backup_made_while_others_write_holds_whole_transactions_only(tmp_path: Path) -> None:
    endless, written = tmp_path / "endless", threading.Event()
    os.mkfifo(endless)
    async with started("import", "endless", folder=tmp_path, environment={}) as program:
        feeding = asyncio.create_task(asyncio.to_thread(feed, endless, written))
        await asyncio.to_thread(written.wait, PATIENCE)
        counts = []
        for number in range(3):
            copied = await copy(tmp_path / "papers.db", tmp_path / f"{number}.db", NOW, replace=False)
            counts.append(copied.counts.papers)
            assert fetched(copied.file, "PRAGMA integrity_check") == [("ok",)]
            assert fetched(copied.file, "SELECT count(*) FROM papers") == [(counts[-1],)]
        await program.stopped(signal.SIGINT)
        await feeding
    assert [count % LINES for count in counts] == [0, 0, 0]
    assert sorted(counts) == counts


async def test_a_file_of_an_older_version_is_copied_as_it_is(tmp_path: Path) -> None:
    older(tmp_path / "papers.db", "m004_search").close()
    copied = await copy(tmp_path / "papers.db", tmp_path / "copy.db", NOW, replace=False)
    names = "SELECT name FROM _sqlite_migrations ORDER BY name"
    assert fetched(copied.file, names) == fetched(tmp_path / "papers.db", names)
    assert len(fetched(copied.file, names)) < len(KNOWN)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("papers.db", "papers.db is the database itself, or a part of it. Name another file"),
        ("./link.db", "link.db is the database itself"),
        ("papers.db-wal", "papers.db-wal is the database itself, or a part of it"),
        ("nowhere/copy.db", "There is no folder nowhere for the backup. Make it, or name another file."),
        ("folder", "folder is a folder. Name a file in it"),
        ("there.db", "there.db is there already. Name another file, or replace it with --force."),
        (f"{'x' * 300}.db", "can't be written: File name too long"),
    ],
)
async def test_where_no_backup_can_be_the_sentence_says_what_to_do(
    database: Path, tmp_path: Path, file: str, sentence: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "there.db").write_text("there")
    (tmp_path / "link.db").symlink_to(database)
    before = names(tmp_path), digest(database)
    assert sentence in await backed_up(tmp_path, file, status=1)
    assert (names(tmp_path), digest(database)) == before
    assert (tmp_path / "there.db").read_text() == "there"


async def test_without_a_database_there_is_nothing_to_copy_and_none_is_made(tmp_path: Path) -> None:
    assert "There is no database papers.db to copy" in await backed_up(tmp_path, "copy.db", status=1)
    assert names(tmp_path) == []


async def test_another_programs_database_is_not_copied(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "papers.db")) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    assert "belongs to another program" in await backed_up(tmp_path, "copy.db", status=1)
    assert names(tmp_path) == ["papers.db"]


async def test_a_file_that_is_there_is_replaced_when_that_is_asked_for(
    database: Path, tmp_path: Path
) -> None:
    (tmp_path / "there.db").write_text("there")
    await backed_up(tmp_path, "there.db", "--force")
    assert fetched(tmp_path / "there.db", "SELECT count(*) FROM papers") == [(3,)]


async def test_a_folder_that_may_only_be_read_is_named() -> None:
    with ordinary_user() as folder:
        database = await fill(folder / "papers.db")
        (folder / "copies").mkdir(mode=0o500)
        with pytest.raises(StoreError, match=r"copies/copy\.db can't be written: Permission denied\. Check"):
            back_up(database, folder / "copies" / "copy.db", NOW, replace=False, stop=threading.Event())


def garble(path: Path) -> None:
    """Garbage in the pages of the papers."""
    content = bytearray(path.read_bytes())
    start = content.find(b"Words. Words.")
    content[start - 20_000 : start + 20_000] = b"garbage!" * 5_000
    path.write_bytes(content)


@pytest.mark.parametrize("old", [None, b"the copy of before"])
async def test_the_copy_of_a_damaged_database_is_not_kept_and_replaces_nothing(
    tmp_path: Path, old: bytes | None
) -> None:
    database = await fill(tmp_path / "papers.db", papers=500)
    garble(database)
    if old:
        (tmp_path / "copy.db").write_bytes(old)
    before = names(tmp_path)
    complaint = await backed_up(tmp_path, "copy.db", "--force", status=1)
    assert "damaged" in complaint
    assert "docs/operations.md" in complaint
    assert names(tmp_path) == before
    assert not old or (tmp_path / "copy.db").read_bytes() == old


async def test_rows_that_belong_to_nothing_are_noticed(database: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("INSERT INTO upvotes VALUES ('unknown', 'now', 1)")
    complaint = await backed_up(tmp_path, "copy.db", status=1)
    assert "a row of upvotes lacks its row of papers" in complaint
    assert names(tmp_path) == ["papers.db"]


async def test_a_backup_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    database = await fill(tmp_path / "papers.db", papers=500)
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoreError, match="stopped before its end"):
        back_up(database, tmp_path / "copy.db", NOW, replace=False, stop=stop)
    assert names(tmp_path) == ["papers.db"]


STANDING = """
import signal, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from storage.backup import back_up

class Standing(threading.Event):
    looks = 0

    def is_set(self):
        self.looks += 1
        if self.looks == int(sys.argv[3]):
            print("standing", flush=True)
            signal.pause()
        return False

back_up(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC), replace=False, stop=Standing())
"""


@pytest.mark.parametrize("look", ["1", "2", "3"])
async def test_a_backup_that_is_killed_never_bears_the_name(tmp_path: Path, look: str) -> None:
    database, file = await fill(tmp_path / "papers.db", papers=10_000), tmp_path / "copy.db"
    command = [sys.executable, "-c", STANDING, str(database), str(file), look]
    with subprocess.Popen(command, env=OURS, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220
        assert process.stdout
        assert await asyncio.to_thread(process.stdout.readline) == "standing\n"
        process.kill()
    assert not file.exists()
    assert (await copy(database, file, NOW, replace=False)).counts.papers == 10_000


# --- one a day -------------------------------------------------------------------------------------------------


async def test_the_last_seven_days_are_kept_and_nothing_else_is_touched(
    database: Path, clock: MovedClock
) -> None:
    backups = Backups(database, 7, clock)
    assert backups.newest() is None
    backups.folder.mkdir()
    for name in ("mine.db", "2026-08-01.db.0123abcd.unfinished"):
        (backups.folder / name).write_text("there")
    for _ in range(10):
        assert await backups.make_due()
        assert await backups.make_due() is None
        clock.forward(days=1)
    assert names(backups.folder) == [*(f"2026-08-{day}.db" for day in range(21, 28)), "mine.db"]
    assert str(backups.newest()) == "2026-08-27"


async def test_a_day_begins_at_midnight_in_utc(database: Path, clock: MovedClock) -> None:
    backups = Backups(database, 7, clock)
    clock.at = datetime.fromisoformat("2026-08-19T01:30:00+02:00")
    await backups.make_due()
    clock.forward(hours=1)
    await backups.make_due()
    assert names(backups.folder) == ["2026-08-18.db", "2026-08-19.db"]


async def test_a_backup_that_fails_is_logged_and_tried_again_after_an_hour(
    database: Path, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    backups = Backups(database, 7, clock)
    backups.folder.write_text("in the way")
    for _ in range(3):
        assert await backups.make_due() is None
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "today's backup failed" in caplog.text
    backups.folder.unlink()
    clock.forward(minutes=59)
    assert await backups.make_due() is None
    clock.forward(minutes=1)
    assert await backups.make_due()


async def test_a_folder_that_may_not_be_entered_is_logged(
    clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    with ordinary_user() as folder:
        backups = Backups(await fill(folder / "papers.db"), 7, clock)
        backups.folder.mkdir(mode=0)
        assert await backups.make_due() is None
    assert "Permission denied" in caplog.text


async def test_a_damaged_database_does_not_push_out_the_good_copies(
    tmp_path: Path, clock: MovedClock
) -> None:
    database = await fill(tmp_path / "papers.db", papers=500)
    backups = Backups(database, 2, clock)
    for _ in range(2):
        await backups.make_due()
        clock.forward(days=1)
    garble(database)
    for _ in range(3):
        assert await backups.make_due() is None
        clock.forward(days=1)
    assert names(backups.folder) == ["2026-08-18.db", "2026-08-19.db"]


async def test_a_running_bot_makes_one_and_none_when_they_are_off(
    settings: Settings, clock: MovedClock
) -> None:
    folder = settings.papers_database.with_name("papers.db.backups")
    async with open_bot(settings, clock, QUICK) as bot:
        assert bot.backups.keep == 0
        assert await bot.backups.make_due() is None
    wanted = settings.model_copy(update={"papers_backups": 7})
    async with open_bot(wanted, clock, QUICK) as bot, running(bot):
        await until(lambda: folder.exists() and names(folder) == [f"{TUESDAY.date()}.db"])
    assert fetched(folder / f"{TUESDAY.date()}.db", "PRAGMA integrity_check") == [("ok",)]


async def test_stopping_the_bot_ends_a_backup_and_leaves_nothing_of_it(
    tmp_path: Path, clock: MovedClock
) -> None:
    database = await fill(tmp_path / "papers.db", papers=20_000)
    backups = Backups(database, 7, clock)
    making = asyncio.create_task(backups.make_due())
    await until(lambda: backups.folder.exists() and names(backups.folder) != [])
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    # The thread it ran in ends by itself.
    await until(lambda: not names(backups.folder))


async def test_doctor_says_of_when_the_newest_backup_is_and_complains_of_a_late_one(
    slack: Workspace, upstream: Upstream, database: Path, tmp_path: Path
) -> None:
    settings = environment(slack, upstream)

    async def check(**more: str) -> tuple[bool, str, str]:
        async with started("doctor", "--json", folder=tmp_path, environment=settings | more) as program:
            await program.ended()
        (found,) = [it for it in map(json.loads, program.output.splitlines()) if it["name"] == "backup"]
        return found["ok"], found["found"], found["advice"]

    assert await check() == (True, "none in papers.db.backups yet", "")
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE _sqlite_migrations SET applied_at = '2026-01-01 12:00:00.000000+00:00'")
    ok, _, advice = await check()
    assert (ok, "its log says why it can't" in advice) == (False, True)
    assert (await check(PAPERS_BACKUPS="0"))[:2] == (True, "none is made, as PAPERS_BACKUPS says")
    backups = Backups(database, 7, lambda: datetime.now(UTC))
    await backups.make_due()
    assert await check() == (True, f"the newest in papers.db.backups is of {backups.newest()}", "")
    (backups.folder / f"{backups.newest()}.db").rename(backups.folder / "2026-01-02.db")
    assert (await check())[:2] == (False, "the newest in papers.db.backups is of 2026-01-02")
