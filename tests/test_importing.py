"""Files of papers into the store: our own lines and those of arXiv's metadata, whole, in order, and fast to repeat."""

from __future__ import annotations

import asyncio
import gzip
import json
import lzma
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files import open_lines
from bot.ids import with_zeros
from bot.importing import LINES, NAMED, import_papers, read_lines
from bot.ingest import Ingest, Kept
from bot.sources import open_sources
from storage import Store
from storage.models import Paper, Skipped
from tests.conftest import MovedClock
from tests.upstream import recorded

TUESDAY = date(2026, 8, 18)
#: Nobody listens there: an import asks no source.
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def ingest(store: Store, clock: MovedClock) -> AsyncIterator[Ingest]:
    sources = open_sources(huggingface_url=NOWHERE, arxiv_url=NOWHERE, arxiv_rss_url=NOWHERE)
    yield Ingest(store, sources, (), clock)
    await sources.aclose()


def line(**fields: Any) -> str:
    return json.dumps({"id": "2403.01234", "title": "A title"} | fields)


def only(text: str) -> tuple[Paper, date | None]:
    [read] = read_lines([text])
    assert not isinstance(read, Skipped), read
    return read


@pytest.mark.parametrize(
    ("given", "id"),
    [
        ("2403.01234", "2403.01234"),
        ("2403.01234v2", "2403.01234"),
        (" arXiv:2403.01234v11 ", "2403.01234"),
        ("https://arxiv.org/abs/2403.01234v1", "2403.01234"),
        ("math.GT/0309136v3", "math/0309136"),
        ("quant-ph/0201082", "quant-ph/0201082"),
        ("10.1000/xyz", "10.1000/xyz"),
        (17, "17"),
    ],
)
def test_an_id_is_read_in_any_of_its_forms_and_loses_its_version(given: Any, id: str) -> None:
    assert only(line(id=given))[0].id == id


@pytest.mark.parametrize(
    ("given", "authors"),
    [
        (["Ada  Lovelace", "Alan Turing", "Ada Lovelace", ""], ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace and Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace, Alan Turing and Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        ("Ada Lovelace, Alan Turing, and Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        ("Ada Lovelace; Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Sandy Andrews,\n  Roland Brand", ("Sandy Andrews", "Roland Brand")),
        (None, ()),
        ("", ()),
        ([], ()),
    ],
)
def test_authors_are_a_list_or_a_text(given: Any, authors: tuple[str, ...]) -> None:
    assert only(line(authors=given))[0].authors == authors


@pytest.mark.parametrize("given", ["cs.LG cs.CL", "cs.LG, cs.CL", ["cs.LG", "cs.CL"], "cs.LG  cs.CL cs.LG"])
def test_categories_are_a_list_or_a_text(given: Any) -> None:
    assert only(line(categories=given))[0].categories == ("cs.LG", "cs.CL")


def test_keywords_of_several_words_stay_together() -> None:
    assert only(line(keywords="search and rescue, robots"))[0].keywords == ("search and rescue", "robots")


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-03-09T17:59:59", datetime(2026, 3, 9, 17, 59, 59, tzinfo=UTC)),
        ("2026-03-09T17:59:59Z", datetime(2026, 3, 9, 17, 59, 59, tzinfo=UTC)),
        ("2026-03-09T19:59:59+02:00", datetime(2026, 3, 9, 17, 59, 59, tzinfo=UTC)),
        ("2026-03-09", datetime(2026, 3, 9, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_date_without_a_zone_is_in_utc(given: str | None, moment: datetime | None) -> None:
    published = only(line(published=given))[0].published
    assert published == moment
    assert published is None or published.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "Expecting value"),
        ('{"id": "1", "title": "cut', "Unterminated string"),
        ("[1, 2]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", "an id must have"),
        ('{"title": "No id"}', "an id must have"),
        (line(id="x" * 300), "an id must have 1 to 200 characters"),
        (line(title="  "), "2403.01234 has no title"),
        (line(title=None), "2403.01234 has no title"),
        (line(published="last week"), "published: "),
        (line(published="0001-01-01T00:00:00+14:00"), "date value out of range"),
        (line(abstract=["a", "list"]), "abstract: "),
        (line(authors=7), "not iterable"),
        (line(upvotes=-1), "upvotes: "),
        (line(upvotes="many"), "upvotes: "),
        (line(upvotes=2**63), "upvotes: "),
        (line(code_stars=10**400), "code_stars: "),
        (line(day="2026-02-30"), "day is out of range"),
        (line(day=20260818), "must be str"),
        (line(title="half a letter \ud800"), "surrogates not allowed"),
        (line(id="\ud800"), "surrogates not allowed"),
        (line(authors=["\ud800"]), "surrogates not allowed"),
        ("[" * 100_000, "recursion"),
    ],
)
async def test_a_line_that_cannot_be_read_is_named_and_the_others_are_kept(
    ingest: Ingest, text: str, reason: str
) -> None:
    lines = [line(id="2403.00001"), "", text, line(id="2403.00002")]
    kept = await import_papers(ingest, lines, lambda _: None)
    assert (kept.papers, kept.new) == (2, 2)
    [skipped] = kept.skipped
    assert skipped.id == "line 3"
    assert reason in skipped.reason
    assert await ingest.store.count_papers() == 2


def test_unknown_fields_do_no_harm() -> None:
    paper, day = only(line(license="CC0", versions=[{"v": 1}], day="2026-08-18", summary=None))
    assert paper == Paper(id="2403.01234", title="A title")
    assert day == TUESDAY


async def test_an_export_can_be_imported_again(ingest: Ingest) -> None:
    papers = [line(id=str(n), upvotes=n, abstract="An abstract.", published="2026-03-09") for n in range(3)]
    await import_papers(ingest, papers, lambda _: None)
    exported = [paper.model_dump_json() for paper in await ingest.store.all_papers()]
    with Store.open(":memory:") as empty:
        kept = await import_papers(Ingest(empty, ingest.sources, (), ingest.clock), exported, lambda _: None)
        assert (kept.new, kept.skipped) == (3, ())
        assert list(await empty.all_papers()) == list(await ingest.store.all_papers())


async def test_a_day_makes_a_listing_in_the_files_order(ingest: Ingest) -> None:
    lines = [
        line(id=id, day=day) for id, day in (("b", "2026-08-18"), ("a", "2026-08-18"), ("c", "2026-08-17"))
    ]
    await import_papers(ingest, [*lines, line(id="d")], lambda _: None)
    assert list(await ingest.store.listed(TUESDAY, TUESDAY)) == ["b", "a"]
    assert list(await ingest.store.listed(date(2026, 8, 17), TUESDAY)) == ["b", "a", "c"]


async def test_a_day_longer_than_a_transaction_keeps_its_order(ingest: Ingest) -> None:
    ids = [f"paper-{n:05d}" for n in range(2 * LINES + LINES // 2, 0, -1)]
    told: list[int] = []
    kept = await import_papers(ingest, (line(id=id, day="2026-08-18") for id in ids), told.append)
    assert (kept.papers, kept.new) == (len(ids), len(ids))
    assert told == [LINES, LINES, LINES // 2]
    assert list(await ingest.store.listed(TUESDAY, TUESDAY)) == ids


async def test_the_same_file_again_brings_nothing_new(ingest: Ingest) -> None:
    lines = [line(id=str(n), day="2026-08-18", upvotes=n) for n in range(30)]
    assert await import_papers(ingest, lines, lambda _: None) == Kept("huggingface", 30, 30)
    before = list(await ingest.store.all_papers())
    assert await import_papers(ingest, lines, lambda _: None) == Kept("huggingface", 30, 0)
    assert list(await ingest.store.all_papers()) == before


async def test_every_real_edition_is_imported_and_listed(ingest: Ingest) -> None:
    with lzma.open(
        recorded("editions/huggingface-2024-05..2025-12.jsonl.xz"), "rt", encoding="utf-8"
    ) as file:
        lines = list(file)
    rows = [json.loads(text) for text in lines]
    kept = await import_papers(ingest, lines, lambda _: None)
    assert (kept.papers, kept.skipped) == (6141, ())
    assert kept.new == await ingest.store.count_papers() == len({row["id"] for row in rows})
    expected = Counter(row["day"] for row in {(row["day"], row["id"]): row for row in rows}.values())
    for day, count in expected.items():
        of = date.fromisoformat(day)
        assert len(await ingest.store.listed(of, of)) == count, day
    assert await ingest.store.newest_day(date(2030, 1, 1)) == date.fromisoformat(max(expected))


def of_arxiv(**fields: Any) -> str:
    """A line of arXiv's metadata as Kaggle publishes it; the words are ours."""
    item: dict[str, Any] = {
        "id": "0704.0001",
        "submitter": "Ada Example",
        "authors": "A. Example, B. L\\'opez and Noor Sample Jr",
        "title": "A title that is\n  broken over two lines",
        "comments": "37 pages,\n  15 figures",
        "journal-ref": "Phys.Rev.D76:013009,2007",
        "doi": "10.1000/xyz",
        "report-no": None,
        "categories": "hep-ph cs.CL",
        "license": None,
        "abstract": "  We made this up\nand broke the line.\n",
        "versions": [
            {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
            {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
        ],
        "update_date": "2008-11-26",
        "authors_parsed": [
            ["Example", "Ada", ""],
            ["López", "B.", "", "Lab", "Town"],
            ["Sample", "Noor", "Jr"],
        ],
    }
    return json.dumps(item | fields)


def test_a_line_of_arxivs_metadata_is_read_field_by_field() -> None:
    paper, day = only(of_arxiv())
    assert day is None
    assert paper == Paper(
        id="0704.0001",
        title="A title that is broken over two lines",
        abstract="We made this up and broke the line.",
        authors=("Ada Example", "B. López", "Noor Sample Jr"),
        categories=("hep-ph", "cs.CL"),
        comment="37 pages, 15 figures",
        published=datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC),
        updated=datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC),
    )


def test_what_a_line_of_arxivs_metadata_lacks_is_taken_from_elsewhere_or_not_known() -> None:
    bare = only(of_arxiv(versions=[], authors_parsed=[], comments=None))[0]
    assert (bare.published, bare.updated) == (None, datetime(2008, 11, 26, tzinfo=UTC))
    assert bare.authors == ("A. Example", "B. L\\'opez", "Noor Sample Jr")
    assert bare.comment == ""
    assert only(of_arxiv(authors_parsed=[["The Example Collaboration"]]))[0].authors == (
        "The Example Collaboration",
    )


@pytest.mark.parametrize(
    ("given", "id"),
    [
        ("0704.0001", "0704.0001"),
        ("704.0001", "0704.0001"),
        (704.0001, "0704.0001"),
        (704.001, "0704.0010"),
        (1412.7, "1412.7000"),
        (1501.0001, "1501.00010"),
        ("2403.012", "2403.01200"),
        ("2403.01234v3", "2403.01234"),
        ("math/0309136", "math/0309136"),
        ("math.GT/0309136", "math/0309136"),
    ],
)
def test_zeros_that_an_id_lost_by_being_read_as_a_number_are_put_back(given: Any, id: str) -> None:
    assert only(of_arxiv(id=given))[0].id == id


@pytest.mark.parametrize("given", [704.0001, 1501.0001, 2403.1])
def test_an_id_that_is_a_number_with_a_fraction_is_arxivs_in_any_file(given: float) -> None:
    assert only(line(id=given)) == only(line(id=only(of_arxiv(id=given))[0].id))


@given(
    month=st.dates(date(2007, 4, 1), date(2098, 12, 1)).map(lambda day: f"{day:%y%m}"),
    number=st.integers(1, 9999),
)
def test_no_id_is_lost_to_a_number(month: str, number: int) -> None:
    id = f"{month}.{number:05d}" if month >= "1501" else f"{month}.{number:04d}"
    assert with_zeros(str(float(id))) == id == with_zeros(id)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": 0.5}, "0.5 is not an arXiv id"),
        ({"id": 1399.5}, "1399.5 is not an arXiv id"),
        ({"id": 704.0}, "704.0 is not an arXiv id"),
        ({"id": "math/309136"}, "math/309136 is not an arXiv id"),
        ({"id": None}, "nothing is not an arXiv id"),
        ({"title": "\n"}, "0704.0001 has no title"),
        ({"versions": [{"version": "v1"}]}, "versions: {'version': 'v1'} has no date"),
        ({"versions": [{"created": "last week"}]}, "has no date that can be read"),
        ({"versions": ["v1"]}, "has no date that can be read"),
        ({"versions": [], "update_date": "last week"}, "updated: "),
        ({"authors_parsed": [[]]}, "unpack"),
        ({"authors_parsed": [[None, None, None]]}, "expected str"),
        ({"comments": ["a", "list"]}, "comment: "),
    ],
)
def test_a_line_of_arxivs_metadata_that_cannot_be_read_is_named(fields: dict[str, Any], reason: str) -> None:
    [read] = read_lines([of_arxiv(**fields)])
    assert isinstance(read, Skipped)
    assert reason in read.reason


async def test_an_import_that_was_stopped_keeps_what_it_read_and_the_next_brings_the_rest(
    ingest: Ingest,
) -> None:
    lines = [of_arxiv(id=f"0704.{n:04d}") for n in range(1, LINES + 10)]

    def interrupt(_: int) -> None:
        importing.cancel()

    importing = asyncio.create_task(import_papers(ingest, lines, interrupt))
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert await ingest.store.count_papers() == LINES
    again = await import_papers(ingest, lines, lambda _: None)
    assert (again.papers, again.new) == (len(lines), 9)


async def test_of_many_lines_that_cannot_be_read_a_thousand_are_named_and_all_counted(ingest: Ingest) -> None:
    kept = await import_papers(ingest, ("no json" for _ in range(LINES + NAMED)), lambda _: None)
    assert len(kept.skipped) == NAMED
    assert len(kept.skipped) + kept.unnamed == LINES + NAMED


async def test_a_file_that_is_damaged_is_read_until_there(ingest: Ingest, tmp_path: Path) -> None:
    path = tmp_path / "papers.gz"
    # Random words, so that half of the compressed bytes is about half of the lines.
    words = random.Random(1)
    text = "".join(f"{line(id=str(n), abstract=words.randbytes(500).hex())}\n" for n in range(2000))
    whole = gzip.compress(text.encode())
    path.write_bytes(whole[: len(whole) // 2])
    with open_lines(str(path)) as file:
        kept = await import_papers(ingest, file.lines, lambda _: None)
    assert kept.papers == await ingest.store.count_papers() > 500
    [damage] = kept.skipped
    assert damage.id == f"line {kept.papers + 1}"
    assert "damaged or cut off" in damage.reason
