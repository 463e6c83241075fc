"""What people ask of a subscription, in words after `/papers subscribe` or in the modal, read and checked."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Mapping
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.messages import MOST_PAPERS, MOST_UPVOTES, TOPIC_LIMIT, Form
from bot.search import parse
from bot.topics import is_searchable
from storage.models import EVERY_DAY, SOURCES, Mode, SourceName

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
#: Meant as an hour, though there may be no such hour.
_LIKE_A_TIME = re.compile(r"\d{1,2}:\d{1,2}")
_SEPARATORS = re.compile(r"[\s,;]+")


class Words(NamedTuple):
    """What stands after `/papers subscribe`: an hour and a zone at its beginning or end, and a topic."""

    topic: str = ""
    post_at: time | None = None
    timezone: str = ""


class Checked(NamedTuple):
    """The fields of a form, as values. `sources` are empty where papers of all are wanted."""

    typed: str
    categories: tuple[str, ...]
    sources: tuple[SourceName, ...]
    post_at: time
    timezone: str
    weekdays: tuple[int, ...]
    top: int
    minimum: int
    mode: Mode


def words_of(typed: str) -> Words:
    """Read what stands after `/papers subscribe`.

    Where all of it is hours and zones there is no topic. Otherwise a bare name such as `Japan` is a word, and only what
    nothing else can be (`Asia/Tokyo`, `UTC`) is a zone.
    """
    words = typed.split()
    alone = all(hour_of(word) or is_zone(word) for word in words)
    post_at, timezone = None, ""
    for at in (0, -1):
        while words:
            if hour := hour_of(words[at]):
                post_at = post_at or hour
            elif is_zone(words[at]) and (alone or "/" in words[at] or words[at] == "UTC"):
                timezone = timezone or words[at]
            else:
                break
            del words[at]
    return Words(" ".join(words), post_at, timezone)


def hour_of(word: str) -> time | None:
    found = _TIME.fullmatch(word)
    return time(int(found[1]), int(found[2])) if found else None


def is_like_an_hour(word: str) -> bool:
    return _LIKE_A_TIME.fullmatch(word) is not None


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return bool(name)


def check(form: Form) -> Checked | dict[str, str]:
    """The values of a form, or what is wrong with its fields: a sentence each, by the field's name."""
    wrong: dict[str, str] = {}
    checked = Checked(
        _topic(form, wrong),
        _categories(form, wrong),
        _sources(form, wrong),
        _hour(form, wrong),
        _zone(form, wrong),
        _weekdays(form, wrong),
        _number("top", form.top, 1, MOST_PAPERS, wrong),
        _number("minimum", form.minimum or "0", 0, MOST_UPVOTES, wrong),
        Mode(form.mode) if form.mode in set(Mode) else Mode.MESSAGES,
    )
    return wrong or checked


def _topic(form: Form, wrong: dict[str, str]) -> str:
    typed = " ".join(form.typed.split())
    if len(typed) > TOPIC_LIMIT:
        wrong["typed"] = f"That is longer than the {TOPIC_LIMIT} characters that a topic can have."
    elif typed and not is_searchable(parse(typed)):
        wrong["typed"] = "There is no word in it that I can look for. Write a topic such as: diffusion policy"
    return typed


def _categories(form: Form, wrong: dict[str, str]) -> tuple[str, ...]:
    found = []
    for name in filter(None, _SEPARATORS.split(form.categories)):
        read = parse(f"cat:{name}").of("cat")
        if not read:
            wrong["categories"] = f"{name} is no category of arXiv's. Write them as in: cs.LG, cs.RO or cs.*"
        found += [_usual(category) for category in read]
    return tuple(dict.fromkeys(found))


def _usual(category: str) -> str:
    """`cs.LG`, as arXiv writes it, but `cond-mat.mes-hall`."""
    archive, _, subject = category.partition(".")
    return f"{archive}.{subject.upper() if len(subject) == 2 else subject}"


def _sources(form: Form, wrong: dict[str, str]) -> tuple[SourceName, ...]:
    chosen = tuple(source for source in SOURCES if source in form.sources)
    if not chosen:
        wrong["sources"] = "Choose at least one source."
    return () if len(chosen) == len(SOURCES) else chosen


def _hour(form: Form, wrong: dict[str, str]) -> time:
    hour = hour_of(form.post_at)
    if hour is None:
        wrong["post_at"] = "Choose an hour such as 08:30."
    return hour or time()


def _zone(form: Form, wrong: dict[str, str]) -> str:
    typed = form.timezone.strip()
    zone = typed if is_zone(typed) else _zones().get(typed.lower().replace(" ", "_"), "")
    if not zone:
        wrong["timezone"] = (
            "I don't know this time zone. Write its name as in Europe/Berlin, America/New_York or UTC."
        )
    return zone


@functools.cache
def _zones() -> Mapping[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def _weekdays(form: Form, wrong: dict[str, str]) -> tuple[int, ...]:
    days = tuple(day for day in EVERY_DAY if str(day) in form.weekdays)
    if not days:
        wrong["weekdays"] = "Choose at least one day."
    return days


def _number(name: str, typed: str, least: int, most: int, wrong: dict[str, str]) -> int:
    typed = typed.strip()
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else -1
    if not least <= number <= most:
        wrong[name] = f"Write a whole number from {least} to {most:,}."
    return number
