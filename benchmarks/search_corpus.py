"""As many papers as are wanted, each of its own: sentences of real abstracts put together anew, and coined names.

The real papers lie beside a checkout for development and don't come with it. Where they are missing, their place
is taken by texts of made-up words, of which few are frequent and most are rare, as Zipf's law has it.
"""

from __future__ import annotations

import functools
import json
import lzma
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, NamedTuple

from storage import Store
from storage.models import Batch, Paper

REAL = Path(__file__).parent.parent.parent / "shared/data/papers/arxiv-2025.jsonl.xz"
FIRST = datetime(2006, 1, 1, tzinfo=UTC)
YEARS = 20
#: Papers kept in one transaction: a thousandth of the time goes to the disk, and memory stays small.
_TOGETHER = 10_000
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_SYLLABLES = [first + second for first in "bcdfgklmnprstvz" for second in ("a", "el", "i", "on", "ur")]
_INVENTED_PAPERS, _INVENTED_WORDS = 5_000, 60_000


class Source(NamedTuple):
    """A paper that others are put together from."""

    title: list[str]
    sentences: list[str]
    categories: tuple[str, ...]
    authors: tuple[str, ...]


class Varied:
    """Papers without end: number n is the same whenever it is asked for."""

    def __init__(self, papers: int, real: Path = REAL) -> None:
        self.papers = papers
        self._sources = _sources(real)
        self._alike: dict[str, list[Source]] = defaultdict(list)
        for source in self._sources:
            self._alike[source.categories[0]].append(source)

    @cached_property
    def originals(self) -> list[str]:
        """The abstracts that these papers were put together from."""
        return [" ".join(source.sentences) for source in self._sources]

    def __iter__(self) -> Iterator[Paper]:
        return map(self.paper, range(self.papers))

    def paper(self, number: int) -> Paper:
        """Also one after the last, as another day brings them."""
        chance = random.Random(number)
        source = chance.choice(self._sources)
        other = chance.choice(self._alike[source.categories[0]])
        published = FIRST + timedelta(days=365.25 * YEARS * (number / (self.papers + 1_000)) ** 0.6)
        curated = chance.random() < 0.05
        return Paper(
            # In order, and no month has as many as a hundred thousand.
            id=f"{published:%y%m}.{number % 100_000:05d}",
            title=self._title(chance, source, other),
            abstract=self._abstract(chance, source, other),
            authors=tuple(chance.choice((source, other)).authors),
            categories=source.categories,
            published=published,
            code_url=f"https://github.com/lab/{number}" if chance.random() < 0.1 else "",
            upvotes=int(chance.paretovariate(1.0)) if curated else None,
        )

    def _title(self, chance: random.Random, source: Source, other: Source) -> str:
        words = source.title[: len(source.title) // 2 + 1] + other.title[len(other.title) // 2 :]
        return f"{self._coined(chance)}: {' '.join(words)}" if chance.random() < 0.3 else " ".join(words)

    def _abstract(self, chance: random.Random, source: Source, other: Source) -> str:
        """About three fifths of one abstract, in their order, and in between something of another."""
        sentences = [
            sentence if chance.random() < 0.6 else chance.choice(other.sentences)
            for sentence in source.sentences
        ]
        # A million papers have words that thirty thousand don't have.
        return f"{' '.join(sentences)} {self._coined(chance)}."

    def _coined(self, chance: random.Random) -> str:
        """A name of which most papers have one of their own, and some share one."""
        number, name = int(self.papers * chance.random() ** 2) + len(_SYLLABLES) ** 2, ""
        while number:
            number, syllable = divmod(number, len(_SYLLABLES))
            name += _SYLLABLES[syllable]
        return name.capitalize()


@functools.cache
def _sources(path: Path) -> list[Source]:
    if not path.exists():
        return list(_invented())
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [_source(json.loads(line)) for line in lines]


def _source(row: dict[str, Any]) -> Source:
    return Source(
        row["title"].split(),
        _SENTENCE_END.split(row["abstract"].strip()),
        tuple(category for category in row["categories"] if re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", category))
        or ("cs.AI",),
        tuple(row["authors"]),
    )


def _invented() -> Iterator[Source]:
    chance = random.Random(0)
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(chance.choices(letters, k=chance.randint(3, 11))) for _ in range(_INVENTED_WORDS)]
    zipf = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    for _ in range(_INVENTED_PAPERS):
        sentences = [
            " ".join(chance.choices(words, cum_weights=zipf, k=chance.randint(12, 28))).capitalize() + "."
            for _ in range(chance.randint(4, 10))
        ]
        authors = [" ".join(chance.choices(words, k=2)).title() for _ in range(chance.randint(1, 6))]
        category = chance.choice(("cs.LG", "cs.CL", "cs.CV", "math.CO", "hep-th"))
        yield Source(chance.choices(words, cum_weights=zipf, k=9), sentences, (category,), tuple(authors))


async def fill(store: Store, papers: Iterator[Paper]) -> float:
    """Keep papers, as a backfill would; returns the seconds it took."""
    began = time.perf_counter()
    while some := tuple(islice(papers, _TOGETHER)):
        listed = tuple(paper.id for paper in some if paper.upvotes is not None)
        day = (some[-1].published or FIRST).date()
        batch = Batch(source="huggingface", papers=some, day=day, listed=listed)
        await store.keep(batch, datetime.now(UTC))
    return time.perf_counter() - began
