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

from bot.slack import Slack

log = logging.getLogger(__name__)

EVENTS_PATH = "/slack/events"
#: Service managers expect a process to be gone ten seconds after it was asked to stop. Posts, requests and answers
#: are finished one after the other, each in this time at most.
STOP_SECONDS = 2.5


@asynccontextmanager
async def over_socket(
    app: AsyncApp, slack: Slack, app_token: str, on_reconnect: Callable[[], None]
) -> AsyncIterator[None]:
    """Listen in Socket Mode; `on_reconnect` hears of every socket that takes the place of another.

    Raises DeliveryError for a bad token, NotSent when Slack can't be reached.
    """
    # Asked for here, because `connect` would ask for ever with a token that Slack refuses.
    url = await slack.socket_url(app_token)
    socket = _Socket(app, app_token, on_reconnect)
    socket.client.wss_uri = url
    try:
        await socket.client.connect()  # type: ignore[no-untyped-call]
        yield
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

    async def finish(self, seconds: float) -> None:
        """Take nothing new, and wait for what is being handled. Slack delivers the rest again."""
        self.client.auto_reconnect_enabled = False
        if self.client.message_receiver is not None:
            self.client.message_receiver.cancel()
        if handling := [task for task in self._handling if task is not None]:
            await asyncio.wait(handling, timeout=seconds)


@asynccontextmanager
async def over_http(web_app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Serve HTTP; requests under way are finished at the end."""
    runner = web.AppRunner(web_app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        log.info("listening on http://%s:%d%s", *runner.addresses[0][:2], EVENTS_PATH)
        yield
    finally:
        await runner.cleanup()


def web_app(app: AsyncApp, signing_secret: str, health: Handler) -> web.Application:
    """Bolt's own HTTP adapter behind the check of Slack's signature, and a health check."""
    server = app.server(path=EVENTS_PATH).web_app
    server.middlewares.append(_only_slack(SignatureVerifier(signing_secret)))
    server.router.add_get("/healthz", health)
    return server


def _only_slack(verifier: SignatureVerifier) -> Middleware:
    """Refuse what Slack has not signed, or signed more than five minutes ago, before anything reads it.

    Bolt checks only after it has parsed the body, and answers a failure to the `response_url` in it.
    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == EVENTS_PATH and not _is_signed(
            verifier, await request.read(), dict(request.headers)
        ):
            return web.Response(status=401, text="This is not a request that Slack has signed.")
        return await handler(request)

    return check


def _is_signed(verifier: SignatureVerifier, body: bytes, headers: dict[str, str]) -> bool:
    try:
        return verifier.is_valid_request(body, headers)
    except (ValueError, TypeError):
        # A timestamp that is no number, a signature or a body that is no text.
        return False
