"""Recent Web API calls and deliveries as JSON, newest first: what a developer looks at to see what the bot did."""

import heapq
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from bot.workspace.delivery import Delivery
from bot.workspace.state import Call, Json

if TYPE_CHECKING:
    from bot.workspace.server import Workspace

MOST_ENTRIES = 100


def entries(workspace: "Workspace", words: str = "") -> list[Json]:
    """The newest entries that contain every one of the words, in whatever part of them."""
    wanted = words.lower().split()
    found = (entry for entry in _newest_first(workspace) if _contains(entry, wanted))
    return list(islice(found, MOST_ENTRIES))


def _newest_first(workspace: "Workspace") -> Iterator[Json]:
    # The lists have the order of time each; whole, they are too long to be drawn for every change.
    calls = ((call.at, f"call-{n}", call) for n, call in _backwards(workspace.calls))
    deliveries = ((d.at, f"delivery-{n}", d) for n, d in _backwards(workspace.deliveries))
    for _, id, one in heapq.merge(calls, deliveries, key=lambda entry: entry[0], reverse=True):
        yield {"id": id, **(_call(one) if isinstance(one, Call) else _delivery(one))}


def _backwards(found: list[Call] | list[Delivery]) -> Iterator[tuple[int, Call | Delivery]]:
    for number in range(len(found) - 1, -1, -1):
        yield number, found[number]


def _call(call: Call) -> Json:
    under_way = call.answer is None
    return {
        "kind": "call",
        "name": call.method,
        "at": _time(call.at),
        "milliseconds": None if under_way else round(call.milliseconds, 1),
        "ok": None if under_way else call.ok,
        "status": "under way" if under_way else _status(call),
        "detail": {
            "arguments": {name: _read(value) for name, value in call.args.items()},
            "answer": call.answer,
        },
    }


def _status(call: Call) -> str:
    return call.error or "ok" if call.status == 200 else f"{call.status} {call.error or ''}".strip()


def _delivery(delivery: Delivery) -> Json:
    waiting = delivery.reason and not delivery.acked
    status = "acknowledged" if delivery.acked else delivery.reason or "under way"
    tries = f", {delivery.attempts} times" if delivery.attempts > 1 else ""
    return {
        "kind": "delivery",
        "name": _name(delivery),
        "at": _time(delivery.at),
        "milliseconds": round(delivery.milliseconds, 1) if delivery.acked or waiting else None,
        "ok": True if delivery.acked else False if waiting else None,
        "status": status + tries,
        "detail": {"payload": delivery.payload, "answer": delivery.body},
    }


def _name(delivery: Delivery) -> str:
    payload = delivery.payload
    if delivery.kind == "slash_commands":
        return f"{payload.get('command')} {payload.get('text', '')}".strip()
    if delivery.kind == "events_api":
        event = payload.get("event") or {}
        return ".".join(filter(None, (event.get("type", ""), event.get("subtype", ""))))
    action: Json = next(iter(payload.get("actions") or []), {})
    return " ".join(filter(None, (payload.get("type", ""), action.get("action_id", ""))))


def _read(value: object) -> object:
    """An argument that a form carries as JSON text, as what it means."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        read: object = json.loads(value)
    except json.JSONDecodeError:
        return value
    return read


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _contains(entry: Json, wanted: list[str]) -> bool:
    if not wanted:
        return True
    text = json.dumps(entry, ensure_ascii=False, default=str).lower()
    return all(word in text for word in wanted)
