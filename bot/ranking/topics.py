"""Which topics rose and which fell: those of some papers beside those of others, with how far chance could go.

Log-odds with a prior: Monroe, Colaresi and Quinn, "Fightin' Words: Lexical Feature Selection and Evaluation for
Identifying the Content of Political Conflict" (Political Analysis 16:4, 2008), equations 15 to 22, on papers instead of
words, so that one paper that repeats a term counts once.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from storage.models import Paper

#: How many papers the prior weighs: as many as keep two papers in a week from being a topic.
PRIOR = 10.0
#: A difference of so many standard errors is shown; chance alone makes one in twenty as great.
SURE = 1.96
BY_CHANCE = 0.05
#: A term of fewer papers, now and before together, tells nothing.
FEWEST = 8
#: A term in more than this share of the papers is the field itself.
MOST_COMMON = 0.3
#: With fewer papers than these on either side, nothing is said.
ENOUGH = 20
_WORD = re.compile(r"\w+")
# "large language models (LLMs)" is two spellings of one topic.
_ASIDE = re.compile(r"\([^)]*\)?")
_LONGEST = 3


class Topic(NamedTuple):
    """A term, in how many of the papers it stands now, and in how many it stood before."""

    term: str
    now: int
    of_now: int
    before: int
    of_before: int

    @property
    def share(self) -> float:
        return self.now / self.of_now

    @property
    def share_before(self) -> float:
        return self.before / self.of_before


class Topics(NamedTuple):
    """What rose and what fell, surest first, out of how many that were followed."""

    rising: tuple[Topic, ...] = ()
    falling: tuple[Topic, ...] = ()
    followed: int = 0

    @property
    def by_chance(self) -> int:
        """How many would seem to rise or fall, at most, if nothing had changed."""
        return round(BY_CHANCE * self.followed)


class _Terms(NamedTuple):
    """What one paper is about, its words without their plural s: what it names as topics, and all that it says."""

    named: frozenset[str]
    said: frozenset[str]


def topics(now: Sequence[Paper], before: Sequence[Paper], most: int = 5) -> Topics:
    """The topics that rose or fell from the papers `before` to those of `now`, `most` of either at most.

        z = d / s,  d = logit((y + a p) / (n + a)) - logit((y' + a p) / (n' + a))
        s^2 = 1 / (y + a p) + 1 / (n - y + a (1 - p)) + 1 / (y' + a p) + 1 / (n' - y' + a (1 - p))

    y of n papers have the term now, y' of n' had it before, p is its share among all of them, and a is PRIOR.
    What is shown has a z beyond 1.96 either way.
    """
    if min(len(now), len(before)) < ENOUGH:
        return Topics()
    terms, terms_before = ([_terms(paper) for paper in papers] for papers in (now, before))
    count, count_before = _papers_with(terms), _papers_with(terms_before)
    followed = [
        Topic(term, count[term], len(now), count_before[term], len(before))
        for term in sorted(_named_twice([*terms, *terms_before]))
        if FEWEST <= count[term] + count_before[term] <= MOST_COMMON * (len(now) + len(before))
    ]
    sure = sorted(((z(one), one) for one in followed if abs(z(one)) >= SURE), key=lambda it: -abs(it[0]))
    texts = [f"{paper.about} {', '.join(paper.keywords)}" for paper in (*now, *before)]
    rising, falling = (
        tuple(_spelt(one, texts) for one in _distinct(topic for at, topic in sure if at * way > 0)[:most])
        for way in (1, -1)
    )
    return Topics(rising, falling, len(followed))


def z(topic: Topic) -> float:
    """How many standard errors lie between the topic's log-odds before and now."""
    prior = PRIOR * (topic.now + topic.before) / (topic.of_now + topic.of_before)
    has, lacks = topic.now + prior, topic.of_now - topic.now + PRIOR - prior
    had, lacked = topic.before + prior, topic.of_before - topic.before + PRIOR - prior
    difference = math.log(has / lacks) - math.log(had / lacked)
    return difference / math.sqrt(1 / has + 1 / lacks + 1 / had + 1 / lacked)


def _terms(paper: Paper) -> _Terms:
    """A paper names its topics by keywords; one without any by the words that follow each other in its title."""
    said = frozenset(_runs(_words(paper.about)))
    keywords = frozenset(" ".join(_words(_ASIDE.sub("", keyword))) for keyword in paper.keywords) - {""}
    named = keywords or frozenset(run for run in _runs(_words(paper.title)) if _is_phrase(run))
    return _Terms(named, said | keywords)


def _words(text: str) -> list[str]:
    return [_singular(word) for word in _WORD.findall(text.lower())]


def _singular(word: str) -> str:
    return (
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    )


def _runs(words: Sequence[str]) -> Iterator[str]:
    for length in range(1, _LONGEST + 1):
        for at in range(len(words) - length + 1):
            yield " ".join(words[at : at + length])


def _is_phrase(run: str) -> bool:
    """Two words or three that all carry meaning: short words are mostly "of", "for" and "with"."""
    words = run.split()
    return len(words) > 1 and all(len(word) > 4 for word in words)


def _papers_with(papers: Iterable[_Terms]) -> Counter[str]:
    return Counter(itertools.chain.from_iterable(paper.said for paper in papers))


def _named_twice(papers: Iterable[_Terms]) -> set[str]:
    """The terms that two papers or more name: what one calls its topic may be its own invention."""
    named = Counter(itertools.chain.from_iterable(paper.named for paper in papers))
    return {term for term, count in named.items() if count > 1}


def _distinct(found: Iterable[Topic]) -> list[Topic]:
    """Of terms that are a part of one another only the first: "video generation model" adds nothing to its part."""
    kept: list[Topic] = []
    for topic in found:
        words = set(topic.term.split())
        if not any(words <= (other := set(one.term.split())) or other <= words for one in kept):
            kept.append(topic)
    return kept


def _spelt(topic: Topic, texts: Sequence[str]) -> Topic:
    """The topic as most of its papers write it: `LLM agents`."""
    words = r"[^\w()]+".join(f"{re.escape(word)}s?" for word in topic.term.split())
    pattern = re.compile(rf"\b{words}\b", re.IGNORECASE)
    spellings = Counter(" ".join(found.split()) for text in texts for found in pattern.findall(text))
    best = max(spellings.items(), key=lambda it: (it[1], it[0]), default=(topic.term, 0))
    return topic._replace(term=best[0])
