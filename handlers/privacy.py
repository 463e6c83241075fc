"""The button that makes the bot forget a person."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.services import Services
from handlers.presses import pressed_at, stored
from handlers.replies import Reply


async def forget(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Deleted, then acknowledged; how much it was takes the place of the question."""
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    forgetting = services.privacy.forget(body["user"]["id"], pressed_at(action))
    if said := await stored(forgetting, ack, services, reply):
        services.tasks.start(reply(said, replace=True), reply.failure)
