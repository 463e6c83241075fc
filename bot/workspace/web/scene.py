"""What a person sees of the workspace at this moment, in pieces that can be replaced one by one.

A page has regions, each an element with an id; a region holds elements, each with an id of its own. So a page is
drawn from the same dictionary as the changes that are sent to it afterwards.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from bot.workspace.state import Channel, Message, User
from bot.workspace.web.draw import TEMPLATES, Drawing, element_id

if TYPE_CHECKING:
    from bot.workspace.server import Workspace

HOME = "home"
#: Messages of a channel that a page begins with, few enough to be painted at once, and that "Older messages" adds.
FIRST, STEP = 20, 100
# Drawn messages that are kept: those of some channels, for each of a few people.
_MOST_KEPT = 5000
#: Region, element in it, HTML of that element; in the order in which they stand.
Regions = dict[str, dict[str, str]]


class Look(NamedTuple):
    """Who looks at what: a channel's id or `HOME`, the thread beside it, and how many messages at first.

    `since` is the oldest of them: what comes later makes a page longer, and takes nothing away from it.
    """

    me: str
    place: str
    thread: str = ""
    most: int = FIRST
    since: str = ""


class Place(NamedTuple):
    """A line of the sidebar."""

    name: str
    mark: str
    href: str
    here: bool = False
    unread: int = 0


class Scene:
    """Draws what a `Look` sees. Messages are drawn anew only once they changed."""

    def __init__(self, workspace: "Workspace") -> None:
        self.workspace = workspace
        self.state = workspace.state
        self._began = self.state.counters()[1] / 1_000_000
        self._read: dict[tuple[str, str], float] = {}
        self._drawn: dict[tuple[str, str, str, str], tuple[object, str]] = {}

    def opened(self, look: Look) -> Look:
        """The same from now on: with the oldest of the messages that a page opened now begins with."""
        channel = self.state.channels.get(look.place)
        newest = self._found(look, channel)[-look.most :] if channel else []
        return look._replace(since=newest[0].ts if newest else "")

    def regions(self, look: Look) -> Regions:
        """Everything that can change on the page, as it is now."""
        drawing = self.drawing(look.me)
        regions: Regions = {
            "clock-region": {"clock": self._clock()},
            "sidebar": {"sidebar-lists": ""},
            "modals": self._modal(look, drawing),
            "trouble": {"trouble-now": self._trouble()},
            "panel-region": {"panel-tick": self._tick()},
        }
        if look.place == HOME:
            regions["home"] = self._home(look, drawing)
        else:
            channel = self.state.channels[look.place]
            regions["messages"] = self._messages(look, channel, drawing)
            if look.thread:
                regions["replies"] = self._replies(look, channel, drawing)
        # Last, because whoever looks at a channel has read it.
        regions["sidebar"]["sidebar-lists"] = self._sidebar(look)
        return regions

    def drawing(self, me: str) -> Drawing:
        """A drawing with the names of now."""
        users = {user.id: user.real_name for user in self.state.users.values()}
        channels = {channel.id: channel.name for channel in self.state.channels.values()}
        return Drawing(users, channels, me, shortcuts=self.workspace.shortcuts_of("message"))

    def people(self) -> list[User]:
        """Those one can act as."""
        return [user for user in self.state.users.values() if not user.is_bot]

    def places(self, me: str) -> list[Channel]:
        """The channels a person sees, without direct messages."""
        channels = (c for c in self.state.channels.values() if c.kind != "im" and not c.archived)
        return [c for c in channels if c.kind == "public" or me in c.members]

    def title(self, look: Look) -> str:
        """What the place is called."""
        app = self.state.users[self.state.team.bot_user_id].real_name
        if look.place == HOME:
            return f"{app} · Home"
        channel = self.state.channels[look.place]
        return app if channel.kind == "im" else f"#{channel.name}"

    def _messages(self, look: Look, channel: Channel, drawing: Drawing) -> dict[str, str]:
        threads, found = _threads(channel), self._found(look, channel)
        if found:
            self._read[look.me, channel.id] = float(found[-1].ts)
        shown = [message for message in found if message.ts >= look.since]
        html: dict[str, str] = {}
        if len(found) > len(shown):
            html["older"] = _part("older", href(look, most=look.most + STEP, thread=look.thread))
        day = ""
        for message in shown:
            day, before = f"{datetime.fromtimestamp(float(message.ts), UTC):%Y-%m-%d}", day
            if day != before:
                said = drawing.time(message.ts, "{date_long}").text
                html[f"d-{day}"] = _part("day", f"d-{day}", said)
            html[element_id(message.ts)] = self._message(drawing, message, threads.get(message.ts, []))
        return html or {"empty": _part("empty", "empty", "No messages here yet.")}

    def _found(self, look: Look, channel: Channel) -> list[Message]:
        """What stands in a channel for this person, oldest first."""
        found = [m for m in channel.messages.values() if (not m.is_reply or m.broadcast) and not m.deleted]
        found += [m for m in self._only_for(look, channel) if not m.thread_ts]
        return sorted(found, key=lambda message: message.ts)

    def _replies(self, look: Look, channel: Channel, drawing: Drawing) -> dict[str, str]:
        parent = channel.find(look.thread)
        replies = channel.replies(look.thread)
        replies += [m for m in self._only_for(look, channel) if m.thread_ts == look.thread]
        replies.sort(key=lambda message: message.ts)
        shown = [parent, *replies] if parent else replies
        html = {element_id(m.ts, "t"): self._message(drawing, m, [], "t") for m in shown}
        return html or {"no-thread": _part("empty", "no-thread", "This message is gone.")}

    def _only_for(self, look: Look, channel: Channel) -> Iterator[Message]:
        for message in self.state.ephemerals:
            if message.ephemeral_to == look.me and message.channel == channel.id and not message.deleted:
                yield message

    def _message(self, drawing: Drawing, message: Message, replies: list[Message], prefix: str = "m") -> str:
        key = (drawing.me, message.channel, message.ts, prefix)
        # Names and replies show in it as well as what it says itself.
        version = (message.version(), [reply.ts for reply in replies], drawing.users, drawing.channels)
        kept = self._drawn.get(key)
        if kept is None or kept[0] != version:
            if len(self._drawn) >= _MOST_KEPT:
                self._drawn.clear()
            kept = self._drawn[key] = (version, str(drawing.message(message, replies, prefix=prefix)))
        return kept[1]

    def _home(self, look: Look, drawing: Drawing) -> dict[str, str]:
        view = self.workspace.home(look.me)
        if view is None:
            return {"home-view": _part("empty", "home-view", "This app shows nothing here.")}
        return {"home-view": Markup('<div id="home-view">{}</div>').format(drawing.view(view))}

    def _modal(self, look: Look, drawing: Drawing) -> dict[str, str]:
        view = self.workspace.open_view(look.me)
        if view is None:
            return {}
        id = f"modal-{view['id']}"
        return {id: _part("modal", id, drawing.view(view))}

    def _sidebar(self, look: Look) -> str:
        channels = [
            Place(
                channel.name,
                "#" if channel.kind == "public" else "🔒",
                href(look, place=channel.id),
                channel.id == look.place,
                self._unread(look, channel),
            )
            for channel in self.places(look.me)
        ]
        app = self.state.users[self.state.team.bot_user_id].real_name
        direct = next(
            (c for c in self.state.channels.values() if c.kind == "im" and look.me in c.members), None
        )
        here, unread = (direct.id == look.place, self._unread(look, direct)) if direct else (False, 0)
        apps = [
            Place("Messages", "@", f"/dm?as={look.me}", here, unread),
            Place("Home", "⌂", href(look, place=HOME), look.place == HOME),
        ]
        return _part("sidebar", [("Channels", channels), (app, apps)])

    def _unread(self, look: Look, channel: Channel) -> int:
        read = self._read.get((look.me, channel.id), self._began)
        messages = [*channel.messages.values(), *self._only_for(look, channel)]
        return sum(
            float(m.ts) > read and not m.deleted and not m.is_reply and m.user != look.me for m in messages
        )

    def _clock(self) -> str:
        now = datetime.fromtimestamp(self.state.clock(), UTC)
        return _part("clock", f"{now:%Y-%m-%dT%H:%MZ}", f"{now:%a} {now.day} {now:%b %Y, %H:%M}")

    def _trouble(self) -> str:
        sockets = len(self.workspace.sockets.open)
        connected = f"The bot has {sockets} socket{'s' * (sockets > 1)} open."
        if not sockets:
            url = self.workspace.request_url
            connected = f"The bot is reached at {url}." if url else "The bot is not connected."
        return _part("trouble", self.workspace.faults.pending(), connected)

    def _tick(self) -> str:
        calls, deliveries = self.workspace.calls, self.workspace.deliveries
        recent = sum(delivery.attempts + delivery.done for delivery in deliveries[-50:])
        unanswered = sum(call.answer is None for call in calls[-50:])
        return f'<i id="panel-tick" data-at="{len(calls)}.{len(deliveries)}.{recent}.{unanswered}"></i>'


def href(look: Look, **changes: Any) -> str:  # noqa: ANN401 - of each field its own type
    """The address of a page that shows this."""
    place, more = look._replace(**{"thread": "", "most": FIRST, **changes}), ""
    if place.thread:
        more += f"&thread={place.thread}"
    if place.most != FIRST:
        more += f"&show={place.most}"
    return f"{'/home' if place.place == HOME else f'/c/{place.place}'}?as={place.me}{more}"


def _threads(channel: Channel) -> dict[str, list[Message]]:
    threads: dict[str, list[Message]] = {}
    for message in channel.messages.values():
        if message.is_reply and message.thread_ts and not message.deleted:
            threads.setdefault(message.thread_ts, []).append(message)
    return threads


def _part(name: str, *args: object) -> str:
    macro = getattr(TEMPLATES.get_template("parts.html").module, name)
    return str(macro(*args))
