"""`papers-bot evaluate ranking`: events whose outcome is known, and files that are not as they should be."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from tests import shelf
from tests.encoder import make_encoder

PAPERS: list[dict[str, Any]] = [
    {"id": one.id, "title": one.title, "abstract": one.abstract, "upvotes": number, "authors": ["Ada"]}
    for number, one in enumerate(shelf.papers())
]
POOL = [f"{field}-9" for field in shelf.FIELDS]
EVENTS: list[dict[str, Any]] = [
    {"user": "u1", "day": "2026-08-18", "history": shelf.ids("robots", 0, 3), "positives": ["robots-9"], "pool": POOL},
    {"user": "u2", "day": "2026-08-18", "history": shelf.ids("speech", 0, 3), "positives": ["speech-9"], "pool": POOL,
     "disliked": ["graphs-1"]},
]  # fmt: skip


def lines(*values: Any) -> str:
    return "".join(f"{value if isinstance(value, str) else json.dumps(value)}\n" for value in values)


def run(
    folder: Path, *arguments: str, papers: str = "", events: str = "", embedding: str = "static"
) -> Result:
    (folder / "P.jsonl").write_text(papers or lines(*PAPERS))
    (folder / "E.jsonl").write_text(events or lines(*EVENTS))
    files = ["--papers", str(folder / "P.jsonl"), "--events", str(folder / "E.jsonl")]
    environment = {"PAPERS_EMBEDDING": embedding, "HUGGINGFACE_URL": "http://127.0.0.1:9"}
    return CliRunner(env=environment).invoke(main, ["evaluate", "ranking", *files, *arguments])


def test_what_people_liked_before_finds_what_they_want_now(tmp_path: Path) -> None:
    result = run(tmp_path, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {name: found[name] for name in ("nDCG@5", "MRR", "AUC", "events")} == {
        "nDCG@5": 1.0, "MRR": 1.0, "AUC": 1.0, "events": 2,
    }  # fmt: skip
    assert found["ms/event"] > 0
    assert "AUC         1.0000" in run(tmp_path).stdout


def test_the_scores_of_each_event_are_written(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    run(tmp_path, "--run", str(file))
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert {name: first[name] for name in ("user", "day")} == {"user": "u1", "day": "2026-08-18"}
    assert max(first["scores"], key=first["scores"].get) == "robots-9"
    assert list(second["scores"]) == POOL


def test_upvotes_count_only_when_they_are_asked_for(tmp_path: Path) -> None:
    event = {"user": 1, "day": "2026-08-18", "history": [], "positives": ["graphs-9"], "pool": POOL}
    file = tmp_path / "out.jsonl"
    run(tmp_path, "--run", str(file), events=lines(event))
    assert set(json.loads(file.read_text())["scores"].values()) == {0.0}
    run(tmp_path, "--run", str(file), "--with", "trend", events=lines(event))
    scores = json.loads(file.read_text())["scores"]
    # The later a paper stands on the shelf, the more upvotes it has.
    assert sorted(scores, key=scores.get) == POOL


def test_files_may_be_compressed(tmp_path: Path) -> None:
    for name, content in (("P", PAPERS), ("E", EVENTS)):
        with lzma.open(tmp_path / f"{name}.jsonl.xz", "wt") as file:
            file.write(lines(*content))
    files = ["--papers", str(tmp_path / "P.jsonl.xz"), "--events", str(tmp_path / "E.jsonl.xz")]
    result = CliRunner(env={"PAPERS_EMBEDDING": "static"}).invoke(main, ["evaluate", "ranking", *files])
    assert result.exit_code == 0, result.output
    assert "events      2" in result.stdout


def test_an_encoder_of_the_settings_reads_the_papers_of_the_events(tmp_path: Path) -> None:
    papers = [
        {"id": "1", "title": "car crash prevention"},
        {"id": "2", "title": "wheat sheaf"},
        {"id": "3", "title": "vehicle collision safety"},
        {"id": "4", "title": "grain sheaf"},
    ]
    event = {
        "user": "u",
        "day": "",
        "history": ["1"],
        "disliked": ["2"],
        "positives": ["3"],
        "pool": ["4", "3"],
    }
    encoder = make_encoder(tmp_path / "encoder", pooled=True)
    result = run(tmp_path, "--json", papers=lines(*papers), events=lines(event), embedding=str(encoder))
    assert json.loads(result.stdout)["MRR"] == 1.0, result.output
    missing = run(tmp_path, embedding=str(tmp_path / "nowhere"))
    assert missing.exit_code == 1
    assert "there is no folder" in missing.stderr


GOOD = EVENTS[0]


@pytest.mark.parametrize(
    ("papers", "events", "complaint"),
    [
        (lines(PAPERS[0], "{"), "", "P.jsonl, line 2: not JSON"),
        (lines([]), "", "P.jsonl, line 1: not a JSON object."),
        (lines({"title": "No id"}), "", "P.jsonl, line 1: id: field required."),
        (lines(PAPERS[0], "", {"id": "2", "title": None}), "", "P.jsonl, line 3: title: input should be a valid"),
        (lines({**PAPERS[0], "upvotes": -1}), "", "P.jsonl, line 1: upvotes: input should be greater"),
        ("", lines(GOOD, {**GOOD, "pool": []}), "E.jsonl, line 2: pool: list should have at least 1"),
        ("", lines({**GOOD, "history": "robots-1"}), "E.jsonl, line 1: history: input should be a valid list."),
        ("", lines({**GOOD, "history": [[]]}), "E.jsonl, line 1: history.0: input should be a valid string."),
        ("", lines(GOOD, {**GOOD, "history": ["gone"]}), "E.jsonl, line 2: there is no paper gone among"),
        ("", "\n", "E.jsonl has no events"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    tmp_path: Path, papers: str, events: str, complaint: str
) -> None:
    result = run(tmp_path, papers=papers, events=events)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    with lzma.open(tmp_path / "P.xz", "wt") as file:
        file.write(lines(*PAPERS))
    whole = (tmp_path / "P.xz").read_bytes()
    (tmp_path / "P.xz").write_bytes(whole[: len(whole) // 2])
    result = run(tmp_path, "--papers", str(tmp_path / "P.xz"))
    assert result.exit_code == 2
    assert "P.xz, line" in result.stderr
    assert "damaged or cut off" in result.stderr


def test_what_no_event_allows_to_measure_is_left_out(tmp_path: Path) -> None:
    result = run(tmp_path, "--json", events=lines({"user": "u", "day": "", "history": [], "pool": POOL}))
    assert set(json.loads(result.stdout)) == {"ms/event", "events"}
