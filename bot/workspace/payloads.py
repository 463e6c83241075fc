"""The JSON that Slack writes: messages, people and channels, and what a delivery carries."""

import mimetypes
from urllib.parse import quote

from bot.workspace.state import Channel, ChannelKind, File, Json, Message, State, User, View

#: What a message's event calls the kind of channel it was written in.
CHANNEL_TYPES: dict[ChannelKind, str] = {"public": "channel", "private": "group", "im": "im"}


def message_json(
    state: State, message: Message, *, users_shown: int | None = None, metadata: bool = False
) -> Json:
    """A message as `conversations.history` gives it; at most `users_shown` people for each reaction."""
    if message.deleted:
        return _tombstone(message)
    body: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    body["team"] = state.team.id
    if message.bot_id:
        body |= {"bot_id": message.bot_id, "app_id": state.team.app_id}
    for name in ("blocks", "attachments", "files", "thread_ts"):
        if value := getattr(message, name):
            body[name] = value
    if message.files:
        body["subtype"] = "file_share"
    if message.broadcast:
        body["subtype"] = "thread_broadcast"
    if message.edited:
        body["edited"] = {"user": message.user, "ts": message.edited}
    if message.reactions:
        body["reactions"] = reactions_json(message, users_shown)
    if message.metadata and metadata:
        body["metadata"] = message.metadata
    return body | _thread_json(state, message)


def reactions_json(message: Message, users_shown: int | None) -> list[Json]:
    """The reactions of a message: all are counted, but only some people may be named."""
    return [
        {"name": name, "users": users[:users_shown], "count": len(users)}
        for name, users in message.reactions.items()
    ]


def _thread_json(state: State, message: Message) -> Json:
    replies = [] if message.is_reply else state.channels[message.channel].replies(message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users[:5],
        "is_locked": False,
        "subscribed": False,
    }


def _tombstone(message: Message) -> Json:
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": message.ts,
        "thread_ts": message.ts,
    }


def channel_json(state: State, channel: Channel) -> Json:
    """A conversation as `conversations.info` gives it."""
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_im": channel.kind == "im",
        "is_org_shared": False,
        "context_team_id": state.team.id,
        "updated": channel.created * 1000,
    }
    if channel.kind == "im":
        person = next((m for m in channel.members if m != state.team.bot_user_id), state.team.bot_user_id)
        return common | {"user": person, "is_open": True}
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_mpim": False,
        "is_private": channel.kind == "private",
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_member": state.bot_is_in(channel),
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


def file_json(state: State, file: File) -> Json:
    """A file as messages carry it; https://docs.slack.dev/reference/objects/file-object."""
    address = f"{state.url}/files-pri/{file.id}/download/{quote(file.name, safe='')}"
    ending = file.name.rpartition(".")[2].lower() if "." in file.name else ""
    body = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        "filetype": file.snippet_type or ending or "binary",
        "user": file.user,
        "user_team": state.team.id,
        "editable": bool(file.snippet_type),
        "mode": "snippet" if file.snippet_type else "hosted",
        "size": file.size,
        "is_external": False,
        "is_public": any(state.channels[id].kind == "public" for id in file.shares),
        "url_private": address,
        "url_private_download": address,
        "permalink": f"https://{state.team.domain}.slack.com/files/{file.user}/{file.id}/{quote(file.name, safe='')}",
        "file_access": "visible",
    }
    return body | ({"alt_txt": file.alt_text} if file.alt_text else {})


def shares_json(state: State, file: File) -> Json:
    """Where a file was shared, as `files.info` tells it."""
    shared: Json = {"shares": {}, "channels": [], "groups": [], "ims": []}
    for id, ts in file.shares.items():
        kind = state.channels[id].kind
        shared[{"public": "channels", "private": "groups", "im": "ims"}[kind]].append(id)
        shared["shares"].setdefault("public" if kind == "public" else "private", {})[id] = [{"ts": ts}]
    return shared


def user_json(state: State, user: User) -> Json:
    """An account as `users.info` gives it; with the mail address only for an app that may read it."""
    may_read = "users:read.email" in state.team.scopes and user.email
    address = {"email": user.email} if may_read else {}
    return {
        "id": user.id,
        "team_id": state.team.id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": user.tz_offset,
        "profile": {"real_name": user.real_name, "display_name": user.name, **address},
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def view_json(state: State, view: View) -> Json:
    """A view with what Slack adds to it."""
    team = state.team
    filled: Json = {"private_metadata": "", "callback_id": "", "external_id": "", "state": {"values": {}}}
    filled |= {"clear_on_close": False, "notify_on_close": False, "submit": None, "close": None}
    return {
        **filled,
        **view.body,
        "id": view.id,
        "team_id": team.id,
        "hash": view.hash,
        "app_id": team.app_id,
        "app_installed_team_id": team.id,
        "bot_id": team.bot_id,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
    }


def event_callback(state: State, event: Json) -> Json:
    """An event in the envelope that the Events API delivers it in."""
    team = state.team
    return {
        "token": team.verification_token,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": None,
        "api_app_id": team.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": state.next_id("Ev"),
        "event_time": int(state.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": team.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{state.next_id('')}",
    }


def reaction_event(state: State, kind: str, message: Message, user: str, emoji: str) -> Json:
    """`reaction_added` or `reaction_removed`."""
    return {
        "type": kind,
        "user": user,
        "reaction": emoji,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": message.user,
        "event_ts": state.next_ts(),
    }


def command_payload(state: State, channel: Channel, user: User, command: str, text: str) -> Json:
    """What a slash command carries, without the `response_url` and `trigger_id` of this one use."""
    name = {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)
    return {
        "token": state.team.verification_token,
        "team_id": state.team.id,
        "team_domain": state.team.domain,
        "channel_id": channel.id,
        "channel_name": name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": state.team.app_id,
        "is_enterprise_install": "false",
    }


def interaction_payload(state: State, kind: str, user: User, more: Json) -> Json:
    """What every interaction carries: who did it, where, and in which app."""
    team = state.team
    person = {"id": user.id, "username": user.name, "name": user.name, "team_id": team.id}
    return {
        "type": kind,
        "user": person,
        "api_app_id": team.app_id,
        "token": team.verification_token,
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }
