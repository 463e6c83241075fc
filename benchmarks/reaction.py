"""A signed `reaction_added` over HTTP to a stored vote, and the store alone.

Over HTTP: the bot stores a vote durably before it answers; beside it, with nothing to store, stand an empty
AsyncApp with a listener for the event, in both modes, and a bare aiohttp server. The reactions fall on the twelve
posts of an edition, each from another person, and the run fails when one of them is not in the database afterwards.

The store alone: `Store.record_reaction`, the same row through sqlite-utils' `upsert`, and through one statement
that sqlite3 keeps prepared; each in a file of its own with the same schema. Once durable (`synchronous` full: every
vote waits for the disk) and once not (off), which leaves what the code itself costs. Beside it, what it costs to
write 4 KiB to the same folder and wait for the disk.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.harness import Figures, Side, alternate, latencies, main, show, timed
from benchmarks.load import (
    BARE,
    BEFORE,
    BOT,
    DEFAULT,
    JSON,
    WARMUP,
    Server,
    filled_bot,
    load,
    servers,
    settings,
)
from bot.workspace import Message, Workspace
from bot.workspace.payloads import event_callback, reaction_event
from storage import Store
from storage.models import Reaction

EDITION = 12
STORE = "Store.record_reaction"
UPSERT = "sqlite-utils upsert"
PREPARED = "prepared statement"
DISK = "4 KiB and fsync, no SQLite"
_INSERT = """
    INSERT INTO reactions (team_id, channel_id, ts, user_id, emoji, present, event_ts) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET present = excluded.present, event_ts = excluded.event_ts
    WHERE excluded.event_ts >= reactions.event_ts"""

Record = Callable[[Reaction], Awaitable[object]]


async def measure(*, rounds: int = 9, requests: int = 300, votes: int = 1000) -> None:
    """Measure and print; `requests` and `votes` are those of each side in each round."""
    with tempfile.TemporaryDirectory() as folder:
        await _over_http(Path(folder), rounds, requests)
        for synchronous in ("full", "off"):
            await _alone(Path(folder), rounds, votes, synchronous)


async def _over_http(folder: Path, rounds: int, requests: int) -> None:
    database = folder / "papers.db"
    async with Workspace(enforce_limits=False) as slack:
        posts = await _edition(slack, database)
        events = _events(slack, posts)
        async with servers(slack, database) as running:
            sides: dict[str, Side] = {
                name: partial(_send, running[name], events, requests) for name in (BOT, DEFAULT, BEFORE, BARE)
            }
            results = await alternate(sides, rounds)
        stored = _count(database)
    sent = rounds * (requests + WARMUP)
    if stored != sent:
        raise RuntimeError(f"{stored} votes are stored of {sent}")
    show("reaction_added to stored vote, over HTTP", results, BEFORE, "requests/s", "CPU ms")
    print(f"all {stored:,} votes are in the database")


async def _edition(slack: Workspace, database: Path) -> list[Message]:
    """Post an edition, and return its papers' messages."""
    channel = slack.add_channel("papers")
    async with filled_bot(settings(slack.api_url, slack.bot_token, database), EDITION) as bot:
        await bot.daily.post(bot.subscription(channel))
    header = slack.messages(channel)[0]
    return [*slack.messages(channel)[1:], *slack.thread(channel, header.ts)]


def _events(slack: Workspace, posts: list[Message]) -> Iterator[str]:
    """Reactions without end, each from another person."""
    for number, post in zip(itertools.count(), itertools.cycle(posts)):
        event = reaction_event(slack.state, "reaction_added", post, f"U{number:08d}", "fire")
        yield json.dumps(event_callback(slack.state, event))


async def _send(server: Server, events: Iterator[str], requests: int) -> Figures:
    return await load(server, list(itertools.islice(events, requests + WARMUP)), JSON)


def _count(database: Path) -> int:
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute("SELECT count(*) FROM reactions WHERE present").fetchone()[0])
    finally:
        connection.close()


async def _alone(folder: Path, rounds: int, votes: int, synchronous: str) -> None:
    durable = synchronous == "full"
    with ExitStack() as stack:
        stores = [
            stack.enter_context(Store.open(folder / f"{synchronous}-{number}.db")) for number in range(3)
        ]
        for store in stores:
            store.db.conn.execute(f"PRAGMA synchronous = {synchronous}")
        ours, theirs, plain = stores
        reactions = _reactions()
        sides: dict[str, Side] = {
            STORE: partial(_record, ours.record_reaction, reactions, votes),
            UPSERT: partial(_record, partial(_upsert, theirs), reactions, votes),
            PREPARED: partial(_record, partial(_execute, plain), reactions, votes),
        }
        if durable:
            sides[DISK] = partial(_disk, folder / "bytes", min(votes, 200))
        title = "durable: synchronous full" if durable else "not durable: synchronous off"
        show(f"The store alone, {title}", await alternate(sides, rounds), PREPARED, "votes/s")


def _reactions() -> Iterator[Reaction]:
    for number in itertools.count():
        yield Reaction(
            team_id="T00000001",
            channel_id="C00000001",
            ts=f"17870000{number % EDITION:02d}.000100",
            user_id=f"U{number:08d}",
            emoji="fire",
            present=True,
            event_ts=1_787_000_000.0 + number,
        )


async def _record(record: Record, reactions: Iterator[Reaction], votes: int) -> Figures:
    given = list(itertools.islice(reactions, votes))
    milliseconds = []
    began = time.perf_counter()
    for reaction in given:
        started = time.perf_counter()
        await record(reaction)
        milliseconds.append((time.perf_counter() - started) * 1000)
    return {**latencies(milliseconds), "votes/s": votes / (time.perf_counter() - began)}


async def _upsert(store: Store, reaction: Reaction) -> None:
    row = {**reaction.model_dump(), "present": int(reaction.present)}
    store.db.table("reactions").upsert(row, pk=("team_id", "channel_id", "ts", "user_id", "emoji"))


async def _execute(store: Store, reaction: Reaction) -> None:
    r = reaction
    row = (r.team_id, r.channel_id, r.ts, r.user_id, r.emoji, int(r.present), r.event_ts)
    store.db.conn.execute(_INSERT, row)


async def _disk(path: Path, times: int) -> Figures:
    with path.open("wb", buffering=0) as file:

        def write() -> None:
            file.write(b"\0" * 4096)
            os.fsync(file.fileno())

        figures = timed(write, times)
    return {**figures, "votes/s": 1000 / figures["p50 ms"]}


if __name__ == "__main__":
    main(measure)
