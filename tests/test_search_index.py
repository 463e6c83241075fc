"""The index on disk: it can be lost, damaged, interrupted and fought over, and answers are right all the same."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tantivy import Query as Clause

from bot.search.index import SearchIndex
from storage.corpus import Corpus
from storage.models import Paper
from tests.library import Library, many, opened
from tests.program import OURS, PATIENCE, started

#: A question each for words, meaning, order, positions, names and spelling, and what it finds in papers 1 to 30.
ASKED = {
    "word7": (["2601.00007"], 1, ""),
    '"word7 and"': (["2601.00007"], 1, ""),
    "author:lovelace title:word9": (["2601.00009"], 1, ""),
    "title:word3 sort:new": (["2601.00003"], 1, ""),
    "polcies -learning": ([], 0, ""),
    "rbots": ([], 0, "robots"),
}


async def check(library: Library) -> None:
    """Every kind of question is answered as if nothing had happened."""
    for query, (ids, every_word, suggestion) in ASKED.items():
        found = await library.search.search(query)
        assert ([paper.id for paper in found.papers][:1], found.every_word, found.suggestion) == (
            ids,
            every_word,
            suggestion,
        ), query
        assert found.unread == 0


#: Words of titles are what a misspelt word may have been.
TITLE = Paper(id="2601.00099", title="Robots")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and its index in several segments, to be copied and not touched."""
    folder = tmp_path_factory.mktemp("indexed")

    async def fill() -> None:
        for papers in (many(range(1, 11)), many(range(11, 31)), [TITLE]):
            async with opened(folder / "papers.db") as library:
                await library.has(*papers)
                await library.search.update()

    asyncio.run(fill())
    return folder


@pytest.fixture
def database(indexed: Path, tmp_path: Path) -> Path:
    shutil.copytree(indexed, tmp_path / "copy")
    return tmp_path / "copy" / "papers.db"


def folder_of(database: Path) -> Path:
    return SearchIndex(database).folder


def numbers_in(database: Path) -> list[int]:
    """The number of every paper in the index, each as often as it stands there."""
    snapshot = SearchIndex(database).snapshot()
    assert snapshot
    return sorted(snapshot.words.best(Clause.all_query(), len(snapshot.words) + 1)[0].tolist())


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def halved(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def garbled(file: Path) -> None:
    file.write_bytes(random.Random(7).randbytes(file.stat().st_size))


def garbled_inside(file: Path) -> None:
    """The ends of a file, where tantivy's checks are, stay as they were."""
    content, part = bytearray(file.read_bytes()), file.stat().st_size // 4
    content[part : 2 * part] = random.Random(7).randbytes(part)
    file.write_bytes(bytes(content))


def files_of(database: Path) -> Iterator[Path]:
    """One file of each kind."""
    kinds: dict[str, Path] = {}
    for file in sorted(folder_of(database).rglob("*")):
        if file.is_file():
            kinds.setdefault(file.suffix or file.name, file)
    yield from kinds.values()


@pytest.mark.parametrize("damage", [Path.unlink, emptied, halved, garbled, garbled_inside])
async def test_whatever_file_is_damaged_the_next_bot_answers_as_before(
    database: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    assert len(list(files_of(database))) >= 10
    for number, file in enumerate(files_of(database)):
        copy = tmp_path / str(number)
        shutil.copytree(database.parent, copy)
        # With random numbers in the place of vectors, the order of what is found by its words is another, no more.
        damage(copy / file.relative_to(database.parent))
        async with opened(copy / database.name) as library:
            await check(library)


async def test_an_index_that_is_deleted_is_built_again(database: Path) -> None:
    shutil.rmtree(folder_of(database))
    async with opened(database) as library:
        await check(library)
    assert numbers_in(database) == list(range(1, 32))


async def test_a_bot_goes_on_searching_while_its_index_is_deleted_and_then_builds_it_again(
    database: Path,
) -> None:
    async with opened(database) as library:
        await check(library)
        shutil.rmtree(folder_of(database))
        await check(library)
        await library.has(*many([31]))
        assert await library.ids("word31 title:word31") == ["2601.00031"]
        await check(library)
    assert numbers_in(database) == list(range(1, 33))


async def test_a_bot_survives_that_its_files_are_replaced_under_it(database: Path) -> None:
    async with opened(database) as library:
        await check(library)
        for file in list(folder_of(database).rglob("*")):
            if file.is_file() and file.name != "lock":
                # Another file under the same name, as an editor or a copying program makes it.
                file.unlink()
                file.write_bytes(b"nonsense")
        await library.has(*many([31]))
        assert await library.ids("word31 title:word31") == ["2601.00031"]
        await check(library)


@pytest.mark.parametrize(
    "changed",
    [{"version": "0.0.other"}, {"corpus": "another"}, {"generation": "00000000"}, {"revision": 2**62}],
)
async def test_an_index_of_something_else_is_not_believed(database: Path, changed: dict[str, Any]) -> None:
    state = folder_of(database) / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | changed))
    async with opened(database) as library:
        await check(library)
        await library.has(*many([31]))
        assert await library.ids("word31 title:word31") == ["2601.00031"]
    assert numbers_in(database) == list(range(1, 33))


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"version": 1}', "\x00", "9" * 5_000])
async def test_a_state_that_says_nothing_is_like_none(database: Path, text: str) -> None:
    (folder_of(database) / "state.json").write_text(text)
    async with opened(database) as library:
        await check(library)


@pytest.mark.parametrize("more", [0, 1, 5])
async def test_a_database_restored_from_a_copy_is_searched_as_it_is_now(
    database: Path, tmp_path: Path, more: int
) -> None:
    """Also when so much has changed in it since that it looks newer than the index."""
    shutil.copy(database, tmp_path / "backup.db")
    async with opened(database) as library:
        for number in range(31, 35):
            await library.has(*many([number]))
        assert await library.ids("word34 title:word34") == ["2601.00034"]
    shutil.copy(tmp_path / "backup.db", database)
    async with opened(database) as library:
        for number in range(more):
            await library.has(Paper(id=f"2602.{number:05}", title=f"Novel{number}"))
    async with opened(database) as library:
        await check(library)
        for number in range(more):
            assert await library.ids(f"novel{number}") == [f"2602.{number:05}"]
        assert await library.ids("title:word34") == []


async def test_a_paper_that_changes_while_the_index_is_built_is_in_it_once(database: Path) -> None:
    shutil.rmtree(folder_of(database))

    def change(done: int, total: int) -> None:
        async def keep() -> None:
            async with opened(database) as other:
                await other.has(Paper(id="2601.00007", title="Renamed seven"))

        if done == total == 31:
            asyncio.run(keep())

    index = SearchIndex(database)
    await asyncio.to_thread(lambda: updated(index, database, change))
    assert numbers_in(database) == list(range(1, 32))
    async with opened(database) as library:
        assert await library.ids("renamed") == ["2601.00007"]
        assert await library.ids("title:word7") == []


def updated(index: SearchIndex, database: Path, progress: Callable[[int, int], None]) -> int:
    with Corpus.open(database) as corpus:
        return index.update(corpus, progress)


#: Builds an index and stands still after so many papers, until it is killed.
BUILDER = """
import sys, time
from pathlib import Path
from bot.search.index import SearchIndex
from storage.corpus import Corpus

database, stop = Path(sys.argv[1]), int(sys.argv[2])

def progress(done, total):
    if done >= stop:
        print("standing", flush=True)
        time.sleep(3600)

with Corpus.open(database) as corpus:
    SearchIndex(database, checkpoint=4_000).update(corpus, progress)
"""
PAPERS = 9_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of several checkpoints, without an index."""
    database = tmp_path_factory.mktemp("large") / "papers.db"

    async def fill() -> None:
        async with opened(database) as library:
            await library.has(*many(range(PAPERS)))

    asyncio.run(fill())
    return database


def build_until(database: Path, papers: int) -> None:
    """A process of its own that is killed at this point."""
    command = [sys.executable, "-c", BUILDER, str(database), str(papers)]
    with subprocess.Popen(command, env=OURS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "standing\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL


async def test_a_build_that_is_killed_at_any_point_is_gone_on_with_and_no_paper_is_twice_in_the_index(
    large: Path, tmp_path: Path
) -> None:
    database = tmp_path / "papers.db"
    shutil.copy(large, database)
    state = folder_of(database) / "state.json"
    marks = []
    for point in (2_000, 4_000, 4_000):
        build_until(database, point)
        marks.append(json.loads(state.read_text())["papers"])
        with Corpus.open(database) as corpus:
            # What was said to be done is not done again.
            assert SearchIndex(database).pending(corpus) == PAPERS - marks[-1]
    assert marks == [0, 4_000, 8_000]
    async with opened(database) as library:
        assert await library.search.update() == PAPERS - 8_000
        assert await library.ids(f"title:word{PAPERS - 1}") == [f"2601.{PAPERS - 1:05}"]
    assert numbers_in(database) == list(range(1, PAPERS + 1))


async def test_a_build_that_is_killed_before_it_could_say_how_far_it_came_puts_no_paper_in_twice(
    large: Path, tmp_path: Path
) -> None:
    database = tmp_path / "papers.db"
    shutil.copy(large, database)
    state = folder_of(database) / "state.json"
    build_until(database, 2_000)
    before = state.read_text()
    build_until(database, 4_000)
    # As if it had been killed between writing the papers and saying so.
    state.write_text(before)
    async with opened(database) as library:
        await library.search.update()
    assert numbers_in(database) == list(range(1, PAPERS + 1))


def lines_of(papers: list[Paper]) -> str:
    return "".join(json.dumps({"id": paper.id, "title": paper.title}) + "\n" for paper in papers)


async def test_processes_that_import_and_search_at_once_do_not_disturb_one_another(
    database: Path, tmp_path: Path
) -> None:
    environment = {"PAPERS_DATABASE": str(database)}
    for name, numbers in (("one", range(100, 2_100)), ("two", range(2_100, 4_100))):
        (tmp_path / name).write_text(lines_of(many(numbers)))
    async with (
        opened(database) as library,
        started("import", "one", folder=tmp_path, environment=environment) as first,
        started("import", "two", folder=tmp_path, environment=environment) as second,
    ):
        answers = [await library.ids("word7") for _ in range(20)]
        async with started(
            "search", "--offline", "word7", folder=tmp_path, environment=environment
        ) as search:
            assert await search.ended() == 0, search.errors
        assert "2601.00007" in search.output
        assert [await first.ended(), await second.ended()] == [0, 0], first.errors + second.errors
        assert all(found[:1] == ["2601.00007"] for found in answers)
        await library.search.update()
        for number in (100, 2_099, 2_100, 4_099):
            assert (await library.ids(f"word{number}"))[:1] == [f"2601.{number:05}"]
    assert numbers_in(database) == list(range(1, 4_032))
    assert "Traceback" not in first.errors + second.errors + search.errors


#: Updates an index with a small limit on the size of a file, as on a full disk, and then without.
FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from bot.errors import StoreError
from tests.library import many, opened

async def main():
    async with opened(Path(sys.argv[1])) as library:
        await library.ids("word7")
        await library.has(*many(range(100, 1_000)))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        try:
            await library.search.update()
        except StoreError as error:
            print(error)
        found = await library.search.search("word7 title:word7")
        print([paper.id for paper in found.papers], found.unread)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        found = await library.search.search("word999 title:word999")
        print([paper.id for paper in found.papers], found.unread)

asyncio.run(main())
"""


def test_on_a_full_disk_the_old_index_answers_and_the_new_one_comes_once_there_is_room(
    database: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(database)],
        env=OURS, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    error, old, new = done.stdout.splitlines()
    assert error.startswith(f"The search index {folder_of(database)} can't be written to: ")
    assert "Check the room on the disk" in error
    assert old == "['2601.00007'] 900"
    assert new == "['2601.00999'] 0"
    assert "the search index can't be brought up to date" in done.stderr
    assert numbers_in(database) == list(range(1, 932))


async def test_where_the_index_can_not_be_written_to_the_search_says_so_and_ends_well(
    database: Path, tmp_path: Path
) -> None:
    shutil.rmtree(folder_of(database))
    folder_of(database).write_text("in the way")
    environment = {"PAPERS_DATABASE": str(database)}
    async with started("search", "--offline", "word7", folder=tmp_path, environment=environment) as search:
        assert await search.ended() == 0
    assert "can't be written to" in search.errors
    assert "Not in the search index yet: 31 papers" in search.errors
    assert "Traceback" not in search.errors


async def test_any_paper_can_be_indexed(library: Library) -> None:
    """A paper that could not would keep all later ones out."""
    long = "x" * 200_000
    await library.has(
        Paper(id="empty", title=""),
        Paper(id="long", title=long, abstract=long, authors=(long,), categories=(long,), keywords=(long,)),
        Paper(id="hyphens", title="a-" * 50_000, abstract="-" * 100_000),
        Paper(id="odd", title="\x00\x01\u200b\ufeff\U0010ffff", categories=("", ".", "…")),
        Paper(id="many", title="Last", authors=tuple(f"Author{n}" for n in range(3_000)), upvotes=2**63 - 1),
        Paper(id="0000.00000", title="No such month"),
        Paper(id="2613.00001", title="No such month either"),
    )
    assert await library.ids("last author:author2999") == ["many"]
    assert library.search.index.snapshot()


def test_what_changes_in_the_store_is_never_counted_with_a_number_that_was_there_before(
    database: Path,
) -> None:
    with sqlite3.connect(database) as connection:
        numbers = [
            row[0] for row in connection.execute("SELECT DISTINCT changed FROM papers ORDER BY number")
        ]
    connection.close()
    assert numbers == sorted(set(numbers))
