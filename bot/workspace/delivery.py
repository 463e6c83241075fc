"""Bringing events, commands and interactions to the bot: down a socket or by signed HTTP, again when need be.

https://docs.slack.dev/apis/events-api/#retries
https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bot.workspace.changes import Changes
from bot.workspace.faults import Faults
from bot.workspace.sockets import ConnectionLostError, Sockets
from bot.workspace.state import Json

Kind = Literal["events_api", "slash_commands", "interactive"]

# Whoever causes an event waits for its retries, but not for those that are minutes away.
PATIENCE = 5.0
_TOO_LATE = ("timeout", "http_timeout")


@dataclass
class Delivery:
    """Something brought to the bot: how often it was tried, and what came back in the end.

    `reason` says why the last attempt failed, in the words of `x-slack-retry-reason`.
    """

    kind: Kind
    payload: Json
    attempts: int = 0
    acked: bool = False
    body: Json | str | None = None
    milliseconds: float = 0.0
    reason: str = ""
    done: bool = False
    resting: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    at: float = 0.0

    @property
    def too_late(self) -> bool:
        """Whether the bot was there but did not answer in time."""
        return not self.acked and self.reason in _TOO_LATE


class Courier:
    """Delivers to whichever receiver the bot has: an open socket, or else the request URL."""

    def __init__(
        self,
        sockets: Sockets,
        faults: Faults,
        changes: Changes,
        signing_secret: str,
        *,
        ack_timeout: float,
        retry_delays: Sequence[float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.sockets = sockets
        self.faults = faults
        self.changes = changes
        self.signing_secret = signing_secret
        self.ack_timeout = ack_timeout
        self.retry_delays = tuple(retry_delays)
        self.clock = clock
        self.request_url: str | None = None
        self.deliveries: list[Delivery] = []
        self._unacked: list[Delivery] = []
        self._hurry = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None

    async def once(self, kind: Kind, payload: Json, *, answered: bool = False) -> Delivery:
        """Deliver a command or an interaction, which Slack never repeats; `answered`: the ack may carry a body."""
        delivery = self._record(kind, payload)
        await self._attempt(delivery, answered=answered)
        delivery.done = True
        self.changes.notify()
        return delivery

    async def event(self, payload: Json) -> Delivery:
        """Deliver an event; returns once it is acknowledged or no retry is due for a while."""
        delivery = self.event_later(payload)
        await delivery.resting.wait()
        return delivery

    def event_later(self, payload: Json) -> Delivery:
        """Deliver an event in the background."""
        delivery = self._record("events_api", payload)
        self._unacked.append(delivery)
        self._start(self._until_acked(delivery))
        return delivery

    def undelivered(self) -> list[Json]:
        """The events the bot has not acknowledged, nor stopped being offered."""
        return [delivery.payload for delivery in self._unacked]

    async def retry_now(self) -> None:
        """Let the next retry of everything that waits for one happen now."""
        # Commands and clicks under way are never tried again.
        waiting = list(self._unacked)
        for delivery in waiting:
            delivery.resting.clear()
        self._hurry.set()
        self._hurry = asyncio.Event()
        await asyncio.gather(*(delivery.resting.wait() for delivery in waiting))

    async def verify_url(self, token: str) -> bool:
        """Ask the request URL to prove itself, as Slack does when somebody saves it."""
        challenge = hashlib.sha256(str(time.time_ns()).encode()).hexdigest()
        delivery = Delivery(
            "events_api", {"type": "url_verification", "token": token, "challenge": challenge}
        )
        await self._attempt(delivery, socket=False)
        body = delivery.body
        return delivery.acked and (body.get("challenge") if isinstance(body, dict) else body) == challenge

    async def close(self) -> None:
        """Give up everything that is still to be delivered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _record(self, kind: Kind, payload: Json) -> Delivery:
        delivery = Delivery(kind, payload, at=self.clock())
        self.deliveries.append(delivery)
        return delivery

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_acked(self, delivery: Delivery) -> None:
        try:
            if self.faults.take_holding_back():
                delivery.attempts, delivery.reason = 1, "connection_failed"
            else:
                await self._attempt(delivery)
            for delay in self.retry_delays:
                if delivery.acked:
                    break
                await self._pause(delay, delivery)
                await self._attempt(delivery)
            if delivery.acked and self.faults.take_redelivery():
                delivery.reason = "timeout"
                await self._attempt(delivery)
        finally:
            delivery.done = True
            self._unacked.remove(delivery)
            delivery.resting.set()
            self.changes.notify()

    async def _pause(self, delay: float, delivery: Delivery) -> None:
        hurry = self._hurry
        if delay > PATIENCE:
            delivery.resting.set()
        try:
            async with asyncio.timeout(delay):
                await hurry.wait()
        except TimeoutError:
            pass

    async def _attempt(self, delivery: Delivery, *, answered: bool = False, socket: bool = True) -> None:
        retry = (delivery.attempts, delivery.reason)
        delivery.attempts += 1
        connection = self.sockets.pick() if socket else None
        started = time.monotonic()
        answer: Awaitable[Json | str | None]
        if connection is not None:
            answer = connection.deliver(_envelope(delivery, retry, answered), self.ack_timeout)
        else:
            answer = self._post(delivery, retry)
        try:
            body = await answer
        except _UndeliveredError as error:
            delivery.reason = error.reason
        except (TimeoutError, ConnectionLostError) as error:
            delivery.reason = "timeout" if isinstance(error, TimeoutError) else "connection_failed"
        else:
            self._acknowledged(delivery, body)
        delivery.milliseconds = (time.monotonic() - started) * 1000
        self.changes.notify()

    def _acknowledged(self, delivery: Delivery, body: Json | str | None) -> None:
        if self.faults.take_dropped_ack():
            delivery.reason = "timeout"
        else:
            delivery.acked, delivery.body, delivery.reason = True, body, ""

    async def _post(self, delivery: Delivery, retry: tuple[int, str]) -> Json | str | None:
        if not self.request_url:
            raise _UndeliveredError("connection_failed")
        body, content_type = _form(delivery)
        headers = {"Content-Type": content_type, **self.signature(body)}
        if retry[0]:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        self._http = self._http or aiohttp.ClientSession()
        limit = aiohttp.ClientTimeout(total=self.ack_timeout)
        try:
            async with self._http.post(self.request_url, data=body, headers=headers, timeout=limit) as answer:
                text = await answer.text()
        except TimeoutError:
            raise _UndeliveredError("http_timeout") from None
        except aiohttp.ClientError:
            raise _UndeliveredError("connection_failed") from None
        if not 200 <= answer.status < 300:
            raise _UndeliveredError("http_error")
        return _parsed(text, answer.content_type)

    def signature(self, body: str) -> dict[str, str]:
        """The headers by which the bot knows that Slack sent this."""
        # Always the real time: the bot compares it with its own clock, whatever the workspace's clock says.
        now = str(int(time.time()))
        digest = hmac.new(self.signing_secret.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256)
        return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={digest.hexdigest()}"}


class _UndeliveredError(Exception):
    """An attempt that failed, with the word Slack has for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _envelope(delivery: Delivery, retry: tuple[int, str], answered: bool) -> Json:
    envelope: Json = {
        "type": delivery.kind,
        "payload": delivery.payload,
        "accepts_response_payload": answered,
    }
    if delivery.kind == "events_api":
        envelope |= {"retry_attempt": retry[0], "retry_reason": retry[1]}
    return envelope


def _form(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload), "application/json"
    fields = delivery.payload
    if delivery.kind == "interactive":
        fields = {"payload": json.dumps(delivery.payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _parsed(text: str, content_type: str) -> Json | str | None:
    if not text:
        return None
    if content_type != "application/json":
        return text
    try:
        body: Json | str = json.loads(text)
    except json.JSONDecodeError:
        return text
    return body
