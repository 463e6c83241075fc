"""The app's Home tab: looked at, leafed through, and what is pressed, typed and written there."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.errors import UsageError
from bot.messages import Deed, Message, Statement, TastePress, notice, statement_of, statement_value
from bot.messages.home import place
from bot.messages.home.place import Spot, Tab, spot_of, switch_of, written_of
from bot.services import Services
from handlers.actions import click_of
from handlers.presses import TOO_OLD, asker, carried, chosen, pressed_at, stored
from handlers.replies import Reply, sentence, within_limit
from storage.models import Save, Subject

log = logging.getLogger(__name__)
T = TypeVar("T")


class HomeReply(Reply):
    """The way back to one person on their Home, where there is no `response_url`: it is drawn again, and says it."""

    def __init__(self, services: Services, body: dict[str, Any]) -> None:
        super().__init__(services.slack, body)
        self._homes = services.homes
        self._user_id = str(body["user"]["id"])
        carried = str((body.get("view") or {}).get("private_metadata") or "")
        # A modal says nothing of what is behind it.
        self.spot = _spot(carried) or services.homes.spot_of(self._user_id) or Spot()

    async def __call__(self, message: Message | None, *, replace: bool = False) -> None:
        await self._homes.show(self._user_id, self.spot, message)

    async def failure(self, error: Exception) -> None:
        if isinstance(error, UsageError):
            await self(notice(sentence(error)))
        else:
            await self._homes.apologise(self._user_id, self.spot, sentence(error))


def stands_there(body: dict[str, Any]) -> bool:
    """Whether something was pressed on the Home tab, where the buttons of messages can stand, too."""
    return (body.get("view") or {}).get("type") == "home"


def way_back(services: Services, body: dict[str, Any]) -> Reply:
    """To the person who pressed something, on their Home or in a message."""
    return HomeReply(services, body) if stands_there(body) else Reply(services.slack, body)


async def opened(event: dict[str, Any], context: dict[str, Any]) -> None:
    """Somebody looks at the app: the first time they are greeted, and on the Home tab they see their Home."""
    services: Services = context["services"]
    user_id = event["user"]
    if event.get("channel"):
        services.members.knows_direct(user_id, event["channel"])
        services.tasks.start(services.greeting.person(user_id, event["channel"]), _logged)
    if event.get("tab") == "home":
        await services.home_acts.visit(user_id, float(event.get("event_ts") or time.time()))
        reply = HomeReply(services, {"user": {"id": user_id}, "view": event.get("view")})
        services.tasks.start(services.homes.open(user_id), reply.failure)


async def joined(event: dict[str, Any], context: dict[str, Any]) -> None:
    """Somebody has joined a channel: the bot itself, which says once how to use it there, or a person."""
    services: Services = context["services"]
    if event.get("user") == services.identity.user_id:
        services.tasks.start(services.greeting.channel(event["channel"]), _logged)
    else:
        services.members.forget(str(event.get("user")))


async def _logged(error: Exception) -> None:
    log.warning("a greeting was not sent: %s", error)


async def turn(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """A section, a page or a day to go to."""
    await ack()
    services: Services = context["services"]
    reply = HomeReply(services, body)
    if not within_limit(services, reply, body["user"]["id"]):
        return
    spot = _spot(carried(action)) or Spot()
    # Whoever chooses a section wants it as it is now; whoever leafs wants the order to stay.
    anew = spot == Spot(spot.tab)
    services.tasks.start(services.homes.show(body["user"]["id"], spot, anew=anew), reply.failure)


async def search(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Words to find saved papers by; without any, all of them."""
    await ack()
    services: Services = context["services"]
    reply = HomeReply(services, body)
    if not within_limit(services, reply, body["user"]["id"]):
        return
    words = " ".join(str(action.get("value") or "").split())[: place.QUERY_LIMIT]
    spot = Spot(Tab.SAVED, query=words)
    services.tasks.start(services.homes.show(body["user"]["id"], spot), reply.failure)


async def vote(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The upvote button, as below a paper anywhere: stored, then acknowledged."""
    services: Services = context["services"]

    async def voting() -> Message | None:
        voted = await services.voting.clicked(click_of(action, body, services.identity.team_id))
        return notice(_REACTED) if voted.new and voted.before == voted.after else None

    await done(voting(), ack, body, services)


_REACTED = (
    "Your reaction in a channel counts already: one vote per person and paper. "
    "Take the reaction away there to take the vote back."
)


async def save(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    services: Services = context["services"]

    async def saving() -> Message | None:
        paper_id, saved = _switch(action)
        press = Save(
            team_id=services.identity.team_id,
            user_id=body["user"]["id"],
            paper_id=paper_id,
            saved=saved,
            pressed_at=pressed_at(action),
        )
        return await services.home_acts.save(press, HomeReply(services, body).spot)

    await done(saving(), ack, body, services)


async def read(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """The link to a paper, which the client opens by itself."""
    services: Services = context["services"]

    async def reading() -> Message | None:
        await services.stating.opened(carried(action), body["user"]["id"], pressed_at(action))
        return None

    await done(reading(), ack, body, services)


async def mark(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """Mark as read, or as unread."""
    services: Services = context["services"]

    async def marking() -> Message | None:
        paper_id, on = _switch(action)
        return await services.home_acts.mark(body["user"]["id"], paper_id, pressed_at(action), read=on)

    await done(marking(), ack, body, services)


async def menu(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """A choice in a paper's menu: a modal opens, or something is stated."""
    services: Services = context["services"]
    deed, paper_id = chosen(action)
    if deed in (Deed.MORE, Deed.LESS):
        stated = Statement(Subject.PAPER, paper_id, 1 if deed is Deed.MORE else -1)
        await _state(statement_value(stated), ack, action, body, services)
        return
    await ack()
    who = asker(body)
    opening = (
        services.home_acts.explain(who.user_id, paper_id, who.trigger_id)
        if deed is Deed.WHY
        else services.home_acts.ask_mute(paper_id, who.trigger_id)
    )
    services.tasks.start(opening, HomeReply(services, body).failure)


async def undo(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """What was stated before, again."""
    await _state(carried(action), ack, action, body, context["services"], undoing=True)


async def mute(ack: AsyncAck, body: dict[str, Any], context: dict[str, Any]) -> None:
    """What was chosen to be muted, in the modal."""
    chosen = _field(body, place.MUTE)
    await _state(carried(chosen), ack, {}, body, context["services"])


async def note(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """A note to write or to change: the modal for it opens."""
    await ack()
    services: Services = context["services"]
    who = asker(body)
    opening = services.home_acts.ask_note(who.user_id, carried(action), who.trigger_id)
    services.tasks.start(opening, HomeReply(services, body).failure)


async def write_note(ack: AsyncAck, body: dict[str, Any], context: dict[str, Any]) -> None:
    """What was written, in the modal."""
    services: Services = context["services"]
    paper_id, text = str(body["view"]["private_metadata"]), str(_field(body, place.NOTE).get("value") or "")
    writing = services.home_acts.write(body["user"]["id"], paper_id, text, time.time())
    await done(writing, ack, body, services)


async def undo_note(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """What a note said before."""
    services: Services = context["services"]

    async def undoing() -> Message:
        paper_id, written_at = _read(written_of, carried(action))
        return await services.home_acts.unwrite(body["user"]["id"], paper_id, written_at)

    await done(undoing(), ack, body, services)


async def hide(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """Whether lists leave out what was read."""
    services: Services = context["services"]
    hiding = services.home_acts.hide(body["user"]["id"], hide=carried(action) == "on")
    await done(hiding, ack, body, services)


async def taste(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    """Whether a taste is learned."""
    services: Services = context["services"]

    async def turning() -> Message:
        press = TastePress("on" if carried(action) == "on" else "off", here=False)
        return notice(await services.tasting.pressed(press, body["user"]["id"], ""))

    await done(turning(), ack, body, services)


async def _state(
    value: str,
    ack: AsyncAck,
    action: dict[str, Any],
    body: dict[str, Any],
    services: Services,
    *,
    undoing: bool = False,
) -> None:
    """More of something, less of it, or none: see `handlers.menus`."""

    async def stating() -> Message | None:
        statement = _read(statement_of, value)
        return await services.stating.state(statement, asker(body), pressed_at(action), undoing=undoing)

    await done(stating(), ack, body, services)


async def done(
    storing: Awaitable[Message | None], ack: AsyncAck, body: dict[str, Any], services: Services
) -> None:
    """Stored, then acknowledged; then the person's Home shows it, and says what there is to say."""
    reply, user_id = HomeReply(services, body), str(body["user"]["id"])

    async def store() -> tuple[Message | None]:
        return (await storing,)

    kept = await stored(store(), ack, services, reply)
    if kept is None:
        return
    if services.allowance.take(user_id):
        services.tasks.start(reply(kept[0]), reply.failure)
    else:
        # Everything was stored; only the drawing waits, for all of it together.
        services.homes.touch(user_id)


def _field(body: dict[str, Any], name: str) -> dict[str, Any]:
    """What a modal's field was filled in with."""
    values = body["view"]["state"]["values"]
    return dict(values.get(name, {}).get(name, {}))


def _switch(action: dict[str, Any]) -> tuple[str, bool]:
    return _read(switch_of, carried(action))


def _read(read: Callable[[str], T], value: str) -> T:
    """What a button carries. Raises UsageError for a value that is not one of ours."""
    try:
        return read(value)
    except ValueError as error:
        raise UsageError(TOO_OLD) from error


def _spot(value: str) -> Spot | None:
    try:
        return spot_of(value)
    except ValueError:
        return None
