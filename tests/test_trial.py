"""`papers-bot try`: one visible round trip without Slack, and then a bot that runs on."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.editions import list_day
from tests.program import started
from tests.upstream import Upstream


def sources_at(url: str) -> dict[str, str]:
    return {"HUGGINGFACE_URL": url, "ARXIV_URL": url, "ARXIV_RSS_URL": url, "PAPERS_ARXIV_CATEGORIES": "none"}


def inside(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.fixture
def live(upstream: Upstream) -> dict[str, str]:
    """Sources within reach, with a small day."""
    upstream.today = datetime.now(UTC).date()
    list_day(upstream, upstream.today, 4)
    return sources_at(upstream.url)


async def test_one_round_trip_shows_the_edition_a_search_votes_and_the_new_order(tmp_path: Path) -> None:
    # Nobody answers on port 1 of this machine, so the bundled sample is played.
    out_of_reach = sources_at("http://127.0.0.1:1")
    async with started("try", "--once", folder=tmp_path, environment=out_of_reach) as program:
        assert await program.ended() == 0
    shown = program.output
    assert "from the bundled sample" in shown
    steps = ["The morning's post in #papers", "/papers reasoning", "Cleo presses Upvote", "/papers top week"]
    assert sorted(shown.index(step) for step in steps) == [shown.index(step) for step in steps]
    votes, order = shown[shown.index(steps[2]) :].split(steps[3])
    assert "3 upvotes here" in votes
    assert "3 upvotes here" in order
    assert "Traceback" not in program.errors
    assert inside(tmp_path) == [], "a trial leaves nothing behind"


@pytest.mark.parametrize(("by", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_it_runs_on_until_it_is_stopped(
    live: dict[str, str], tmp_path: Path, by: signal.Signals, status: int
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    settings = {**live, "TMPDIR": str(folder)}
    async with started("try", folder=tmp_path, environment=settings) as program:
        await program.says("The bot keeps running")
        assert "live from Hugging Face and arXiv" in program.output
        assert await program.stopped(by) == status
    assert "Traceback" not in program.errors
    assert inside(folder) == [], "the trial's database is taken away"


async def test_it_can_be_stopped_in_the_middle_of_the_round_trip(
    live: dict[str, str], tmp_path: Path
) -> None:
    async with started("try", folder=tmp_path, environment=live) as program:
        await program.says("The morning's post")
        assert await program.stopped(signal.SIGINT) == 130
    assert "Traceback" not in program.errors
