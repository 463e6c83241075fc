"""Buttons in messages."""

from __future__ import annotations

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.errors import UsageError
from bot.messages import Message, Place, TastePress, notice, press_of, taste_press_of, turn_of, voted_message
from bot.services import Services
from bot.votes import Voted
from handlers.presses import TOO_OLD, asker, for_one, pressed_at, stored
from handlers.replies import Reply, within_limit
from storage.models import Click, Save


async def vote(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The upvote button: stored, then acknowledged, like a reaction."""
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    clicking = services.voting.clicked(click_of(action, body, services.identity.team_id))
    voted = await stored(clicking, ack, services, reply)
    in_channel = not (body.get("container") or {}).get("is_ephemeral")
    if voted and (said := _answer(voted, in_channel=in_channel)):
        services.tasks.start(reply(said), reply.failure)


def click_of(action: dict[str, Any], body: dict[str, Any], team_id: str) -> Click:
    return Click(
        team_id=team_id,
        paper_id=str(action.get("value") or ""),
        user_id=body["user"]["id"],
        # Two presses differ in at least one of these; one press delivered twice differs in neither.
        click_id=f"{action.get('action_ts', '')}:{body.get('trigger_id', '')}",
        clicked_at=pressed_at(action),
        channel_id=asker(body).channel_id,
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


async def save(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The save button: stored, then acknowledged; then the answer it stands in is drawn again.

    An answer that a whole channel reads tells nobody what others save, so there the person is told alone.
    """
    services: Services = context["services"]
    reply, who = Reply(services.slack, body), asker(body)
    if not within_limit(services, reply, who.user_id):
        await ack()
        return
    place = await stored(_saved(services, action, who), ack, services, reply)
    if place and for_one(body):
        services.tasks.start(
            reply.with_answer(services.answers.answer_at(place, who), replace=True), reply.failure
        )
    elif place:
        saved = services.errands.saved(press_of(action["value"]).paper_id)
        services.tasks.start(reply.with_answer(saved), reply.failure)


async def _saved(services: Services, action: dict[str, Any], who: Asker) -> Place:
    """Store what the press asks for; returns the place of the answer it was made in."""
    try:
        press = press_of(action.get("value") or "")
    except ValueError as error:
        raise UsageError(TOO_OLD) from error
    save = Save(
        team_id=services.identity.team_id,
        user_id=who.user_id,
        paper_id=press.paper_id,
        saved=press.save,
        pressed_at=pressed_at(action),
    )
    await services.saving.pressed(save)
    return press.place


async def similar(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Papers like this one, in an answer of their own."""
    await ack()
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    if not within_limit(services, reply, body["user"]["id"]):
        return
    answer = services.answers.answer(f"like:{action.get('value') or ''}", asker(body))
    services.tasks.start(reply.with_answer(answer), reply.failure)


async def share(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """A paper for the channel: planned, then acknowledged, so that no crash loses it; then posted."""
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    if not within_limit(services, reply, body["user"]["id"]):
        await ack()
        return
    planning = services.sharing.plan(str(action.get("value") or ""), asker(body))
    planned = await stored(planning, ack, services, reply)
    if planned:
        services.tasks.start(reply.with_answer(services.sharing.send(planned)), reply.failure)


async def turn_page(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """More and Back: the same question again, from another place on."""
    await ack()
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    if not within_limit(services, reply, body["user"]["id"]):
        return
    try:
        place = Place(*turn_of(action.get("value") or ""))
    except ValueError:
        services.tasks.start(reply.failure(UsageError(TOO_OLD)), reply.failure)
        return
    turned = services.answers.answer_at(place, asker(body))
    # What others read stays as it is: the page is for whoever turned it.
    services.tasks.start(reply.with_answer(turned, replace=for_one(body)), reply.failure)


async def taste(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The buttons of a taste: stored, then acknowledged; then the taste takes the place of what they stood in."""
    services: Services = context["services"]
    reply, who = Reply(services.slack, body), asker(body)
    done = await stored(_tasted(services, action, who), ack, services, reply)
    if done:
        press, note = done
        page = services.tasting.page(press, who.user_id, who.channel_id, note)
        services.tasks.start(reply.with_answer(page, replace=True), reply.failure)


async def _tasted(services: Services, action: dict[str, Any], who: Asker) -> tuple[TastePress, str]:
    try:
        press = taste_press_of(action.get("value") or "")
    except ValueError as error:
        raise UsageError(TOO_OLD) from error
    return press, await services.tasting.pressed(press, who.user_id, who.channel_id)
