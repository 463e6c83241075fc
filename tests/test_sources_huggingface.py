from __future__ import annotations

import contextlib
import json
import logging
import lzma
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.sources.http import Fetcher, client
from bot.sources.huggingface import HuggingFace, parse_daily, parse_paper, parse_search
from storage.models import Batch, Paper, plain
from tests.upstream import Upstream, daily_item, recorded

DAY = date(2026, 3, 10)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as serving:
        serving.today = DAY
        yield serving


@pytest.fixture
async def huggingface(upstream: Upstream) -> AsyncIterator[HuggingFace]:
    source = HuggingFace(
        Fetcher(client(), source="huggingface", pace=None, patience=5, wait=0.01),
        upstream.url + "/api/daily_papers",
    )
    yield source
    await source.aclose()


def daily(*items: Any) -> Batch:
    return parse_daily(json.dumps(list(items)).encode(), DAY)


def only(item: Any) -> Paper:
    batch = daily(item)
    assert batch.skipped == ()
    return batch.papers[0]


@pytest.mark.parametrize(
    ("day", "papers"),
    [
        ("2024-05-28", 15),
        ("2024-09-03", 2),
        ("2025-03-03", 7),
        ("2025-06-10", 28),
        ("2025-09-30", 50),
        ("2025-12-02", 28),
    ],
)
def test_every_recorded_day_is_read_whole(day: str, papers: int) -> None:
    body = recorded(f"upstream/huggingface/{day}.json").read_bytes()
    batch = parse_daily(body, date.fromisoformat(day))
    assert (len(batch.papers), batch.skipped, batch.day) == (papers, (), date.fromisoformat(day))
    assert batch.listed == tuple(item["paper"]["id"] for item in json.loads(body))
    assert all(paper.abstract and paper.authors and paper.published for paper in batch.papers)
    assert all(paper.upvotes is not None for paper in batch.papers)


def test_every_day_of_the_archive_is_read_whole() -> None:
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with lzma.open(recorded("editions/huggingface-2024-05..2025-12.jsonl.xz"), "rt") as rows:
        for row in map(json.loads, rows):
            days[row["day"]].append(as_daily(row))
    assert (len(days), sum(map(len, days.values()))) == (415, 6141)
    for day, items in days.items():
        batch = parse_daily(json.dumps(items).encode(), date.fromisoformat(day))
        assert (len(batch.papers), batch.skipped) == (len(items), ())
        assert [paper.title for paper in batch.papers] == [plain(item["title"]) for item in items]


def as_daily(row: dict[str, Any]) -> dict[str, Any]:
    return daily_item(
        row["id"],
        row["title"],
        summary=row["abstract"],
        upvotes=row["upvotes"],
        publishedAt=row["published_at"],
        authors=[{"name": name, "hidden": False} for name in row["authors"]],
        ai_summary=row["ai_summary"],
        ai_keywords=row["ai_keywords"],
        githubRepo=row["github_repo"],
        githubStars=row["github_stars"],
        projectPage=row["project_page"],
        organization=row["organization"],
    )


def test_every_field_is_mapped() -> None:
    item = daily_item(
        "2603.01234v2",
        "A Title\n  on two lines",
        upvotes=12,
        githubRepo="example/code.py",
        githubStars=34,
        projectPage="https://example.org/page?a=1&b=2",
        organization={"name": "example", "fullname": "Example Lab"},
        submitterOrganization={"name": "other", "fullname": "Not The Paper's"},
        withdrawnAt="2026-03-11T01:00:00+02:00",
    )
    assert only(item) == Paper(
        id="2603.01234",
        title="A Title on two lines",
        abstract="We invented this abstract about A Title on two lines so that a test has something to read.",
        summary="A made-up summary of A Title on two lines.",
        authors=("Ada Example", "Noor Sample"),
        keywords=("invented keyword", "tests"),
        published=datetime(2026, 3, 9, 17, 59, 59, tzinfo=UTC),
        withdrawn=datetime(2026, 3, 10, 23, tzinfo=UTC),
        organization="Example Lab",
        code_url="https://github.com/example/code.py",
        code_stars=34,
        project_url="https://example.org/page?a=1&b=2",
        upvotes=12,
    )


def test_a_paper_with_nothing_but_id_and_title_is_a_paper() -> None:
    assert only({"paper": {"id": "2603.00001", "title": "Bare"}}) == Paper(id="2603.00001", title="Bare")


def test_upvotes_stand_only_under_the_paper() -> None:
    assert only({"paper": {"id": "2603.00001", "title": "T"}, "upvotes": 5}).upvotes is None


def test_the_item_fills_in_what_its_paper_lacks() -> None:
    item = {"paper": {"id": "2603.00001"}, "title": "T", "summary": "S", "organization": "O"}
    paper = only(item | {"publishedAt": "2026-03-09T00:00:00"})
    assert (paper.title, paper.abstract, paper.organization) == ("T", "S", "O")
    assert paper.published == datetime(2026, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://github.com/a/b", "https://github.com/a/b"),
        ("github.com/a/b", "https://github.com/a/b"),
        ("a-1/b_2.c", "https://github.com/a-1/b_2.c"),
        ("http://example.org/x|y>", "http://example.org/x%7Cy%3E"),
        ("javascript:alert(1)", ""),
        ("ftp://example.org/x", ""),
        ("https://user:secret@example.org/", ""),
        ("https://exa mple.org/", ""),
        ("https://", ""),
        ("https://[oops", ""),
        ("just words", ""),
        (["https://github.com/a/b"], ""),
    ],
)
def test_only_web_addresses_become_links(given: Any, kept: str) -> None:
    assert only(daily_item("2603.00001", "T", githubRepo=given)).code_url == kept


def test_the_project_page_is_never_a_repository_name() -> None:
    assert only(daily_item("2603.00001", "T", projectPage="a/b")).project_url == ""


def test_hidden_authors_are_left_out_and_names_come_from_wherever_they_are() -> None:
    authors = [
        {"name": "Ada", "hidden": False},
        {"name": "Hidden", "hidden": True},
        {"user": {"fullname": "Full Name", "user": "handle"}},
        {"name": "", "user": {"user": "handle"}},
        {"user": "plain-user"},
        "Just A Name",
        {"name": 7},
        None,
        {"name": "Ada"},
    ]
    read = only(daily_item("2603.00001", "T", authors=authors)).authors
    assert read == ("Ada", "Full Name", "handle", "plain-user", "Just A Name")


@pytest.mark.parametrize("votes", [-1, True, 2.5, "7", None, 2**80, [1]])
def test_a_weird_count_is_not_known(votes: Any) -> None:
    assert only(daily_item("2603.00001", "T", upvotes=votes, githubStars=votes)).upvotes is None


@pytest.mark.parametrize("moment", ["yesterday", 1700000000, "0001-01-01T00:00:00+05:00", "2026-13-01", ""])
def test_a_weird_time_is_not_known(moment: Any) -> None:
    assert only(daily_item("2603.00001", "T", publishedAt=moment, withdrawnAt=moment)).published is None


def test_control_characters_and_lone_surrogates_are_removed() -> None:
    body = rb'[{"paper": {"id": "2603.00001", "title": "A\u0000 \ud800b\u001b\u202e c\u2028d"}}]'
    assert parse_daily(body, DAY).papers[0].title == "A b c d"


def test_markup_and_entities_are_kept_as_the_text_they_are() -> None:
    assert only(daily_item("2603.00001", "<!channel> &lt;b&gt; $a<b$")).title == "<!channel> &lt;b&gt; $a<b$"


@pytest.mark.parametrize(
    ("broken", "id", "reason"),
    [
        (None, "", "item 1 holds no paper"),
        ([], "", "item 1 holds no paper"),
        ({"paper": None}, "", "item 1 holds no paper"),
        ({"paper": {"title": "T"}}, "", "item 1 has no arXiv id"),
        ({"paper": {"id": 2603.00001, "title": "T"}}, "", "item 1 has no arXiv id"),
        ({"paper": {"id": "not/an id", "title": "T"}}, "not/an id", "item 1 has no arXiv id"),
        ({"paper": {"id": "2603.00009", "title": " \n"}}, "2603.00009", "item 1 has no title"),
        ({"paper": {"id": "2603.00009", "title": ["T"]}}, "2603.00009", "item 1 has no title"),
    ],
)
def test_a_broken_item_is_skipped_with_its_reason_and_its_sibling_kept(
    broken: Any, id: str, reason: str
) -> None:
    batch = daily(broken, daily_item("2603.00002", "Kept"))
    assert batch.listed == ("2603.00002",)
    assert batch.skipped == ((id, reason),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"error":"no"}',
        b"null",
        b"[",
        b"\xff\xfe[]",
        b"[" * 100_000,
        b'[{"a":' + b"9" * 5000,
    ],
)
def test_what_is_not_a_json_array_is_an_error(body: bytes) -> None:
    with pytest.raises(SourceError, match="daily papers of 2026-03-10"):
        parse_daily(body, DAY)
    with pytest.raises(SourceError):
        parse_search(body)
    with pytest.raises(SourceError):
        parse_paper(body)


FIELDS = [*daily_item("2603.00001", "T")["paper"], "githubRepo", "githubStars", "projectPage", "organization"]


@given(field=st.sampled_from([*FIELDS, "withdrawnAt"]), value=json_values, other=json_values)
@settings(max_examples=200, deadline=None)
def test_no_value_in_any_field_loses_a_well_formed_sibling(field: str, value: Any, other: Any) -> None:
    weird = daily_item("2603.00001", "T")
    weird["paper"][field] = value
    batch = daily(weird, other, daily_item("2603.00002", "Sibling"))
    assert "2603.00002" in batch.listed
    if field != "id":  # without its own title the paper has its item's
        assert "2603.00001" in batch.listed
    Batch.model_validate_json(batch.model_dump_json())


@given(value=json_values)
@settings(deadline=None)
def test_any_json_is_read_or_a_source_error(value: Any) -> None:
    body = json.dumps(value).encode()
    for read in (lambda: parse_daily(body, DAY), lambda: parse_search(body), lambda: parse_paper(body)):
        with contextlib.suppress(SourceError):
            read()


@given(body=st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_read_or_a_source_error(body: bytes) -> None:
    with contextlib.suppress(SourceError):
        parse_daily(body, DAY)


async def test_a_day_is_read_page_by_page_in_order(huggingface: HuggingFace, upstream: Upstream) -> None:
    items = [daily_item(f"2603.{number:05}", f"Paper {number}") for number in range(230)]
    upstream.days["2026-03-10"] = [*items, items[0]]
    batch = await huggingface.daily(DAY)
    assert batch.listed == tuple(item["paper"]["id"] for item in items)
    assert [paper.id for paper in batch.papers] == list(batch.listed)
    assert [request.query["p"] for request in upstream.requests] == ["0", "1", "2", "3"]
    assert upstream.requests[0].query == {"date": "2026-03-10", "limit": "100", "p": "0"}


async def test_a_server_that_caps_the_limit_still_gives_the_whole_day(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.page_limit = 3
    upstream.days["2026-03-10"] = [daily_item(f"2603.{number:05}", "T") for number in range(8)]
    assert len((await huggingface.daily(DAY)).papers) == 8


async def test_a_server_that_ignores_the_page_is_asked_twice(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.ignores_page = True
    upstream.days["2026-03-10"] = [daily_item("2603.00001", "T"), {"paper": None}]
    batch = await huggingface.daily(DAY)
    assert (batch.listed, len(batch.skipped), len(upstream.requests)) == (("2603.00001",), 1, 2)


async def test_an_endless_day_ends_after_twenty_pages(huggingface: HuggingFace, upstream: Upstream) -> None:
    upstream.page_limit = 1
    upstream.days["2026-03-10"] = [daily_item(f"2603.{number:05}", "T") for number in range(30)]
    assert len((await huggingface.daily(DAY)).papers) == 20


async def test_an_empty_day_is_an_empty_batch(huggingface: HuggingFace, upstream: Upstream) -> None:
    assert await huggingface.daily(DAY) == Batch(source="huggingface", day=DAY)
    assert len(upstream.requests) == 1


async def test_a_day_that_has_not_begun_is_an_error_in_words(huggingface: HuggingFace) -> None:
    with pytest.raises(
        SourceError, match=r"2026-03-11: Hugging Face has no list for this day.*in the future"
    ):
        await huggingface.daily(date(2026, 3, 11))


async def test_a_page_that_fails_for_good_fails_the_day(huggingface: HuggingFace, upstream: Upstream) -> None:
    upstream.days["2026-03-10"] = [daily_item("2603.00001", "T")]
    upstream.fail("/api/daily_papers", 403)
    with pytest.raises(SourceError, match="403"):
        await huggingface.daily(DAY)


async def test_a_day_with_broken_items_is_logged_once(
    huggingface: HuggingFace, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.days["2026-03-10"] = [{"paper": {"id": f"broken {number}"}} for number in range(30)]
    upstream.days["2026-03-10"].append(daily_item("2603.00001", "Whole"))
    with caplog.at_level(logging.WARNING, logger="bot.sources"):
        await huggingface.daily(DAY)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.sources")]
    assert len(lines) == 1
    assert lines[0].startswith(
        "huggingface: 30 items skipped for 2026-03-10: broken 0: item 1 has no arXiv id"
    )
    assert lines[0].endswith("and 20 more")


async def test_search_answers_at_most_the_limit(huggingface: HuggingFace, upstream: Upstream) -> None:
    upstream.days["2026-03-10"] = [daily_item(f"2603.{number:05}", f"Graph {number}") for number in range(9)]
    batch = await huggingface.search(' graph "OR', 2)
    assert batch == Batch(source="huggingface")
    batch = await huggingface.search("graph\x00 invented", 2)
    assert (batch.day, batch.listed, len(batch.papers)) == (None, ("2603.00000", "2603.00001"), 2)


async def test_an_empty_search_asks_nobody(huggingface: HuggingFace, upstream: Upstream) -> None:
    assert (await huggingface.search(" \n", 5)).papers == ()
    assert (await huggingface.search("graph", 0)).papers == ()
    assert upstream.requests == []


async def test_one_paper_is_found_by_any_form_of_its_id(huggingface: HuggingFace, upstream: Upstream) -> None:
    upstream.days["2026-03-10"] = [daily_item("2603.00001", "T"), daily_item("quant-ph/0201082", "Old")]
    for form in ("2603.00001", "https://huggingface.co/papers/2603.00001", "arXiv:2603.00001v3"):
        paper = await huggingface.paper(form)
        assert paper is not None
        assert paper.title == "T"
    old = await huggingface.paper("quant-ph/0201082v1")
    assert old is not None
    assert old.id == "quant-ph/0201082"


async def test_an_unknown_paper_is_none(huggingface: HuggingFace, upstream: Upstream) -> None:
    assert await huggingface.paper("2603.09999") is None
    assert await huggingface.paper("../whoami") is None
    assert len(upstream.requests) == 1


async def test_a_refused_paper_is_an_error_and_so_is_one_without_a_title(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.fail("/api/papers/", 403)
    with pytest.raises(SourceError, match="403"):
        await huggingface.paper("2603.00001")
    with pytest.raises(SourceError, match="no title"):
        parse_paper(b'{"id": "2603.00001"}')


async def test_a_day_of_which_nothing_can_be_read_is_a_failure_and_not_an_empty_day(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.days["2026-03-10"] = [{"arxivId": f"2603.0000{n}", "name": "Renamed"} for n in range(3)]
    with pytest.raises(SourceError, match="none of the 3 items could be read: item 1 holds no paper"):
        await huggingface.daily(DAY)
    upstream.fail("/api/papers/search", 200, body=b'[{"id": "2603.00001"}]')
    with pytest.raises(SourceError, match="search: none of the"):
        await huggingface.search("gliders", 5)


async def test_a_missing_page_does_not_cost_the_others_and_is_said(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.page_limit = 2
    upstream.days["2026-03-10"] = [daily_item(f"2603.0000{n}", f"Paper {n}") for n in range(6)]
    upstream.answers_page(2, 200, b"<html>down for maintenance</html>")
    batch = await huggingface.daily(DAY)
    assert batch.listed == tuple(f"2603.0000{n}" for n in range(4))
    assert batch.missing.startswith("page 3 of the list is missing: the answer is not JSON")


async def test_an_empty_page_is_not_the_end_when_the_next_one_brings_more(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.page_limit = 2
    upstream.days["2026-03-10"] = [daily_item(f"2603.0000{n}", f"Paper {n}") for n in range(8)]
    upstream.answers_page(2, 200, b"[]")
    batch = await huggingface.daily(DAY)
    assert batch.listed == tuple(f"2603.0000{n}" for n in (0, 1, 2, 3, 6, 7))
    assert batch.missing == "page 3 of the list came empty, though there are more behind it"


async def test_a_list_that_ends_with_a_full_page_is_whole(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.page_limit = 2
    upstream.days["2026-03-10"] = [daily_item(f"2603.0000{n}", f"Paper {n}") for n in range(4)]
    batch = await huggingface.daily(DAY)
    assert (len(batch.listed), batch.missing) == (4, "")


async def test_a_list_that_has_not_changed_is_not_sent_again(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.tags = True
    upstream.days["2026-03-10"] = [daily_item("2603.00001", "One")]
    first = await huggingface.daily(DAY)
    assert await huggingface.daily(DAY) == first
    assert upstream.statuses == [200, 200, 304, 304]
    upstream.days["2026-03-10"].append(daily_item("2603.00002", "Two"))
    assert (await huggingface.daily(DAY)).listed == ("2603.00001", "2603.00002")
    assert upstream.statuses[4:] == [200, 304]


async def test_an_error_page_with_a_tag_is_never_taken_for_the_list(
    huggingface: HuggingFace, upstream: Upstream
) -> None:
    upstream.tags = True
    upstream.days["2026-03-10"] = [{"paper": {"id": "broken"}}, daily_item("2603.00001", "One")]
    assert len((await huggingface.daily(DAY)).skipped) == 1
    await huggingface.daily(DAY)
    # Page one was not read whole, so it is asked for anew; the empty second one has not changed.
    assert upstream.statuses == [200, 200, 200, 304]
    upstream.fail("/api/daily_papers", 200, body=b"<html>", headers={"ETag": '"page"'})
    with pytest.raises(SourceError):
        await huggingface.daily(DAY)
    assert len((await huggingface.daily(DAY)).listed) == 1
    assert '"page"' not in {request.headers.get("If-None-Match") for request in upstream.requests}
