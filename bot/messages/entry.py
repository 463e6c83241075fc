"""One paper in a list of answers: what it is, what is known of it here, and what can be done with it."""

from __future__ import annotations

import json
from datetime import date
from typing import NamedTuple

from bot.messages.blocks import VALUE_LIMIT, Block, actions, button, context, link, mention, section
from bot.messages.menu import menu, read_button
from bot.messages.papers import authors, links, summary, title, vote_button, withdrawal
from bot.messages.text import Snippet, clip, count, highlighted
from storage.models import Paper, Tally

SAVE = "save"
SIMILAR = "similar"
SHARE = "share"
#: Slack refuses messages with more than 11,000 to 13,000 characters in all, and a page holds five entries.
_LIMIT = 1950
_SEPARATOR = "  ·  "


class Posted(NamedTuple):
    """Where a paper was posted last. `channel_id` is empty in one's messages to the bot, `url` for a reply."""

    channel_id: str
    when: str
    url: str = ""


class Entry(NamedTuple):
    """A paper and all that its entry shows: the snippet of a search or, without one, the paper's summary."""

    paper: Paper
    tally: Tally = Tally()
    snippet: Snippet | None = None
    posted: Posted | None = None
    saved: bool = False
    read: bool = False


class Place(NamedTuple):
    """Where in an answer one is: the question, the number of the first result, and the papers shown there.

    An answer without `shown` is whatever the question brings now; with it, an answer is drawn again.
    """

    asked: str
    offset: int = 0
    shown: tuple[str, ...] = ()


class Press(NamedTuple):
    """What a save button carries: the paper, whether to save it, and the answer to draw again."""

    paper_id: str
    save: bool
    place: Place


def entry_blocks(entry: Entry, place: Place) -> list[Block]:
    paper = entry.paper
    # A paper from a file may have neither facts nor links, and Slack takes no empty block.
    below = [text for text in (facts(entry), links(paper, short=True)) if text]
    press = Press(paper.id, not entry.saved, place)
    return [
        section(_text(entry, _LIMIT - sum(map(len, below)))),
        *([context(*below)] if below else []),
        actions(
            vote_button(paper, entry.tally),
            button(SAVE, "🔖 Saved" if entry.saved else "🔖 Save", press_value(press)),
            button(SIMILAR, "≈ Similar", paper.id),
            button(SHARE, "↗ Share", paper.id),
            *read_button(paper),
            *menu(paper),
        ),
    ]


def press_value(press: Press) -> str:
    """What a save button carries, as text that is short enough: of a long question, the beginning."""
    paper_id, save, (asked, offset, shown) = press
    value = json.dumps([paper_id, save, asked, offset, shown], ensure_ascii=False)
    if len(value) <= VALUE_LIMIT or not (asked or shown):
        return value
    # The papers that are shown matter more than the words that found them.
    shorter = Place(asked[: len(asked) * 3 // 4], offset, shown if asked else ())
    return press_value(Press(paper_id, save, shorter))


def press_of(value: str) -> Press:
    """What a save button asks for; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case [str(paper_id), bool(save), str(asked), int(offset), list(shown)] if offset >= 0:
            return Press(paper_id, save, Place(asked, offset, tuple(map(str, shown))))
    raise ValueError("not a press")


def short_date(day: date, today: date) -> str:
    """`12 Mar`, with the year where it is not this one."""
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b} {day.year}"


def _text(entry: Entry, room: int) -> str:
    head = "\n".join(filter(None, (title(entry.paper), byline(entry.paper))))
    return f"{head}\n{_body(entry, room - len(head))}".rstrip()


def byline(paper: Paper) -> str:
    """`Ada Example, Noor Sample  ·  2025  ·  cs.LG`."""
    year = str(paper.published.year) if paper.published else ""
    return _joined(authors(paper), year, clip("".join(paper.categories[:1]), 30))


def _body(entry: Entry, room: int) -> str:
    if not entry.snippet:
        return summary(entry.paper, 2, room)
    warning = withdrawal(entry.paper)
    return warning + highlighted(entry.snippet, room - len(warning))


def facts(entry: Entry) -> str:
    own = ("saved by you" if entry.saved else "", "✓ read" if entry.read else "")
    return _joined(_here(entry), upstream(entry.paper), *own)


def _here(entry: Entry) -> str:
    """What this workspace knows: `posted in #papers on 12 Mar, 4 upvotes`."""
    up, down = entry.tally
    here = "" if entry.posted else " here"
    votes = [f"*{count(up, 'upvote')}{here}*"] if up else []
    votes += [f"{count(down, 'downvote')}{here}"] if down else []
    return ", ".join([*posted_where(entry.posted), *votes])


def posted_where(posted: Posted | None) -> list[str]:
    """`posted in #papers on 12 Mar`, or nothing."""
    if posted is None:
        return []
    where = f"in {mention('#', posted.channel_id)}" if posted.channel_id else "here"
    return [f"posted {where} on {link(posted.url, posted.when) or posted.when}"]


def upstream(paper: Paper) -> str:
    """What Hugging Face counts, linked to where it does."""
    if paper.upvotes is None:
        return ""
    said = f"{count(paper.upvotes, 'upvote')} on Hugging Face"
    return link(paper.huggingface_url, said) or said


def _joined(*parts: str) -> str:
    return _SEPARATOR.join(filter(None, parts))
