"""The Web API: one table from Slack's names to functions, with the scope and the rate limit of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.workspace.methods import chat, conversations, files, people, reactions, views
from bot.workspace.request import Request
from bot.workspace.state import Json

# Calls per minute of Slack's tiers: https://docs.slack.dev/apis/web-api/rate-limits/
T2, T3, T4 = 20, 50, 100

_READ = ("channels:read", "groups:read", "im:read")
_HISTORY = ("channels:history", "groups:history", "im:history")


@dataclass(frozen=True)
class Method:
    """A Web API method. One of `scopes` must be granted; `per_minute` is None where no tier is given."""

    run: Callable[[Request], Json]
    scopes: tuple[str, ...] = ()
    per_minute: int | None = None
    caller: Literal["bot", "app", "anyone"] = "bot"


METHODS: dict[str, Method] = {
    "api.test": Method(people.api_test, caller="anyone"),
    "apps.connections.open": Method(people.connections_open, caller="app"),
    "auth.test": Method(people.auth_test),
    "bots.info": Method(people.bots_info, ("users:read",), T3),
    "chat.delete": Method(chat.delete, ("chat:write",), T3),
    "chat.getPermalink": Method(chat.get_permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, ("chat:write",), T4),
    "chat.postMessage": Method(chat.post_message, ("chat:write",)),
    "chat.update": Method(chat.update, ("chat:write",), T3),
    "conversations.history": Method(conversations.history, _HISTORY, T3),
    "conversations.info": Method(conversations.info, _READ, T3),
    "conversations.join": Method(conversations.join, ("channels:join",), T3),
    "conversations.list": Method(conversations.list_, _READ, T2),
    "conversations.members": Method(conversations.members, _READ, T4),
    "conversations.open": Method(conversations.open_, ("im:write",), T3),
    "conversations.replies": Method(conversations.replies, _HISTORY, T3),
    "files.completeUploadExternal": Method(files.complete_upload, ("files:write",), T4),
    "files.getUploadURLExternal": Method(files.upload_url, ("files:write",), T4),
    "files.info": Method(files.info, ("files:read",), T4),
    "reactions.add": Method(reactions.add, ("reactions:write",), T3),
    "reactions.get": Method(reactions.get, ("reactions:read",), T3),
    "reactions.list": Method(reactions.list_, ("reactions:read",), T2),
    "reactions.remove": Method(reactions.remove, ("reactions:write",), T2),
    "team.info": Method(people.team_info, ("team:read",), T3),
    "users.conversations": Method(conversations.of_user, _READ, T3),
    "users.info": Method(people.users_info, ("users:read",), T4),
    "users.list": Method(people.users_list, ("users:read",), T2),
    "views.open": Method(views.open_, (), T4),
    "views.publish": Method(views.publish, (), T4),
    "views.push": Method(views.push, (), T4),
    "views.update": Method(views.update, (), T4),
}
