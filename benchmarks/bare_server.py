"""The least an HTTP server can do: aiohttp, no Slack, 200 to everything."""

from __future__ import annotations

import asyncio

from aiohttp import web

from benchmarks.serving import serve


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


def main() -> None:
    app = web.Application()
    app.router.add_post("/slack/events", answer)
    asyncio.run(serve(app))


if __name__ == "__main__":
    main()
