"""How Slack reaches the bot: over a socket that the bot opens, or by signed HTTP requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.health import Line
from bot.metrics import Metrics
from bot.slack import Slack

log = logging.getLogger(__name__)

EVENTS_PATH = "/slack/events"
MONITORING = "monitored at http://%s:%d/healthz and /metrics"
PAGES = "pages and feeds at http://%s:%d, which PAPERS_PUBLIC_URL must lead to"
#: Slack's largest delivery, a form filled in, has about a quarter of this.
MOST_BYTES = 1024 * 1024
#: Service managers expect a process to be gone ten seconds after it was asked to stop. Posts, requests and answers
#: are finished one after the other, each in this time at most.
STOP_SECONDS = 2.5


@asynccontextmanager
async def over_socket(
    app: AsyncApp,
    slack: Slack,
    app_token: str,
    line: Line,
    every: float,
    on_reconnect: Callable[[], None],
) -> AsyncIterator[None]:
    """Listen in Socket Mode, and look every so many seconds whether the socket is open.

    `on_reconnect` hears of every socket that takes the place of another.

    Raises DeliveryError for a bad token, NotSent when Slack can't be reached.
    """
    # Asked for here, because `connect` would ask for ever with a token that Slack refuses.
    url = await slack.socket_url(app_token)
    socket = _Socket(app, app_token, on_reconnect)
    socket.client.wss_uri = url
    try:
        await socket.client.connect()  # type: ignore[no-untyped-call]
        watching = asyncio.create_task(socket.watch(line, every))
        try:
            yield
        finally:
            watching.cancel()
    finally:
        await socket.finish(STOP_SECONDS)
        await socket.client.close()  # type: ignore[no-untyped-call]


class _Socket(AsyncSocketModeHandler):
    """Bolt's adapter, which knows what it is handling: closing under a handler would lose its answer."""

    def __init__(self, app: AsyncApp, app_token: str, on_reconnect: Callable[[], None]) -> None:
        super().__init__(app, app_token)
        self._handling: set[asyncio.Task[None] | None] = set()
        self._on_reconnect = on_reconnect
        self._greeted = False
        self.client.message_listeners.append(self._hear)

    async def _hear(self, _client: object, message: dict[str, Any], _raw: str | None = None) -> None:
        """Slack greets on each new socket."""
        if message.get("type") != "hello":
            return
        if self._greeted:
            self._on_reconnect()
        self._greeted = True

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        task = asyncio.current_task()
        self._handling.add(task)
        try:
            await super().handle(client, req)
        finally:
            self._handling.discard(task)

    async def watch(self, line: Line, every: float) -> None:
        """Tell the line whether the socket is open, for ever."""
        while True:
            line.seen(up=await self.client.is_connected())
            await asyncio.sleep(every)

    async def finish(self, seconds: float) -> None:
        """Take nothing new, and wait for what is being handled. Slack delivers the rest again."""
        self.client.auto_reconnect_enabled = False
        if self.client.message_receiver is not None:
            self.client.message_receiver.cancel()
        if handling := [task for task in self._handling if task is not None]:
            await asyncio.wait(handling, timeout=seconds)


@asynccontextmanager
async def over_http(
    web_app: web.Application, host: str, port: int, where: str = "listening on http://%s:%d" + EVENTS_PATH
) -> AsyncIterator[None]:
    """Serve HTTP, and log `where`, which has places for host and port; requests under way are finished at the end."""
    runner = web.AppRunner(web_app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        log.info(where, *runner.addresses[0][:2])
        yield
    finally:
        await runner.cleanup()


def web_app(app: AsyncApp, signing_secret: str, metrics: Metrics) -> web.Application:
    """Bolt's own HTTP adapter behind the check of Slack's signature."""
    server = app.server(path=EVENTS_PATH).web_app
    server.middlewares.append(_only_slack(SignatureVerifier(signing_secret), metrics))
    return server


def _only_slack(verifier: SignatureVerifier, metrics: Metrics) -> Middleware:
    """Refuse what Slack has not signed, or signed more than five minutes ago, before anything reads it.

    Bolt checks only after it has parsed the body, and answers a failure to the `response_url` in it.
    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == EVENTS_PATH:
            body = await _body(request)
            if not _is_signed(verifier, body, dict(request.headers)):
                metrics.unsigned.inc()
                log.info("a request was refused that is not signed with SLACK_SIGNING_SECRET")
                return web.Response(status=401, text="This is not a request that Slack has signed.")
        return await handler(request)

    return check


async def _body(request: web.Request) -> bytes:
    """All that was sent, once; a request that is larger than any of Slack's is refused before it is read whole."""
    if (request.content_length or 0) > MOST_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
    # One that does not say how long it is ends as soon as it has come that far.
    return await request.read()


def _is_signed(verifier: SignatureVerifier, body: bytes, headers: dict[str, str]) -> bool:
    try:
        return verifier.is_valid_request(body, headers)
    except (ValueError, TypeError):
        # A timestamp that is no number, a signature or a body that is no text.
        return False
