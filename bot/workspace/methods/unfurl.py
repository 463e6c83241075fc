"""`chat.unfurl`: previews of the links in people's messages.

https://docs.slack.dev/reference/methods/chat.unfurl
"""

from bot.workspace.blocks import problems
from bot.workspace.links import addresses
from bot.workspace.methods.chat import named
from bot.workspace.payloads import message_json
from bot.workspace.request import ApiError, Request, is_ts
from bot.workspace.state import Json, Message


def unfurl(request: Request) -> Json:
    """`chat.unfurl`, of a message or, by its `unfurl_id`, of what is still being typed.

    Called again for the same message, it changes the previews that are there.
    """
    if request.text("unfurl_id") and request.text("source") == "composer":
        return _preview(request)
    message = _message(request)
    unfurls = _unfurls(request)
    if not set(unfurls) <= set(addresses(message.text)):
        raise ApiError("cannot_unfurl_url")
    for url, content in unfurls.items():
        _put(message, url, content, request)
    message.unfurled = request.state.next_ts()
    channel = request.state.channels[message.channel]
    event = {"type": "message", "subtype": "message_changed", "hidden": True}
    body = message_json(request.state, message)
    changed = {**event, "message": body, "channel": channel.id, "ts": message.unfurled}
    request.emit({**changed, "event_ts": message.unfurled}, channel)
    return {}


def _preview(request: Request) -> Json:
    composed = request.state.composed.get(request.text("unfurl_id"))
    if composed is None:
        raise ApiError("cannot_find_message")
    unfurls = _unfurls(request)
    if not set(unfurls) <= set(composed):
        raise ApiError("cannot_unfurl_url")
    composed |= unfurls
    return {}


def _message(request: Request) -> Message:
    for name in ("channel", "ts"):
        if not request.text(name):
            raise ApiError(f"missing_{name}")
    # Links are unfurled wherever they are shared, whether the bot is there or not.
    channel = request.state.channels.get(request.text("channel"))
    if channel is None:
        raise ApiError("cannot_find_channel")
    message = channel.find(request.text("ts")) if is_ts(request.text("ts")) else None
    if message is None:
        raise ApiError("cannot_find_message")
    return message


def _unfurls(request: Request) -> dict[str, Json]:
    unfurls = request.nested("unfurls", "invalid_unfurls_format")
    if not unfurls:
        raise ApiError("missing_unfurls")
    if not isinstance(unfurls, dict) or not all(isinstance(each, dict) for each in unfurls.values()):
        raise ApiError("invalid_unfurls_format")
    for content in unfurls.values():
        if found := problems(content.get("blocks") or [], "message"):
            raise ApiError("cannot_parse_attachment", errors=found)
    return unfurls


def _put(message: Message, url: str, content: Json, request: Request) -> None:
    known = next((each for each in message.attachments if each.get("app_unfurl_url") == url), None)
    shown = {
        "id": known["id"] if known else len(message.attachments) + 1,
        "blocks": named(content.get("blocks") or [], f"u{len(message.attachments)}-"),
        "fallback": "[no preview available]",
        "from_url": url,
        "app_unfurl_url": url,
        "is_app_unfurl": True,
        "app_id": request.state.team.app_id,
        "bot_id": request.state.team.bot_id,
    }
    if known:
        message.attachments[message.attachments.index(known)] = shown
    else:
        message.attachments = [*message.attachments, shown]
