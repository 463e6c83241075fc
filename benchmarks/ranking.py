"""Learning a taste and scoring with it, and what the tastes of ten thousand people take in memory.

The library holds papers of made-up words, spread as words are (Zipf), with sentences that come again, so that a paper
has about as many pairs and triples in common with others as a real one; and two embeddings, as large as the bot's own
and an encoder's. Timed are the taste from 500 votes, 1,000 candidates scored with it, the reasons for one of them, and
an edition of 5 chosen from 200; beside each the least that could be done: the mean of the same votes' vectors of the
encoder, and the candidates' products with it. One thread, if OMP_NUM_THREADS is 1.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.harness import Figures, Side, alternate, main, show, timed
from bot.ranking import taste
from bot.ranking.edition import choose
from bot.ranking.library import Library
from bot.ranking.parts import Candidate, scored
from bot.ranking.taste import Taste
from bot.ranking.trend import Gathered, trends
from bot.ranking.vectors import ByPaper
from bot.ranking.why import explain
from storage.models import Paper

MEAN, PRODUCTS = "mean of the votes' vectors", "products with one vector"
SIZES = (256, 384)
_VOCABULARY, _SENTENCES, _WORDS = 20_000, 3_000, 18


async def measure(
    *, rounds: int = 9, times: int = 10, papers: int = 3_000, votes: int = 500, candidates: int = 1_000,
    people: int = 10_000,
) -> None:  # fmt: skip
    """Measure and print; every size can be chosen."""
    rng = np.random.default_rng(0)
    read = made_up(papers, rng)
    started = time.perf_counter()
    library = Library(read, [_vectors(read, size, rng) for size in SIZES])
    print(f"a library of {papers:,} papers is built in {time.perf_counter() - started:.2f} s")
    ids = list(library.papers)
    voted, asked = [
        rng.choice(ids, min(count, papers), replace=False).tolist() for count in (votes, candidates)
    ]
    preferred = {id: -1.0 if number % 10 == 0 else 1.0 for number, id in enumerate(voted)}
    await _learning(library, preferred, rounds, times)
    await _scoring(library, preferred, asked, rounds, times)
    _memory(library, ids, min(votes, papers), people)


async def _learning(library: Library, preferred: dict[str, float], rounds: int, times: int) -> None:
    vectors = np.random.default_rng(1).standard_normal((len(library.papers), SIZES[-1]), np.float32)
    rows = library.rows(preferred)
    sides = {
        f"taste from {len(preferred)} votes": _side(partial(taste.learn, library, preferred), times),
        MEAN: _side(lambda: vectors[rows].mean(axis=0), times),
    }
    show("Learning", await alternate(sides, rounds), MEAN, "p50 ms")


async def _scoring(
    library: Library, preferred: dict[str, float], asked: list[str], rounds: int, times: int
) -> None:
    learned = taste.learn(library, preferred)
    vectors = np.random.default_rng(2).standard_normal((len(asked), SIZES[-1]), np.float32)
    shortlist = _candidates(library, asked[:200])
    ranked = scored(shortlist, library, channel=learned)
    # One that taste lifts: only then are there papers to name.
    one = max(range(len(ranked)), key=lambda n: ranked[n].familiar)
    sides = {
        f"{len(asked):,} candidates": _side(partial(taste.score, library, learned, asked), times),
        "reasons for one of them": _side(
            lambda: explain(shortlist[one], ranked[one], library, channel=learned), times
        ),
        f"edition of 5 from {len(shortlist)}": _side(lambda: choose(ranked, 5, library.alike), times),
        PRODUCTS: _side(lambda: vectors @ vectors[0], times),
    }
    show("Scoring", await alternate(sides, rounds), PRODUCTS, "p50 ms")


def _memory(library: Library, ids: list[str], votes: int, people: int) -> None:
    """What the tastes take, beside the same ids and weights as two arrays of numbers a person."""
    rng = np.random.default_rng(3)
    tracemalloc.start()
    tastes: list[Taste] = []
    for _ in range(people):
        liked = rng.choice(len(ids), votes, replace=False)
        tastes.append(taste.learn(library, {ids[n]: 1.0 for n in liked}))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    least = people * votes * (np.dtype(np.int32).itemsize + np.dtype(np.float32).itemsize)
    print(
        f"\n{people:,} people's tastes of {votes} votes: {taken / 1e6:.1f} MB, {taken / least:.2f} of two arrays"
    )


def _side(call: Callable[[], object], times: int) -> Side:
    async def run() -> Figures:
        return timed(call, times)

    return run


def _candidates(library: Library, ids: list[str]) -> list[Candidate]:
    day = trends([Gathered(library.papers[id].title, number) for number, id in enumerate(ids)])
    return [Candidate(id, trend) for id, trend in zip(ids, day, strict=True)]


def made_up(count: int, rng: np.random.Generator) -> list[Paper]:
    chances = 1 / np.arange(1, _VOCABULARY + 1)
    words = rng.choice(_VOCABULARY, (_SENTENCES, _WORDS), p=chances / chances.sum())
    sentences = [" ".join(f"word{word}" for word in row) for row in words]
    chosen = rng.integers(_SENTENCES, size=(count, 10))
    return [
        Paper(
            id=f"2601.{number:05}", title=sentences[row[0]], abstract=". ".join(sentences[n] for n in row[1:])
        )
        for number, row in enumerate(chosen)
    ]


def _vectors(papers: list[Paper], size: int, rng: np.random.Generator) -> ByPaper:
    rows = rng.standard_normal((len(papers), size), np.float32)
    return dict(zip((paper.id for paper in papers), rows, strict=True))


if __name__ == "__main__":
    main(measure)
