"""What a posted message costs: an edition of fifty papers, with the pace of one message a second taken out.

The bot plans, ranks, draws and sends an edition, and stores every step durably: five papers in the channel, the
others in the thread, a reaction on each of the five. Beside it the same messages and reactions are sent by bare
calls of `AsyncWebClient`, the messages as the workspace has them from the bot's edition. CPU is this process's;
the workspace is another. Then the bot's SQLite transactions and statements for each message, counted in a round
of its own that is not timed.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.harness import Figures, Side, alternate, main, show
from benchmarks.load import BOT, filled_bot, settings
from benchmarks.workspace import Place, workspace_with
from bot.app import Bot
from bot.slack import session

BARE = "bare AsyncWebClient calls"
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_BEGINS = re.compile(r"\s*(BEGIN|SAVEPOINT)\b", re.IGNORECASE)
_ENDS = re.compile(r"\s*(COMMIT|ROLLBACK|END|RELEASE)\b", re.IGNORECASE)


async def measure(*, rounds: int = 9, papers: int = 50) -> None:
    """Measure and print."""
    # A channel for each edition, and one more to count in and one to draw in.
    async with workspace_with(2 * rounds + 2) as place:
        with tempfile.TemporaryDirectory() as name:
            folder, channels = Path(name), iter(place.channels)
            async with _bot(place, folder / "first.db", papers) as bot, _client(place) as client:
                drawn = next(channels)
                counted = await _transactions(bot, drawn)
                messages = await _messages(client, drawn)
                numbers = count()

                async def ours() -> Figures:
                    async with _bot(place, folder / f"{next(numbers)}.db", papers) as fresh:
                        return await _cost(_edition(fresh, next(channels)), len(messages))

                async def bare() -> Figures:
                    return await _cost(_replay(client, next(channels), messages), len(messages))

                sides: dict[str, Side] = {BOT: ours, BARE: bare}
                show(
                    f"Each of {len(messages)} messages",
                    await alternate(sides, rounds),
                    BARE,
                    "CPU ms",
                    "wall ms",
                )
            _print_counted(counted, len(messages))


@asynccontextmanager
async def _bot(place: Place, database: Path, papers: int) -> AsyncIterator[Bot]:
    async with filled_bot(settings(place.api_url, place.token, database), papers) as bot:
        yield bot


@asynccontextmanager
async def _client(place: Place) -> AsyncIterator[AsyncWebClient]:
    """A client that keeps its connections, as the bot's does."""
    async with session() as connections:
        yield AsyncWebClient(place.token, base_url=place.api_url, session=connections)


async def _edition(bot: Bot, channel: str) -> None:
    outcome = await bot.daily.post(bot.subscription(channel))
    if outcome is None or outcome.open:
        raise RuntimeError(f"the edition was not posted: {outcome}")


async def _cost(work: Awaitable[None], messages: int) -> Figures:
    busy, began = time.process_time(), time.perf_counter()
    await work
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    return {"CPU ms": cpu * 1000 / messages, "wall ms": wall * 1000 / messages}


async def _messages(client: AsyncWebClient, channel: str) -> list[dict[str, Any]]:
    """An edition as the channel has it, header first, then its papers, best first."""
    history = await client.conversations_history(channel=channel, limit=200, include_all_metadata=True)
    shown: list[dict[str, Any]] = list(reversed(history["messages"]))
    thread = await client.conversations_replies(
        channel=channel, ts=shown[0]["ts"], limit=200, include_all_metadata=True
    )
    return [*shown, *thread["messages"][1:]]


async def _replay(client: AsyncWebClient, channel: str, messages: list[dict[str, Any]]) -> None:
    header = ""
    for message in messages:
        in_thread = message.get("thread_ts") not in (None, message["ts"])
        answer = await client.chat_postMessage(
            channel=channel,
            text=message["text"],
            blocks=message["blocks"],
            metadata=message["metadata"],
            thread_ts=header if in_thread else None,
            unfurl_links=False,
            unfurl_media=False,
        )
        header = header or answer["ts"]
        for reaction in message.get("reactions", []):
            await client.reactions_add(channel=channel, timestamp=answer["ts"], name=reaction["name"])


async def _transactions(bot: Bot, channel: str) -> Counter[str]:
    """Post an edition, and count what it does to the database."""
    counted: Counter[str] = Counter()
    inside = False

    def count_statement(sql: str) -> None:
        nonlocal inside
        if sql.startswith("--"):
            return  # a trigger's part of a statement that is counted already
        counted["statements"] += not (_BEGINS.match(sql) or _ENDS.match(sql))
        # Outside a transaction, a statement that writes is one by itself.
        counted["transactions"] += bool(_BEGINS.match(sql) or (_WRITES.match(sql) and not inside))
        inside = bool(_BEGINS.match(sql)) or (inside and not _ENDS.match(sql))

    connection = bot.library.store.db.conn
    connection.set_trace_callback(count_statement)
    await _edition(bot, channel)
    connection.set_trace_callback(None)
    return counted


def _print_counted(counted: Counter[str], messages: int) -> None:
    each = {name: counted[name] / messages for name in ("transactions", "statements")}
    print("SQLite for each message: " + ", ".join(f"{value:.2f} {name}" for name, value in each.items()))


if __name__ == "__main__":
    main(measure)
