"""What Slack delivers, seen from outside: an id in the log for each, and how long its acknowledgement took."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.logs import about, event
from bot.metrics import Metrics

log = logging.getLogger(__name__)


class Delivered(NamedTuple):
    """What a delivery is and where it comes from, as far as it says so; nothing of what a person wrote."""

    kind: str
    type: str
    team: str
    channel: str


class ObservedApp(AsyncApp):
    """Bolt's app, which names each delivery in the log and times it. Both ways of listening come through here."""

    def __init__(self, metrics: Metrics, **options: Any) -> None:  # noqa: ANN401 - Bolt's own
        super().__init__(**options)
        self._metrics = metrics

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Every line that the delivery causes, in the background too, carries its `request`."""
        started = time.perf_counter()
        kind, type_, team, channel = delivered(req.body)
        known = {"type": type_, "team": team, "channel": channel}
        with about(request=secrets.token_hex(4), **{name: value for name, value in known.items() if value}):
            if number := next(iter(req.headers.get("x-slack-retry-num", [])), ""):
                self._metrics.redeliveries.inc()
                event(log, "delivered again", retry=number)
            response = await super().async_dispatch(req)
            seconds = time.perf_counter() - started
            self._metrics.acks.labels(kind).observe(seconds)
            level = logging.DEBUG if response.status < 400 else logging.WARNING
            event(log, "answered", level=level, status=response.status, ms=round(seconds * 1000, 2))
        return response


def delivered(body: Mapping[str, Any]) -> Delivered:
    """Say what a delivery is; whatever is not as Slack makes it is left out."""
    if command := body.get("command"):
        return Delivered("command", _word(command), _word(body.get("team_id")), _word(body.get("channel_id")))
    if isinstance(inner := body.get("event"), Mapping):
        where = inner.get("channel") or _in(inner, "item", "channel")
        return Delivered("event", _word(inner.get("type")), _word(body.get("team_id")), _word(where))
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    name = first.get("action_id") if isinstance(first, Mapping) else ""
    channel = _word(_in(body, "channel", "id"))
    return Delivered("action", _word(name or body.get("type")), _word(_in(body, "team", "id")), channel)


def _in(body: Mapping[str, Any], outer: str, inner: str) -> object:
    found = body.get(outer)
    return found.get(inner) if isinstance(found, Mapping) else ""


def _word(value: object) -> str:
    return value[:60] if isinstance(value, str) else ""
