"""The pages of the workspace: one for a channel, one for the app's Home, and what their script asks for."""

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web
from markupsafe import Markup

from bot.workspace.clock import MovableClock
from bot.workspace.methods import METHODS
from bot.workspace.state import Json
from bot.workspace.web import emoji
from bot.workspace.web.acts import perform
from bot.workspace.web.draw import PICTURES, TEMPLATES
from bot.workspace.web.guard import HEADERS, Handler, RefusedError, guarded
from bot.workspace.web.live import Live
from bot.workspace.web.panel import entries
from bot.workspace.web.scene import FIRST, HOME, Look, Scene, href

if TYPE_CHECKING:
    from bot.workspace.server import Workspace

_STATIC = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
STATIC = {file.name: _TYPES[file.suffix] for file in sorted(_STATIC.iterdir()) if file.suffix in _TYPES}
PICKER = ("+1", "heart", "fire", "star", "rocket", "tada", "100", "raised_hands", "clap", "-1")


class Hint(NamedTuple):
    """A form of a slash command that the composer offers: how it is written, what choosing it types, what it is."""

    form: str
    fill: str
    said: str = ""


class Pages:
    """Serves everything a browser asks for."""

    def __init__(self, workspace: "Workspace") -> None:
        self.workspace = workspace
        self.scene = Scene(workspace)
        self.live = Live(self.scene, workspace.state.changes)

    def add_to(self, app: web.Application) -> None:
        """Add the routes to the workspace's server."""
        get: dict[str, Handler] = {
            "/": self._first,
            "/c/{channel}": self._channel,
            "/dm": self._direct,
            "/home": self._home,
            "/files/{id}/{name}": self._file,
            "/events": self.live.handle,
            "/panel": self._panel,
            "/static/{name}": _static,
        }
        host = str(self.workspace.address[0])
        for path, handler in get.items():
            app.router.add_get(path, guarded(self._answered(handler), host))
        app.router.add_post("/act", guarded(self._act, host))
        app.on_shutdown.append(self._close)

    async def _close(self, _: web.Application) -> None:
        self.live.close()

    def _answered(self, handler: Handler) -> Handler:
        async def answered(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except RefusedError as refused:
                page = TEMPLATES.get_template("problem.html")
                text = page.render(team=self.workspace.state.team.name, sentence=str(refused))
                return web.Response(
                    text=text, status=refused.status, content_type="text/html", headers=HEADERS
                )

        return answered

    async def _first(self, request: web.Request) -> web.StreamResponse:
        me = self._me(request)
        places = self.scene.places(me)
        first = next((c for c in places if self.workspace.state.bot_is_in(c)), next(iter(places), None))
        return self._page(request, Look(me, first.id if first else HOME))

    async def _channel(self, request: web.Request) -> web.StreamResponse:
        me = self._me(request)
        channel = self.workspace.state.channels.get(request.match_info["channel"])
        if channel is None or not self._sees(me, channel.id):
            raise RefusedError("There is no such channel, or you are not in it.", 404)
        thread = request.query.get("thread", "")
        if thread and channel.find(thread) is None:
            raise RefusedError("The message that this thread belongs to is gone.", 404)
        return self._page(request, Look(me, channel.id, thread, _most(request)))

    async def _direct(self, request: web.Request) -> web.StreamResponse:
        me = self._me(request)
        return self._page(request, Look(me, self.workspace.dm(me), most=_most(request)))

    async def _home(self, request: web.Request) -> web.StreamResponse:
        return self._page(request, Look(self._me(request), HOME))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        me, file = self._me(request), self.workspace.state.files.get(request.match_info["id"])
        if file is None or not any(self._sees(me, channel) for channel in file.shares):
            raise RefusedError("There is no such file, or it is in a channel that you are not in.", 404)
        kind = mimetypes.guess_type(file.name)[0]
        shown = {} if kind in PICTURES else {"Content-Disposition": "attachment"}
        return web.Response(
            body=file.content,
            content_type=kind if kind in PICTURES else "application/octet-stream",
            headers=HEADERS | shown,
        )

    def _sees(self, me: str, channel_id: str) -> bool:
        channel = self.workspace.state.channels[channel_id]
        return channel.kind == "public" or me in channel.members

    async def _panel(self, request: web.Request) -> web.StreamResponse:
        found = entries(self.workspace, request.query.get("q", ""))
        return web.json_response({"entries": found}, headers=HEADERS)

    async def _act(self, request: web.Request) -> web.StreamResponse:
        try:
            # A form of another site can send text, but no JSON that says it is JSON.
            if request.content_type != "application/json":
                raise RefusedError("Send JSON, as application/json.", 415)
            answer, status = await perform(self.workspace, await _body(request)), 200
        except RefusedError as refused:
            answer, status = {"ok": False, "error": str(refused)}, refused.status
        return web.json_response(answer, status=status, headers=HEADERS)

    def _me(self, request: web.Request) -> str:
        people = self.scene.people()
        if not people:
            raise RefusedError("There is nobody in this workspace yet.", 404)
        me = request.query.get("as", people[0].id)
        if me not in {person.id for person in people}:
            raise RefusedError("Nobody here has this id.", 404)
        return me

    def _page(self, request: web.Request, look: Look) -> web.StreamResponse:
        look = self.scene.opened(look)
        regions = self.scene.regions(look)
        tab = self.live.opened(look, regions)
        channel = self.workspace.state.channels.get(look.place)
        text = TEMPLATES.get_template("page.html").render(
            scripts=[name for name in STATIC if name.endswith(".js") and name != "app.js"],
            tab=tab.id,
            me=look.me,
            channel=channel.id if channel else "",
            thread=look.thread,
            home=look.place == HOME,
            title=self.scene.title(look),
            topic=channel.topic if channel else "",
            team=self.workspace.state.team.name,
            regions={name: [Markup(html) for html in parts.values()] for name, parts in regions.items()},  # noqa: S704
            unthreaded=href(look, most=look.most),
            movable=isinstance(self.workspace.clock, MovableClock),
            people=self._people(look),
            hints=list(self._hints()),
            methods=list(METHODS),
            picker=[(name, emoji.character(name)) for name in PICKER],
        )
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    def _people(self, look: Look) -> list[Json]:
        drawing, direct = self.scene.drawing(look.me), self.workspace.state.channels.get(look.place)
        own = direct is not None and direct.kind != "public"

        def there(user: str) -> str:
            # Nobody sees the direct messages of somebody else.
            return f"/dm?as={user}" if own else href(look, me=user, thread=look.thread, most=look.most)

        return [
            {"id": user.id, "name": user.real_name, "href": there(user.id)}
            | {"hue": drawing.hue(user.id), "letter": drawing.letter(user.id)}
            for user in self.scene.people()
        ]

    def _hints(self) -> Iterator[Hint]:
        for command in self.workspace.slash_commands:
            name, said = str(command["command"]), str(command.get("description", ""))
            yield Hint(name, name, said)
            for form in str(command.get("usage_hint", "")).split("|"):
                form = form.strip()
                if form:
                    yield Hint(f"{name} {form}", f"{name} {'' if form.startswith(('[', '<')) else form}")
        bot = self.workspace.state.users[self.workspace.bot_user_id]
        yield Hint(f"/invite @{bot.name}", f"/invite @{bot.name}", "Invite the app to this channel")


def _most(request: web.Request) -> int:
    asked = request.query.get("show", "")
    return max(FIRST, int(asked)) if asked.isdecimal() and len(asked) < 7 else FIRST


async def _body(request: web.Request) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError("That is no JSON.") from None


async def _static(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in STATIC:
        raise RefusedError("There is no such file.", 404)
    # Looked at again by each page, so that a developer sees what they changed.
    headers = {**HEADERS, "Cache-Control": "no-cache", "Content-Type": STATIC[name]}
    return web.FileResponse(_STATIC / name, headers=headers)
