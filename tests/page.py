"""The workspace's pages as a browser uses them: over HTTP, with the stream of changes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.workspace import MovableClock, Workspace

PATIENCE = 20.0
#: 2025-12-22, 09:00 in UTC.
MONDAY = 1_766_394_000.0
COMMANDS = ({"command": "/papers", "description": "Papers", "usage_hint": "[topic] | today | top week"},)
BUTTON = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {"type": "button", "action_id": "go", "value": "1", "text": {"type": "plain_text", "text": "Go"}}
    ],
}
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Topics"},
    "submit": {"type": "plain_text", "text": "Save"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "topic",
            "label": {"type": "plain_text", "text": "Topic"},
            "element": {"type": "plain_text_input", "action_id": "words"},
        }
    ],
}


class Stream:
    """What the server sends to one open page."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def event(self) -> tuple[str, Any]:
        """The next event: its name and its data."""
        name = ""
        async with asyncio.timeout(PATIENCE):
            async for line in self.response.content:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                if field == "data":
                    return name, json.loads(value)
        raise ConnectionError("the stream has ended")

    async def html(self, words: str) -> dict[str, Any]:
        """The first change from here on whose HTML has these words."""
        while True:
            name, changes = await self.event()
            assert name == "change"
            for change in changes:
                if words in change.get("html", ""):
                    return dict(change)

    async def removed(self, id: str) -> None:
        """Wait until an element is taken away."""
        while {"remove": id} not in (await self.event())[1]:
            pass


class Browser:
    """One person's browser. Paths are those of the pages; `act` is what their script sends."""

    def __init__(self, url: str, user: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.user = user
        self.http = http

    async def page(self, path: str, **query: str) -> str:
        async with self.http.get(f"{self.url}{path}", params={"as": self.user, **query}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def act(self, do: str, **what: Any) -> dict[str, Any]:
        told = {"do": do, "as": self.user, **what}
        async with self.http.post(f"{self.url}/act", json=told) as answer:
            return dict(await answer.json())

    @asynccontextmanager
    async def watching(self, path: str, **query: str) -> AsyncIterator[Stream]:
        """Open a page and follow it."""
        tab = tab_of(await self.page(path, **query))
        async with self.follow(tab) as stream:
            yield stream

    @asynccontextmanager
    async def follow(self, tab: str, last: str = "0") -> AsyncIterator[Stream]:
        asked = {"tab": tab, "last": last}
        async with self.http.get(f"{self.url}/events", params=asked) as response:
            assert response.status == 200
            yield Stream(response)


def tab_of(page: str) -> str:
    found = re.search(r'data-tab="([^"]+)"', page)
    assert found
    return found[1]


def person(page: str, name: str) -> str:
    """The id of somebody one can act as."""
    found = re.search(rf'as=(U\w+)[^>]*title="Act as {name}"', page)
    assert found
    return found[1]


@asynccontextmanager
async def small_workspace(**options: Any) -> AsyncIterator[Workspace]:
    """Two people, a channel with the bot and one without it."""
    given: dict[str, Any] = {
        "enforce_limits": False,
        "clock": MovableClock(MONDAY),
        "slash_commands": COMMANDS,
        "retry_delays": (0,),
    }
    async with Workspace(**given | options) as workspace:
        for name in ("ada", "ben"):
            workspace.add_user(name)
        workspace.add_channel("papers")
        workspace.add_channel("random", bot=False)
        yield workspace


def user(slack: Workspace, name: str) -> str:
    return next(each.id for each in slack.state.users.values() if each.name == name)


def channel(slack: Workspace, name: str = "papers") -> str:
    return slack.known_channel(name).id


async def call(slack: Workspace, http: aiohttp.ClientSession, method: str, **args: Any) -> dict[str, Any]:
    """A Web API call of the bot."""
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.post(f"{slack.api_url}{method}", json=args, headers=headers) as answer:
        body: dict[str, Any] = await answer.json()
    assert body["ok"], body
    return body
