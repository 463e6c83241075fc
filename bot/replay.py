"""The ranking on events whose outcome is known: whom it would have shown what, and how good that was.

Papers and events are JSON Lines, plain or compressed. A paper has `id`, `title` and maybe `abstract` and `upvotes`; an
event is a person on a day: `user`, `day`, `history` (ids liked before, oldest first), maybe `disliked`, `positives`
(ids that were wanted) and `pool` (the ids to order).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import UsageError
from bot.files import read_objects
from bot.ranking import evaluate, taste
from bot.ranking.library import Library
from bot.ranking.parts import TREND
from bot.ranking.trend import HALF_TIME_HOURS, Gathered, trends
from bot.ranking.vectors import ByPaper
from bot.search.index import Progress
from bot.search.models import AUTO, Embedding, find
from bot.search.static import load
from bot.search.transformer import Transformer
from storage.models import Paper

#: Texts embedded between two reports of progress.
_PART = 64

_Model = TypeVar("_Model", bound=BaseModel)

#: Files of others number their papers.
Id = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


class Event(BaseModel):
    """One person, one day: what was liked before, and what was wanted of the pool."""

    model_config = ConfigDict(frozen=True)

    user: Id
    day: str = ""
    history: list[Id] = []
    disliked: list[Id] = []
    positives: list[Id] = []
    pool: list[Id] = Field(min_length=1)

    @property
    def preferences(self) -> dict[str, float]:
        return dict.fromkeys(self.disliked, -1.0) | dict.fromkeys(self.history, 1.0)

    @property
    def mentioned(self) -> set[str]:
        return {*self.history, *self.disliked, *self.positives, *self.pool}


class _Line(BaseModel):
    """A paper as a file has it; fields that the ranking does not read are passed over."""

    id: Id = Field(min_length=1)
    title: str
    abstract: str | None = None
    upvotes: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class Result(NamedTuple):
    """An event, the scores of its pool, and the seconds it took to learn the taste and to score."""

    event: Event
    scores: dict[str, float]
    seconds: float


def read_papers(path: Path) -> list[Paper]:
    """Raises UsageError with the file and the line for what is no paper."""
    read = (_checked(_Line, value, where) for where, value in read_objects(path))
    return [
        Paper(id=line.id, title=line.title, abstract=line.abstract or "", upvotes=line.upvotes)
        for line in read
    ]


def read_events(path: Path, known: Iterable[str]) -> list[Event]:
    """Raises UsageError with the file and the line for what is no event, or names a paper that is not `known`."""
    papers, events = set(known), []
    for where, value in read_objects(path):
        event = _checked(Event, value, where)
        if missing := sorted(event.mentioned - papers):
            raise UsageError(f"{where}: there is no paper {missing[0]} among the papers.")
        events.append(event)
    if not events:
        raise UsageError(f"{path} has no events, so there is nothing to measure.")
    return events


def embeddings(
    papers: Sequence[Paper], events: Iterable[Event], embedding: Embedding, progress: Progress
) -> list[ByPaper]:
    """Static vectors of all papers and, where the settings have an encoder, its vectors of those in events.

    Raises SearchError when an encoder is named that can't be had.
    """
    found: list[ByPaper] = [_embedded(papers, load().embed, lambda done, total: None)]
    # Whoever names a model wants it measured, even if it has to be fetched first.
    if folder := find(embedding, fetch=embedding.choice != AUTO):
        wanted = {id for event in events for id in event.mentioned}
        asked = [paper for paper in papers if paper.id in wanted]
        found.append(_embedded(asked, Transformer(folder).papers, progress))
    return found


def rank(library: Library, events: Iterable[Event], *, trend: bool) -> Iterator[Result]:
    """The scores of each event's pool, by the taste of its history, and by the pool's upvotes with `trend`."""
    for event in events:
        started = time.perf_counter()
        learned = taste.learn(library, event.preferences)
        liked = taste.score(library, learned, event.pool)
        popular = _popularity(library, event.pool) if trend else [0.0] * len(event.pool)
        scores = {id: float(a) + b for id, a, b in zip(event.pool, liked, popular, strict=True)}
        yield Result(event, scores, time.perf_counter() - started)


def measured(results: Sequence[Result]) -> dict[str, float]:
    """nDCG@5, MRR and AUC as means over the events that have positives, and milliseconds an event.

    What no event allows to measure is left out.
    """
    judged = [(one.scores, set(one.event.positives)) for one in results if one.event.positives]
    values = {
        "nDCG@5": [evaluate.ndcg(scores, wanted) for scores, wanted in judged],
        "MRR": [evaluate.reciprocal_rank(scores, wanted) for scores, wanted in judged],
        "AUC": [evaluate.auc(scores, wanted) for scores, wanted in judged],
        "ms/event": [1000 * one.seconds for one in results],
    }
    means = {name: _mean(figures) for name, figures in values.items()}
    return {name: mean for name, mean in means.items() if not math.isnan(mean)}


def write_run(results: Iterable[Result], file: IO[str]) -> None:
    """A line of JSON for each event: user, day, and the scores of its pool."""
    for one in results:
        file.write(json.dumps({"user": one.event.user, "day": one.event.day, "scores": one.scores}) + "\n")


def _popularity(library: Library, pool: Sequence[str]) -> list[float]:
    papers = [library.papers[id] for id in pool]
    # All were read at one time, with about half of their upvotes still to come.
    day = trends([Gathered(paper.title, paper.upvotes, HALF_TIME_HOURS - 1) for paper in papers])
    return [TREND * (one.popularity + one.forecast) for one in day]


def _embedded(papers: Sequence[Paper], embed: Callable[[list[str]], Any], progress: Progress) -> ByPaper:
    vectors: dict[str, Any] = {}
    for start in range(0, len(papers), _PART):
        part = papers[start : start + _PART]
        vectors.update(zip((paper.id for paper in part), embed([paper.about for paper in part]), strict=True))
        progress(start + len(part), len(papers))
    return vectors


def _mean(figures: Iterable[float]) -> float:
    known = [figure for figure in figures if not math.isnan(figure)]
    return sum(known) / len(known) if known else math.nan


def _checked(model: type[_Model], value: Mapping[str, Any], where: str) -> _Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {field}: {first['msg'].lower()}.") from error
