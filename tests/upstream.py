"""Hugging Face and arXiv as the tests see them: a real server on loopback that answers in the recorded shapes."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pytest
from aiohttp import web

from storage.models import Paper

shared = Path(__file__).resolve().parents[2] / "shared" / "data"


def recorded(path: str) -> Path:
    """A file of the shared data; skips the test where that folder is absent."""
    found = shared / path
    if not found.exists():
        pytest.skip(f"needs the shared data folder: {found} is absent")
    return found


class Request(NamedTuple):
    at: float
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class _Fault:
    prefix: str
    times: int
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0


class Upstream:
    """Set what it holds, read what it was asked; `async with Upstream() as upstream`."""

    def __init__(self) -> None:
        self.url = ""
        self.today: date = datetime.now(UTC).date()
        self.days: dict[str, list[dict[str, Any]]] = {}
        self.page_limit = 100
        self.ignores_page = False
        self.arxiv_papers: list[Paper] = []
        self.arxiv_answer: bytes | None = None
        #: The most results on a page, and by how many the results shift before each of the next answers.
        self.arxiv_page_limits: Iterator[int] = itertools.repeat(2000)
        self.arxiv_shifts: list[int] = []
        self.announced: list[tuple[Paper, str]] = []
        self.announced_on = date(2026, 3, 10)
        self.feeds: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self._faults: list[_Fault] = []
        self._asked = asyncio.Event()
        self._stack: Any = None

    async def __aenter__(self) -> Upstream:
        self._stack = self._serving()
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.__aexit__(*error)

    def fail(
        self,
        path_prefix: str,
        status: int = 500,
        times: int = 1,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """The next `times` requests below `path_prefix` get this answer instead of their own."""
        self._faults.append(_Fault(path_prefix, times, status, headers or {}, body))

    def hang(self, path_prefix: str, seconds: float, times: int = 1_000_000) -> None:
        """Requests below `path_prefix` wait this long before they are answered."""
        self._faults.append(_Fault(path_prefix, times, seconds=seconds))

    def heal(self) -> None:
        """From now on every request gets its own answer at once."""
        self._faults.clear()

    async def asked(self, times: int) -> None:
        """Wait until there were this many requests in all."""
        async with asyncio.timeout(60):
            while len(self.requests) < times:
                self._asked.clear()
                await self._asked.wait()

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        app = web.Application(middlewares=[self._watch])
        app.router.add_get("/api/daily_papers", self._daily)
        app.router.add_get("/api/papers/search", self._search)
        app.router.add_get("/api/papers/{id:.+}", self._paper)
        app.router.add_get("/api/query", self._query)
        app.router.add_get("/atom/{categories}", self._announcements)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()

    @web.middleware
    async def _watch(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(
            Request(time.monotonic(), request.path, dict(request.query), dict(request.headers))
        )
        self._asked.set()
        fault = next((it for it in self._faults if it.times and request.path.startswith(it.prefix)), None)
        if fault is not None:
            fault.times -= 1
            await asyncio.sleep(fault.seconds)
            if fault.status != 200 or fault.body:
                return web.Response(status=fault.status, headers=fault.headers, body=fault.body)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _daily(self, request: web.Request) -> web.Response:
        try:
            day = date.fromisoformat(request.query["date"])
        except ValueError:
            return web.json_response({"error": "Invalid date"}, status=400)
        if day > self.today:
            return web.json_response({"error": "Date is in the future"}, status=400)
        size = min(int(request.query.get("limit", 50)), self.page_limit)
        start = 0 if self.ignores_page else int(request.query.get("p", 0)) * size
        return web.json_response(self.days.get(day.isoformat(), [])[start : start + size])

    async def _search(self, request: web.Request) -> web.Response:
        words = request.query["q"].casefold().split()
        found = [item for item in self._items() if all(word in _searched(item) for word in words)]
        return web.json_response(found[: int(request.query.get("limit", 50))])

    async def _paper(self, request: web.Request) -> web.Response:
        found = [item["paper"] for item in self._items() if item["paper"]["id"] == request.match_info["id"]]
        if not found:
            return web.json_response({"error": "Paper not found"}, status=404)
        return web.json_response(found[0])

    def _items(self) -> list[dict[str, Any]]:
        return [item for items in self.days.values() for item in items]

    async def _query(self, request: web.Request) -> web.Response:
        if self.arxiv_answer is not None:
            return _atom(self.arxiv_answer)
        start, most = int(request.query.get("start", 0)), int(request.query.get("max_results", 10))
        if most > 2000 or start + most > 30_000:
            return web.Response(status=400, body=error_feed("max_results must be <= 2000, and 30000 in all"))
        found = self._found(request)
        first = max(0, start + (self.arxiv_shifts.pop(0) if self.arxiv_shifts else 0))
        page = found[first : first + min(most, next(self.arxiv_page_limits))]
        return _atom(query_feed(page, total=len(found), start=start))

    def _found(self, request: web.Request) -> list[Paper]:
        ids = {id for id in request.query.get("id_list", "").split(",") if id}
        query = request.query.get("search_query", "")
        words = [word.casefold() for word in re.findall(r"all:(\S+)", query)]
        among = set(re.findall(r"cat:([\w.-]+)", query))
        submitted = re.search(r"submittedDate:\[(\d{12}) TO (\d{12})\]", query)
        found = [
            paper
            for paper in self.arxiv_papers
            if (not ids or paper.id in ids)
            and all(word in f"{paper.title} {paper.abstract}".casefold() for word in words)
            and (not among or among & set(paper.categories))
            # To the second, as the strictest reading of a range has it.
            and (
                submitted is None
                or f"{submitted[1]}00" <= _stamp(paper, "%Y%m%d%H%M%S") <= f"{submitted[2]}00"
            )
        ]
        by_date = request.query.get("sortBy") == "submittedDate"
        return sorted(found, key=lambda paper: _stamp(paper, "%Y%m%d%H%M%S")) if by_date else found

    async def _announcements(self, request: web.Request) -> web.Response:
        categories = request.match_info["categories"]
        if categories in self.feeds:
            return _atom(self.feeds[categories])
        wanted = set(categories.split("+"))
        chosen = [(paper, kind) for paper, kind in self.announced if wanted & set(paper.categories)]
        return _atom(announcements_feed(chosen, self.announced_on))


def daily_item(id: str, title: str, **overrides: Any) -> dict[str, Any]:
    """An item of the daily list. Overrides are fields of the paper, or of the item where only it has them."""
    user = {"_id": "0" * 24, "fullname": "Robin Example", "name": "robin-example", "type": "user"}
    paper: dict[str, Any] = {
        "id": id,
        "authors": [
            {"_id": "1" * 24, "name": "Ada Example", "hidden": False, "user": user},
            {"_id": "2" * 24, "name": "Noor Sample", "hidden": False},
        ],
        "publishedAt": "2026-03-09T17:59:59.000Z",
        "submittedOnDailyAt": "2026-03-10T02:30:00.000Z",
        "submittedOnDailyBy": user,
        "title": title,
        "summary": f"We invented this abstract about {title}\n  so that a test has something to read.",
        "upvotes": 7,
        "discussionId": "3" * 24,
        "ai_summary": f"A made-up summary of {title}.",
        "ai_keywords": ["invented keyword", "tests"],
    }
    item: dict[str, Any] = {
        "thumbnail": f"https://example.org/{id}.png",
        "numComments": 1,
        "submittedBy": user,
        "isAuthorParticipating": False,
    }
    of_item = {*item, "mediaUrls", "submitterOrganization"}
    item |= {name: value for name, value in overrides.items() if name in of_item}
    paper |= {name: value for name, value in overrides.items() if name not in of_item}
    repeated: dict[str, Any] = {
        name: paper[name] for name in ("title", "summary", "publishedAt", "organization") if name in paper
    }
    return {"paper": paper, **repeated, **item}


_NAMES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


def query_feed(papers: list[Paper], *, total: int | None = None, start: int = 0) -> bytes:
    """An answer of arXiv's API."""
    counts = f"<opensearch:totalResults>{len(papers) if total is None else total}</opensearch:totalResults>"
    counts += f"<opensearch:startIndex>{start}</opensearch:startIndex>"
    entries = "".join(_query_entry(paper) for paper in papers)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_NAMES}>{counts}{entries}</feed>".encode()


def error_feed(words: str) -> bytes:
    """What arXiv's API answers to a request it can't read: an entry that is an error."""
    entry = f"<id>https://arxiv.org/api/errors#{words.replace(' ', '_')}</id><title>Error</title>"
    return f"<feed {_NAMES}><entry>{entry}<summary>{escape(words)}</summary></entry></feed>".encode()


def announcements_feed(announced: list[tuple[Paper, str]], day: date) -> bytes:
    """The Atom feed of a day; each paper with its announce type (new, cross, replace, replace-cross)."""
    entries = "".join(_announcement(paper, kind, day) for paper, kind in announced)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_NAMES}><title>updates</title>{entries}</feed>".encode()


def _query_entry(paper: Paper) -> str:
    stamp = _stamp(paper, "%Y-%m-%dT%H:%M:%SZ")
    updated = f"{paper.updated:%Y-%m-%dT%H:%M:%SZ}" if paper.updated else stamp
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.id}v1</id><title>{escape(paper.title)}</title>"
        f"<published>{stamp}</published><updated>{updated}</updated><summary>  {escape(paper.abstract)}\n</summary>"
        + "".join(f'<category term="{name}"/>' for name in paper.categories)
        + "".join(f'<arxiv:primary_category term="{name}"/>' for name in paper.categories[:1])
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
        + f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment></entry>"
    )


def _stamp(paper: Paper, form: str) -> str:
    """When a paper was submitted."""
    return (paper.published or datetime(2026, 3, 9, 17, tzinfo=UTC)).strftime(form)


def _announcement(paper: Paper, kind: str, day: date) -> str:
    said = f"arXiv:{paper.id}v1 Announce Type: {kind} \nAbstract: {paper.abstract}"
    return (
        f"<entry><id>oai:arXiv.org:{paper.id}v1</id><title>{escape(paper.title)}</title>"
        f'<link href="https://arxiv.org/abs/{paper.id}" rel="alternate" type="text/html"/>'
        f"<summary>{escape(said)}</summary>"
        + "".join(f'<category term="{name}"/>' for name in paper.categories)
        + f"<published>{day}T00:00:00-04:00</published><arxiv:announce_type>{kind}</arxiv:announce_type>"
        + f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></entry>"
    )


def _searched(item: dict[str, Any]) -> str:
    return f"{item['paper'].get('title', '')} {item['paper'].get('summary', '')}".casefold()


def _atom(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/atom+xml", charset="utf-8")
