"""Answers to the person who typed or clicked, and what they read when something fails."""

from __future__ import annotations

import html
import logging
import re
import secrets
from collections.abc import Awaitable
from typing import Any

from bot.errors import DeliveryError, PapersError, UsageError
from bot.messages import Message, notice
from bot.outcomes import NotSent
from bot.services import Services
from bot.slack import Slack

log = logging.getLogger(__name__)

TOO_MANY = "That was a lot at once. Give me a few seconds, then ask again."
OUT_OF_REACH = "Slack itself could not be reached just now. Try again in a minute."
UNEXPECTED = "Something went wrong on my side, and I have written it down as {number}. Please try again."


class Reply:
    """The way back to one person, over the `response_url` of what they did."""

    def __init__(self, slack: Slack, body: dict[str, Any]) -> None:
        self._slack = slack
        self._url = str(body.get("response_url") or "")
        self._thread_ts = _thread_of(body)

    async def __call__(self, message: Message, *, replace: bool = False) -> None:
        await self._slack.respond(self._url, message, replace=replace, thread_ts=self._thread_ts)

    async def with_answer(self, answer: Awaitable[Message | None], *, replace: bool = False) -> None:
        """Reply once the answer is there, unless there is nothing to say."""
        if message := await answer:
            await self(message, replace=replace)

    async def failure(self, error: Exception) -> None:
        """Tell the person what went wrong."""
        await self(notice(sentence(error)))


class Conversation:
    """The way back to where somebody wrote to the bot, as a message of its own; in the thread, if it was in one."""

    def __init__(self, slack: Slack, channel_id: str, thread_ts: str = "") -> None:
        self._slack = slack
        self._channel_id = channel_id
        self._thread_ts = thread_ts

    async def __call__(self, answer: Awaitable[Message]) -> None:
        await self._slack.post(self._channel_id, await answer, thread_ts=self._thread_ts)

    async def failure(self, error: Exception) -> None:
        """Tell the person what went wrong."""
        await self._slack.post(self._channel_id, notice(sentence(error)), thread_ts=self._thread_ts)


def within_limit(services: Services, reply: Reply, user_id: str) -> bool:
    """Whether this person may ask for one thing more now; otherwise they are told."""
    if services.allowance.take(user_id):
        return True
    services.metrics.over_limit.inc()
    services.tasks.start(reply(notice(TOO_MANY)), reply.failure)
    return False


async def unasked(error: Exception) -> None:
    """What nobody asked for, such as a preview, fails without a word to anybody."""
    if isinstance(error, PapersError | NotSent):
        log.warning("left undone: %s", error)
    else:
        log.error("left undone", exc_info=error)


def _thread_of(body: dict[str, Any]) -> str:
    """The thread in which something was clicked, or chosen in a message's menu.

    Not of its first message, which stands in the channel.
    """
    place = (
        body.get("container") or (body.get("message") if body.get("type") == "message_action" else None) or {}
    )
    thread_ts = str(place.get("thread_ts") or "")
    return "" if thread_ts == (place.get("message_ts") or place.get("ts")) else thread_ts


def in_field(sentence: str) -> str:
    """A sentence as a field of a form shows it, where Slack takes every sign for itself."""
    return html.unescape(re.sub(r"[`*]", "", sentence))


def sentence(error: Exception) -> str:
    """The sentence for an error: its own when it was meant for the person, otherwise one with a number to look up."""
    match error:
        case UsageError():
            return str(error)
        case DeliveryError():
            # It can quote what Slack, or a proxy before it, has answered.
            return f"{html.escape(str(error), quote=False)}."
        case NotSent():
            return OUT_OF_REACH
    number = secrets.token_hex(4)
    log.error("failure %s", number, exc_info=error)
    return UNEXPECTED.format(number=number)
