"""From the sources into the store: asked once, kept whole, and never the worse for a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.ingest import FRESH, Ingest
from bot.outages import RETRY
from bot.sources import open_sources
from storage import Store
from storage.models import Listed, Paper
from tests.conftest import MovedClock
from tests.upstream import Upstream, daily_item, error_feed

TUESDAY = date(2026, 8, 18)
DAILY = "/api/daily_papers"
#: An answer that no second attempt would better.
GARBAGE: dict[str, Any] = {"status": 200, "body": b"<html>gone fishing</html>", "times": 100}


def on_arxiv(id: str, title: str = "On arXiv", **fields: Any) -> Paper:
    return Paper(id=id, title=title, **({"abstract": "An abstract.", "categories": ("cs.RO",)} | fields))


@pytest.fixture
async def ingest(store: Store, upstream: Upstream, clock: MovedClock) -> AsyncIterator[Ingest]:
    """With arXiv's announcements of one category, and a person who waits a quarter of a second."""
    sources = open_sources(
        huggingface_url=upstream.url,
        arxiv_url=upstream.url,
        arxiv_rss_url=upstream.url,
        arxiv_pace=0.01,
        attempts=1,
    )
    yield Ingest(store, sources, ("cs.RO",), clock, patience=1.5)
    await sources.aclose()


@pytest.fixture
def tuesday(upstream: Upstream) -> Upstream:
    """A day with two papers of Hugging Face's and, of arXiv's, one of these and one more."""
    upstream.days[f"{TUESDAY}"] = [
        daily_item("2608.00002", "Two"),
        daily_item("2608.00001", "One", upvotes=3),
    ]
    upstream.announced_on = TUESDAY
    upstream.announced = [(on_arxiv("2608.00001", "One"), "new"), (on_arxiv("2608.00003", "Three"), "cross")]
    return upstream


def asked(upstream: Upstream, path: str = DAILY) -> int:
    """How often a path was asked for, its first page only."""
    return sum(
        1
        for request in upstream.requests
        if request.path.startswith(path) and request.query.get("p", "0") == "0"
    )


async def test_a_days_papers_of_both_sources_are_kept_and_merged(ingest: Ingest, tuesday: Upstream) -> None:
    await ingest.ensure_day(TUESDAY)
    assert await ingest.store.listed(TUESDAY, TUESDAY) == {
        "2608.00001": Listed(TUESDAY, curated=True),
        "2608.00002": Listed(TUESDAY, curated=True),
        "2608.00003": Listed(TUESDAY, curated=False),
    }
    [both] = await ingest.store.papers(["2608.00001"])
    assert both.categories == ("cs.RO",)
    assert both.upvotes == 3
    assert both.summary == "A made-up summary of One."
    today = ingest.today()
    huggingface = await ingest.store.reading("huggingface", today)
    arxiv = await ingest.store.reading("arxiv", today)
    assert huggingface
    assert arxiv
    assert (huggingface.papers, arxiv.papers) == (2, 2)
    assert huggingface.read_at == ingest.clock()


async def test_many_at_once_ask_once(ingest: Ingest, tuesday: Upstream) -> None:
    await asyncio.gather(*(ingest.ensure_day(TUESDAY) for _ in range(20)))
    assert (asked(tuesday), asked(tuesday, "/atom")) == (1, 1)
    assert len(await ingest.store.listed(TUESDAY, TUESDAY)) == 3


async def test_days_are_read_side_by_side(ingest: Ingest, tuesday: Upstream) -> None:
    days = [TUESDAY - timedelta(days=n) for n in range(4)]
    await asyncio.gather(*(ingest.ensure_day(day) for day in days for _ in range(3)))
    assert asked(tuesday) == 4


async def test_a_day_is_asked_for_again_only_when_it_may_have_changed(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    await ingest.ensure_day(TUESDAY)
    clock.at += FRESH - timedelta(seconds=1)
    await ingest.ensure_day(TUESDAY)
    assert asked(tuesday) == 1
    clock.at += timedelta(seconds=1)
    await ingest.ensure_day(TUESDAY)
    assert asked(tuesday) == 2


async def test_a_day_read_two_days_later_is_final(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    await ingest.ensure_day(TUESDAY)
    clock.forward(days=2)
    await ingest.ensure_day(TUESDAY)
    assert asked(tuesday) == 2
    clock.forward(days=100)
    await ingest.ensure_day(TUESDAY)
    assert asked(tuesday) == 2


async def test_a_day_ahead_is_not_asked_for(ingest: Ingest, tuesday: Upstream) -> None:
    await ingest.ensure_day(TUESDAY + timedelta(days=1))
    assert tuesday.requests == []


async def test_announcements_are_only_read_today_and_when_categories_are_set(
    ingest: Ingest, tuesday: Upstream
) -> None:
    await ingest.ensure_day(TUESDAY - timedelta(days=1))
    assert asked(tuesday, "/atom") == 0
    ingest.categories = ()
    await ingest.ensure_day(TUESDAY)
    assert asked(tuesday, "/atom") == 0


async def test_a_failing_source_leaves_the_store_as_it_is_and_its_error_on_record(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.announced = []
    await ingest.ensure_day(TUESDAY)
    before = list(await ingest.store.all_papers()), await ingest.store.listed(TUESDAY, TUESDAY)
    clock.at += FRESH
    tuesday.fail(DAILY, **GARBAGE)
    await ingest.ensure_day(TUESDAY)
    assert (list(await ingest.store.all_papers()), await ingest.store.listed(TUESDAY, TUESDAY)) == before
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert "not JSON" in reading.error
    arxiv = await ingest.store.reading("arxiv", TUESDAY)
    assert arxiv is not None
    assert (arxiv.error, arxiv.read_at) == ("", clock())


async def test_one_sources_failure_does_not_cost_the_others_papers(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.fail(DAILY, 500, times=100)
    await ingest.ensure_day(TUESDAY)
    assert set(await ingest.store.listed(TUESDAY, TUESDAY)) == {"2608.00001", "2608.00003"}


async def test_a_source_that_failed_is_asked_again_after_a_minute(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.fail(DAILY, 503, times=1)
    await ingest.ensure_day(TUESDAY)
    clock.at += RETRY - timedelta(seconds=1)
    await ingest.ensure_day(TUESDAY)
    assert asked(tuesday) == 1
    clock.at += timedelta(seconds=1)
    await ingest.ensure_day(TUESDAY)
    assert (asked(tuesday), asked(tuesday, "/atom")) == (2, 1)
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert (reading.error, reading.papers) == ("", 2)


async def test_a_broken_item_is_counted_and_the_others_are_kept(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.days[f"{TUESDAY}"].insert(1, daily_item("2608.00009", "", summary=None))
    [kept] = await ingest.fetch_day(TUESDAY, ["huggingface"])
    assert (kept.papers, kept.new, [item.id for item in kept.skipped]) == (2, 2, ["2608.00009"])
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert reading.skipped == 1


async def test_somebody_in_a_hurry_is_answered_from_the_store(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.hang(DAILY, 0.3, times=1)
    await ingest.ensure_day(TUESDAY, patience=0.01)
    assert await ingest.store.reading("huggingface", TUESDAY) is None
    # The reading that was under way goes on, and serves the next one who asks.
    await ingest.ensure_day(TUESDAY)
    assert len(await ingest.store.listed(TUESDAY, TUESDAY)) == 3
    assert [path for path in tuesday.paths() if path == DAILY].count(DAILY) == 2


async def test_what_the_sources_find_for_a_topic_is_kept(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.arxiv_papers = [on_arxiv("2401.00001", "Two gliders")]
    found = await ingest.search("two")
    assert [(kept.source, kept.papers, kept.new) for kept in found] == [
        ("huggingface", 1, 1),
        ("arxiv", 1, 1),
    ]
    assert await ingest.store.count_papers() == 2
    assert await ingest.store.listed(TUESDAY, TUESDAY) == {}


async def test_a_search_gives_up_on_a_source_that_does_not_answer(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.arxiv_papers = [on_arxiv("2401.00001", "Two gliders")]
    tuesday.hang("/api/papers/search", 60)
    huggingface, arxiv = await ingest.search("two")
    assert huggingface.error == "huggingface: search: no answer within 1.5 seconds"
    assert (arxiv.error, arxiv.papers) == ("", 1)


async def test_a_search_with_every_source_down_says_so_and_changes_nothing(
    ingest: Ingest, tuesday: Upstream
) -> None:
    tuesday.fail("/api/", **GARBAGE)
    assert [bool(kept.error) for kept in await ingest.search("two")] == [True, True]
    assert await ingest.store.count_papers() == 0


async def test_a_stored_paper_is_not_asked_for(ingest: Ingest, tuesday: Upstream) -> None:
    await ingest.ensure_day(TUESDAY)
    before = len(tuesday.requests)
    paper = await ingest.paper("2608.00001")
    assert paper is not None
    assert paper.title == "One"
    assert len(tuesday.requests) == before


async def test_a_paper_is_put_together_from_both_sources_and_kept(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.arxiv_papers = [on_arxiv("2608.00001", "One", comment="12 pages")]
    paper = await ingest.paper("2608.00001")
    assert paper is not None
    assert (paper.comment, paper.upvotes) == ("12 pages", 3)
    assert await ingest.store.papers(["2608.00001"]) == [paper]


async def test_a_paper_that_nobody_knows_is_none(ingest: Ingest, tuesday: Upstream) -> None:
    assert await ingest.paper("2608.99999") is None


@pytest.mark.parametrize("down", ["/api/query", "/api/papers"])
async def test_a_paper_that_one_source_has_is_found_while_the_other_is_down(
    ingest: Ingest, tuesday: Upstream, down: str
) -> None:
    tuesday.arxiv_papers = [on_arxiv("2608.00001", "One")]
    tuesday.fail(down, **GARBAGE)
    paper = await ingest.paper("2608.00001")
    assert paper is not None
    assert paper.title == "One"


@pytest.mark.parametrize("down", ["/api/query", "/api/"])
async def test_a_paper_that_could_not_be_asked_for_everywhere_is_an_error_and_not_unknown(
    ingest: Ingest, tuesday: Upstream, down: str
) -> None:
    tuesday.fail(down, **GARBAGE)
    with pytest.raises(SourceError, match=r"paper 2608\.99999"):
        await ingest.paper("2608.99999")


async def test_upvotes_of_earlier_days_are_followed_once_a_day_and_only_of_days_that_were_read(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    await ingest.follow_upvotes(TUESDAY)
    assert asked(tuesday) == 0
    await ingest.ensure_day(TUESDAY)
    first = asked(tuesday)
    clock.forward(days=5)
    tuesday.days[f"{TUESDAY}"] = [daily_item("2608.00001", "One", upvotes=80)]
    for _ in range(2):
        await ingest.follow_upvotes(TUESDAY)
    assert asked(tuesday) == first + 1
    assert [one.upvotes for one in await ingest.store.papers(["2608.00001"])] == [80]
    assert {one.upvotes for one in await ingest.store.standings_of(["2608.00001"])} == {80}


async def test_many_papers_are_asked_for_a_hundred_at_a_time_and_only_those_that_are_not_stored(
    ingest: Ingest, tuesday: Upstream
) -> None:
    tuesday.arxiv_papers = [on_arxiv(f"2403.{n:05}") for n in range(150)]
    ids = [paper.id for paper in tuesday.arxiv_papers]
    await ingest.paper(ids[0])
    before = asked(tuesday, "/api/query")
    found = await ingest.papers([*ids, "2403.99999"])
    assert [paper.id for paper in found] == ids
    assert asked(tuesday, "/api/query") == before + 2
    assert await ingest.papers(ids) == found
    assert asked(tuesday, "/api/query") == before + 2


async def test_papers_that_could_not_be_asked_for_are_an_error(ingest: Ingest, tuesday: Upstream) -> None:
    tuesday.fail("/api/query", **GARBAGE)
    with pytest.raises(SourceError, match="2 papers"):
        await ingest.papers(["2403.00001", "2403.00002"])
    assert await ingest.papers([]) == []


async def test_a_day_with_a_missing_page_keeps_what_came_and_is_read_again_in_a_minute(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.page_limit = 1
    tuesday.answers_page(1, 200, b"<html>")
    await ingest.ensure_day(TUESDAY)
    assert "2608.00002" in await ingest.store.listed(TUESDAY, TUESDAY)
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert (reading.papers, reading.error[:29]) == (1, "page 2 of the list is missing")
    clock.at += RETRY
    await ingest.ensure_day(TUESDAY)
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert (reading.papers, reading.error) == (2, "")


async def test_a_list_that_has_not_changed_is_a_good_reading(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.tags = True
    await ingest.ensure_day(TUESDAY)
    before = {paper.id: paper.upvotes for paper in await ingest.store.all_papers()}
    clock.at += FRESH
    await ingest.ensure_day(TUESDAY)
    assert set(tuesday.statuses[-3:]) == {304}
    for source in ("huggingface", "arxiv"):
        reading = await ingest.store.reading(source, TUESDAY)
        assert reading is not None
        assert (reading.read_at, reading.papers, reading.error) == (clock(), 2, "")
    assert {paper.id: paper.upvotes for paper in await ingest.store.all_papers()} == before


SEARCH = "/api/papers/search"


async def failed_searches(ingest: Ingest, query: str = "two") -> list[str]:
    """The sources that could not be asked."""
    return [kept.source for kept in await ingest.search(query) if kept.error]


async def test_nobody_waits_for_a_source_that_failed_a_moment_ago(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.hang(SEARCH, 60)
    assert await failed_searches(ingest) == ["huggingface"]
    clock.at += 2 * RETRY - timedelta(seconds=1)
    before = asked(tuesday, SEARCH)
    async with asyncio.timeout(ingest.patience / 2):
        assert await failed_searches(ingest) == ["huggingface"]
    assert asked(tuesday, SEARCH) == before == 1
    assert asked(tuesday, "/api/query") == 2


async def test_a_source_that_failed_is_asked_again_in_the_background_and_used_when_it_is_back(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.fail(SEARCH, 503, times=2)
    assert await failed_searches(ingest, "nothing like it") == ["huggingface"]
    assert await failed_searches(ingest, "two") == ["huggingface"]
    await ingest.ask_again()
    assert asked(tuesday, SEARCH) == 1
    for _ in range(2):
        assert await ingest.store.count_papers() == 0
        clock.at += RETRY
        await ingest.ask_again()
    # What a person asked last is here by now, and the next one is served by the source itself.
    assert [paper.title for paper in await ingest.store.all_papers()] == ["Two"]
    assert await failed_searches(ingest, "one") == []
    assert asked(tuesday, SEARCH) == 4


async def test_without_anybody_who_asks_in_the_background_the_next_person_does(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.fail(SEARCH, 503, times=1)
    await failed_searches(ingest)
    clock.at += 2 * RETRY
    assert await failed_searches(ingest) == []


async def test_a_source_known_to_fail_is_not_asked_for_a_paper_either(
    ingest: Ingest, tuesday: Upstream
) -> None:
    tuesday.fail("/api/", 503, times=100)
    for _ in range(2):
        with pytest.raises(SourceError, match="answered 503"):
            await ingest.paper("2608.00001")
    assert (asked(tuesday, "/api/papers"), asked(tuesday, "/api/query")) == (1, 1)


async def test_another_process_knows_of_the_failure(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.fail(SEARCH, 503)
    await failed_searches(ingest)
    beside = Ingest(ingest.store, ingest.sources, (), clock)
    assert await failed_searches(beside) == ["huggingface"]
    assert asked(tuesday, SEARCH) == 1


async def test_the_search_may_fail_while_the_lists_are_read_and_the_other_way_round(
    ingest: Ingest, tuesday: Upstream
) -> None:
    tuesday.fail(SEARCH, 503)
    await failed_searches(ingest)
    await ingest.ensure_day(TUESDAY)
    assert len(await ingest.store.listed(TUESDAY, TUESDAY)) == 3
    tuesday.fail(DAILY, 503)
    await ingest.fetch_day(TUESDAY, ["huggingface"])
    days = await ingest.store.health("huggingface", "days")
    assert (days.error[-12:], days.read_at, days.failing_since) == (
        "answered 503",
        ingest.clock(),
        ingest.clock(),
    )


async def test_a_question_that_is_refused_says_nothing_against_the_source(
    ingest: Ingest, tuesday: Upstream
) -> None:
    tuesday.fail(SEARCH, 400)
    tuesday.arxiv_answer = error_feed("malformed query")
    assert await failed_searches(ingest) == ["huggingface", "arxiv"]
    tuesday.arxiv_answer = None
    assert await failed_searches(ingest) == []


async def test_a_queue_that_takes_too_long_is_no_failure_of_the_source(
    ingest: Ingest, clock: MovedClock
) -> None:
    began = clock()
    clock.at += timedelta(seconds=3)
    await ingest.outages.answered("arxiv", "search")
    clock.at += timedelta(seconds=3)
    late = SourceError("arxiv", "search", "no answer within 6 seconds")
    await ingest.outages.failed("arxiv", "search", late, began)
    assert await ingest.outages.resting("arxiv", "search") == ""
    await ingest.outages.failed("arxiv", "search", late, clock())
    assert "no answer" in await ingest.outages.resting("arxiv", "search")


async def test_a_source_that_says_for_how_long_is_left_alone_whatever_is_wanted_of_it(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock
) -> None:
    tuesday.fail(SEARCH, 429, headers={"Retry-After": "600"})
    await failed_searches(ingest)
    clock.at += timedelta(seconds=599)
    [kept] = await ingest.fetch_day(TUESDAY, ["huggingface"])
    assert kept.error == "huggingface wants to be left alone for 1 s more"
    await ingest.ask_again()
    assert await failed_searches(ingest) == ["huggingface"]
    assert (asked(tuesday, DAILY), asked(tuesday, SEARCH)) == (0, 1)
    clock.at += timedelta(seconds=1)
    [kept] = await ingest.fetch_day(TUESDAY, ["huggingface"])
    await ingest.ask_again()
    assert (kept.error, asked(tuesday, SEARCH)) == ("", 2)


@pytest.mark.parametrize("left", [0, 1])
async def test_a_list_that_lost_most_of_its_papers_takes_none_away_and_is_read_again(
    ingest: Ingest, tuesday: Upstream, clock: MovedClock, left: int
) -> None:
    tuesday.days[f"{TUESDAY}"] = whole = [
        daily_item(f"2608.0000{n}", f"Paper {n}", upvotes=n) for n in range(4)
    ]
    ingest.categories = ()
    await ingest.ensure_day(TUESDAY)
    before = await ingest.store.listed(TUESDAY, TUESDAY), list(await ingest.store.all_papers())
    clock.at += FRESH
    tuesday.days[f"{TUESDAY}"] = whole[:left]
    await ingest.ensure_day(TUESDAY)
    assert (await ingest.store.listed(TUESDAY, TUESDAY), list(await ingest.store.all_papers())) == before
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert reading.error == f"huggingface lists {left} papers for {TUESDAY}, of which it listed 4 before"
    clock.at += RETRY
    tuesday.days[f"{TUESDAY}"] = whole[:3]
    await ingest.ensure_day(TUESDAY)
    reading = await ingest.store.reading("huggingface", TUESDAY)
    assert reading is not None
    assert reading.error == ""


_FAULTS = st.sampled_from(
    [
        (200, b"[]"),
        (200, b"<html>maintenance</html>"),
        (200, b'{"papers": []}'),
        (200, b'[{"paper": {"id": "2608.00001"}}, 7, null, {"id": "2608.00002"}]'),
        (200, b'[{"paper": {"id": "2608.00001", "title": ["a list"], "upvotes": "many"}}]'),
        (200, b"\xff\xfe[{"),
        (200, b"[" * 100_000),
        (204, b""),
        (304, b""),
        (403, b"no"),
        (503, b""),
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    faults=st.lists(st.tuples(_FAULTS, st.sampled_from([None, 0, 1])), min_size=1, max_size=4),
    tags=st.booleans(),
)
def test_whatever_a_source_answers_nothing_that_is_stored_gets_lost(
    faults: list[tuple[tuple[int, bytes], int | None]], tags: bool
) -> None:
    async def read() -> None:
        clock = MovedClock(datetime(2026, 8, 18, 12, tzinfo=UTC))
        async with Upstream() as upstream:
            upstream.page_limit, upstream.tags, upstream.today = 2, tags, TUESDAY
            upstream.days[f"{TUESDAY}"] = [daily_item(f"2608.0000{n}", f"Paper {n}") for n in range(4)]
            sources = open_sources(
                huggingface_url=upstream.url, arxiv_url=upstream.url, arxiv_rss_url=upstream.url, attempts=1
            )
            with Store.open(":memory:") as store:
                ingest = Ingest(store, sources, (), clock)
                await ingest.ensure_day(TUESDAY)
                before = await store.listed(TUESDAY, TUESDAY), list(await store.all_papers())
                for (status, body), page in faults:
                    upstream.answers_page(page, status, body)
                    clock.at += FRESH
                    await ingest.ensure_day(TUESDAY)
                    assert (await store.listed(TUESDAY, TUESDAY), list(await store.all_papers())) == before
            await sources.aclose()

    asyncio.run(read())
