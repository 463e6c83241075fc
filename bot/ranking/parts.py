"""The score of a paper for a channel or a person: a sum of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.ranking import taste as tastes
from bot.ranking.library import Library
from bot.ranking.taste import NO_TASTE, Taste
from bot.ranking.trend import Trend


class Part(StrEnum):
    """What a score is made of: whose taste it meets, how it is upvoted, here and elsewhere, and its topics."""

    PERSON = "person"
    CHANNEL = "channel"
    UPVOTES = "upvotes"
    FORECAST = "forecast"
    VOTES = "votes"
    TOPICS = "topics"
    AUTHORS = "authors"


#: What a standard deviation of each is worth; taste counts by the number of votes it rests on, besides.
TREND, TOPIC, AUTHOR = 0.3, 1.0, 1.0


class Candidate(NamedTuple):
    """A paper that may be shown: its trend among its day's papers, the `team` of its votes, and what is followed of it.

    `topics` it matches, and `authors` of it, are those that the person or the channel wants more of.
    """

    id: str
    trend: Trend
    votes: float = 0.0
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


class Scored(NamedTuple):
    """A paper and the parts of its score; those that are 0 are there too."""

    id: str
    parts: dict[Part, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    @property
    def familiar(self) -> float:
        """How much of the score is owed to what was liked before."""
        return self.parts[Part.PERSON] + self.parts[Part.CHANNEL]


def scored(
    candidates: Sequence[Candidate], library: Library, person: Taste = NO_TASTE, channel: Taste = NO_TASTE
) -> list[Scored]:
    """The score of each candidate, in their order.

        taste(person) + taste(channel) + 0.3 popularity + 0.3 forecast + team votes
            + 1 if it matches a topic + 1 if it is by somebody who is followed

    Give a person's taste, a channel's, or both. Every candidate has to be in the library.
    """
    ids = [candidate.id for candidate in candidates]
    mine, ours = tastes.score(library, person, ids), tastes.score(library, channel, ids)
    return [
        Scored(candidate.id, {Part.PERSON: float(own), Part.CHANNEL: float(shared), **_others(candidate)})
        for candidate, own, shared in zip(candidates, mine, ours, strict=True)
    ]


def _others(candidate: Candidate) -> Mapping[Part, float]:
    return {
        Part.UPVOTES: TREND * candidate.trend.popularity,
        Part.FORECAST: TREND * candidate.trend.forecast,
        Part.VOTES: candidate.votes,
        Part.TOPICS: TOPIC * bool(candidate.topics),
        Part.AUTHORS: AUTHOR * bool(candidate.authors),
    }
