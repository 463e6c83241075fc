"""What a channel can ask of its daily edition besides the hour: days, sources, upvotes, and one list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.drafting import reaching_back
from bot.posting import post_now
from bot.workspace import Workspace, message_problems
from storage.models import EVERY_DAY, Mode
from tests.conftest import QUICK, TUESDAY, MovedClock
from tests.editions import list_day, move, papers_in, post_calls, posted, subscribe, tick
from tests.test_alerts import list_titles
from tests.upstream import Upstream

TODAY = TUESDAY.date()
DAY = timedelta(days=1)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


async def test_an_edition_comes_on_the_days_asked_for_and_catches_up_on_the_others(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    await subscribe(bot, papers, weekdays=(1,), top=1)
    expected = ["", *list_day(upstream, TODAY, 1)]
    await tick(bot)
    assert papers_in(slack, papers) == expected
    later = []
    for day in range(1, 7):
        later += list_day(upstream, TODAY + day * DAY, 1)
        move(clock, upstream, TUESDAY + day * DAY)
        await tick(bot)
    assert papers_in(slack, papers) == expected
    move(clock, upstream, TUESDAY + 7 * DAY)
    await tick(bot)
    assert sorted(papers_in(slack, papers)[3:]) == sorted(later)
    assert "In no edition" not in posted(slack, papers)[2].plain()


@pytest.mark.parametrize(
    ("weekdays", "day", "days"),
    [
        (EVERY_DAY, TODAY, 3),
        ((1,), TODAY, 7),
        ((0, 1, 2, 3, 4), date(2026, 8, 17), 3),
        ((1, 4), TODAY, 4),
        ((2,), TODAY, 6),
    ],
)
def test_an_edition_reaches_back_to_the_last_day_with_one(
    weekdays: tuple[int, ...], day: date, days: int
) -> None:
    assert reaching_back(weekdays, day) == timedelta(days=days)


async def test_a_paper_without_the_upvotes_asked_for_waits_until_it_has_them(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    (liked,) = list_titles(upstream, TODAY, "Liked", upvotes=9)
    (rising,) = list_titles(upstream, TODAY, "Rising", upvotes=3)
    await subscribe(bot, papers, minimum=5)
    await tick(bot)
    assert papers_in(slack, papers) == ["", liked]
    upstream.days[str(TODAY)][1]["paper"]["upvotes"] = 7
    move(clock, upstream, TUESDAY + DAY)
    await tick(bot)
    assert papers_in(slack, papers) == ["", liked, "", rising]


async def test_a_day_without_what_was_asked_for_is_passed_over_in_silence(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_titles(upstream, TODAY, "Unliked", upvotes=1)
    async with open_bot(settings, clock, QUICK) as bot:
        await subscribe(bot, papers, minimum=5)
        clock.forward(hours=10)
        await tick(bot)
        await tick(bot)
        assert post_calls(slack) == 0
        edition = await bot.library.store.edition(bot.identity.team_id, papers, TODAY)
    assert edition
    assert edition.why


async def test_papers_of_one_source_alone(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    elsewhere = slack.add_channel("elsewhere")
    ids = list_day(upstream, TODAY, 2)
    await subscribe(bot, papers, sources=("huggingface",))
    await subscribe(bot, elsewhere, sources=("arxiv",))
    await tick(bot)
    assert papers_in(slack, papers) == ["", *ids]
    assert papers_in(slack, elsewhere) == []


async def test_as_a_list_the_header_names_the_best_and_all_are_in_its_thread(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 12)
    await subscribe(bot, papers, top=11, mode=Mode.LIST)
    subscription = await bot.library.store.subscription(bot.identity.team_id, papers)
    assert subscription
    dry = await post_now(bot, subscription, None, dry_run=True)
    await tick(bot)
    (header,) = slack.messages(papers)
    assert [f"Paper {id}" in header.plain() for id in ids] == [True] * 11 + [False]
    assert "11. " in header.plain()
    assert len(slack.thread(papers, header.ts)) == 12
    assert dry.messages[0] == {"text": header.text, "blocks": dry.messages[0]["blocks"]}
    assert message_problems({"text": header.text, "blocks": header.blocks}) == []
    assert "".join(str(block["type"]) for block in dry.messages[0]["blocks"]).startswith(
        "headersectionsection"
    )
