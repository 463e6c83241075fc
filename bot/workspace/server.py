"""A Slack workspace on loopback: the Web API, Socket Mode and `response_url`s behind one port."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from bot.workspace.administration import Administration
from bot.workspace.delivery import Delivery
from bot.workspace.payloads import event_callback
from bot.workspace.people import People
from bot.workspace.state import Call, Json
from bot.workspace.web.pages import Pages

T = TypeVar("T")

# How far the clock of a saved workspace can be behind after a crash, in seconds.
SAVE_EVERY = 5.0
# Addresses that mean every one of the machine's own.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class Workspace(Administration, People):
    """A small real Slack. Use it as an async context manager, or call `start` and `stop`.

    The options are those of `Core`.
    """

    _runner: web.AppRunner | None = None
    _keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; with port 0 on a free one."""
        app = web.Application(client_max_size=4 * 1024**2)
        app.router.add_route("*", "/api/{method}", self.api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_post("/responses/{key:.+}", self.responses.handle)
        app.router.add_get("/files-pri/{id}/download/{name}", self._file)
        app.router.add_post("/upload/v1/{key}", self._upload)
        Pages(self).add_to(app)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self.address).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.address = self._runner.addresses[0][:2]
        self.sockets.base_url = f"{self.url.replace('http', 'ws', 1)}/link/"
        self.responses.base_url = f"{self.url}/responses/"
        self.state.url = self.url
        if self.saved:
            self._keeping = asyncio.create_task(self._keep())

    async def _file(self, request: web.Request) -> web.Response:
        """A file, for those who may read it; others are shown where to sign in, as in Slack."""
        team, file = self.state.team, self.state.files.get(request.match_info["id"])
        allowed = request.headers.get("Authorization") == f"Bearer {team.bot_token}" and not team.revoked
        if not allowed or "files:read" not in team.scopes:
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        if file is None or not file.finished:
            return web.Response(status=404)
        return web.Response(body=file.content, content_type="application/octet-stream")

    async def _upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, at the address that `files.getUploadURLExternal` gave; no token is asked for."""
        file = self.state.files.get(self.state.uploads.get(request.match_info["key"], ""))
        content = await request.content.read()
        if file is None or file.finished or len(content) != file.size:
            return web.Response(status=400, text="Bad Request")
        file.content = content
        self.state.changes.notify()
        return web.Response(text=f"OK - {file.size}")

    async def stop(self) -> None:
        """Close every socket and give up what was still to be delivered, unless there is a file to keep it in."""
        undelivered = self.courier.undelivered()
        self.state.changes.listeners.clear()
        if self._keeping:
            self._keeping.cancel()
        await self.courier.close()
        await self.sockets.shut()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self.saved:
            self.saved.save(self.state, undelivered)
            self.saved.close()

    async def _keep(self) -> None:
        """Deliver at once what was left when the workspace stopped, then write how the time goes by."""
        if self.restored and self.restored.undelivered:
            for event in self.restored.undelivered:
                self.courier.event_later(event)
            while not self.sockets.open:
                await self.state.changes.following().wait()
            await self.courier.retry_now()
        while True:
            await asyncio.sleep(SAVE_EVERY)
            self.save()

    @property
    def url(self) -> str:
        """Where the workspace is: `http://127.0.0.1:PORT`."""
        host, port = self.address
        host = _ANY.get(host, host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def api_url(self) -> str:
        """The base address of the Web API, as `AsyncWebClient(base_url=...)` wants it."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        """The bot's `xoxb-` token."""
        return self.state.team.bot_token

    @property
    def app_token(self) -> str:
        """The app's `xapp-` token, for Socket Mode."""
        return self.state.team.app_token

    @property
    def signing_secret(self) -> str:
        """What deliveries over HTTP are signed with."""
        return self.state.team.signing_secret

    @property
    def team_id(self) -> str:
        """The `T...` id of the workspace."""
        return self.state.team.id

    @property
    def bot_user_id(self) -> str:
        """The `U...` id of the bot's own account."""
        return self.state.team.bot_user_id

    @property
    def calls(self) -> list[Call]:
        """Every Web API call so far."""
        return self.state.calls

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything brought to the bot, or still on its way."""
        return self.courier.deliveries

    @property
    def connections(self) -> int:
        """How many sockets the bot has open."""
        return len(self.sockets.open)

    @property
    def request_url(self) -> str | None:
        """Where deliveries go over HTTP."""
        return self.courier.request_url

    @request_url.setter
    def request_url(self, url: str | None) -> None:
        self.courier.request_url = url

    async def event(self, event: Json) -> Delivery:
        """Deliver any event, subscribed or not; wrapped as Slack does unless it is an `event_callback` already."""
        whole = event if event.get("type") == "event_callback" else event_callback(self.state, event)
        return await self.courier.event(whole)

    async def retry_now(self) -> None:
        """Let the next retry of everything that waits for its minute happen now."""
        await self.courier.retry_now()

    async def verify_url(self) -> bool:
        """Check the request URL as Slack does when it is saved."""
        return await self.courier.verify_url(self.state.team.verification_token)

    async def close_sockets(self) -> None:
        """Cut the bot's sockets."""
        await self.sockets.close()

    async def ask_to_reconnect(self) -> None:
        """Ask the bot for new sockets in place of the old ones."""
        await self.sockets.ask_to_reconnect()

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float = 5.0) -> T:  # noqa: ASYNC109
        """The first true value of `predicate`, asked again at every change of the workspace."""
        started = time.monotonic()
        try:
            return await self.state.changes.wait_for(predicate, timeout)
        except TimeoutError:
            waited = time.monotonic() - started
            raise TimeoutError(
                f"not true after {waited:.1f} s; there is:\n{self.state.described()}"
            ) from None
