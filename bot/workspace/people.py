"""What a person does in Slack: write, react, use commands, click, and fill in forms."""

from bot.workspace.blocks import view_problems
from bot.workspace.core import Core
from bot.workspace.delivery import Delivery
from bot.workspace.interactions import action_json, find_element, view_values
from bot.workspace.links import link_shared, links
from bot.workspace.methods.files import share
from bot.workspace.methods.reactions import is_emoji_name, take_reaction
from bot.workspace.methods.views import open_modals, push_view, replace_view
from bot.workspace.payloads import (
    CHANNEL_TYPES,
    command_payload,
    event_callback,
    interaction_payload,
    message_json,
    reaction_event,
    view_json,
)
from bot.workspace.runs import CommandRun
from bot.workspace.state import Channel, File, Json, Message, View


class People(Core):
    """Everything a person can do that the bot hears of. Users and channels are given by id."""

    async def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a message."""
        place = self._enter(user, channel)
        message = Message(self.state.next_ts(), place.id, user, text, thread_ts=thread_ts)
        place.messages[message.ts] = message
        body = {**message_json(self.state, message), "channel": place.id, "event_ts": message.ts}
        await self._tell({**body, "channel_type": CHANNEL_TYPES[place.kind]}, place)
        # In direct messages to the app everything is for it.
        if f"<@{self.state.team.bot_user_id}>" in text and place.kind != "im":
            await self._tell({**body, "type": "app_mention"}, place)
        if found := links(text, self.unfurl_domains):
            await self._tell(link_shared(self.state, message, found), place)
        return message

    async def upload(
        self,
        user: str,
        channel: str,
        name: str,
        content: bytes,
        text: str = "",
        *,
        thread_ts: str | None = None,
    ) -> Message:
        """Write a message with a file, which the bot can download with its token."""
        place, now = self._enter(user, channel), int(self.clock())
        file = File(self.state.next_id("F"), name, user, len(content), now, content=content)
        self.state.files[file.id] = file
        message = share(self.state, [file], place, text, user=user, thread_ts=thread_ts)
        body = {**message_json(self.state, message), "channel": place.id, "event_ts": message.ts}
        await self._tell({**body, "channel_type": CHANNEL_TYPES[place.kind]}, place)
        return message

    async def edit(self, user: str, channel: str, ts: str, text: str) -> Delivery | None:
        """Change what one has written."""
        place, message = self._own(user, channel, ts)
        before = message_json(self.state, message)
        message.text, message.edited = text, self.state.next_ts()
        changed = {"subtype": "message_changed", "message": message_json(self.state, message)}
        return await self._retell(place, {**changed, "previous_message": before, "ts": message.edited})

    async def unsay(self, user: str, channel: str, ts: str) -> Delivery | None:
        """Delete what one has written."""
        place, message = self._own(user, channel, ts)
        before = message_json(self.state, message)
        message.deleted = True
        gone = {"subtype": "message_deleted", "deleted_ts": ts, "previous_message": before}
        return await self._retell(place, {**gone, "ts": self.state.next_ts()})

    async def react(self, user: str, channel: str, ts: str, emoji: str) -> Delivery | None:
        """Add a reaction; nothing happens when the person already has this one on the message."""
        name = emoji.strip(":") if emoji.startswith(":") else emoji
        if not is_emoji_name(name):
            raise ValueError(f"not an emoji name: {emoji!r}")
        place, message = self._enter(user, channel), self.known_message(channel, ts)
        users = message.reactions.setdefault(name, [])
        if user in users:
            return None
        users.append(user)
        return await self._tell(reaction_event(self.state, "reaction_added", message, user, name), place)

    async def unreact(self, user: str, channel: str, ts: str, emoji: str) -> Delivery | None:
        """Take a reaction away; nothing happens when there is none."""
        name = emoji.strip(":") if emoji.startswith(":") else emoji
        place, message = self._enter(user, channel), self.known_message(channel, ts)
        if not take_reaction(message, user, name):
            return None
        return await self._tell(reaction_event(self.state, "reaction_removed", message, user, name), place)

    async def command(self, user: str, channel: str, command: str, text: str = "") -> CommandRun:
        """Use a slash command; returns when the bot has acknowledged it or failed to."""
        place, person = self._enter(user, channel), self.known_user(user)
        run = self.responses.start(user, place.id)
        if "commands" not in self.state.team.scopes:
            run.error = "invalid_command"
            return run
        payload = command_payload(self.state, place, person, command, text)
        payload |= {"response_url": run.response_url, "trigger_id": run.trigger_id}
        run.acknowledge(await self.courier.once("slash_commands", payload, answered=True))
        self.responses.answer_in_ack(run)
        return run

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, value: object = None
    ) -> CommandRun:
        """Click a button (or choose `value` in a menu) on a message of a channel."""
        self._enter(user, channel)
        return await self.click_reply(user, self.known_message(channel, ts), action_id, value)

    async def click_reply(
        self,
        user: str,
        message: Message,
        action_id: str,
        value: object = None,
        *,
        block_id: str | None = None,
    ) -> CommandRun:
        """Click on any message, such as one that only this person sees."""
        if message.deleted or message.ephemeral_to not in (None, user):
            raise LookupError(f"{user} does not see this message")
        previews = [each for each in message.attachments if each.get("is_app_unfurl")]
        blocks = [block for each in previews for block in each["blocks"]]
        action = self._action([*message.blocks, *blocks], action_id, value, block_id)
        run = self.responses.start(user, message.channel, message)
        place = self.state.channels[message.channel]
        hidden = message.ephemeral_to is not None
        container: Json = {"type": "message", "message_ts": message.ts, "channel_id": place.id}
        more: Json = {"channel": {"id": place.id, "name": place.name}, "state": {"values": {}}}
        if not hidden:
            more["message"] = message_json(self.state, message, metadata=True)
        for each in previews:
            if action["block_id"] in [block["block_id"] for block in each["blocks"]]:
                unfurled = {"attachment_id": each["id"], "app_unfurl_url": each["app_unfurl_url"]}
                container |= {"type": "message_attachment", "is_app_unfurl": True, **unfurled}
                more["app_unfurl"] = each
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        container["is_ephemeral"] = hidden
        more |= {"response_url": run.response_url, "container": container, "actions": [action]}
        return await self._interact(run, "block_actions", **more)

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        value: object = None,
        *,
        block_id: str | None = None,
        state_values: Json | None = None,
    ) -> CommandRun:
        """Click on something in a modal or on the Home tab; `state_values` are what its fields hold by then."""
        view = self._view(user, view_id)
        action = self._action(view.body["blocks"], action_id, value, block_id)
        container = {"type": "view", "view_id": view.id}
        run = self.responses.start(user, None)
        values = view_values(view.body["blocks"], state_values or {}, whole=False)
        shown = view_json(self.state, view) | {"state": {"values": values}}
        return await self._interact(run, "block_actions", view=shown, container=container, actions=[action])

    async def submit_view(self, user: str, view_id: str, state_values: Json | None = None) -> CommandRun:
        """Submit a modal. `state_values`: `{block_id: {action_id: value}}`, see `interactions.view_values`."""
        view = self._view(user, view_id)
        values = view_values(view.body["blocks"], state_values or {})
        shown = view_json(self.state, view) | {"state": {"values": values}}
        run = self.responses.start(user, None)
        await self._interact(run, "view_submission", answered=True, view=shown, response_urls=[])
        if run.acked:
            self._after_submission(run, view)
        return run

    async def close_view(self, user: str, view_id: str) -> CommandRun:
        """Close a modal without submitting it."""
        view = self._view(user, view_id)
        view.open = False
        self.state.changes.notify()
        run = self.responses.start(user, None)
        if not view.body.get("notify_on_close"):
            return run
        shown = view_json(self.state, view)
        return await self._interact(run, "view_closed", view=shown, is_cleared=False)

    async def open_home(self, user: str) -> Delivery | None:
        """Look at the bot's Home tab."""
        place = self.state.direct(self.known_user(user).id)
        event: Json = {"type": "app_home_opened", "user": user, "channel": place.id, "tab": "home"}
        if user in self.state.homes:
            event["view"] = view_json(self.state, self.state.homes[user])
        return await self._tell({**event, "event_ts": self.state.next_ts()}, place)

    def open_view(self, user: str) -> Json | None:
        """The modal this person has in front, with its `id`; None without one."""
        modals = open_modals(self.state, user)
        return view_json(self.state, modals[-1]) if modals else None

    def home(self, user: str) -> Json | None:
        """What the person sees on the Home tab."""
        view = self.state.homes.get(user)
        return view_json(self.state, view) if view else None

    def _action(self, blocks: list[Json], action_id: str, value: object, block_id: str | None) -> Json:
        block, element = find_element(blocks, action_id, value, block_id)
        return action_json(block, element, value, self.state.next_ts())

    async def _interact(
        self, run: CommandRun, kind: str, *, answered: bool = False, **more: object
    ) -> CommandRun:
        person = self.known_user(run.user)
        payload = interaction_payload(self.state, kind, person, {"trigger_id": run.trigger_id, **more})
        run.acknowledge(await self.courier.once("interactive", payload, answered=answered))
        return run

    def _after_submission(self, run: CommandRun, view: View) -> None:
        answer = run.ack_body if isinstance(run.ack_body, dict) else {}
        wanted, body = answer.get("response_action"), answer.get("view")
        if wanted in ("update", "push") and (found := view_problems(body)):
            run.error = f"invalid view: {found}"
        elif wanted == "update" and isinstance(body, dict):
            replace_view(view, body)
        elif wanted == "push" and isinstance(body, dict):
            push_view(self.state, run.user, body)
        elif wanted == "clear":
            for modal in open_modals(self.state, run.user):
                modal.open = False
        elif wanted != "errors":
            view.open = False
        self.state.changes.notify()

    def _view(self, user: str, view_id: str) -> View:
        view = self.state.views.get(view_id)
        if view is None or view.user != user or not view.open:
            raise LookupError(f"{user} has no open view {view_id!r}")
        return view

    def _enter(self, user: str, channel: str) -> Channel:
        person, place = self.known_user(user), self.known_channel(channel)
        if person.id not in place.members:
            if place.kind != "public":
                raise LookupError(f"{user} is not in {place.name}")
            place.members.append(person.id)
        return place

    def _own(self, user: str, channel: str, ts: str) -> tuple[Channel, Message]:
        place, message = self._enter(user, channel), self.known_message(channel, ts)
        if message.user != user:
            raise LookupError(f"{user} did not write this message")
        return place, message

    async def _retell(self, place: Channel, event: Json) -> Delivery | None:
        """Tell of a change to a message."""
        where = {"channel": place.id, "channel_type": CHANNEL_TYPES[place.kind]}
        return await self._tell(
            {"type": "message", "hidden": True, **event, **where, "event_ts": event["ts"]}, place
        )

    async def _tell(self, event: Json, channel: Channel | None) -> Delivery | None:
        self.state.changes.notify()
        if not self.hears_of(event, channel):
            return None
        return await self.courier.event(event_callback(self.state, event))
