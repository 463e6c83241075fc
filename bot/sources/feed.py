"""Atom and RSS bytes to plain entries, through feedparser with everything that rewrites text turned off."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

import feedparser

from bot.errors import SourceError

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CHARACTER = re.compile(r"&#([xX](?=[0-9a-fA-F]))?((?(1)[0-9a-fA-F]|[0-9]){1,8});")
_CLOSED = re.compile(r"</(?:\w+:)?(?:feed|rss)>\s*\Z")
_LAST_ENTRY = re.compile(r"(?s).*</(?:\w+:)?(entry|item)>")
_CLOSING = {"entry": "</feed>", "item": "</channel></rss>"}


class Feed(NamedTuple):
    """The entries as feedparser names their fields; `total` is opensearch's count, None when not given.

    `cut` says that the answer ended early: entries may be missing, but none here is half an entry.
    """

    entries: tuple[dict[str, Any], ...]
    total: int | None
    cut: bool


def read_feed(body: bytes, asked: str) -> Feed:
    """Raise `SourceError` for anything that is not a feed, be it well-formed XML or with status 200."""
    parsed, cut = _parse(body), False
    if parsed.get("bozo"):
        mended, cut = _mended(body)
        parsed = _parse(mended)
        cut = cut or bool(parsed.get("bozo"))
    # dict() and not .get(): FeedParserDict answers for `updated` with `published`, and warns about it.
    entries = tuple(dict(entry) for entry in parsed["entries"])
    if not entries and (cut or not str(parsed.get("version", "")).startswith(("atom", "rss"))):
        raise SourceError("arxiv", asked, "the answer is not a feed, or was cut before its first entry")
    total = str(dict(parsed["feed"]).get("opensearch_totalresults", ""))
    return Feed(entries, int(total) if re.fullmatch("[0-9]{1,9}", total) else None, cut)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        # In BytesIO, because feedparser opens a file when plain bytes happen to be a path.
        return dict(feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False))
    except Exception:  # noqa: BLE001 - one `&#xD800;` or an odd encoding makes it raise whatever it met
        return {"bozo": True, "entries": [], "feed": {}}


def _mended(body: bytes) -> tuple[bytes, bool]:
    """Without characters XML forbids and, if the end is missing, closed after the last whole entry.

    Left to itself feedparser would keep half an entry, and read a cut UTF-8 letter as "not UTF-8 at all".
    """
    words = _CHARACTER.sub(_possible, _NOT_XML.sub("", body.decode("utf-8", "replace")))
    if _CLOSED.search(words):
        return words.encode(), False
    whole = _LAST_ENTRY.match(words)
    return (whole[0] + _CLOSING[whole[1]] if whole else "").encode(), True


def _possible(reference: re.Match[str]) -> str:
    """A reference to a character (`&#233;`, `&#xE9;`), or "" for one that XML can't hold."""
    number = int(reference[2], 16) if reference[1] else int(reference[2])
    return reference[0] if number < 0x110000 and not _NOT_XML.match(chr(number)) else ""
