"""Papers as they are: what people remember of one finds it among thousands."""

from __future__ import annotations

import json
import lzma
import random
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from storage.models import Paper
from tests.library import fill, opened
from tests.upstream import recorded

PAPERS, ASKED = 3_000, 200


class Corpus(NamedTuple):
    path: Path
    papers: list[Paper]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    with lzma.open(recorded("papers/arxiv-2025.jsonl.xz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(PAPERS), strict=False)]
    papers = [
        Paper(**{name: row[name] for name in ("id", "title", "abstract")}, authors=tuple(row["authors"]))
        for row in rows
    ]
    path = fill(tmp_path_factory.mktemp("real") / "papers.db", *papers)
    return Corpus(path, random.Random(7).sample(papers, ASKED))


def title(paper: Paper, _: random.Random) -> str:
    return paper.title


def half_of_the_title(paper: Paper, chance: random.Random) -> str:
    words = paper.title.split()
    return " ".join(chance.sample(words, (len(words) + 1) // 2))


def a_sentence(paper: Paper, chance: random.Random) -> str:
    return chance.choice(re.split(r"(?<=[.!?])\s+", paper.abstract))


def an_author_and_a_word(paper: Paper, chance: random.Random) -> str:
    return f"{chance.choice(paper.authors)} {max(paper.title.split(), key=len)}"


async def test_what_people_remember_of_a_paper_finds_it(real: Corpus) -> None:
    """Each: what is remembered, among how many results the paper should be, and how often it may be missed."""
    chance = random.Random(11)
    async with opened(real.path) as library:
        for remembered, place, often in (
            (title, 1, 0.03),
            (half_of_the_title, 5, 0.1),
            (a_sentence, 1, 0.1),
            (an_author_and_a_word, 3, 0.05),
        ):
            asked = [(paper.id, await library.ids(remembered(paper, chance), place)) for paper in real.papers]
            missed = [id for id, found in asked if id not in found]
            assert len(missed) <= often * ASKED, (remembered, missed)
