"""Each day has one edition at most, whatever the zone, the hour and the clock do."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot import config
from bot.app import open_bot
from bot.workspace import Workspace
from tests.conftest import QUICK, MovedClock
from tests.editions import carried, list_day, move, posted, subscribe, tick
from tests.upstream import Upstream

#: From one end of the day to the other; with half hours, a change of half an hour, one at midnight, and a winter time
#: that is the exception.
ZONES = (
    *("Etc/GMT+12", "America/St_Johns", "America/Havana", "UTC", "Africa/Casablanca", "Europe/Berlin"),
    *("Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati"),
)
#: Evenings before clocks change somewhere, and one on which nothing happens.
EVES = tuple(
    datetime.fromisoformat(f"{day}T18:00Z")
    for day in ("2026-03-07", "2026-03-28", "2026-04-04", "2026-08-18", "2026-10-24", "2026-10-31")
)
#: What is read is read again after ten minutes, so no step is shorter.
STEP = timedelta(minutes=11)
#: Some minutes, some days, more than a year; and back.
STEPS = st.one_of(st.integers(1, 140), st.integers(-300, 400), st.sampled_from([-52_000, 52_000]))
WALKS = st.lists(st.tuples(STEPS, st.booleans()), min_size=1, max_size=9)
HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30, 59]))


async def walked(
    zone: str, start: datetime, walk: list[tuple[int, bool]], post_at: time, until: time
) -> tuple[Counter[str], set[str], set[str]]:
    """Let a bot look at each step of a walk of its clock, and list a paper before it where the step says so.

    Returns how often each day was begun in the channel, the days on which the bot looked after the hour, and of these
    the ones that had a new paper at each look.
    """
    clock, looked, poor = MovedClock(start), set(), set()
    with tempfile.TemporaryDirectory() as folder:
        async with Workspace(enforce_limits=False) as slack, Upstream() as upstream:
            chosen = config.load(
                _env_file=None,
                slack_bot_token=slack.bot_token,
                slack_api_url=slack.api_url,
                huggingface_url=upstream.url,
                papers_database=Path(folder) / "papers.db",
                papers_arxiv_categories=(),
                papers_embedding="static",
                papers_post_until=until,
            )
            channel = slack.add_channel("papers")
            async with open_bot(chosen, clock, QUICK) as bot:
                await subscribe(bot, channel, timezone=zone, post_at=post_at, top=1)
                for number, (steps, papers) in enumerate(walk, start=1):
                    move(clock, upstream, clock() + steps * STEP)
                    local = clock().astimezone(ZoneInfo(zone))
                    if papers:
                        # In the far west the sources' day is over before the channel's: it belongs to the next edition.
                        list_day(upstream, min(local.date(), clock().date()), 1, first=number)
                    if local.time() >= post_at:
                        looked.add(f"{local:%Y-%m-%d}")
                        poor |= set() if papers else {f"{local:%Y-%m-%d}"}
                    await tick(bot)
            first = [carried(message) for message in posted(slack, channel)]
            begun = Counter(str(it["edition"]) for it in first if it["position"] == 0)
    return begun, looked, looked - poor


@given(st.sampled_from(ZONES), st.sampled_from(EVES), WALKS, HOURS, HOURS)
@example("Europe/Berlin", EVES[1], [(33, True), (6, True), (6, True), (120, True)], time(2, 30), time(18, 0))
@example("Europe/Berlin", EVES[4], [(36, True), (6, True), (6, True), (120, True)], time(2, 30), time(18, 0))
@example("UTC", EVES[3], [(1, True), (52_000, True), (1, True), (-52_000, True)], time(0, 0), time(18, 0))
@example("Etc/GMT+12", EVES[0], [(4, False), (52_000, True)], time(0, 0), time(0, 0))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_day_has_one_edition_at_most_and_one_where_papers_were_there_after_the_hour(
    zone: str, start: datetime, walk: list[tuple[int, bool]], post_at: time, until: time
) -> None:
    begun, looked, rich = asyncio.run(walked(zone, start, walk, post_at, until))
    assert set(begun.values()) <= {1}
    assert rich <= set(begun) <= looked
