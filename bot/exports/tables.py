"""Papers as CSV for a spreadsheet, and as JSON for programs; docs/exports.md describes both."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bot.exports.latex import line
from storage.models import Paper, Tally

COLUMNS = (
    *("id", "title", "authors", "published", "categories", "keywords", "upvotes", "votes_up", "votes_down"),
    *("url", "pdf", "code", "project", "withdrawn", "abstract"),
)
#: Of the JSON; it goes up when a field changes its meaning or goes.
VERSION = 1
# A cell that begins so is a formula to a spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def table(papers: Sequence[Paper], tallies: Mapping[str, Tally]) -> str:
    """A CSV file by RFC 4180, with the mark by which Excel knows UTF-8. No cell is a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for paper in papers:
        row = _row(paper, tallies.get(paper.id, Tally()))
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    return f"\ufeff{written.getvalue()}"


def _row(paper: Paper, tally: Tally) -> dict[str, Any]:
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": "; ".join(paper.authors),
        "published": _day(paper.published),
        "categories": "; ".join(paper.categories),
        "keywords": "; ".join(paper.keywords),
        "upvotes": paper.upvotes,
        "votes_up": tally.up,
        "votes_down": tally.down,
        "url": paper.abstract_url,
        "pdf": paper.pdf_url,
        "code": paper.code_url,
        "project": paper.project_url,
        "withdrawn": _day(paper.withdrawn),
        "abstract": paper.abstract or paper.summary,
    }


def _cell(value: Any) -> str:  # noqa: ANN401 - text, or a number
    text = line("" if value is None else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def document(papers: Sequence[Paper], tallies: Mapping[str, Tally], what: str, made_at: datetime) -> str:
    """A JSON document: what it is of, when it was made, and the papers with what is known of each."""
    whole = {
        "format": "papers-bot",
        "version": VERSION,
        "what": what,
        "made_at": made_at.isoformat(timespec="seconds"),
        "papers": [_object(paper, tallies.get(paper.id, Tally())) for paper in papers],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _object(paper: Paper, tally: Tally) -> dict[str, Any]:
    links = {"url": paper.abstract_url, "pdf_url": paper.pdf_url, "huggingface_url": paper.huggingface_url}
    return paper.model_dump(mode="json") | links | {"votes": tally._asdict()}


def _day(moment: date | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
