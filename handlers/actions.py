"""Buttons in messages."""

from __future__ import annotations

import time
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.answers import Asker
from bot.errors import UsageError
from bot.messages import Message, notice, turn_of, voted_message
from bot.services import Services
from bot.votes import Voted
from handlers.replies import Reply
from storage.models import Click


async def vote(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The upvote button: stored, then acknowledged, like a reaction."""
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    try:
        voted = await services.voting.clicked(_click(action, body, services.identity.team_id))
    except UsageError as error:
        await ack()
        services.tasks.start(reply.failure(error), reply.failure)
        return
    await ack()
    said = _answer(voted, in_channel=not (body.get("container") or {}).get("is_ephemeral"))
    if said:
        services.tasks.start(reply(said), reply.failure)


def _click(action: dict[str, Any], body: dict[str, Any], team_id: str) -> Click:
    return Click(
        team_id=team_id,
        paper_id=str(action.get("value") or ""),
        user_id=body["user"]["id"],
        # Two presses differ in at least one of these; one press delivered twice differs in neither.
        click_id=f"{action.get('action_ts', '')}:{body.get('trigger_id', '')}",
        clicked_at=float(action.get("action_ts") or time.time()),
    )


def _answer(voted: Voted, *, in_channel: bool) -> Message | None:
    """What to say: nothing where the post itself shows the new count within a second, or it was said before."""
    if not voted.new:
        return None
    if voted.before != voted.after:
        return None if in_channel else voted_message(voted.paper, voted.after, voted.tally)
    return notice(
        "Your reaction already counts: one vote per person and paper. Take the reaction away to take the vote back."
    )


async def turn_page(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """More and Back: the same question again, from another place on."""
    await ack()
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    asker = Asker(body["user"]["id"], (body.get("channel") or {}).get("id", ""))

    async def turn() -> None:
        try:
            asked, offset = turn_of(action.get("value") or "")
        except ValueError as error:
            raise UsageError("This button is too old to work. Ask again with `/papers`.") from error
        await reply(await services.answers.answer(asked, asker, offset), replace=True)

    services.tasks.start(turn(), reply.failure)
