"""Searching the stored papers: words and meaning, whatever a query holds."""

from __future__ import annotations

import asyncio
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import FEW, MOST_MATCHES, QUERY_LIMIT, Found
from storage.models import Paper
from tests.library import NOW, Library, fill, opened

TITLES = {
    "both": "Diffusion policies for robots",
    "one": "Diffusion of heat",
    "other": "Policy gradients",
    "near": "Near misses: a study and a survey",
    "résumé": "Résumé parsing with 視覚 transformers 🤖",
    "snake": "The graph_rag library, version v2",
}


@pytest.fixture
async def papers(library: Library) -> Library:
    await library.titled(TITLES)
    return library


async def test_the_paper_with_every_word_comes_first(papers: Library) -> None:
    found = await papers.search.search("robots policy diffusion")
    assert found.papers[0].id == "both"
    assert {"one", "other"} <= {paper.id for paper in found.papers}
    assert found.every_word == 1


async def test_no_paper_comes_twice(papers: Library) -> None:
    found = await papers.ids("diffusion policy robots heat")
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("NEAR", ["near"]),
        ("near AND not", ["near"]),
        ('"misses a study"', ["near"]),
        ("NEAR(misses near, 1)", ["near"]),
        ("title:misses", ["near"]),
        ("{title}: misses*", ["near"]),
        ("^near +study", ["near"]),
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
async def test_words_find_their_paper_whatever_stands_around_them(
    papers: Library, query: str, expected: list[str]
) -> None:
    assert (await papers.ids(query))[:1] == expected


async def test_a_word_in_the_title_outweighs_one_in_the_abstract(library: Library) -> None:
    filler = "and some other words that are of no interest to anybody"
    await library.has(
        Paper(id="abstract", title="Something else", abstract=f"On gliders {filler}"),
        Paper(id="title", title="On gliders", abstract=f"Something else {filler}"),
    )
    assert await library.ids("gliders") == ["title", "abstract"]


@pytest.mark.parametrize("word", ["diffusion", "policy", "schrodinger", "Schrödinger", "zoe", "MÜLLER"])
async def test_words_are_found_in_other_forms_and_without_their_accents(library: Library, word: str) -> None:
    await library.has(Paper(id="1", title="Diffusing Schrödinger policies", authors=("Zoë Müller",)))
    assert await library.ids(word) == ["1"]


async def test_an_accent_written_as_a_letter_of_its_own_ends_no_word(papers: Library) -> None:
    found = await papers.search.search(unicodedata.normalize("NFD", "résumé parsing"))
    assert (found.papers[0].id, found.every_word) == ("résumé", 1)


SPELLINGS = {
    "gpt": "Evaluating GPT-4o on law",
    "cpp": "Static analysis of C++ templates",
    "c": "Memory safety in C programs",
    "bt": "BT^2: Backward-compatible training",
    "3d": "3D scene reconstruction",
    "hyphen": "Few-shot classification of birds",
    "space": "Few shot segmentation of roads",
    "joined": "Fewshot detection of ships",
    "tnf": "TNF-α in mice",
    "tex": "Schr\\\"odinger bridges and Poincar\\'e maps",
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("GPT-4o", ["gpt"]),
        ("gpt4o", ["gpt"]),
        ("C++", ["cpp"]),
        ("BT^2", ["bt"]),
        ("3D", ["3d"]),
        ("few-shot", ["hyphen", "joined", "space"]),
        ("few shot", ["hyphen", "joined", "space"]),
        ("fewshot", ["hyphen", "joined", "space"]),
        ("TNF-alpha", ["tnf"]),
        ("TNFα", ["tnf"]),
        ("Schrödinger", ["tex"]),
        ("poincare", ["tex"]),
    ],
)
async def test_a_term_is_found_in_each_of_its_spellings(
    library: Library, query: str, expected: list[str]
) -> None:
    await library.titled(SPELLINGS)
    found = await library.search.search(query)
    assert sorted(paper.id for paper in found.papers[: len(expected)]) == expected
    assert found.every_word > 0


DATED = (
    Paper(
        id="2506.00001",
        title="Diffusion for robots",
        authors=("Geoffrey Hinton", "Yann LeCun"),
        categories=("cs.RO", "cs.LG"),
        published=datetime(2025, 6, 15, tzinfo=UTC),
        upvotes=3,
        code_url="https://github.com/invented/one",
    ),
    Paper(
        id="2512.00001",
        title="Diffusion for language",
        abstract="A survey of policy learning.",
        authors=("Geoffrey Everest Hinton",),
        categories=("cs.CL",),
        published=datetime(2026, 1, 14, 23, 59, tzinfo=UTC),
        upvotes=40,
    ),
    Paper(
        id="2601.00001",
        title="Diffusion of policies and learning",
        authors=("Ada Lovelace",),
        categories=("math.PR",),
        published=datetime(2026, 1, 15, tzinfo=UTC),
    ),
    Paper(id="math/0309136", title="Diffusion on manifolds", categories=("math.DG",)),
)
IDS = [paper.id for paper in DATED]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("diffusion author:hinton", IDS[:2]),
        ('author:"geoffrey hinton"', IDS[:1]),
        ('author:"hinton, geoffrey"', IDS[:1]),
        ('author:"g hinton"', IDS[:1]),
        ("author:hinton author:lecun", IDS[:1]),
        ("diffusion -author:hinton", IDS[2:]),
        ("diffusion title:language", IDS[1:2]),
        ("diffusion -title:language", [IDS[0], *IDS[2:]]),
        ("cat:cs.LG", IDS[:1]),
        ("cat:cs.*", IDS[:2]),
        ("cat:cs", IDS[:2]),
        ("cat:cs.RO cat:math.PR", [IDS[0], IDS[2]]),
        ("diffusion -cat:cs.*", IDS[2:]),
        ("diffusion after:2025-06 before:2026-01-15", IDS[:2]),
        ("diffusion after:2026", IDS[1:3]),
        ("diffusion before:2004", IDS[3:]),
        ("diffusion after:2027 before:2026", []),
        ("diffusion has:code", IDS[:1]),
        ("diffusion -has:code", IDS[1:]),
        ("diffusion from:huggingface", IDS[:2]),
        ("diffusion from:arxiv -from:hf", IDS[2:]),
        ('"policy learning"', IDS[1:2]),
        ("diffusion -survey", [IDS[0], *IDS[2:]]),
        ('diffusion -"policy learning"', [IDS[0], *IDS[2:]]),
        ("-survey", [IDS[0], *IDS[2:]]),
        ("2512.00001 diffusion", IDS[1:2]),
    ],
)
async def test_operators_say_which_papers_may_be_found(
    library: Library, query: str, expected: list[str]
) -> None:
    await library.has(*DATED)
    found = await library.ids(query)
    if query.startswith("2512"):
        found = found[:1]
    assert sorted(found) == sorted(expected)


async def test_results_can_be_sorted_by_date_and_by_upvotes(library: Library) -> None:
    await library.has(*DATED)
    assert await library.ids("diffusion sort:new") == [IDS[2], IDS[1], IDS[0], IDS[3]]
    assert (await library.ids("diffusion sort:top"))[:2] == [IDS[1], IDS[0]]
    assert await library.ids("cat:math.*") == [IDS[2], IDS[3]]


async def test_similar_papers_are_found_by_what_a_paper_says_and_it_is_not_among_them(
    library: Library,
) -> None:
    await library.has(
        Paper(id="2601.00001", title="Grasping with robot hands", abstract="We teach robots to grasp cups."),
        Paper(id="2601.00002", title="A robot that grasps", abstract="Robots learn grasping from video."),
        Paper(id="2601.00003", title="Protein folding", abstract="Sequences fold into structures."),
    )
    for query in ("like:2601.00001", "like:https://arxiv.org/abs/2601.00001v2"):
        found = await library.ids(query)
        assert found[0] == "2601.00002"
        assert "2601.00001" not in found


async def test_a_paper_about_the_same_is_found_without_a_word_of_the_query(library: Library) -> None:
    await library.titled(
        {"near": "Automobile collision avoidance", "far": "Sheaf cohomology", "further": "Wheat genomes"}
    )
    assert (await library.ids("car crash prevention"))[:1] == ["near"]
    assert "far" not in await library.ids("car crash prevention")


async def test_a_phrase_that_no_paper_has_is_searched_as_words_and_the_answer_says_so(
    papers: Library,
) -> None:
    found = await papers.search.search('"robots diffusion"')
    assert found.papers[0].id == "both"
    assert any("side by side" in note for note in found.notes)


async def test_a_misspelt_word_is_offered_in_its_nearest_spelling(papers: Library) -> None:
    found = await papers.search.search("grqdients -robots")
    assert (found.papers, found.suggestion) == ([], "gradients -robots")
    assert (await papers.ids(found.suggestion))[:1] == ["other"]


async def test_a_misspelt_word_beside_others_is_offered_too(papers: Library) -> None:
    found = await papers.search.search("polcy gradients")
    assert found.papers[0].id == "other"
    assert found.suggestion == "policy gradients"


async def test_nothing_is_offered_for_what_resembles_no_word(papers: Library) -> None:
    found = await papers.search.search("qqqqqqqqqqq author:nobody")
    assert (found.papers, found.suggestion) == ([], "")


async def test_no_more_papers_than_asked_for_come_back(library: Library) -> None:
    await library.titled({str(n): "Diffusion" for n in range(MOST_MATCHES + 20)})
    await library.titled({"first": "Diffusion policy"})
    assert len(await library.ids("diffusion")) == MOST_MATCHES
    assert len(await library.ids("diffusion", 7)) == 7
    assert await library.ids("diffusion policy", 1) == ["first"]


async def test_equally_good_papers_come_newest_first(library: Library) -> None:
    await library.titled({str(n): "Diffusion" for n in range(5)})
    assert await library.ids("diffusion") == ["4", "3", "2", "1", "0"]


async def test_a_query_is_read_up_to_its_limit(papers: Library) -> None:
    assert await papers.ids(" " * QUERY_LIMIT + "diffusion") == []
    assert sorted((await papers.ids(f"diffusion {'x' * 10_000}"))[:2]) == ["both", "one"]
    assert sorted((await papers.ids("diffusion " * 5_000))[:2]) == ["both", "one"]


async def test_what_is_merged_into_a_paper_is_found_and_what_it_replaced_is_not(library: Library) -> None:
    await library.has(Paper(id="1", title="Albatross", abstract="First flights."))
    assert await library.ids("albatross title:albatross") == ["1"]
    await library.has(Paper(id="1", title="Buzzard"))
    assert await library.ids("title:albatross") == []
    assert await library.ids("title:buzzard") == ["1"]
    assert await library.ids("flights") == ["1"]


async def test_a_paper_that_hugging_face_lists_later_is_found_as_its_own(library: Library) -> None:
    paper = Paper(id="2601.00001", title="Diffusion", categories=("cs.LG",))
    await library.has(paper)
    assert await library.ids("diffusion from:huggingface") == []
    await library.has(paper, day=NOW.date())
    assert await library.ids("diffusion from:huggingface") == ["2601.00001"]


async def test_fewer_than_few_papers_are_counted_exactly_and_more_are_not_counted(library: Library) -> None:
    await library.titled({str(n): "Diffusion policy" for n in range(FEW + 3)})
    assert (await library.search.search("diffusion policy")).every_word == FEW


async def test_many_searches_at_once_and_new_papers_between_them_do_not_disturb_one_another(
    library: Library,
) -> None:
    await library.titled(TITLES)

    async def look(n: int) -> list[str]:
        await library.titled({f"new{n}": f"Unheard{n} things"})
        return await library.ids(f"unheard{n}")

    found = await asyncio.gather(*(look(n) for n in range(20)))
    assert [first[0] for first in found] == [f"new{n}" for n in range(20)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One database for all the texts of the properties below, which change nothing in it."""
    titled = [Paper(id=id, title=title) for id, title in TITLES.items()]
    return fill(tmp_path_factory.mktemp("large") / "papers.db", *titled, *DATED)


def answer(path: Path, query: str) -> Found:
    async def ask() -> Found:
        async with opened(path) as library:
            return await library.search.search(query)

    return asyncio.run(ask())


OPERATORS = ["author:", "title:", "cat:", "after:", "before:", "has:", "from:", "like:", "sort:", "-", '"']
PIECES = st.sampled_from(
    [*OPERATORS, " ", "diffusion", "cs.*", "2025-06", "code", "\x00", "\ud800", "視"]
) | st.text(max_size=8)
TEXT = st.text(max_size=60) | st.lists(PIECES, max_size=40).map("".join)


@given(text=TEXT)
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered(large: Path, text: str) -> None:
    found = answer(large, text)
    known = [paper.id for paper in found.papers]
    assert len(known) == len(set(known))
    assert 0 <= found.every_word <= FEW


HOSTILE: dict[str, Any] = {
    "long word": "x" * 10_000,
    "many words": " ".join(f"word{n}" for n in range(2_000)),
    "thousand operators": "author:a " * 1_000,
    "thousand negatives": "-a " * 1_000,
    "thousand phrases": '"a b" ' * 1_000,
    "unbalanced": '"' * 10_001,
    "brackets": "(" * 5_000 + ")" * 5_000,
    "every plane": "".join(chr(plane << 16 | 0x1000 + n) for plane in range(17) for n in range(64)),
    "nulls": "\x00" * 10_000,
    "surrogates": "\ud800" * 1_000,
    "stars": "*?~^" * 2_500,
    "hyphens": "-".join("ab" for _ in range(3_000)),
    "links": "<http://a|b>" * 800,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_is_answered_like_any_other(large: Path, name: str) -> None:
    assert answer(large, f"diffusion {HOSTILE[name]}").query.terms
