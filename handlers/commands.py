"""Slash commands."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.services import Services
from handlers.replies import Reply, within_limit


async def papers(ack: AsyncAck, command: dict[str, Any], context: dict[str, Any]) -> None:
    """`/papers ...`: acknowledged at once, answered to the person alone."""
    await ack()
    services: Services = context["services"]
    reply = Reply(services.slack, command)
    asker = Asker(command["user_id"], command["channel_id"], command.get("trigger_id") or "")
    if not within_limit(services, reply, asker.user_id):
        return
    answer = services.answers.answer(command.get("text") or "", asker)
    services.tasks.start(reply.with_answer(answer), reply.failure)
