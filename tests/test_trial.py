"""`papers-bot try`: a workspace to look at in the browser and to come back to, or one visible round trip."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot import sample, trial
from tests.editions import list_day
from tests.page import Browser, person
from tests.program import Program, started
from tests.upstream import Upstream

# Nobody answers on port 1 of this machine, so the bundled sample is played.
NOWHERE = "http://127.0.0.1:1"


def sources_at(url: str) -> dict[str, str]:
    return {"HUGGINGFACE_URL": url, "ARXIV_URL": url, "ARXIV_RSS_URL": url, "PAPERS_ARXIV_CATEGORIES": "none"}


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def kept(folder: Path) -> list[str]:
    return [name for name in inside(folder / trial.FOLDER) if not name.endswith(("-wal", "-shm", ".index"))]


@pytest.fixture
def live(upstream: Upstream) -> dict[str, str]:
    """Sources within reach, with a small day on which the trial begins."""
    upstream.today = datetime.now(UTC).date()
    list_day(upstream, trial.beginning(live=True).date(), 4)
    return sources_at(upstream.url)


@asynccontextmanager
async def trying(folder: Path, *options: str, url: str = NOWHERE) -> AsyncIterator[Program]:
    async with started("try", *options, folder=folder, environment=sources_at(url)) as program:
        yield program


@asynccontextmanager
async def opened(program: Program, name: str = "Ada") -> AsyncIterator[Browser]:
    """The page that the program says it has, as one of its people."""
    await program.says("Press Ctrl-C to stop.")
    found = re.search(r"http://[\w.:\[\]]+:\d+", program.output)
    assert found
    async with aiohttp.ClientSession() as http:
        async with http.get(found[0]) as answer:
            first = await answer.text()
        yield Browser(found[0], person(first, name), http)


async def edition(browser: Browser, day: str) -> str:
    """The channel's page, once a day's edition is there: five papers, and the others in the thread."""
    async with browser.watching("/") as stream:
        page = await browser.page("/")
        while f"Papers of {day}" not in page or "7 replies" not in page.split(f"Papers of {day}")[1]:
            await stream.event()
            page = await browser.page("/")
    return page


async def test_one_round_trip_shows_the_edition_a_search_votes_and_the_new_order(tmp_path: Path) -> None:
    async with trying(tmp_path, "--once") as program:
        assert await program.ended() == 0
    shown = program.output
    assert "from the bundled sample" in shown
    steps = ["The morning's post in #papers", "/papers reasoning", "Cleo presses Upvote", "/papers top week"]
    assert sorted(shown.index(step) for step in steps) == [shown.index(step) for step in steps]
    votes, order = shown[shown.index(steps[2]) :].split(steps[3])
    assert "3 upvotes here" in votes
    assert re.search(r"posted in #papers on \d+ \w+, 3 upvotes", order)
    assert "Traceback" not in program.errors
    assert inside(tmp_path) == [], "a round trip leaves nothing behind"


async def test_a_round_trip_can_be_stopped_in_the_middle(live: dict[str, str], tmp_path: Path) -> None:
    async with started("try", "--once", folder=tmp_path, environment=live) as program:
        await program.says("The morning's post")
        assert await program.stopped(signal.SIGINT) == 130
    assert "Traceback" not in program.errors


@pytest.mark.parametrize(("by", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_it_runs_on_until_it_is_stopped(
    live: dict[str, str], tmp_path: Path, by: signal.Signals, status: int
) -> None:
    async with started("try", folder=tmp_path, environment=live) as program:
        await program.says("Press Ctrl-C to stop.")
        assert "live from Hugging Face and arXiv" in program.output
        async with opened(program) as ada, ada.watching("/"):
            assert await program.stopped(by) == status
    assert "Traceback" not in program.errors
    assert kept(tmp_path) == ["live.db", "workspace.db"]


async def test_the_next_morning_brings_the_next_edition_and_votes_come_first(tmp_path: Path) -> None:
    async with trying(tmp_path) as program, opened(program) as ada:
        page = await edition(ada, "Monday 22 December 2025")
        place, ts = re.findall(r'data-ts="([\d.]+)" data-channel="(C\w+)"', page)[5][::-1]
        title = re.findall(r'<strong><a href="https://arxiv.org/abs/[\d.]+"[^>]*>([^<]+)', page)[4]
        async with ada.watching("/") as stream:
            await ada.act("react", channel=place, ts=ts, emoji="fire")
            await stream.html("1 upvote here")
            await ada.act("clock", to="morning")
        await edition(ada, "Tuesday 23 December 2025")
        async with ada.watching("/") as stream:
            await ada.act("command", channel=place, text="/papers top week")
            answer = (await stream.html("Top papers of the week"))["html"]
    ranked = re.findall(r'<strong><a href="https://arxiv.org/abs/[\d.]+"[^>]*>([^<]+)', answer)
    # First is the paper that all three voted for when the trial began.
    assert title in ranked[1:]


async def test_a_trial_goes_on_where_it_was_however_it_ended(tmp_path: Path) -> None:
    async with trying(tmp_path) as program, opened(program) as ada:
        page = await edition(ada, "Monday 22 December 2025")
        place, ts = re.findall(r'data-ts="([\d.]+)" data-channel="(C\w+)"', page)[1][::-1]
        await ada.act("react", channel=place, ts=ts, emoji="rocket")
        await ada.act("say", channel=place, text="see you later")
        assert await program.stopped(signal.SIGKILL) == -signal.SIGKILL
    async with trying(tmp_path) as program, opened(program) as ada:
        assert "It goes on where it was" in program.output
        async with ada.watching("/") as stream:
            page = await ada.page("/")
            assert "see you later" in page
            assert page.count("Papers of Monday 22 December 2025") == 1
            if "1 upvote here" not in page:
                await stream.html("1 upvote here")
        await ada.act("clock", to="morning")
        page = await edition(ada, "Tuesday 23 December 2025")
        assert page.index("see you later") < page.index("Papers of Tuesday")
        assert await program.stopped() == 0
    async with trying(tmp_path, "--fresh") as program, opened(program) as ada:
        page = await edition(ada, "Monday 22 December 2025")
        assert "see you later" not in page
        assert "Papers of Tuesday" not in page
    assert "Traceback" not in program.errors


async def test_a_workspace_that_cannot_be_read_is_put_aside_with_its_database(tmp_path: Path) -> None:
    (tmp_path / trial.FOLDER).mkdir()
    for name in ("workspace.db", "sample.db"):
        (tmp_path / trial.FOLDER / name).write_text(
            "not a database at all, but long enough to look at\n" * 100
        )
    async with trying(tmp_path) as program, opened(program) as ada:
        assert "can't be read (file is not a database)" in program.output
        await edition(ada, "Monday 22 December 2025")
    aside = ["sample.db.aside-1", "workspace.db.aside-1"]
    assert kept(tmp_path) == ["sample.db", aside[0], "workspace.db", aside[1]]


async def test_two_trials_do_not_share_a_folder(tmp_path: Path) -> None:
    async with trying(tmp_path) as program:
        await program.says("Press Ctrl-C to stop.")
        for options in ((), ("--fresh",)):
            async with trying(tmp_path, *options) as second:
                assert await second.ended() == 1
            assert "workspace.db is in use: another workspace runs on it." in second.errors


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with trying(tmp_path, "--port", str(port)) as program:
            assert await program.ended() == 2
    assert f"127.0.0.1 port {port} can't be listened on: Address already in use." in program.errors


async def test_a_host_of_another_machine_is_named(tmp_path: Path) -> None:
    async with trying(tmp_path, "--host", "192.0.2.1") as program:
        assert await program.ended() == 2
    assert "192.0.2.1 port" in program.errors
    assert "can't be listened on" in program.errors


async def test_it_listens_on_this_machine_alone_unless_told_otherwise(tmp_path: Path) -> None:
    async with trying(tmp_path) as program:
        await program.says("Press Ctrl-C to stop.")
        assert "http://127.0.0.1:" in program.output
        assert "It listens on" not in program.output
        assert await program.stopped() == 0
    async with trying(tmp_path, "--host", "0.0.0.0") as program, opened(program):
        assert "It listens on 0.0.0.0: whoever can reach this machine can read it" in program.output


def test_the_sample_has_mornings_to_move_on_to() -> None:
    days = sample.days()
    assert len(days) == 5
    assert trial.beginning(live=False).date() == days[1]
    assert days[2:]


def test_live_papers_begin_on_a_working_day_of_the_last_week() -> None:
    began = trial.beginning(live=True)
    assert began.weekday() < 5
    assert 3 <= (datetime.now(UTC).date() - began.date()).days <= 5
