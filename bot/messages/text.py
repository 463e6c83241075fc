"""Words for Slack: escaping, clipping and shortening. Text from outside is data and stays data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Slack formats what stands between two of a kind, at the edges of words and on one line.
_MARKED = re.compile(r"(?<!\w)([*_~`])(?=\S)([^\n]*?\S)\1(?!\w)")
_LOOKALIKE = {"*": "∗", "_": "＿", "~": "∼", "`": "ˋ"}
#: Runs of text, each with whether it matched what somebody searched for.
Snippet = Sequence[tuple[str, bool]]
# A word with its combining accents, or what stands between two.
_PIECE = re.compile(r"[\w\u0300-\u036f]+|[^\w\u0300-\u036f]+")
# A stop, its closing quotes, white space, and something that can begin a sentence.
_STOP = re.compile(r"""(?<=[.!?])(["')\]”’]*)\s+(?=["'(\[$]*[A-Z0-9\u00c0-\uffff])""")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|al|etc|vs|cf|resp|approx|fig|figs|eq|eqs|sec|no|dr|prof|st|w\.r\.t|a\.k\.a)|\b[A-Z])\.$",
    re.IGNORECASE,
)


def clip(text: str, limit: int) -> str:
    """Outside text of at most `limit` characters as mrkdwn shows it letter for letter, cut between words.

    No mention, no link, no control or direction character survives.
    https://docs.slack.dev/messaging/formatting-message-text names the three characters to escape. There is no
    escape for the markers of bold, italic, struck and code: a pair of them becomes its look-alikes.
    """
    # Escaping only lengthens, so what lies further on can't matter.
    begin = _CONTROL.sub("", text)[: limit + 1]
    literal = _unmarked(begin)
    whole = _escaped(literal)
    if len(whole) <= limit:
        return whole
    kept = _within(literal, limit - 1)
    at_word = kept.rsplit(" ", 1)[0] if " " in kept[len(kept) // 2 :] else kept
    # Escaped last, so that no entity loses its semicolon.
    return _escaped(at_word.rstrip(" ,;:.")) + "…"


def highlighted(snippet: Snippet, limit: int) -> str:
    """A snippet of at most `limit` characters as mrkdwn, with each word that matched in bold.

    Slack takes an asterisk for a marker only at the edge of a word, so a word of which a part matched is bold as a
    whole; and only ours may be one, so an asterisk of the text becomes its look-alike.
    """
    text, matched = _flattened(snippet)
    # Escaping only lengthens, so what lies further on can't matter.
    text = _unmarked(text[: limit + 1])
    shown, room = "", limit - 1
    for piece in _PIECE.finditer(text):
        escaped = _escaped(piece[0])
        bold = any(matched[piece.start() : piece.end()]) and piece[0][0].isalnum()
        drawn = f"*{escaped}*" if bold else escaped
        if len(shown) + len(drawn) > room:
            # A single endless word, too, is shown as far as it fits.
            return f"{shown.rstrip()}…" if shown else clip(text, limit)
        shown += drawn
    # Words that follow each other are one phrase.
    return shown.replace("* *", " ").strip()


def _flattened(snippet: Snippet) -> tuple[str, list[bool]]:
    """The text of a snippet on one line, and of each character whether it matched."""
    runs = [
        (_CONTROL.sub("", run).replace("\n", " ").replace("*", _LOOKALIKE["*"]), hit) for run, hit in snippet
    ]
    text = "".join(run for run, _ in runs)
    return text, [hit for run, hit in runs for _ in run]


def _unmarked(text: str) -> str:
    return _MARKED.sub(lambda found: f"{_LOOKALIKE[found[1]]}{found[2]}{_LOOKALIKE[found[1]]}", text)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _within(text: str, limit: int) -> str:
    """As much of a text as has at most `limit` characters once it is escaped."""
    lengths = itertools.accumulate(len(_escaped(character)) for character in text)
    return text[: sum(1 for length in lengths if length <= limit)]


def clip_plain(text: str, limit: int) -> str:
    """Like clip, for plain_text objects, which Slack shows unescaped."""
    clean = _CONTROL.sub("", text)
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def sentences(text: str, most: int = 3, limit: int = 600) -> str:
    """The beginning of a text: at most `most` sentences and `limit` characters, unescaped.

    Cut at the end of a sentence where one ends in time, otherwise between words.
    """
    text, kept = text.strip(), ""
    for number, sentence in enumerate(_split(text[: limit * 4])):
        longer = f"{kept} {sentence}".strip()
        if number >= most or len(longer) > limit:
            break
        kept = longer
    if kept:
        return kept
    cut = text[: limit - 1].rsplit(" ", 1)[0] if len(text) >= limit else text
    return cut + "…" if cut != text else text


def split_sentences(text: str, limit: int = 6_000) -> list[str]:
    """The sentences at the beginning of a text, unescaped."""
    return list(_split(text.strip()[:limit]))


def _split(text: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(text):
        # Not at "et al. 2024" or "J. Smith".
        if not _ABBREVIATION.search(text[max(start, stop.start() - 12) : stop.start()]):
            yield text[start : stop.end(1)].strip()
            start = stop.end()
    if text[start:].strip():
        yield text[start:].strip()


def people(names: Sequence[str], most: int = 3) -> str:
    """`Ada, Ben, Cleo and 5 others`; a list of one too many is shown whole rather than as "and 1 other"."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} others"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
