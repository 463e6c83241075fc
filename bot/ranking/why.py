"""Why a paper stands where it does, in words that a person can check."""

from __future__ import annotations

from typing import NamedTuple

from bot.ranking.library import Library
from bot.ranking.parts import Candidate, Part, Scored
from bot.ranking.taste import NO_TASTE, Taste, neighbours
from storage.models import Tally

#: Parts that move a paper by less are left unsaid.
WORTH_SAYING = 0.1
NO_VOTES = Tally()


class Reason(NamedTuple):
    """A part of a score, and the sentence for it in plain text; `papers` are the ids that the sentence names."""

    part: Part
    value: float
    text: str = ""
    papers: tuple[str, ...] = ()


def explain(
    candidate: Candidate,
    scored: Scored,
    library: Library,
    person: Taste = NO_TASTE,
    channel: Taste = NO_TASTE,
    tally: Tally = NO_VOTES,
) -> list[Reason]:
    """A reason for each part of the score, the weightiest first. Their values sum to the score.

    Of a part that hardly counts, the text is empty.
    """
    near = {Part.PERSON: person, Part.CHANNEL: channel}
    reasons = []
    for part, value in scored.parts.items():
        papers = _close(library, near[part], scored.id) if part in near and value > 0 else ()
        text = _text(part, value, candidate, tally, [library.papers[id].title for id in papers])
        reasons.append(Reason(part, value, text if abs(value) >= WORTH_SAYING else "", papers))
    return sorted(reasons, key=lambda reason: -abs(reason.value))


def sentence(reasons: list[Reason]) -> str:
    """The texts of the reasons as one line of plain text."""
    return "; ".join(reason.text for reason in reasons if reason.text)


def _close(library: Library, taste: Taste, id: str) -> tuple[str, ...]:
    return tuple(neighbour.id for neighbour in neighbours(library, taste, id))


def _text(part: Part, value: float, candidate: Candidate, tally: Tally, titles: list[str]) -> str:
    match part:
        case Part.PERSON:
            return _taste(value, titles, "you liked")
        case Part.CHANNEL:
            return _taste(value, titles, "upvoted here")
        case Part.UPVOTES:
            return _upvotes(candidate)
        case Part.FORECAST:
            title = "a short title" if value > 0 else "a long title"
            return f"{title}, with which papers gather {'more' if value > 0 else 'fewer'} upvotes later"
        case Part.VOTES:
            return _votes(tally, value)
        case Part.TOPICS:
            return f"topic: {', '.join(candidate.topics)}"
        case Part.AUTHORS:
            return f"by {', '.join(candidate.authors)}"


def _taste(value: float, titles: list[str], whose: str) -> str:
    if value <= 0 or not titles:
        return f"unlike the papers {whose}"
    return f"close to {_count(len(titles), 'paper')} {whose}: {', '.join(f'“{title}”' for title in titles)}"


def _upvotes(candidate: Candidate) -> str:
    upvotes, above = candidate.trend.upvotes, candidate.trend.above
    if upvotes is None:
        return "not on Hugging Face's daily page"
    return f"{_count(upvotes, 'upvote')} on Hugging Face, more than {100 * above:.0f} % of that day's"


def _votes(tally: Tally, value: float) -> str:
    if not tally.up and not tally.down:
        return "no votes here, " + (
            "where few papers get any" if value > 0 else "and it was posted a while ago"
        )
    down = f", {_count(tally.down, 'downvote')}" if tally.down else ""
    return f"{_count(tally.up, 'upvote')} here{down}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
