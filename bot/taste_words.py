"""What stands behind `/papers taste`: which of its forms it is, or a topic that begins with the word."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from rapidfuzz.distance import OSA

from bot.errors import UsageError
from bot.ids import paper_ids
from bot.messages import quoted
from bot.search import names, parse
from storage.models import Subject

#: Longer names of people and topics are mistakes, and would not fit on a button.
LONGEST = 150


class Verb(StrEnum):
    SHOW = ""
    ADD = "add"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    MUTE = "mute"
    UNMUTE = "unmute"
    ON = "on"
    OFF = "off"
    RESET = "reset"


#: Forms with nothing behind them; with something there, as in `taste on the tongue`, it is a topic.
_BARE = (Verb.ON, Verb.OFF, Verb.RESET)
_HERE = "here"
FORMS = (
    "`/papers taste` can be followed by `add`, `follow`, `unfollow`, `mute`, `unmute`, `on`, `off` or `reset`, "
    "and by `here` before any of these for the channel."
)


class Asked(NamedTuple):
    """A form of `/papers taste`, what it is about, and whether the channel's taste is meant."""

    verb: Verb
    about: str = ""
    here: bool = False


def read_taste(rest: str) -> Asked | None:
    """The form that `rest` is, or None for a topic. Raises UsageError for what looks like a form with a slip."""
    word, _, after = rest.partition(" ")
    here = word.lower() == _HERE
    if here:
        word, _, after = after.partition(" ")
    if found := _form(f"{word} {after}".strip()):
        return found._replace(here=here)
    if meant := next(_meant(word.lower(), after), ""):
        raise UsageError(
            f"I don't know {quoted(word, 30)}; did you mean `/papers taste {'here ' * here}{meant}`? {FORMS} "
            f"To search for it: `/papers search taste {quoted(rest, 60)[1:-1]}`."
        )
    return None


def _form(text: str) -> Asked | None:
    word, _, about = text.partition(" ")
    verb = next((verb for verb in Verb if verb == word.lower()), None)
    return None if verb is None or (verb in _BARE and about) else Asked(verb, about)


def _meant(word: str, after: str) -> Iterator[str]:
    """The forms that a word may be a slip for; `taste of wine` and `taste and smell` are none."""
    for verb in (*Verb, _HERE):
        if len(verb) < 2 or OSA.distance(word, verb) != 1:
            continue
        if verb in (*_BARE, _HERE):
            fits = not after
        elif verb == Verb.ADD:
            fits = bool(paper_ids(after)[0]) or "@" in after
        else:
            fits = bool(after)
        if fits:
            yield verb


def wish_of(about: str) -> tuple[Subject, str]:
    """The author or topic in `Ada Lovelace` or `topic: diffusion policy`. Raises UsageError when there is none."""
    kind, colon, rest = about.partition(":")
    named = colon and kind.strip().lower()
    topic = named in ("topic", "topics")
    value = (rest if topic or named in ("author", "authors") else about).strip().strip("\"'“”")
    if len(value) > LONGEST:
        raise UsageError(f"That is too long: a name or topic has at most {LONGEST} characters.")
    if topic and not parse(value).empty:
        return Subject.TOPIC, value
    if not topic and names(value):
        return Subject.AUTHOR, value
    raise UsageError(
        "Name an author or a topic, such as `/papers taste follow Ada Lovelace` "
        "or `/papers taste mute topic: survey`."
    )
