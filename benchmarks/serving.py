"""Serving a web application the way the bot does, in a process that a benchmark starts."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web


async def serve(app: web.Application) -> None:
    """Listen on a free port, print the address, and stop when standard input ends."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    print(f"{host}:{port}", flush=True)
    await parent_gone()
    await runner.cleanup()


async def parent_gone() -> None:
    """Wait until whoever started this process has closed its standard input."""
    await asyncio.to_thread(sys.stdin.read)
