"""The weekly round-up: what a channel voted for, what rose late, which topics moved, and thanks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from bot.messages.blocks import Block, Message, actions, button, context, header, link, mention, section
from bot.messages.text import clip, count
from storage.models import Paper

WEEKLY_SET = "weekly_set"
_TITLE_LIMIT = 200
_TERM_LIMIT = 60
#: Of more people than these the others are counted.
_MOST_THANKED = 6
#: Papers named of one person, each by so much of its title.
_OF_ONE, _SHORT_TITLE = 2, 80


class Voted(NamedTuple):
    """A paper of the week's most voted; `url` is its newest message in the channel, empty without one."""

    paper: Paper
    upvotes: int
    url: str = ""


class Risen(NamedTuple):
    """A paper of an earlier week, its upvotes on Hugging Face when its day was over, and now."""

    paper: Paper
    before: int
    now: int


class Moved(NamedTuple):
    """A topic and its share of the papers, `3 % to 9 %`."""

    term: str
    shares: str


class RoundUpPage(NamedTuple):
    """All that a round-up shows; `thanks` are pairs of a user id and the paper that this person brought."""

    first: date
    last: date
    voted: Sequence[Voted] = ()
    risen: Sequence[Risen] = ()
    rising: Sequence[Moved] = ()
    falling: Sequence[Moved] = ()
    thanks: Sequence[tuple[str, Paper]] = ()


def week_told(first: date, last: date) -> str:
    """`17 to 23 August`."""
    month = "" if first.month == last.month else f" {first:%B}"
    return f"{first.day}{month} to {last.day} {last:%B}"


def roundup_message(page: RoundUpPage) -> Message:
    title = f"The week in papers, {week_told(page.first, page.last)}"
    parts = (
        _list("*Most voted here*", (_voted(at, one) for at, one in enumerate(page.voted, 1))),
        _list("*Rose late*: upvotes on Hugging Face since their day", map(_risen, page.risen)),
        _list("*Topics*, by their share of the papers", _topics(page)),
        _thanks(page.thanks),
    )
    blocks: list[Block] = [header(f"🗓 {title}"), *(section(part) for part in parts if part)]
    below = "`/papers weekly` says when this comes, and changes it."
    return {"text": title, "blocks": [*blocks, context(below)]}


def weekly_set_message(said: str, undo: str) -> Message:
    """What was set; `undo` is what the button puts back."""
    return {"text": said, "blocks": [section(said), actions(button(WEEKLY_SET, "Undo", undo))]}


def _list(heading: str, lines: Iterable[str]) -> str:
    shown = list(lines)
    return "\n".join([heading, *shown]) if shown else ""


def _titled(paper: Paper, limit: int = _TITLE_LIMIT) -> str:
    label = clip(paper.title, limit).strip() or clip(paper.id, limit)
    return link(paper.abstract_url, label) or label


def _voted(place: int, one: Voted) -> str:
    posted = link(one.url, "in this channel")
    return "  ·  ".join(
        part for part in (f"{place}. {_titled(one.paper)}", count(one.upvotes, "upvote"), posted) if part
    )


def _risen(one: Risen) -> str:
    return f"• {_titled(one.paper)}  ·  from {one.before:,} to {one.now:,}"


def _topics(page: RoundUpPage) -> list[str]:
    return [
        f"{sign} " + ", ".join(f"*{clip(one.term, _TERM_LIMIT)}* {one.shares}" for one in moved)
        for sign, moved in (("▲ rising:", page.rising), ("▼ falling:", page.falling))
        if moved
    ]


def _thanks(brought: Sequence[tuple[str, Paper]]) -> str:
    """`Thanks to @ada for “Title”` and so on, a person once."""
    by_person: dict[str, list[Paper]] = {}
    for user_id, paper in brought:
        by_person.setdefault(user_id, []).append(paper)
    lines = [
        f"• {mention('@', user_id)} for {', '.join(_titled(paper, _SHORT_TITLE) for paper in papers[:_OF_ONE])}"
        + (f" and {len(papers) - _OF_ONE:,} more" if len(papers) > _OF_ONE else "")
        for user_id, papers in list(by_person.items())[:_MOST_THANKED]
    ]
    more = len(by_person) - len(lines)
    return _list("*Thanks for bringing papers*", [*lines, *([f"• and {more:,} more people"] if more else [])])
