"""The button below what was set for the weekly round-up."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.services import Services
from handlers.presses import asker, carried, stored
from handlers.replies import Reply


async def put_back(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Undo: what held before, stored and then acknowledged; its answer takes the place of the one clicked in."""
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    setting = services.weekly.set_hour(carried(action), asker(body), undoing=True)
    if said := await stored(setting, ack, services, reply):
        services.tasks.start(reply(said, replace=True), reply.failure)
