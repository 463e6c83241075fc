"""What a person does in Slack besides writing and clicking: shortcuts, links in the composer, the assistant's pane."""

from bot.workspace.delivery import Delivery
from bot.workspace.links import link_composed, links
from bot.workspace.payloads import message_json
from bot.workspace.people import People
from bot.workspace.runs import CommandRun
from bot.workspace.state import AssistantThread, Json, Message


class Shortcuts(People):
    """The menus in which an app's shortcuts stand, and the pane of an assistant."""

    def shortcuts_of(self, kind: str) -> list[Json]:
        """The app's shortcuts of a kind, `global` or `message`."""
        return [each for each in self.shortcuts if each["type"] == kind]

    async def use_shortcut(self, user: str, callback_id: str) -> CommandRun:
        """Choose a global shortcut, which has neither a channel nor a `response_url`."""
        self._known_shortcut(callback_id, "global")
        run = self.responses.start(user, None)
        ts = self.state.next_ts()
        return await self._interact(run, "shortcut", callback_id=callback_id, action_ts=ts)

    async def use_message_shortcut(self, user: str, channel: str, ts: str, callback_id: str) -> CommandRun:
        """Choose a shortcut in the menu of a message, whether the bot is there or not."""
        self._known_shortcut(callback_id, "message")
        place, message = self._enter(user, channel), self.known_message(channel, ts)
        run = self.responses.start(user, place.id)
        name = {"im": "directmessage", "private": "privategroup"}.get(place.kind, place.name)
        return await self._interact(
            run,
            "message_action",
            callback_id=callback_id,
            action_ts=self.state.next_ts(),
            message_ts=message.ts,
            response_url=run.response_url,
            channel={"id": place.id, "name": name},
            message=message_json(self.state, message),
        )

    async def compose(self, user: str, text: str) -> Delivery | None:
        """Type a message without sending it: the app may draw previews into the composer."""
        found = links(text, self.unfurl_domains)
        return await self._tell(link_composed(self.state, user, found), None) if found else None

    async def open_assistant(self, user: str, context_channel: str = "") -> Message:
        """Begin to talk with the app in its assistant's pane, while looking at a channel; returns the thread's root."""
        place, team = self.state.direct(self.known_user(user).id), self.state.team
        root = Message(self.state.next_ts(), place.id, team.bot_user_id, "New chat", bot_id=team.bot_id)
        place.messages[root.ts] = root
        self.state.assistants[place.id, root.ts] = AssistantThread(user)
        await self._tell_of_assistant("assistant_thread_started", root, context_channel)
        return root

    async def look_elsewhere(self, root: Message, context_channel: str) -> None:
        """Look at another channel while the assistant's pane is open."""
        await self._tell_of_assistant("assistant_thread_context_changed", root, context_channel)

    async def _tell_of_assistant(self, kind: str, root: Message, context_channel: str) -> None:
        looking: Json = {"channel_id": context_channel, "team_id": self.state.team.id, "enterprise_id": None}
        thread = {
            "user_id": self.state.assistants[root.channel, root.ts].user,
            "context": looking if context_channel else {},
            "channel_id": root.channel,
            "thread_ts": root.ts,
        }
        event = {"type": kind, "assistant_thread": thread, "event_ts": self.state.next_ts()}
        await self._tell(event, self.state.channels[root.channel])

    def _known_shortcut(self, callback_id: str, kind: str) -> None:
        known = [each["callback_id"] for each in self.shortcuts_of(kind)]
        if callback_id not in known:
            raise LookupError(f"no {kind} shortcut {callback_id!r}; there are: {known}")
