"""Slash commands."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.answers import Asker
from bot.services import Services
from handlers.errors import tell


async def papers(
    ack: AsyncAck, command: dict[str, Any], respond: AsyncRespond, context: dict[str, Any]
) -> None:
    """`/papers ...`: acknowledged at once, answered to the person alone."""
    await ack()
    services: Services = context["services"]
    asker = Asker(command["user_id"], command["channel_id"])

    async def answer() -> None:
        answered = await services.answers.answer(command.get("text") or "", asker)
        await respond(**answered, response_type="ephemeral")

    services.tasks.start(answer(), tell(respond))
