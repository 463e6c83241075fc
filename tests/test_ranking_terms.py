"""The words that say what somebody likes, so that they can check it."""

from __future__ import annotations

from bot.ranking.library import Library
from bot.ranking.terms import typical_terms
from storage.models import Paper
from tests import shelf
from tests.shelf import FIELDS, ids


def test_the_terms_of_papers_of_one_field_are_words_of_that_field() -> None:
    library = shelf.library()
    for field in FIELDS:
        terms = typical_terms(library, ids(field))
        assert terms
        assert all(set(term.split()) & set(FIELDS[field]) for term in terms[:4]), terms


def test_words_of_every_paper_are_no_terms() -> None:
    words = {word for term in typical_terms(shelf.library(), ids("robots")) for word in (term.split())[:1]}
    assert not words & {"we", "look", "and", "then", "what", "costs"}


def test_what_only_one_of_several_papers_says_is_no_term() -> None:
    library = Library(
        [*shelf.papers(), Paper(id="a", title="Zebras and a robot"), Paper(id="b", title="Zebras")]
    )
    assert "zebras" in typical_terms(library, ["a"])
    assert "zebras" not in typical_terms(library, ["a", *ids("robots", 0, 3)])


def test_a_word_gives_way_to_the_phrase_it_is_part_of() -> None:
    pairs = [
        Paper(id=f"p{n}", title=f"Diffusion policy {word}") for n, word in enumerate(("one", "two", "three"))
    ]
    terms = typical_terms(Library([*shelf.papers(), *pairs]), ["p0", "p1", "p2"])
    assert terms[0] == "diffusion policy"
    assert not {"diffusion", "policy"} & set(terms)


def test_papers_that_came_later_are_described_by_the_same_vocabulary() -> None:
    library = Library(shelf.papers()).extended([Paper(id="new", title="A gripper with torque")])
    assert {"gripper", "torque"} <= set(typical_terms(library, ["new"]))


def test_of_no_known_paper_there_are_no_terms() -> None:
    assert typical_terms(shelf.library(), []) == []
    assert typical_terms(shelf.library(), ["unknown"]) == []
    assert typical_terms(Library([]), ["unknown"]) == []


def test_numbers_alone_are_no_terms() -> None:
    papers = [Paper(id=f"n{n}", title="Results of 2026") for n in range(2)]
    assert not any(
        term.isdigit() for term in typical_terms(Library([*shelf.papers(), *papers]), ["n0", "n1"])
    )
