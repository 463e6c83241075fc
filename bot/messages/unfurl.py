"""The preview of a pasted link: the paper, and what this workspace knows of it. Everybody in the channel sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from bot.messages.blocks import Block, actions, context, link, section
from bot.messages.entry import Posted, byline, posted_where, short_date, upstream
from bot.messages.menu import menu, read_button
from bot.messages.papers import summary, title, vote_button
from bot.messages.text import count
from storage.models import Paper, Tally

_SUMMARY_LIMIT = 500


class Preview(NamedTuple):
    """What a preview shows besides the paper.

    `posted` names only a channel that all who see it may know of. `version` is the one that the link names.
    `alone` says whether the message names no other paper, so that reactions on it are votes; None where the bot does
    not hear of them, and so can't count either.
    """

    tally: Tally = Tally()
    saves: int = 0
    posted: Posted | None = None
    version: int | None = None
    alone: bool | None = None


def unfurl_blocks(paper: Paper, preview: Preview, today: date) -> list[Block]:
    texts = (title(paper), byline(paper), summary(paper, 2, _SUMMARY_LIMIT))
    below = [text for text in (_facts(paper, preview), _revised(paper, preview, today)) if text]
    return [
        section("\n".join(text for text in texts if text)),
        *([context(*below)] if below else []),
        *([context(_reactions(alone=preview.alone))] if preview.alone is not None else []),
        *_row(paper, preview),
    ]


def _facts(paper: Paper, preview: Preview) -> str:
    return "  ·  ".join([*_known_here(preview), *filter(None, [upstream(paper)])])


def _known_here(preview: Preview) -> Iterator[str]:
    yield from posted_where(preview.posted)
    if preview.tally.up:
        yield f"*{count(preview.tally.up, 'upvote')} here*"
    if preview.tally.down:
        yield f"{count(preview.tally.down, 'downvote')} here"
    if preview.saves:
        yield f"saved by {preview.saves:,} {'person' if preview.saves == 1 else 'people'}"


def _revised(paper: Paper, preview: Preview, today: date) -> str:
    """That there is a newer version than the first; which number it has is not known."""
    published, updated = paper.published, paper.updated
    if not (published and updated) or updated.date() <= published.date():
        return ""
    day = short_date(updated.date(), today)
    if preview.version != 1:
        return f"revised on {day}"
    newest = link(paper.abstract_url, "newest version") or "newest version"
    return f"The link is to version 1; the {newest} is of {day}."


def _reactions(*, alone: bool) -> str:
    if alone:
        return "Reactions on this message count as votes on the paper."
    return "This message names several papers, so reactions on it count for none: press *Upvote*."


def _row(paper: Paper, preview: Preview) -> list[Block]:
    """Buttons whose count is drawn again when it changes; where it can't be, the paper alone."""
    if preview.alone is None:
        return [actions(*found)] if (found := read_button(paper)) else []
    return [actions(vote_button(paper, preview.tally), *read_button(paper), *menu(paper))]
