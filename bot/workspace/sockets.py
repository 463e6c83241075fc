"""Socket Mode: the WebSockets the bot opens, and the envelopes that go down them.

https://docs.slack.dev/apis/events-api/using-socket-mode/
"""

import asyncio
import json
import secrets
import uuid
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from bot.workspace.changes import Changes
from bot.workspace.state import Json

MOST_CONNECTIONS = 10
# How long a bot that was asked to reconnect may take before Slack closes the socket itself.
RECONNECT_GRACE = 1.0


class ConnectionLostError(Exception):
    """The socket closed before the envelope was acknowledged."""


@dataclass(eq=False)
class Connection:
    """One open WebSocket, and the envelopes on it that wait for their acknowledgement."""

    socket: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, envelope: Json, ack_timeout: float) -> Json | None:
        """Send an envelope; the payload of its acknowledgement. `TimeoutError` or `ConnectionLostError` without one."""
        envelope_id = str(uuid.uuid4())
        ack: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self.waiting[envelope_id] = ack
        try:
            await self.socket.send_json({"envelope_id": envelope_id, **envelope})
            async with asyncio.timeout(ack_timeout):
                return await ack
        except ConnectionError as error:
            raise ConnectionLostError from error
        finally:
            del self.waiting[envelope_id]

    def receive(self, text: str) -> None:
        """Take an acknowledgement; whatever else a client says is ignored, as Slack does."""
        try:
            message = json.loads(text)
        except json.JSONDecodeError:
            return
        ack = self.waiting.get(message.get("envelope_id", "")) if isinstance(message, dict) else None
        if ack is not None and not ack.done():
            ack.set_result(message.get("payload"))

    def lose(self) -> None:
        """Give up on everything that was not acknowledged before the socket closed."""
        for ack in self.waiting.values():
            if not ack.done():
                ack.set_exception(ConnectionLostError())
        self.closed.set()


class Sockets:
    """All open connections of the app; each envelope goes to one of them."""

    def __init__(self, app_id: str, changes: Changes) -> None:
        self._app_id = app_id
        self._changes = changes
        self._tickets: set[str] = set()
        self._turn = 0
        self._shut = False
        self.open: list[Connection] = []
        self.base_url = ""

    def url(self) -> str:
        """A WebSocket address that can be used once."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return f"{self.base_url}?ticket={ticket}&app_id={self._app_id}"

    def pick(self) -> Connection | None:
        """The connection whose turn it is."""
        if not self.open:
            return None
        self._turn += 1
        return self.open[self._turn % len(self.open)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket for as long as it is open."""
        ticket = request.query.get("ticket", "")
        if self._shut or ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        connection = Connection(web.WebSocketResponse())
        await connection.socket.prepare(request)
        if len(self.open) >= MOST_CONNECTIONS:
            await self._disconnect(connection, "too_many_websockets")
            return connection.socket
        await self._serve(connection)
        return connection.socket

    async def _serve(self, connection: Connection) -> None:
        self.open.append(connection)
        try:
            await connection.socket.send_json(self._hello())
            self._changes.notify()
            async for message in connection.socket:
                if message.type is WSMsgType.TEXT:
                    connection.receive(message.data)
        except ConnectionError:
            pass  # the client went away before the greeting
        finally:
            self._forget(connection)
            connection.lose()
            self._changes.notify()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "debug_info": {"host": "127.0.0.1", "approximate_connection_time": 18060, "build_number": 1},
            "connection_info": {"app_id": self._app_id},
        }

    def _forget(self, connection: Connection) -> None:
        if connection in self.open:
            self.open.remove(connection)

    async def _disconnect(self, connection: Connection, reason: str) -> None:
        info = {"host": "127.0.0.1"}
        await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": info})
        await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    async def close(self) -> None:
        """Cut every connection, as a network does: without a word of warning."""
        connections = list(self.open)
        for connection in connections:
            self._forget(connection)
        closing = (c.socket.close(code=WSCloseCode.GOING_AWAY) for c in connections)
        await asyncio.gather(*closing, return_exceptions=True)
        await asyncio.gather(*(connection.closed.wait() for connection in connections))

    async def shut(self) -> None:
        """Close for good: a bot that comes back at once finds the door locked."""
        self._shut = True
        await self.close()

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Ask for new connections in place of those that are open now, then close the old ones."""
        await asyncio.gather(*(self._replace(connection, reason) for connection in list(self.open)))

    async def _replace(self, connection: Connection, reason: str) -> None:
        # Nothing new goes down a socket that is about to close; what is under way may still be acknowledged.
        self._forget(connection)
        info = {"host": "127.0.0.1"}
        try:
            await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": info})
            async with asyncio.timeout(RECONNECT_GRACE):
                await connection.closed.wait()
        except (TimeoutError, ConnectionError):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)
            await connection.closed.wait()
