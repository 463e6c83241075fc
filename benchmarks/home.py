"""What one person's Home costs to build, of somebody with thousands of votes.

The person has voted on 5,000 papers, saved 500 with a note on every fifth, and read a thousand; their channel had an
edition today, and forty papers were listed on each of the last seven days. The papers are made up as in the benchmark
of the ranking. Timed is each section as it is built for `views.publish`, without the call: an edition of theirs; what
is picked for them, computed anew as on opening it and kept as on leafing through it; a day's list that no channel of
theirs had, anew; the saved papers, all of them and searched; their numbers, channels and
settings; and how long the loop stood still at most
while all of it was built. Beside it ten papers are read from the database, which no page of ten can do without.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Side, alternate, main, show, timed_async
from benchmarks.load import MORNING, UNPACED, settings
from benchmarks.ranking import made_up
from bot.app import Bot, open_bot
from bot.messages.home.place import Spot, Tab
from bot.workspace import Workspace
from storage.models import Batch, Click, Note, Opening, Paper, Reading, Save

TEN = "ten papers read"
EDITION, LIST, PICKS, KEPT = "an edition", "a day's list, anew", "for you, anew", "for you, kept"
SAVED, SEARCHED, NUMBERS = "saved papers", "saved papers, searched", "numbers"
CHANNELS, SETTINGS = "channels", "settings"
_DAYS = 7


async def measure(
    *,
    rounds: int = 9,
    times: int = 10,
    votes: int = 5_000,
    saved: int = 500,
    read: int = 1_000,
    listed: int = 40,
) -> None:
    """Measure and print; `listed` is how many papers each of the last days has."""
    papers = made_up(votes + saved + (_DAYS + 1) * listed, np.random.default_rng(0))
    async with _used(papers, votes, saved, read, listed) as (bot, person):
        sides = _sides(bot, person, times, [paper.id for paper in papers[:10]])
        for side in sides.values():
            await side()
        stalled = asyncio.create_task(_longest_stall())
        results = await alternate(sides, rounds)
        stalled.cancel()
        show(f"Home of somebody with {votes:,} votes and {saved:,} saved papers", results, TEN, "p50 ms")
        print(f"\nthe loop stood still for {await stalled:.1f} ms at most")


async def _longest_stall() -> float:
    """The longest wait, in milliseconds, of somebody who wants to go on after one; asked for by cancelling it."""
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest * 1000


def _sides(bot: Bot, person: str, times: int, ten: list[str]) -> dict[str, Side]:
    today = MORNING.date()

    def built(tab: Tab, *, anew: bool = False, day: date | None = None, query: str = "") -> Side:
        async def build() -> None:
            if anew:
                bot.homes.home.papers.forget(person)
            await bot.homes.home.view(person, Spot(tab, day=day, query=query))
            # As between two calls to Slack: of several builds without a pause the loop would wait for all.
            await asyncio.sleep(0)

        return partial(timed_async, build, times)

    return {
        EDITION: built(Tab.TODAY, day=today),
        LIST: built(Tab.TODAY, anew=True, day=today - timedelta(days=1)),
        PICKS: built(Tab.FOR_YOU, anew=True),
        KEPT: built(Tab.FOR_YOU),
        SAVED: built(Tab.SAVED),
        SEARCHED: built(Tab.SAVED, query="word1 word2"),
        NUMBERS: built(Tab.STATS),
        CHANNELS: built(Tab.CHANNELS),
        SETTINGS: built(Tab.SETTINGS),
        TEN: partial(timed_async, lambda: bot.library.store.papers(ten), times),
    }


@asynccontextmanager
async def _used(
    papers: list[Paper], votes: int, saved: int, read: int, listed: int
) -> AsyncIterator[tuple[Bot, str]]:
    """The bot after a long time with one person, whose channel had an edition today."""
    with tempfile.TemporaryDirectory() as name:
        async with Workspace(enforce_limits=False) as slack:
            person, channel = slack.add_user("ada"), slack.add_channel("papers")
            wanted = settings(slack.api_url, slack.bot_token, Path(name) / "papers.db")
            async with open_bot(wanted, lambda: MORNING, UNPACED) as bot:
                old, new = papers[: votes + saved], papers[votes + saved :]
                # Only to be here sooner: no power fails in the middle of a benchmark.
                bot.library.store.db.conn.execute("PRAGMA synchronous = off")
                await bot.library.store.keep(Batch(source="arxiv", papers=tuple(old)), MORNING)
                await _list(bot, new, listed)
                await _act(bot, person, channel, [paper.id for paper in old], votes, saved, read)
                bot.library.store.db.conn.execute("PRAGMA synchronous = full")
                await bot.library.store.subscribe(bot.subscription(channel))
                await bot.daily.post(bot.subscription(channel))
                yield bot, person


async def _list(bot: Bot, papers: list[Paper], listed: int) -> None:
    store = bot.library.store
    for back in range(_DAYS + 1):
        day = MORNING.date() - timedelta(days=back)
        its = tuple(papers[back * listed : (back + 1) * listed])
        ids = tuple(paper.id for paper in its)
        await store.keep(Batch(source="huggingface", papers=its, day=day, listed=ids), MORNING)
        await store.record_reading(Reading(source="huggingface", day=day, read_at=MORNING))


async def _act(
    bot: Bot, person: str, channel: str, ids: list[str], votes: int, saved: int, read: int
) -> None:
    store, team, then = bot.library.store, bot.identity.team_id, MORNING.timestamp()
    whose = {"team_id": team, "user_id": person}
    for number, id in enumerate(ids[:votes]):
        at = then - 1_000.0 * (votes - number)
        await store.record_click(
            Click(**whose, paper_id=id, click_id=str(number), clicked_at=at, channel_id=channel)
        )
    for number, id in enumerate(ids[votes : votes + saved]):
        at = then - 1_000.0 * (saved - number)
        await store.record_save(Save(**whose, paper_id=id, saved=True, pressed_at=at))
        if number % 5 == 0:
            await store.write_note(Note(**whose, paper_id=id, text=f"word1 of note {number}", written_at=at))
    for id in ids[:read]:
        await store.record_opening(Opening(**whose, paper_id=id, opened_at=then - 10))


if __name__ == "__main__":
    main(measure)
