"""Measuring the search on a collection whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.errors import UsageError
from bot.search.evaluate import Run, evaluate, measured, read_collection
from bot.search.models import Embedding

DOCUMENTS = {
    "d1": "Diffusion policies",
    "d2": "Sheaf cohomology",
    "d3": "Wheat genomes",
    "d4": "Diffusion of heat",
}
QUERIES = {"q1": "diffusion policy", "q2": "cohomology of sheaves", "q3": "nobody judged this"}


def written(folder: Path, name: str, *lines: Any) -> None:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "collection"
    made.mkdir()
    written(
        made, "corpus.jsonl", *({"_id": id, "title": title, "text": ""} for id, title in DOCUMENTS.items())
    )
    written(made, "queries.jsonl", *({"_id": id, "text": text} for id, text in QUERIES.items()))
    written(
        made,
        "qrels/test.tsv",
        "query-id\tcorpus-id\tscore",
        "q1\td1\t2",
        "q1\td4\t1",
        "q2\td3\t1",
        "q2\td1\t0",
    )
    return made


def run(folder: Path, *arguments: str) -> Result:
    environment = {"PAPERS_EMBEDDING": "static", "HUGGINGFACE_URL": "http://127.0.0.1:9"}
    return CliRunner(env=environment).invoke(main, ["evaluate", "search", str(folder), *arguments])


async def asked(folder: Path) -> Run:
    return await evaluate(read_collection(folder), Embedding(), lambda done, total: None)


async def test_every_judged_query_is_asked_and_its_papers_come_best_first(folder: Path) -> None:
    found = (await asked(folder)).found
    assert list(found) == ["q1", "q2"]
    assert [document for document, _ in found["q1"]][:2] == ["d1", "d4"]
    assert found["q2"][0][0] == "d2"
    for documents in found.values():
        scores = [score for _, score in documents]
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores)) == len(scores)


async def test_the_measures_are_those_of_the_field(folder: Path) -> None:
    collection = read_collection(folder)
    perfect = {"q1": [("d1", 2.0), ("d4", 1.0)], "q2": [("d3", 1.0)]}
    assert measured(collection, Run(perfect)) == {"nDCG@10": 1.0, "recall@100": 1.0, "MRR@10": 1.0}
    second = {"q1": [("d2", 2.0), ("d1", 1.0)], "q2": []}
    found = measured(collection, Run(second))
    assert found["MRR@10"] == pytest.approx(0.25)
    assert found["recall@100"] == pytest.approx(0.25)
    assert 0 < found["nDCG@10"] < 0.5


def test_the_command_prints_the_figures_and_writes_what_was_found(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.txt"
    printed = run(folder, "--json", "--run", str(out))
    assert printed.exit_code == 0
    figures = json.loads(printed.output.splitlines()[-1])
    assert figures["queries"] == 2
    assert 0 < figures["nDCG@10"] <= 1
    lines = [line.split(" ") for line in out.read_text().splitlines()]
    assert lines[0][:4] == ["q1", "Q0", "d1", "1"]
    assert all(len(line) == 6 and line[5] == "papers-bot" for line in lines)
    assert "nDCG@10" in run(folder).output


def test_a_file_that_is_named_test_is_used_alone_and_otherwise_all_are(folder: Path) -> None:
    written(folder, "qrels/train.tsv", "query-id\tcorpus-id\tscore", "q3\td2\t1")
    assert set(read_collection(folder).queries) == {"q1", "q2"}
    (folder / "qrels" / "test.tsv").rename(folder / "qrels" / "dev.tsv")
    assert set(read_collection(folder).queries) == {"q1", "q2", "q3"}


def test_judgements_may_be_in_trecs_form_without_a_heading(folder: Path) -> None:
    written(folder, "qrels/test.tsv", "q1\t0\td1\t1", "", "q2\t0\td3\t1")
    assert read_collection(folder).relevant == {"q1": {"d1": 1}, "q2": {"d3": 1}}


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("corpus.jsonl", "{", "corpus.jsonl, line 1"),
        ("corpus.jsonl", "[]", "not a JSON object"),
        ("corpus.jsonl", '{"title": "no id"}', "needs an `_id`"),
        ("queries.jsonl", '{"_id": "a b", "text": "x"}', "without spaces"),
        ("qrels/test.tsv", "q1\td1", "line 1: a query, a document and a number"),
        ("qrels/test.tsv", "q9\td1\t1", "judges no query"),
    ],
)
def test_what_is_wrong_with_a_collection_is_said_and_where(
    folder: Path, name: str, line: str, said: str
) -> None:
    written(folder, name, line)
    printed = run(folder)
    assert printed.exit_code == 2
    assert said in " ".join(printed.output.split())


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match="qrels"):
        read_collection(folder)


SEARCH_DATA = Path(__file__).parents[2] / "shared" / "data" / "search"


@pytest.mark.skipif(not SEARCH_DATA.exists(), reason="needs the shared data")
@pytest.mark.parametrize(("name", "words_alone"), [("cacm", 0.485), ("cisi", 0.41), ("cranfield", 0.38)])
async def test_words_and_meaning_together_find_more_than_words_alone(name: str, words_alone: float) -> None:
    collection = read_collection(SEARCH_DATA / name)
    found = await evaluate(collection, Embedding(), lambda done, total: None)
    assert measured(collection, found)["nDCG@10"] > words_alone
