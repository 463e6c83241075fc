"""One running bot to a database, unless several are meant."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.replicas import only_one
from bot.workspace import Workspace
from tests.editions import list_day, papers_in
from tests.ordinary import ordinary_user
from tests.program import PATIENCE, environment, started
from tests.upstream import Upstream


async def test_a_second_run_on_one_database_is_refused_until_the_first_is_killed(
    slack: Workspace, upstream: Upstream, tmp_path: Path
) -> None:
    settings = environment(slack, upstream)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link.db").symlink_to(tmp_path / "papers.db")
    async with started("run", folder=tmp_path, environment=settings) as first:
        await slack.wait_for(lambda: slack.connections == 1, PATIENCE)
        for where in ("papers.db", "elsewhere/link.db"):
            other = settings | {"PAPERS_DATABASE": where}
            async with started("run", folder=tmp_path, environment=other) as second:
                assert await second.ended() == 1
            said = " ".join(second.errors.split())
            assert f"Another papers-bot runs on {tmp_path / 'papers.db'}" in said
            assert f"it holds {tmp_path / 'papers.db.lock'}. Stop that one first" in said
            assert "PAPERS_REPLICAS=on" in said
            assert "Traceback" not in said
        await first.stopped(signal.SIGKILL)
    async with started("run", folder=tmp_path, environment=settings) as third:
        await slack.wait_for(lambda: slack.connections == 1, PATIENCE)
        assert await third.stopped() == 0


async def test_replicas_run_side_by_side_when_they_are_meant(
    slack: Workspace, upstream: Upstream, tmp_path: Path
) -> None:
    settings = environment(slack, upstream, PAPERS_REPLICAS="on")
    async with (
        started("run", folder=tmp_path, environment=settings) as first,
        started("run", folder=tmp_path, environment=settings) as second,
    ):
        await slack.wait_for(lambda: slack.connections == 2, PATIENCE)
        assert [await first.stopped(), await second.stopped()] == [0, 0]


async def test_a_post_by_hand_beside_a_running_bot_is_welcome(
    slack: Workspace, upstream: Upstream, tmp_path: Path
) -> None:
    channel = slack.add_channel("reading")
    ids = list_day(upstream, upstream.today, 2)
    settings = environment(slack, upstream)
    async with started("run", folder=tmp_path, environment=settings) as running:
        await slack.wait_for(lambda: slack.connections == 1, PATIENCE)
        arguments = ("post", "--channel", "reading", "--date", f"{upstream.today}")
        async with started(*arguments, folder=tmp_path, environment=settings) as post:
            assert await post.ended() == 0, post.errors
        assert papers_in(slack, channel) == ["", *ids]
        assert await running.stopped() == 0


def test_the_lock_is_given_back_and_can_be_taken_again(tmp_path: Path) -> None:
    database = tmp_path / "papers.db"
    for _ in range(2):
        with (
            only_one(database),
            pytest.raises(StoreError, match="Another papers-bot runs on"),
            only_one(database),
        ):
            pytest.fail("two hold it")


def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"There is no folder .*nowhere\. Make it"),
        only_one(tmp_path / "nowhere" / "papers.db"),
    ):
        pytest.fail("it was made")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_only_be_read_is_named() -> None:
    with ordinary_user() as folder:
        folder.chmod(0o500)
        with (
            pytest.raises(StoreError, match=r"papers\.db\.lock can't be written to"),
            only_one(folder / "papers.db"),
        ):
            pytest.fail("it was made")
