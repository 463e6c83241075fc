"""`files.*`: files are announced, sent to an address that was given out for them, then shared.

https://docs.slack.dev/messaging/working-with-files#upload
"""

import re
import secrets

from bot.workspace.methods.chat import thread
from bot.workspace.payloads import file_json, message_json, shares_json
from bot.workspace.request import ApiError, Request, invalid
from bot.workspace.state import Channel, File, Json, Message, State

LONGEST_ALT_TEXT = 1_000
LARGEST_SNIPPET = 1_000_000
# As Slack words it where somebody gives the id of a person: https://github.com/slackapi/bolt-js/issues/2115
_CHANNEL = r"^[CGDZ][A-Z0-9]{8,}$"


def upload_url(request: Request) -> Json:
    """`files.getUploadURLExternal`."""
    name, length, alt_text = request.text("filename"), request.text("length"), request.text("alt_txt")
    if not name or not length.isdecimal():
        raise invalid(f"missing required field: {'length' if name else 'filename'}")
    if int(length) == 0:
        raise ApiError("missing_argument")
    if len(alt_text) > LONGEST_ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    snippet_type = request.text("snippet_type")
    if snippet_type and int(length) > LARGEST_SNIPPET:
        raise ApiError("snippet_too_large")
    state, key = request.state, secrets.token_urlsafe(24)
    file = File(state.next_id("F"), name, state.team.bot_user_id, int(length), int(state.clock()))
    file.alt_text, file.snippet_type = alt_text, snippet_type
    state.files[file.id], state.uploads[key] = file, file.id
    return {"upload_url": f"{state.url}/upload/v1/{key}", "file_id": file.id}


def complete_upload(request: Request) -> Json:
    """`files.completeUploadExternal`: shared in one channel at most, as one message with all the files."""
    named = request.nested("files")
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) for each in named):
        raise invalid("missing required field: files")
    files = [_sent(request.state, str(each.get("id") or "")) for each in named]
    channel = _channel(request) if request.text("channel_id") else None
    thread_ts = thread(request, channel) if channel else None
    for file, each in zip(files, named, strict=True):
        file.finished, file.title = True, str(each.get("title") or "")
    if channel:
        _tell(
            request, channel, share(request.state, files, channel, request.text("initial_comment"), thread_ts)
        )
    return {"files": [file_json(request.state, file) for file in files]}


def info(request: Request) -> Json:
    """`files.info`."""
    file = request.state.files.get(request.text("file"))
    if file is None or not file.finished:
        raise ApiError("file_not_found")
    return {"file": file_json(request.state, file) | shares_json(request.state, file), "comments": []}


def share(
    state: State,
    files: list[File],
    channel: Channel,
    text: str,
    thread_ts: str | None = None,
    *,
    user: str = "",
) -> Message:
    """The message in a channel that shows files, of a person's or of the bot's."""
    by = user or state.team.bot_user_id
    message = Message(state.next_ts(), channel.id, by, text, thread_ts=thread_ts)
    message.bot_id = None if user else state.team.bot_id
    for file in files:
        file.finished = True
        file.shares[channel.id] = message.ts
    message.files = [file_json(state, file) for file in files]
    channel.messages[message.ts] = message
    return message


def _sent(state: State, id: str) -> File:
    """A file whose bytes have come, and that was not finished before."""
    file = state.files.get(id)
    if file is None or file.content is None or file.finished:
        raise ApiError("file_not_found")
    return file


def _channel(request: Request) -> Channel:
    if not re.fullmatch(_CHANNEL, request.text("channel_id")):
        raise invalid(f"input must match regex pattern: {_CHANNEL} [json-pointer:/channel_id]")
    channel = request.channel("channel_id")
    if channel.archived:
        raise ApiError("is_archived")
    if not request.state.bot_is_in(channel):
        raise ApiError("not_in_channel")
    return channel


def _tell(request: Request, channel: Channel, message: Message) -> None:
    body = message_json(request.state, message)
    request.emit({**body, "channel": channel.id, "event_ts": message.ts}, channel)
