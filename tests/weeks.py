"""Weeks of papers in a store, with votes in a channel and a topic that rises."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from storage import Store
from storage.models import Batch, Click, Paper

#: Monday to Sunday; the tests' Tuesday is in it.
MONDAY = date(2026, 8, 17)
FRIDAY = datetime(2026, 8, 21, 16, 0, tzinfo=UTC)
RISING, FALLING = "World Models", "diffusion policies"


def topical(id: str, *keywords: str) -> Paper:
    return Paper(
        id=id,
        title=f"On the matter of {id}",
        abstract=f"We look at {', '.join(keywords)}.",
        authors=("Ada Example", "Noor Sample"),
        keywords=keywords,
        upvotes=10,
    )


async def list_weeks(store: Store) -> list[str]:
    """Have 30 papers listed this week and 80 in the weeks before; returns the ids of this week's."""
    before = [topical(f"2607.{n:05}", FALLING if n % 3 == 0 else "tests") for n in range(80)]
    now = [topical(f"2608.{n:05}", RISING if n % 2 else "tests") for n in range(30)]
    for at, paper in enumerate(before):
        await _list(store, paper, MONDAY - timedelta(days=3 + at % 20))
    for at, paper in enumerate(now):
        await _list(store, paper, MONDAY + timedelta(days=at % 4))
    return [paper.id for paper in now]


async def _list(store: Store, paper: Paper, day: date) -> None:
    read = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    await store.keep(Batch(source="huggingface", papers=(paper,), day=day, listed=(paper.id,)), read)


async def grow(store: Store, paper_id: str, upvotes: int, at: datetime) -> None:
    """Have Hugging Face count so many upvotes at that time."""
    (paper,) = await store.papers([paper_id])
    await store.keep(Batch(source="huggingface", papers=(paper.model_copy(update={"upvotes": upvotes}),)), at)


async def vote(store: Store, team: str, channel: str, paper_id: str, at: datetime, people: int = 1) -> None:
    for number in range(people):
        await store.record_click(
            Click(
                team_id=team,
                paper_id=paper_id,
                user_id=f"U{number}",
                click_id=f"{paper_id} {number} {at}",
                clicked_at=at.timestamp(),
                channel_id=channel,
            )
        )
