"""After days without the bot: one edition, what was missed in a line, and nothing of the past in the channel."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.drafting import posts_of
from bot.errors import DeliveryError
from bot.messages import header_message
from bot.workspace import Workspace
from storage.models import Edition, Exposure, PostState
from tests.conftest import QUICK, TUESDAY, MovedClock
from tests.editions import carried, list_day, move, papers_in, post_calls, posted, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
POST = "chat.postMessage"
DAY = timedelta(days=1)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


def headers(slack: Workspace, channel: str) -> list[str]:
    return [str(carried(one)["edition"]) for one in posted(slack, channel) if not carried(one)["paper"]]


async def interrupted(bot: Bot, slack: Workspace, sent: int) -> None:
    """Post until `sent` messages are in the channel; then Slack refuses the bot as long as nobody mends it."""
    if sent:
        slack.faults.hang(POST, seconds=0, times=sent)
    slack.faults.fail(POST, error="not_in_channel")
    await tick(bot)


async def later(bot: Bot, clock: MovedClock, upstream: Upstream, days: float) -> None:
    """Wake up so many days later, and look three times."""
    move(clock, upstream, TUESDAY + days * DAY)
    for _ in range(3):
        await tick(bot)
        clock.forward(seconds=31)


async def test_a_laptop_asleep_for_days_posts_one_edition_and_counts_what_is_too_old_for_it(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 2)
    await subscribe(bot, papers)
    await tick(bot)
    fresh: list[str] = []
    for day in range(1, 8):
        listed = list_day(upstream, TODAY + day * DAY, 2)
        fresh = [*listed, *fresh] if day >= 4 else fresh
    # Read by a question while the channel could get nothing, as by another channel's edition.
    for day in (1, 2):
        move(clock, upstream, TUESDAY + day * DAY)
        await bot.library.ingest.ensure_day(TODAY + day * DAY)
    await later(bot, clock, upstream, 7)
    assert headers(slack, papers) == ["2026-08-18", "2026-08-25"]
    assert sorted(papers_in(slack, papers)[4:]) == sorted(fresh)
    assert papers_in(slack, papers)[:3] == ["", *ids]
    text = posted(slack, papers)[3].plain()
    assert "Papers of Saturday 22 August to Tuesday 25 August 2026" in text
    assert "In no edition: 2 papers of 19 August (`/papers 2026-08-19`), 2 papers of 20 August" in text
    assert "21 August" not in text, "of a day that nobody read, the store knows nothing"


async def test_no_edition_counts_what_it_brings_or_what_the_channel_had(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_day(upstream, TODAY, 1)
    await subscribe(bot, papers)
    for days in range(4):
        list_day(upstream, TODAY + days * DAY, 1, first=10 + days)
        move(clock, upstream, TUESDAY + days * DAY)
        await tick(bot)
    assert len(headers(slack, papers)) == 4
    assert not any("In no edition" in message.plain() for message in posted(slack, papers))


@pytest.mark.parametrize(
    ("days", "hour", "editions"), [(1, 8, 1), (0, 10, 1), (1, 10, 1), (3, 8, 0), (3, 10, 1)]
)
async def test_an_edition_that_was_not_begun_is_posted_late_or_its_papers_come_with_the_next(
    bot: Bot,
    slack: Workspace,
    upstream: Upstream,
    clock: MovedClock,
    papers: str,
    days: int,
    hour: int,
    editions: int,
) -> None:
    ids = list_day(upstream, TODAY, 3)
    await subscribe(bot, papers, post_at=time(9, 0))
    await interrupted(bot, slack, 0)
    move(clock, upstream, TUESDAY.replace(hour=hour, minute=0) + days * DAY)
    for _ in range(3):
        clock.forward(minutes=11)
        await tick(bot)
    found = papers_in(slack, papers)
    assert found == (["", *ids] if editions else [])
    kept = TODAY if (days, hour) in {(1, 8), (0, 10)} else TODAY + days * DAY
    assert headers(slack, papers) == [kept.isoformat()] * editions
    assert [one.role for one in await _exposures(bot, papers, kept)] == ["best"] * 3 * editions


async def _exposures(bot: Bot, channel: str, day: date) -> list[Exposure]:
    edition = await bot.library.store.edition(bot.identity.team_id, channel, day)
    return await bot.library.store.exposures(edition) if edition else []


@pytest.mark.parametrize("sent", [1, 2, 4, 6])
@pytest.mark.parametrize("days", [1, 3])
async def test_an_edition_half_sent_is_finished_the_day_after_and_later_the_rest_is_in_the_next(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str, sent: int, days: int
) -> None:
    ids = list_day(upstream, TODAY, 6)
    await subscribe(bot, papers, top=3)
    await interrupted(bot, slack, sent)
    assert papers_in(slack, papers) == ["", *ids][:sent]
    await later(bot, clock, upstream, days)
    assert sorted(papers_in(slack, papers)) == sorted(["", *ids, *([""] if days == 3 else [])])
    assert headers(slack, papers) == ["2026-08-18", *(["2026-08-21"] if days == 3 else [])]
    said = "6 papers" if days == 1 else f"{sent - 1} paper"
    assert said in posted(slack, papers)[0].plain()


async def test_a_post_of_days_ago_whose_fate_is_unknown_is_looked_for_before_anything_is_taken_back(
    bot: Bot, settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 3)
    await subscribe(bot, papers)
    slack.faults.hang(POST, seconds=30, work=True)
    async with open_bot(settings, clock, QUICK) as dying:
        tasks = await dying.daily.tick()
        await slack.wait_for(lambda: len(posted(slack, papers)) == 1)
        for task in tasks:
            task.cancel()
    await later(bot, clock, upstream, 3)
    assert papers_in(slack, papers) == ["", "", *ids]
    assert "0 papers" in posted(slack, papers)[0].plain()
    assert headers(slack, papers) == ["2026-08-18", "2026-08-21"]


async def test_an_old_day_that_a_hand_asks_for_is_not_taken_for_a_leftover(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_day(upstream, TODAY - 6 * DAY, 3)
    await subscribe(bot, papers)
    slack.faults.fail(POST, error="not_in_channel")
    with pytest.raises(DeliveryError, match="invite"):
        await bot.daily.post(bot.subscription(papers), TODAY - 6 * DAY)
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]


async def test_what_another_process_takes_back_between_two_steps_is_not_posted(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    list_day(upstream, TODAY, 3)
    subscription = bot.subscription(papers)
    draft = await bot.daily.drafting.draft(subscription, TODAY, exact=False)
    assert draft
    store = bot.library.store
    assert await store.plan(draft.edition, posts_of(draft), draft.exposures)
    first, *_ = await store.posts(draft.edition)
    await store.forget_unsent(subscription.team_id, papers, TODAY)
    assert not await store.claim(first, TUESDAY)
    assert (await store.current(first)).state is PostState.PLANNED
    assert await bot.daily.delivery.send(draft.edition) == (0, 0, 0, 0)
    assert post_calls(slack) == 0


def _header(missed: dict[str, int]) -> str:
    of = Edition(
        team_id="T1", channel_id="C1", day=TODAY, listed_day=TODAY, planned_at=TUESDAY, top=5, missed=missed
    )
    return str(header_message(of, 3, "+1")["blocks"])


def test_the_header_names_three_missed_days_and_counts_more() -> None:
    three = {f"2026-08-{day}": day for day in (11, 12, 13)}
    assert (
        "In no edition: 11 papers of 11 August (`/papers 2026-08-11`), 12 papers of 12 August (`/papers 2026-08-12`), "
        "13 papers of 13 August (`/papers 2026-08-13`)"
    ) in _header(three)
    assert (
        "In no edition: 46 papers of 4 days, from 10 August (`/papers 2026-08-10`) to 13 August (`/papers 2026-08-13`)"
    ) in _header({"2026-08-10": 10, **three})
    assert "In no edition" not in _header({})


async def test_a_first_edition_that_was_not_posted_in_time_is_part_of_the_next(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    first = list_day(upstream, TODAY, 2)
    await subscribe(bot, papers)
    await interrupted(bot, slack, 0)
    second = list_day(upstream, TODAY + DAY, 2)
    slack.faults.clear()
    await later(bot, clock, upstream, 1)
    assert headers(slack, papers) == ["2026-08-19"]
    assert sorted(papers_in(slack, papers)[1:]) == sorted([*first, *second])


async def test_what_broke_off_twice_is_counted_as_missed_by_a_third_edition(
    bot: Bot, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_day(upstream, TODAY, 3)
    await subscribe(bot, papers)
    await bot.library.ingest.ensure_day(TODAY)
    broken_off = Edition(
        team_id=bot.identity.team_id,
        channel_id=papers,
        day=TODAY + 2 * DAY,
        first_day=TODAY,
        listed_day=TODAY + 2 * DAY,
        planned_at=TUESDAY + 2 * DAY,
        top=1,
    )
    await bot.library.store.plan(broken_off, [])
    list_day(upstream, TODAY + 6 * DAY, 1)
    move(clock, upstream, TUESDAY + 6 * DAY)
    draft = await bot.daily.drafting.draft(bot.subscription(papers), TODAY + 6 * DAY, exact=False)
    assert draft
    assert draft.edition.missed == {"2026-08-18": 3}
