"""One Web API call on its way through a method: its arguments, read as Slack reads them, and its errors."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.workspace.state import Channel, ChannelKind, Json, Message, State

T = TypeVar("T")

_TS = re.compile(r"\d{1,10}\.\d{1,6}")
# Scopes name the kinds of conversations in their own words: `channels:history`, `groups:history`, `im:history`.
SCOPE_WORDS: dict[ChannelKind, str] = {"public": "channels", "private": "groups", "im": "im"}


class ApiError(Exception):
    """A call that Slack answers with `ok: false`; `extra` goes into the answer beside the error code."""

    def __init__(self, error: str, **extra: object) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass
class Request:
    """What a method gets: the workspace, the arguments, a way to tell the bot of an event and one to open a socket."""

    state: State
    args: Json
    emit: Callable[[Json, Channel | None], None]
    socket_url: Callable[[], str]
    reaction_users_shown: int
    history_limit: int
    history_days: int | None

    def text(self, name: str, default: str = "") -> str:
        """A string argument."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean argument: forms carry `1` or `true`."""
        value = self.args.get(name)
        return default if value is None else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int, most: int = 1000) -> int:
        """A number argument, such as `limit`."""
        try:
            value = int(self.args.get(name, default) or default)
        except ValueError:
            raise invalid(f"must be an integer [json-pointer:/{name}]") from None
        if value < 1:
            raise ApiError("invalid_limit")
        return min(value, most)

    def nested(self, name: str, error: str = "invalid_arguments") -> object:
        """A list or object: as it is in a JSON body, encoded as JSON text in a form."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            parsed: object = json.loads(value) if value else None
        except json.JSONDecodeError:
            raise ApiError(error) from None
        return parsed

    def channel(self, name: str = "channel") -> Channel:
        """The channel the call is about; private ones exist only for their members."""
        if not self.text(name):
            raise invalid(f"missing required field: {name}")
        channel = self.state.channel(self.text(name))
        if channel is None or (channel.kind != "public" and not self.state.bot_is_in(channel)):
            raise ApiError("channel_not_found")
        return channel

    def joined(self) -> Channel:
        """The channel, which the bot must be a member of."""
        channel = self.channel()
        if not self.state.bot_is_in(channel):
            raise ApiError("not_in_channel")
        return channel

    def require(self, scope: str) -> None:
        """Refuse the call unless the bot was granted the scope."""
        if scope not in self.state.team.scopes:
            provided = ",".join(sorted(self.state.team.scopes))
            raise ApiError("missing_scope", needed=scope, provided=provided)

    def require_for(self, channel: Channel, right: str) -> None:
        """Refuse the call without the scope for this kind of channel: `right` is `read` or `history`."""
        self.require(f"{SCOPE_WORDS[channel.kind]}:{right}")

    def message(self, channel: Channel, name: str = "ts", malformed: str = "message_not_found") -> Message:
        """The message with the `ts` argument."""
        ts = self.text(name)
        if not is_ts(ts):
            raise ApiError(malformed)
        message = channel.find(ts)
        if message is None:
            raise ApiError("message_not_found")
        return message


def invalid(*problems: str) -> ApiError:
    """`invalid_arguments`, saying what is wrong with them."""
    messages = [f"[ERROR] {problem}" for problem in problems]
    return ApiError("invalid_arguments", response_metadata={"messages": messages})


def is_ts(value: str) -> bool:
    """Whether the text is a timestamp as Slack writes them."""
    return _TS.fullmatch(value) is not None


def page(found: Sequence[T], limit: int, cursor: str) -> tuple[list[T], str]:
    """The part of a list that starts at the cursor, and the cursor of the next part (empty at the end)."""
    start = decode_cursor(cursor, "offset") if cursor else "0"
    if not start.isdigit():
        raise ApiError("invalid_cursor")
    end = int(start) + limit
    following = encode_cursor("offset", str(end)) if end < len(found) else ""
    return list(found[int(start) : end]), following


def encode_cursor(kind: str, value: str) -> str:
    """An opaque cursor, as Slack's: base64 of a name and a value."""
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def decode_cursor(cursor: str, kind: str) -> str:
    """The value inside a cursor of this kind."""
    try:
        found, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:
        raise ApiError("invalid_cursor") from None
    if found != kind:
        raise ApiError("invalid_cursor")
    return value
