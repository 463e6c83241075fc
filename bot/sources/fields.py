"""One field of somebody else's answer, made safe to keep; what can't be read becomes "not known"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from storage.models import plain, unique

# Controls, lone surrogates (JSON can carry them, SQLite and Slack can't) and the marks that reorder a line.
_UNWANTED = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_UNSAFE_IN_LINK = re.compile(r"[<>\"|\\^`{}]")
# SQLite keeps 64 bits; no paper has this many votes, so a larger number is a broken one.
_MOST = 2**31 - 1


def text(value: object) -> str:
    """One clean line of text, or "" when `value` is not text."""
    return plain(_UNWANTED.sub("", value)) if isinstance(value, str) else ""


def texts(values: object) -> tuple[str, ...]:
    """The clean texts in a list, in order, each once; whatever else the list holds is left out."""
    return unique([text(value) for value in values]) if isinstance(values, list | tuple) else ()


def count(value: object) -> int | None:
    """A count of votes or stars: a whole number from 0 on, else None."""
    return value if type(value) is int and 0 <= value <= _MOST else None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time as UTC; one without an offset is taken as UTC already."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def link(value: object) -> str:
    """An http(s) address without a password in it, or "": what is returned may be shown as a link."""
    address = value.strip() if isinstance(value, str) else ""
    if not address or _UNWANTED.search(address) or len(address.split()) != 1:
        return ""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return _UNSAFE_IN_LINK.sub(lambda found: f"%{ord(found[0]):02X}", address) if usable else ""


def shortened(words: str, most: int = 200) -> str:
    """The first words of a text that only goes into a message, at most `most` characters."""
    words = text(words[: most * 10])
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def listing(names: Iterable[str], most: int = 10) -> str:
    """Names for a message: the first few, and how many more there are."""
    known = list(names)
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + rest
