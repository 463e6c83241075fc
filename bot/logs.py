"""Log lines on standard error: one for each event, with what it is about, and with no secret in any of them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Literal

LogFormat = Literal["text", "json"]
#: The logger that Bolt is given.
BOLT = "slack_bolt"
#: Slack's tokens (xoxb-, xoxp-, xapp-, ...), Hugging Face's, whatever follows "Bearer", the address that answers a
#: person, and the ticket in the address of a socket.
_SECRET = re.compile(
    r"(xox[a-z]|xapp|hf)[-_][\w-]{6,}|(?<=Bearer )\S+|(?<=hooks\.slack\.com/)[\w/-]+|(?<=ticket=)[^&\s\"']+"
)
# What could begin a new line, or move a terminal's cursor to another one.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN = re.compile(r"[^\s\"=]+")
_about: ContextVar[Mapping[str, Any]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Give every line of what happens inside these fields, tasks that are started there included."""
    token = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def event(log: logging.Logger, name: str, /, *, level: int = logging.INFO, **fields: object) -> None:
    """Log that something happened. Fields hold names, numbers and ids: never what a person wrote."""
    log.log(level, "%s", name, extra={"fields": fields}, stacklevel=2)


class Redacting(logging.Formatter):
    """A line of text, fields at its end. Takes tokens out of all of it, traceback included: whoever put them there."""

    def format(self, record: logging.LogRecord) -> str:
        return _redacted(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        fields = "".join(f" {name}={_as_word(value)}" for name, value in _fields(record).items())
        return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", super().formatMessage(record)) + fields


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `event`, the fields, and a traceback as `error`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            **_fields(record),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        # Before it is JSON, whose quotation marks would be taken for a part of what is secret.
        return json.dumps({name: _as_json(value) for name, value in line.items()}, ensure_ascii=False)


def log_to_stderr(level: str, form: LogFormat = "text") -> None:
    handler = logging.StreamHandler(sys.stderr)
    text = Redacting("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Each request of these is a line at info; what they were made for is logged by us.
    for name in ("httpx", BOLT, "slack_sdk"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    # Bolt finds the bot token in the environment too, and says so each time: it is the same token.
    logging.getLogger(BOLT).addFilter(lambda record: "`token` will be unused" not in record.getMessage())
    # A retry that works is no news, and one that doesn't ends in an error that is logged by us.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    # Which entries of somebody's BibTeX can't be read is for them to know.
    logging.getLogger("bibtexparser").setLevel(logging.ERROR)


def in_json() -> bool:
    """Whether what is logged goes out as JSON."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {**_about.get(), **getattr(record, "fields", {})}


def _redacted(text: str) -> str:
    return _SECRET.sub("[secret]", text)


def _as_word(value: object) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if _PLAIN.fullmatch(text) and not _CONTROL.search(text) else json.dumps(text)


def _as_json(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _redacted(value.isoformat() if isinstance(value, date) else str(value))
