"""A dozen people: they react, change their minds, press buttons, search, save and share, each at their own pace."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from typing import Any

from bot.messages import SAVE, SHARE, VOTE
from bot.workspace import Message, Workspace

NAMES = ("ada", "bo", "cleo", "dan", "eve", "finn", "gia", "hugo", "ida", "joel", "kim", "lou")
#: With and without a vote in them, and one in a tone of skin.
EMOJI = ("+1", "+1::skin-tone-3", "heart", "-1", "eyes")
VOTELESS = ("eyes", "thinking_face")
WORDS = ("retrieval", "robots", "diffusion policies", "after:2026-01-01 learning", "author:example", "today")
#: So many of a channel's newest messages are looked at, and none that is older, in seconds: a reaction that was lost is
#: read back for two weeks, of which up to one passes between two times of rest.
_LATEST = 40
_OLDEST = 5 * 86_400.0
#: The most messages that somebody reacts to at once.
_BURST = 4
#: Real seconds that somebody waits for an answer to a command.
_PATIENCE = 2.0


class Person:
    """One of them. Whoever is a presser votes with the button alone, so that each press says what it must do."""

    def __init__(
        self, slack: Workspace, user: str, channels: Sequence[str], rng: random.Random, *, presser: bool
    ) -> None:
        self.slack = slack
        self.user = user
        self.channels = channels
        self.rng = rng
        self.presser = presser

    async def act(self) -> None:
        """Do one thing or a few, and wait until Slack has told the bot of them or given up for now."""
        chosen = self.rng.random()
        messages = self._messages()
        if chosen < 0.01:
            await self._ask()
        elif not messages:
            await asyncio.sleep(0.02)
        elif self.presser and chosen < 0.3:
            await self._press(messages[0])
        else:
            await asyncio.gather(*map(self._react, messages))

    def _messages(self) -> list[Message]:
        """A few different messages of one channel."""
        channel = self.slack.known_channel(self.rng.choice(self.channels))
        since = self.slack.clock() - _OLDEST
        newest = takewhile(lambda message: float(message.ts) > since, reversed(channel.messages.values()))
        latest = [message for message in islice(newest, _LATEST) if not message.deleted]
        return self.rng.sample(latest, min(len(latest), self.rng.randint(1, _BURST)))

    async def _react(self, message: Message) -> None:
        mine = [emoji for emoji, users in message.reactions.items() if self.user in users]
        new = self.rng.choice(VOTELESS if self.presser else EMOJI)
        chosen = self.rng.random()
        if not mine or chosen < 0.3:
            await self.slack.react(self.user, message.channel, message.ts, new)
            return
        old = self.rng.choice(mine)
        away = self.slack.unreact(self.user, message.channel, message.ts, old)
        if chosen < 0.6 and new != old:
            # At one moment, so that either may arrive first.
            await asyncio.gather(away, self.slack.react(self.user, message.channel, message.ts, new))
        else:
            await away

    async def _press(self, message: Message) -> None:
        if _value(message, VOTE) is not None:
            await self.slack.click(self.user, message.channel, message.ts, VOTE)

    async def _ask(self) -> None:
        run = await self.slack.command(
            self.user, self.rng.choice(self.channels), "/papers", self.rng.choice(WORDS)
        )
        if not run.acked:
            return
        try:
            answer = await run.reply(_PATIENCE)
        except TimeoutError:
            return
        action = self.rng.choice((SAVE, SAVE, SHARE))
        if value := self.rng.choice(_values(answer, action) or [""]):
            await self.slack.click_reply(self.user, answer, action, value)


class Crowd:
    """All of them at once; `may_act` says whether there is room for one more action now."""

    def __init__(self, people: Sequence[Person], may_act: Callable[[], bool]) -> None:
        self.people = people
        self.may_act = may_act
        self._going = asyncio.Event()
        self._idle: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Crowd:
        self._idle = [asyncio.Event() for _ in self.people]
        self._going.set()
        self._tasks = [
            asyncio.create_task(self._acting(person, idle))
            for person, idle in zip(self.people, self._idle, strict=True)
        ]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def pause(self) -> None:
        """Wait until everybody has finished what they were at; nobody begins anything until `go_on`."""
        self._going.clear()
        for idle, task in zip(self._idle, self._tasks, strict=True):
            waiting = asyncio.create_task(idle.wait())
            await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if task.done():
                task.result()

    def go_on(self) -> None:
        self._going.set()

    async def _acting(self, person: Person, idle: asyncio.Event) -> None:
        while True:
            idle.set()
            await self._going.wait()
            if not self.may_act():
                await asyncio.sleep(0.02)
                continue
            idle.clear()
            await person.act()


def _values(message: Message, action_id: str) -> list[str]:
    """What the buttons of this kind on a message carry."""
    elements: list[dict[str, Any]] = [
        element
        for block in message.blocks
        for element in [*block.get("elements", []), *filter(None, [block.get("accessory")])]
    ]
    return [str(element.get("value")) for element in elements if element.get("action_id") == action_id]


def _value(message: Message, action_id: str) -> str | None:
    return next(iter(_values(message, action_id)), None)
