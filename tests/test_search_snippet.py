"""The place in an abstract that shows why a paper was found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import parse, snippet
from bot.search.snippet import LENGTH
from storage.models import Paper

FILLER = "Nothing of any interest stands in this sentence about the weather. "


def shown(query: str, abstract: str) -> str:
    """The snippet, with the words that matched in brackets."""
    pieces = snippet(parse(query), Paper(id="1", title="", abstract=abstract))
    return "".join(f"[{text}]" if hit else text for text, hit in pieces)


def test_the_words_of_the_query_are_marked_in_any_form() -> None:
    assert (
        shown("diffusion policy", "Policies that diffuse; DIFFUSION.")
        == "[Policies] that [diffuse]; [DIFFUSION]."
    )
    assert shown('"policy learning"', "Learning a policy.") == "[Learning] a [policy]."
    assert shown("résumé", "A Resume.") == "A [Resume]."


def test_a_snippet_begins_with_the_sentence_that_has_most_of_the_words() -> None:
    abstract = FILLER * 8 + "We teach robots to grasp. " + FILLER * 8
    text = shown("grasp robots weather", abstract)
    assert text.startswith("… ")
    assert "We teach [robots] to [grasp]." in text
    assert text.removeprefix("… ")[0].isupper()
    assert text.endswith(" …")


def test_the_beginning_is_shown_when_it_tells_as_much_as_any_other_place() -> None:
    assert shown("robots", "Robots grasp. " + FILLER * 9 + "Robots.").startswith("[Robots] grasp.")


def test_without_a_word_of_the_query_there_is_no_snippet() -> None:
    assert shown("robots", FILLER) == ""
    assert shown("robots", "") == ""
    assert shown("", FILLER) == ""
    assert shown("author:robots -weather cat:cs.LG", FILLER) == ""


def test_the_summary_stands_in_for_an_abstract_that_is_not_known() -> None:
    pieces = snippet(parse("robots"), Paper(id="1", title="", summary="On robots."))
    assert pieces == [("On ", False), ("robots", True), (".", False)]


def test_an_endless_word_is_cut() -> None:
    assert len(shown("robots", "robots " + "x" * 5_000)) < LENGTH + 10


WORDS = st.sampled_from(
    [
        "robots",
        "Grasp",
        "cups.",
        "The",
        "rain!",
        "ﬁne",
        "视觉",
        "🤖",
        "e\u0301",
        "\\'e",
        "\n",
        "  ",
        "x-ray",
        "(A",
    ]
)
ABSTRACT = st.lists(WORDS, max_size=200).map(" ".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=900
)


@given(ABSTRACT, st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_a_snippet_is_a_run_of_the_abstract_that_holds_a_word_of_the_query(abstract: str, query: str) -> None:
    pieces = snippet(parse(query), Paper(id="1", title="", abstract=abstract))
    if not pieces:
        return
    texts = [text for text, _ in pieces]
    inner = texts[texts[0] == "… " and not abstract.startswith("… ") :]
    if inner[-1] == " …" and not abstract.endswith(" …"):
        inner = inner[:-1]
    assert "".join(inner) in abstract
    assert len("".join(inner)) <= LENGTH
    assert all(texts)
    assert any(hit for _, hit in pieces)


@pytest.mark.parametrize(
    "text", ["robots " * 20_000, "Robots. " * 20_000, "robots " + "." * 200_000, "robots" + " " * 200_000]
)
def test_a_very_long_abstract_is_shown_like_any_other(text: str) -> None:
    assert "[" in shown("robots", text)
