"""Slack's Web API as the bot needs it: post once, find what was posted, redraw, seed.

The client that posts repeats nothing by itself: slack_sdk's connection retry would send a message again
whose first sending had worked. Every other call here can be repeated without harm and is.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import DeliveryError
from bot.messages import Message
from bot.outcomes import CHANNEL_ERRORS, PAUSE, MaybeSent, NotSent, code_of, outcome, refusal, repeatable
from bot.timing import Timing

#: Names the messages of editions in Slack's message metadata.
EVENT_TYPE = "papers_post"
# No name of a channel has a capital letter.
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]+")
_HISTORY_PAGE = 200
_HISTORY_PAGES = 50


class Identity(NamedTuple):
    """Who the bot is in its workspace."""

    team_id: str
    team: str
    user_id: str
    bot_id: str
    #: Where the workspace is in a browser, with a slash at its end.
    url: str


class Slack:
    """One workspace. Raises DeliveryError wherever a person has to act before a call can work."""

    def __init__(self, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self.session = session
        shared: dict[str, Any] = {"token": token, "base_url": api_url, "session": session}
        self._once = AsyncWebClient(**shared, retry_handlers=[])
        self.client = AsyncWebClient(
            **shared,
            retry_handlers=[
                AsyncConnectionErrorRetryHandler(max_retry_count=2),
                AsyncRateLimitErrorRetryHandler(max_retry_count=3),
                AsyncServerErrorRetryHandler(max_retry_count=1),
            ],
        )

    async def identity(self) -> Identity:
        """Who the token belongs to. Raises DeliveryError for a bad token, NotSent when Slack can't be reached."""
        with repeatable():
            answer = await self.client.auth_test()
        known = {name: str(answer.get(name) or "") for name in Identity._fields}
        return Identity(**known)

    async def socket_url(self, app_token: str) -> str:
        """Where a socket can be opened. Raises DeliveryError for a bad token, NotSent when Slack can't be reached."""
        try:
            with repeatable():
                answer = await self.client.apps_connections_open(app_token=app_token)
        except DeliveryError as error:
            advice = "Slack refused SLACK_APP_TOKEN; make an app-level token with connections:write"
            raise DeliveryError(error.code, advice) from error
        return str(answer["url"])

    async def post(
        self, channel: str, message: Message, metadata: Mapping[str, Any] | None = None, thread_ts: str = ""
    ) -> str:
        """Post a message and return its `ts`; with `metadata`, `find` can find it.

        Raises NotSent, MaybeSent or BadMessage as the outcome is, and DeliveryError when the channel or
        the token must be mended first.
        """
        try:
            answer = await self._once.chat_postMessage(
                channel=channel,
                text=message["text"],
                blocks=message["blocks"],
                metadata={"event_type": EVENT_TYPE, "event_payload": dict(metadata)} if metadata else None,
                thread_ts=thread_ts or None,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            raise outcome(error, channel) from error
        except aiohttp.ClientConnectorError as error:
            # No connection, so nothing was sent.
            raise NotSent(PAUSE) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MaybeSent(str(error) or "timed out", answered=False) from error
        return str(answer["ts"])

    async def find(
        self, channel: str, message: Message, metadata: Mapping[str, Any], *, since: str, thread_ts: str = ""
    ) -> str | None:
        """The `ts` of a message that was perhaps posted, or None when the channel doesn't have it.

        Looked for by its metadata from the `ts` `since` on, or in a thread; by its text where the history
        comes without metadata. Raises DeliveryError or MaybeSent when the history can't be read, which says
        nothing about the message.
        """
        try:
            async for found in self._history(channel, since, thread_ts):
                if _is_the_same(found, message, metadata):
                    return str(found["ts"])
        except SlackApiError as error:
            if code_of(error) == "thread_not_found":
                return None
            raise refusal(error, channel) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MaybeSent(f"the history of {channel} can't be read: {error}", answered=True) from error
        return None

    async def _history(self, channel: str, since: str, thread_ts: str) -> AsyncIterator[dict[str, Any]]:
        asked: dict[str, Any] = {"channel": channel, "limit": _HISTORY_PAGE, "include_all_metadata": True}
        for _ in range(_HISTORY_PAGES):
            if thread_ts:
                answer = await self.client.conversations_replies(ts=thread_ts, **asked)
            else:
                answer = await self.client.conversations_history(oldest=since, inclusive=True, **asked)
            for message in answer.get("messages") or []:
                yield message
            asked["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                return
        raise MaybeSent(f"{channel} has had too many messages to look through", answered=True)

    async def update(self, channel: str, ts: str, message: Message) -> bool:
        """Redraw a message; False when it is gone."""
        try:
            with repeatable(channel):
                await self.client.chat_update(
                    channel=channel, ts=ts, text=message["text"], blocks=message["blocks"]
                )
        except DeliveryError as error:
            if error.code in {"message_not_found", "cant_update_message"}:
                return False
            raise
        return True

    async def seed(self, channel: str, ts: str, emoji: str) -> None:
        """Put the bot's own reaction on a message, so that voting takes one click."""
        with repeatable(channel, harmless=frozenset({"already_reacted"})):
            await self.client.reactions_add(channel=channel, timestamp=ts, name=emoji)

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message, in its thread or out of it; empty when the message is gone."""
        try:
            with repeatable(channel):
                answer = await self.client.chat_getPermalink(channel=channel, message_ts=ts)
        except DeliveryError as error:
            if error.code == "message_not_found":
                return ""
            raise
        return str(answer["permalink"])

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer a command or a click, to that person alone; `replace` puts it in the place of what was clicked.

        Raises DeliveryError when Slack takes no more answers: there are five, within half an hour.
        """
        answers = AsyncWebhookClient(
            response_url, session=self.session, retry_handlers=self.client.retry_handlers
        )
        with repeatable():
            answer = await answers.send(
                text=message["text"],
                blocks=message["blocks"],
                response_type="ephemeral",
                replace_original=replace,
            )
        if answer.status_code != 200:
            raise DeliveryError(answer.body[:100], "Slack took no more answers; ask again with /papers")

    async def channel_id(self, name: str) -> str:
        """The id of a channel given by id or name. Raises DeliveryError when the bot can see none of that name."""
        bare = name.removeprefix("#")
        if _CHANNEL_ID.fullmatch(bare):
            return bare
        with repeatable(name):
            async for channel in self._channels():
                if bare in (channel.get("name"), channel.get("id")):
                    return str(channel["id"])
        raise DeliveryError(
            "channel_not_found", CHANNEL_ERRORS["channel_not_found"].format(channel=f"#{bare}")
        )

    async def _channels(self) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            answer = await self.client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=200, cursor=cursor
            )
            for channel in answer.get("channels") or []:
                yield channel
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def is_member(self, channel: str) -> bool:
        """Whether the bot is in a channel. Raises DeliveryError when it can't see the channel at all."""
        with repeatable(channel):
            answer = await self.client.conversations_info(channel=channel)
        return bool((answer.get("channel") or {}).get("is_member", True))

    async def scopes(self) -> frozenset[str]:
        """The scopes granted to the token, as the header of every answer names them."""
        with repeatable():
            answer = await self.client.auth_test()
        granted = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
        return frozenset(scope.strip() for scope in granted.split(",") if scope.strip())


def session(call_seconds: float = Timing().call) -> aiohttp.ClientSession:
    """The connections to Slack, kept open between calls. Must be made inside the running loop."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=call_seconds))


def _is_the_same(found: Mapping[str, Any], message: Message, metadata: Mapping[str, Any]) -> bool:
    carried = found.get("metadata") or {}
    if not carried.get("event_payload"):
        # What a person wrote has the id that their client gave it.
        return found.get("text") == message["text"] and "client_msg_id" not in found
    payload = carried["event_payload"]
    return carried.get("event_type") == EVENT_TYPE and all(
        str(payload.get(name)) == str(value) for name, value in metadata.items()
    )
