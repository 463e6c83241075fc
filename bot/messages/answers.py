"""Answers to `/papers`: a page of papers, the help, and one-line notices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from bot.messages.blocks import VALUE_LIMIT, Block, Message, actions, button, context, divider, link, section
from bot.messages.entry import Entry, Place, entry_blocks
from bot.messages.subscription_modal import weekday_names
from bot.messages.text import clip, count
from storage.models import Mode, Paper, Subscription, Tally

MORE = "more"
BACK = "back"
SUGGESTION = "suggestion"
PAGE_SIZE = 5
_FEWER = "Fewer or other words may help; `/papers help search` shows what can be asked."


class Page(NamedTuple):
    """A page of an answer: `heading` and `note` are mrkdwn of ours, `asked` is what the person typed.

    `gone` of the entries have left the list that the page is of, and are shown because they were there before.
    `suggestion` is the question in another spelling, or empty.
    """

    heading: str
    entries: Sequence[Entry]
    total: int
    offset: int
    asked: str
    note: str = ""
    gone: int = 0
    suggestion: str = ""


def page_message(page: Page) -> Message:
    blocks: list[Block] = [context(page.heading + _range(page), page.note)]
    place = Place(page.asked, page.offset, tuple(entry.paper.id for entry in page.entries))
    for entry in page.entries:
        blocks += [divider(), *entry_blocks(entry, place)]
    buttons = _paging(page)
    if buttons:
        blocks += [divider(), actions(*buttons)]
    return {"text": page.heading, "blocks": blocks}


def _range(page: Page) -> str:
    last = page.offset + len(page.entries)
    return f"  ·  {page.offset + 1:,}–{last:,} of {page.total:,}" if page.total > PAGE_SIZE else ""


def _paging(page: Page) -> list[Block]:
    """The buttons carry the question itself, so that paging needs no memory and survives a restart."""
    after = page.total - page.offset - len(page.entries)
    turns = []
    if page.offset > 0:
        turns.append((BACK, "Back", max(0, page.offset - PAGE_SIZE)))
    if after > 0:
        turns.append((MORE, f"More ({after:,})", page.offset + PAGE_SIZE - page.gone))
    buttons = [button(name, label, turn_value(page.asked, offset)) for name, label, offset in turns]
    return [*buttons, *([_suggested(page.suggestion)] if page.suggestion else [])]


def _suggested(query: str) -> Block:
    return button(SUGGESTION, f"Search for “{query}”", turn_value(query, 0))


def turn_value(asked: str, offset: int) -> str:
    """What a paging button carries; of a question too long for it, the beginning."""
    value = json.dumps([asked, offset], ensure_ascii=False)
    # JSON writes a quotation mark as two characters, and what Slack counts is the whole.
    return value if len(value) <= VALUE_LIMIT else turn_value(asked[: len(asked) * 3 // 4], offset)


def turn_of(value: str) -> tuple[str, int]:
    """What a paging button asks for; raises ValueError when the value is not one of ours."""
    try:
        asked, offset = json.loads(value)
    except TypeError:
        asked = offset = None
    if not (isinstance(asked, str) and isinstance(offset, int) and offset >= 0):
        raise ValueError("not a page")
    return asked, offset


def notice(text: str) -> Message:
    """A sentence or two, in mrkdwn of ours with everything from outside escaped."""
    return {"text": text, "blocks": [section(text)]}


def nothing_found(typed: str, notes: Sequence[str], suggestion: str) -> Message:
    """Nothing matches; `suggestion` is a query that finds something, and one press away."""
    message = notice(
        " ".join([f"Nothing found for {quoted(typed)}.", *notes, *([] if suggestion else [_FEWER])])
    )
    if suggestion:
        message["blocks"].append(actions(_suggested(suggestion)))
    return message


def quoted(text: str, limit: int = 150) -> str:
    """Somebody's words inside a sentence of ours."""
    return f"“{clip(text, limit)}”"


def day_heading(day: date) -> str:
    return f"*Papers of {day:%A} {day.day} {day:%B %Y}*"


def subscribed_message(subscription: Subscription) -> Message:
    return notice(
        f"This channel gets the day's papers at *{subscription.post_at:%H:%M}* ({subscription.timezone})"
        f"{_on(subscription)}: the best {subscription.top} {_as(subscription)}. `/papers unsubscribe` stops it."
    )


def _on(subscription: Subscription) -> str:
    on = weekday_names(subscription.weekdays)
    return "" if on == "every day" else f", {on}"


def _as(subscription: Subscription) -> str:
    return (
        "as one list, all in its thread"
        if subscription.mode is Mode.LIST
        else "as messages, the rest in a thread"
    )


def voted_message(paper: Paper, vote: int, tally: Tally) -> Message:
    state = {1: "You upvoted", 0: "You took back your vote on", -1: "You downvoted"}[vote]
    return notice(f"{state} {quoted(paper.title)}: {count(tally.up, 'upvote')} here now.")


def already_message(paper: Paper, when: str, url: str) -> Message:
    """A channel gets a paper once: where it is."""
    posted = f"posted on {when}"
    return notice(f"{quoted(paper.title)} is already in this channel: {link(url, posted) or posted}.")


#: Ten lines; a test asks every example.
SEARCH_HELP = """\
*How to search*
• `/papers diffusion policy` or a whole question, or an abstract you paste: the best matches come first
• `/papers "mixture of experts" -vision`: with these words side by side, and without a word
• `/papers author:hinton title:capsules`, `/papers author:"Kaiming He"`: by author, by words of the title
• `/papers agents cat:cs.CL`, `/papers cat:cs.*`: in a category, or in a whole archive
• `/papers reasoning after:2025-06 before:2026-01-15`: from the first day on, up to the day before the second
• `/papers agents has:code from:huggingface`: with code, listed by Hugging Face (or `from:arxiv`)
• `/papers like:2403.01234`: similar papers; a link does as well, from arXiv, Hugging Face or alphaXiv
• `/papers agents sort:new`, `/papers agents sort:top`: newest first, most upvotes on Hugging Face first
• `-` turns any of these round: `/papers agents -cat:cs.CV`. What I can't read as one of these is searched as words."""
