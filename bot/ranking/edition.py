"""Which papers an edition holds: the best, but unlike one another, with a surprise and perhaps a late bloomer."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from bot.ranking.parts import Scored
from bot.ranking.words import Floats
from storage.models import Paper

#: The lambda of MMR that is not relevance's: how much being unlike the papers above counts.
DIVERSITY = 0.3
#: Smaller editions have no slot to spare for exploration.
FEWEST_TO_EXPLORE = 3
#: Titles more alike than this, of 100, are of one paper.
SAME_TITLE = 95
_VERSION = re.compile(r"v\d+$")
_WORD = re.compile(r"\w+")
_ARTICLES = frozenset({"a", "an", "the"})

Alike = Callable[[Sequence[str], Sequence[str]], Floats]


class Role(StrEnum):
    """Why a paper is in: as one of the best, grown since its day, or to learn whether it is liked."""

    BEST = "best"
    BLOOMED = "bloomed"
    EXPLORED = "explored"


class Choice(NamedTuple):
    id: str
    role: Role


def unseen(papers: Iterable[Paper], had: Iterable[Paper]) -> list[Paper]:
    """The papers that are none of those a channel had, each once: another version or a near-equal title is the same."""
    ids = {_VERSION.sub("", paper.id) for paper in had_list} if (had_list := list(had)) else set()
    titles = [_plain(paper.title) for paper in had_list]
    fresh = []
    for paper in papers:
        id, title = _VERSION.sub("", paper.id), _plain(paper.title)
        if id not in ids and not _known(title, titles):
            ids.add(id)
            titles.append(title)
            fresh.append(paper)
    return fresh


def choose(
    scored: Sequence[Scored],
    size: int,
    alike: Alike,
    *,
    bloomed: Collection[str] = (),
    diversity: float = DIVERSITY,
    seed: str = "",
) -> list[Choice]:
    """An edition of `size` papers, in order; fewer when there are fewer.

    `scored` are papers the channel has not had (`unseen`), today's and those of earlier days that `bloomed` since,
    of which the best one gets a slot. The last slot of three or more is for exploration: a paper that would not have
    been in, drawn by `seed` (the channel and the day, say) from the better half by everything but taste, so that
    taste does not close in on itself. The others are chosen by `diversify`.
    """
    late = max((one for one in scored if one.id in bloomed), key=lambda one: one.total, default=None)
    todays = [one for one in scored if one.id not in bloomed]
    explores = size >= FEWEST_TO_EXPLORE and len(todays) + bool(late) > size and _tasted(scored)
    ranked = diversify(todays, size - bool(late) - explores, alike, diversity)
    choices = [Choice(one.id, Role.BEST) for one in ranked]
    if late and size:
        above = sum(one.total >= late.total for one in ranked)
        choices.insert(above, Choice(late.id, Role.BLOOMED))
    if explores:
        choices.append(Choice(_explored(todays, choices, seed), Role.EXPLORED))
    return choices


def diversify(
    scored: Sequence[Scored], size: int, alike: Alike, diversity: float = DIVERSITY
) -> list[Scored]:
    """The best `size` by maximal marginal relevance (Carbonell and Goldstein, 1998).

        (1 - d) r(p) - d max over chosen q of alike(p, q),  r(p) the score, from 0 for the lowest to 1

    With diversity d = 0, the order of the scores; equals stay in the order they came in.
    """
    if not scored or size <= 0:
        return []
    totals = np.array([one.total for one in scored])
    relevance = (totals - totals.min()) / max(float(np.ptp(totals)), 1e-9)
    likeness = alike([one.id for one in scored], [one.id for one in scored])
    nearest, left, chosen = np.zeros(len(scored)), np.ones(len(scored), bool), list[int]()
    while left.any() and len(chosen) < size:
        marginal = (1 - diversity) * relevance - diversity * nearest
        best = int(np.argmax(np.where(left, marginal, -np.inf)))
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, likeness[:, best])
    return [scored[n] for n in chosen]


def _tasted(scored: Iterable[Scored]) -> bool:
    return any(one.familiar for one in scored)


def _explored(todays: Sequence[Scored], choices: Sequence[Choice], seed: str) -> str:
    taken = {choice.id for choice in choices}
    rest = sorted((one for one in todays if one.id not in taken), key=lambda one: one.familiar - one.total)
    # The seed is no secret: it makes an edition the same when it is planned again.
    return random.Random(seed).choice(rest[: (len(rest) + 1) // 2]).id  # noqa: S311


def _plain(title: str) -> str:
    return " ".join(word for word in _WORD.findall(title.lower()) if word not in _ARTICLES)


def _known(title: str, titles: Sequence[str]) -> bool:
    near = process.extract(title, titles, scorer=fuzz.ratio, score_cutoff=SAME_TITLE, limit=None)
    return any(_same(title, other) for other, _, _ in near)


def _same(title: str, other: str) -> bool:
    """Whether two near-equal titles are of one paper: `Qwen2` is not `Qwen3`, nor is part I part II."""
    odd = set(title.split()) ^ set(other.split())
    return not any(len(word) < 4 or any(letter.isdigit() for letter in word) for word in odd)
