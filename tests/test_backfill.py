"""A period of arXiv: harvested whole, once, and from where it stopped, whatever arXiv answers meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiolimiter import AsyncLimiter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import terminal
from bot.backfill import BEGAN, READINGS, Backfill, Harvest, period, unharvested
from bot.errors import SourceError, UsageError
from bot.ingest import Clock, Ingest
from bot.sources import Arxiv, HuggingFace, Sources
from bot.sources.http import Fetcher, client
from storage import Store
from storage.models import Paper, Span, Window
from tests.conftest import MovedClock
from tests.program import started
from tests.upstream import Upstream, error_feed, query_feed

#: Long before the tests' clock, so that every window is final.
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
QUERY = "/api/query"
#: What a second attempt may better, asked for again at once.
BUSY: dict[str, Any] = {"headers": {"Retry-After": "0.01"}}


def submitted(number: int, after: timedelta, *categories: str, **fields: Any) -> Paper:
    return Paper(
        id=f"2601.{number:05d}",
        title=f"Paper {number}",
        abstract="An abstract.",
        categories=categories or ("cs.CL",),
        published=FIRST + after,
        **fields,
    )


def hourly(count: int) -> list[Paper]:
    """One paper an hour, in the middle of it."""
    return [submitted(n, timedelta(hours=n, minutes=30)) for n in range(count)]


def days(first: int, last: int, *categories: str) -> Window:
    """From the first of January's days on and until the last, which is not part of it."""
    edges = (FIRST + timedelta(days=day - 1) for day in (first, last))
    return Window(categories or ("cs.CL",), Span(*edges))


@asynccontextmanager
async def backfilling(
    store: Store, upstream: Upstream, clock: Clock, most: int = 2000
) -> AsyncIterator[Backfill]:
    fetcher = Fetcher(
        client(connections=1),
        source="arxiv",
        pace=AsyncLimiter(1, 0.0001),
        attempts=6,
        patience=60,
        wait=0.001,
    )
    arxiv = Arxiv(fetcher, upstream.url, upstream.url)
    # Nothing is asked of Hugging Face.
    sources = Sources(HuggingFace(Fetcher(client(), source="huggingface", pace=None), upstream.url), arxiv)
    try:
        yield Backfill(Ingest(store, sources, (), clock), most)
    finally:
        await sources.aclose()


@pytest.fixture
async def backfill(store: Store, upstream: Upstream, clock: MovedClock) -> AsyncIterator[Backfill]:
    async with backfilling(store, upstream, clock) as opened:
        yield opened


async def run(backfill: Backfill, wanted: Window) -> list[Harvest]:
    return [harvest async for harvest in backfill.harvest(await backfill.remaining(wanted))]


async def ids(store: Store) -> list[str]:
    return [paper.id for paper in await store.all_papers()]


def windows(upstream: Upstream) -> list[str]:
    """The days and hours that arXiv was asked for, without a word for its first pages."""
    asked = (request.query for request in upstream.requests)
    return [
        "-".join(edge[4:10] for edge in re.findall(r"\d{12}", query["search_query"]))
        + (f" from {query['start']}" if query["start"] != "0" else "")
        for query in asked
    ]


async def test_every_paper_of_the_period_comes_with_its_dates_and_is_listed_on_no_day(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    upstream.arxiv_papers = [
        submitted(1, timedelta(), updated=FIRST + timedelta(days=40)),
        submitted(2, timedelta(hours=23, minutes=59, seconds=59), "cs.LG", "stat.ML"),
        submitted(3, timedelta(hours=5), "hep-th"),
        submitted(4, timedelta(days=-1)),
        submitted(5, timedelta(days=9)),
    ]
    [harvest] = await run(backfill, days(1, 2, "cs.CL", "cs.LG"))
    assert (harvest.papers, harvest.new, harvest.total, harvest.missing) == (2, 2, 2, 0)
    first, second = await store.papers(["2601.00001", "2601.00002"])
    assert (first.published, first.updated) == (FIRST, FIRST + timedelta(days=40))
    assert second.categories == ("cs.LG", "stat.ML")
    assert await store.count_papers() == 2
    assert await store.listed(date(2020, 1, 1), date(2030, 1, 1)) == {}


async def test_arxiv_is_asked_in_its_own_grammar(backfill: Backfill, upstream: Upstream) -> None:
    await run(backfill, days(1, 2, "cs.CL", "cs.LG"))
    [request] = upstream.requests
    assert request.query == {
        "search_query": "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202601010000 TO 202601020000]",
        "start": "0",
        "max_results": "2000",
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }


async def test_windows_grow_where_papers_are_few(backfill: Backfill, upstream: Upstream) -> None:
    upstream.arxiv_papers = hourly(24 * 31)
    await run(backfill, days(1, 32))
    assert windows(upstream) == [
        "010100-010200",
        "010200-010400",
        "010400-010800",
        "010800-011600",
        "011600-020100",
    ]


async def test_a_window_with_too_many_papers_is_parted(
    store: Store, upstream: Upstream, clock: MovedClock
) -> None:
    upstream.arxiv_papers = hourly(48)
    async with backfilling(store, upstream, clock, most=8) as backfill:
        harvests = await run(backfill, days(1, 3))
    # Six papers fill three quarters of a slice, after the whole day had shown that it has more than two slices.
    assert windows(upstream)[:3] == ["010100-010200", "010100-010106", "010106-010112"]
    assert all(harvest.total <= 16 and not harvest.missing for harvest in harvests)
    assert sum(harvest.new for harvest in harvests) == 48
    assert sorted(await ids(store)) == [paper.id for paper in upstream.arxiv_papers]
    assert await store.harvested("cs.CL") == [days(1, 3).span]


async def test_more_papers_in_one_minute_than_arxiv_gives_are_reported(
    store: Store, upstream: Upstream, clock: MovedClock
) -> None:
    minute = Window(("cs.CL",), Span(FIRST, FIRST + timedelta(minutes=1)))
    # The same thousand results for every page, so short that they are quickly read.
    result = b"<entry><id>http://arxiv.org/abs/2601.00001v1</id><title>One</title></entry>"
    upstream.arxiv_answer = query_feed([], total=31_000).replace(b"</feed>", result * 1000 + b"</feed>")
    async with backfilling(store, upstream, clock) as backfill:
        [harvest] = await run(backfill, minute)
    assert (harvest.papers, harvest.missing) == (1, 30_999)
    assert len(upstream.requests) == READINGS * 30
    assert await store.harvested("cs.CL") == []


async def test_what_is_harvested_is_not_asked_for_again(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    upstream.arxiv_papers = hourly(24 * 8)
    await run(backfill, days(3, 5))
    assert windows(upstream) == ["010300-010400", "010400-010500"]
    assert await run(backfill, days(3, 5)) == []
    assert await run(backfill, days(4, 5)) == []
    upstream.requests.clear()
    await run(backfill, days(1, 8))
    assert windows(upstream) == ["010100-010200", "010200-010300", "010500-010800"]
    assert len(await ids(store)) == 24 * 7
    assert await store.harvested("cs.CL") == [days(1, 8).span]


async def test_of_more_categories_only_the_new_ones_are_asked_for(
    backfill: Backfill, upstream: Upstream
) -> None:
    await run(backfill, days(1, 2, "cs.CL", "cs.LG"))
    assert await backfill.remaining(days(1, 3, "cs.CL", "cs.CV")) == [
        days(1, 2, "cs.CV"),
        days(2, 3, "cs.CL", "cs.CV"),
    ]
    assert await backfill.remaining(days(1, 2, "cs.LG")) == []


async def test_the_last_days_are_never_final(
    backfill: Backfill, upstream: Upstream, clock: MovedClock, store: Store
) -> None:
    clock.at = FIRST + timedelta(days=9, hours=12)
    wanted = period(["cs.CL"], FIRST.date(), clock().date(), clock())
    await run(backfill, wanted)
    assert await store.harvested("cs.CL") == [days(1, 3).span]
    # A paper that moderators held for days has the date of its submission.
    upstream.arxiv_papers = [submitted(1, timedelta(days=4))]
    assert await backfill.remaining(wanted) == [Window(("cs.CL",), Span(days(3, 4).span.first, clock()))]
    await run(backfill, wanted)
    assert await ids(store) == ["2601.00001"]
    clock.forward(days=30)
    await run(backfill, wanted)
    assert await backfill.remaining(wanted) == []


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ({"status": 429, **BUSY}, 2),
        ({"status": 503, **BUSY}, 2),
        ({"body": b"<html>gone fishing</html>", "status": 200}, 1),
        ({"body": query_feed([], total=3), "status": 200}, 1),
        ({"body": query_feed(hourly(3))[:-300], "status": 200}, 1),
        (
            {
                "body": re.sub(b"<opensearch:total.*?/opensearch:total[^>]*>", b"", query_feed([])),
                "status": 200,
            },
            1,
        ),
    ],
    ids=["too many requests", "unavailable", "no feed", "hollow", "cut", "no total"],
)
async def test_an_answer_that_cannot_be_believed_is_asked_for_again(
    backfill: Backfill, upstream: Upstream, store: Store, fault: dict[str, Any], times: int
) -> None:
    upstream.arxiv_papers = hourly(3)
    upstream.fail(QUERY, times=times, **fault)
    [harvest] = await run(backfill, days(1, 2))
    assert (harvest.papers, harvest.missing) == (3, 0)
    assert len(upstream.requests) == times + 1


async def test_shorter_pages_than_asked_for_lose_nothing(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    upstream.arxiv_papers = hourly(24)
    upstream.arxiv_page_limits = itertools.cycle([7, 1, 5])
    [harvest] = await run(backfill, days(1, 2))
    assert (harvest.papers, harvest.missing) == (24, 0)
    assert windows(upstream)[1:4] == [f"010100-010200 from {start}" for start in (7, 8, 13)]


@pytest.mark.parametrize("shifts", [[0, 1], [0, -1], [0, 2, -2], [1, 1, 1]])
async def test_papers_that_shift_between_pages_are_found_by_reading_again(
    backfill: Backfill, upstream: Upstream, store: Store, shifts: list[int]
) -> None:
    upstream.arxiv_papers = hourly(24)
    upstream.arxiv_page_limits = itertools.repeat(10)
    upstream.arxiv_shifts = list(shifts)
    [harvest] = await run(backfill, days(1, 2))
    assert (harvest.papers, harvest.missing, harvest.new) == (24, 0, 24)
    assert await store.harvested("cs.CL") == [days(1, 2).span]


async def test_a_window_whose_papers_do_not_all_come_is_reported_and_left_unharvested(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    upstream.fail(QUERY, status=200, body=query_feed(hourly(2), total=3), times=2 * READINGS)
    upstream.arxiv_papers = hourly(24 * 3)
    first, *others = await run(backfill, days(1, 4))
    assert (first.papers, first.total, first.missing) == (2, 3, 1)
    assert terminal.harvested(first, as_json=False) == (
        "2026-01-01T00:00+00:00 to 2026-01-02T00:00+00:00: "
        "arXiv says there are 3 papers, and 1 of them did not come; run this again later"
    )
    assert [harvest.missing for harvest in others] == [0] * len(others)
    assert await backfill.remaining(days(1, 4)) == [Window(("cs.CL",), first.window.span)]
    assert len(await ids(store)) == 2 + 48
    # The same again brings what was missing.
    await run(backfill, days(1, 4))
    assert len(await ids(store)) == 24 * 3


async def test_an_entry_that_cannot_be_read_is_named_and_keeps_no_window_open(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    body = query_feed(hourly(3)).replace(b"Paper 1<", b" <")
    upstream.fail(QUERY, status=200, body=body)
    [harvest] = await run(backfill, days(1, 2))
    assert (harvest.papers, [item.id for item in harvest.skipped], harvest.missing) == (2, ["2601.00001"], 0)
    assert await store.harvested("cs.CL") == [days(1, 2).span]


async def test_a_page_that_fails_for_good_keeps_what_came_before(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    upstream.arxiv_papers = hourly(24 * 4)
    upstream.arxiv_page_limits = itertools.repeat(24)
    upstream.hang(QUERY, 0, times=2)
    upstream.fail(QUERY, status=400, body=error_feed("out of order"))
    with pytest.raises(SourceError, match="out of order"):
        await run(backfill, days(1, 5))
    assert len(await ids(store)) == 48
    assert await store.harvested("cs.CL") == [days(1, 2).span]
    await run(backfill, days(1, 5))
    assert len(await ids(store)) == 24 * 4


async def test_an_interruption_keeps_what_came_before(
    backfill: Backfill, upstream: Upstream, store: Store
) -> None:
    upstream.arxiv_papers = hourly(24 * 4)
    upstream.hang(QUERY, 0, times=1)
    upstream.hang(QUERY, 60, times=1)
    running = asyncio.create_task(run(backfill, days(1, 5)))
    await upstream.asked(2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(await ids(store)) == 24
    assert await store.harvested("cs.CL") == [days(1, 2).span]


minutes = st.integers(0, 4 * 24 * 60 - 1)


@given(
    times=st.lists(
        st.tuples(minutes, st.integers(0, 59), st.sampled_from(["cs.CL", "cs.LG", "hep-th"])), max_size=30
    ),
    most=st.integers(1, 8),
    limits=st.lists(st.integers(1, 8), min_size=1, max_size=4),
    shifts=st.lists(st.integers(-2, 2), max_size=4),
    cuts=st.lists(minutes, max_size=3),
)
@settings(max_examples=12, deadline=None)
async def test_whatever_the_pages_and_interruptions_every_paper_is_harvested_once(
    times: list[tuple[int, int, str]],
    most: int,
    limits: list[int],
    shifts: list[int],
    cuts: list[int],
) -> None:
    papers = [
        submitted(number, timedelta(minutes=minute, seconds=second), category)
        for number, (minute, second, category) in enumerate(times)
    ]
    wanted = days(1, 5, "cs.CL", "cs.LG")
    edges = sorted({*(FIRST + timedelta(minutes=cut) for cut in cuts), *wanted.span})
    parts = [Window(wanted.categories, Span(*ends)) for ends in itertools.pairwise(edges)]
    async with Upstream() as upstream:
        upstream.arxiv_papers = papers
        upstream.arxiv_page_limits = itertools.cycle(limits)
        upstream.arxiv_shifts = list(shifts)
        with Store.open(":memory:") as store:
            async with backfilling(store, upstream, MovedClock(), most) as backfill:
                brought = [
                    harvest for part in [*parts, *parts, wanted] for harvest in await run(backfill, part)
                ]
                assert await backfill.remaining(wanted) == []
                before = len(upstream.requests)
                assert await run(backfill, wanted) == []
                assert len(upstream.requests) == before
            expected = [paper for paper in papers if paper.categories[0] != "hep-th"]
            kept = await ids(store)
    assert sorted(kept) == [paper.id for paper in expected]
    assert sum(harvest.new for harvest in brought) == len(expected)


hours = st.integers(-5, 30)
spans = st.lists(
    st.tuples(hours, hours)
    .filter(lambda ends: ends[0] < ends[1])
    .map(lambda ends: Span(*(FIRST + timedelta(hours=hour) for hour in ends))),
    max_size=4,
)


@given(known=st.fixed_dictionaries({"cs.CL": spans, "cs.LG": spans}), settled=hours)
def test_what_is_unharvested_and_what_is_known_make_the_whole_and_nothing_twice(
    known: dict[str, Sequence[Span]], settled: int
) -> None:
    wanted = days(1, 2, "cs.CL", "cs.LG")
    windows = unharvested(wanted, known, FIRST + timedelta(hours=settled))
    for category, hour in itertools.product(wanted.categories, range(24)):
        at = FIRST + timedelta(hours=hour)
        asked = [
            one for one in windows if category in one.categories and one.span.first <= at < one.span.last
        ]
        had = any(span.first <= at < span.last for span in known[category])
        assert len(asked) == (0 if had else 1)
    assert all(wanted.span.first <= span.first < span.last <= wanted.span.last for _, span in windows)
    assert windows == sorted(windows, key=lambda window: window.span)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(1991, 8, 13), date(1991, 9, 1), "1991-08-13 is before arXiv began, on 1991-08-14"),
        (date(2026, 8, 19), date(2026, 8, 19), "2026-08-19 lies ahead; today is 2026-08-18 in UTC"),
    ],
)
def test_a_day_that_arxiv_cannot_have_is_refused(
    first: date, last: date, said: str, clock: MovedClock
) -> None:
    with pytest.raises(UsageError, match=said):
        period(["cs.CL"], first, last, clock())


def test_a_period_ends_with_its_last_day_or_now(clock: MovedClock) -> None:
    assert period(["cs.CL"], BEGAN, date(1991, 8, 14), clock()).span == (
        datetime(1991, 8, 14, tzinfo=UTC),
        datetime(1991, 8, 15, tzinfo=UTC),
    )
    assert period(["cs.CL"], date(2026, 8, 18), date(2026, 8, 18), clock()).span.last == clock()
    with pytest.raises(UsageError, match="Name categories with --categories"):
        period([], BEGAN, BEGAN, clock())


def command(upstream: Upstream) -> dict[str, str]:
    return {"ARXIV_URL": upstream.url, "PAPERS_DATABASE": "papers.db"}


WEEK = ("backfill", "--from", "2026-01-01", "--to", "2026-01-07", "--categories", "cs.CL", "--json")


async def test_a_killed_backfill_goes_on_with_what_is_missing(upstream: Upstream, tmp_path: Path) -> None:
    """At arXiv's real pace: killed within a window of which one page is kept."""
    upstream.arxiv_papers = hourly(24 * 7)
    upstream.arxiv_page_limits = itertools.repeat(50)
    # A day in one page and two days in one; then four days in two, of which the second never comes.
    upstream.hang(QUERY, 0, times=3)
    upstream.hang(QUERY, 60, times=1)
    async with started(*WEEK, folder=tmp_path, environment=command(upstream)) as program:
        await upstream.asked(4)
        assert await program.stopped(signal.SIGKILL) == -signal.SIGKILL
    assert [json.loads(line)["papers"] for line in program.output.splitlines()] == [24, 48]
    with Store.open(tmp_path / "papers.db") as store:
        assert await store.count_papers() == 24 + 48 + 50
        assert await store.harvested("cs.CL") == [days(1, 4).span]
    upstream.requests.clear()
    upstream.arxiv_page_limits = itertools.repeat(2000)
    async with started(*WEEK, folder=tmp_path, environment=command(upstream)) as program:
        assert await program.ended() == 0
    assert windows(upstream) == ["010400-010500", "010500-010700", "010700-010800"]
    *_, total = (json.loads(line) for line in program.output.splitlines())
    assert total == {"windows": 3, "papers": 96, "new": 46, "missing": 0, "error": ""}
    with Store.open(tmp_path / "papers.db") as store:
        assert sorted(await ids(store)) == [paper.id for paper in upstream.arxiv_papers]


async def test_an_interrupted_backfill_says_what_is_kept(upstream: Upstream, tmp_path: Path) -> None:
    upstream.arxiv_papers = hourly(24 * 7)
    upstream.hang(QUERY, 0, times=1)
    upstream.hang(QUERY, 60, times=1)
    async with started(*WEEK, folder=tmp_path, environment=command(upstream)) as program:
        await upstream.asked(2)
        assert await program.stopped(signal.SIGINT) == 130
    assert "Interrupted after 24 papers of 1 windows. What was read until then is kept" in program.errors
    assert "Traceback" not in program.errors
    with Store.open(tmp_path / "papers.db") as store:
        assert await store.count_papers() == 24
