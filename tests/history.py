"""Editions and votes of the past, written down through the store as the bot would have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bot.drafting import Draft, posts_of
from storage import Store
from storage.models import Batch, Edition, Exposure, Paper, Post, PostState, Reaction

TEAM, CHANNEL = "T1", "C1"


async def edition(
    store: Store,
    planned: datetime,
    papers: Sequence[Paper],
    *,
    top: int = 5,
    teams: Sequence[str] = (),
    scores: Sequence[float] = (),
    logged: bool = True,
    team_id: str = TEAM,
    channel: str = CHANNEL,
) -> Edition:
    """An edition of these papers in this order, all of it sent; its upvotes were read when it was planned."""
    day = planned.date()
    batch = Batch(source="huggingface", papers=tuple(papers), day=day, listed=tuple(it.id for it in papers))
    await store.keep(batch, planned)
    made = Edition(team_id=team_id, channel_id=channel, day=day, listed_day=day, planned_at=planned, top=top)
    exposures = [
        Exposure(
            team_id=team_id,
            channel_id=channel,
            day=day,
            paper_id=paper.id,
            position=position,
            shown_at=planned,
            ranking="1",
            team=teams[position - 1] if teams else "",
            upvotes=paper.upvotes,
            parts={"upvotes": scores[position - 1]} if scores else {},
        )
        for position, paper in enumerate(papers, start=1)
    ]
    posts = [_sent(post) for post in posts_of(Draft(made, list(papers), exposures))]
    await store.plan(made, posts, exposures if logged else ())
    return made


def _sent(post: Post) -> Post:
    ts = f"{post.planned_at.timestamp() + post.position:.6f}"
    return post.model_copy(update={"state": PostState.SENT, "ts": ts, "seeded": True})


async def react(
    store: Store, shown: Edition, position: int, user: str = "U1", *, emoji: str = "+1", hours: float = 1.0
) -> None:
    """A reaction on the paper at a position of an edition, so many hours after it was planned."""
    at = shown.planned_at.timestamp()
    await store.record_reaction(
        Reaction(
            team_id=shown.team_id,
            channel_id=shown.channel_id,
            ts=f"{at + position:.6f}",
            user_id=user,
            emoji=emoji,
            present=True,
            event_ts=at + position + hours * 3600,
        )
    )


def days(first: date, count: int, hour: int = 9) -> list[datetime]:
    """So many mornings in a row, in UTC."""
    start = datetime(first.year, first.month, first.day, hour, tzinfo=UTC)
    return [start + timedelta(days=number) for number in range(count)]
