"""Text as the index sees it: one spelling for what can be written in several."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.search.text import PLAIN, STEMMED, compounds, content, fold, names, stems

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TEX = st.lists(
    st.sampled_from(
        [*"\\\"'`^~=.{}$ ocvukHi", "\\o", "\\ss", "\\c", "\\emph", "\\mathbb", "é", "ﬁ", "α", "x²"]
    )
).map("".join)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ('Schr\\"odinger', "schrodinger"),
        ('Schr\\"{o}dinger', "schrodinger"),
        ('Schr{\\"o}dinger', "schrodinger"),
        ('Schr{\\"{o}}dinger', "schrodinger"),
        ("Schrödinger", "schrodinger"),
        (unicodedata.normalize("NFD", "Schrödinger"), "schrodinger"),
        ("Poincar\\'e", "poincare"),
        ("Poincar\\'{e}", "poincare"),
        ("Ho\\v{r}ava", "horava"),
        ("Ho\\v rava", "horava"),
        ("Fran\\c{c}ois", "francois"),
        ("Fran\\c cois", "francois"),
        ("Erd\\H{o}s", "erdos"),
        ("{\\L}ojasiewicz", "lojasiewicz"),
        ("\\L{}ojasiewicz", "lojasiewicz"),
        ("\\L ojasiewicz", "lojasiewicz"),
        ("Łojasiewicz", "lojasiewicz"),
        ("{\\O}rsted", "orsted"),
        ("{\\o}re", "ore"),
        ("Weierstra{\\ss}", "weierstrass"),
        ("Weierstraß", "weierstrass"),
        ("na\\\"{\\i}ve", "naive"),
        ("na\\\"\\i ve", "naive"),
        ("\\'{A}lvarez", "alvarez"),
        ("\\=o", "o"),
        ("K\\\"ahler", "kahler"),
        ("\\AA ngstr\\\"om", "angstrom"),
        ("ﬁnite", "finite"),
        ("ＧＰＴ", "gpt"),
        ("ℝ", "r"),
        ("x²", "x2"),
        ("İstanbul", "istanbul"),
    ],
)  # fmt: skip
def test_accents_and_letters_are_one_however_they_are_written(written: str, plain: str) -> None:
    assert names(written) == [plain]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("TNFα", ["tnf", "alpha"]),
        ("TNF-α", ["tnf", "alpha"]),
        ("Ω(n)", ["omega", "n"]),
        ("β-VAE", ["beta", "vae"]),
        ("µm", ["mu", "m"]),
        ("C++ and C#", ["c++", "and", "c#"]),
        ("GPT-4o", ["gpt", "4o"]),
        ("BT^2", ["bt", "2"]),
        ("graph_rag", ["graph", "rag"]),
        ("深層学習", ["深", "層", "学", "習"]),
        ("視覚transformer", ["視", "覚", "transformer"]),
        ("한국어 모델", ["한국어", "모델"]),
        ("\\emph{robust} \\mathbb{R}", ["robust", "r"]),
        ("x" * 61, []),
        ("", []),
        ("-- … 🤖", []),
    ],
)
def test_words_are_what_stands_between_signs(text: str, words: list[str]) -> None:
    assert names(text) == words


def test_words_that_say_nothing_are_left_out_unless_there_are_no_others() -> None:
    assert content("what is the attention of a paper") == stems("attention")
    assert content("what is it") == stems("what is it")
    assert content("") == []


def test_hyphenated_words_are_kept_in_one_piece() -> None:
    assert compounds("few-shot and state‑of–the-art, x - y, -z, a--b") == "fewshot stateoftheart"


def test_an_endless_word_is_read_in_one_go() -> None:
    # By trying each of its letters as a beginning, this would take an hour.
    assert compounds("x" * 1_000_000) == ""
    assert compounds("a-" * 300_000) == "a" * 300_000
    assert fold('\\"' * 300_000 + "\\c" * 300_000 + "{" * 300_000)


@given(TEXT | TEX)
@settings(max_examples=400, deadline=None)
def test_any_text_is_folded_and_its_words_are_the_same_when_it_is_folded_again(text: str) -> None:
    assert names(fold(text)) == names(text)
    assert stems(fold(text)) == stems(text)
    assert set(content(text)) <= set(stems(text))
    compounds(text)


WORD = st.text("abcdefgoöéüßñ", min_size=2, max_size=8)


@given(st.lists(WORD, min_size=1, max_size=3))
def test_a_term_is_itself_in_any_case_accents_and_hyphenation(parts: list[str]) -> None:
    term = "-".join(parts)
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", term) if not unicodedata.combining(letter)
    )
    for form in (term.upper(), term.title(), term.replace("-", " "), term.replace("-", "‑"), bare):
        assert names(form) == names(term)


@given(st.text(st.characters(max_codepoint=0x17F), max_size=200))
@example("C++ and C# at 3.5 GHz: over-fitted, DYING skies")
@example("a" * 59)
@example("a" * 60)
@example("a" * 61)
def test_the_quick_way_for_plain_text_comes_to_the_same_words(text: str) -> None:
    assert stems(text) == STEMMED.analyze(fold(text))
    assert names(text) == PLAIN.analyze(fold(text))
