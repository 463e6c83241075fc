"""`conversations.*`: channels, their members and what was said in them."""

from collections.abc import Iterable

from bot.workspace.payloads import channel_json, message_json
from bot.workspace.request import (
    SCOPE_WORDS,
    ApiError,
    Request,
    decode_cursor,
    encode_cursor,
    is_ts,
    page,
)
from bot.workspace.state import Channel, ChannelKind, Json, Message

_TYPES: dict[str, ChannelKind | None] = {
    "public_channel": "public",
    "private_channel": "private",
    "im": "im",
    "mpim": None,
}


def list_(request: Request) -> Json:
    """`conversations.list`: public channels, and of the others those the bot is in."""
    found = [c for c in _of_types(request) if c.kind == "public" or request.state.bot_is_in(c)]
    return _channels(request, found)


def of_user(request: Request) -> Json:
    """`users.conversations`: the channels a person, or the bot, is a member of."""
    user = request.text("user") or request.state.team.bot_user_id
    if user not in request.state.users:
        raise ApiError("user_not_found")
    return _channels(request, [c for c in _of_types(request) if user in c.members])


def info(request: Request) -> Json:
    """`conversations.info`."""
    channel = request.channel()
    request.require_for(channel, "read")
    return {"channel": channel_json(request.state, channel)}


def members(request: Request) -> Json:
    """`conversations.members`."""
    channel = request.channel()
    request.require_for(channel, "read")
    found, following = page(channel.members, request.number("limit", 100), request.text("cursor"))
    return {"members": found, "response_metadata": {"next_cursor": following}}


def history(request: Request) -> Json:
    """`conversations.history`: newest first, without replies unless they were sent to the channel too."""
    channel = request.channel()
    request.require_for(channel, "history")
    if not request.state.bot_is_in(channel):
        raise ApiError("not_in_channel")
    there = [m for m in channel.messages.values() if (not m.is_reply or m.broadcast) and _kept(channel, m)]
    shown = [message for message in there if not _hidden(request, message)]
    found = sorted(_between(request, shown), key=lambda message: message.ts, reverse=True)
    limited = {"is_limited": True} if len(shown) < len(there) else {}
    return _messages(request, found, "before") | {"pin_count": 0, "channel_actions_ts": None, **limited}


def replies(request: Request) -> Json:
    """`conversations.replies`: a message and its thread, oldest first."""
    channel = request.channel()
    request.require_for(channel, "history")
    if not request.state.bot_is_in(channel):
        raise ApiError("not_in_channel")
    parent = channel.messages.get(request.text("ts"))
    if parent is None or not _kept(channel, parent) or _hidden(request, parent):
        raise ApiError("thread_not_found")
    found = _between(request, channel.replies(parent.thread_ts or parent.ts))
    # The parent stands at the head of every page, whatever the bounds are.
    return _messages(request, [parent, *found], "after")


def open_(request: Request) -> Json:
    """`conversations.open`: the direct messages with one person."""
    if request.text("channel"):
        return {"channel": {"id": request.channel().id}, "no_op": True, "already_open": True}
    users = [user for user in request.text("users").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    if any(user not in request.state.users for user in users):
        raise ApiError("user_not_found")
    if len(users) > 1:
        raise ApiError("method_not_supported_for_channel_type")
    channel = request.state.direct(users[0])
    if request.flag("return_im"):
        return {"channel": channel_json(request.state, channel)}
    return {"channel": {"id": channel.id}}


def join(request: Request) -> Json:
    """`conversations.join`."""
    channel = request.channel()
    if channel.archived:
        raise ApiError("is_archived")
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    if not request.state.bot_is_in(channel):
        channel.members.append(request.state.team.bot_user_id)
    return {"channel": channel_json(request.state, channel)}


def _of_types(request: Request) -> Iterable[Channel]:
    names = [name.strip() for name in (request.text("types") or "public_channel").split(",")]
    if any(name not in _TYPES for name in names):
        raise ApiError("invalid_types")
    kinds = [kind for name in names if (kind := _TYPES[name])]
    for kind in kinds:
        request.require(f"{SCOPE_WORDS[kind]}:read")
    found = [c for c in request.state.channels.values() if c.kind in kinds]
    return [c for c in found if not (c.archived and request.flag("exclude_archived"))]


def _channels(request: Request, channels: list[Channel]) -> Json:
    found, following = page(channels, request.number("limit", 100), request.text("cursor"))
    listed = [channel_json(request.state, channel) for channel in found]
    return {"channels": listed, "response_metadata": {"next_cursor": following}}


def _kept(channel: Channel, message: Message) -> bool:
    # A deleted message leaves a stone behind as long as its thread is there.
    return not message.deleted or bool(channel.replies(message.ts))


def _hidden(request: Request, message: Message) -> bool:
    days = request.history_days
    return days is not None and float(message.ts) < request.state.clock() - days * 86_400


def _between(request: Request, messages: Iterable[Message]) -> list[Message]:
    oldest, latest = _bound(request, "oldest"), _bound(request, "latest")
    inclusive = request.flag("inclusive")

    def inside(message: Message) -> bool:
        ts = float(message.ts)
        if inclusive and ts in (oldest, latest):
            return True
        return (oldest is None or ts > oldest) and (latest is None or ts < latest)

    return [message for message in messages if inside(message)]


def _bound(request: Request, name: str) -> float | None:
    value = request.text(name)
    if value in ("", "0", "now"):
        return None
    if not is_ts(value) and not value.isdigit():
        raise ApiError(f"invalid_ts_{name}")
    return float(value)


def _messages(request: Request, found: list[Message], direction: str) -> Json:
    if cursor := request.text("cursor"):
        bound = decode_cursor(cursor, direction)
        found = [m for m in found if (m.ts < bound if direction == "before" else m.ts > bound)]
    limit = request.number("limit", 100, request.history_limit)
    part, more = found[:limit], len(found) > limit
    listed = [
        message_json(
            request.state,
            message,
            users_shown=request.reaction_users_shown,
            metadata=request.flag("include_all_metadata"),
        )
        for message in part
    ]
    body: Json = {"messages": listed, "has_more": more}
    if more:
        body["response_metadata"] = {"next_cursor": encode_cursor(direction, part[-1].ts)}
    return body
