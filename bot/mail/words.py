"""Text from outside, for places that are neither Slack nor HTML."""

from __future__ import annotations

import re

# Control characters, those that turn the direction of text, and halves of characters.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def one_line(text: str) -> str:
    """A text on one line, with what no header and no XML may hold left out."""
    return " ".join(_CONTROL.sub(" ", text).split())


def clip_line(text: str, limit: int) -> str:
    """The beginning of a text on one line, of at most `limit` characters, cut between words."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    kept = line[: limit - 1]
    at_word = kept.rsplit(" ", 1)[0] if " " in kept[limit // 2 :] else kept
    return at_word.rstrip(" ,;:.") + "…"
