"""`POST /act`: what a person does on the page, as JSON `{"do": "say", ...}`.

Whatever cannot be done is answered with a sentence that the page shows.
"""

import base64
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from bot.workspace.clock import MovableClock
from bot.workspace.methods import METHODS
from bot.workspace.runs import CommandRun
from bot.workspace.state import Channel, Json, Message
from bot.workspace.web.guard import RefusedError

if TYPE_CHECKING:
    from bot.workspace.server import Workspace

MOST_CHARACTERS = 40_000
# Of a file; as text that JSON can carry it is a third larger, and the server takes 4 MB.
MOST_BYTES = 2_500_000
# Calls in a row that the panel's button rate-limits, and the seconds they are told to wait.
RATE_LIMITED, RETRY_AFTER = 3, 2
_MENTION = re.compile(r"(?<![\w&])([@#])([\w.-]*\w)")
_ERRORS = {
    "operation_timeout": "The app did not answer in time. Is it running?",
    "dispatch_failed": "The app answered with an error.",
    "invalid_command": "The app may not have slash commands: it lacks the scope `commands`.",
    "invalid_command_response": "The app's answer could not be shown.",
}


class Act(NamedTuple):
    """Something a person does, with what the page said about it."""

    workspace: "Workspace"
    me: str
    told: Json

    def text(self, name: str, default: str | None = None) -> str:
        """A part of it that must be text, and must be there unless there is a default."""
        value = self.told.get(name, default)
        if not isinstance(value, str) or (default is None and not value):
            raise RefusedError(f"This needs {name!r}, as text.")
        return value

    def channel(self) -> Channel:
        """The channel it happens in, which the person must see."""
        found = self.workspace.state.channels.get(self.text("channel"))
        if found is None or (found.kind != "public" and self.me not in found.members):
            raise RefusedError("There is no such channel, or you are not in it.", 404)
        return found

    def message(self) -> Message:
        """The message it is about, which may be one that only this person sees."""
        channel, ts = self.channel(), self.text("ts")
        hidden = (m for m in self.workspace.ephemerals(self.me, channel.id) if m.ts == ts)
        message = channel.find(ts) or next(hidden, None)
        if message is None:
            raise RefusedError("This message is gone.", 404)
        return message


async def perform(workspace: "Workspace", told: object) -> Json:
    """Do it. Returns `{"ok": true}`, or `error` with a sentence and maybe `errors` by the fields of a modal."""
    if not isinstance(told, dict):
        raise RefusedError("Send a JSON object that says what to `do`.")
    kind, me = told.get("do"), str(told.get("as") or "")
    deed = _ACTS.get(kind) if isinstance(kind, str) else None
    if deed is None:
        raise RefusedError(f"Nothing can be done by that name; there are: {', '.join(_ACTS)}.")
    user = workspace.state.users.get(me)
    if user is None or user.is_bot:
        raise RefusedError("Nobody here has this id; choose a person in the corner.")
    try:
        return await deed(Act(workspace, me, told))
    except (LookupError, ValueError) as error:
        raise RefusedError(_sentence(str(error.args[0] if error.args else error))) from error


async def _say(act: Act) -> Json:
    channel, text, thread = act.channel(), act.text("text").strip(), act.text("thread", "")
    if not 0 < len(text) <= MOST_CHARACTERS:
        raise RefusedError(f"A message has 1 to {MOST_CHARACTERS:,} characters.")
    _must_be_open(channel, thread)
    await act.workspace.say(act.me, channel.id, typed(act.workspace, text), thread_ts=thread or None)
    return {"ok": True}


async def _upload(act: Act) -> Json:
    channel, name, thread = act.channel(), act.text("name"), act.text("thread", "")
    text = act.text("text", "").strip()[:MOST_CHARACTERS]
    try:
        content = base64.b64decode(act.text("content"), validate=True)
    except ValueError:
        raise RefusedError("A file is sent with its content, as base64.") from None
    if len(content) > MOST_BYTES:
        raise RefusedError(f"A file of this page has at most {MOST_BYTES // 1_000_000} MB.", 413)
    _must_be_open(channel, thread)
    said = typed(act.workspace, text)
    await act.workspace.upload(act.me, channel.id, name[:255], content, said, thread_ts=thread or None)
    return {"ok": True}


def _must_be_open(channel: Channel, thread: str) -> None:
    """Refuse what can't be written to a channel, or to a thread in it."""
    if channel.archived:
        raise RefusedError("This channel is archived; nobody can write there.")
    if thread and channel.find(thread) is None:
        raise RefusedError("The message that this thread belongs to is gone.", 404)


async def _command(act: Act) -> Json:
    channel, text = act.channel(), act.text("text").strip()
    command, _, rest = text.partition(" ")
    if command == "/invite":
        return _invite(act, channel, rest.strip())
    known = [str(each["command"]) for each in act.workspace.slash_commands]
    if known and command not in known:
        raise RefusedError(f"{command} is not a command here; there are: {', '.join([*known, '/invite'])}.")
    return _outcome(await act.workspace.command(act.me, channel.id, command, _escaped(rest.strip())))


def _invite(act: Act, channel: Channel, who: str) -> Json:
    bot = act.workspace.state.users[act.workspace.bot_user_id]
    if who not in (f"@{bot.name}", f"@{bot.real_name}", f"<@{bot.id}>"):
        raise RefusedError(f"Only the app can be invited here: /invite @{bot.name}")
    if act.workspace.state.bot_is_in(channel):
        raise RefusedError(f"{bot.real_name} is in this channel already.")
    act.workspace.add_bot(channel.id)
    return {"ok": True}


async def _react(act: Act) -> Json:
    message, emoji = act.message(), act.text("emoji")
    if message.ephemeral_to:
        raise RefusedError("Nobody else sees this message, so it can't have reactions.")
    has = act.me in message.reactions.get(emoji.strip(":"), [])
    change = act.workspace.unreact if has else act.workspace.react
    await change(act.me, message.channel, message.ts, emoji)
    return {"ok": True}


async def _click(act: Act) -> Json:
    action, block = act.text("action_id"), act.text("block_id", "") or None
    value = act.told.get("value")
    # A button without a value and a menu without a choice both say so by an empty text.
    value = None if value == "" else value
    if view := act.text("view", ""):
        return _outcome(await act.workspace.click_view(act.me, view, action, value, block_id=block))
    message = act.message()
    return _outcome(await act.workspace.click_reply(act.me, message, action, value, block_id=block))


async def _submit(act: Act) -> Json:
    values = act.told.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(block, dict) for block in values.values()):
        raise RefusedError("A form is submitted with its values, by block and action.")
    run = await act.workspace.submit_view(act.me, act.text("view"), values)
    answer = run.ack_body if isinstance(run.ack_body, dict) else {}
    if answer.get("response_action") == "errors":
        return {"ok": False, "errors": answer.get("errors") or {}}
    return _outcome(run)


async def _close(act: Act) -> Json:
    return _outcome(await act.workspace.close_view(act.me, act.text("view")), closing=True)


async def _home(act: Act) -> Json:
    await act.workspace.open_home(act.me)
    return {"ok": True}


async def _clock(act: Act) -> Json:
    clock = act.workspace.clock
    if not isinstance(clock, MovableClock):
        raise RefusedError("The clock of this workspace can't be moved.")
    match act.text("to"):
        case "hour":
            clock.move(3600)
        case "morning":
            clock.to_next_morning()
        case _:
            raise RefusedError("The clock can be moved to the next `hour` or `morning`.")
    act.workspace.state.changes.notify()
    return {"ok": True}


async def _fault(act: Act) -> Json:
    faults, method = act.workspace.faults, act.text("method", "chat.postMessage")
    if method not in METHODS:
        raise RefusedError(f"There is no Web API method {method!r}.")
    match act.text("kind"):
        case "rate_limit":
            faults.rate_limit(method, retry_after=RETRY_AFTER, times=RATE_LIMITED)
        case "fail_after_work":
            faults.fail_after_work(method)
        case "redeliver":
            faults.redeliver()
        case "drop_ack":
            faults.drop_ack()
        case "drop_socket":
            await act.workspace.close_sockets()
        case "clear":
            faults.clear()
        case _:
            raise RefusedError(
                "What can go wrong: rate_limit, fail_after_work, redeliver, drop_ack, drop_socket; or clear."
            )
    act.workspace.state.changes.notify()
    return {"ok": True}


_ACTS: dict[str, Callable[[Act], Awaitable[Json]]] = {
    "say": _say,
    "upload": _upload,
    "command": _command,
    "react": _react,
    "click": _click,
    "submit": _submit,
    "close": _close,
    "home": _home,
    "clock": _clock,
    "fault": _fault,
}


def typed(workspace: "Workspace", text: str) -> str:
    """What somebody typed as Slack sends it: three characters as entities, names as mentions."""
    users = {user.name: f"<@{user.id}>" for user in workspace.state.users.values()}
    channels = {c.name: f"<#{c.id}|{c.name}>" for c in workspace.state.channels.values() if c.kind != "im"}

    def mention(found: re.Match[str]) -> str:
        return (users if found[1] == "@" else channels).get(found[2], found[0])

    return _MENTION.sub(mention, _escaped(text))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _outcome(run: CommandRun, *, closing: bool = False) -> Json:
    if run.error and not closing:
        return {"ok": False, "error": _ERRORS.get(run.error, f"The app's answer was refused: {run.error}.")}
    return {"ok": True}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
