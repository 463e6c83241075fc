"""Searching the stored papers: plain words, whatever else a query holds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import FEW, MOST_MATCHES, QUERY_LIMIT, search
from storage import Store
from storage.models import Batch, Paper

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
TITLES = {
    "both": "Diffusion policy for robots",
    "one": "Diffusion of heat",
    "other": "Policy gradients",
    "near": "Near misses or not: a study and a survey",
    "résumé": "Résumé parsing with 視覚 transformers 🤖",
    "snake": "The graph_rag library, version v2",
}


async def library(store: Store, titles: dict[str, str]) -> Store:
    papers = tuple(Paper(id=id, title=title) for id, title in titles.items())
    await store.keep(Batch(source="arxiv", papers=papers), NOW)
    return store


async def ids(store: Store, query: str, limit: int = MOST_MATCHES) -> list[str]:
    return [paper.id for paper in (await search(store, query, limit)).papers]


@pytest.fixture
async def papers(store: Store) -> Store:
    return await library(store, TITLES)


async def test_papers_with_every_word_come_before_those_with_some(papers: Store) -> None:
    found = await search(papers, "robots policy diffusion")
    assert [paper.id for paper in found.papers][:1] == ["both"]
    assert {paper.id for paper in found.papers} == {"both", "one", "other"}
    assert found.every_word == 1


async def test_papers_with_some_words_are_shown_only_while_few_have_every_word(store: Store) -> None:
    enough = {str(n): "Diffusion policy" for n in range(FEW)}
    await library(store, {**enough, "some": "Diffusion"})
    assert sorted(await ids(store, "diffusion policy")) == sorted(enough)
    await library(store, {"0": "Something else"})
    assert (await ids(store, "diffusion policy"))[-1] == "some"


async def test_no_paper_comes_twice(papers: Store) -> None:
    found = await ids(papers, "diffusion policy robots heat")
    assert len(found) == len(set(found)) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("NEAR", ["near"]),
        ("near AND not", ["near"]),
        ("NOT OR AND", ["near"]),
        ('"misses near"', ["near"]),
        ("NEAR(misses near, 1)", ["near"]),
        ("title:misses", ["near"]),
        ("{title}: misses*", ["near"]),
        ("^near -misses +study", ["near"]),
        ("misses\x00near", ["near"]),
        ("'; DROP TABLE papers; -- misses", ["near"]),
        ("🤖🤖", []),
        ("🤖 parsing", ["résumé"]),
        ("resume", ["résumé"]),
        ("RÉSUMÉ", ["résumé"]),
        ("視覚", ["résumé"]),
        ("graph_rag", ["snake"]),
        ("graph-rag", ["snake"]),
        ("_ rag", ["snake"]),
        ("___", []),
        ("", []),
        ("   \n\t", []),
        ('"""', []),
        ("*", []),
    ],
)
async def test_a_query_is_plain_words(papers: Store, query: str, expected: list[str]) -> None:
    assert [id for id in await ids(papers, query) if id in expected] == expected
    if not expected:
        assert await ids(papers, query) == []


async def test_operators_do_not_operate(papers: Store) -> None:
    assert (await search(papers, "diffusion NOT robots")).every_word == 0
    assert (await search(papers, "diffusion OR gradients")).every_word == 0


async def test_an_accent_written_as_a_letter_of_its_own_ends_no_word(papers: Store) -> None:
    found = await search(papers, unicodedata.normalize("NFD", "résumé parsing"))
    assert ([paper.id for paper in found.papers], found.every_word) == (["résumé"], 1)


async def test_no_more_papers_than_asked_for_come_back(store: Store) -> None:
    await library(store, {str(n): "Diffusion" for n in range(MOST_MATCHES + 20)})
    await library(store, {"first": "Diffusion policy"})
    assert len(await ids(store, "diffusion")) == MOST_MATCHES
    assert len(await ids(store, "diffusion", 7)) == 7
    assert len(await ids(store, "diffusion policy", 3)) == 3
    assert await ids(store, "diffusion policy", 1) == ["first"]


async def test_a_query_is_read_up_to_its_limit(papers: Store) -> None:
    assert await ids(papers, " " * QUERY_LIMIT + "diffusion") == []
    assert sorted(await ids(papers, f"diffusion {'x' * 10_000}")) == ["both", "one"]
    assert sorted(await ids(papers, "diffusion " * 5_000)) == ["both", "one"]


async def test_hundreds_of_different_words_are_searched_for(papers: Store) -> None:
    assert "near" in await ids(papers, "misses " + " ".join(f"word{n}" for n in range(500)))


@pytest.fixture(scope="module")
def large() -> Iterable[Store]:
    """One store for all the texts of the property below, which change nothing in it."""
    with Store.open(":memory:") as opened:
        yield opened


TEXT = st.text(max_size=60) | st.text(
    alphabet="aé_\"'*^:(){}-+ \x00,NOTANDEROW5\u0301\u200d🤖視", max_size=60
)


@given(TEXT)
@settings(max_examples=250, deadline=None)
async def test_no_text_is_an_error(large: Store, text: str) -> None:
    if not await large.count_papers():
        await library(large, TITLES)
    found = await search(large, text)
    assert found.every_word <= len(found.papers) <= len(TITLES)


@given(
    st.sampled_from(sorted(TITLES)),
    st.text(alphabet="\"'*^:(){}[]-+&|,.;!?<>/\\@#$%~`= \n\t\x00", max_size=20),
)
@settings(max_examples=50, deadline=None)
async def test_a_title_finds_its_paper_whatever_stands_around_its_words(
    large: Store, id: str, noise: str
) -> None:
    if not await large.count_papers():
        await library(large, TITLES)
    found = await search(large, noise.join(["", *TITLES[id].split(), ""]) if noise else TITLES[id])
    if set(noise) - {"'"}:
        assert found.papers[0].id == id
        assert found.every_word >= 1
