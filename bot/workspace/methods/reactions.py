"""`reactions.*`."""

import re

from bot.workspace.payloads import message_json, reaction_event
from bot.workspace.request import ApiError, Request, page
from bot.workspace.state import Channel, Json, Message

# A message can carry this many different emoji, and a person can add this many of them.
MOST_EMOJI = 23
_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def add(request: Request) -> Json:
    """`reactions.add`."""
    channel, message, emoji = _target(request)
    bot = request.state.team.bot_user_id
    if channel.archived:
        raise ApiError("is_archived")
    if bot in message.reactions.get(emoji, []):
        raise ApiError("already_reacted")
    if emoji not in message.reactions and len(message.reactions) >= MOST_EMOJI:
        raise ApiError("too_many_emoji")
    message.reactions.setdefault(emoji, []).append(bot)
    request.emit(reaction_event(request.state, "reaction_added", message, bot, emoji), channel)
    return {}


def remove(request: Request) -> Json:
    """`reactions.remove`."""
    channel, message, emoji = _target(request)
    bot = request.state.team.bot_user_id
    if not take_reaction(message, bot, emoji):
        raise ApiError("no_reaction")
    request.emit(reaction_event(request.state, "reaction_removed", message, bot, emoji), channel)
    return {}


def get(request: Request) -> Json:
    """`reactions.get`: with `full`, everybody who reacted."""
    channel = request.joined()
    message = request.message(channel, "timestamp", "bad_timestamp")
    shown = None if request.flag("full") else request.reaction_users_shown
    return {
        "type": "message",
        "channel": channel.id,
        "message": message_json(request.state, message, users_shown=shown)
        | {"permalink": f"https://{request.state.team.domain}.slack.com/archives/{channel.id}/p{message.ts}"},
    }


def list_(request: Request) -> Json:
    """`reactions.list`: the messages one person reacted to, newest first."""
    user = request.text("user") or request.state.team.bot_user_id
    if user not in request.state.users:
        raise ApiError("user_not_found")
    shown = None if request.flag("full") else request.reaction_users_shown
    visible = (c for c in request.state.channels.values() if request.state.bot_is_in(c))
    reacted = [m for c in visible for m in c.messages.values() if _reacted(m, user)]
    reacted.sort(key=lambda message: message.ts, reverse=True)
    found, following = page(reacted, request.number("limit", 100), request.text("cursor"))
    items = [
        {
            "type": "message",
            "channel": m.channel,
            "message": message_json(request.state, m, users_shown=shown),
        }
        for m in found
    ]
    return {"items": items, "response_metadata": {"next_cursor": following}}


def take_reaction(message: Message, user: str, emoji: str) -> bool:
    """Take a person's reaction off a message; false when there was none."""
    users = message.reactions.get(emoji, [])
    if user not in users:
        return False
    users.remove(user)
    if not users:
        del message.reactions[emoji]
    return True


def is_emoji_name(name: str) -> bool:
    """Whether this can be the name of an emoji, perhaps with a skin tone."""
    return _NAME.fullmatch(name) is not None


def _reacted(message: Message, user: str) -> bool:
    return not message.deleted and any(user in users for users in message.reactions.values())


def _target(request: Request) -> tuple[Channel, Message, str]:
    emoji = request.text("name").strip(":") if request.text("name") else ""
    if not request.text("timestamp"):
        raise ApiError("no_item_specified")
    channel = request.joined()
    if not is_emoji_name(emoji):
        raise ApiError("invalid_name")
    return channel, request.message(channel, "timestamp", "bad_timestamp"), emoji
