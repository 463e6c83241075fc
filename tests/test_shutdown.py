"""Asked to stop, the program is gone within ten seconds, in order, whatever is under way and whoever hangs."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.workspace import Workspace
from storage import Store
from storage.models import Batch
from tests.editions import list_day, papers_in, posted
from tests.library import many
from tests.program import PATIENCE, Program, environment, started, until
from tests.test_app import ledger
from tests.upstream import Upstream

#: Service managers kill what is still there then.
SECONDS = 10.0
FOR_EVER = 600.0


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


@pytest.fixture
def expected(upstream: Upstream) -> list[str]:
    upstream.today = datetime.now(UTC).date()
    return ["", *list_day(upstream, upstream.today, 5)]


async def stopped_in_time(program: Program) -> None:
    began = time.monotonic()
    assert await program.stopped(signal.SIGTERM) == 0, program.errors
    assert time.monotonic() - began < SECONDS
    assert "Traceback" not in program.errors
    assert "never retrieved" not in program.errors
    assert "was never awaited" not in program.errors


def asked_of(slack: Workspace, method: str, times: int = 1) -> Callable[[], bool]:
    return lambda: sum(call.method == method for call in slack.calls) >= times


@pytest.mark.parametrize(
    ("method", "left"),
    [
        # Slack has the message, and its answer is lost: the next start looks for it.
        ("chat.postMessage", {"sent": 1, "sending": 1, "planned": 4}),
        # The messages are there and confirmed, and only the bot's own reaction is missing.
        ("reactions.add", None),
    ],
)
async def test_in_the_middle_of_an_edition_while_slack_hangs(
    slack: Workspace, upstream: Upstream, papers: str, expected: list[str], tmp_path: Path, method: str,
    left: dict[str, int] | None,
) -> None:  # fmt: skip
    settings = environment(slack, upstream, PAPERS_CHANNELS="papers", PAPERS_TOP="2")
    slack.faults.hang(method, seconds=0)
    slack.faults.hang(method, seconds=FOR_EVER, times=100)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(asked_of(slack, method, 2), PATIENCE)
        await stopped_in_time(program)
    assert left is None or ledger(tmp_path) == left
    slack.faults.clear()
    with Store.open(tmp_path / "papers.db") as store:
        # Half a minute passes.
        store.write(
            "UPDATE posts SET claimed_at = '2026-01-01T00:00:00.000000+00:00' WHERE state = 'sending'", {}
        )
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: papers_in(slack, papers) == expected, PATIENCE)
        await stopped_in_time(program)
    assert papers_in(slack, papers) == expected


async def test_while_everything_hangs_at_once(
    slack: Workspace, upstream: Upstream, papers: str, expected: list[str], tmp_path: Path
) -> None:
    ada, other = slack.add_user("ada"), slack.add_channel("other")
    settings = environment(slack, upstream, PAPERS_CHANNELS="papers,other", PAPERS_TOP="2")
    slack.faults.hang("chat.postMessage", seconds=FOR_EVER, channel=other)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: papers_in(slack, papers) == expected, PATIENCE)
        upstream.hang("/api", seconds=FOR_EVER)
        slack.faults.hang("chat.update", seconds=FOR_EVER, times=100, work=False)
        slack.faults.hang("chat.getPermalink", seconds=FOR_EVER, times=100)
        await slack.react(ada, papers, posted(slack, papers)[1].ts, "+1")
        await slack.wait_for(asked_of(slack, "chat.update"), PATIENCE)
        asked = len(upstream.requests)
        await slack.command(ada, papers, "/papers", "something nobody has written about")
        await upstream.asked(asked + 1)
        await stopped_in_time(program)
    # What was voted is stored, and drawn after the next start.
    slack.faults.clear()
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: "1 upvote here" in posted(slack, papers)[1].plain(), PATIENCE)
        await stopped_in_time(program)


async def test_while_a_source_hangs(
    slack: Workspace, upstream: Upstream, papers: str, expected: list[str], tmp_path: Path
) -> None:
    upstream.hang("/api/daily_papers", seconds=FOR_EVER, times=1)
    settings = environment(slack, upstream, PAPERS_CHANNELS="papers", PAPERS_TOP="2")
    async with started("run", folder=tmp_path, environment=settings) as program:
        await upstream.asked(1)
        await slack.wait_for(lambda: slack.connections, PATIENCE)
        await stopped_in_time(program)
    assert papers_in(slack, papers) == []
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: papers_in(slack, papers) == expected, PATIENCE)
        await stopped_in_time(program)


async def test_while_the_search_index_is_built(slack: Workspace, upstream: Upstream, tmp_path: Path) -> None:
    count = 30_000
    with Store.open(tmp_path / "papers.db") as store:
        await store.keep(Batch(source="arxiv", papers=tuple(many(range(count)))), datetime.now(UTC))
    state = tmp_path / "papers.db.index" / "state.json"
    settings = environment(slack, upstream)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: slack.connections, PATIENCE)
        await until(state.exists)
        await stopped_in_time(program)
    async with started(
        "search", "--offline", f"title:word{count - 1}", folder=tmp_path, environment=settings
    ) as search:
        assert await search.ended() == 0, search.errors
    assert f"2601.{count - 1:05}" in search.output
