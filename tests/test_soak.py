"""Kills of a real process at every step of a daily post, and a short run of the test that runs all night."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.soak.__main__ import report, shortfall
from benchmarks.soak.check import Verdict, digest
from benchmarks.soak.lives import Life, Nest, forkserver
from benchmarks.soak.moments import PLANNING, STARTING, STEPS, Killer
from benchmarks.soak.months import Aim, Months
from benchmarks.soak.place import FIRST_DAY, TOP, Place, opened
from bot.messages import VOTE
from bot.workspace import Workspace
from storage import Store
from storage.models import Post, PostKind
from tests.editions import papers_in
from tests.program import PATIENCE

#: The steps of an edition; votes are redrawn and read back in the long run.
OF_AN_EDITION = (
    STARTING,
    PLANNING,
    *(name for name in STEPS if "post" in name or "seed" in name or "thread" in name),
)
PAPERS = TOP + 3


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A day with papers, at an hour when every channel's edition is due."""
    async with opened(tmp_path) as made:
        made.list_papers(FIRST_DAY.date(), PAPERS, random.Random(0))
        made.clock.move(timedelta(hours=14).total_seconds())
        yield made


def alive(place: Place) -> Life:
    return Nest(place.settings, place.clock, place.folder / "bot.log").start(forkserver())


async def at_rest(place: Place, life: Life) -> Verdict:
    """What is left to find fault with once the bot has had time to finish."""
    with suppress(TimeoutError):
        await place.slack.wait_for(lambda: not place.verdict().all, PATIENCE)
    assert await life.stopped() == 0
    return place.verdict()


@pytest.mark.parametrize("moment", [*OF_AN_EDITION, "between messages"])
async def test_an_edition_is_there_once_and_in_order_after_a_kill(place: Place, moment: str) -> None:
    killer = Killer(place.slack, place.upstream, random.Random(moment))
    killed = alive(place)
    assert await killer.wait(moment, killed.kill, PATIENCE) == moment
    await killed.ended()
    # Longer than the claim of a process that is gone.
    place.clock.move(31)
    verdict = await at_rest(place, alive(place))
    assert verdict.all == [], digest(verdict)
    for channel in place.channels:
        assert len(set(papers_in(place.slack, channel))) == 1 + PAPERS


async def test_an_edition_is_there_once_after_a_kill_between_plan_and_send(place: Place) -> None:
    killed = alive(place)
    place.slack.faults.rate_limit("chat.postMessage", retry_after=60, times=1000)
    await place.slack.wait_for(lambda: place.all_planned(FIRST_DAY.date()), PATIENCE)
    killed.kill()
    await killed.ended()
    place.slack.faults.clear()
    place.clock.move(31)
    verdict = await at_rest(place, alive(place))
    assert verdict.all == [], digest(verdict)


async def test_two_processes_that_find_the_same_interrupted_edition_send_it_once(place: Place) -> None:
    killer = Killer(place.slack, place.upstream, random.Random(5))
    killed = alive(place)
    await killer.wait("while Slack answers a post", killed.kill, PATIENCE)
    await killed.ended()
    place.clock.move(31)
    both = [alive(place), alive(place)]
    verdict = await at_rest(place, both[0])
    assert await both[1].stopped() == 0
    assert verdict.all == [], digest(verdict)
    assert "is there twice" not in (place.folder / "bot.log").read_text(encoding="utf-8")


async def test_a_short_run_of_kills_and_faults_finds_nothing_twice_and_nothing_lost(tmp_path: Path) -> None:
    async with opened(tmp_path) as place:
        months = Months(place, seed=6, aim=Aim(minutes=0.2, kills=15, events=500))
        verdict = await months.run()
        said = report(months, verdict, seed=6)
    assert verdict.all == [], said
    assert shortfall(months) == []
    assert "duplicates: 0, losses: 0, wrong: 0, unfinished: 0" in said


async def test_the_comparison_sees_what_is_there_twice_or_unknown_to_the_ledger(place: Place) -> None:
    assert (await at_rest(place, alive(place))).all == []
    channel = place.channels[0]
    first = place.slack.messages(channel)[1]
    await again(place.slack, channel, first.metadata or {})
    verdict = place.verdict()
    assert len(verdict.duplicates) == 1
    assert f"in {channel} 2 times" in verdict.duplicates[0]
    assert "in no row of the ledger" in verdict.wrong[0]
    assert "duplicates" in digest(verdict)


async def again(slack: Workspace, channel: str, metadata: dict[str, object]) -> None:
    """Post a message with the same metadata, as a bot that repeats itself would."""
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel=channel, text="Once more", metadata=metadata)


async def test_the_comparison_sees_votes_saves_and_posts_that_are_lost(place: Place) -> None:
    assert (await at_rest(place, alive(place))).all == []
    slack, channel, person = place.slack, place.channels[0], place.people[0]
    header, first = slack.messages(channel)[:2]
    await slack.react(person, channel, first.ts, "heart")
    slack.delete_message(channel, header.ts)
    place.list_papers(FIRST_DAY.date(), 1, random.Random(1))
    with Store.open(place.database) as store:
        await store.plan_share(share(place, channel))
    verdict = place.verdict()
    assert [line.split(" came to ")[0] for line in verdict.losses] == [
        f"{place.listed[FIRST_DAY.date()][-1]} never"
    ] * (len(place.channels) - 1)
    assert any(f"Slack shows heart of {person}" in line for line in verdict.wrong)
    assert any("which is not in the channel" in line for line in verdict.wrong)
    assert [line.rsplit(" ", 1)[-1] for line in verdict.unfinished] == ["planned"]


async def test_the_comparison_sees_a_press_that_was_acknowledged_and_forgotten(place: Place) -> None:
    bot = alive(place)
    channel, person = place.channels[0], place.people[0]
    await place.slack.wait_for(lambda: len(place.slack.messages(channel)) > 1, PATIENCE)
    pressed = await place.slack.click(person, channel, place.slack.messages(channel)[1].ts, VOTE)
    assert pressed.acked
    assert (await at_rest(place, bot)).all == []
    connection = sqlite3.connect(place.database)
    connection.execute("DELETE FROM clicks")
    connection.commit()
    connection.close()
    assert "it is not in the store" in place.verdict().losses[0]


def share(place: Place, channel: str) -> Post:
    return Post(
        team_id=place.slack.team_id,
        channel_id=channel,
        day=None,
        position=0,
        kind=PostKind.SHARE,
        planned_at=place.clock.now(),
        paper_id=place.listed[FIRST_DAY.date()][-1],
    )
