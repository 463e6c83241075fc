"""Papers on the Home tab: what each is, why it is there, and what one can do with it."""

from __future__ import annotations

from typing import NamedTuple

from bot.messages.blocks import Block, actions, button, context, link_button, section
from bot.messages.entry import Entry, byline, facts
from bot.messages.home import place
from bot.messages.menu import menu
from bot.messages.papers import links, summary, title, vote_label
from bot.messages.text import clip

#: Of 100 blocks that a Home tab can have, each paper takes six at most, with the line before it.
PAGE_SIZE = 10
_SUMMARY_LIMIT, _NOTE_SHOWN = 400, 700


class Item(NamedTuple):
    """A paper as it stands on somebody's Home: `why` in one line, escaped, and their own `note`, as they wrote it."""

    entry: Entry
    new: bool = False
    why: str = ""
    note: str = ""


def item_blocks(item: Item) -> list[Block]:
    entry = item.entry
    below = [text for text in (facts(entry), links(entry.paper, short=True)) if text]
    return [
        section(_text(item)),
        *([context(*below)] if below else []),
        *([context(f"_Why:_ {item.why}")] if item.why else []),
        *([context(f"📝 {clip(item.note, _NOTE_SHOWN)}")] if item.note else []),
        actions(*_buttons(item)),
    ]


def _text(item: Item) -> str:
    paper = item.entry.paper
    heading = f"🆕 {title(paper)}" if item.new else title(paper)
    return "\n".join(filter(None, (heading, byline(paper), summary(paper, 1, _SUMMARY_LIMIT))))


def _buttons(item: Item) -> list[Block]:
    entry, paper = item.entry, item.entry.paper
    read = [link_button(place.READ, "Read", paper.abstract_url, paper.id)] if paper.abstract_url else []
    note = [button(place.NOTE, "📝 Edit note" if item.note else "📝 Note", paper.id)] if entry.saved else []
    return [
        button(place.VOTE, vote_label(entry.tally), paper.id),
        button(
            place.SAVE,
            "🔖 Saved" if entry.saved else "🔖 Save",
            place.switch_value(paper.id, on=not entry.saved),
        ),
        *read,
        button(
            place.MARK,
            "✓ Mark unread" if entry.read else "Mark read",
            place.switch_value(paper.id, on=not entry.read),
        ),
        *note,
        *({**found, "action_id": place.MENU} for found in menu(paper)),
    ]
