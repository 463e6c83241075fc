"""What the handlers of buttons and menus have in common."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.errors import UsageError
from bot.services import Services
from handlers.replies import Reply

T = TypeVar("T")
TOO_OLD = "This button is too old to work. Ask again with `/papers`."


async def stored(storing: Awaitable[T], ack: AsyncAck, services: Services, reply: Reply) -> T | None:
    """What was stored before the acknowledgement; None when the person is told why nothing was."""
    try:
        kept = await storing
    except UsageError as error:
        await ack()
        services.tasks.start(reply.failure(error), reply.failure)
        return None
    await ack()
    return kept


def asker(body: dict[str, Any]) -> Asker:
    channel_id = (body.get("channel") or {}).get("id", "")
    return Asker(body["user"]["id"], channel_id, body.get("trigger_id") or "")


def pressed_at(action: dict[str, Any]) -> float:
    return float(action.get("action_ts") or time.time())


def carried(action: dict[str, Any]) -> str:
    """What a button carries, or the option that was chosen in a menu."""
    return str((action.get("selected_option") or action).get("value") or "")
