"""What the store keeps for the Home tab: visits, read marks, notes, and what was greeted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from storage import Store
from storage.models import Batch, Click, Note, Opening, Paper, ReadMark
from tests.conftest import TUESDAY

TEAM, ADA, BEN = "T1", "U1", "U2"
LEASE = timedelta(seconds=30)
DAY = TUESDAY.date()


@pytest.fixture
async def papers(store: Store) -> Store:
    """A store with two papers of one day, `a` and `b`, and one of the day before, `c`."""
    for day, ids in ((DAY, "ab"), (DAY - timedelta(days=1), "c")):
        await store.keep(
            Batch(
                source="arxiv", papers=tuple(Paper(id=id, title=id) for id in ids), day=day, listed=tuple(ids)
            ),
            TUESDAY,
        )
    return store


async def test_a_visit_lasts_while_somebody_comes_back_within_half_an_hour(store: Store) -> None:
    assert await store.seen_until(TEAM, ADA) is None
    assert await store.record_visit(TEAM, ADA, 1_000) == 1_000
    assert await store.record_visit(TEAM, ADA, 2_000) == 1_000
    assert await store.record_visit(TEAM, ADA, 3_000) == 1_000
    assert await store.record_visit(TEAM, ADA, 9_000) == 3_000
    # One that is delivered late changes nothing.
    assert await store.record_visit(TEAM, ADA, 1_500) == 3_000
    assert await store.seen_until(TEAM, BEN) is None


async def test_the_later_of_opening_and_marking_says_whether_a_paper_is_read(papers: Store) -> None:
    async def opened(at: float) -> set[str]:
        await papers.record_opening(Opening(team_id=TEAM, user_id=ADA, paper_id="a", opened_at=at))
        return await papers.read_among(TEAM, ADA, ["a", "b", "unknown"])

    async def marked(at: float, *, read: bool) -> set[str]:
        await papers.mark_read(ReadMark(team_id=TEAM, user_id=ADA, paper_id="a", read=read, marked_at=at))
        return await papers.read_among(TEAM, ADA, ["a", "b", "unknown"])

    assert await opened(10) == {"a"}
    assert await marked(20, read=False) == set()
    assert await marked(15, read=True) == set()
    assert await opened(30) == {"a"}
    assert await papers.count_read(TEAM, ADA) == 1
    assert await papers.read_among(TEAM, BEN, ["a"]) == set()
    assert await papers.count_read(TEAM, BEN) == 0


async def test_whether_lists_hide_what_was_read_is_each_persons_own(store: Store) -> None:
    assert not await store.hides_read(TEAM, ADA)
    await store.set_hides_read(TEAM, ADA, hide=True)
    assert await store.hides_read(TEAM, ADA)
    assert not await store.hides_read(TEAM, BEN)
    await store.set_hides_read(TEAM, ADA, hide=False)
    assert not await store.hides_read(TEAM, ADA)


async def test_a_note_is_ones_own_and_an_undo_brings_back_what_it_said(papers: Store) -> None:
    async def write(text: str, at: float) -> None:
        await papers.write_note(Note(team_id=TEAM, user_id=ADA, paper_id="a", text=text, written_at=at))

    await write("one", 1)
    await write("two", 2)
    await write("late", 1.5)
    assert await papers.notes(TEAM, ADA) == {"a": "two"}
    assert await papers.notes(TEAM, BEN) == {}
    assert await papers.undo_note(TEAM, ADA, "a", 2)
    assert not await papers.undo_note(TEAM, ADA, "a", 2)
    assert await papers.notes(TEAM, ADA) == {"a": "one"}
    await write("", 3)
    assert await papers.notes(TEAM, ADA) == {}
    assert not await papers.undo_note(TEAM, BEN, "a", 3)


async def test_one_greets_at_a_time_and_another_after_a_lease(store: Store) -> None:
    later = TUESDAY + timedelta(minutes=1)
    assert await store.claim_greeting(TEAM, "C1", "", TUESDAY, LEASE) == TUESDAY
    assert await store.claim_greeting(TEAM, "C1", "", TUESDAY, LEASE) is None
    assert await store.claim_greeting(TEAM, "C1", "", later, LEASE) == TUESDAY
    await store.greeted(TEAM, "C1", "")
    assert await store.claim_greeting(TEAM, "C1", "", later + LEASE * 2, LEASE) is None
    await store.not_greeted(TEAM, "C1", "")
    assert await store.claim_greeting(TEAM, "C1", "", later + LEASE * 2, LEASE) is None
    assert await store.claim_greeting(TEAM, "", ADA, later, LEASE) == later
    await store.not_greeted(TEAM, "", ADA)
    assert await store.claim_greeting(TEAM, "", ADA, later, LEASE) == later


async def test_days_with_papers_are_found_on_either_side(papers: Store) -> None:
    async def beside(day: date, step: int) -> date | None:
        return await papers.day_beside(TEAM, ["C1"], day, -1 if step < 0 else 1, DAY)

    assert await beside(date.max, -1) == DAY
    assert await beside(DAY, -1) == DAY - timedelta(days=1)
    assert await beside(DAY - timedelta(days=1), -1) is None
    assert await beside(DAY - timedelta(days=5), 1) == DAY - timedelta(days=1)
    assert await beside(DAY, 1) is None


async def test_what_the_store_did_not_have_before_a_moment_is_told(papers: Store) -> None:
    assert await papers.came_since(["a", "c", "unknown"], TUESDAY - LEASE) == {"a", "c"}
    assert await papers.came_since(["a", "c"], TUESDAY + LEASE) == set()


async def test_votes_of_a_person_are_counted_by_week(papers: Store) -> None:
    first = TUESDAY - timedelta(weeks=2)
    for id, weeks_ago in (("a", 1), ("b", 0.5), ("c", 9)):
        at = TUESDAY.timestamp() - weeks_ago * 604_800
        await papers.record_click(Click(team_id=TEAM, paper_id=id, user_id=ADA, click_id=id, clicked_at=at))
    assert await papers.votes_of_person(TEAM, ADA, first, 2) == (3, [0, 2])
    assert await papers.votes_of_person(TEAM, BEN, first, 2) == (0, [0, 0])
