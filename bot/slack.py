"""Slack's Web API as the bot needs it: post once, find what was posted, redraw, seed.

The client that posts repeats nothing by itself: slack_sdk's connection retry would send a message again
whose first sending had worked. Nor is a reading of reactions repeated by itself, so that it is known when it was
asked for. Every other call here can be repeated without harm and is.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import DeliveryError
from bot.messages import Message
from bot.outcomes import (
    CHANNEL_ERRORS,
    PAUSE,
    MaybeSent,
    NotSent,
    code_of,
    header_of,
    outcome,
    refusal,
    repeatable,
)
from bot.timing import Timing

#: Names the messages of editions in Slack's message metadata.
EVENT_TYPE = "papers_post"
# No name of a channel has a capital letter.
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]+")
_HISTORY_PAGE = 200
#: Of the Web API and of every response_url: https://docs.slack.dev/govslack
_DOMAINS = ("slack.com", "slack-gov.com")
_HISTORY_PAGES = 50


class Identity(NamedTuple):
    """Who the bot is in its workspace."""

    team_id: str
    team: str
    user_id: str
    bot_id: str
    #: Where the workspace is in a browser, with a slash at its end.
    url: str


class Sent(NamedTuple):
    """A message of the bot's in a channel, by the metadata it carries; `paper` is empty for a header.

    `series` and `kind` are empty for posts of the daily edition, and for shares.
    """

    ts: str
    in_thread: bool
    edition: str
    position: int
    paper: str
    series: str = ""
    kind: str = ""


class Slack:
    """One workspace. Raises DeliveryError wherever a person has to act before a call can work."""

    def __init__(self, token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._own = _own_domain(api_url)
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
        self,
        channel: str,
        message: Message,
        metadata: Mapping[str, Any] | None = None,
        thread_ts: str = "",
        event_type: str = EVENT_TYPE,
    ) -> str:
        """Post a message and return its `ts`; with `metadata`, `find` can find it among those of its `event_type`.

        Raises NotSent, MaybeSent or BadMessage as the outcome is, and DeliveryError when the channel or
        the token must be mended first.
        """
        try:
            answer = await self._once.chat_postMessage(
                channel=channel,
                text=message["text"],
                blocks=message["blocks"],
                metadata={"event_type": event_type, "event_payload": dict(metadata)} if metadata else None,
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

    async def tell(self, user_id: str, message: Message) -> None:
        """Write to one person; now and then twice, because that harms nobody. Raises NotSent and DeliveryError."""
        with repeatable():
            await self.client.chat_postMessage(
                channel=user_id, text=message["text"], blocks=message["blocks"]
            )

    async def whisper(self, channel: str, user_id: str, message: Message, thread_ts: str = "") -> None:
        """Say something that one person in a channel sees. Raises NotSent and DeliveryError."""
        with repeatable(channel):
            await self.client.chat_postEphemeral(
                channel=channel,
                user=user_id,
                text=message["text"],
                blocks=message["blocks"],
                thread_ts=thread_ts or None,
            )

    async def direct(self, user_id: str) -> str:
        """The id of a person's messages with the bot. Raises as `tell` does."""
        with repeatable():
            answer = await self.client.conversations_open(users=user_id)
        return str(answer["channel"]["id"])

    async def find(
        self,
        channel: str,
        message: Message,
        metadata: Mapping[str, Any],
        *,
        since: str,
        thread_ts: str = "",
        event_type: str = EVENT_TYPE,
    ) -> str | None:
        """The `ts` of a message that was perhaps posted, or None when the channel doesn't have it.

        Looked for by its metadata from the `ts` `since` on, or in a thread; by its text where the history
        comes without metadata. Raises DeliveryError or MaybeSent when the history can't be read, which says
        nothing about the message.
        """
        try:
            async for found in self._history(channel, since, thread_ts):
                if _is_the_same(found, message, metadata, event_type):
                    return str(found["ts"])
        except SlackApiError as error:
            if code_of(error) == "thread_not_found":
                return None
            raise refusal(error, channel) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MaybeSent(f"the history of {channel} can't be read: {error}", answered=True) from error
        return None

    async def find_file(self, channel: str, name: str, user_id: str, *, since: str) -> str | None:
        """The `ts` of the message that shows a file of this name and person, or None when the channel has none.

        Looked for from the `ts` `since` on. Raises DeliveryError or MaybeSent when the history can't be read.
        """
        try:
            async for found in self._history(channel, since, ""):
                named = any(file.get("name") == name for file in found.get("files") or [])
                if named and found.get("user") == user_id:
                    return str(found["ts"])
        except SlackApiError as error:
            raise refusal(error, channel) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise MaybeSent(f"the history of {channel} can't be read: {error}", answered=True) from error
        return None

    async def sent_since(self, channel: str, since: datetime, bot_id: str) -> AsyncIterator[Sent]:
        """The posts of this bot in a channel since then, and in the threads of their headers.

        Raises DeliveryError when a person must act before they can be read, NotSent when Slack can't be reached.
        """
        with repeatable(channel):
            async for message in self._history(channel, f"{since.timestamp():.6f}", ""):
                if sent := _sent(message, bot_id):
                    yield sent
                if sent and not sent.paper:
                    async for reply in self._history(channel, "", sent.ts):
                        if (post := _sent(reply, bot_id)) and post.ts != sent.ts:
                            yield post

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

    async def page(self, channel: str, **asked: Any) -> AsyncSlackResponse:  # noqa: ANN401 - arguments of Slack's own
        """One page of a channel's history or, with `ts`, of a thread.

        Raises NotSent when Slack has no time for it, and DeliveryError when a person has to act.
        """
        with repeatable(channel):
            if "ts" in asked:
                return await self._once.conversations_replies(channel=channel, limit=_HISTORY_PAGE, **asked)
            return await self._once.conversations_history(
                channel=channel, limit=_HISTORY_PAGE, inclusive=True, **asked
            )

    async def reactions(self, channel: str, ts: str) -> AsyncSlackResponse:
        """A message with everybody who reacted to it. Raises as `page` does."""
        with repeatable(channel):
            return await self._once.reactions_get(channel=channel, timestamp=ts, full=True)

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

    async def respond(
        self, response_url: str, message: Message, *, replace: bool = False, thread_ts: str = ""
    ) -> None:
        """Answer a command or a click, to that person alone; `replace` puts it in the place of what was clicked.

        With `thread_ts` a new answer stands in that thread instead of the channel.

        Raises DeliveryError when Slack takes no more answers: there are five, within half an hour; and for an
        address that is not Slack's.
        """
        if not self.is_slacks(response_url):
            raise DeliveryError(
                "foreign_response_url", "The answer was to go to an address that is not Slack's"
            )
        answers = AsyncWebhookClient(
            response_url, session=self.session, retry_handlers=self.client.retry_handlers
        )
        with repeatable():
            answer = await answers.send_dict(
                {
                    **message,
                    "response_type": "ephemeral",
                    "replace_original": replace,
                    **({"thread_ts": thread_ts} if thread_ts and not replace else {}),
                }
            )
        if answer.status_code != 200:
            raise DeliveryError(answer.body[:100], "Slack took no more answers; ask again with /papers")

    def is_slacks(self, address: str) -> bool:
        """Whether an address is one that Slack gives out: on its own domain, over TLS.

        Every delivery that comes so far was signed by Slack or came over the socket to it, so this is a second lock.
        It is closed only where the Web API is Slack's own: a proxy's or an emulator's answers may go anywhere.
        """
        if not self._own:
            return True
        parts = urlsplit(address)
        return parts.scheme == "https" and _is_below(parts.hostname or "", self._own)

    async def is_admin(self, user_id: str) -> bool:
        """Whether a person is an admin or an owner of the workspace."""
        with repeatable():
            answer = await self.client.users_info(user=user_id)
        user = answer.get("user") or {}
        return any(user.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))

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

    async def is_public(self, channel: str) -> bool:
        """Whether everybody in the workspace may know of a channel; not where Slack does not say so."""
        try:
            with repeatable(channel):
                answer = await self.client.conversations_info(channel=channel)
        except (DeliveryError, NotSent):
            return False
        found = answer.get("channel") or {}
        return bool(found.get("is_channel")) and not found.get("is_private")

    async def members(self, channel: str) -> set[str]:
        """The people in a channel; who left it, or the workspace, is not there. Raises NotSent and DeliveryError."""
        found: set[str] = set()
        cursor = ""
        with repeatable(channel):
            while True:
                answer = await self.client.conversations_members(channel=channel, limit=1000, cursor=cursor)
                found.update(map(str, answer.get("members") or []))
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return found

    async def user_ids(self, names: Collection[str]) -> dict[str, str]:
        """The ids of the people who go by these names (without `@`). Raises NotSent and DeliveryError."""
        wanted, found, cursor = {name.lower() for name in names}, dict[str, str](), ""
        with repeatable():
            while True:
                answer = await self.client.users_list(limit=1000, cursor=cursor)
                for user in answer.get("members") or []:
                    profile = user.get("profile") or {}
                    called = {
                        str(user.get("name")),
                        str(profile.get("display_name")),
                        str(user.get("real_name")),
                    }
                    for name in wanted & {one.lower() for one in called}:
                        if not user.get("deleted") and not user.get("is_bot"):
                            found.setdefault(name, str(user["id"]))
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return found

    async def is_member(self, channel: str) -> bool:
        """Whether the bot is in a channel. Raises DeliveryError when it can't see the channel at all."""
        with repeatable(channel):
            answer = await self.client.conversations_info(channel=channel)
        return bool((answer.get("channel") or {}).get("is_member", True))

    async def may_post(self, channel: str) -> bool:
        """Whether the bot is in a channel, as far as Slack tells. Raises NotSent."""
        try:
            return await self.is_member(channel)
        except DeliveryError as error:
            # A private channel the bot is not in does not exist for it; any other error is not about the channel.
            return error.code not in ("channel_not_found", "not_in_channel")

    async def scopes(self) -> frozenset[str]:
        """The scopes granted to the token, as the header of every answer names them."""
        with repeatable():
            answer = await self.client.auth_test()
        granted = header_of(answer.headers, "x-oauth-scopes")
        return frozenset(scope.strip() for scope in granted.split(",") if scope.strip())


def session(
    call_seconds: float = Timing().call, traces: Sequence[aiohttp.TraceConfig] = ()
) -> aiohttp.ClientSession:
    """The connections to Slack, kept open between calls. Must be made inside the running loop."""
    timeout = aiohttp.ClientTimeout(total=call_seconds)
    return aiohttp.ClientSession(timeout=timeout, trace_configs=list(traces))


def _own_domain(api_url: str) -> str:
    """Slack's domain when the Web API is on it, otherwise nothing."""
    host = urlsplit(api_url).hostname or ""
    return next((own for own in _DOMAINS if _is_below(host, own)), "")


def _is_below(host: str, domain: str) -> bool:
    """Whether a host is a domain's own or one below it."""
    return host == domain or host.endswith(f".{domain}")


def _sent(message: Mapping[str, Any], bot_id: str) -> Sent | None:
    """What a message carries if it is a post of ours, and not of another papers-bot in the same channel."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE or message.get("bot_id") != bot_id:
        return None
    payload, ts = metadata["event_payload"], str(message["ts"])
    if "edition" not in payload:
        # A greeting.
        return None
    in_thread = message.get("thread_ts") not in (None, ts)
    return Sent(
        ts,
        in_thread,
        str(payload["edition"]),
        int(payload["position"]),
        str(payload["paper"]),
        str(payload.get("series") or ""),
        str(payload.get("kind") or ""),
    )


def _is_the_same(
    found: Mapping[str, Any], message: Message, metadata: Mapping[str, Any], event_type: str
) -> bool:
    carried = found.get("metadata") or {}
    if not carried.get("event_payload"):
        # What a person wrote has the id that their client gave it.
        return found.get("text") == message["text"] and "client_msg_id" not in found
    payload = carried["event_payload"]
    # The daily edition has no series, and another one's first post may otherwise be like its own.
    return carried.get("event_type") == event_type and all(
        str(payload.get(name, "")) == str(value) for name, value in {"series": "", **metadata}.items()
    )
