"""What a taste learned from votes brings: simulated teams vote on the real bot's editions of real days.

Three teams of a few people have interests in words, matched against titles and abstracts. On each of the recorded days
of Hugging Face, in the evening, the bot posts every team's edition in a local workspace, with a local Hugging Face
beside it. Then each person looks at the first papers, at position p with a chance of 1 / p, and upvotes most of what
interests them and a little of what doesn't. In the middle the last team turns to other things. Printed are nDCG@5 of
the edition as posted and of the same papers by upvotes (a paper is worth as much as people of the team are interested
in it), and how long it took to follow the change. Everything runs in one process, and the clock is moved.
"""

from __future__ import annotations

import json
import lzma
import math
import random
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.curves import Curve, picture
from benchmarks.harness import main
from benchmarks.load import UNPACED
from bot import config
from bot.app import Bot, open_bot
from bot.workspace import MovableClock, Workspace
from storage.models import Paper
from tests.conftest import running
from tests.upstream import Upstream, daily_item

SERIES = Path(__file__).resolve().parents[2] / "shared/data/editions/huggingface-2024-05..2025-12.jsonl.xz"
#: The teams, the words that interest their people, and what the last one turns to in the middle.
TEAMS = {
    "robots": ("robot", "vision-language-action", "manipulation", "embodied"),
    "images": ("image generation", "image editing", "video generation", "text-to-image"),
    "words": ("retrieval", "long context", "reinforcement learning", "reasoning"),
}
TURNED = ("3d ", "segmentation", "gaussian", "depth")
N, LOOKED_AT = 5, 10
#: How likely somebody upvotes what they look at, if it interests them and if not.
INTERESTED, NOT = 0.8, 0.04
WINDOW = 7
EVENING = 18


class Score(NamedTuple):
    """nDCG@5 of an edition as posted, and of the same papers by upvotes; NaN where nothing interests the team."""

    ours: float
    theirs: float


async def measure(
    *, days: int = 60, people: int = 4, picture_file: str = "docs/images/taste.svg", seed: int = 1
) -> None:
    """Play the last `days` of the series, draw and print."""
    if not SERIES.exists():
        print(f"Nothing to measure: the recorded days are missing ({SERIES}).")
        return
    played = recorded_days()[-days:]
    scores: dict[str, list[Score]] = {name: [] for name in TEAMS}
    draw = random.Random(seed)
    async with _playing(played) as (slack, bot, clock, upstream):
        members = {name: [slack.add_user(f"{name}-{n}") for n in range(people)] for name in TEAMS}
        channels = {name: slack.add_channel(name) for name in TEAMS}
        for number, (day, _) in enumerate(played):
            _move(clock, upstream, day)
            for name in TEAMS:
                interests = interests_of(name, people, changed=number >= len(played) // 2)
                papers = await _post(bot, channels[name])
                worth = {paper.id: float(sum(likes(paper, one) for one in interests)) for paper in papers}
                scores[name].append(judged(papers, worth))
                for person, interest in zip(members[name], interests, strict=True):
                    await _vote(slack, bot, channels[name], person, interest, papers, draw)
    report(scores, [day for day, _ in played])
    if picture_file:
        write_picture(Path(picture_file), scores)


def recorded_days() -> list[tuple[date, list[dict[str, Any]]]]:
    """The days of the series with their items, as Hugging Face would list them."""
    with lzma.open(SERIES, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [
        (date.fromisoformat(day), [_item(row) for row in of_day])
        for day, of_day in groupby(rows, key=lambda row: row["day"])
    ]


def _item(row: dict[str, Any]) -> dict[str, Any]:
    authors = [{"_id": "1" * 24, "name": name, "hidden": False} for name in row["authors"] or ()]
    return daily_item(
        row["id"],
        row["title"],
        summary=row["abstract"] or "",
        upvotes=row["upvotes"] or 0,
        publishedAt=row["published_at"] or f"{row['day']}T00:00:00.000Z",
        authors=authors,
    )


def interests_of(team: str, people: int, *, changed: bool) -> list[tuple[str, ...]]:
    """The words of each person: two of the team's, in turn."""
    words = TURNED if changed and team == list(TEAMS)[-1] else TEAMS[team]
    return [tuple(words[(person + step) % len(words)] for step in range(2)) for person in range(people)]


def likes(paper: Paper, interest: Sequence[str]) -> bool:
    text = f"{paper.title} {paper.abstract}".casefold()
    return any(word in text for word in interest)


def judged(papers: Sequence[Paper], worth: Mapping[str, float]) -> Score:
    by_upvotes = sorted(papers, key=lambda paper: -(paper.upvotes or 0))
    best = _gain(sorted(worth.values(), reverse=True))
    ours, theirs = (_gain([worth[paper.id] for paper in order]) for order in (papers, by_upvotes))
    return Score(ours / best, theirs / best) if best else Score(math.nan, math.nan)


def _gain(values: Sequence[float]) -> float:
    return sum(value / math.log2(1 + place) for place, value in enumerate(values[:N], start=1))


@asynccontextmanager
async def _playing(
    played: Sequence[tuple[date, list[dict[str, Any]]]],
) -> AsyncIterator[tuple[Workspace, Bot, MovableClock, Upstream]]:
    clock = MovableClock(_evening(played[0][0]).timestamp())
    with tempfile.TemporaryDirectory() as folder:
        async with Workspace(enforce_limits=False, clock=clock) as slack, Upstream() as upstream:
            upstream.days = {day.isoformat(): items for day, items in played}
            wanted = config.load(
                _env_file=None,
                slack_bot_token=slack.bot_token,
                slack_app_token=slack.app_token,
                slack_api_url=slack.api_url,
                huggingface_url=upstream.url,
                arxiv_url=upstream.url,
                arxiv_rss_url=upstream.url,
                papers_database=Path(folder) / "papers.db",
                papers_arxiv_categories=(),
                papers_embedding="static",
            )
            async with (
                open_bot(wanted, lambda: datetime.fromtimestamp(clock(), UTC), UNPACED) as bot,
                running(bot),
            ):
                # Only to be here sooner: no power fails in the middle of a benchmark.
                bot.library.store.db.conn.execute("PRAGMA synchronous = off")
                yield slack, bot, clock, upstream


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, EVENING, tzinfo=UTC)


def _move(clock: MovableClock, upstream: Upstream, day: date) -> None:
    clock.move(max(0.0, _evening(day).timestamp() - clock()))
    upstream.today = day


async def _post(bot: Bot, channel: str) -> list[Paper]:
    """Today's edition, posted; its papers in their order, none when there was nothing new."""
    if await bot.daily.post(bot.subscription(channel)) is None:
        return []
    store = bot.library.store
    edition = await store.last_edition(bot.identity.team_id, channel)
    posts = await store.posts(edition) if edition else []
    return await store.papers([post.paper_id for post in posts if post.paper_id])


async def _vote(
    slack: Workspace,
    bot: Bot,
    channel: str,
    person: str,
    interest: Sequence[str],
    papers: Sequence[Paper],
    draw: random.Random,
) -> None:
    for position, paper in enumerate(papers[:LOOKED_AT], start=1):
        if draw.random() < 1 / position and draw.random() < (INTERESTED if likes(paper, interest) else NOT):
            post = await bot.library.store.post_about(paper.id, bot.identity.team_id, channel)
            if post:
                await slack.react(person, channel, post.ts, "+1")


def report(scores: Mapping[str, Sequence[Score]], days: Sequence[date]) -> None:
    half = len(days) // 2
    print(
        f"\n{len(days)} days from {days[0]} to {days[-1]}; nDCG@{N}, means of {WINDOW} days, ours to upvotes'"
    )
    ends = sorted({*range(WINDOW - 1, len(days), WINDOW), len(days) - 1})
    print("".join([f"{'':10}", *(f"{days[end]:%d %b}".rjust(14) for end in ends)]))
    for name, of_team in scores.items():
        ours, theirs = smoothed(of_team)
        print("".join([f"{name:10}", *(f"{ours[end]:.2f}/{theirs[end]:.2f}".rjust(14) for end in ends)]))
    for name, of_team in scores.items():
        print(_summed(f"{name}, after the first week", of_team[WINDOW:]))
    name = list(scores)[-1]
    print(_summed(f"{name}, of that before turning", scores[name][WINDOW:half]))
    print(_summed(f"{name}, afterwards", scores[name][half:]))
    follow = days_to_follow(scores[name], half)
    found = f"after {follow} days" if follow is not None else "not before the end"
    print(f"{name} turned on {days[half]}; its editions had followed {found}")


def _summed(what: str, scores: Sequence[Score]) -> str:
    told = [score for score in scores if not math.isnan(score.ours)]
    if not told:
        return f"{what}: nothing to measure"
    ours, theirs = (statistics.mean(side) for side in zip(*told, strict=True))
    ratio = f", a ratio of {ours / theirs:.2f}" if theirs else ""
    return f"{what}: {ours:.3f} to {theirs:.3f}{ratio}"


def smoothed(scores: Sequence[Score]) -> tuple[list[float], list[float]]:
    """The means of the last week at each day, of both sides; of days on which nothing was wanted, none."""
    means = [_means(scores[max(0, end - WINDOW + 1) : end + 1]) for end in range(len(scores))]
    return [one.ours for one in means], [one.theirs for one in means]


def _means(scores: Sequence[Score]) -> Score:
    told = [score for score in scores if not math.isnan(score.ours)]
    return Score(*(statistics.mean(side) for side in zip(*told, strict=True))) if told else scores[-1]


def days_to_follow(scores: Sequence[Score], half: int) -> int | None:
    """Days after the change until a week's lead over upvotes is what it was in the two weeks before."""
    before = _means(scores[max(0, half - 2 * WINDOW) : half])
    for end in range(half + WINDOW, len(scores) + 1):
        week = _means(scores[end - WINDOW : end])
        if week.ours - week.theirs >= before.ours - before.theirs:
            return end - half
    return None


def write_picture(file: Path, scores: Mapping[str, Sequence[Score]]) -> None:
    half = len(next(iter(scores.values()))) // 2
    curves = [curve for number, name in enumerate(scores) for curve in _curves(name, number, scores[name])]
    file.write_text(picture(f"nDCG@{N} by day, mean of a week", curves, mark=half), encoding="utf-8")
    print(f"wrote {file}")


def _curves(name: str, number: int, scores: Sequence[Score]) -> Iterator[Curve]:
    ours, theirs = smoothed(scores)
    yield Curve(f"{name}: as posted", number, ours, dashed=False)
    yield Curve(f"{name}: by upvotes", number, theirs, dashed=True)


if __name__ == "__main__":
    main(measure)
