"""What a person or a channel asked for in so many words: topics and authors to follow, and those to mute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.search import Query, Term, matches, parse
from storage.models import Interest, Paper, Subject


class Topic(NamedTuple):
    typed: str
    query: Query


class Wishes(NamedTuple):
    """What somebody follows and mutes, ready to be asked of papers."""

    followed_topics: tuple[Topic, ...] = ()
    followed_authors: tuple[str, ...] = ()
    muted_topics: tuple[Topic, ...] = ()
    muted_authors: tuple[str, ...] = ()

    def topics(self, paper: Paper) -> tuple[str, ...]:
        """The followed topics that a paper is of."""
        return tuple(topic.typed for topic in self.followed_topics if matches(topic.query, paper))

    def authors(self, paper: Paper) -> tuple[str, ...]:
        """The followed people that a paper is by."""
        return tuple(name for name in self.followed_authors if _wrote(name, paper))

    def mutes(self, paper: Paper) -> bool:
        """Whether a paper is one of those that somebody does not want to see."""
        return any(_wrote(name, paper) for name in self.muted_authors) or any(
            matches(topic.query, paper) for topic in self.muted_topics
        )


def wishes(interests: Iterable[Interest]) -> Wishes:
    """The wishes among what somebody stated; examples of papers are learned from instead."""
    stated = list(interests)

    def values(subject: Subject, attitude: int) -> tuple[str, ...]:
        return tuple(one.value for one in stated if one.subject is subject and one.attitude == attitude)

    return Wishes(
        followed_topics=tuple(Topic(value, parse(value)) for value in values(Subject.TOPIC, 1)),
        followed_authors=values(Subject.AUTHOR, 1),
        muted_topics=tuple(Topic(value, parse(value)) for value in values(Subject.TOPIC, -1)),
        muted_authors=values(Subject.AUTHOR, -1),
    )


def _wrote(name: str, paper: Paper) -> bool:
    return matches(Query((Term("author", name),)), paper)
