"""Papers as BibTeX, RIS, CSV and JSON: whatever a title holds, the file can be read, and gives the title back."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import exports
from bot.exports.bibtex import citation_key, unique_keys
from bot.exports.latex import line, title
from bot.exports.tables import COLUMNS
from storage.models import Paper, Tally

MADE = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
PAPER = Paper(
    id="2403.00001",
    title="On $O(n^2)$ BERT & LoRA_x: Erd\\H{o}s, 50% of $5",
    abstract="First.\nSecond.",
    authors=("Ada Lovelace", "Guido van Rossum", "Gemini Team"),
    categories=("cs.RO", "cs.LG"),
    keywords=("robots",),
    published=datetime(2024, 3, 1, tzinfo=UTC),
    upvotes=7,
)
#: What breaks files: signs of LaTeX, BibTeX, RIS and spreadsheets, controls, and letters of several scripts.
HOSTILE = st.text(
    st.sampled_from(list("aBé語🤖 \\{}$%&#_~^@\"',;=+-<>|*`\t\r\n\x00\u2028")) | st.characters(codec="utf-8"),
    max_size=60,
)


def read(text: str) -> Library:
    return parse_string(
        text, append_middleware=[SeparateCoAuthors(), LatexDecodingMiddleware(keep_math_mode=False)]
    )


def test_an_entry_is_arxivs_own_with_capitals_formulas_and_accents_kept() -> None:
    assert exports.entry(PAPER, brief=True) == (
        "@misc{lovelace2024on2,\n"
        r"  title = {On {$O(n^2)$} {BERT} \& {LoRA\_x:} {Erd{\H{o}}s,} 50\% of \$5},"
        "\n"
        "  author = {Ada Lovelace and Guido van Rossum and {Gemini Team}},\n"
        "  year = {2024},\n"
        "  month = mar,\n"
        "  eprint = {2403.00001},\n"
        "  archiveprefix = {arXiv},\n"
        "  primaryclass = {cs.RO},\n"
        "  doi = {10.48550/arXiv.2403.00001},\n"
        "  url = {https://arxiv.org/abs/2403.00001}\n"
        "}"
    )


def test_the_entry_of_a_paper_from_elsewhere_has_what_is_known() -> None:
    paper = Paper(id="owner/1", title="机器人", withdrawn=MADE)
    assert exports.entry(paper) == "@misc{paper,\n  title = {机器人},\n  note = {Withdrawn}\n}"


def test_of_very_many_authors_a_copied_entry_names_some() -> None:
    paper = PAPER.model_copy(update={"authors": tuple(f"Ada {n:04}th" for n in range(3000))})
    brief = exports.entry(paper, brief=True)
    assert len(brief) < 2_000
    assert " and others}" in brief
    assert "2999th" in exports.entry(paper)


# pylatexenc turns some ASCII into the signs that TeX would set for it.
_SET_BY_TEX = str.maketrans(
    {"ˆ": "^", "“": '"', "”": '"', "‘": "`", "’": "'", "–": "-", "—": "-", "¿": "?", "¡": "!"}
)
_DASHES = re.compile(r"-{2,3}|``|''|[?!]`|<<|>>|,,")


@settings(max_examples=40)
@given(HOSTILE, st.lists(HOSTILE, max_size=3))
def test_bibtex_gives_back_any_title_and_any_authors(hostile: str, names: list[str]) -> None:
    # Accents and formulas are LaTeX already, and two signs in a row may be one of TeX's.
    plain = _DASHES.sub("", hostile.replace("\\", "").replace("$", ""))
    paper = PAPER.model_copy(
        update={"title": f"T {plain}", "authors": ("Ada Lovelace", *names), "abstract": hostile}
    )
    library = read(exports.bibtex([paper, PAPER]))
    assert library.failed_blocks == []
    first, second = library.entries
    assert first.fields_dict["title"].value.translate(_SET_BY_TEX) == line(f"T {plain}").translate(
        _SET_BY_TEX
    )
    assert second.fields_dict["eprint"].value == "2403.00001"
    assert len(first.fields_dict["author"].value) == 1 + sum(bool(line(name)) for name in names)


@given(HOSTILE)
def test_a_title_for_latex_has_balanced_braces_and_one_line(hostile: str) -> None:
    written = title(hostile)
    depth = 0
    for sign in written:
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0
    assert len(written.splitlines()) <= 1


@given(
    st.lists(
        st.builds(Paper, id=st.just("2403.00001"), title=HOSTILE, authors=st.tuples(HOSTILE)), max_size=40
    )
)
def test_keys_are_plain_and_differ(papers: list[Paper]) -> None:
    keys = unique_keys(papers)
    assert len(set(keys)) == len(papers)
    assert all(re.fullmatch("[a-z0-9]+", key) for key in keys)


def test_keys_go_on_behind_the_alphabet() -> None:
    keys = unique_keys([PAPER] * 60)
    assert citation_key(PAPER) == keys[0] == "lovelace2024on2"
    assert (keys[1], keys[25], keys[26], keys[59]) == (
        "lovelace2024on2b",
        "lovelace2024on2z",
        "lovelace2024on2aa",
        "lovelace2024on2bh",
    )


def test_a_ris_record_has_its_tags_in_order() -> None:
    assert exports.ris([PAPER]) == (
        "TY  - UNPB\r\nTI  - On $O(n^2)$ BERT & LoRA_x: Erd\\H{o}s, 50% of $5\r\n"
        "AU  - Lovelace, Ada\r\nAU  - van Rossum, Guido\r\nAU  - Gemini Team\r\n"
        "PY  - 2024\r\nDA  - 2024/03/01/\r\nKW  - robots\r\nAB  - First. Second.\r\nPB  - arXiv\r\n"
        "AN  - arXiv:2403.00001\r\nDO  - 10.48550/arXiv.2403.00001\r\nUR  - https://arxiv.org/abs/2403.00001\r\n"
        "ER  - \r\n"
    )


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=3))
def test_every_ris_record_is_one_whatever_it_holds(made: list[tuple[str, str]]) -> None:
    papers = [
        PAPER.model_copy(update={"title": one, "authors": (other,), "keywords": (other,), "abstract": one})
        for one, other in made
    ]
    lines = exports.ris(papers).split("\r\n")
    assert lines.pop() == ""
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - [^\r\n]*", each) for each in lines)
    assert [each for each in lines if each.startswith(("TY", "ER"))] == ["TY  - UNPB", "ER  - "] * len(papers)
    assert not [each for each in lines if each.startswith(("AU", "KW")) and "*" in each]


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=3))
def test_no_cell_of_a_table_is_a_formula(made: list[tuple[str, str]]) -> None:
    papers = [
        PAPER.model_copy(update={"title": one, "authors": (other, one), "abstract": other, "code_url": one})
        for one, other in made
    ]
    text = exports.table(papers, {})
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) == len(papers)
    for row, paper in zip(rows, papers, strict=True):
        assert tuple(row) == COLUMNS
        assert not [cell for cell in row.values() if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
        assert row["title"].removeprefix("'") == line(paper.title).removeprefix("'")


def test_a_table_counts_the_votes_here() -> None:
    text = exports.table([PAPER], {PAPER.id: Tally(3, 1)}).removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["votes_up"], row["votes_down"], row["upvotes"], row["published"]) == (
        "3",
        "1",
        "7",
        "2024-03-01",
    )


@given(HOSTILE)
def test_json_gives_back_everything(hostile: str) -> None:
    paper = PAPER.model_copy(update={"title": hostile})
    whole = json.loads(exports.document([paper], {PAPER.id: Tally(2, 0)}, "saved-papers", MADE))
    assert (whole["format"], whole["version"], whole["made_at"]) == (
        "papers-bot",
        1,
        "2026-08-18T09:30:00+00:00",
    )
    (read_back,) = whole["papers"]
    assert read_back["votes"] == {"up": 2, "down": 0}
    known = {name: value for name, value in read_back.items() if name in Paper.model_fields}
    assert Paper.model_validate(known) == paper


@pytest.mark.parametrize("written", [exports.bibtex, exports.ris])
def test_nothing_is_an_empty_file(written: object) -> None:
    assert callable(written)
    assert written([]).strip() == ""
