"""Reading votes: no vote is stored, so every count is a query over people's reactions.

The store holds an edition of thirty papers, and three reactions on it of each of ten thousand people: most of them
upvotes, some with a skin tone, some downvotes, some that are no vote; and, since a query may stumble over what it
was not asked for, a year of earlier editions that nobody reacted to. Timed are the votes on all thirty papers, on
one, and one person's vote on one, beside a plain `SELECT count(*)` over the same rows. Then `Refresher.flush` over all
thirty posts: with nothing new, where it only reads, and with a new vote on each, where it redraws them all in a
local workspace; beside that, the same number of bare `chat.update` calls with the same messages.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.harness import Figures, Side, alternate, main, show, timed, timed_async
from benchmarks.load import BOT, filled_bot, settings
from benchmarks.workspace import workspace_with
from bot.app import Bot
from bot.drawing import draw
from storage.models import Post, Reaction

PLAIN = "SELECT count(*)"
UPDATES = "bare chat.update calls"
EMOJI = ("+1", "+1::skin-tone-3", "heart", "fire", "rocket", "eyes", "-1", "thinking_face")
EACH = 3


async def measure(
    *, rounds: int = 9, times: int = 10, people: int = 10_000, papers: int = 30, days: int = 365
) -> None:
    """Measure and print; `times` is how often each query runs in each round, `days` are the earlier editions'."""
    async with _edition(papers) as (bot, posts):
        await _earlier(bot, posts, days)
        await _react(bot, posts, people)
        await _reads(bot, posts, rounds, times)
        await _flushes(bot, posts, rounds)


@asynccontextmanager
async def _edition(papers: int) -> AsyncIterator[tuple[Bot, list[Post]]]:
    """The bot after it has posted an edition, and the edition's papers."""
    with tempfile.TemporaryDirectory() as name:
        async with workspace_with(1) as place:
            wanted = settings(place.api_url, place.token, Path(name) / "papers.db")
            async with filled_bot(wanted, papers) as bot:
                outcome = await bot.daily.post(bot.subscription(place.channels[0]))
                if outcome is None or outcome.open:
                    raise RuntimeError(f"the edition was not posted: {outcome}")
                edition = await bot.library.store.last_edition(bot.identity.team_id, place.channels[0])
                posts = await bot.library.store.posts(edition) if edition else []
                yield bot, [post for post in posts if post.paper_id]


async def _earlier(bot: Bot, posts: Sequence[Post], days: int) -> None:
    """Editions of the days before, as long as this one, every message of them sent."""
    store = bot.library.store
    edition = await store.edition_of(posts[0])
    for back in range(1, days + 1):
        day = {"day": edition.day - timedelta(days=back)}
        earlier = [
            post.model_copy(
                update={**day, "paper_id": f"{back}/{post.position}", "ts": f"{back}.{post.position:06d}"}
            )
            for post in posts
        ]
        await store.plan(edition.model_copy(update=day), earlier)


async def _react(bot: Bot, posts: Sequence[Post], people: int) -> None:
    chance = random.Random(20_260_818)
    connection = bot.library.store.db.conn
    # Only to be here sooner: no power fails in the middle of a benchmark.
    connection.execute("PRAGMA synchronous = off")
    for number in range(people):
        for post in chance.sample(posts, min(EACH, len(posts))):
            await bot.library.store.record_reaction(_reaction(post, number, chance.choice(EMOJI)))
    connection.execute("PRAGMA synchronous = full")


def _reaction(post: Post, person: int, emoji: str) -> Reaction:
    return Reaction(
        team_id=post.team_id,
        channel_id=post.channel_id,
        ts=post.ts,
        user_id=f"U{person:08d}",
        emoji=emoji,
        present=True,
        event_ts=float(post.ts) + person,
    )


async def _reads(bot: Bot, posts: Sequence[Post], rounds: int, times: int) -> None:
    store, team = bot.library.store, bot.identity.team_id
    ids = [post.paper_id for post in posts]
    rows = store.db.conn.execute("SELECT count(*) FROM reactions").fetchone()[0]
    sides: dict[str, Side] = {
        f"votes on {len(ids)} papers": partial(timed_async, lambda: store.tallies(team, ids), times),
        "votes on one paper": partial(timed_async, lambda: store.tallies(team, ids[:1]), times),
        "one person's vote on a paper": partial(
            timed_async, lambda: store.vote_of(team, "U00000001", ids[0]), times
        ),
        PLAIN: partial(_plain, bot, times),
    }
    show(f"Reading votes from {rows:,} reactions", await alternate(sides, rounds), PLAIN, "p50 ms")


async def _plain(bot: Bot, times: int) -> Figures:
    connection = bot.library.store.db.conn
    return timed(lambda: connection.execute("SELECT count(*) FROM reactions").fetchone(), times)


async def _flushes(bot: Bot, posts: Sequence[Post], rounds: int) -> None:
    people = count(90_000_000)

    async def flush() -> None:
        bot.refresher.touch(post.paper_id for post in posts)
        await bot.refresher.flush()

    async def redraw() -> Figures:
        for post in posts:
            await bot.library.store.record_reaction(_reaction(post, next(people), "fire"))
        return await timed_async(flush, 1)

    await flush()
    sides: dict[str, Side] = {
        f"{BOT}, nothing new": partial(timed_async, flush, 1),
        f"{BOT}, {len(posts)} posts redrawn": redraw,
        UPDATES: partial(_update, bot, posts),
    }
    show(f"A flush of {len(posts)} posts", await alternate(sides, rounds), UPDATES, "p50 ms")


async def _update(bot: Bot, posts: Sequence[Post]) -> Figures:
    store = bot.library.store
    papers = {paper.id: paper for paper in await store.papers([post.paper_id for post in posts])}
    tallies = await store.tallies(bot.identity.team_id, list(papers))
    messages = [(post, draw(post, papers[post.paper_id], tallies[post.paper_id])) for post in posts]

    async def update() -> None:
        for post, message in messages:
            await bot.slack.client.chat_update(channel=post.channel_id, ts=post.ts, **message)

    return await timed_async(update, 1)


if __name__ == "__main__":
    main(measure)
