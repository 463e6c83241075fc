"""What the handlers of buttons and menus have in common."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any, Protocol, TypeVar

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.errors import UsageError
from bot.messages import Deed, deed_of
from bot.services import Services

T = TypeVar("T")
TOO_OLD = "This button is too old to work. Ask again with `/papers`."


class Telling(Protocol):
    """A way to tell a person what went wrong."""

    async def failure(self, error: Exception) -> None: ...


async def stored(storing: Awaitable[T], ack: AsyncAck, services: Services, reply: Telling) -> T | None:
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


def for_one(body: dict[str, Any]) -> bool:
    """Whether what was pressed stands where nobody else sees it."""
    container = body.get("container") or {}
    return bool(container.get("is_ephemeral")) or asker(body).channel_id.startswith("D")


def pressed_at(action: dict[str, Any]) -> float:
    return float(action.get("action_ts") or time.time())


def chosen(action: dict[str, Any]) -> tuple[Deed, str]:
    """What was chosen in the menu of which paper; of a menu that is not ours, why there is no paper is said."""
    try:
        return deed_of(carried(action))
    except ValueError:
        return Deed.WHY, ""


def carried(action: dict[str, Any]) -> str:
    """What a button carries, or the option that was chosen in a menu."""
    return str((action.get("selected_option") or action).get("value") or "")
