"""What a workspace holds: people, channels, messages and views, as plain dataclasses."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.workspace.changes import Changes
from bot.workspace.render import plain

Json = dict[str, Any]
ChannelKind = Literal["public", "private", "im"]

# Slack gives every app an "A..." id and every bot user a "B..." profile beside its "U..." account.
ALL_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
)


@dataclass
class Team:
    """The workspace itself and the one app that is installed in it."""

    id: str
    name: str
    domain: str
    app_id: str
    bot_user_id: str
    bot_id: str
    bot_token: str
    app_token: str
    signing_secret: str
    verification_token: str
    scopes: frozenset[str]
    revoked: bool = False


@dataclass
class User:
    """A person, or the bot's own account."""

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    tz: str = "Etc/UTC"
    tz_offset: int = 0
    is_admin: bool = False


@dataclass
class Message:
    """One message. `reactions` keeps emoji and people in the order they came; `edited` is the `ts` of the edit."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: str | None = None
    ephemeral_to: str | None = None
    deleted: bool = False
    bot_id: str | None = None

    def plain(self) -> str:
        """What a person reads, as plain text: blocks when there are any, the text otherwise."""
        return plain(self.text, self.blocks, self.attachments)

    def version(self) -> tuple[object, ...]:
        """Differs as soon as anything about the message does; its blocks change only when it is edited."""
        reactions = tuple((emoji, *users) for emoji, users in self.reactions.items())
        return self.edited, self.deleted, self.text, reactions

    @property
    def is_reply(self) -> bool:
        """Whether the message lives in a thread under another one."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class File:
    """A file of a person's or the bot's.

    `content` is None until its bytes have come, `shares` has the `ts` of its message by channel, once it is `finished`.
    """

    id: str
    name: str
    user: str
    size: int
    created: int
    title: str = ""
    alt_text: str = ""
    snippet_type: str = ""
    content: bytes | None = field(default=None, repr=False)
    finished: bool = False
    shares: dict[str, str] = field(default_factory=dict)


@dataclass
class Channel:
    """A public or private channel, or the direct messages of one person with the bot."""

    id: str
    name: str
    kind: ChannelKind = "public"
    members: list[str] = field(default_factory=list)
    archived: bool = False
    created: int = 0
    topic: str = ""
    messages: dict[str, Message] = field(default_factory=dict)

    def find(self, ts: str) -> Message | None:
        """The message with this `ts`, unless it was deleted."""
        message = self.messages.get(ts)
        return None if message is None or message.deleted else message

    def replies(self, thread_ts: str) -> list[Message]:
        """The replies of a thread, oldest first, without its parent."""
        found = [
            m for m in self.messages.values() if m.is_reply and m.thread_ts == thread_ts and not m.deleted
        ]
        return sorted(found, key=lambda message: message.ts)


@dataclass
class View:
    """A modal that is open for one person, or a person's Home tab."""

    id: str
    user: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    open: bool = True


@dataclass
class Trigger:
    """A `trigger_id`: who may be shown a modal, since when, and whether that happened."""

    user: str
    at: float
    used: bool = False


@dataclass
class Call:
    """One Web API call as it arrived, and how it was answered."""

    method: str
    args: Json
    at: float
    ok: bool = False
    error: str | None = None
    status: int = 200
    answer: Json | None = field(default=None, repr=False)
    milliseconds: float = 0.0


class State:
    """Everything a workspace knows. Only dictionaries and lists: rules live in the methods."""

    def __init__(self, team: Team, clock: Callable[[], float]) -> None:
        self.team = team
        self.clock = clock
        self.changes = Changes()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: list[Message] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        #: By their ids.
        self.files: dict[str, File] = {}
        #: Where files are to be sent, by the secret part of the address: the id of the file that is awaited there.
        self.uploads: dict[str, str] = {}
        #: Where the workspace is served, once it is.
        self.url = ""
        self.triggers: dict[str, Trigger] = {}
        self.calls: list[Call] = []
        self._last_ts = 0
        self._ids = 0

    def next_ts(self) -> str:
        """A `ts` that no other message or event of the workspace has, later than all before it."""
        # Steps of 100 microseconds, so that a clock that stands still gives readable timestamps.
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 100)
        seconds, micros = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{micros:06d}"

    def next_id(self, prefix: str) -> str:
        """An id as Slack writes them: a letter for the kind, then capitals and digits."""
        self._ids += 1
        return f"{prefix}0{self._ids:08X}"

    def counters(self) -> tuple[int, int]:
        """How far ids and timestamps have been handed out."""
        return self._ids, self._last_ts

    def go_on_from(self, ids: int, last_ts: int) -> None:
        """Hand out ids and timestamps beyond these."""
        self._ids, self._last_ts = ids, last_ts

    def new_trigger(self, user: str) -> str:
        """A `trigger_id` for something `user` just did."""
        trigger_id = f"{self.next_id('')}.{self.team.id[1:]}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, self.clock())
        return trigger_id

    def channel(self, reference: str) -> Channel | None:
        """The channel with this id or name (`papers`, `#papers`)."""
        name = reference.removeprefix("#")
        by_name = (c for c in self.channels.values() if c.name == name and c.kind != "im")
        return self.channels.get(reference) or next(by_name, None)

    def direct(self, user: str) -> Channel:
        """The direct messages between a person and the bot; opened when there are none yet."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        members = [user, self.team.bot_user_id]
        channel = Channel(self.next_id("D"), user, "im", members, created=int(self.clock()))
        self.channels[channel.id] = channel
        return channel

    def bot_is_in(self, channel: Channel) -> bool:
        """Whether the bot is a member, and so sees what happens there."""
        return self.team.bot_user_id in channel.members

    def described(self) -> str:
        """The workspace in a few lines, for the message of a wait that failed."""
        lines = [
            f"#{c.name}: {m.plain()[:80]!r}" for c in self.channels.values() for m in c.messages.values()
        ]
        lines += [f"only {m.ephemeral_to}: {m.plain()[:80]!r}" for m in self.ephemerals]
        calls = [f"{call.method} -> {call.error or 'ok'}" for call in self.calls[-10:]]
        return "\n".join([*lines[-20:], "last calls: " + (", ".join(calls) or "none")])
