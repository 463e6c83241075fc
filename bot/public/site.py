"""Feeds, pages and unsubscribing over HTTP. Whoever has a link needs nothing else; whoever has none learns nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.links import edition_url, feed_url, paper_url
from bot.mail.choosing import Choosing
from bot.mail.words import one_line
from bot.messages.text import count
from bot.public.feeds import Feed, atom, json_feed
from bot.public.reading import Reading, Shelved
from storage.mail_models import Link, LinkKind

_CSS = Path(__file__).with_name("static") / "papers.css"
_LINK = "{token:[A-Za-z0-9_-]{16,64}}"
#: No script, no picture, nothing of another place; and nobody learns the link from where it leads to.
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
    # It is one person's or channel's, and may be kept, but is to be asked for again.
    "Cache-Control": "private, no-cache",
}
_FORMS = {
    "atom": (atom, "application/atom+xml"),
    "json": (json_feed, "application/feed+json"),
}
_TEMPLATES = Environment(
    loader=PackageLoader("bot.public"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Site:
    """The pages of one workspace, below `url`."""

    def __init__(self, reading: Reading, choosing: Choosing, url: str) -> None:
        self.reading = reading
        self.choosing = choosing
        self.url = url

    def add_to(self, server: web.Application) -> web.Application:
        get: dict[str, Handler] = {
            f"/feeds/{_LINK}.{{form:atom|json}}": self._feed,
            f"/editions/{_LINK}/{{day:\\d{{4}}-\\d\\d-\\d\\d}}": self._edition,
            f"/papers/{_LINK}/{{id:.+}}": self._paper,
            f"/mail/unsubscribe/{_LINK}": self._ask_to_leave,
            "/papers.css": _style,
        }
        for path, handler in get.items():
            server.router.add_get(path, handler)
        server.router.add_post(f"/mail/unsubscribe/{_LINK}", self._leave)
        return server

    async def _feed(self, request: web.Request) -> web.Response:
        link, form = await self._link(request, LinkKind.FEED), request.match_info["form"]
        entries = await self.reading.entries(link) if link else None
        if link is None or entries is None:
            return self._missing()
        address = feed_url(self.url, link.token, form)
        feed = Feed(f"{link.team_id} {link.owner_id}", link.title, address, link.made_at, entries)
        draw, content_type = _FORMS[form]
        newest = max(feed.updated, link.made_at).replace(microsecond=0)
        return _unless_known(request, draw(feed), content_type, newest)

    async def _edition(self, request: web.Request) -> web.Response:
        link, day = await self._link(request, LinkKind.FEED), _date(request.match_info["day"])
        papers = await self.reading.edition(link, day) if link and day else []
        if link is None or day is None or not papers:
            return self._missing()
        days = [
            (_told(one), edition_url(self.url, link.token, str(one))) for one in await self.reading.days(link)
        ]
        shown = [self._drawn(link, one) for one in papers]
        return self._page("edition.html", title=link.title, day=_told(day), papers=shown, days=days)

    async def _paper(self, request: web.Request) -> web.Response:
        link = await self._link(request, LinkKind.FEED)
        found = await self.reading.paper(link, request.match_info["id"]) if link else None
        if link is None or found is None:
            return self._missing()
        return self._page("paper.html", title=link.title, paper=self._drawn(link, found))

    async def _ask_to_leave(self, request: web.Request) -> web.Response:
        if await self._link(request, LinkKind.MAIL) is None:
            return self._missing()
        return self._page("leave.html", title="Papers by mail", done=False)

    async def _leave(self, request: web.Request) -> web.Response:
        """One click of a mail program, https://www.rfc-editor.org/rfc/rfc8058, or the button of the page."""
        link = await self._link(request, LinkKind.MAIL)
        if link is None:
            return self._missing()
        await self.choosing.leave(link.team_id, link.owner_id)
        return self._page("leave.html", title="Papers by mail", done=True)

    async def _link(self, request: web.Request, kind: LinkKind) -> Link | None:
        return await self.reading.link(kind, request.match_info["token"])

    def _drawn(self, link: Link, shelved: Shelved) -> dict[str, object]:
        paper, tally = shelved
        links = (
            ("arXiv", paper.abstract_url),
            ("PDF", paper.pdf_url),
            ("Hugging Face", paper.huggingface_url),
            ("Code", paper.code_url if paper.code_url.startswith(("https://", "http://")) else ""),
        )
        upstream = f"{count(paper.upvotes, 'upvote')} on Hugging Face" if paper.upvotes is not None else ""
        return {
            "title": one_line(paper.title),
            "url": paper_url(self.url, link.token, paper.id),
            "authors": one_line(", ".join(paper.authors)),
            "summary": one_line(paper.summary),
            "abstract": one_line(paper.abstract),
            "categories": one_line(", ".join(paper.categories)),
            "published": _told(paper.published.date()) if paper.published else "",
            "votes": " · ".join(filter(None, [f"{count(tally.up, 'upvote')} here", upstream])),
            "links": [(label, url) for label, url in links if url],
        }

    def _missing(self) -> web.Response:
        return self._page("missing.html", 404, title="Papers")

    def _page(self, template: str, status: int = 200, **shown: object) -> web.Response:
        text = _TEMPLATES.get_template(template).render(shown, style=f"{self.url}/papers.css")
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def _style(_: web.Request) -> web.Response:
    headers = {**HEADERS, "Cache-Control": "public, max-age=3600"}
    return web.Response(text=_CSS.read_text(encoding="utf-8"), content_type="text/css", headers=headers)


def _unless_known(request: web.Request, body: bytes, content_type: str, newest: datetime) -> web.Response:
    """The body, or 304 for whoever has it: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    if request.if_none_match is not None:
        known = any(one.value in (tag, "*") for one in request.if_none_match)
    else:
        known = request.if_modified_since is not None and request.if_modified_since >= newest
    if known:
        answer = web.Response(status=304, headers=HEADERS)
    else:
        answer = web.Response(body=body, content_type=content_type, charset="utf-8", headers=HEADERS)
    answer.etag, answer.last_modified = tag, newest.astimezone(UTC)
    return answer


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _told(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
