"""Papers that people name, found in the store or at the sources."""

from __future__ import annotations

import pytest

from bot.app import Bot
from bot.errors import UsageError
from bot.examples import MOST_PAPERS, Finding
from storage.models import Batch, Paper
from tests.conftest import TUESDAY
from tests.upstream import Upstream

TITLES = (
    "Erdős and the Schrödinger bridge: a survey",
    "Qwen2 technical report",
    "Learning to walk, part I",
    "“sort:new” -walk author:nobody considered harmful",
)


@pytest.fixture
async def finding(bot: Bot) -> Finding:
    papers = tuple(Paper(id=f"2501.{n:05}", title=title) for n, title in enumerate(TITLES))
    await bot.library.store.keep(Batch(source="huggingface", papers=papers), TUESDAY)
    return Finding(bot.library.ingest, bot.library.search)


async def titles(finding: Finding, bibtex_title: str) -> list[str]:
    found = await finding.find(f"@misc{{key, title = {{{bibtex_title}}}}}")
    return [paper.title for paper in found.papers]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        (r"{E}rd{\H o}s and the {Schr{\"o}dinger} Bridge: {A} Survey", TITLES[0]),
        ("Erdos and the Schrodinger bridge - a survey", TITLES[0]),
        ("{QWEN2} Technical Report.", TITLES[1]),
        ("Learning to Walk, Part {I}", TITLES[2]),
        (TITLES[3], TITLES[3]),
    ],
)
async def test_a_title_is_the_same_however_bibtex_writes_it(finding: Finding, typed: str, title: str) -> None:
    assert await titles(finding, typed) == [title]


@pytest.mark.parametrize(
    "typed", ["Qwen3 technical report", "Learning to walk, part II", "Learning to walk", "!!!"]
)
async def test_a_title_that_is_only_similar_is_another_papers(finding: Finding, typed: str) -> None:
    assert await titles(finding, typed) == []


async def test_a_paper_named_by_id_and_by_title_is_found_once(finding: Finding) -> None:
    found = await finding.find("@misc{a, title={Qwen2 technical report}} @misc{b, eprint={2501.00001}}")
    assert [paper.id for paper in found.papers] == ["2501.00001"]


async def test_an_id_that_arxiv_does_not_have_is_looked_up_by_its_title(finding: Finding) -> None:
    found = await finding.find("@misc{a, title={Qwen2 technical report}, eprint={2501.99999}}")
    assert [paper.id for paper in found.papers] == ["2501.00001"]
    assert found.missing == ()


async def test_what_is_beyond_the_most_papers_is_counted(finding: Finding, upstream: Upstream) -> None:
    named = " ".join(["2501.00000", *(f"2502.{n:05}" for n in range(MOST_PAPERS + 4))])
    upstream.fail("/", status=400, times=1000)
    found = await finding.find(named)
    assert [paper.id for paper in found.papers] == ["2501.00000"]
    assert found.cut == 5
    assert len(found.unasked) == MOST_PAPERS - 1


async def test_a_text_that_names_no_paper_is_answered_with_an_example(finding: Finding) -> None:
    with pytest.raises(UsageError, match="Name papers by links or numbers"):
        await finding.find("robots, please")
