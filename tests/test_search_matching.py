"""Whether a paper is of a topic: the search's grammar, asked of one paper."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search import matches, parse
from storage.models import Paper
from tests.library import opened

PAPER = Paper(
    id="2601.00001",
    title="Diffusion Policies for Grasping",
    abstract="We learn visuomotor policies by few-shot imitation. Code: github.com/x/y.",
    authors=("Ada K. Lovelace", "Geoffrey Hinton"),
    categories=("cs.RO", "cs.LG"),
    keywords=("manipulation",),
    published=datetime(2026, 1, 5, tzinfo=UTC),
    upvotes=3,
)
ASKED = {
    "diffusion policy": True,
    "policy diffusion": True,
    "diffusion vision": False,
    "grasping -imitation": False,
    "grasping -vision": True,
    "-vision": True,
    "-grasping": False,
    '"visuomotor policies"': True,
    '"policies visuomotor"': False,
    "few-shot": True,
    "manipulation": True,
    "title:grasping": True,
    "title:imitation": False,
    "author:hinton": True,
    'author:"Lovelace, Ada"': False,
    'author:"Hinton, Geoffrey"': True,
    'author:"G Hinton"': True,
    "author:gauss": False,
    "cat:cs.RO": True,
    "cat:cs.*": True,
    "cat:cs.CL": False,
    "cat:cs.CL cat:cs.LG": True,
    "cat:math.*": False,
    "-cat:cs.RO grasping": False,
    "has:code": True,
    "from:huggingface": True,
    "after:2026-01-05": True,
    "after:2026-01-06": False,
    "before:2026-01-05": False,
    "before:2026-02": True,
    "papers about diffusion": True,
    "hinton": True,
    "2601.00001": True,
    "": False,
    "...": False,
    "sort:new": False,
}


@pytest.mark.parametrize("typed", ASKED)
def test_a_paper_is_of_a_topic_or_not(typed: str) -> None:
    assert matches(parse(typed), PAPER) is ASKED[typed]


async def test_the_index_agrees(tmp_path: Path) -> None:
    async with opened(tmp_path / "papers.db") as library:
        await library.has(PAPER)
        for typed, wanted in ASKED.items():
            found = await library.search.search(typed) if typed else None
            # Of words the index finds papers that have some, so only those with every word are compared.
            every = bool(found and (found.every_word if found.query.of("word") else found.papers))
            # A phrase that nobody has is searched as words, with a note.
            every = every and not (found and found.notes)
            assert every is wanted or typed == "sort:new", typed


@given(st.text(max_size=60))
def test_anything_can_be_asked(typed: str) -> None:
    assert matches(parse(typed), PAPER) in (True, False)
