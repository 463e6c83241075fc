"""The menu of a paper, what stands below an explanation, and the link to the paper."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.errors import UsageError
from bot.messages import Deed, Message, Statement, statement_of
from bot.recommend import Audience
from bot.services import Services
from handlers.presses import TOO_OLD, asker, carried, chosen, pressed_at, stored
from handlers.replies import Reply
from storage.models import Subject


async def menu(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """A choice in a paper's menu."""
    services: Services = context["services"]
    deed, paper_id = chosen(action)
    if deed in (Deed.MORE, Deed.LESS):
        liked = Statement(Subject.PAPER, paper_id, 1 if deed is Deed.MORE else -1)
        await _record(liked, ack, action, body, services)
        return
    await ack()
    reply, who = Reply(services.slack, body), asker(body)
    services.tasks.start(reply.with_answer(_told(deed, paper_id, who, services)), reply.failure)


def _told(deed: Deed, paper_id: str, who: Asker, services: Services) -> Awaitable[Message]:
    match deed:
        case Deed.MUTE:
            return services.stating.mutable(paper_id)
        case Deed.BIBTEX:
            return services.exporting.copied(paper_id)
    return services.explaining.why(paper_id, Audience(who.channel_id, who.user_id))


async def state(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """More like this, less like this, or something to mute."""
    await _record(_statement(action), ack, action, body, context["services"])


async def undo(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """What was stated before, again; its answer takes the place of the one that the button stands in."""
    await _record(_statement(action), ack, action, body, context["services"], undoing=True)


async def read(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The link to a paper: the client opens it by itself, and Slack tells and waits for an acknowledgement."""
    services: Services = context["services"]
    opening = services.stating.opened(carried(action), asker(body).user_id, pressed_at(action))
    await stored(opening, ack, services, Reply(services.slack, body))


async def _record(
    statement: Statement | None,
    ack: AsyncAck,
    action: dict[str, Any],
    body: dict[str, Any],
    services: Services,
    *,
    undoing: bool = False,
) -> None:
    """Stored, then acknowledged; then the person is told what it changed."""
    reply = Reply(services.slack, body)

    async def recording() -> Message | None:
        if statement is None:
            raise UsageError(TOO_OLD)
        return await services.stating.state(statement, asker(body), pressed_at(action), undoing=undoing)

    if said := await stored(recording(), ack, services, reply):
        services.tasks.start(reply(said, replace=undoing), reply.failure)


def _statement(action: dict[str, Any]) -> Statement | None:
    try:
        return statement_of(carried(action))
    except ValueError:
        return None
