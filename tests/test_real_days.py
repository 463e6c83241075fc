"""Recorded days go the whole way: source, store, edition, posts that Slack takes."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

import pytest

from bot.app import Bot
from bot.workspace import Workspace, message_problems
from tests.editions import carried, posted
from tests.upstream import Upstream, recorded

#: How many days of the long series are played, spread evenly over it, in so many tests.
DAYS, PARTS = 48, 6
SERIES = "editions/huggingface-2024-05..2025-12.jsonl.xz"


async def play(bot: Bot, slack: Workspace, upstream: Upstream, day: date, items: list[dict[str, Any]]) -> int:
    """Post a day to a channel of its own; returns the number of its messages, each checked."""
    upstream.days[day.isoformat()] = items
    channel = slack.add_channel(f"day-{day}")
    outcome = await bot.daily.post(bot.subscription(channel), day)
    if outcome is None:
        return 0
    messages = posted(slack, channel)
    assert (outcome.sent, outcome.open) == (len(messages), 0)
    for message in messages:
        payload = {"text": message.text, "blocks": message.blocks, "metadata": message.metadata}
        assert message_problems(payload) == [], message.plain()
    assert carried(messages[0])["paper"] == ""
    assert len({carried(message)["paper"] for message in messages}) == len(messages)
    top = bot.settings.papers_top
    assert len(slack.thread(channel, messages[0].ts)) == max(0, len(messages) - 1 - top)
    return len(messages)


def readable(items: list[dict[str, Any]]) -> set[str]:
    """The papers of a recorded answer that have an id and a title."""
    return {item["paper"]["id"] for item in items if item["paper"].get("id") and item["paper"].get("title")}


async def test_every_recorded_answer_of_hugging_face_becomes_posts(
    bot: Bot, slack: Workspace, upstream: Upstream
) -> None:
    files = sorted(recorded("upstream/huggingface").glob("*.json"))
    assert files
    for file in files:
        items = json.loads(file.read_text())
        posts = await play(bot, slack, upstream, date.fromisoformat(file.stem), items)
        papers = readable(items)
        assert posts == (len(papers) + 1 if papers else 0), file.stem
        assert await bot.library.store.papers(sorted(papers))


@pytest.mark.parametrize("part", range(PARTS))
async def test_days_of_two_years_become_posts(
    bot: Bot, slack: Workspace, upstream: Upstream, part: int
) -> None:
    days = {day: list(rows) for day, rows in groupby(rows_of(SERIES), key=lambda row: str(row["day"]))}
    chosen = list(days)[:: len(days) // DAYS][:DAYS]
    assert len(chosen) == DAYS
    for day in chosen[part::PARTS]:
        items = [item_of(row) for row in days[day]]
        posts = await play(bot, slack, upstream, date.fromisoformat(day), items)
        assert posts == len({row["id"] for row in days[day]}) + 1, day


def rows_of(path: str) -> Iterator[dict[str, Any]]:
    with lzma.open(recorded(path), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def item_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the series in the shape in which Hugging Face lists it."""
    paper = {
        "id": row["id"],
        "title": row["title"],
        "summary": row["abstract"],
        "upvotes": row["upvotes"],
        "publishedAt": row["published_at"],
        "authors": [{"name": name, "hidden": False} for name in row["authors"] or []],
        "ai_summary": row["ai_summary"],
        "ai_keywords": row["ai_keywords"],
        "githubRepo": row["github_repo"],
        "githubStars": row["github_stars"],
        "projectPage": row["project_page"],
        "organization": row["organization"],
    }
    return {"paper": paper, "title": row["title"], "numComments": row["num_comments"]}
