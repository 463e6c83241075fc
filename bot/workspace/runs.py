"""What comes of something a person did: the bot's acknowledgement, and its answers over the `response_url`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.workspace.blocks import message_errors
from bot.workspace.changes import Changes
from bot.workspace.delivery import Delivery
from bot.workspace.methods.chat import put, refuse
from bot.workspace.payloads import message_json
from bot.workspace.request import ApiError
from bot.workspace.state import Channel, Json, Message, State

MOST_USES = 5
LIFETIME = 30 * 60.0


@dataclass
class CommandRun:
    """One command, click or submission.

    `replies` grows as answers arrive; a message that was replaced or deleted over the `response_url` is in it
    again. `refused` says what Slack did not take, and why. `error` is what Slack would tell the person:
    `operation_timeout` (no answer in time, or nobody there), `dispatch_failed` (HTTP error), `invalid_command`,
    `invalid_command_response`.
    """

    user: str
    channel: str | None
    changes: Changes = field(repr=False)
    at: float
    response_url: str = ""
    trigger_id: str = ""
    source: Message | None = None
    acked: bool = False
    ack_body: Json | str | None = None
    ack_ms: float = 0.0
    error: str | None = None
    replies: list[Message] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    uses: int = 0

    async def reply(self, timeout: float = 5.0) -> Message:  # noqa: ASYNC109
        """The first answer, when it is there."""
        return (await self.settled(1, timeout))[0]

    async def settled(self, count: int, timeout: float = 5.0) -> list[Message]:  # noqa: ASYNC109
        """All answers, when there are at least `count`."""
        try:
            await self.changes.wait_for(lambda: len(self.replies) >= count, timeout)
        except TimeoutError:
            raise TimeoutError(
                f"{len(self.replies)} of {count} replies after {timeout:g} s (acked={self.acked}, "
                f"error={self.error}, refused={self.refused}): {[reply.plain() for reply in self.replies]}"
            ) from None
        return self.replies

    def acknowledge(self, delivery: Delivery) -> None:
        """Note how the bot took the delivery."""
        self.acked, self.ack_body, self.ack_ms = delivery.acked, delivery.body, delivery.milliseconds
        if not delivery.acked:
            failed = delivery.reason == "http_error"
            self.error = "dispatch_failed" if failed else "operation_timeout"


class Responses:
    """Serves the `response_url`s: each for five answers within half an hour."""

    def __init__(self, state: State, emit: Callable[[Json, Channel | None], None]) -> None:
        self._state = state
        self._emit = emit
        self._runs: dict[str, CommandRun] = {}
        self.base_url = ""

    def start(self, user: str, channel: str | None, source: Message | None = None) -> CommandRun:
        """A run whose answers will be known by its `response_url`; without a channel there is none."""
        run = CommandRun(user, channel, self._state.changes, self._state.clock(), source=source)
        run.trigger_id = self._state.new_trigger(user)
        if channel is not None:
            key = f"{self._state.team.id}/{self._state.next_id('')}/{run.trigger_id[-24:]}"
            run.response_url = f"{self.base_url}{key}"
            self._runs[key] = run
        return run

    async def handle(self, request: web.Request) -> web.Response:
        """Take an answer."""
        run = self._runs.get(request.match_info["key"])
        if run is None:
            return _refusal("expired_url", 404)
        try:
            self._take(run, await request.text())
        except ApiError as error:
            run.refused.append(f"{error.error} {error.extra or ''}".strip())
            status = 404 if error.error.endswith("_url") else 400
            return _refusal(error.error, status, error.extra)
        return web.Response(text="ok")

    def _take(self, run: CommandRun, text: str) -> None:
        if self._state.clock() - run.at > LIFETIME:
            raise ApiError("expired_url")
        if run.uses >= MOST_USES:
            raise ApiError("used_url")
        try:
            payload = json.loads(text)
        except json.JSONDecodeError:
            payload = None
        if not isinstance(payload, dict):
            raise ApiError("invalid_payload")
        self.answer(run, payload)
        run.uses += 1

    def answer_in_ack(self, run: CommandRun) -> None:
        """Show what the bot said in the acknowledgement of a command itself, if it said anything."""
        payload = {"text": run.ack_body} if isinstance(run.ack_body, str) else run.ack_body or {}
        if not any(payload.get(name) for name in ("text", "blocks", "attachments")):
            return
        try:
            self.answer(run, payload)
        except ApiError as error:
            run.error = "invalid_command_response"
            run.refused.append(f"{error.error} {error.extra or ''}".strip())

    def answer(self, run: CommandRun, payload: Json) -> None:
        """Show an answer: as a new message, in place of the message it came from, or by taking that away."""
        deletes = _true(payload.get("delete_original")) and run.source is not None
        has_content = any(payload.get(name) for name in ("text", "blocks", "attachments"))
        if has_content or not deletes:
            refuse(message_errors(payload))
        if deletes and run.source:
            run.source.deleted = True
            run.replies.append(run.source)
        elif _true(payload.get("replace_original")) and run.source:
            put(run.source, payload)
            run.source.edited = self._state.next_ts()
            run.replies.append(run.source)
        else:
            run.replies.append(self._show(run, payload))
        self._state.changes.notify()

    def _show(self, run: CommandRun, payload: Json) -> Message:
        team = self._state.team
        public = payload.get("response_type") == "in_channel"
        message = Message(
            ts=self._state.next_ts(),
            channel=run.channel or "",
            user=team.bot_user_id,
            bot_id=team.bot_id,
            thread_ts=payload.get("thread_ts"),
            ephemeral_to=None if public else run.user,
        )
        put(message, payload)
        if not public:
            self._state.ephemerals.append(message)
            return message
        channel = self._state.channels[message.channel]
        channel.messages[message.ts] = message
        body = message_json(self._state, message, metadata=True)
        self._emit({**body, "channel": channel.id, "event_ts": message.ts}, channel)
        return message


def _true(value: object) -> bool:
    return str(value).lower() == "true"


def _refusal(error: str, status: int, extra: Json | None = None) -> web.Response:
    return web.json_response({"ok": False, "error": error, **(extra or {})}, status=status)
