"""Looking at somebody's Home tab as they see it, and pressing what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.messages.home import place
from bot.workspace import CommandRun, Workspace
from bot.workspace.render import plain


class Looking:
    """One person at their Home. What they do there is waited for until the tab was drawn anew."""

    def __init__(self, slack: Workspace, user_id: str) -> None:
        self.slack = slack
        self.user_id = user_id

    async def open(self) -> str:
        return await self._drawn(self.slack.open_home(self.user_id))

    async def press(self, action_id: str, value: object = None) -> str:
        run = await self.run(action_id, value)
        return await self.after(run)

    async def run(self, action_id: str, value: object = None) -> CommandRun:
        """Press without waiting for more than the acknowledgement."""
        self._before = self.drawings
        view = self.slack.home(self.user_id)
        assert view
        return await self.slack.click_view(self.user_id, view["id"], action_id, value)

    async def after(self, run: CommandRun) -> str:
        """What stands there once what was pressed has been drawn."""
        assert run.acked
        await self.slack.wait_for(lambda: self.drawings > self._before)
        return self.text

    async def turn(self, where: str) -> str:
        """Press a button that leads to another section, page or day."""
        return await self.press(f"{place.TURN}_{where}")

    async def submit(self, block: str, value: object) -> str:
        """Fill in the only field of the modal that is open, and submit it."""
        modal = await self.slack.wait_for(lambda: self.slack.open_view(self.user_id))
        filled = {block: {block: value}} if value is not None else {}
        return await self._drawn(self.slack.submit_view(self.user_id, modal["id"], filled))

    async def shows(self, words: str) -> str:
        """Wait until these words stand there."""
        await self.slack.wait_for(lambda: words in self.text)
        return self.text

    async def _drawn(self, doing: Any) -> str:
        before = self.drawings
        await doing
        await self.slack.wait_for(lambda: self.drawings > before)
        return self.text

    @property
    def drawings(self) -> int:
        """How often this person's Home was published until now, and Slack took it."""
        calls = (call for call in self.slack.calls if call.method == "views.publish")
        return sum(call.ok and call.args["user_id"] == self.user_id for call in calls)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return list((self.slack.home(self.user_id) or {"blocks": []})["blocks"])

    @property
    def text(self) -> str:
        return plain("", self.blocks, [])

    @property
    def buttons(self) -> Iterator[dict[str, Any]]:
        for block in self.blocks:
            yield from (each for each in block.get("elements", ()) if each["type"] == "button")
            yield from (block[name] for name in ("accessory",) if name in block)

    def labels(self, action_id: str) -> list[str]:
        return [each["text"]["text"] for each in self.buttons if each["action_id"] == action_id]

    def papers(self) -> list[str]:
        """The ids of the papers that stand there, in their order."""
        return [each["value"] for each in self.buttons if each["action_id"] == place.VOTE]
