"""`chat.*`: posting, changing and deleting messages."""

from bot.workspace.blocks import message_errors
from bot.workspace.payloads import message_json
from bot.workspace.request import ApiError, Request, is_ts
from bot.workspace.state import Channel, Json, Message

# Errors that name what is wrong; the others speak for themselves.
_DETAILED = ("invalid_blocks", "invalid_attachments", "invalid_metadata_format")


def post_message(request: Request) -> Json:
    """`chat.postMessage`."""
    channel = _writable(request)
    content = content_of(request)
    thread_ts = thread(request, channel)
    message = Message(
        ts=request.state.next_ts(),
        channel=channel.id,
        user=request.state.team.bot_user_id,
        bot_id=request.state.team.bot_id,
        thread_ts=thread_ts,
        broadcast=bool(thread_ts) and request.flag("reply_broadcast"),
    )
    put(message, content)
    channel.messages[message.ts] = message
    body = message_json(request.state, message, metadata=True)
    request.emit({**body, "channel": channel.id, "event_ts": message.ts}, channel)
    return {"channel": channel.id, "ts": message.ts, "message": body}


def post_ephemeral(request: Request) -> Json:
    """`chat.postEphemeral`: a message only one person sees, which cannot be found again."""
    channel = _writable(request)
    user = request.text("user")
    if user not in request.state.users:
        raise ApiError("user_not_found")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    team, ts = request.state.team, request.state.next_ts()
    message = Message(ts, channel.id, team.bot_user_id, bot_id=team.bot_id, ephemeral_to=user)
    message.thread_ts = request.text("thread_ts") or None
    put(message, content_of(request))
    request.state.ephemerals.append(message)
    return {"message_ts": ts}


def update(request: Request) -> Json:
    """`chat.update`: fields that are not given stay as they were."""
    channel = request.channel()
    message = request.message(channel)
    if message.user != request.state.team.bot_user_id:
        raise ApiError("cant_update_message")
    if channel.archived:
        raise ApiError("is_archived")
    kept = {name: getattr(message, name) for name in ("text", "blocks", "attachments", "metadata")}
    put(message, content_of(request, kept))
    message.edited = request.state.next_ts()
    body = message_json(request.state, message, metadata=True)
    event = {"type": "message", "subtype": "message_changed", "hidden": True, "message": body}
    request.emit({**event, "channel": channel.id, "ts": message.edited, "event_ts": message.edited}, channel)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": body}


def delete(request: Request) -> Json:
    """`chat.delete`."""
    channel = request.channel()
    message = request.message(channel)
    if message.user != request.state.team.bot_user_id:
        raise ApiError("cant_delete_message")
    message.deleted = True
    ts = request.state.next_ts()
    event = {"type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts}
    request.emit({**event, "channel": channel.id, "ts": ts, "event_ts": ts}, channel)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(request: Request) -> Json:
    """`chat.getPermalink`."""
    channel = request.channel()
    message = request.message(channel, "message_ts")
    link = (
        f"https://{request.state.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    )
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def content_of(request: Request, kept: Json | None = None) -> Json:
    """The text, blocks, attachments and metadata of the call, over what was there; checked as Slack does."""
    content: Json = {
        "text": request.args.get("text"),
        "blocks": request.nested("blocks", "invalid_blocks_format"),
        "attachments": request.nested("attachments", "invalid_attachments"),
        "metadata": request.nested("metadata", "invalid_metadata_format"),
    }
    given = {name: value for name, value in content.items() if value is not None}
    if kept is not None and not given:
        raise ApiError("no_text")
    content = {**(kept or {}), **given}
    refuse(message_errors(content))
    return content


def refuse(errors: list[tuple[str, str]]) -> None:
    """Raise the first kind of error found, with all the details of that kind."""
    if not errors:
        return
    code = errors[0][0]
    details = [problem for found, problem in errors if found == code]
    if code not in _DETAILED:
        raise ApiError(code)
    messages = [f"[ERROR] {problem}" for problem in details]
    raise ApiError(code, errors=details, response_metadata={"messages": messages})


def put(message: Message, content: Json) -> None:
    """Store content in a message, naming blocks and actions that have no name, as Slack does."""
    message.text = str(content.get("text") or "")
    message.blocks = named(content.get("blocks") or [])
    message.attachments = content.get("attachments") or []
    message.metadata = content.get("metadata") or None


def named(blocks: list[Json]) -> list[Json]:
    """A copy of the blocks in which every block has a `block_id` and every element an `action_id`."""
    taken = {block.get("block_id") for block in blocks}
    fresh = (f"b{number}" for number in range(1000) if f"b{number}" not in taken)
    return [_named_elements({**block, "block_id": block.get("block_id") or next(fresh)}) for block in blocks]


def _named_elements(block: Json) -> Json:
    def name(element: Json, index: int) -> Json:
        if element.get("type") in ("image", "plain_text", "mrkdwn") or "action_id" in element:
            return dict(element)
        return {**element, "action_id": f"a{index}"}

    if block.get("type") in ("actions", "context"):
        block["elements"] = [name(element, index) for index, element in enumerate(block["elements"])]
    for single in ("accessory", "element"):
        if block.get(single):
            block[single] = name(block[single], 0)
    return block


def _writable(request: Request) -> Channel:
    user = request.text("channel")
    channel = request.state.direct(user) if user in request.state.users else request.channel()
    may_write = request.state.bot_is_in(channel) or "chat:write.public" in request.state.team.scopes
    if channel.archived:
        raise ApiError("is_archived")
    if not may_write:
        raise ApiError("not_in_channel")
    return channel


def thread(request: Request, channel: Channel) -> str | None:
    """The thread that the call names, by the `ts` of its first message."""
    thread_ts = request.text("thread_ts")
    if not thread_ts:
        return None
    if not is_ts(thread_ts):
        raise ApiError("invalid_thread_ts")
    parent = channel.find(thread_ts)
    if parent is None:
        raise ApiError("thread_not_found")
    # A reply to a reply lands in the same thread: Slack's threads are one level deep.
    return parent.thread_ts or parent.ts
