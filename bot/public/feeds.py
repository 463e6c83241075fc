"""Feeds as feed readers want them. Pure functions.

Atom: https://www.rfc-editor.org/rfc/rfc4287. JSON Feed: https://www.jsonfeed.org/version/1.1/.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup, escape

from bot.mail.words import one_line
from bot.messages.text import sentences
from storage.models import Paper

_ATOM = "http://www.w3.org/2005/Atom"
_SUMMARY = 1200
_AUTHORS = 50
#: What our ids are made from. They must stay the same for ever, whatever address the feed is read at.
_NAMESPACE = uuid.UUID("5f1d1a52-3c3e-4c55-9a0c-5d3b3a0c7f10")


class Entry(NamedTuple):
    """A paper in a feed: when it came into it, and the page that shows it."""

    paper: Paper
    at: datetime
    url: str


class Feed(NamedTuple):
    """A feed; `key` is what its id and those of its entries are made from, `url` its own address."""

    key: str
    title: str
    url: str
    at: datetime
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        return max((entry.at for entry in self.entries), default=self.at)


def atom(feed: Feed) -> bytes:
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    SubElement(root, "id").text = _id(feed.key)
    SubElement(root, "title").text = _line(feed.title)
    SubElement(root, "updated").text = _stamp(feed.updated)
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.url})
    SubElement(SubElement(root, "author"), "name").text = "papers-bot"
    SubElement(root, "generator").text = "papers-bot"
    for entry in feed.entries:
        _add_entry(root, feed, entry)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode()


def _add_entry(root: Element, feed: Feed, entry: Entry) -> None:
    paper, node = entry.paper, SubElement(root, "entry")
    SubElement(node, "id").text = _id(f"{feed.key} {paper.id}")
    SubElement(node, "title").text = _title(paper)
    SubElement(node, "updated").text = _stamp(entry.at)
    SubElement(node, "published").text = _stamp(entry.at)
    SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
    if paper.abstract_url:
        SubElement(node, "link", {"rel": "related", "href": paper.abstract_url})
    for name in _names(paper):
        SubElement(SubElement(node, "author"), "name").text = name
    for category in _categories(paper):
        SubElement(node, "category", {"term": category})
    SubElement(node, "content", {"type": "html"}).text = str(_content(paper))


def json_feed(feed: Feed) -> bytes:
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _line(feed.title),
        "feed_url": feed.url,
        "language": "en",
        "authors": [{"name": "papers-bot"}],
        "items": [_item(feed, entry) for entry in feed.entries],
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _item(feed: Feed, entry: Entry) -> dict[str, object]:
    paper = entry.paper
    item: dict[str, object] = {
        "id": _id(f"{feed.key} {paper.id}"),
        "url": entry.url,
        "title": _title(paper),
        "content_html": str(_content(paper)),
        "date_published": _stamp(entry.at),
        "authors": [{"name": name} for name in _names(paper)],
        "tags": _categories(paper),
    }
    return item | ({"external_url": paper.abstract_url} if paper.abstract_url else {})


def _content(paper: Paper) -> Markup:
    summary = one_line(sentences(one_line(paper.summary or paper.abstract), 8, _SUMMARY))
    links = [
        Markup('<a href="{}">{}</a>').format(url, label)
        for label, url in (
            ("arXiv", paper.abstract_url),
            ("PDF", paper.pdf_url),
            ("Hugging Face", paper.huggingface_url),
        )
        if url
    ]
    parts = [escape(", ".join(_names(paper))), escape(summary), Markup(" · ").join(links)]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts if part)


def _line(title: str) -> str:
    """Neither format allows an empty title."""
    return one_line(title) or "Papers"


def _title(paper: Paper) -> str:
    return one_line(paper.title) or paper.id


def _names(paper: Paper) -> list[str]:
    return list(_lines(paper.authors))[:_AUTHORS]


def _categories(paper: Paper) -> list[str]:
    return list(_lines(paper.categories))


def _lines(texts: Sequence[str]) -> Iterator[str]:
    return (line for text in texts if (line := one_line(text)))


def _id(key: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, key)}"


def _stamp(moment: datetime) -> str:
    """https://www.rfc-editor.org/rfc/rfc3339, in whole seconds, as HTTP's dates are."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
