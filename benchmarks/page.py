"""The page of the local workspace: how soon it is painted, and how soon a vote shows in every open page.

The workspace with the bot runs in this process, a browser in its own. Painting: a channel of so many messages, from
the request to the first contentful paint in a new window, and the server's time alone, to the last byte of the
page; beside it as many bytes without a script or a style, served by bare aiohttp. A vote: from the click of one of
three people to all of their open pages; once until they show the reaction, and once until they show the bot's count,
part of which is the time that the bot waits for more votes to show with it. Beside it an echo: what a page posts,
bare aiohttp sends as an event to three pages, which put it into their text. Aims: 200 ms to paint, 300 ms for a vote.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientSession, web
from playwright.async_api import Browser, Page

from benchmarks.harness import Figures, Side, alternate, latencies, main, show
from bot import sample
from bot.trial import TIMING
from tests.browser import Trial, opened_browser, trial

PAGE, ALL, STATIC = "the channel's page", "the same with all messages", "static file of that size"
_FIRE = ".tools [data-react='fire']"
REACTION, VOTE, ECHO = "the reaction itself", "the vote, counted by the bot", "bare SSE echo"
_PAINTED = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return paint && paint.startTime - performance.getEntriesByType("navigation")[0].requestStart;
}"""
_LISTENING = """<!doctype html><title>echo</title><p id="text">waiting</p><script>
const source = new EventSource("/events");
source.onopen = () => document.body.dataset.open = "yes";
source.onmessage = (event) => document.getElementById("text").textContent = event.data;
</script>"""
# `seen` becomes the moment, in ms since 1970, from which on an element has some words or, if not `wanted`, lacks them.
_WATCH = """([selector, words, wanted]) => { window.seen = new Promise((resolve) => {
  const observer = new MutationObserver(() => {
    if ((document.querySelector(selector)?.textContent ?? "").includes(words) !== wanted) return;
    resolve(performance.timeOrigin + performance.now());
    observer.disconnect();
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}); }"""
_CLICK = """(selector) => {
  const now = performance.timeOrigin + performance.now();
  document.querySelector(selector).click();
  return now;
}"""
_SAY = """(text) => {
  const now = performance.timeOrigin + performance.now();
  fetch("/say", { method: "POST", body: text });
  return now;
}"""


class Bare:
    """Bare aiohttp: a static page, and an echo of what is posted to everybody who listens."""

    def __init__(self, page: str) -> None:
        self._page = page.encode()
        self._open: list[asyncio.Queue[str]] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Bare:
        app = web.Application()
        app.router.add_get("/page", self._static)
        app.router.add_get("/listen", self._listen)
        app.router.add_get("/events", self._events)
        app.router.add_post("/say", self._say)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _static(self, _: web.Request) -> web.Response:
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

    async def _listen(self, _: web.Request) -> web.Response:
        return web.Response(text=_LISTENING, content_type="text/html")

    async def _say(self, request: web.Request) -> web.Response:
        said = await request.text()
        for queue in self._open:
            queue.put_nowait(said)
        return web.Response()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._open.append(queue)
        while True:
            await response.write(f"data: {await queue.get()}\n\n".encode())


async def measure(*, rounds: int = 9, messages: int = 500, votes: int = 10) -> None:
    """Measure and print; `messages` are the channel's, `votes` is how many are cast in each round."""
    async with _everything(messages) as place:
        await _paints(place, rounds, messages)
        await _votes(place, rounds, votes)


class Place(NamedTuple):
    here: Trial
    bare: Bare
    browser: Browser
    http: ClientSession


@asynccontextmanager
async def _everything(messages: int) -> AsyncIterator[Place]:
    """The bot's workspace with a long channel, and bare aiohttp with a page as long."""
    # As in a trial, but at once.
    timing = replace(TIMING, per_message=0.001)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        here = await stack.enter_async_context(trial(Path(folder), timing))
        await _fill(here, messages)
        http = await stack.enter_async_context(ClientSession())
        async with http.get(here.address("Ada")) as answer:
            plain = f"<!doctype html><title>x</title><p>{'words ' * (len(await answer.read()) // 6)}"
        bare = await stack.enter_async_context(Bare(plain))
        browser = await stack.enter_async_context(opened_browser())
        yield Place(here, bare, browser, http)


async def _fill(here: Trial, messages: int) -> None:
    """Have that many messages in the channel: copies of the first edition's, and then the next edition."""
    channel = here.slack.known_channel(here.channels["papers"])
    edition = here.slack.messages(channel.id)
    papers, client = edition[1:], here.bot.slack.client
    for number in range(messages - 2 * len(edition)):
        like = papers[number % len(papers)]
        await client.chat_postMessage(channel=channel.id, text=like.text, blocks=like.blocks)
    here.next_morning()
    await here.posted(sample.days()[2])


async def _paints(place: Place, rounds: int, messages: int) -> None:
    first = place.here.address("Ada")
    sides: dict[str, Side] = {
        PAGE: partial(_painted, place, first),
        ALL: partial(_painted, place, f"{first}&show={messages}"),
        STATIC: partial(_painted, place, f"{place.bare.url}/page"),
    }
    for side in sides.values():
        await side()
    title = f"First paint of a channel with {messages} messages"
    show(title, await alternate(sides, rounds), STATIC, "paint ms", "server ms")


async def _painted(place: Place, address: str) -> Figures:
    started = time.perf_counter()
    async with place.http.get(address) as answer:
        size = len(await answer.read())
    server = (time.perf_counter() - started) * 1000
    window = await place.browser.new_context(viewport={"width": 1200, "height": 900})
    page = await window.new_page()
    await page.goto(address)
    painted = float(await (await page.wait_for_function(_PAINTED)).json_value())
    await window.close()
    return {"paint ms": painted, "server ms": server, "KB": size / 1000}


async def _votes(place: Place, rounds: int, votes: int) -> None:
    async with AsyncExitStack() as stack:
        ours = [
            await stack.enter_async_context(_page(place.browser, place.here.address(who)))
            for who in place.here.people
        ]
        theirs = [
            await stack.enter_async_context(_page(place.browser, f"{place.bare.url}/listen")) for _ in ours
        ]
        for page in theirs:
            await page.locator("body[data-open]").wait_for()
        paper = _newest(place.here)
        sides: dict[str, Side] = {
            REACTION: partial(_shown, ours, f"{paper} .reactions", "🔥", votes, f"{paper} {_FIRE}"),
            VOTE: partial(_shown, ours, f"{paper} .content", "upvote here", votes, f"{paper} {_FIRE}"),
            ECHO: partial(_shown, theirs, "#text", "fire", votes),
        }
        results = await alternate(sides, rounds)
    show(f"From a vote to {len(ours)} open pages", results, ECHO, "p50 ms")


async def _shown(pages: Sequence[Page], place: str, words: str, times: int, button: str = "") -> Figures:
    """A click on the button in the first page, or else its words said there, until the last page shows it.

    Every second time it is taken back.
    """
    taken = []
    for number in range(times - times % 2):
        wanted = number % 2 == 0
        for page in pages:
            await page.evaluate(_WATCH, [place, words, wanted])
        said = words if wanted else "nothing"
        began = await pages[0].evaluate(_CLICK, button) if button else await pages[0].evaluate(_SAY, said)
        taken.append(max([await page.evaluate("window.seen") for page in pages]) - began)
    return latencies(taken)


def _newest(here: Trial) -> str:
    """The newest paper of the channel, as a selector."""
    return "#m-" + here.slack.messages(here.channels["papers"])[-1].ts.replace(".", "-")


@asynccontextmanager
async def _page(browser: Browser, address: str) -> AsyncIterator[Page]:
    # In windows of their own, because a page that is covered by another closes its stream.
    window = await browser.new_context()
    page = await window.new_page()
    await page.goto(address)
    yield page
    await window.close()


if __name__ == "__main__":
    main(measure)
