"""Open pages, and what changes on them, sent as it happens.

A page and the server agree on what the page shows: the server remembers of each tab the digest of every element it
was given. What is sent next is the difference. A tab the server does not know, or that missed something, is told to
load itself again.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import secrets
from collections import OrderedDict
from hashlib import blake2b
from typing import Any

from aiohttp import web

from bot.workspace.changes import Changes
from bot.workspace.web.guard import HEADERS
from bot.workspace.web.scene import Look, Regions, Scene

MOST_TABS = 200
# What follows a change within this time is sent with it, in seconds.
COALESCE = 0.01
# The clock on the page is as late as this, and a tab that was closed is noticed.
PULSE = 5.0

Shown = dict[str, dict[str, str]]


class Tab:
    """A page in somebody's browser: what it looks at, and what it shows."""

    def __init__(self, look: Look, regions: Regions) -> None:
        self.id = secrets.token_urlsafe(9)
        self.look = look
        self.sent = 0
        self._shown = {region: _digests(elements) for region, elements in regions.items()}

    def differences(self, regions: Regions) -> list[dict[str, Any]]:
        """What brings the page to these regions; from here on it counts as shown."""
        changes: list[dict[str, Any]] = []
        for region, elements in regions.items():
            now, before = _digests(elements), self._shown.get(region, {})
            changes += [{"remove": id} for id in before if id not in now]
            follower = None
            # From the last to the first, so that what an element stands before is there when it comes.
            for id in reversed(now):
                if now[id] != before.get(id):
                    changes.append({"put": id, "html": elements[id], "into": region, "before": follower})
                follower = id
            self._shown[region] = now
        return changes


class Live:
    """Serves `GET /events`."""

    def __init__(self, scene: Scene, changes: Changes) -> None:
        self._scene = scene
        self._changes = changes
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._closing = False

    def opened(self, look: Look, regions: Regions) -> Tab:
        """A page that was just drawn."""
        tab = Tab(look, regions)
        self._tabs[tab.id] = tab
        while len(self._tabs) > MOST_TABS:
            self._tabs.popitem(last=False)
        return tab

    def close(self) -> None:
        """End all streams; the pages will look for the next server."""
        self._closing = True
        self._changes.notify()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The stream of changes of one tab."""
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        tab = self._tabs.get(request.query.get("tab", ""))
        try:
            last = request.headers.get("Last-Event-ID") or request.query.get("last", "0")
            if tab is None or last != str(tab.sent):
                await response.write(b"event: reload\ndata: {}\n\n")
            else:
                self._tabs.move_to_end(tab.id)
                await self._follow(tab, request, response)
        except ConnectionError:
            pass  # the tab was closed
        return response

    async def _follow(self, tab: Tab, request: web.Request, response: web.StreamResponse) -> None:
        await response.write(b"retry: 500\n\n")
        while not self._closing and request.transport and not request.transport.is_closing():
            changed = self._changes.following()
            differences = tab.differences(self._scene.regions(tab.look))
            if differences:
                tab.sent += 1
                data = json.dumps(differences)
                await response.write(f"id: {tab.sent}\nevent: change\ndata: {data}\n\n".encode())
            try:
                async with asyncio.timeout(PULSE):
                    await changed.wait()
            except TimeoutError:
                await response.write(b": still here\n\n")
            await asyncio.sleep(COALESCE)


def _digests(elements: dict[str, str]) -> dict[str, str]:
    return {id: blake2b(html.encode(), digest_size=12).hexdigest() for id, html in elements.items()}
