"""Texts as vectors: by their words, whatever their order, and the same on every machine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import static
from bot.search.static import DIMENSIONS, Static
from bot.search.text import content

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


def cosine(first: str, second: str) -> float:
    one, other = static.load().embed([first, second])
    return float(one @ other)


@given(st.lists(TEXT, max_size=6))
@settings(max_examples=100, deadline=None)
def test_each_text_has_the_same_vector_alone_and_among_others(texts: list[str]) -> None:
    together = static.load().embed(texts)
    assert together.shape == (len(texts), DIMENSIONS)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(static.load().embed([text])[0], vector)
        length = np.linalg.norm(vector)
        assert length == pytest.approx(1, abs=1e-5) if content(text) else length == 0


@given(
    st.lists(
        st.sampled_from(["robots", "grasp", "cups", "and", "quokkas", "with", "zyxwv", "hands"]), min_size=1
    )
)
@settings(max_examples=60, deadline=None)
def test_the_order_of_words_changes_nothing(words: list[str]) -> None:
    shuffled = sorted(words)
    assert cosine(" ".join(words), " ".join(shuffled)) == pytest.approx(1, abs=1e-5)


def test_the_same_words_have_the_same_vector_in_another_process() -> None:
    vector = Static(["robot"], np.ones((1, DIMENSIONS), np.int8), np.ones(1, np.float32)).embed(["quokka"])[0]
    # A row by checksum, its signs by digest: no seed, and no hash that changes from process to process.
    assert "".join("+" if value > 0 else "-" for value in vector[:24]) == "+--+--++---++--+-+++---+"


def test_texts_about_the_same_are_near_and_others_are_not() -> None:
    same = cosine("avoiding car crashes", "automobile collision prevention")
    assert same > 0.4 > cosine("avoiding car crashes", "sheaf cohomology")
    assert cosine("Schrödinger bridges", 'Schr\\"odinger bridge') == pytest.approx(1, abs=1e-5)


def test_words_that_no_vocabulary_has_tell_texts_apart() -> None:
    assert cosine("zyxwvut", "zyxwvut") == pytest.approx(1, abs=1e-5)
    assert abs(cosine("zyxwvut", "qponmlk")) < 0.3
    assert cosine("zyxwvut robots", "zyxwvut hands") > cosine("zyxwvut robots", "qponmlk hands") + 0.2


def test_a_text_without_words_has_no_direction() -> None:
    assert not static.load().embed(["", " ", "...", "🤖", "\x00"]).any()


def test_a_word_said_often_counts_more_but_not_as_often_as_it_is_said() -> None:
    once, often = cosine("robots cups", "robots"), cosine("robots " * 50 + "cups", "robots")
    assert once < often < 0.999
