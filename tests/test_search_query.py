"""What a person typed, read as a query: operators, plain words, and what is said of the rest."""

from __future__ import annotations

import json
import lzma
import re
import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search.query import MOST_NOTES, MOST_OPERATORS, MOST_TYPED, QUERY_LIMIT, Query, Term, parse, show
from tests.upstream import recorded


def words(*values: str) -> tuple[Term, ...]:
    return tuple(Term("word", value) for value in values)


def said(query: str) -> tuple[str, ...]:
    return parse(query).notes


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("diffusion", Term("word", "diffusion")),
        ("-survey", Term("word", "survey", negative=True)),
        ('"policy learning"', Term("phrase", "policy learning")),
        ('-"policy  learning"', Term("phrase", "policy learning", negative=True)),
        ("“policy learning”", Term("phrase", "policy learning")),
        ("„policy learning“", Term("phrase", "policy learning")),
        ("«policy learning»", Term("phrase", "policy learning")),
        ("``policy learning''", Term("phrase", "policy learning")),
        ('"policy"', Term("word", "policy")),
        ("author:hinton", Term("author", "hinton")),
        ("au:hinton", Term("author", "hinton")),
        ("by:hinton", Term("author", "hinton")),
        ("AUTHOR:Hinton", Term("author", "Hinton")),
        ("-author:hinton", Term("author", "hinton", negative=True)),
        ('author:"Geoffrey Hinton"', Term("author", "Geoffrey Hinton")),
        ("author:“Geoffrey Hinton”", Term("author", "Geoffrey Hinton")),
        ("author: hinton", Term("author", "hinton")),
        ("author:   hinton", Term("author", "hinton")),
        ('Author: "Geoffrey Hinton"', Term("author", "Geoffrey Hinton")),
        ("-author: hinton", Term("author", "hinton", negative=True)),
        ("author:hinton,", Term("author", "hinton")),
        ("author:(hinton)", Term("author", "hinton")),
        ("author:'hinton'", Term("author", "hinton")),
        ("title:C++", Term("title", "C++")),
        ("ti:robot", Term("title", "robot")),
        ("cat:cs.LG", Term("cat", "cs.lg")),
        ("category: cs.LG", Term("cat", "cs.lg")),
        ("cat:<http://cs.CL|cs.CL>", Term("cat", "cs.cl")),
        ("cat:cs.*", Term("cat", "cs.*")),
        ("cat:CS", Term("cat", "cs.*")),
        ("cat:quant-ph", Term("cat", "quant-ph.*")),
        ("cat:cond-mat.mtrl-sci", Term("cat", "cond-mat.mtrl-sci")),
        ("cat:stat.ML", Term("cat", "stat.ml")),
        ("-cat:eess.IV", Term("cat", "eess.iv", negative=True)),
        ("has:code", Term("has", "code")),
        ("-has:CODE", Term("has", "code", negative=True)),
        ("from:hf", Term("from", "huggingface")),
        ('from:"Hugging Face"', Term("from", "huggingface")),
        ("source:arXiv", Term("from", "arxiv")),
        ("sort:new", Term("sort", "new")),
        ("sort:newest", Term("sort", "new")),
        ("order:upvotes", Term("sort", "top")),
        ("after:2025", Term("after", "2025-01-01")),
        ("after:2025-06", Term("after", "2025-06-01")),
        ("after:2025-6-3", Term("after", "2025-06-03")),
        ("since:2025/06/30", Term("after", "2025-06-30")),
        ("since: 2025-06", Term("after", "2025-06-01")),
        ("before:2024-02-29", Term("before", "2024-02-29")),
        ("until:2025-06,", Term("before", "2025-06-01")),
        ("arXiv:2403.01234", Term("word", "2403.01234")),
        ("<https://arxiv.org/abs/2403.01234v2>", Term("word", "2403.01234")),
        ("<http://cs.CL|cs.CL>", Term("word", "cs.CL")),
    ],
)
def test_an_operator_is_read(typed: str, term: Term) -> None:
    assert parse(typed) == Query((term,))


@pytest.mark.parametrize(
    ("id", "form"),
    [
        ("2403.01234", "2403.01234"),
        ("2403.01234", "2403.01234v3"),
        ("0704.0001", "0704.0001"),
        ("2403.01234", "arXiv:2403.01234v1"),
        ("2403.01234", "https://arxiv.org/abs/2403.01234"),
        ("2403.01234", "http://arxiv.org/abs/2403.01234v2"),
        ("2403.01234", "<https://arxiv.org/abs/2403.01234>"),
        ("2403.01234", "<https://arxiv.org/abs/2403.01234|arxiv.org/abs/2403.01234>"),
        ("2403.01234", "https://arxiv.org/pdf/2403.01234.pdf"),
        ("2403.01234", "https://www.arxiv.org/pdf/2403.01234v1"),
        ("2403.01234", "https://export.arxiv.org/abs/2403.01234"),
        ("2403.01234", "https://arxiv.org/html/2403.01234v1#S3"),
        ("2403.01234", "https://arxiv.org/format/2403.01234"),
        ("2403.01234", "https://huggingface.co/papers/2403.01234"),
        ("2403.01234", "hf.co/papers/2403.01234"),
        ("2403.01234", "https://huggingface.co/papers/2403.01234?ref=x"),
        ("2403.01234", "https://www.alphaxiv.org/abs/2403.01234v1"),
        ("2403.01234", "https://alphaxiv.org/overview/2403.01234"),
        ("2403.01234", "https://www.alphaxiv.org/pdf/2403.01234"),
        ("2403.01234", "https://doi.org/10.48550/arXiv.2403.01234"),
        ("2403.01234", "10.48550/arXiv.2403.01234"),
        ("2403.01234", "oai:arXiv.org:2403.01234"),
        ("math/0309136", "math/0309136"),
        ("math/0309136", "math.GT/0309136v1"),
        ("hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("cs/0112017", "http://xxx.arxiv.org/abs/cs.CL/0112017"),
    ],
)
def test_a_paper_can_be_named_in_every_form_it_has_been_linked(id: str, form: str) -> None:
    for typed in (f"like:{form}", f"like: {form}", f'like:"{form}"', f"like:{form},"):
        assert parse(typed) == Query((Term("like", id),)), typed


_PLAIN = "was searched as plain words"


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("athor:hinton", f"“athor:hinton” {_PLAIN}: did you mean author:?"),
        ("titel:robot", f"“titel:robot” {_PLAIN}: did you mean title:?"),
        ("cats:cs.LG", f"“cats:cs.LG” {_PLAIN}: did you mean cat:?"),
        ("form:arxiv", f"“form:arxiv” {_PLAIN}: did you mean from:?"),
        ("afer:2025", f"“afer:2025” {_PLAIN}: did you mean after:?"),
        ("hass:code", f"“hass:code” {_PLAIN}: did you mean has:?"),
        ("cat:robotics", f"“cat:robotics” {_PLAIN}: write a category such as cs.LG or cs.*."),
        ("cat:cs.LG,cs.CL", f"“cat:cs.LG,cs.CL” {_PLAIN}: write a category such as cs.LG or cs.*."),
        ("has:data", f"“has:data” {_PLAIN}: it can be has:code."),
        ("from:openreview", f"“from:openreview” {_PLAIN}: it can be from:huggingface or from:arxiv."),
        ("sort:random", f"“sort:random” {_PLAIN}: it can be sort:new or sort:top."),
        ("-sort:new", f"“-sort:new” {_PLAIN}: there is no opposite of it."),
        ("-after:2025", f"“-after:2025” {_PLAIN}: there is no opposite of it."),
        *(
            (
                f"{field}{value}",
                f"“{field}{value}” {_PLAIN}: write a date such as 2025, 2025-06 or 2025-06-30.",
            )
            for field, value in [
                ("after:", "2025-13"),
                ("after:", "2025-02-30"),
                ("before:", "2023-02-29"),
                ("before:", "0000"),
                ("after:", "20250630"),
                ("after:", "30-06-2025"),
                ("after:", "99999"),
                ("after:", "yesterday"),
                ("after: ", "2025-13"),
            ]
        ),
        (
            "like:attention",
            f"“like:attention” {_PLAIN}: write the number or the link of a paper, such as 2403.01234.",
        ),
        ('"diffusion policy', "A quotation mark without its partner was left out."),
        (
            "after:2026 before:2025-06",
            "No day is both after:2026-01-01 and before:2025-06-01; maybe they are the wrong way round.",
        ),
    ],
)
def test_what_was_not_understood_is_said_in_a_sentence_that_a_person_can_act_on(
    typed: str, note: str
) -> None:
    assert said(typed) == (note,)


@pytest.mark.parametrize(
    "typed",
    ["athor:hinton", "cat:robotics", "after:2025-13", "has:data", "like:attention", "-sort:new", "key:value"],
)
def test_what_was_not_understood_is_searched_as_its_words(typed: str) -> None:
    assert parse(typed).terms == words(*re.split("[:]", typed.removeprefix("-")))


@pytest.mark.parametrize(
    "title",
    [
        "Attention: a survey",
        "SAM 2: segment anything",
        "state-of-the-art",
        "U-Net - a review",
        "x-ray",
        "-1 to 1",
        "from -12.5% to -3,000",
        "Before: LLMs, After: Agents",
        "Like: Father, Like: Son",
        "after: the storm",
        "Open Source: Code and Data",
        "Stand by: a study",
        "Cat: Post-Training of Pets",
        "From: A to: B",
        "Order: Matters",
        "What it has: been",
        "FroM:Frobenius Norm Merging",
        "A 5\" screen and a 6\" one",
        '"Min-max"-ing drives language',
        "A–B: tests -- and more",
        "C++: from zero to std::vector",
        "https://example.org/x",
        "p<0.05 and q>1",
        "Is it a cat? Yes: it is",
    ],
)  # fmt: skip
def test_a_title_is_plain_words_and_nothing_is_remarked(title: str) -> None:
    query = parse(title)
    assert {(term.name, term.negative) for term in query.terms} == {("word", False)}
    assert query.notes == ()


def test_nothing_typed_asks_for_nothing() -> None:
    for typed in ("", "   ", "\t\n", "-", "...", '""', '" "', "🤖", "\x00"):
        assert parse(typed).empty, typed
    for typed in ("x", "-x", "視", "cat:cs.LG", "has:code", "sort:new", '"a b"', "like:2403.01234"):
        assert not parse(typed).empty, typed


def test_a_pasted_text_is_words_though_its_dashes_and_quotation_marks_look_like_operators() -> None:
    abstract = (
        'We revisit the "right to be forgotten" in three ways: (i) we -unlike others- measure it, as proposed by: '
        "(1) earlier work and after: the fact; from: https://example.org/data we draw -6.1%, -the rest- and more "
        'of the so-called "elephant in the room" or 5" of it, title: unknown, has: no code, from:https://x.org/y.'
    )
    assert abstract.count(" ") >= MOST_TYPED
    query = parse(abstract)
    assert {(term.name, term.negative) for term in query.terms} == {("word", False)}
    assert query.notes == ()


def test_operators_beside_a_pasted_text_are_operators() -> None:
    query = parse(f"cat:cs.LG -cat:cs.CV after:2025 {'some words of an abstract ' * 20} author:hinton")
    assert [term for term in query.terms if term.name != "word"] == [
        Term("cat", "cs.lg"),
        Term("cat", "cs.cv", negative=True),
        Term("after", "2025-01-01"),
        Term("author", "hinton"),
    ]


def test_more_operators_than_anybody_means_are_words() -> None:
    query = parse("author:a " * (MOST_OPERATORS + 3))
    assert query.of("author") == ["a"] * MOST_OPERATORS
    assert query.of("word") == ["a"] * 3
    assert query.notes == ("Operators after the first 24 were searched as plain words.",)


def test_a_long_query_is_cut_and_the_note_says_where() -> None:
    assert said("x " * QUERY_LIMIT) == ("Only the first 4,000 characters were searched.",)
    assert said("x" * QUERY_LIMIT) == ()


def test_few_remarks_are_made_about_one_query() -> None:
    query = parse(" ".join(f"athor:{letter}" for letter in string.ascii_lowercase[:20]))
    assert len(query.notes) == MOST_NOTES
    assert len(query.of("word")) == 40


def test_a_note_repeats_little_of_what_was_typed() -> None:
    assert len(said(f"after:{'9' * 3_000}")[0]) < 200


_ANY = st.characters(exclude_categories=[])
_PIECES = st.sampled_from(
    [
        *(
            "author:",
            "title:",
            "cat:",
            "after:",
            "before:",
            "has:",
            "from:",
            "like:",
            "sort:",
            "athor:",
            "by:",
        ),
        *(
            "-",
            '"',
            "“",
            "''",
            "'",
            " ",
            "  ",
            ":",
            ",",
            "(",
            ")",
            "/",
            "<",
            ">",
            "|",
            "<http://a|",
            "\u00a0",
        ),
        *(
            "cs.LG",
            "cs",
            "2025",
            "2025-06",
            "code",
            "hinton",
            "2403.01234",
            "https://arxiv.org/abs/",
            "x",
            "1",
        ),
        *("\x00", "\ud800", "視", "e\u0301", "\u0338", "＂", "\u2028", "C++", "math.GT/0309136"),
    ]
)
TYPED = st.text(_ANY, max_size=40) | st.lists(_PIECES | st.text(_ANY, max_size=3), max_size=14).map("".join)


@given(TYPED)
@settings(max_examples=600, deadline=None)
def test_a_query_that_is_shown_is_read_as_the_same(typed: str) -> None:
    terms = parse(typed).terms
    assert parse(show(terms)).terms == terms


@given(st.text(_ANY) | st.lists(_PIECES, max_size=300).map("".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_has_values_of_the_right_kind(typed: str) -> None:
    query = parse(typed)
    for term in query.terms:
        match term.name:
            case "after" | "before":
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", term.value)
            case "like":
                assert re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}", term.value)
            case "cat":
                assert re.fullmatch(r"[a-z-]+\.(\*|[a-z-]+)", term.value)
            case _:
                assert any(map(str.isalnum, term.value))
                assert '"' not in term.value
    assert len(query.notes) <= MOST_NOTES
    assert all("\n" not in note for note in query.notes)


HOSTILE = [
    *('"', "-", ":", "<", ">", "<a|", "-1", "-.", "author:", "author: ", "a:", 'a"', '"a', "x-", "-x-", "'", "`"),
    *("http://a.", "arxiv.", "arxiv.org/", "a.", "2403.0123", "?", "\u0301", " ", "cat:a-", "after:1-", "title:/"),
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_becomes_no_more_words_than_it_has_pieces(piece: str) -> None:
    typed = piece * (QUERY_LIMIT // len(piece))
    terms = parse(typed).terms
    assert sum(len(term.value) for term in terms) <= len(typed)


def real_texts() -> Iterator[str]:
    """Every twentieth title and abstract of two collections."""
    for path in ("papers/arxiv-2025.jsonl.xz", "editions/huggingface-2024-05..2025-12.jsonl.xz"):
        with lzma.open(recorded(path), "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if number % 20 == 0:
                    row = json.loads(line)
                    yield from (row["title"], row["abstract"] or "")


def test_real_titles_and_abstracts_are_plain_words_and_nothing_is_remarked() -> None:
    misread = []
    for text in real_texts():
        query = parse(text)
        # A title with several words in quotation marks asks for them side by side, which it has.
        if query.notes or any(term.name not in ("word", "phrase") or term.negative for term in query.terms):
            misread.append(text)
    assert misread == []
