"""Papers in the store: merged over sources, listed by day, matched by words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Store
from storage.errors import StoreError
from storage.models import Batch, Health, Listed, Paper, Reading, SourceName

AT = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
TUESDAY, MONDAY = date(2026, 8, 18), date(2026, 8, 17)


def batch(*papers: Paper, source: SourceName = "huggingface", day: date | None = None) -> Batch:
    return Batch(
        source=source, papers=papers, day=day, listed=tuple(paper.id for paper in papers) if day else ()
    )


def titled(id: str, **fields: Any) -> Paper:
    return Paper(id=id, title=f"Title of {id}", **fields)


async def kept(store: Store, *papers: Paper) -> list[Paper]:
    await store.keep(batch(*papers), AT)
    return await store.papers([paper.id for paper in papers])


async def test_a_paper_comes_back_as_it_was_kept(store: Store) -> None:
    paper = Paper(
        id="quant-ph/0201082",
        title="All fields",
        abstract="An abstract.",
        summary="A summary.",
        authors=("Ada Example", "Noor Sample"),
        categories=("quant-ph", "cs.IT"),
        keywords=("one", "two"),
        published=AT,
        updated=AT + timedelta(microseconds=1),
        withdrawn=AT + timedelta(days=1),
        comment="12 pages",
        organization="Example Lab",
        code_url="https://example.org/code",
        code_stars=0,
        project_url="https://example.org",
        upvotes=0,
    )
    assert await kept(store, paper) == [paper]


async def test_a_newer_reading_wins_field_by_field(store: Store) -> None:
    await store.keep(batch(titled("1", abstract="Old.", authors=("Ada",), upvotes=3)), AT)
    newer = Paper(id="1", title="Better title", abstract="New.", authors=("Ben", "Cleo"), upvotes=2)
    await store.keep(batch(newer, source="arxiv"), AT)
    assert await store.papers(["1"]) == [newer]


async def test_what_a_newer_reading_does_not_know_stays(store: Store) -> None:
    full = titled(
        "1",
        abstract="Known.",
        summary="Known.",
        authors=("Ada",),
        categories=("cs.LG",),
        keywords=("word",),
        published=AT,
        updated=AT,
        withdrawn=AT,
        comment="Known.",
        organization="Lab",
        code_url="https://example.org/code",
        code_stars=4,
        project_url="https://example.org",
        upvotes=3,
    )
    await store.keep(batch(full), AT)
    assert await kept(store, titled("1")) == [full]


async def test_no_upvotes_and_no_stars_are_known_numbers(store: Store) -> None:
    await store.keep(batch(titled("1", upvotes=3, code_stars=4)), AT)
    [paper] = await kept(store, titled("1", upvotes=0, code_stars=0))
    assert (paper.upvotes, paper.code_stars) == (0, 0)


async def test_keep_counts_only_the_new_papers(store: Store) -> None:
    assert await store.keep(batch(titled("1"), titled("2")), AT) == 2
    assert await store.keep(batch(titled("2"), titled("3"), titled("3")), AT) == 1
    assert await store.count_papers() == 3


async def test_upvotes_keep_their_history_with_the_time_of_reading(store: Store) -> None:
    for hours, upvotes in ((0, 3), (1, None), (2, 9), (3, 9)):
        await store.keep(batch(titled("1", upvotes=upvotes)), AT + timedelta(hours=hours))
    history = store.rows("SELECT read_at, upvotes FROM upvotes WHERE paper_id = '1' ORDER BY read_at")
    assert [(datetime.fromisoformat(row["read_at"]), row["upvotes"]) for row in history] == [
        (AT, 3),
        (AT + timedelta(hours=2), 9),
        (AT + timedelta(hours=3), 9),
    ]


async def test_a_batch_that_cannot_be_kept_leaves_nothing_behind(store: Store) -> None:
    broken = Batch(source="huggingface", papers=(titled("1"),), day=TUESDAY, listed=("1", "unknown"))
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        await store.keep(broken, AT)
    assert await store.count_papers() == 0
    assert await store.keep(batch(titled("1")), AT) == 1


async def test_papers_come_in_the_order_asked_for_without_the_unknown(store: Store) -> None:
    await store.keep(batch(*(titled(str(n)) for n in range(5))), AT)
    assert [paper.id for paper in await store.papers(["3", "no", "1", "4"])] == ["3", "1", "4"]
    assert await store.papers([]) == []


async def test_a_thousand_ids_are_read_at_once(store: Store) -> None:
    ids = [f"2608.{n:05d}" for n in range(40_000, 0, -40)]
    await store.keep(batch(*map(titled, ids)), AT)
    assert [paper.id for paper in await store.papers(ids)] == ids


async def test_listed_has_the_newest_day_first_in_the_sources_order(store: Store) -> None:
    await store.keep(batch(titled("b"), titled("a"), day=MONDAY), AT)
    await store.keep(batch(titled("d"), titled("c"), day=TUESDAY, source="arxiv"), AT)
    assert list(await store.listed(MONDAY, TUESDAY)) == ["d", "c", "b", "a"]


async def test_listed_says_when_and_whether_the_community_chose_it(store: Store) -> None:
    await store.keep(batch(titled("both"), day=MONDAY), AT)
    await store.keep(batch(titled("both"), titled("arxiv"), day=TUESDAY, source="arxiv"), AT)
    assert await store.listed(MONDAY, TUESDAY) == {
        "both": Listed(TUESDAY, curated=True),
        "arxiv": Listed(TUESDAY, curated=False),
    }
    assert await store.listed(MONDAY, MONDAY) == {"both": Listed(MONDAY, curated=True)}
    assert await store.listed(TUESDAY + timedelta(days=1), date(2027, 1, 1)) == {}


async def test_a_paper_that_is_only_mentioned_is_not_listed(store: Store) -> None:
    mentioned = Batch(source="arxiv", papers=(titled("1"), titled("2")), day=TUESDAY, listed=("2",))
    await store.keep(mentioned, AT)
    assert list(await store.listed(TUESDAY, TUESDAY)) == ["2"]


async def test_a_day_read_again_has_the_new_order_and_loses_nothing(store: Store) -> None:
    await store.keep(batch(titled("a"), titled("b"), day=TUESDAY), AT)
    await store.keep(batch(titled("c"), titled("b"), titled("a"), day=TUESDAY), AT)
    assert list(await store.listed(TUESDAY, TUESDAY)) == ["c", "b", "a"]
    await store.keep(batch(day=TUESDAY), AT)
    assert len(await store.listed(TUESDAY, TUESDAY)) == 3


async def test_most_upvoted_are_of_those_days_only_and_unknown_counts_come_last(store: Store) -> None:
    day = (titled("none"), titled("low", upvotes=1), titled("zero", upvotes=0), titled("high", upvotes=50))
    await store.keep(batch(*day, day=TUESDAY), AT)
    await store.keep(batch(titled("other", upvotes=99), day=MONDAY), AT)
    await store.keep(batch(titled("unlisted", upvotes=999)), AT)
    assert await store.most_upvoted(TUESDAY, TUESDAY, 10) == ["high", "low", "zero", "none"]
    assert await store.most_upvoted(MONDAY, TUESDAY, 2) == ["other", "high"]


async def test_the_newest_day_is_the_last_one_with_papers(store: Store) -> None:
    assert await store.newest_day(TUESDAY) is None
    await store.keep(batch(titled("1"), day=MONDAY), AT)
    assert await store.newest_day(TUESDAY) == MONDAY
    assert await store.newest_day(MONDAY - timedelta(days=1)) is None


async def test_three_thousand_authors_and_a_long_abstract_are_kept_whole(store: Store) -> None:
    paper = titled("1", authors=tuple(f"Author {n}" for n in range(3000)), abstract="Word. " * 4000)
    assert await kept(store, paper) == [paper]


async def test_every_paper_is_read_oldest_first(store: Store) -> None:
    await store.keep(batch(titled("b"), titled("a")), AT)
    await store.keep(batch(titled("a"), titled("c")), AT)
    assert [paper.id for paper in await store.all_papers()] == ["b", "a", "c"]


async def test_a_reading_is_kept_once_per_source_and_day(store: Store) -> None:
    failed = Reading(source="huggingface", day=TUESDAY, read_at=AT, error="it was down")
    worked = failed.model_copy(update={"read_at": AT + timedelta(minutes=1), "papers": 3, "error": ""})
    other = Reading(source="arxiv", day=TUESDAY, read_at=AT, papers=7, skipped=1)
    for reading in (failed, worked, other):
        await store.record_reading(reading)
    assert await store.reading("huggingface", TUESDAY) == worked
    assert await store.reading("huggingface", MONDAY) is None
    assert await store.reading("arxiv", TUESDAY) == other


WORDS = st.text(max_size=12)
LISTS = st.lists(WORDS, max_size=3).map(tuple)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
COUNTS = st.none() | st.integers(0, 2**63 - 1)
PAPERS = st.builds(
    Paper,
    id=st.sampled_from(["1", "2", "quant-ph/0201082"]),
    title=WORDS.filter(bool),
    abstract=WORDS,
    summary=WORDS,
    authors=LISTS,
    categories=LISTS,
    keywords=LISTS,
    published=MOMENTS,
    updated=MOMENTS,
    withdrawn=MOMENTS,
    comment=WORDS,
    organization=WORDS,
    code_url=WORDS,
    code_stars=COUNTS,
    project_url=WORDS,
    upvotes=COUNTS,
)


def contents(batches: Sequence[Sequence[Paper]]) -> tuple[list[Paper], list[dict[str, Any]]]:
    """What a new store holds after these batches."""

    async def read(store: Store) -> list[Paper]:
        for papers in batches:
            await store.keep(batch(*papers), AT)
        return list(await store.all_papers())

    with Store.open(":memory:") as store:
        papers = asyncio.run(read(store))
        return papers, store.rows("SELECT paper_id, upvotes FROM upvotes ORDER BY paper_id")


@given(st.lists(PAPERS, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_batches_kept_twice_or_in_any_split_give_the_same_store(
    papers: list[Paper], data: st.DataObject
) -> None:
    once = contents([papers])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(papers)), max_size=4)))
    parts = [papers[start:end] for start, end in zip([0, *cuts], [*cuts, len(papers)], strict=True)]
    assert contents(parts) == once
    assert contents([*parts, *parts]) == once
    assert contents([part for part in parts for _ in range(2)]) == once


@given(st.lists(PAPERS, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_each_field_is_the_last_one_known(papers: list[Paper]) -> None:
    stored = {paper.id: paper for paper in contents([papers])[0]}
    assert set(stored) == {paper.id for paper in papers}
    for id, paper in stored.items():
        readings = [reading for reading in papers if reading.id == id]
        for name in Paper.model_fields:
            known = [value for reading in readings if (value := getattr(reading, name)) not in (None, "", ())]
            empty = getattr(readings[-1], name)
            assert getattr(paper, name) == (known[-1] if known else empty), name


async def test_health_is_kept_once_for_each_service_of_a_source(store: Store) -> None:
    well = Health(source="arxiv", service="search", read_at=AT)
    failing = well.model_copy(
        update={
            "failing_since": AT,
            "error": "it was down",
            "ask_at": AT + timedelta(minutes=1),
            "told": True,
        }
    )
    for health in (well, failing):
        await store.record_health(health)
        assert await store.health("arxiv", "search") == health
    assert await store.health("arxiv", "days") == Health(source="arxiv", service="days")


async def test_what_a_source_ever_listed_for_a_day_is_counted(store: Store) -> None:
    await store.keep(batch(titled("1"), titled("2"), day=TUESDAY), AT)
    await store.keep(batch(titled("2"), titled("3"), day=TUESDAY), AT)
    await store.keep(batch(titled("4"), day=MONDAY), AT)
    assert await store.count_listed("huggingface", TUESDAY) == 3
    assert await store.count_listed("arxiv", TUESDAY) == 0
