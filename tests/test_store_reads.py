"""Reactions read back: events and readings in any order end at what Slack shows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.history import comparable
from storage import Store
from storage.models import Reaction, Shown

KEY = {"team_id": "T1", "channel_id": "C1", "ts": "1.0"}
Pair = tuple[str, str]
PAIRS: tuple[Pair, ...] = (("ada", "+1"), ("ada", "-1"), ("ben", "+1"))


@pytest.fixture
def votes() -> Iterable[Store]:
    with Store.open(":memory:") as opened:
        yield opened


def told(pair: Pair, at: float, *, present: bool) -> Reaction:
    return Reaction(**KEY, user_id=pair[0], emoji=pair[1], present=present, event_ts=at)


def shown(at: float, *pairs: Pair, partial: Iterable[str] = ()) -> Shown:
    return Shown("1.0", at, frozenset(pairs), frozenset(partial))


async def read(store: Store, *seen: Shown) -> list[tuple[str, str, bool]]:
    changed = await store.reconcile("T1", "C1", seen)
    return [(reaction.user_id, reaction.emoji, reaction.present) for reaction in changed]


def present(store: Store) -> set[Pair]:
    return {(row["user_id"], row["emoji"]) for row in store.rows("SELECT * FROM reactions WHERE present")}


async def test_a_reading_adds_takes_away_and_leaves_what_agrees(votes: Store) -> None:
    for pair in PAIRS[:2]:
        await votes.record_reaction(told(pair, 1, present=True))
    changed = await read(votes, shown(5, PAIRS[1], PAIRS[2]))
    assert changed == [("ben", "+1", True), ("ada", "+1", False)]
    times = {(row["user_id"], row["emoji"]): row["event_ts"] for row in votes.rows("SELECT * FROM reactions")}
    assert times == {PAIRS[0]: 5, PAIRS[1]: 1, PAIRS[2]: 5}
    assert await read(votes, shown(6, PAIRS[1], PAIRS[2])) == []


async def test_an_event_after_the_reading_began_wins_over_it(votes: Store) -> None:
    await votes.record_reaction(told(PAIRS[0], 6, present=True))
    await votes.record_reaction(told(PAIRS[1], 7, present=False))
    assert await read(votes, shown(5, PAIRS[1])) == []
    assert present(votes) == {PAIRS[0]}


async def test_an_event_from_before_the_reading_comes_too_late(votes: Store) -> None:
    await read(votes, shown(5, PAIRS[0]))
    await votes.record_reaction(told(PAIRS[0], 5, present=False))
    await votes.record_reaction(told(PAIRS[1], 4, present=True))
    assert present(votes) == {PAIRS[0]}
    await votes.record_reaction(told(PAIRS[0], 5.1, present=False))
    assert present(votes) == set()


async def test_a_reading_that_began_before_another_changes_nothing_after_it(votes: Store) -> None:
    await read(votes, shown(5))
    assert await read(votes, shown(4, PAIRS[0])) == []
    assert await read(votes, shown(5, PAIRS[0])) == [("ada", "+1", True)]


async def test_nobody_is_taken_for_gone_where_slack_names_too_few(votes: Store) -> None:
    for pair in PAIRS:
        await votes.record_reaction(told(pair, 1, present=True))
    assert await read(votes, shown(5, ("cleo", "+1"), partial=["+1"])) == [
        ("cleo", "+1", True),
        ("ada", "-1", False),
    ]
    await votes.record_reaction(told(("dora", "+1"), 4, present=True))
    assert present(votes) == {PAIRS[0], PAIRS[2], ("cleo", "+1"), ("dora", "+1")}


@pytest.mark.parametrize("order", [(True, False), (False, True)])
async def test_of_an_addition_and_a_removal_at_one_instant_the_removal_holds(
    votes: Store, order: tuple[bool, bool]
) -> None:
    for is_there in (*order, *order):
        await votes.record_reaction(told(PAIRS[0], 3, present=is_there))
    assert present(votes) == set()


async def test_a_reading_knows_its_workspace_channel_and_message(votes: Store) -> None:
    await votes.record_reaction(told(PAIRS[0], 1, present=True))
    for key in ({"team_id": "T2"}, {"channel_id": "C2"}, {"ts": "2.0"}):
        other = told(PAIRS[0], 1, present=True).model_copy(update=key)
        await votes.record_reaction(other)
    assert await read(votes, shown(5)) == [("ada", "+1", False)]
    assert len(votes.rows("SELECT * FROM reactions WHERE present")) == 3


@dataclass
class Reading:
    """Began after `began` acts, saw what was there after `saw`, and is kept after `kept`."""

    began: int
    saw: int
    kept: int
    partial: frozenset[str]
    named: frozenset[Pair]
    there: set[Pair] = field(default_factory=set)

    def seen(self) -> Shown:
        hidden = {pair for pair in self.there if pair[1] in self.partial and pair not in self.named}
        partial = {emoji for _, emoji in hidden}
        return Shown("1.0", self.began + 0.5, frozenset(self.there - hidden), frozenset(partial))


@dataclass
class Played:
    """What people do on one message, one act at a time; an act makes a reaction there that was not, or the reverse."""

    store: Store
    there: set[Pair] = field(default_factory=set)

    def act(self, pair: Pair, at: int) -> Reaction:
        self.there ^= {pair}
        return told(pair, at, present=pair in self.there)


@st.composite
def readings(draw: st.DrawFn, acts: int) -> list[Reading]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        began, saw, kept = sorted(draw(st.lists(st.integers(0, acts), min_size=3, max_size=3)))
        partial = draw(st.frozensets(st.sampled_from(["+1", "-1"])))
        found.append(Reading(began, saw, kept, partial, draw(st.frozensets(st.sampled_from(PAIRS)))))
    return found


async def play(
    played: Played, acts: Sequence[Pair], made: Sequence[Reading], delivered: Sequence[Sequence[int]]
) -> None:
    """Act, read, and deliver after the nth act the acts that `delivered` names there, as far as they happened."""
    events: list[Reaction] = []
    for moment in range(len(acts) + 1):
        if moment:
            events.append(played.act(acts[moment - 1], moment))
        for reading in made:
            if reading.saw == moment:
                reading.there = set(played.there)
        for number in delivered[moment]:
            if number < len(events):
                await played.store.record_reaction(events[number])
        for reading in made:
            if reading.kept == moment:
                await read(played.store, reading.seen())


ACTS = st.lists(st.sampled_from(PAIRS), max_size=8)


def deliveries(data: st.DataObject, acts: int) -> list[list[int]]:
    some = st.lists(st.integers(0, max(0, acts - 1)), max_size=3)
    return data.draw(st.lists(some, min_size=acts + 1, max_size=acts + 1))


@given(ACTS, st.data())
@settings(max_examples=300, deadline=None)
def test_events_late_twice_and_out_of_order_between_readings_end_at_what_slack_shows(
    acts: list[Pair], data: st.DataObject
) -> None:
    made = data.draw(readings(len(acts)))
    at_last = data.draw(st.permutations(range(len(acts))))

    async def final() -> tuple[set[Pair], set[Pair]]:
        with Store.open(":memory:") as store:
            played = Played(store)
            await play(played, acts, made, deliveries(data, len(acts)))
            again = Played(store)
            events = [again.act(pair, number) for number, pair in enumerate(acts, start=1)]
            for number in at_last:
                await store.record_reaction(events[number])
            return present(store), played.there

    stored, there = asyncio.run(final())
    assert stored == there


@given(ACTS, st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_events_are_lost_or_late_a_reading_ends_at_what_slack_shows(
    acts: list[Pair], data: st.DataObject
) -> None:
    made = data.draw(readings(len(acts)))
    late = data.draw(st.lists(st.integers(0, max(0, len(acts) - 1)), max_size=8))

    async def final() -> tuple[set[Pair], set[Pair]]:
        with Store.open(":memory:") as store:
            played = Played(store)
            await play(played, acts, made, deliveries(data, len(acts)))
            await read(store, shown(len(acts) + 0.5, *played.there))
            again = Played(store)
            events = [again.act(pair, number) for number, pair in enumerate(acts, start=1)]
            for number in late if events else ():
                await store.record_reaction(events[number])
            return present(store), played.there

    stored, there = asyncio.run(final())
    assert stored == there


async def test_where_slack_may_not_show_reactions_nothing_is_taken_away(votes: Store) -> None:
    await votes.record_reaction(told(PAIRS[0], 10, present=True))
    assert await read(votes, shown(20)._replace(complete=False)) == []
    # An event of before such a reading still counts.
    await votes.record_reaction(told(PAIRS[2], 15, present=True))
    assert len(await read(votes, shown(30))) == 2


async def test_an_event_days_older_than_a_reading_comes_from_another_clock_and_counts(votes: Store) -> None:
    await read(votes, shown(1_000_000))
    await votes.record_reaction(told(PAIRS[0], 999_000, present=True))
    await votes.record_reaction(told(PAIRS[2], 10, present=True))
    assert present(votes) == {PAIRS[2]}


@pytest.mark.parametrize("read_at", [1_800_000_000.0, 1_600_000_000.0])
def test_a_reading_is_dated_by_the_clock_of_the_messages(read_at: float) -> None:
    assert comparable(1_700_000_100.0, "1700000000.000100") == 1_700_000_100.0
    assert comparable(read_at, "1700000000.000100") == 1_700_000_000.0001
