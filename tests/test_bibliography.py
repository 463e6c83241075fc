"""Papers as people name them: links, ids and BibTeX, in every form in which they come, and garbage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bibliography import Bibliography, Reference, read, read_bibtex
from bot.ids import paper_id


def ids(text: str) -> list[str]:
    return [one.id for one in read(text).references]


@pytest.mark.parametrize(
    "between", [" ", ",", ", ", ";", "\n", " and ", "\t", " | ", "|", ") (", "\n- ", "”, “", "'\"", "> <"]
)
def test_links_and_ids_may_be_separated_by_anything(between: str) -> None:
    named = ["2403.00001", "https://arxiv.org/abs/2403.00002v3", "hf.co/papers/2403.00003", "math.GT/0309136"]
    assert ids(between.join(named)) == ["2403.00001", "2403.00002", "2403.00003", "math/0309136"]


def test_a_link_with_a_label_of_slacks_is_one_paper() -> None:
    assert ids(
        "<https://arxiv.org/abs/2403.00001|a paper of 2024>, <https://alphaxiv.org/abs/2403.00002>"
    ) == [
        "2403.00001",
        "2403.00002",
    ]


def test_a_paper_named_twice_is_one() -> None:
    assert ids("2403.00001 arXiv:2403.00001v2") == ["2403.00001"]


def test_addresses_and_numbers_that_are_no_papers_are_named_and_words_are_not() -> None:
    assert read("see 2403.1 and https://example.org/a or arxiv.org/list/cs too") == Bibliography(
        (), ("2403.1", "https://example.org/a", "arxiv.org/list/cs")
    )


@pytest.mark.parametrize(
    "fields",
    [
        "eprint = {2403.01234}, archivePrefix = {arXiv}, primaryClass = {cs.LG}",
        'EPRINT = "2403.01234v2", ARCHIVEPREFIX = "arXiv"',
        "eprint = {arXiv:2403.01234}",
        "eprint = {2403.01234}, eprinttype = {arxiv}",
        "url = {https://arxiv.org/abs/2403.01234}",
        "url = {http://www.arxiv.org/pdf/2403.01234v2.pdf}",
        "doi = {10.48550/arXiv.2403.01234}",
        "doi = {https://doi.org/10.48550/ARXIV.2403.01234}",
        "note = {arXiv:2403.01234 [cs]}",
        r"howpublished = {\url{https://arxiv.org/abs/2403.01234}}",
        "journal = {arXiv preprint arXiv:2403.01234}",
        "journal = {arXiv e-prints}, pages = {arXiv:2403.01234}",
        "journal = {CoRR}, volume = {abs/2403.01234}",
        "journal = {NeurIPS}, note = {Also at https://huggingface.co/papers/2403.01234.}",
    ],
)
def test_an_entry_is_known_by_the_arxiv_id_in_any_of_its_fields(fields: str) -> None:
    found = read_bibtex(f"@article{{key, title = {{A Title}}, {fields}}}")
    assert found == Bibliography((Reference("A Title", "2403.01234", "A Title"),))


@pytest.mark.parametrize(
    "fields",
    [
        "eprint = {1234.56789}, archivePrefix = {bioRxiv}",
        "doi = {10.1000/2403.01234}",
        "pages = {2403.01234}",
        "journal = {Nature}, volume = {2403}, number = {01234}",
    ],
)
def test_what_only_looks_like_an_id_leaves_the_title(fields: str) -> None:
    assert read_bibtex(f"@article{{key, title = {{A {{T}}itle}}, {fields}}}").references == (
        Reference("A Title", "", "A Title"),
    )


def test_entries_may_stand_on_one_line_as_slack_commands_have_them() -> None:
    pasted = (
        "@misc{a, eprint={2403.00001}} @misc{b, eprint={2403.00002}} thanks! @misc{c, eprint={2403.00003}}"
    )
    assert ids(pasted) == ["2403.00001", "2403.00002", "2403.00003"]


def test_a_broken_entry_is_named_and_the_others_are_read() -> None:
    text = "@misc{fine, eprint={2403.00001}}\n@misc{broken, title={never closed\n\n@misc{also, eprint={2403.00002}}"
    assert [one.id for one in read_bibtex(text).references] == ["2403.00001", "2403.00002"]
    assert read_bibtex(text).broken == ("broken",)


def test_entries_with_one_key_and_fields_given_twice_are_read() -> None:
    text = "@misc{a, eprint={2403.00001}} @misc{a, eprint={2403.00002}} @misc{b, title={T}, title={U}}"
    assert [one.id or one.title for one in read_bibtex(text).references] == ["2403.00001", "2403.00002", "T"]
    assert read_bibtex(text).broken == ()


def test_an_entry_without_title_and_id_is_named() -> None:
    assert read_bibtex("@misc{nothing, year = {2020}}") == Bibliography((), ("nothing",))


def test_strings_and_comments_are_no_papers() -> None:
    text = '@string{acl = "ACL"} @comment{x} @preamble{"y"} @misc{a, title = {T}, journal = acl # " 2020"}'
    assert read_bibtex(text) == Bibliography((Reference("T", "", "T"),))


_BITS = st.sampled_from(
    [
        *'@{}(),=#"%\\ \n',
        "@article{a,",
        "title={",
        "eprint=2403.00001",
        "@string{",
        "@comment{",
        "}",
        "é",
        "\x00",
        "==",
    ]
)


@given(st.text() | st.lists(_BITS, max_size=60).map("".join))
def test_garbage_is_read_without_an_error_and_every_id_is_one(text: str) -> None:
    for found in (read(text), read_bibtex(text)):
        assert all(one.name and (one.id or one.title) for one in found.references)
        assert all(paper_id(one.id) == one.id for one in found.references if one.id)
        assert all(found.broken)


@given(st.lists(_BITS, max_size=30).map("".join))
def test_a_good_entry_before_garbage_is_found(garbage: str) -> None:
    assert "2403.77777" in [
        one.id for one in read_bibtex("@misc{good, eprint={2403.77777}}\n" + garbage).references
    ]
