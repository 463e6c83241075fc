"""The database file: made, opened again, and refused with a clear sentence when it can't serve."""

from __future__ import annotations

import hashlib
import multiprocessing
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from storage import Store
from storage.errors import StoreError
from storage.migrations import KNOWN, migrations
from storage.models import Batch, Paper

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)


def pragma(store: Store, name: str) -> Any:
    return store.rows(f"PRAGMA {name}")[0][name]


def schema(path: Path) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
    finally:
        connection.close()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def from_the_future(path: Path) -> None:
    with Store.open(path) as store:
        store.db.table("_sqlite_migrations").insert(
            {"migration_set": "papers-bot", "name": "m999_telepathy", "applied_at": str(NOW)}
        )
        store.db.execute("CREATE TABLE telepathy (thought TEXT)")


async def test_a_new_file_has_every_migration_and_works(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    with Store.open(path) as store:
        assert [migration.name for migration in migrations.applied(store.db)] == sorted(KNOWN)
        assert await store.count_papers() == 0
    assert path.exists()


async def test_a_file_opened_again_holds_what_was_kept_and_the_same_schema(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    paper = Paper(id="1", title="Kept")
    with Store.open(path) as store:
        await store.keep(Batch(source="arxiv", papers=(paper,)), NOW)
    before = schema(path)
    for _ in range(2):
        with Store.open(path) as store:
            assert await store.papers(["1"]) == [paper]
    assert schema(path) == before


def test_a_path_may_be_text_and_have_any_letters(tmp_path: Path) -> None:
    path = tmp_path / "ünïcode ünd spaces?#.db"
    Store.open(str(path)).close()
    assert path.exists()


def test_a_commit_is_on_disk_and_keys_hold(store: Store) -> None:
    assert pragma(store, "journal_mode") == "wal"
    assert pragma(store, "synchronous") == 2  # FULL
    assert pragma(store, "foreign_keys") == 1
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.write("INSERT INTO upvotes VALUES ('unknown', 'now', 1)", {})


def test_the_names_of_migrations_stand_in_their_order() -> None:
    names = [migration.name for migration in migrations.pending(Database(memory=True))]
    assert names == sorted(KNOWN)
    assert len({name[:4] for name in names}) == len(names)


def test_a_file_from_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    from_the_future(path)
    before = digest(path)
    with pytest.raises(StoreError) as refused:
        Store.open(path)
    assert str(path) in str(refused.value)
    assert "m999_telepathy" in str(refused.value)
    assert "Upgrade papers-bot" in str(refused.value)
    assert digest(path) == before
    assert [file.name for file in tmp_path.iterdir()] == ["papers.db"]


def older(path: Path, before: str) -> sqlite3.Connection:
    """A file from before a migration."""
    connection = sqlite3.connect(path, isolation_level=None)
    migrations.apply(Database(connection), stop_before=before)
    return connection


@pytest.mark.parametrize("name", sorted(KNOWN)[1:])
def test_an_older_file_is_brought_up_to_date(tmp_path: Path, name: str) -> None:
    path = tmp_path / "papers.db"
    Store.open(path).close()
    expected = schema(path)
    path.unlink()
    older(path, name).close()
    Store.open(path).close()
    assert schema(path) == expected


async def test_posts_from_before_there_were_shares_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    connection = older(path, "m005_saves_and_shares")
    connection.execute(
        "INSERT INTO editions VALUES ('T1', 'C1', '2026-08-18', '2026-08-18', NULL, NULL, ?, 5, '{}', 0)",
        [NOW.isoformat()],
    )
    connection.execute(
        "INSERT INTO posts VALUES ('T1', 'C1', '2026-08-18', 1, 'paper', 'a', 'sent', '1.1', '', '2/0', 1, NULL)"
    )
    connection.close()
    with Store.open(path) as store:
        [post] = await store.posts_of("T1", ["a"])
        assert post.model_dump(exclude_defaults=True) == {
            "team_id": "T1",
            "channel_id": "C1",
            "day": date(2026, 8, 18),
            "position": 1,
            "kind": "paper",
            "planned_at": NOW,
            "paper_id": "a",
            "state": "sent",
            "ts": "1.1",
            "drawn": "2/0",
            "seeded": True,
        }


@pytest.mark.parametrize(
    "content", [b"This is a letter, not a database. " * 100, b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"letter\.txt is damaged, or is no database.*PAPERS_DATABASE"):
        Store.open(path)
    assert path.read_bytes() == content


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be opened"):
        Store.open(tmp_path)


def test_a_path_in_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no folder/papers\.db can't be opened.*Check the path"):
        Store.open(tmp_path / "no folder" / "papers.db")


def test_somebody_elses_database_is_refused_and_keeps_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    before = digest(path)
    with pytest.raises(StoreError, match=r"other\.db belongs to another program"):
        Store.open(path)
    assert digest(path) == before


def open_at_once(path: str, start: Any, outcome: Any) -> None:
    """In a process of its own: open the same new file as the others, at the same time."""
    start.wait(60)
    try:
        Store.open(path).close()
    except StoreError as error:
        outcome.put(str(error))
    else:
        outcome.put("opened")


def test_processes_that_open_a_new_file_at_once_all_get_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    start, outcome = context.Barrier(3), context.Queue()
    path = tmp_path / "papers.db"
    others = [context.Process(target=open_at_once, args=(str(path), start, outcome)) for _ in range(3)]
    for other in others:
        other.start()
    outcomes = [outcome.get(timeout=60) for _ in others]
    for other in others:
        other.join(60)
    outcome.close()
    assert outcomes == ["opened"] * 3


async def test_a_failed_transaction_leaves_nothing_and_the_next_one_works(store: Store) -> None:
    def fail_halfway() -> None:
        with store.writing() as connection:
            connection.execute("INSERT INTO readings VALUES ('arxiv', '2026-08-18', 'now', 1, 0, '', NULL)")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_halfway()
    assert store.rows("SELECT * FROM readings") == []
    assert not store.db.conn.in_transaction
    assert await store.keep(Batch(source="arxiv", papers=(Paper(id="1", title="Kept"),)), NOW) == 1
