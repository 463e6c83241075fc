"""A local workspace in a process of its own, for benchmarks that measure the bot in theirs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from benchmarks.harness import environment, first_line, started
from benchmarks.serving import parent_gone
from bot.workspace import Workspace


class Place(NamedTuple):
    """Where the workspace is, and its channels with the bot in them."""

    api_url: str
    token: str
    channels: list[str]


@asynccontextmanager
async def workspace_with(channels: int) -> AsyncIterator[Place]:
    """A workspace with this many channels, in a process of its own."""
    async with started("-m", "benchmarks.workspace", str(channels), env=environment()) as process:
        yield Place(*json.loads(await first_line(process)))


async def run(channels: int) -> None:
    async with Workspace(enforce_limits=False) as slack:
        names = [slack.add_channel(f"papers-{number}") for number in range(channels)]
        print(json.dumps(Place(slack.api_url, slack.bot_token, names)), flush=True)
        await parent_gone()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
