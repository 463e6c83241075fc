"""The bot's own web app, with the task that redraws posts beside it, as `papers-bot run` has it in HTTP mode."""

from __future__ import annotations

import asyncio

from benchmarks.serving import serve
from bot import config
from bot.app import open_bot
from bot.logs import log_to_stderr


async def run() -> None:
    async with open_bot(config.load(_env_file=None)) as bot:
        redrawing = asyncio.create_task(bot.refresher.run())
        await serve(bot.web_app(bot.bolt_app()))
        redrawing.cancel()


def main() -> None:
    log_to_stderr("warning")
    asyncio.run(run())


if __name__ == "__main__":
    main()
