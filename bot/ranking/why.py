"""Why a paper stands where it does, in words that a person can check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.ranking.library import Library
from bot.ranking.parts import Candidate, Part, Scored
from bot.ranking.taste import NO_TASTE, Taste, neighbours
from bot.ranking.vectors import NEAREST
from storage.models import Tally

#: Parts that move a paper by less are left unsaid.
WORTH_SAYING = 0.1
NO_VOTES = Tally()


class Reason(NamedTuple):
    """A part of a score, and the words for it in plain text; `papers` are the ids of those that `titles` name."""

    part: Part
    value: float
    text: str = ""
    papers: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


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
    return explain_all([candidate], [scored], library, person, channel, {candidate.id: tally})[0]


def explain_all(
    candidates: Sequence[Candidate],
    scored: Sequence[Scored],
    library: Library,
    person: Taste,
    channel: Taste,
    tallies: Mapping[str, Tally],
) -> list[list[Reason]]:
    """The reasons of each of several papers, in their order: their neighbours are looked for together."""
    near = {
        part: (
            taste,
            dict(zip((one.id for one in scored), _close(library, taste, part, scored), strict=True)),
        )
        for part, taste in ((Part.PERSON, person), (Part.CHANNEL, channel))
    }
    return [
        sorted(
            _reasons(candidate, one, library, near, tallies.get(one.id, NO_VOTES)),
            key=lambda reason: -abs(reason.value),
        )
        for candidate, one in zip(candidates, scored, strict=True)
    ]


_Near = Mapping[Part, tuple[Taste, Mapping[str, tuple[str, ...]]]]


def _reasons(
    candidate: Candidate, scored: Scored, library: Library, near: _Near, tally: Tally
) -> Iterator[Reason]:
    for part, value in scored.parts.items():
        if abs(value) < WORTH_SAYING:
            yield Reason(part, value)
        elif part in near:
            taste, close = near[part]
            yield _taste(part, value, scored.id, library, taste, close[scored.id])
        else:
            yield Reason(part, value, _text(part, value, candidate, tally))


def sentence(reasons: Sequence[Reason]) -> str:
    """The texts of the reasons as one line of plain text."""
    return "; ".join(_with_titles(reason) for reason in reasons if reason.text)


def hundredths(values: Sequence[float]) -> list[int]:
    """The values in hundredths, each rounded up or down so that they sum to their rounded sum.

    The largest remainder method: what is lacking after rounding down goes to those that lost most.
    """
    exact = [100 * value for value in values]
    rounded = [math.floor(value) for value in exact]
    lacking = round(sum(exact)) - sum(rounded)
    most_lost = sorted(range(len(exact)), key=lambda n: rounded[n] - exact[n])
    for n in most_lost[:lacking]:
        rounded[n] += 1
    return rounded


def _with_titles(reason: Reason) -> str:
    named = ", ".join(f"“{title}”" for title in reason.titles)
    return f"{reason.text}: {named}" if named else reason.text


def _taste(
    part: Part, value: float, id: str, library: Library, taste: Taste, close: tuple[str, ...]
) -> Reason:
    """What a taste says of a paper, with the liked papers close to it where they speak for it."""
    mine = part is Part.PERSON
    liked = "you liked" if mine else "upvoted here"
    # What was shown and left alone counts a little, like what was voted down.
    passed = "papers you passed over" if mine else "papers passed over here"
    near = close if value > 0 else ()
    if value > 0 and id in taste.liked.ids:
        text = f"one of the papers {liked}" + (f", and close to {_count(len(near), 'other')}" if near else "")
    elif near:
        text = f"close to {_count(len(near), 'paper')} {liked}"
    elif value > 0:
        text = f"closer than most to the papers {liked}" if taste.liked.ids else f"unlike the {passed}"
    elif id in taste.disliked.ids:
        text = f"one of the {passed}"
    else:
        text = f"unlike the papers {liked}" if taste.liked.ids else f"close to the {passed}"
    return Reason(part, value, text, near, tuple(library.papers[id].title for id in near))


def _close(library: Library, taste: Taste, part: Part, scored: Sequence[Scored]) -> list[tuple[str, ...]]:
    """For each paper those that a taste was learned from and it is close to, but itself; none where none is named."""
    named = [one.id for one in scored if one.parts[part] >= WORTH_SAYING]
    found = dict(zip(named, neighbours(library, taste, named, NEAREST + 1), strict=True))
    return [tuple(near.id for near in found.get(one.id, ()) if near.id != one.id)[:NEAREST] for one in scored]


def _text(part: Part, value: float, candidate: Candidate, tally: Tally) -> str:
    match part:
        case Part.UPVOTES:
            return _upvotes(candidate)
        case Part.FORECAST:
            title = "a short title" if value > 0 else "a long title"
            return f"{title}, with which papers gather {'more' if value > 0 else 'fewer'} upvotes later"
        case Part.VOTES:
            return _votes(tally, value)
        case Part.TOPICS:
            return (
                f"topic: {', '.join(candidate.topics)}" if candidate.topics else "a topic that was followed"
            )
        case Part.AUTHORS:
            return (
                f"by {', '.join(candidate.authors)}" if candidate.authors else "by somebody who was followed"
            )
    raise AssertionError(part)


def _upvotes(candidate: Candidate) -> str:
    upvotes, above = candidate.trend.upvotes, int(100 * candidate.trend.above)
    if upvotes is None:
        return "not among Hugging Face's daily papers"
    rank = f"more than {above} % of that day's" if above else "no more than any other of that day"
    return f"{_count(upvotes, 'upvote')} on Hugging Face, {rank}"


def _votes(tally: Tally, value: float) -> str:
    if not tally.up and not tally.down:
        return (
            "no votes here, where papers are voted down more than up"
            if value > 0
            else "posted here a while ago, and nobody has voted for it"
        )
    counts = [(tally.up, "upvote"), (tally.down, "downvote")]
    said = " and ".join(_count(number, noun) for number, noun in counts if number)
    return f"{said} here" + (", fewer than usual" if value < 0 <= tally.net else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
