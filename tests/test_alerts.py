"""Topics: their papers come once, with what matched, on the days and at the hour asked for, and never as noise."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from bot.app import Bot
from bot.topics import preview, wanted
from bot.workspace import Workspace
from storage.models import Click, Mode, Topic
from tests.conftest import TUESDAY, MovedClock
from tests.editions import carried, move, papers_in, post_calls, posted, subscribe, tick, until_done
from tests.upstream import Upstream, daily_item

TODAY = TUESDAY.date()
POST = "chat.postMessage"


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


def list_titles(upstream: Upstream, day: date, *titles: str, upvotes: int = 10) -> list[str]:
    """Papers with these titles at Hugging Face on a day; returns their ids."""
    listed = upstream.days.setdefault(day.isoformat(), [])
    ids = [f"{day:%y%m}.{day:%d}{len(listed) + number:03d}" for number in range(1, len(titles) + 1)]
    listed += [daily_item(id, title, upvotes=upvotes) for id, title in zip(ids, titles, strict=True)]
    return ids


async def follow(bot: Bot, channel: str, typed: str, **changes: Any) -> Topic:
    fields: dict[str, Any] = {
        "id": f"{typed[:8]}-{channel[-3:]}",
        "team_id": bot.identity.team_id,
        "channel_id": channel,
        "user_id": "U1",
        "typed": typed,
        "post_at": time(9),
        "timezone": "UTC",
        "top": 5,
        "created_at": bot.clock(),
    }
    topic = Topic(**(fields | changes))
    await bot.library.store.keep_topic(topic)
    return topic


async def test_a_topic_brings_what_matches_and_says_which_words_did(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    robots, _, _ = list_titles(
        upstream, TODAY, "Robots that learn to walk", "A survey of robots", "Proteins at work"
    )
    topic = await follow(bot, papers, "robots -survey")
    await tick(bot)
    assert papers_in(slack, papers) == [robots]
    (alert,) = posted(slack, papers)
    assert carried(alert) == {
        "edition": str(TODAY),
        "position": 1,
        "paper": robots,
        "series": topic.series,
        "kind": "alert",
    }
    assert "On the topic *robots -survey*" in str(alert.blocks[0])
    assert "*Robots* that learn" in str(alert.blocks[0])
    assert alert.reactions  # the bot's own, so that voting takes one click


async def test_nothing_is_posted_on_a_day_without_matches_and_what_appears_later_comes(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_titles(upstream, TODAY, "Proteins at work")
    await follow(bot, papers, "robots")
    await tick(bot)
    assert post_calls(slack) == 0
    (late,) = list_titles(upstream, TODAY, "Robots at last")
    await tick(bot)
    assert post_calls(slack) == 0  # it was just looked for
    clock.forward(minutes=11)
    await tick(bot)
    assert papers_in(slack, papers) == [late]


async def test_a_topic_is_posted_once_a_day_and_a_paper_once_at_all(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    (first,) = list_titles(upstream, TODAY, "Robots walk")
    await follow(bot, papers, "robots")
    await tick(bot)
    (second,) = list_titles(upstream, TODAY, "Robots swim")
    clock.forward(minutes=11)
    await tick(bot)
    assert papers_in(slack, papers) == [first]
    move(clock, upstream, TUESDAY + timedelta(days=1))
    await tick(bot)
    assert papers_in(slack, papers) == [first, second]


async def test_what_the_channels_daily_edition_has_does_not_come_again(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    elsewhere = slack.add_channel("robots")
    ids = list_titles(upstream, TODAY, "Robots walk", "Proteins at work")
    await subscribe(bot, papers)
    await follow(bot, papers, "robots")
    await follow(bot, elsewhere, "robots")
    for _ in range(3):
        await tick(bot)
    assert sorted(papers_in(slack, papers)) == ["", *sorted(ids)]
    assert papers_in(slack, elsewhere) == ids[:1]


@pytest.mark.parametrize(
    ("changes", "comes"),
    [
        ({"weekdays": (0, 2)}, False),
        ({"weekdays": (1,)}, True),
        ({"post_at": time(10)}, False),
        ({"post_at": time(11), "timezone": "Europe/Berlin"}, True),
        ({"minimum": 11}, False),
        ({"minimum": 10}, True),
        ({"sources": ("arxiv",)}, False),
        ({"sources": ("huggingface",)}, True),
        ({"categories": ("q-bio.*",)}, False),
        ({"active": False}, False),
        ({"deleted": True}, False),
    ],
)
async def test_a_topic_comes_when_and_as_it_was_asked_for(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str, changes: dict[str, Any], comes: bool
) -> None:
    list_titles(upstream, TODAY, "Robots walk")
    await follow(bot, papers, "robots", **changes)
    await tick(bot)
    assert bool(papers_in(slack, papers)) is comes


async def test_no_more_than_asked_for_come_and_the_rest_comes_the_next_day(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ids = list_titles(upstream, TODAY, "Robots walk", "Robots swim", "Robots fly")
    await follow(bot, papers, "robots", top=2)
    await tick(bot)
    assert len(papers_in(slack, papers)) == 2
    move(clock, upstream, TUESDAY + timedelta(days=1))
    await tick(bot)
    assert sorted(papers_in(slack, papers)) == ids


async def test_a_list_is_one_message_with_a_vote_for_each_paper_and_shows_the_votes(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    ada = slack.add_user("ada")
    ids = list_titles(upstream, TODAY, "Robots walk", "Robots swim")
    topic = await follow(bot, papers, "robots", mode=Mode.LIST)
    await tick(bot)
    (message,) = posted(slack, papers)
    assert carried(message)["kind"] == "list"
    assert message.text == "2 new papers on robots"
    assert {block["accessory"]["value"] for block in message.blocks[1:]} == set(ids)
    move(clock, upstream, TUESDAY + timedelta(days=1))
    await tick(bot)
    assert posted(slack, papers) == [message]
    await bot.voting.clicked(_click(bot, ada, ids[1]))
    await bot.refresher.flush()
    assert "👍 Upvote  1" in str(posted(slack, papers)[0].blocks)
    assert await bot.library.store.papers_of_series(topic.team_id, papers, topic.series, ids) == set(ids)


def _click(bot: Bot, user: str, paper: str) -> Click:
    at = bot.clock().timestamp()
    return Click(team_id=bot.identity.team_id, paper_id=paper, user_id=user, click_id="1", clicked_at=at)


async def test_the_votes_on_an_alert_show_and_it_goes_on_saying_why_it_came(
    bot: Bot, slack: Workspace, upstream: Upstream, papers: str
) -> None:
    ada = slack.add_user("ada")
    (id,) = list_titles(upstream, TODAY, "Robots walk")
    await follow(bot, papers, "robots")
    await tick(bot)
    await bot.voting.clicked(_click(bot, ada, id))
    await bot.refresher.flush()
    (alert,) = posted(slack, papers)
    assert "👍 Upvote  1" in str(alert.blocks)
    assert "On the topic *robots*" in str(alert.blocks)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("work", [True, False])
async def test_an_alert_whose_answer_was_lost_is_there_once(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str, mode: Mode, work: bool
) -> None:
    list_titles(upstream, TODAY, "Robots walk", "Robots swim")
    await follow(bot, papers, "robots", mode=mode)
    if work:
        slack.faults.fail_after_work(POST)
    else:
        slack.faults.hang(POST, seconds=0, work=False)
    await until_done(bot, clock)
    found = papers_in(slack, papers)
    assert len(found) == (1 if mode is Mode.LIST else 2)
    assert len({message.text for message in posted(slack, papers)}) == len(found)


async def test_a_topic_that_is_paused_midway_posts_no_more(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, papers: str
) -> None:
    list_titles(upstream, TODAY, "Robots walk", "Robots swim")
    topic = await follow(bot, papers, "robots")
    slack.faults.hang(POST, seconds=0, times=1)
    slack.faults.fail(POST, "restricted_action", times=1)
    await tick(bot)
    assert len(papers_in(slack, papers)) == 1
    await bot.library.store.keep_topic(topic.model_copy(update={"active": False}))
    clock.forward(minutes=11)
    await tick(bot)
    assert len(papers_in(slack, papers)) == 1


async def test_whoever_follows_a_topic_in_a_channel_that_refuses_is_told(
    bot: Bot, slack: Workspace, upstream: Upstream
) -> None:
    ada = slack.add_user("ada")
    closed = slack.add_channel("closed", bot=False)
    list_titles(upstream, TODAY, "Robots walk")
    await follow(bot, closed, "robots", user_id=ada)
    await tick(bot)
    (told,) = slack.messages(slack.dm(ada))
    assert "The bot is not in" in told.plain()


async def test_a_persons_topic_comes_to_their_messages_with_the_bot(
    bot: Bot, slack: Workspace, upstream: Upstream
) -> None:
    ada = slack.add_user("ada")
    (id,) = list_titles(upstream, TODAY, "Robots walk")
    await follow(bot, slack.dm(ada), "robots", user_id=ada)
    await tick(bot)
    assert papers_in(slack, slack.dm(ada)) == [id]


async def test_a_preview_says_what_would_have_come_on_which_day(bot: Bot, upstream: Upstream) -> None:
    monday, store = TODAY - timedelta(days=1), bot.library.store
    first, second, third = list_titles(upstream, monday, "Robots walk", "Robots swim", "Robots fly")
    list_titles(upstream, monday, "Proteins at work")
    for day in (monday, TODAY):
        await bot.library.ingest.fetch_day(day, ["huggingface"])
    wants = wanted("robots", (), (), 0)
    found = await preview(store, wants, range(7), 2, TODAY)
    assert [(day, [paper.id for paper in papers]) for day, papers in found.days] == [
        (TODAY, [third]),
        (monday, [first, second]),
    ]
    assert found.per_week == 1.5
    assert (await preview(store, wants, [6], 2, TODAY)).papers == 0
    everything = await preview(store, wanted("", (), (), 0), range(7), 5, TODAY)
    assert everything.papers == 4
