"""A file of papers into the store: JSON Lines of our own, and arXiv's metadata as Kaggle publishes it."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from bot.errors import FileError, UsageError
from bot.ids import paper_id, with_zeros
from bot.ingest import Ingest, Kept
from bot.sources import metadata
from bot.sources.fields import shortened
from storage.models import Batch, Paper, Skipped, plain, unique

ID_LIMIT = 200
#: Lines that are read and kept at a time.
LINES = 5000
#: So many lines that can't be read are named, the others counted: a file may have millions.
NAMED = 1000
#: What parts a list written as text: "Ada Lovelace, Alan Turing and Grace Hopper", "cs.LG cs.CL".
_BETWEEN = {
    name: re.compile(between)
    for name, between in {
        "authors": r"[,;]?\s+and\s+|[,;]\s+",
        "categories": r"[,;]?\s+",
        "keywords": r"[,;]\s+",
    }.items()
}
# Asked of the class, they are made anew each time.
_FIELDS = frozenset(Paper.model_fields)


def read_lines(lines: Iterable[str]) -> Iterator[tuple[Paper, date | None] | Skipped]:
    """Papers from JSON Lines (id, title, abstract, authors, categories, published, ...), a line each.

    A line that can't be read comes out as Skipped, named by its number; where the file itself is damaged,
    that is the last. `day`, where a line has one, is the day the paper was listed on.
    """
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if line and not line.isspace():
                yield _read(line, number)
    except FileError as error:
        yield Skipped(f"line {number + 1}", str(error))


def _read(line: str, number: int) -> tuple[Paper, date | None] | Skipped:
    try:
        return _paper_of(_decoded(line))
    except (ValueError, TypeError, ArithmeticError, RecursionError, UsageError) as error:
        return Skipped(f"line {number}", _reason(error))


def _decoded(line: str) -> Any:  # noqa: ANN401 - any JSON value
    # Some editors begin a file with a byte order mark.
    item = json.loads(line.lstrip("\ufeff"))
    if "\\ud" in line or "\\uD" in line:
        # Half a letter, which JSON can carry, can be neither stored nor sent.
        json.dumps(item, ensure_ascii=False).encode()
    return item


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error)


def _paper_of(item: Any) -> tuple[Paper, date | None]:  # noqa: ANN401 - any JSON value
    if not isinstance(item, dict):
        raise UsageError("not a JSON object")
    id = _id(item)
    if metadata.is_metadata(item):
        item = metadata.fields(item)
    fields = {name: value for name, value in item.items() if name in _FIELDS and value is not None}
    fields |= {"id": id, "title": plain(str(item.get("title") or ""))}
    if not fields["title"]:
        raise UsageError(f"{id} has no title")
    for name in ("abstract", "comment"):
        if isinstance(fields.get(name), str):
            fields[name] = plain(fields[name])
    for name, between in _BETWEEN.items():
        fields[name] = _names(fields.get(name), between)
    day = date.fromisoformat(item["day"]) if item.get("day") else None
    return Paper.model_validate(fields), day


def _id(item: dict[str, Any]) -> str:
    """The paper's id. Papers from elsewhere keep the one they come with; they are searched like any other."""
    given = plain(str(item.get("id") or ""))
    if metadata.is_metadata(item) or isinstance(item.get("id"), float):
        if known := with_zeros(given) or paper_id(given):
            return known
        raise UsageError(f"{shortened(given, 64) or 'nothing'} is not an arXiv id")
    id = paper_id(given) or given
    if not id or len(id) > ID_LIMIT:
        raise UsageError(f"an id must have 1 to {ID_LIMIT} characters")
    return id


def _names(value: Any, between: re.Pattern[str]) -> tuple[str, ...]:  # noqa: ANN401 - a list, or a text that names all
    if isinstance(value, str):
        value = between.split(value)
    return unique(
        [plain(str(name.get("name", "") if isinstance(name, dict) else name)) for name in value or ()]
    )


async def import_papers(ingest: Ingest, lines: Iterable[str], progress: Callable[[int], None]) -> Kept:
    """Merge a file into the store, a transaction for each day in `LINES` lines.

    Stopped at any moment it leaves what it has kept, and the same file again brings the rest.
    """
    papers = new = unnamed = 0
    skipped: list[Skipped] = []
    # A day's whole order, because a day may begin in one transaction and end in the next.
    listings: defaultdict[date, list[str]] = defaultdict(list)
    read_items = read_lines(lines)
    while items := list(itertools.islice(read_items, LINES)):
        wrong = [item for item in items if isinstance(item, Skipped)]
        skipped += wrong[: NAMED - len(skipped)]
        unnamed += len(wrong)
        for batch in _batches([item for item in items if not isinstance(item, Skipped)], listings):
            kept = await ingest.keep(batch)
            papers, new = papers + kept.papers, new + kept.new
        progress(len(items))
        await asyncio.sleep(0)
    return Kept("huggingface", papers, new, tuple(skipped), unnamed=unnamed - len(skipped))


def _batches(
    read: Sequence[tuple[Paper, date | None]], listings: defaultdict[date, list[str]]
) -> Iterator[Batch]:
    """The papers of each day, and those of none; `listings` holds what was read of each day before."""
    for day in dict.fromkeys(day for _, day in read):
        papers = tuple(paper for paper, listed in read if listed == day)
        if day:
            listings[day] += [paper.id for paper in papers]
        yield Batch(source="huggingface", papers=papers, day=day, listed=unique(listings[day]) if day else ())
