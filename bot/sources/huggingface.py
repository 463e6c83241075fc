"""Hugging Face Daily Papers (https://huggingface.co/docs/hub/api)."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from bot.errors import SettingsError, SourceError
from bot.ids import paper_id
from bot.sources.fields import count, link, listing, moment, shortened, text, texts
from bot.sources.http import Fetcher, RefusedError, endpoint
from storage.models import Batch, Paper, Skipped, unique

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

_DAILY = "/api/daily_papers"
_PER_PAGE = 100  # the most that Hugging Face gives
_MOST_PAGES = 20
_LONGEST_QUERY = 250


def parse_daily(body: bytes, day: date) -> Batch:
    """One page of the day's list; an item that can't be read is in `skipped`, the others are kept."""
    return _batch(body, f"daily papers of {day}", day)


def parse_search(body: bytes) -> Batch:
    """A search answer, best match first in `listed`; items are nested as in the daily list."""
    return _batch(body, "search", None)


def parse_paper(body: bytes) -> Paper:
    """One paper in its flat form; raises `SourceError` when it has no id or no title."""
    paper = _paper(_decoded(body, "paper"), {}, "the answer")
    if isinstance(paper, Skipped):
        raise SourceError("huggingface", f"paper {paper.id}".strip(), paper.reason)
    return paper


class HuggingFace:
    """Daily Papers and its search. 500 calls per 5 minutes without a token, 1,000 with a free one.

    Raises `SettingsError` for a token that no request header could carry.
    """

    def __init__(self, fetcher: Fetcher, base_url: str, token: str = "") -> None:
        self._fetcher = fetcher
        self._root = endpoint(base_url, _DAILY).removesuffix(_DAILY)
        self._token = token.strip()
        if not re.fullmatch(r"[\x21-\x7e]*", self._token):
            raise SettingsError("HUGGINGFACE_TOKEN holds a character that no token has; copy it again")

    async def daily(self, day: date) -> Batch:
        """The day's papers in Hugging Face's order; an empty batch is a day without papers.

        Pages are read until one brings nothing new, because a server may cap `limit` or ignore `p`. A page that can't
        be read does not cost the others: the batch says what is missing. Raises `SourceError` when none can be
        read, or no item of any.
        """
        pages: list[Batch] = []
        seen: set[str] = set()
        missing = ""
        while len(pages) < _MOST_PAGES:
            try:
                page = await self._daily_page(day, len(pages))
            except SourceError as error:
                if not pages:
                    raise
                missing = f"page {len(pages) + 1} of the list is missing: {error.problem}"
                break
            new = _named(page) - seen
            pages.append(page)
            seen |= new
            if not new:
                missing = await self._hole(day, pages, seen)
                break
        return _some(_reported(_joined(pages, day, missing)))

    async def _hole(self, day: date, pages: list[Batch], seen: set[str]) -> str:
        """What is wrong with an empty page behind a full one: nothing, unless the next one brings more."""
        if _items(pages[-1]) or not _full(pages[:-1]):
            return ""
        try:
            behind = await self._daily_page(day, len(pages))
        except SourceError:
            return ""
        if not _named(behind) - seen:
            return ""
        place = len(pages)
        pages.append(behind)
        return f"page {place} of the list came empty, though there are more behind it"

    async def search(self, query: str, limit: int) -> Batch:
        """At most `limit` papers for a person's words; no request for an empty query."""
        words = text(query)[:_LONGEST_QUERY]
        if not words or limit < 1:
            return Batch(source="huggingface")
        batch = parse_search(
            await self._get("/api/papers/search", {"q": words, "limit": min(limit, _PER_PAGE)})
        )
        return _some(
            _reported(
                batch.model_copy(update={"papers": batch.papers[:limit], "listed": batch.listed[:limit]})
            )
        )

    async def paper(self, id: str) -> Paper | None:
        """One paper, None when Hugging Face does not know it or `id` is not an arXiv id."""
        known = paper_id(id)
        if known is None:
            return None
        try:
            return parse_paper(await self._get(f"/api/papers/{quote(known, safe='')}", {}))
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise

    async def aclose(self) -> None:
        await self._fetcher.aclose()

    async def _daily_page(self, day: date, page: int) -> Batch:
        asked: dict[str, str | int] = {"date": day.isoformat(), "limit": _PER_PAGE, "p": page}
        try:
            return await self._fetcher.read(
                self._root + _DAILY, asked, lambda body: parse_daily(body, day), token=self._token
            )
        except RefusedError as refused:
            if refused.status != 400:
                raise
            why = f"Hugging Face has no list for this day, which may not have begun there yet ({refused.problem})"
            raise SourceError("huggingface", f"daily papers of {day}", why) from None

    async def _get(self, path: str, params: dict[str, str | int]) -> bytes:
        return await self._fetcher.get(self._root + path, params, token=self._token)


def _named(page: Batch) -> set[str]:
    return {*page.listed, *(skipped.id for skipped in page.skipped)} - {""}


def _items(page: Batch) -> int:
    return len(page.listed) + len(page.skipped)


def _full(pages: list[Batch]) -> bool:
    """Whether the last of these pages is as long as pages get, so that more may follow."""
    if not pages:
        return False
    return _items(pages[-1]) >= (_PER_PAGE if len(pages) == 1 else _items(pages[0]))


def _some(batch: Batch) -> Batch:
    """The batch, unless all of it had to be skipped: then the answer is in a form that we don't know."""
    if batch.skipped and not batch.papers:
        asked = f"daily papers of {batch.day}" if batch.day else "search"
        count, first = len(batch.skipped), batch.skipped[0].reason
        raise SourceError("huggingface", asked, f"none of the {count} items could be read: {first}")
    return batch


def _joined(pages: list[Batch], day: date, missing: str) -> Batch:
    papers = {paper.id: paper for page in reversed(pages) for paper in reversed(page.papers)}
    listed = unique([id for page in pages for id in page.listed])
    skipped = tuple(dict.fromkeys(item for page in pages for item in page.skipped))
    return Batch(
        source="huggingface",
        papers=tuple(papers[id] for id in listed),
        day=day,
        listed=listed,
        skipped=skipped,
        missing=missing,
    )


def _reported(batch: Batch) -> Batch:
    if batch.skipped:
        named = listing(f"{item.id or '(no id)'}: {item.reason}" for item in batch.skipped)
        logger.warning(
            "huggingface: %d items skipped for %s: %s", len(batch.skipped), batch.day or "search", named
        )
    return batch


def _batch(body: bytes, asked: str, day: date | None) -> Batch:
    items = _decoded(body, asked)
    if not isinstance(items, list):
        raise SourceError("huggingface", asked, f"not a JSON array but {shortened(json.dumps(items))}")
    read = [_item(item, f"item {place}") for place, item in enumerate(items, start=1)]
    papers: dict[str, Paper] = {}
    for paper in read:
        if isinstance(paper, Paper):
            papers.setdefault(paper.id, paper)
    return Batch(
        source="huggingface",
        papers=tuple(papers.values()),
        day=day,
        listed=tuple(papers),
        skipped=tuple(item for item in read if isinstance(item, Skipped)),
    )


def _decoded(body: bytes, asked: str) -> Any:  # noqa: ANN401 - JSON, before it is checked
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        words = shortened(body[:400].decode("utf-8", "replace"), 80)
        raise SourceError("huggingface", asked, f"the answer is not JSON: {words or 'it is empty'}") from None


def _item(item: object, place: str) -> Paper | Skipped:
    if not isinstance(item, dict) or not isinstance(item.get("paper"), dict):
        return Skipped("", f"{place} holds no paper")
    return _paper(item["paper"], item, place)


def _paper(raw: object, item: dict[str, Any], place: str) -> Paper | Skipped:
    """`raw` is the paper itself, `item` what surrounds it in a list and repeats some of its fields."""
    if not isinstance(raw, dict):
        return Skipped("", f"{place} is not a paper")
    given = text(raw.get("id"))
    id = paper_id(given)
    if id is None:
        return Skipped(shortened(given, 64), f"{place} has no arXiv id")
    title = _first(text, raw.get("title"), item.get("title"))
    if not title:
        return Skipped(id, f"{place} has no title")
    return Paper(
        id=id,
        title=title,
        abstract=_first(text, raw.get("summary"), item.get("summary")) or "",
        summary=text(raw.get("ai_summary")),
        authors=_authors(raw.get("authors")),
        keywords=texts(raw.get("ai_keywords")),
        published=_first(moment, raw.get("publishedAt"), item.get("publishedAt")),
        withdrawn=moment(raw.get("withdrawnAt")),
        organization=_first(_organization, raw.get("organization"), item.get("organization")) or "",
        code_url=_code(raw.get("githubRepo")),
        code_stars=count(raw.get("githubStars")),
        project_url=link(raw.get("projectPage")),
        upvotes=count(raw.get("upvotes")),  # only here: the surrounding item never carries them
    )


def _first(read: Callable[[object], _T], *values: object) -> _T | None:
    return next((known for value in values if (known := read(value))), None)


def _authors(raw: object) -> tuple[str, ...]:
    """In the order of the paper; those that Hugging Face hides from display are left out."""
    return unique([_author(author) for author in raw]) if isinstance(raw, list) else ()


def _author(author: object) -> str:
    if not isinstance(author, dict):
        return text(author)
    if author.get("hidden") is True:
        return ""
    user = author.get("user")
    names = (user.get("fullname"), user.get("name"), user.get("user")) if isinstance(user, dict) else (user,)
    return _first(text, author.get("name"), *names) or ""


def _organization(raw: object) -> str:
    if isinstance(raw, dict):
        return _first(text, raw.get("fullname"), raw.get("name")) or ""
    return text(raw)


def _code(raw: object) -> str:
    """`githubRepo` is an address or `owner/name`."""
    repository = text(raw)
    if re.fullmatch(r"(?i)(www\.)?github\.com/.+", repository):
        return link(f"https://{repository}")
    if re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", repository):
        return f"https://github.com/{repository}"
    return link(repository)
