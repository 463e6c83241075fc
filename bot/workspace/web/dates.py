"""Dates in Slack's words: `{date_short} at {time}`.

https://docs.slack.dev/messaging/formatting-message-text/#date-formatting
"""

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

_TOKEN = re.compile(r"\{(\w+)\}")


class DateText(NamedTuple):
    """A moment as machines read it, and as people do."""

    moment: str
    text: str


def date_text(timestamp: str | int, form: str, zone: tzinfo) -> DateText | None:
    """The moment that a timestamp (seconds since 1970) stands for, told in a form; None when it is none."""
    when = moment(timestamp, zone)
    if when is None:
        return None
    words = _words(when)
    text = _TOKEN.sub(lambda token: words.get(token[1].removesuffix("_pretty"), token[0]), form)
    return DateText(when.isoformat(), text)


def moment(timestamp: str | float, zone: tzinfo) -> datetime | None:
    """A timestamp as a date and time; None when it is not one that a calendar has."""
    try:
        return datetime.fromtimestamp(float(timestamp), zone)
    except (ValueError, OverflowError, OSError):
        return None


def _words(when: datetime) -> dict[str, str]:
    day, clock = f"{when.day}", f"{when:%H:%M}"
    return {
        "date_num": f"{when:%Y-%m-%d}",
        "date_slash": f"{when:%d/%m/%Y}",
        "date": f"{day} {when:%B %Y}",
        "date_short": f"{day} {when:%b %Y}",
        "date_long": f"{when:%A} {day} {when:%B %Y}",
        "time": clock,
        "time_secs": f"{when:%H:%M:%S}",
        "ago": f"on {day} {when:%b %Y} at {clock}",
    }
