"""Buttons in messages."""

from __future__ import annotations

import time
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.answers import Asker
from bot.errors import UsageError
from bot.messages import Message, notice, turn_of, voted_message
from bot.services import Services
from bot.votes import Voted
from handlers.errors import tell
from storage.models import Click


async def vote(
    ack: AsyncAck,
    action: dict[str, Any],
    body: dict[str, Any],
    respond: AsyncRespond,
    context: dict[str, Any],
) -> None:
    """The upvote button: stored, then acknowledged, like a reaction."""
    services: Services = context["services"]
    click = Click(
        team_id=services.identity.team_id,
        paper_id=str(action.get("value") or ""),
        user_id=body["user"]["id"],
        # Two presses differ in at least one of these; one press delivered twice differs in neither.
        click_id=f"{action.get('action_ts', '')}:{body.get('trigger_id', '')}",
        clicked_at=float(action.get("action_ts") or time.time()),
    )
    try:
        voted = await services.voting.clicked(click)
    except UsageError as error:
        await ack()
        services.tasks.start(_reply(respond, notice(str(error))), tell(respond))
        return
    await ack()
    said = _answer(voted, in_channel=not (body.get("container") or {}).get("is_ephemeral"))
    if said:
        services.tasks.start(_reply(respond, said), tell(respond))


def _answer(voted: Voted, *, in_channel: bool) -> Message | None:
    """What to say: nothing where the post itself shows the new count within a second."""
    if voted.before != voted.after:
        return None if in_channel else voted_message(voted.paper, voted.after, voted.tally)
    return notice(
        "Your reaction already counts: one vote per person and paper. Take the reaction away to take the vote back."
    )


async def _reply(respond: AsyncRespond, message: Message) -> None:
    await respond(**message, replace_original=False, response_type="ephemeral")


async def turn_page(
    ack: AsyncAck,
    action: dict[str, Any],
    body: dict[str, Any],
    respond: AsyncRespond,
    context: dict[str, Any],
) -> None:
    """More and Back: the same question again, from another place on."""
    await ack()
    services: Services = context["services"]
    asker = Asker(body["user"]["id"], (body.get("channel") or {}).get("id", ""))

    async def turn() -> None:
        try:
            asked, offset = turn_of(action.get("value") or "")
        except (ValueError, TypeError) as error:
            raise UsageError("This button is too old to work. Ask again with `/papers`.") from error
        await respond(**await services.answers.answer(asked, asker, offset), replace_original=True)

    services.tasks.start(turn(), tell(respond))
