"""The buttons about mail, in a message or on the Home tab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import UsageError
from bot.messages.home.place import Spot, Tab
from bot.services import Services
from handlers import home
from handlers.presses import TOO_OLD, carried, stored
from handlers.replies import Reply, within_limit
from storage.mail_models import Rhythm

#: What is written down before a press is acknowledged.
Storing = Callable[[], Awaitable[None]]


async def choose(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """How often mail comes: stored, then acknowledged; then how it stands takes the place of what was pressed."""
    services: Services = context["services"]
    await _pressed(lambda: _chosen(services, body["user"]["id"], carried(action)), ack, body, services)


async def confirm(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """The address is the right one."""
    services: Services = context["services"]
    await _pressed(
        lambda: services.choosing.confirm(body["user"]["id"], carried(action)), ack, body, services
    )


async def _chosen(services: Services, user_id: str, value: str) -> None:
    try:
        rhythm = Rhythm(value)
    except ValueError as error:
        raise UsageError(TOO_OLD) from error
    await services.choosing.remember(user_id, rhythm)


async def _pressed(storing: Storing, ack: AsyncAck, body: dict[str, Any], services: Services) -> None:
    reply = home.way_back(services, body)
    if not within_limit(services, reply, body["user"]["id"]):
        await ack()
        return
    if await stored(_true(storing()), ack, services, reply):
        services.tasks.start(_show(services, reply, body), reply.failure)


async def _true(storing: Awaitable[None]) -> bool:
    await storing
    return True


async def _show(services: Services, reply: Reply, body: dict[str, Any]) -> None:
    """How it stands; on the Home tab that is drawn anew, its settings say so themselves."""
    page = await services.choosing.page(body["user"]["id"])
    if home.stands_there(body):
        await services.homes.show(body["user"]["id"], Spot(Tab.SETTINGS))
    else:
        services.homes.touch(body["user"]["id"])
        await reply(page, replace=True)
