"""Papers as Block Kit: pure functions, every message within Slack's limits."""

from bot.messages.answers import (
    BACK,
    MORE,
    PAGE_SIZE,
    SUGGESTION,
    Page,
    already_message,
    day_heading,
    help_message,
    nothing_found,
    notice,
    page_message,
    quoted,
    search_help,
    subscribed_message,
    turn_of,
    voted_message,
)
from bot.messages.blocks import Message
from bot.messages.edition import SOURCE_NAMES, header_message
from bot.messages.entry import SAVE, SHARE, SIMILAR, Entry, Place, Posted, Press, press_of, short_date
from bot.messages.papers import VOTE, drawn, paper_message, rest_message, shared_message
from bot.messages.text import Snippet, clip, count

__all__ = [
    "BACK",
    "MORE",
    "PAGE_SIZE",
    "SAVE",
    "SHARE",
    "SIMILAR",
    "SOURCE_NAMES",
    "SUGGESTION",
    "VOTE",
    "Entry",
    "Message",
    "Page",
    "Place",
    "Posted",
    "Press",
    "Snippet",
    "already_message",
    "clip",
    "count",
    "day_heading",
    "drawn",
    "header_message",
    "help_message",
    "nothing_found",
    "notice",
    "page_message",
    "paper_message",
    "press_of",
    "quoted",
    "rest_message",
    "search_help",
    "shared_message",
    "short_date",
    "subscribed_message",
    "turn_of",
    "voted_message",
]
