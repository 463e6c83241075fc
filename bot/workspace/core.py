"""The parts of a workspace, put together; what people and administrators do builds on it."""

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bot.workspace.api import WebApi
from bot.workspace.clock import MovableClock
from bot.workspace.delivery import Courier
from bot.workspace.faults import Faults
from bot.workspace.limits import RateLimits
from bot.workspace.payloads import event_callback
from bot.workspace.runs import Responses
from bot.workspace.saved import Saved
from bot.workspace.sockets import Sockets
from bot.workspace.state import ALL_SCOPES, Channel, Json, Message, State, Team, User

# What an app gets without subscribing to more. `message` events carry the kind of channel in their name.
DEFAULT_EVENTS = ("app_home_opened", "reaction_added", "reaction_removed")
_MESSAGE_EVENTS = {"public": "message.channels", "private": "message.groups", "im": "message.im"}


class Core:
    """State, Web API, sockets and delivery of one workspace.

    `port` 0 is a free one. `clock` gives the time of the workspace in seconds since 1970 (of messages, triggers,
    `response_url`s), `monotonic` the time that rate limits count in. `scopes` is what the bot was granted (None:
    all of `ALL_SCOPES`), `events` what it subscribed to. `request_url` is where deliveries go while no socket is
    open. `ack_timeout` and `retry_delays`, in seconds, say how patient Slack is; `reaction_users_shown` how many
    of the people behind one emoji `conversations.history` names; `history_limit` how many messages it gives at most
    (15 to an app that is sold outside Slack's Marketplace), and `history_days` how far back it shows any (None: all;
    90 in a workspace that pays nothing). `slash_commands` are those of an app's manifest:
    without any, whatever is typed goes to the bot. `saved_in` is the file to go on from and to keep everything in;
    with it, a `MovableClock` goes on from where it stood.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        enforce_limits: bool = True,
        scopes: Collection[str] | None = None,
        events: Collection[str] = DEFAULT_EVENTS,
        request_url: str | None = None,
        team_id: str = "T00000001",
        team_name: str = "Lab",
        ack_timeout: float = 3.0,
        retry_delays: Sequence[float] = (0, 60, 300),
        reaction_users_shown: int = 50,
        history_limit: int = 999,
        history_days: int | None = None,
        slash_commands: Sequence[Json] = (),
        saved_in: Path | None = None,
    ) -> None:
        self.address = (host, port)
        self.clock = clock
        self.slash_commands = tuple(slash_commands)
        self.state = State(_team(team_id, team_name, scopes), clock)
        self.saved = Saved(saved_in) if saved_in else None
        self.restored = self.saved.load(self.state) if self.saved else None
        if self.restored and isinstance(clock, MovableClock):
            clock.set(self.restored.clock)
        team = self.state.team
        self.state.users.setdefault(team.bot_user_id, User(team.bot_user_id, "papers", "Papers", is_bot=True))
        self.events = frozenset(events)
        self.faults = Faults()
        self.sockets = Sockets(team.app_id, self.state.changes)
        self.courier = Courier(
            self.sockets,
            self.faults,
            self.state.changes,
            team.signing_secret,
            ack_timeout=ack_timeout,
            retry_delays=retry_delays,
            clock=clock,
        )
        self.courier.request_url = request_url
        self.responses = Responses(self.state, self.emit)
        self.api = WebApi(
            self.state,
            self.faults,
            RateLimits(monotonic),
            self.emit,
            self.sockets.url,
            enforce_limits,
            reaction_users_shown,
            history_limit,
            history_days,
        )
        if self.saved:
            self.state.changes.listeners.append(self.save)

    def save(self) -> None:
        """Write to the file, if there is one, what changed since the last time."""
        if self.saved:
            self.saved.save(self.state, self.courier.undelivered())

    def emit(self, event: Json, channel: Channel | None = None) -> None:
        """Tell the bot of an event in the background, if it may know of it."""
        if self.hears_of(event, channel):
            self.courier.event_later(event_callback(self.state, event))
        self.state.changes.notify()

    def hears_of(self, event: Json, channel: Channel | None) -> bool:
        """Whether the app subscribed to such events, and is there where this one happened."""
        kind = str(event["type"])
        if kind == "message" and channel is not None:
            kind = _MESSAGE_EVENTS[channel.kind]
        if kind == "message.im" and "im:history" not in self.state.team.scopes:
            return False
        if kind.startswith("reaction_") and "reactions:read" not in self.state.team.scopes:
            return False
        gone = channel is not None and not self.state.bot_is_in(channel) and kind != "channel_left"
        return kind in self.events and not gone

    def known_user(self, user: str) -> User:
        """The account with this id."""
        if user not in self.state.users:
            raise LookupError(f"no user {user!r}; there are: {list(self.state.users)}")
        return self.state.users[user]

    def known_channel(self, channel: str) -> Channel:
        """The channel with this id or name."""
        found = self.state.channel(channel)
        if found is None:
            raise LookupError(f"no channel {channel!r}; there are: {list(self.state.channels)}")
        return found

    def known_message(self, channel: str, ts: str) -> Message:
        """The message with this `ts`, top-level or a reply."""
        found = self.known_channel(channel).find(ts)
        if found is None:
            raise LookupError(f"no message {ts!r} in {channel}")
        return found


def _team(team_id: str, name: str, scopes: Collection[str] | None) -> Team:
    suffix = team_id[1:]
    return Team(
        id=team_id,
        name=name,
        domain=name.lower().replace(" ", "-"),
        app_id=f"A{suffix}",
        bot_user_id=f"U{suffix}BOT",  # no counter gives such an id
        bot_id=f"B{suffix}",
        bot_token=f"xoxb-{suffix}-{secrets.token_hex(12)}",
        app_token=f"xapp-1-A{suffix}-{secrets.token_hex(12)}",
        signing_secret=secrets.token_hex(16),
        verification_token=secrets.token_hex(12),
        scopes=frozenset(ALL_SCOPES if scopes is None else scopes),
    )
