"""The modal of a subscription, and the buttons of the list of them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import DeliveryError, UsageError
from bot.messages import SUBSCRIPTION_UNDO, Message, change_of, notice
from bot.messages.home.view import undoable
from bot.outcomes import NotSent
from bot.services import Services
from bot.subscriptions import Kept, is_direct
from handlers import home
from handlers.presses import TOO_OLD, asker, stored
from handlers.replies import Reply, in_field, sentence, within_limit


class _Directly:
    """The way back to a person from a modal: their messages with the bot."""

    def __init__(self, services: Services, user_id: str) -> None:
        self._services = services
        self._user_id = user_id

    async def failure(self, error: Exception) -> None:
        await self._services.slack.tell(self._user_id, notice(sentence(error)))


async def new(ack: AsyncAck, body: dict[str, Any], context: dict[str, Any]) -> None:
    """The button that opens the modal for a new subscription."""
    await ack()
    services: Services = context["services"]
    _open(services.subscriptions.open_new(asker(body)), services, body)


async def edit(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The button that opens the modal for a subscription that is there."""
    await ack()
    services: Services = context["services"]
    key = str(action.get("value") or "")
    _open(services.subscriptions.open_edit(key, asker(body)), services, body)


def _open(opening: Awaitable[None], services: Services, body: dict[str, Any]) -> None:
    """Acknowledged already: what opens the modal must be done within three seconds, and is not waited for."""

    async def opened() -> Message | None:
        await opening
        return None

    back = home.way_back(services, body)
    services.tasks.start(back.with_answer(opened()), back.failure)


async def preview(ack: AsyncAck, body: dict[str, Any], context: dict[str, Any]) -> None:
    """What the modal as it is filled in would have posted, below its fields."""
    await ack()
    services: Services = context["services"]
    back = _Directly(services, body["user"]["id"])
    services.tasks.start(services.subscriptions.preview(body["view"]), back.failure)


async def submit(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """Stored, then acknowledged, which closes the modal; what is wrong is said in its field."""
    services: Services = context["services"]
    who = body["user"]["id"]
    kept = await services.subscriptions.submit(view, who)
    if not isinstance(kept, Kept):
        errors = {field: in_field(said) for field, said in kept.items()}
        await ack(response_action="errors", errors=errors)
        return
    await ack()
    services.homes.touch(who)
    back = _Directly(services, who)
    services.tasks.start(_say(services, kept, who), back.failure)


async def _say(services: Services, kept: Kept, user_id: str) -> None:
    """Where the subscription is, if that can be; a private channel may have thrown the bot out since."""
    channel_id = kept.held.channel_id
    if is_direct(channel_id):
        await services.slack.tell(user_id, kept.message)
        return
    try:
        await services.slack.whisper(channel_id, user_id, kept.message)
    except (DeliveryError, NotSent):
        await services.slack.tell(user_id, kept.message)


async def change(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Pause, resume, delete or undo: stored, then acknowledged; then the list takes the place of the list."""
    services: Services = context["services"]
    if home.stands_there(body):
        await home.done(_changed_at_home(services, action, body), ack, body, services)
        return
    reply, who = Reply(services.slack, body), asker(body)
    if not within_limit(services, reply, who.user_id):
        await ack()
        return
    done = await stored(_changed(services, action, body), ack, services, reply)
    if done:
        services.homes.touch(who.user_id)
        listed = services.subscriptions.listed(who, *done)
        services.tasks.start(reply.with_answer(listed, replace=True), reply.failure)


async def _changed_at_home(services: Services, action: dict[str, Any], body: dict[str, Any]) -> Message:
    note, undo = await _changed(services, action, body)
    return undoable(note, SUBSCRIPTION_UNDO, undo)


async def _changed(services: Services, action: dict[str, Any], body: dict[str, Any]) -> tuple[str, str]:
    try:
        asked, key = change_of(str(action.get("value") or ""))
    except ValueError as error:
        raise UsageError(TOO_OLD) from error
    return await services.subscriptions.change(asked, key, asker(body))
