"""Shortcuts: those in the menu of a message, and those of Slack's own search and composer."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.asking import Asker
from bot.errors import UsageError
from bot.messages import Errand, choice_of
from bot.pointing import Spot
from bot.services import Services
from handlers.presses import TOO_OLD, asker, carried, pressed_at, stored
from handlers.replies import Reply, within_limit


class Entry(NamedTuple):
    """How a shortcut stands in Slack's menus; `kind` is `message` or `global`."""

    kind: str
    name: str
    description: str


SAVE_PAPER, FIND_SIMILAR, DISCUSS = "save_paper", "find_similar", "discuss_paper"
SUBMIT_FROM_MESSAGE, SUBMIT = "submit_from_message", "submit_paper"
#: By their callback ids.
ENTRIES = {
    SAVE_PAPER: Entry("message", "Save paper", "Keep the paper of this message for yourself"),
    FIND_SIMILAR: Entry("message", "Find similar", "Papers like the one of this message"),
    DISCUSS: Entry("message", "Discuss", "Open the thread about the paper of this message"),
    SUBMIT_FROM_MESSAGE: Entry("message", "Submit a paper", "Bring its paper to the next edition"),
    SUBMIT: Entry("global", "Submit a paper", "Bring a paper to a channel's next edition"),
}
_ERRANDS = {SAVE_PAPER: Errand.SAVE, FIND_SIMILAR: Errand.SIMILAR, DISCUSS: Errand.DISCUSS}


async def errand(
    ack: AsyncAck, shortcut: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Save, similar, discuss: a save that needs no looking up is stored before the acknowledgement."""
    services: Services = context["services"]
    reply, who, spot = Reply(services.slack, body), asker(body), _spot(shortcut)
    if not within_limit(services, reply, who.user_id):
        await ack()
        return
    wanted, at = _ERRANDS[shortcut["callback_id"]], _used_at(shortcut)
    choice = await services.errands.only_choice(wanted, spot)
    said = await services.errands.save_stored(choice, who.user_id, at)
    await ack()
    if said:
        services.tasks.start(reply(said), reply.failure)
    else:
        services.tasks.start(reply.with_answer(services.errands.begin(wanted, spot, who, at)), reply.failure)


async def choose(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """Which paper of a message was meant."""
    services: Services = context["services"]
    reply, who, at = Reply(services.slack, body), asker(body), pressed_at(action)
    if not within_limit(services, reply, who.user_id):
        await ack()
        return
    try:
        choice = choice_of(carried(action))
    except ValueError:
        await ack()
        services.tasks.start(reply.failure(UsageError(TOO_OLD)), reply.failure)
        return
    said = await services.errands.save_stored(choice, who.user_id, at)
    await ack()
    if said:
        services.tasks.start(reply(said, replace=True), reply.failure)
    else:
        services.tasks.start(
            reply.with_answer(services.errands.run(choice, who, at), replace=True), reply.failure
        )


async def unsave(
    ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], context: dict[str, Any]
) -> None:
    """The Undo of a save: stored, then acknowledged."""
    services: Services = context["services"]
    reply = Reply(services.slack, body)
    undoing = services.errands.unsave(carried(action), asker(body).user_id, pressed_at(action))
    if said := await stored(undoing, ack, services, reply):
        services.tasks.start(reply(said, replace=True), reply.failure)


def _used_at(shortcut: dict[str, Any]) -> float:
    return float(shortcut.get("action_ts") or time.time())


def _spot(shortcut: dict[str, Any]) -> Spot:
    """The message whose menu was opened; previews of links that others drew may name a paper, too."""
    message = shortcut.get("message") or {}
    ts = str(shortcut.get("message_ts") or message.get("ts") or "")
    thread_ts = str(message.get("thread_ts") or "")
    previews = [
        str(each.get(name) or "")
        for each in message.get("attachments") or []
        for name in ("from_url", "original_url", "title_link", "text")
    ]
    text = " ".join([str(message.get("text") or ""), *previews])
    channel_id = str((shortcut.get("channel") or {}).get("id") or "")
    return Spot(channel_id, ts, "" if thread_ts == ts else thread_ts, text)


def spot_and_asker(shortcut: dict[str, Any]) -> tuple[Spot, Asker]:
    """The message and the person of a shortcut; a global one has no message."""
    return _spot(shortcut), asker(shortcut)
