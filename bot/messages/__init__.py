"""Papers as Block Kit: pure functions, every message within Slack's limits."""

from bot.messages.answers import (
    BACK,
    MORE,
    PAGE_SIZE,
    SUGGESTION,
    Page,
    day_heading,
    help_message,
    nothing_found,
    notice,
    page_message,
    quoted,
    subscribed_message,
    turn_of,
    voted_message,
)
from bot.messages.blocks import Message
from bot.messages.edition import SOURCE_NAMES, header_message
from bot.messages.papers import VOTE, drawn, paper_message, rest_message
from bot.messages.text import clip, count

__all__ = [
    "BACK",
    "MORE",
    "PAGE_SIZE",
    "SOURCE_NAMES",
    "SUGGESTION",
    "VOTE",
    "Message",
    "Page",
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
    "quoted",
    "rest_message",
    "subscribed_message",
    "turn_of",
    "voted_message",
]
