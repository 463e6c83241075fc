"""An AsyncApp that acknowledges and does nothing: what Slack's framework costs by itself.

`default` and `process_before_response` serve HTTP behind the adapter that the bot uses; `answering` is the second
of them with one sentence sent to the command's `response_url` after the ack; `socket [CHANNEL COUNT]` connects in
Socket Mode and posts COUNT messages. It imports nothing of the bot.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.serving import parent_gone, serve

tasks: set[asyncio.Task[Any]] = set()


async def command(ack: AsyncAck) -> None:
    await ack()


async def answered_command(ack: AsyncAck, respond: AsyncRespond) -> None:
    await ack()
    task = asyncio.create_task(respond("an answer"))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def reaction(event: dict[str, Any]) -> None:
    pass


def empty_app(mode: str) -> AsyncApp:
    # Taken out of the environment, where Bolt would find it too and warn of two.
    token = os.environ.pop("SLACK_BOT_TOKEN")
    app = AsyncApp(
        client=AsyncWebClient(token, base_url=os.environ["SLACK_API_URL"]),
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=mode != "default",
    )
    app.command("/papers")(answered_command if mode == "answering" else command)
    app.event("reaction_added")(reaction)
    return app


async def listen(channel: str, count: int) -> None:
    app = empty_app("socket")
    client = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).client
    await client.connect()  # type: ignore[no-untyped-call]
    for number in range(count):
        await app.client.chat_postMessage(channel=channel, text=f"message {number}")
    await parent_gone()
    await client.close()  # type: ignore[no-untyped-call]


def main(mode: str, channel: str = "", count: str = "0") -> None:
    if mode == "socket":
        asyncio.run(listen(channel, int(count)))
    else:
        asyncio.run(serve(empty_app(mode).web_app()))


if __name__ == "__main__":
    main(*sys.argv[1:])
