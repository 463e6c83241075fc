"""The Web API's front door: who calls, what goes wrong on purpose, what is too much, then the method itself."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

from aiohttp import web

from bot.workspace.faults import Fault, Faults
from bot.workspace.limits import RateLimits
from bot.workspace.methods import METHODS, Method
from bot.workspace.request import ApiError, Request
from bot.workspace.state import Call, Channel, Json, State


@dataclass
class Answer:
    """What goes back over HTTP."""

    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class WebApi:
    """Answers `POST /api/<method>`."""

    state: State
    faults: Faults
    limits: RateLimits
    emit: Callable[[Json, Channel | None], None]
    socket_url: Callable[[], str]
    enforce_limits: bool
    reaction_users_shown: int
    history_limit: int
    history_days: int | None
    #: Each hears of every call once its work is done, before the answer goes out.
    listeners: list[Callable[[Call], None]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request and remember it as a `Call`."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        call = Call(request.match_info["method"], dict(request.query), self.state.clock())
        self.state.calls.append(call)
        answer, started = Answer({}), time.monotonic()
        try:
            call.args |= await _arguments(request)
            token = str(call.args.pop("token", "") or "") or bearer
            await self._answer(call, token, answer)
        except ApiError as error:
            answer.body = {"ok": False, "error": error.error, **error.extra}
        call.ok, call.error, call.status = answer.body["ok"], answer.body.get("error"), answer.status
        call.answer, call.milliseconds = answer.body, (time.monotonic() - started) * 1000
        for listener in self.listeners:
            listener(call)
        self.state.changes.notify()
        # As the clock of the workspace says, by which its events are dated.
        answer.headers["Date"] = formatdate(self.state.clock(), usegmt=True)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    async def _answer(self, call: Call, token: str, answer: Answer) -> None:
        method = METHODS.get(call.method)
        if method is None:
            raise ApiError("unknown_method", req_method=call.method)
        self._authorize(method, token, answer)
        fault = self.faults.take(call.method, self._channel(call))
        if (wait := self._wait(call, method, fault)) is not None:
            answer.status, answer.headers["Retry-After"] = 429, str(wait)
            raise ApiError("ratelimited")
        if fault and fault.kind == "fail":
            raise ApiError(fault.error)
        works = fault is None or fault.work
        answer.body = {"ok": True, **(self._run(call, method) if works else {})}
        if fault:
            await self._trouble(fault, answer)

    def _authorize(self, method: Method, token: str, answer: Answer) -> None:
        team = self.state.team
        if method.caller == "anyone":
            return
        if not token:
            raise ApiError("not_authed")
        if token not in (team.bot_token, team.app_token):
            raise ApiError("invalid_auth")
        if team.revoked:
            raise ApiError("token_revoked")
        if token != (team.app_token if method.caller == "app" else team.bot_token):
            raise ApiError("not_allowed_token_type")
        provided = ",".join(sorted(team.scopes))
        answer.headers["X-OAuth-Scopes"] = provided
        answer.headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        if method.scopes and not team.scopes.intersection(method.scopes):
            raise ApiError("missing_scope", needed=",".join(method.scopes), provided=provided)

    def _wait(self, call: Call, method: Method, fault: Fault | None) -> int | None:
        if fault and fault.kind == "rate_limit":
            return int(fault.seconds)
        if not self.enforce_limits:
            return None
        if call.method == "chat.postMessage":
            return self.limits.post(self._channel(call)) or None
        return self.limits.call(call.method, method.per_minute) or None

    def _run(self, call: Call, method: Method) -> Json:
        shown = (self.reaction_users_shown, self.history_limit, self.history_days)
        request = Request(self.state, call.args, self.emit, self.socket_url, *shown)
        return method.run(request)

    async def _trouble(self, fault: Fault, answer: Answer) -> None:
        self.state.changes.notify()
        if fault.kind == "hang":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "fail_after_work" or not fault.work:
            answer.status, answer.body = 500, {"ok": False, "error": "internal_error"}

    def _channel(self, call: Call) -> str:
        reference = str(call.args.get("channel") or "")
        channel = self.state.channel(reference)
        return channel.id if channel else reference


async def _arguments(request: web.Request) -> Json:
    if request.method == "GET":
        return {}
    if request.content_type != "application/json":
        return dict(await request.post())
    try:
        body = await request.json()
    except json.JSONDecodeError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body
