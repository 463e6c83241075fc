"""Papers of a topic as they are posted: one message each, or one list; both say which topic brought them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.messages.blocks import Message, context, section
from bot.messages.papers import authors, paper_message, summary, title, vote_button
from bot.messages.text import Snippet, clip, count, highlighted
from storage.models import Paper, Tally

#: Slack refuses messages with more than 11,000 to 13,000 characters in all.
_LIST_LIMIT = 9_000
_MOST_LISTED = 45
_SNIPPET_LIMIT = 400
_TOPIC_LIMIT = 150


class Match(NamedTuple):
    """A paper that matches a topic; the snippet shows where, and is empty where no word of it stands in the paper."""

    paper: Paper
    tally: Tally
    snippet: Snippet = ()


def alert_message(match: Match, topic: str) -> Message:
    """A paper of a topic as a message of its own; without a topic where that is not known any more."""
    message = paper_message(match.paper, match.tally)
    if not topic:
        return message
    lines = [f"🔔 On the topic *{_name(topic)}*", highlighted(match.snippet, _SNIPPET_LIMIT)]
    why = context("\n".join(filter(None, lines)))
    return {"text": f"On {clip(topic, _TOPIC_LIMIT)}: {message['text']}", "blocks": [why, *message["blocks"]]}


def topic_list_message(matches: Sequence[Match], topic: str) -> Message:
    """The papers of a topic as one list; each can be voted on where it stands."""
    matches = matches[:_MOST_LISTED]
    said = f"{count(len(matches), 'new paper')} on "
    room = _LIST_LIMIT // max(1, len(matches))
    entries = [section(_entry(match, room), vote_button(match.paper, match.tally)) for match in matches]
    return {
        "text": f"{said}{clip(topic, _TOPIC_LIMIT)}",
        "blocks": [section(f"🔔 {said}*{_name(topic)}*"), *entries],
    }


def _name(topic: str) -> str:
    # An asterisk of its own would end the bold face.
    return clip(topic.replace("*", "∗"), _TOPIC_LIMIT)


def _entry(match: Match, room: int) -> str:
    head = "\n".join(filter(None, (title(match.paper), authors(match.paper))))
    left = min(room - len(head), _SNIPPET_LIMIT)
    if left < 80:
        return head
    return f"{head}\n{highlighted(match.snippet, left) if match.snippet else summary(match.paper, 1, left)}".rstrip()
