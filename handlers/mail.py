"""The buttons about mail, in a message or on the Home tab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import UsageError
from bot.messages import Message, notice
from bot.services import Services
from handlers.presses import TOO_OLD, carried
from handlers.replies import Reply, sentence, within_limit
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
    way = _Way(services, body)
    if way.reply and not within_limit(services, way.reply, body["user"]["id"]):
        await ack()
        return
    try:
        await storing()
    except UsageError as error:
        await ack()
        services.tasks.start(way.failure(error), way.failure)
        return
    await ack()
    services.tasks.start(way(services.choosing.page(body["user"]["id"])), way.failure)


class _Way:
    """The way back to where a button was pressed; from the Home tab, which no answer fits into, a direct message."""

    def __init__(self, services: Services, body: dict[str, Any]) -> None:
        self._slack = services.slack
        self._user_id = str(body["user"]["id"])
        self.reply = Reply(services.slack, body) if body.get("response_url") else None

    async def __call__(self, answer: Awaitable[Message]) -> None:
        message = await answer
        if self.reply:
            await self.reply(message, replace=True)
        else:
            await self._slack.tell(self._user_id, message)

    async def failure(self, error: Exception) -> None:
        """Tell the person what went wrong."""
        if self.reply:
            await self.reply.failure(error)
        else:
            await self._slack.tell(self._user_id, notice(sentence(error)))
