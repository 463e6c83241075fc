"""Whatever befalls the database file: a sentence that says what to do, and nothing half done."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import Store
from storage.errors import StoreError
from storage.migrations import migrations
from storage.models import Batch, Paper
from tests.ordinary import ordinary_user
from tests.program import OURS, PATIENCE, started

NOW = datetime(2026, 8, 18, tzinfo=UTC)
LONG = "What we found is told at length. " * 30


def batch(count: int, first: int = 1) -> Batch:
    """Papers that fill a page or two each."""
    numbers = range(first, first + count)
    return Batch(
        source="arxiv", papers=tuple(Paper(id=str(n), title=f"Paper {n}", abstract=LONG) for n in numbers)
    )


async def filled(path: Path, count: int = 200) -> Path:
    with Store.open(path) as store:
        await store.keep(batch(count), NOW)
    return path


def schema(path: Path) -> list[tuple[str]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()


async def test_a_full_disk_keeps_nothing_of_a_change_and_the_next_one_works_once_there_is_room(
    store: Store,
) -> None:
    await store.keep(batch(1), NOW)
    pages = store.rows("PRAGMA page_count")[0]["page_count"]
    store.rows(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(StoreError, match=r"The disk is full, and .*papers\.db can't grow.*Make room"):
        await store.keep(batch(200), NOW)
    assert await store.count_papers() == 1
    store.rows(f"PRAGMA max_page_count = {pages + 3_000}")
    assert await store.keep(batch(200), NOW) == 199


async def test_a_file_that_may_only_be_read_is_named_with_what_to_do() -> None:
    with ordinary_user() as folder:
        path = await filled(folder / "papers.db")
        path.chmod(0o400)
        with (
            pytest.raises(
                StoreError, match=r"papers\.db can't be written to.*Let the user that runs papers-bot"
            ),
            Store.open(path) as store,
        ):
            await store.keep(batch(1, first=500), NOW)


async def test_a_folder_that_may_only_be_read_is_named_with_what_to_do() -> None:
    with ordinary_user() as folder:
        path = await filled(folder / "papers.db")
        folder.chmod(0o500)
        with pytest.raises(StoreError, match=r"papers\.db can't be .*(permission|Let the user)"):
            Store.open(path)
        with pytest.raises(StoreError, match=r"new\.db can't be opened.*permissions"):
            Store.open(folder / "new.db")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program has the file for itself."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = exclusive")
        other.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_file_locked_by_another_program_is_waited_for_and_then_named(tmp_path: Path) -> None:
    path = await filled(tmp_path / "papers.db")
    with locked(path), pytest.raises(StoreError, match=r"Another program has .*papers\.db locked.*try again"):
        Store.open(path)
    with Store.open(path) as store:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match=r"Another program has .*papers\.db locked"):
                await store.keep(batch(1, first=500), NOW)
        assert await store.keep(batch(1, first=500), NOW) == 1


async def test_garbage_in_the_middle_is_noticed_where_it_is_read(tmp_path: Path) -> None:
    path = await filled(tmp_path / "papers.db")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = b"garbage!" * 5_000
    path.write_bytes(content)
    with (
        Store.open(path) as store,
        pytest.raises(StoreError, match=r"is damaged.*newest copy.*docs/operations\.md"),
    ):
        list(await store.all_papers())
    async with started("export", folder=tmp_path, environment={}) as program:
        assert await program.ended() == 1
    assert "papers.db is damaged" in program.errors
    assert "Traceback" not in program.errors


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small database that is whole."""
    path = tmp_path_factory.mktemp("sound") / "papers.db"
    with Store.open(path) as store:
        store.write("INSERT INTO readings VALUES ('arxiv', '2026-08-18', 'now', 1, 0, '', NULL)", {})
    return path


@given(at=st.floats(0, 1), garbage=st.binary(min_size=1, max_size=5_000), cut=st.booleans())
def test_whatever_is_broken_the_error_is_one_of_ours(
    tmp_path_factory: pytest.TempPathFactory, sound: Path, at: float, garbage: bytes, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("broken") / "papers.db"
    content = sound.read_bytes()
    start = int(at * len(content))
    path.write_bytes(content[:start] + (b"" if cut else garbage + content[start + len(garbage) :]))
    with contextlib.suppress(StoreError), Store.open(path) as store:
        store.rows("SELECT * FROM readings")
        store.write(
            "INSERT OR REPLACE INTO readings VALUES ('arxiv', '2026-08-19', 'now', 1, 0, '', NULL)", {}
        )
    shutil.rmtree(path.parent)


MIGRATING = """
import signal, sqlite3, sys
from sqlite_utils import Database
from storage.migrations import migrate

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = wal")
# So small a cache that what is not committed goes to the disk all the same.
connection.execute("PRAGMA cache_size = 1")

def stand(statement):
    if sys.argv[2] in statement:
        print("standing", flush=True)
        signal.pause()

connection.set_trace_callback(stand)
migrate(Database(connection))
"""


def killed_while_migrating(path: Path, statement: str) -> None:
    """A process of its own that is killed as it is about to do this."""
    command = [sys.executable, "-c", MIGRATING, str(path), statement]
    with subprocess.Popen(command, env=OURS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "standing\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE papers ADD COLUMN changed", "CREATE INDEX papers_by_change", "DROP TABLE posts",
     "CREATE TABLE harvests", "COMMIT"],
)  # fmt: skip
async def test_killed_in_the_middle_of_a_migration_nothing_of_it_is_applied_and_the_next_start_does_it(
    tmp_path: Path, statement: str
) -> None:
    expected = schema(await filled(tmp_path / "new.db", 0))
    path = tmp_path / "papers.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrations.apply(Database(connection), stop_before="m004_search")
        connection.execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500) "
            "INSERT INTO papers SELECT n, n, 'Paper ' || n, ?, '', '[]', '[]', '[]', NULL, NULL, NULL, '', '', '', "
            "NULL, '', NULL, '2026-08-18' FROM n",
            [LONG],
        )
    before = schema(path)
    killed_while_migrating(path, statement)
    assert schema(path) == before
    with Store.open(path) as store:
        assert await store.count_papers() == 500
        assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert schema(path) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """How to begin a command with a disk of 200 kB on the folder `disk`, where a user may mount one."""
    (tmp_path / "disk").mkdir()
    inside = 'mount -t tmpfs -o size=200k tmpfs disk && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", inside, "sh"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*command, "true"], cwd=tmp_path, check=False).returncode
    ):
        pytest.skip("needs a kernel that lets this user mount a folder of its own")
    return command


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["backup", "disk/copy.db"], "The disk has no room for the backup disk/copy.db, which takes 1."),
        (["import", "papers.jsonl"], "The disk is full"),
    ],
)
def test_on_a_disk_that_is_really_full_commands_say_so(
    small_disk: list[str], tmp_path: Path, command: list[str], sentence: str
) -> None:
    asyncio.run(filled(tmp_path / "papers.db", 800))
    (tmp_path / "papers.jsonl").write_text("\n".join(paper.model_dump_json() for paper in batch(800).papers))
    where = "papers.db" if command[0] == "backup" else "disk/papers.db"
    ran = subprocess.run(
        [*small_disk, sys.executable, "-m", "bot", *command], cwd=tmp_path, check=False, capture_output=True,
        text=True, env=OURS | {"PAPERS_DATABASE": where, "PAPERS_EMBEDDING": "static", "COLUMNS": "120"},
    )  # fmt: skip
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
