"""Submitting a paper: the form, what it brings, and taking it back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import DeliveryError, UsageError
from bot.messages import (
    CHANNELS_FIELD,
    PAPER_FIELD,
    Message,
    answer_modal,
    looking_message,
    notice,
    withdrawal_of,
)
from bot.services import Services
from bot.submitting import Wanted
from handlers.presses import TOO_OLD, asker, carried, stored
from handlers.replies import Reply, in_field, sentence
from handlers.shortcuts import spot_and_asker


async def open_form(ack: AsyncAck, shortcut: dict[str, Any], context: dict[str, Any]) -> None:
    """The form, with the papers of the message whose menu was opened already in it."""
    await ack()
    services: Services = context["services"]
    spot, who = spot_and_asker(shortcut)
    typed = ""
    if spot.ts:
        with suppress(UsageError):
            typed = " ".join(await services.pointing.papers(spot))

    async def failure(error: Exception) -> None:
        await services.slack.tell(who.user_id, notice(sentence(error)))

    services.tasks.start(services.submitting.open_form(typed, who), failure)


async def submit(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The form was filled in: kept, then acknowledged with what came of it, or with what is wrong in which field."""
    services: Services = context["services"]
    user_id = str(body["user"]["id"])
    typed, channels = _filled(view)
    field = PAPER_FIELD
    try:
        ids = await services.submitting.papers(typed)
        field, wanted = CHANNELS_FIELD, Wanted(ids, channels)
        await services.submitting.keep(wanted, user_id)
    except UsageError as error:
        await ack(response_action="errors", errors={field: in_field(str(error))})
        return
    if await services.submitting.known(wanted):
        await _show(ack, await services.submitting.outcome(wanted, user_id))
        return
    await _show(ack, looking_message(wanted.ids))
    shown = Shown(services, str(view["id"]), user_id)

    async def looking_up() -> None:
        await shown(await services.submitting.outcome(wanted, user_id))

    services.tasks.start(looking_up(), shown.failure)


async def undo(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """Take a submission back, from the form's answer or from a message."""
    services: Services = context["services"]
    reply, who = Reply(services.slack, body), asker(body)
    shown = Shown(services, str((body.get("view") or {}).get("id") or ""), who.user_id)
    in_form = bool(body.get("view"))
    withdrawing = _withdrawn(services, carried(action), who.user_id)
    said = await stored(withdrawing, ack, services, shown if in_form else reply)
    if said:
        answer = shown(said) if in_form else reply(said, replace=True)
        services.tasks.start(answer, shown.failure if in_form else reply.failure)


class Shown:
    """The way back to somebody whose form is open, perhaps: otherwise by a direct message."""

    def __init__(self, services: Services, view_id: str, user_id: str) -> None:
        self._services = services
        self._view_id = view_id
        self._user_id = user_id

    async def __call__(self, message: Message) -> None:
        try:
            await self._services.surfaces.update_modal(self._view_id, answer_modal(message))
        except DeliveryError as closed:
            if closed.code != "not_found":
                raise
            await self._services.slack.tell(self._user_id, message)

    async def failure(self, error: Exception) -> None:
        """Tell the person what went wrong."""
        await self(notice(sentence(error)))


async def _withdrawn(services: Services, value: str, user_id: str) -> Message:
    try:
        withdrawal = withdrawal_of(value)
    except ValueError as error:
        raise UsageError(TOO_OLD) from error
    return await services.submitting.undo(withdrawal, user_id)


async def _show(ack: AsyncAck, message: Message) -> None:
    await ack(response_action="update", view=answer_modal(message))


def _filled(view: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    values = view["state"]["values"]
    typed = str(values[PAPER_FIELD][PAPER_FIELD].get("value") or "")
    return typed, tuple(values[CHANNELS_FIELD][CHANNELS_FIELD].get("selected_conversations") or ())
