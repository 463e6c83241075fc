"""Misspelt words and names: what they may have been meant to be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.models import Paper
from tests.library import Library, fill, opened

PAPERS = (
    *(Paper(id=f"2601.{n:05}", title="Diffusion policies", categories=("cs.LG",)) for n in range(6)),
    Paper(id="2602.00001", title="Diffusing gradients of transformers", authors=("Geoffrey Hinton",)),
    Paper(id="2602.00002", title="Few-shot Schrödinger bridges", authors=("Rémi Munos", "Yann LeCun")),
    Paper(id="2602.00003", title="Cat and car"),
)


@pytest.fixture
async def papers(library: Library) -> Library:
    await library.has(*PAPERS)
    return library


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("grqdients", "gradients"),
        ("gradeints", "gradients"),
        ("gradents", "gradients"),
        ("gradientss", "gradients"),
        ("tradients", "gradients"),
        ("transfromers", "transformers"),
        ("diffusoin", "diffusion"),
        ("schroedinger", "schrodinger"),
        ("DIFUSION policies", "diffusion policies"),
        ("brdges -robots", "bridges -robots"),
        ("polices gradeints", "policies gradients"),
        ("gradeints qqqqqqqq", "gradients qqqqqqqq"),
        ("gradeints:", "gradients:"),
        ("difusion-policies", "diffusion-policies"),
        ("author:hintn", "author:hinton"),
        ("author:hitnon gradients", "author:hinton gradients"),
        ('author:"geoffry hinton"', 'author:"geoffrey hinton"'),
        ("author:munso", "author:munos"),
        ("author:lecum bridges", "author:lecun bridges"),
        ("difusion cat:cs.LG", "diffusion cat:cs.LG".lower()),
    ],
)
async def test_the_nearest_spelling_is_offered_and_finds_papers(
    papers: Library, typed: str, meant: str
) -> None:
    assert (await papers.search.search(typed)).suggestion == meant
    assert await papers.ids(meant)


@pytest.mark.parametrize(
    "typed",
    [
        "diffusion",
        "policy",
        "shroedingerism",
        "dog",
        "caz",
        "qqqqqqqqqqq",
        "gradeints -gradients",
        "gradeints cat:math.PR",
        "author:hintn -author:hinton",
        "-gradeints",
        "視覚",
        "author:li",
    ],
)
async def test_nothing_is_offered_for_known_short_or_strange_words_or_where_it_would_find_nothing(
    papers: Library, typed: str
) -> None:
    assert (await papers.search.search(typed)).suggestion == ""


async def test_of_equally_near_words_the_one_that_more_papers_have_is_offered(library: Library) -> None:
    await library.titled({"1": "Stacks", "2": "Slacks", "3": "Slacks again"})
    assert (await library.search.search("sxacks")).suggestion == "slacks"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("spelling") / "papers.db", *PAPERS)


SLIPS = st.sampled_from(
    [
        "difusion",
        "gradeints",
        "polices",
        "author:hintn",
        "author:lecnu",
        "-diffusion",
        "-gradients",
        "cat:cs.LG",
        "cat:math.PR",
        "bridges",
        "title:few",
    ]
)


@given(st.lists(SLIPS, min_size=1, max_size=5).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_what_is_offered_always_finds_a_paper(filled: Path, typed: str) -> None:
    async def ask() -> None:
        async with opened(filled) as library:
            suggestion = (await library.search.search(typed)).suggestion
            assert not suggestion or await library.ids(suggestion)

    asyncio.run(ask())
