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
from bot.timing import Timing

#: Names the messages of editions in Slack's message metadata.
EVENT_TYPE = "papers_post"
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{4,}")
_HISTORY_PAGE = 200
_HISTORY_PAGES = 50

#: What a person can do about each error that ends all posting, or posting to one channel.
TOKEN_ERRORS = {
    "not_authed": "No bot token was sent; set SLACK_BOT_TOKEN",
    "invalid_auth": "Slack does not know this bot token; copy SLACK_BOT_TOKEN again from OAuth & Permissions",
    "account_inactive": "The app was removed from the workspace; install it again and set the new SLACK_BOT_TOKEN",
    "token_revoked": "The bot token was revoked; install the app again and set the new SLACK_BOT_TOKEN",
    "token_expired": "The bot token has expired; install the app again and set the new SLACK_BOT_TOKEN",
    "not_allowed_token_type": "SLACK_BOT_TOKEN must be a bot token, which begins with xoxb-",
}
CHANNEL_ERRORS = {
    "channel_not_found": "There is no channel {channel} that the bot can see; in a private channel, /invite it",
    "not_in_channel": "The bot is not in {channel}; type /invite @papers there",
    "is_archived": "The channel {channel} is archived; unarchive it or /papers unsubscribe",
    "restricted_action": "A workspace setting keeps the bot from posting to {channel}; ask an admin",
    "missing_scope": "The app lacks a scope for {channel}; install it again from `papers-bot manifest`",
}
#: Slack will refuse this very message every time.
_MESSAGE_ERRORS = frozenset({
    "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text",
    "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "metadata_must_be_sent_from_app",
    # Somebody deleted the header that the thread hangs on.
    "thread_not_found",
})  # fmt: skip
#: The server failed, and may have done the work all the same.
_UNSURE_ERRORS = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


class NotSent(Exception):  # noqa: N818 - an outcome, not a mistake
    """Slack certainly does not have the message; worth another try after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"try again after {retry_after:.0f} s")


class MaybeSent(Exception):  # noqa: N818
    """The connection or the server failed: only the channel's history can tell."""


class BadMessage(Exception):  # noqa: N818
    """Slack will never take this message."""


class Identity(NamedTuple):
    """Who the bot is in its workspace."""

    team_id: str
    team: str
    user_id: str
    bot_id: str


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
        try:
            answer = await self.client.auth_test()
        except SlackApiError as error:
            raise _passing_or_refusal(error, "") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(5.0) from error
        known = {name: str(answer.get(name) or "") for name in Identity._fields}
        return Identity(**known)

    async def socket_url(self, app_token: str) -> str:
        """Where a socket can be opened. Raises DeliveryError for a bad token, NotSent when Slack can't be reached."""
        try:
            answer = await self.client.apps_connections_open(app_token=app_token)
        except SlackApiError as error:
            trouble = _passing_or_refusal(error, "")
            if isinstance(trouble, NotSent):
                raise trouble from error
            advice = "Slack refused SLACK_APP_TOKEN; make an app-level token with connections:write"
            raise DeliveryError(trouble.code, advice) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(5.0) from error
        return str(answer["url"])

    async def post(
        self, channel: str, message: Message, metadata: Mapping[str, Any], thread_ts: str = ""
    ) -> str:
        """Post a message and return its `ts`.

        Raises NotSent, MaybeSent or BadMessage as the outcome is, and DeliveryError when the channel or
        the token must be mended first.
        """
        try:
            answer = await self._once.chat_postMessage(
                channel=channel,
                text=message["text"],
                blocks=message["blocks"],
                metadata={"event_type": EVENT_TYPE, "event_payload": dict(metadata)},
                thread_ts=thread_ts or None,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            raise _outcome(error, channel) from error
        except aiohttp.ClientConnectorError as error:
            # No connection, so nothing was sent.
            raise NotSent(5.0) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MaybeSent(str(error) or "timed out") from error
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
                carried = found.get("metadata")
                if carried is None and found.get("text") == message["text"] and found.get("bot_id"):
                    return str(found["ts"])
                if carried == {"event_type": EVENT_TYPE, "event_payload": dict(metadata)}:
                    return str(found["ts"])
        except SlackApiError as error:
            if _code(error) == "thread_not_found":
                return None
            raise _refusal(error, channel) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MaybeSent(f"the history of {channel} can't be read: {error}") from error
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
        raise MaybeSent(f"{channel} has had too many messages to look through")

    async def update(self, channel: str, ts: str, message: Message) -> bool:
        """Redraw a message; False when it is gone."""
        try:
            await self.client.chat_update(
                channel=channel, ts=ts, text=message["text"], blocks=message["blocks"]
            )
        except SlackApiError as error:
            if _code(error) in {"message_not_found", "cant_update_message"}:
                return False
            raise _passing_or_refusal(error, channel) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(5.0) from error
        return True

    async def seed(self, channel: str, ts: str, emoji: str) -> None:
        """Put the bot's own reaction on a message, so that voting takes one click."""
        try:
            await self.client.reactions_add(channel=channel, timestamp=ts, name=emoji)
        except SlackApiError as error:
            if _code(error) != "already_reacted":
                raise _passing_or_refusal(error, channel) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(5.0) from error

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer a command or a click, to that person alone; `replace` puts it in the place of what was clicked.

        Raises DeliveryError when Slack takes no more answers: there are five, within half an hour.
        """
        answers = AsyncWebhookClient(response_url, session=self.session)
        try:
            answer = await answers.send(
                text=message["text"],
                blocks=message["blocks"],
                response_type="ephemeral",
                replace_original=replace,
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(5.0) from error
        if answer.status_code != 200:
            raise DeliveryError(answer.body[:100], "Slack did not take an answer")

    async def channel_id(self, name: str) -> str:
        """The id of a channel given by id or name. Raises DeliveryError when the bot can see none of that name."""
        bare = name.removeprefix("#")
        if _CHANNEL_ID.fullmatch(bare):
            return bare
        try:
            async for channel in self._channels():
                if channel.get("name") == bare:
                    return str(channel["id"])
        except SlackApiError as error:
            raise _passing_or_refusal(error, name) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotSent(5.0) from error
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
        try:
            answer = await self.client.conversations_info(channel=channel)
        except SlackApiError as error:
            raise _refusal(error, channel) from error
        return bool((answer.get("channel") or {}).get("is_member", True))

    async def scopes(self) -> frozenset[str]:
        """The scopes granted to the token, as the header of every answer names them."""
        answer = await self.client.auth_test()
        granted = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
        return frozenset(scope.strip() for scope in granted.split(",") if scope.strip())


def session(call_seconds: float = Timing().call) -> aiohttp.ClientSession:
    """The connections to Slack, kept open between calls. Must be made inside the running loop."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=call_seconds))


def _code(error: SlackApiError) -> str:
    data = error.response.data if hasattr(error.response, "data") else {}
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _outcome(error: SlackApiError, channel: str) -> Exception:
    status, code = int(getattr(error.response, "status_code", 500)), _code(error)
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        return NotSent(_retry_after(error))
    if status >= 500 or not code or code in _UNSURE_ERRORS:
        return MaybeSent(code or f"HTTP status {status}")
    if code in _MESSAGE_ERRORS:
        return BadMessage(code)
    return _refusal(error, channel)


def _passing_or_refusal(error: SlackApiError, channel: str) -> NotSent | DeliveryError:
    """For a call that can be repeated: Slack is busy or broken just now, or a person has to act."""
    match _outcome(error, channel):
        case NotSent() as later:
            return later
        case MaybeSent():
            return NotSent(5.0)
    return _refusal(error, channel)


def _refusal(error: SlackApiError, channel: str) -> DeliveryError:
    code = _code(error) or "no answer that can be read"
    advice = TOKEN_ERRORS.get(code) or CHANNEL_ERRORS.get(code, "Slack refused a call for {channel}")
    return DeliveryError(code, advice.format(channel=channel or "this workspace"))


def _retry_after(error: SlackApiError) -> float:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    try:
        return max(0.0, float(headers.get("retry-after", 1)))
    except ValueError:
        return 1.0
