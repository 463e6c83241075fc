"""docs/errors.md: every sentence that an error has, and a test for each; here are those that no other file meets."""

from __future__ import annotations

import os
import re
import sqlite3
import zipfile
from pathlib import Path

import pytest

from bot.app import Bot
from bot.errors import DeliveryError, UsageError
from bot.files import open_lines
from bot.outcomes import CHANNEL_ERRORS, TOKEN_ERRORS
from bot.search.words import DamagedError
from bot.workspace import Workspace
from storage import backup, trouble
from storage.errors import StoreError
from tests.conftest import running
from tests.library import Library
from tests.sentences import HOLE, sentences

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "errors.md"
_ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \| `(test_\w+\.py)::(test_\w+)` \|$", re.MULTILINE)


def rows() -> list[tuple[str, ...]]:
    return _ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_the_table_is_read_whole() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert len(rows()) == len(lines) - 2 * lines.count("| --- | --- | --- | --- |")


def test_every_sentence_of_an_error_stands_in_the_table_once() -> None:
    told = [row[0] for row in rows()]
    assert sorted(sentences() - set(told)) == []
    assert sorted(set(told) - sentences()) == [], "in the table, and nowhere in the code"
    assert len(told) == len(set(told))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_each_row_names_a_test_that_there_is(row: tuple[str, ...]) -> None:
    code = (TESTS / row[3]).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {row[4]}\(", code, re.MULTILINE), row


def test_the_search_for_sentences_finds_them() -> None:
    assert f"Nothing found for {HOLE}, so there is nothing to export." in sentences()
    assert f"{HOLE} is larger than 2 MB; send me a part of it." in sentences()


@pytest.mark.parametrize("code", [*TOKEN_ERRORS, *CHANNEL_ERRORS, "team_access_not_granted"])
async def test_a_refusal_of_slacks_is_told_with_what_to_do(bot: Bot, slack: Workspace, code: str) -> None:
    advice = TOKEN_ERRORS.get(code) or CHANNEL_ERRORS.get(code, "Slack refused a call for {channel}")
    reading = slack.add_channel("reading")
    slack.faults.fail("conversations.info", code)
    with pytest.raises(DeliveryError) as refused:
        await bot.slack.is_member(reading)
    assert str(refused.value) == f"{advice.format(channel=reading)} (Slack said: {code})"


async def test_slack_out_of_reach_is_told_to_the_person(bot: Bot, slack: Workspace) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    slack.faults.fail("conversations.info", "service_unavailable")
    async with running(bot):
        answer = await (await slack.command(ada, reading, "/papers", "subscribe")).reply()
    assert answer.plain() == "Slack itself could not be reached just now. Try again in a minute."


async def test_where_nothing_is_new_the_person_is_told_what_to_ask(bot: Bot, slack: Workspace) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        answer = await (await slack.command(ada, reading, "/papers", "for me")).reply()
    assert "I have no new papers for you yet. `/papers today` reads today's." in answer.plain()


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_IOERR, "The disk failed while papers.db was read or written (disk I/O error)."),
        (sqlite3.SQLITE_IOERR_FSYNC, "The disk failed while papers.db was read or written (disk I/O error)."),
        (sqlite3.SQLITE_ERROR, "papers.db failed: disk I/O error. Try again"),
    ],
)
def test_what_sqlite_says_is_told_with_what_to_do(code: int, said: str) -> None:
    assert said in str(trouble.understood(failure(code), "papers.db"))


def test_a_disk_that_fails_during_a_backup_is_told(tmp_path: Path) -> None:
    told = backup._understood(
        failure(sqlite3.SQLITE_IOERR_WRITE), tmp_path / "papers.db", tmp_path / "copy.db"
    )
    assert (
        f"A disk failed while {tmp_path}/papers.db was copied to {tmp_path}/copy.db (disk I/O error)"
        in str(told)
    )


async def test_an_index_that_is_damaged_again_at_once_is_told(library: Library) -> None:
    await library.titled({"2608.00001": "Robots"})
    search = library.search
    await search.update()
    search._discard(DamagedError("bad blocks"))
    await search.update()
    with pytest.raises(StoreError, match="was built anew and fails again: bad blocks"):
        search._discard(DamagedError("bad blocks"))


def test_a_zip_from_a_pipe_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "papers.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("papers.jsonl", "{}")
    reading, writing = os.pipe()
    try:
        os.write(writing, packed.read_bytes())
        os.close(writing)
        with (
            pytest.raises(UsageError, match="A zip can't be read from a pipe"),
            open_lines(f"/dev/fd/{reading}") as file,
        ):
            list(file.lines)
    finally:
        os.close(reading)
