"""arXiv's whole metadata as Kaggle publishes it (https://www.kaggle.com/datasets/Cornell-University/arxiv).

A JSON object for each paper, with names of its own for what a Paper holds.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.errors import UsageError
from bot.sources.fields import shortened

#: Only this file's objects have one of these.
_MARKS = ("authors_parsed", "update_date")


def is_metadata(item: dict[str, Any]) -> bool:
    return any(mark in item for mark in _MARKS)


def fields(item: dict[str, Any]) -> dict[str, Any]:
    """The object with what it says under a Paper's names as well.

    Raises UsageError for a version whose date can't be read, TypeError or ValueError for a name.
    """
    versions = item.get("versions") or ()
    return {
        **item,
        "authors": [_name(author) for author in item.get("authors_parsed") or ()] or item.get("authors"),
        "comment": item.get("comments"),
        "published": _created(versions[0]) if versions else None,
        "updated": _created(versions[-1]) if versions else item.get("update_date"),
    }


def _name(parsed: list[str]) -> str:
    """`["Last", "First", "Suffix", ...]`, where affiliations may follow."""
    last, first, suffix, *_ = *parsed, "", ""
    return " ".join((first, last, suffix))


def _created(version: Any) -> datetime:  # noqa: ANN401 - any JSON value
    try:
        return parsedate_to_datetime(version["created"])
    except (LookupError, TypeError, ValueError) as error:
        raise UsageError(f"versions: {shortened(str(version))} has no date that can be read") from error
