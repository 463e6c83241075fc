"""How good the search is, on collections of questions whose right answers are known.

A collection lies in a folder as BEIR lays it out (https://github.com/beir-cellar/beir): `corpus.jsonl` with `_id`,
`title` and `text`, `queries.jsonl` with `_id` and `text`, and `qrels/*.tsv` with a query, a document and how relevant
it is, below a heading. Its documents become papers of a store that is made for it, and its queries are asked as
`/papers` would ask them.
"""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import ir_measures
from ir_measures import RR, R, nDCG

from bot.errors import UsageError
from bot.files import read_objects
from bot.search.engine import Found, Search
from bot.search.index import Progress
from bot.search.models import Embedding
from storage import Store
from storage.models import Batch, Paper

MEASURES = (nDCG @ 10, R @ 100, RR @ 10)
#: As deep as recall is measured.
_DEPTH = 100
_DOCUMENTS = 1_000
TAG = "papers-bot"


class Collection(NamedTuple):
    """Queries by their ids, and how well which documents answer each; the documents are read when they are wanted."""

    folder: Path
    queries: dict[str, str]
    relevant: dict[str, dict[str, int]]

    def documents(self) -> Iterator[Paper]:
        for _, line in read_objects(self.folder / "corpus.jsonl"):
            title, text = str(line.get("title") or ""), str(line.get("text") or "")
            yield Paper(id=_id(line, "corpus.jsonl"), title=title, abstract=text)


class Run(NamedTuple):
    """What was found for each query: documents and their scores, best first."""

    found: dict[str, list[tuple[str, float]]]

    def write(self, file: IO[str]) -> None:
        """As TREC's tools read it: query, Q0, document, rank, score, tag."""
        for query, documents in self.found.items():
            for rank, (document, score) in enumerate(documents, start=1):
                file.write(f"{query} Q0 {document} {rank} {score:.6f} {TAG}\n")


def read_collection(folder: Path) -> Collection:
    """Raises UsageError, with what is wrong and where, for a folder that is no collection."""
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (folder / name).is_file():
            raise UsageError(
                f"{folder} has no {name}; a collection has corpus.jsonl, queries.jsonl and qrels/*.tsv."
            )
    queries = {
        _id(line, "queries.jsonl"): str(line.get("text") or "")
        for _, line in read_objects(folder / "queries.jsonl")
    }
    relevant = _judgements(folder / "qrels")
    judged = {query: text for query, text in queries.items() if query in relevant}
    if not judged:
        raise UsageError(f"{folder}/qrels judges no query of queries.jsonl, so there is nothing to measure.")
    return Collection(folder, judged, {query: relevant[query] for query in judged})


async def evaluate(collection: Collection, embedding: Embedding, progress: Progress) -> Run:
    """Ask every query of a collection. `progress` is told how many of its papers are read, and how many there are.

    An encoder that can't be had leaves static vectors, as in every search, and the log says so.
    """
    with tempfile.TemporaryDirectory(prefix="papers-bot-") as folder:
        path = Path(folder) / "collection.db"
        with Store.open(path) as store:
            search = Search(path, store, embedding)
            try:
                await _fill(store, collection)
                await search.update(progress)
                await search.open_encoder()
                await search.encode(None, progress)
                return Run(
                    {
                        id: _scored(await search.search(text, _DEPTH))
                        for id, text in collection.queries.items()
                    }
                )
            finally:
                await search.aclose()


def measured(collection: Collection, run: Run) -> dict[str, float]:
    """nDCG@10, recall@100 and MRR@10, each the mean over all queries."""
    found = {query: dict(documents) for query, documents in run.found.items()}
    values: dict[Any, float] = ir_measures.calc_aggregate(MEASURES, collection.relevant, found)
    names = dict(zip(MEASURES, ("nDCG@10", "recall@100", "MRR@10"), strict=True))
    return {names[measure]: values[measure] for measure in MEASURES}


def _scored(found: Found) -> list[tuple[str, float]]:
    """Scores that fall with every rank: where they are equal, tools would put an order of their own."""
    return [
        (paper.id, score - rank * 1e-5)
        for rank, (paper, score) in enumerate(zip(found.papers, found.scores, strict=True))
    ]


async def _fill(store: Store, collection: Collection) -> None:
    documents = collection.documents()
    while part := tuple(itertools.islice(documents, _DOCUMENTS)):
        await store.keep(Batch(source="arxiv", papers=part), datetime.now(UTC))


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    """Of several files the one that is named test, as published figures are; otherwise all."""
    files = sorted(folder.glob("*.tsv"))
    if not files:
        raise UsageError(f"{folder} has no .tsv file that says which documents answer which query.")
    relevant: dict[str, dict[str, int]] = {}
    for file in [one for one in files if one.stem == "test"] or files:
        with file.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                query, document, value = _judgement(row, file, number)
                if value is not None:
                    relevant.setdefault(query, {})[document] = value
    return relevant


def _judgement(row: Sequence[str], file: Path, number: int) -> tuple[str, str, int | None]:
    """A row of three columns, or TREC's four; a heading has no value."""
    match row:
        case [query, document, value] | [query, _, document, value]:
            try:
                return query, document, int(float(value))
            except ValueError:
                if number == 1:
                    return query, document, None
        case []:
            return "", "", None
    raise UsageError(f"{file}, line {number}: a query, a document and a number are expected, parted by tabs.")


def _id(line: dict[str, Any], name: str) -> str:
    id = str(line.get("_id") or "")
    if not id or id.split() != [id]:
        raise UsageError(f"{name}: every line needs an `_id` without spaces; {id or 'one'} has none.")
    return id
