"""The reading group: its settings, who presents, and notes."""

from __future__ import annotations

import html
import logging
from collections.abc import Awaitable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.errors import UsageError
from bot.messages import (
    COUNT_FIELD,
    DAY_FIELD,
    HOUR_FIELD,
    NOTE_FIELD,
    ROTA_FIELD,
    Message,
    note_turn_of,
    presenter_of,
)
from bot.notes import Said
from bot.services import Services
from handlers.presses import TOO_OLD, asker, carried, stored
from handlers.replies import Reply, in_field

log = logging.getLogger(__name__)

#: Of the kinds of messages (https://docs.slack.dev/reference/events/message), those that a person writes in a thread.
_WRITTEN = (None, "file_share", "thread_broadcast")


async def open_form(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """The settings, as a form."""
    await ack()
    services: Services = context["services"]
    services.tasks.start(services.groups.open_form(asker(body)), Reply(services.slack, body).failure)


async def submit(ack: AsyncAck, view: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The settings were saved: stored, then acknowledged; the person is told in the channel, alone."""
    services: Services = context["services"]
    channel_id, user_id = str(view["private_metadata"]), str(body["user"]["id"])
    filled = {name: fields[name] for name, fields in view["state"]["values"].items()}
    try:
        rota = services.groups.rota_of(filled[ROTA_FIELD].get("selected_users") or [])
        hour = f"{filled[DAY_FIELD]['selected_option']['value']} {filled[HOUR_FIELD]['selected_time']}"
        papers = int(filled[COUNT_FIELD]["selected_option"]["value"])
        said = await services.groups.change(
            channel_id, user_id, hour=hour, papers=papers, rota=rota, active=True
        )
    except UsageError as error:
        await ack(response_action="errors", errors={DAY_FIELD: in_field(str(error))})
        return
    await ack()
    _whisper(services, channel_id, user_id, said)


async def put_back(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Undo: the settings that held before."""
    services: Services = context["services"]
    await _press(services.groups.put_back(carried(action), asker(body)), ack, body, services, replace=True)


async def skip(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The next meeting is left out."""
    services: Services = context["services"]
    await _press(services.groups.skip(asker(body)), ack, body, services)


async def present(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Whoever presses presents the paper from now on."""
    services: Services = context["services"]
    await _press(_take(services, action, asker(body)), ack, body, services)
    _redraw(services)


async def pass_on(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Somebody else is to present the paper: that is stored, and who is next in turn is looked for afterwards."""
    services: Services = context["services"]
    reply, who = Reply(services.slack, body), asker(body)

    async def hand_on(left: tuple[Any, int, str]) -> None:
        try:
            await reply(await services.agendas.hand_on(who.channel_id, *left))
        finally:
            await services.agendas.redraw_stale()

    if left := await stored(_leave(services, action, who), ack, services, reply):
        services.tasks.start(hand_on(left), reply.failure)


async def put_presenter_back(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Undo: who presented before."""
    services: Services = context["services"]
    await _press(_put_back(services, action, asker(body)), ack, body, services, replace=True)
    _redraw(services)


async def open_note(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """The form for a note on the paper of the message that was pressed."""
    await ack()
    services: Services = context["services"]
    thread_ts = str((body.get("container") or {}).get("message_ts") or "")
    opening = services.notes.open_form(carried(action), thread_ts, asker(body))
    services.tasks.start(opening, Reply(services.slack, body).failure)


async def keep_note(
    ack: AsyncAck, view: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """A note was written: stored, then acknowledged; its author is told in the thread, alone."""
    services: Services = context["services"]
    user_id = str(body["user"]["id"])
    text = str(view["state"]["values"][NOTE_FIELD][NOTE_FIELD].get("value") or "")
    try:
        note, said = await services.notes.written(
            str(view["private_metadata"]), text, str(view["id"]), user_id
        )
    except UsageError as error:
        await ack(response_action="errors", errors={NOTE_FIELD: in_field(str(error))})
        return
    await ack()
    _whisper(services, note.channel_id, user_id, said, note.thread_ts)


async def turn_note(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Take a note back, or keep it after all."""
    services: Services = context["services"]
    await _press(_turn_note(services, action, asker(body)), ack, body, services, replace=True)


async def said(event: dict[str, Any], context: dict[str, Any]) -> None:
    """What people say in channels: of all that, only a reply in a reading group's thread may be a note."""
    services: Services = context["services"]
    reply = _reply_of(event)
    if reply and (answer := await services.notes.heard(reply)):
        _whisper(services, reply.channel_id, reply.user_id, answer, reply.thread_ts)


def _reply_of(event: dict[str, Any]) -> Said | None:
    """A person's reply in a thread, as it reads after this event; None for anything else."""
    deleted = event.get("subtype") == "message_deleted"
    if deleted:
        message = event.get("previous_message") or {}
    elif event.get("subtype") == "message_changed":
        message = event.get("message") or {}
    else:
        message = event if event.get("subtype") in _WRITTEN else {}
    if message.get("bot_id") or not message.get("user") or not message.get("thread_ts"):
        return None
    return Said(
        str(event["channel"]),
        str(message["thread_ts"]),
        str(message["ts"]),
        str(message["user"]),
        # Slack sends &, < and > as entities.
        "" if deleted else html.unescape(str(message.get("text") or "")),
        float(event.get("event_ts") or event["ts"]),
    )


async def _take(services: Services, action: dict[str, Any], who: Asker) -> Message:
    day, position, _ = _paper_of(action)
    return await services.agendas.take(who.channel_id, day, position, who.user_id)


async def _leave(services: Services, action: dict[str, Any], who: Asker) -> tuple[Any, int, str]:
    day, position, _ = _paper_of(action)
    return day, position, await services.agendas.leave(who.channel_id, day, position)


async def _put_back(services: Services, action: dict[str, Any], who: Asker) -> Message:
    day, _, presenters = _paper_of(action)
    return await services.agendas.put_back(who.channel_id, day, presenters)


async def _turn_note(services: Services, action: dict[str, Any], who: Asker) -> Message:
    try:
        kept, note_id = note_turn_of(carried(action))
    except ValueError as error:
        raise UsageError(TOO_OLD) from error
    return await services.notes.turn(note_id, who, kept=kept)


def _paper_of(action: dict[str, Any]) -> tuple[Any, int, dict[int, str]]:
    """The day of the meeting, the first position a button is about, and who presents what. Raises UsageError."""
    try:
        day, presenters = presenter_of(carried(action))
        return day, next(iter(presenters)), presenters
    except (ValueError, StopIteration) as error:
        raise UsageError(TOO_OLD) from error


async def _press(
    doing: Awaitable[Message],
    ack: AsyncAck,
    body: dict[str, Any],
    services: Services,
    *,
    replace: bool = False,
) -> None:
    """Stored, then acknowledged; then the person is told."""
    reply = Reply(services.slack, body)
    if answer := await stored(doing, ack, services, reply):
        services.tasks.start(reply(answer, replace=replace), reply.failure)


def _redraw(services: Services) -> None:
    services.tasks.start(services.agendas.redraw_stale(), _unheard)


def _whisper(
    services: Services, channel_id: str, user_id: str, message: Message, thread_ts: str = ""
) -> None:
    services.tasks.start(services.slack.whisper(channel_id, user_id, message, thread_ts), _unheard)


async def _unheard(error: Exception) -> None:
    """What was asked for is stored; only nobody could be told."""
    log.warning("nobody could be told: %s", error)
