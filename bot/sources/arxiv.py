"""arXiv's search API and its announcements feed.

https://info.arxiv.org/help/api/user-manual.html (query grammar, limits) and
https://info.arxiv.org/help/rss.html (announcements: at most 2,000, new at midnight US Eastern).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from bot.errors import SourceError
from bot.ids import paper_id
from bot.sources.feed import Feed, read_feed
from bot.sources.fields import listing, moment, shortened, text, texts
from bot.sources.http import Fetcher, RefusedError, endpoint
from storage.models import Batch, Paper, Skipped, Window, unique

logger = logging.getLogger(__name__)

_MOST_TERMS = 20
_LONGEST_TERM = 64
#: arXiv's limits for one slice, and for all slices of a query.
MOST_RESULTS, MOST_IN_ALL = 2000, 30_000
IDS_A_REQUEST = 100
#: The feed ends, and says how many results there are.
_WHOLE = re.compile(rb"(?s)totalResults[^<>]*>\s*[0-9]+\s*<.*</(?:\w+:)?feed>\s*\Z")
_ERROR = re.compile(rb"<id>[^<]*/api/errors")
CUT = Skipped("", "the feed was cut or damaged: papers may be missing after the last one read")


class Answer(NamedTuple):
    """One page of the API: `entries` are its results, and `total` is how many arXiv says there are on all pages."""

    batch: Batch
    entries: int
    total: int


def is_category(name: str) -> bool:
    """Whether a category could be called this: `cs.CL`, `hep-th`."""
    return bool(re.fullmatch(r"[A-Za-z-]+(\.[A-Za-z-]+)?", name))


def parse_answer(body: bytes) -> Answer:
    """A page of the API; `listed` is its order. Raises `SourceError` with arXiv's words for an error entry."""
    feed = read_feed(body, "query")
    _check_no_error(feed)
    read = [_paper(entry, announced=False) for entry in feed.entries]
    listed = [paper.id for paper in read if isinstance(paper, Paper)]
    return Answer(_batch(feed, read, day=None, listed=listed), len(feed.entries), feed.total or 0)


def parse_announcements(body: bytes) -> Batch:
    """A day of the announcements feed, Atom or RSS 2.0; `day` is None when the feed is empty (weekends).

    `listed` are the new and cross-listed papers; replacements are only in `papers`. The feed's dates are
    those of the announcement, so the papers' own `published` stays not known.
    Raises `SourceError` when no entry can be read; a feed that was cut says so in `missing`.
    """
    feed = read_feed(body, "announcements")
    _check_no_error(feed)
    read = [_paper(entry, announced=True) for entry in feed.entries]
    kinds = [_announce_type(entry) for entry in feed.entries]
    listed = [
        paper.id
        for paper, kind in zip(read, kinds, strict=True)
        if isinstance(paper, Paper) and kind in ("new", "cross")
    ]
    days = [day for entry in feed.entries if (day := _announced_on(entry)) is not None]
    batch = _batch(feed, read, day=max(days, default=None), listed=listed)
    if batch.skipped and not batch.papers:
        first = batch.skipped[0].reason
        raise SourceError("arxiv", "announcements", f"none of the {len(read)} entries could be read: {first}")
    return batch.model_copy(update={"missing": CUT.reason}) if feed.cut else batch


class Arxiv:
    """Search and announcements. The fetcher's pace is what keeps arXiv's rule for both: one request every 3 s."""

    def __init__(self, fetcher: Fetcher, api_url: str, rss_url: str) -> None:
        self._fetcher = fetcher
        self._api = endpoint(api_url, "/api/query")
        self._rss = endpoint(rss_url, "/atom")

    async def search(self, query: str, limit: int) -> Batch:
        """At most `limit` papers that hold every word of `query`, most relevant first."""
        terms = search_terms(query)
        if not terms or limit < 1:
            return Batch(source="arxiv")
        words = " AND ".join(f"all:{term}" for term in terms)
        most = min(limit, MOST_RESULTS)
        order = {"sortBy": "relevance", "sortOrder": "descending"}
        batch = await self._query({"search_query": words, "start": 0, "max_results": most, **order})
        return _reported(
            batch.model_copy(update={"papers": batch.papers[:limit], "listed": batch.listed[:limit]})
        )

    async def by_ids(self, ids: Iterable[str]) -> Batch:
        """The papers with these ids, whatever their form; one that arXiv does not have is simply absent.

        What is not an id goes to `skipped`: sent along, it would make arXiv refuse the whole list.
        """
        asked = [(given, paper_id(given)) for given in ids]
        known = unique([id for _, id in asked if id])
        wrong = tuple(Skipped(shortened(given, 64), "not an arXiv id") for given, id in asked if id is None)
        slices = [known[start : start + IDS_A_REQUEST] for start in range(0, len(known), IDS_A_REQUEST)]
        # max_results: without it arXiv answers the first ten only.
        batches = [
            await self._query({"id_list": ",".join(part), "max_results": len(part)}) for part in slices
        ]
        papers = {paper.id: paper for batch in batches for paper in batch.papers}
        skipped = wrong + tuple(item for batch in batches for item in batch.skipped)
        return _reported(
            Batch(source="arxiv", papers=tuple(papers.values()), listed=tuple(papers), skipped=skipped)
        )

    async def announcements(self, categories: Sequence[str]) -> Batch:
        """Today's announcements of all `categories` in one request; none asked for, none read."""
        names = _named(categories, "announcements")
        if not names:
            return Batch(source="arxiv")
        return _reported(
            await self._fetcher.read(f"{self._rss}/{'+'.join(names)}", None, parse_announcements)
        )

    async def submitted(self, window: Window, start: int, most: int = MOST_RESULTS) -> Answer:
        """What was first submitted within a window, oldest first: at most `most`, from the result `start` on.

        The minute in which two windows meet is in both, so that its seconds are in one of them.
        """
        among = " OR ".join(f"cat:{name}" for name in _named(window.categories, "harvest"))
        first, last = (f"{edge.astimezone(UTC):%Y%m%d%H%M}" for edge in window.span)
        params: dict[str, str | int] = {
            "search_query": f"({among}) AND submittedDate:[{first} TO {last}]",
            "start": start,
            "max_results": min(most, MOST_IN_ALL - start),
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
        }
        return await self._ask(params, lambda body: _partial(body, start))

    async def aclose(self) -> None:
        await self._fetcher.aclose()

    async def _query(self, params: dict[str, str | int]) -> Batch:
        start = int(params.get("start", 0))
        return (await self._ask(params, lambda body: _hollow(body, start))).batch

    async def _ask(self, params: dict[str, str | int], doubt: Callable[[bytes], str]) -> Answer:
        try:
            body = await self._fetcher.get(self._api, params, doubt=doubt)
        except RefusedError as refused:
            _raise_error_entry(refused.body)
            raise
        return await asyncio.to_thread(parse_answer, body)


def _named(categories: Sequence[str], asked: str) -> tuple[str, ...]:
    names = unique([category.strip() for category in categories])
    for name in names:
        if not is_category(name):
            raise SourceError("arxiv", asked, f"`{shortened(name, 40)}` is not an arXiv category")
    return names


def _partial(body: bytes, start: int) -> str:
    """What is wrong with a page of a harvest, which must not lack one result."""
    if not _WHOLE.search(body) and not _ERROR.search(body):
        return "the answer is not a feed, or not a whole one"
    return _hollow(body, start)


def _hollow(body: bytes, start: int) -> str:
    """What is wrong with a page that arXiv sends empty, with status 200, though it has more results."""
    if b"<entry" in body:
        return ""
    total = parse_answer(body).total
    return f"an empty page though there are {total} results" if total > start else ""


def _raise_error_entry(body: bytes) -> None:
    """Raise arXiv's own words when the body of a refusal is its error feed; another body says nothing."""
    try:
        feed = read_feed(body, "query")
    except SourceError:
        return
    _check_no_error(feed)


def search_terms(query: str) -> list[str]:
    """A person's words as bare terms: nothing that arXiv's grammar reads (quotes, parentheses, `ti:`, AND)."""
    words = [word[:_LONGEST_TERM] for word in re.findall(r"[^\W_]+", text(query))]
    terms = {
        word.casefold(): word for word in words if word.upper() not in ("AND", "OR", "NOT", "ANDNOT", "TO")
    }
    return list(terms.values())[:_MOST_TERMS]


def _check_no_error(feed: Feed) -> None:
    for entry in feed.entries:
        if "/api/errors" in text(entry.get("id")):
            words = shortened(text(entry.get("summary"))) or "an error without words"
            raise RefusedError("arxiv", "query", words, 400, b"")


def _batch(feed: Feed, read: list[Paper | Skipped], *, day: date | None, listed: list[str]) -> Batch:
    papers: dict[str, Paper] = {}
    for paper in read:
        if isinstance(paper, Paper):
            papers.setdefault(paper.id, paper)
    skipped = tuple(item for item in read if isinstance(item, Skipped)) + ((CUT,) if feed.cut else ())
    return Batch(
        source="arxiv", papers=tuple(papers.values()), day=day, listed=unique(listed), skipped=skipped
    )


def _reported(batch: Batch) -> Batch:
    if batch.skipped:
        named = listing(f"{item.id or '(no id)'}: {item.reason}" for item in batch.skipped)
        logger.warning("arxiv: %d items skipped for %s: %s", len(batch.skipped), batch.day or "query", named)
    return batch


def _paper(entry: dict[str, Any], *, announced: bool) -> Paper | Skipped:
    given = text(entry.get("id"))
    id = paper_id(given) or paper_id(text(entry.get("link")))
    if id is None:
        return Skipped(shortened(given, 64), "no arXiv id")
    title = text(entry.get("title"))
    if not title:
        return Skipped(id, "no title")
    abstract = text(entry.get("summary"))
    return Paper(
        id=id,
        title=title,
        abstract=re.sub(r"^arXiv:\S+ Announce Type:.*?Abstract:\s*", "", abstract, count=1)
        if announced
        else abstract,
        authors=_announced_authors(entry) if announced else _authors(entry),
        categories=_categories(entry),
        published=None if announced else moment(entry.get("published")),
        updated=None if announced else moment(entry.get("updated")),
        comment=text(entry.get("arxiv_comment")),
    )


def _authors(entry: dict[str, Any]) -> tuple[str, ...]:
    return texts([author.get("name") for author in entry.get("authors", ())])


def _announced_authors(entry: dict[str, Any]) -> tuple[str, ...]:
    """One `dc:creator` names them all, split at commas; a comma inside parentheses is an affiliation's."""
    names = re.split(r",(?![^()]*\))", text(entry.get("author")))
    return texts([re.sub(r"\([^()]*\)", "", name) for name in names])


def _categories(entry: dict[str, Any]) -> tuple[str, ...]:
    """The primary category first, as both of arXiv's services have it."""
    primary = entry.get("arxiv_primary_category") or {}
    return texts([primary.get("term"), *(tag.get("term") for tag in entry.get("tags", ()))])


def _announce_type(entry: dict[str, Any]) -> str:
    stated = re.search(r"Announce Type:\s*([\w-]+)", text(entry.get("summary")))
    return text(entry.get("arxiv_announce_type")) or (stated[1] if stated else "")


def _announced_on(entry: dict[str, Any]) -> date | None:
    """The date in the feed's own offset: midnight in New York is another day's evening further west."""
    published = text(entry.get("published"))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(published).date()
        except ValueError:
            continue
    return None
