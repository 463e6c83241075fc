"""Making and changing the workspace itself: people, channels, and what happens to them behind the bot's back."""

from collections.abc import Collection
from urllib.parse import quote

from bot.workspace.core import Core
from bot.workspace.state import Channel, ChannelKind, Json, Message, User


class Administration(Core):
    """What an administrator can do, and reading what is there."""

    def add_user(
        self,
        name: str,
        real_name: str | None = None,
        *,
        tz: str = "Etc/UTC",
        tz_offset: int = 0,
        admin: bool = False,
        email: str | None = None,
    ) -> str:
        """A new person, who joins every public channel; returns the user id.

        Without an `email` they have one at example.org; an empty one is none.
        """
        user = User(
            self.state.next_id("U"),
            name,
            real_name or name.capitalize(),
            tz=tz,
            tz_offset=tz_offset,
            is_admin=admin,
            email=f"{quote(name)}@example.org" if email is None else email,
        )
        self.state.users[user.id] = user
        for channel in self.state.channels.values():
            if channel.kind == "public":
                channel.members.append(user.id)
        self.state.changes.notify()
        return user.id

    def deactivate(self, user: str) -> None:
        """Take a person's account away; what they wrote stays."""
        self.known_user(user).deleted = True
        self.state.changes.notify()

    def add_channel(
        self,
        name: str,
        *,
        bot: bool = True,
        private: bool = False,
        members: Collection[str] | None = None,
        archived: bool = False,
    ) -> str:
        """A new channel of everybody (or of `members`), with or without the bot; returns the channel id."""
        kind: ChannelKind = "private" if private else "public"
        people = [user.id for user in self.state.users.values() if not user.is_bot]
        joined = list(people if members is None else members) + [self.state.team.bot_user_id] * bot
        created = int(self.state.clock())
        channel = Channel(self.state.next_id("C"), name.removeprefix("#"), kind, joined, archived, created)
        self.state.channels[channel.id] = channel
        self.state.changes.notify()
        return channel.id

    def add_bot(self, channel: str) -> None:
        """Invite the bot to a channel."""
        found = self.known_channel(channel)
        if not self.state.bot_is_in(found):
            found.members.append(self.state.team.bot_user_id)
            self._announce("member_joined_channel", found, user=self.state.team.bot_user_id)

    def remove_bot(self, channel: str) -> None:
        """Throw the bot out of a channel."""
        found = self.known_channel(channel)
        found.members.remove(self.state.team.bot_user_id)
        self._announce("channel_left", found)

    def archive(self, channel: str) -> None:
        """Archive a channel: nobody can write there any more."""
        found = self.known_channel(channel)
        found.archived = True
        self._announce("channel_archive", found)

    def unarchive(self, channel: str) -> None:
        """Open an archived channel again."""
        found = self.known_channel(channel)
        found.archived = False
        self._announce("channel_unarchive", found)

    def rename_channel(self, channel: str, name: str) -> None:
        """Give a channel another name; its id stays."""
        found = self.known_channel(channel)
        found.name = name
        renamed = {"id": found.id, "name": name, "created": found.created}
        event_ts = self.state.next_ts()
        self.emit({"type": "channel_rename", "channel": renamed, "event_ts": event_ts}, found)

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message as its author or an administrator does."""
        message = self.known_message(channel, ts)
        message.deleted = True
        event: Json = {"subtype": "message_deleted", "hidden": True, "deleted_ts": ts}
        self._announce("message", self.known_channel(channel), **event)

    def revoke(self) -> None:
        """Uninstall the app: its tokens are worth nothing from now on."""
        tokens = {"oauth": [], "bot": [self.state.team.bot_user_id]}
        self.emit({"type": "tokens_revoked", "tokens": tokens, "event_ts": self.state.next_ts()})
        self.state.team.revoked = True

    def messages(self, channel: str) -> list[Message]:
        """The messages of a channel, oldest first, without replies and deleted ones."""
        found = self.known_channel(channel).messages.values()
        return sorted((m for m in found if not m.is_reply and not m.deleted), key=lambda message: message.ts)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies to a message, oldest first."""
        return self.known_channel(channel).replies(ts)

    def ephemerals(self, user: str, channel: str | None = None) -> list[Message]:
        """What only this person sees, oldest first: answers to commands, `chat.postEphemeral`."""
        found = (m for m in self.state.ephemerals if m.ephemeral_to == user and not m.deleted)
        return [m for m in found if channel in (None, m.channel)]

    def dm(self, user: str) -> str:
        """The id of the direct messages between a person and the bot."""
        return self.state.direct(self.known_user(user).id).id

    def _announce(self, kind: str, channel: Channel, **more: object) -> None:
        ts = self.state.next_ts()
        self.emit({"type": kind, "channel": channel.id, "ts": ts, "event_ts": ts, **more}, channel)
