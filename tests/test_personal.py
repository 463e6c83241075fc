"""What is kept of a person: all of it is named, can be read, and is gone when they want to be forgotten."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from storage import Store
from storage.models import (
    Batch,
    Click,
    Exposure,
    Interest,
    Learning,
    Opening,
    Paper,
    Post,
    PostKind,
    Reaction,
    Save,
    Shown,
    Subject,
    Subscription,
    Tally,
)
from storage.personal import NOBODY, PERSONAL

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
TEAM, CHANNEL, PAPER = "T1", "C1", "2608.00001"
#: What names a person in a table, however it is called.
OF_A_PERSON = re.compile(r"(user|owner|person|people|presenter|author)(_id)?|\w+_by")
#: Columns that look like it, and name something else.
NOT_OF_A_PERSON: frozenset[tuple[str, str]] = frozenset()


def columns(store: Store) -> set[tuple[str, str]]:
    return {(table.name, column.name) for table in store.db.tables for column in table.columns}


def test_every_table_with_a_person_in_it_is_named(store: Store) -> None:
    found = {it for it in columns(store) if OF_A_PERSON.fullmatch(it[1])} - NOT_OF_A_PERSON
    assert found == {(kept.table, kept.column) for kept in PERSONAL}


def test_every_table_with_a_person_in_it_is_a_workspaces(store: Store) -> None:
    assert {(kept.table, "team_id") for kept in PERSONAL} <= columns(store)


def test_each_kind_says_what_it_is_for() -> None:
    assert len({kept.table for kept in PERSONAL}) == len(PERSONAL)
    assert all(kept.one and kept.many and kept.purpose and kept.seen_by for kept in PERSONAL)


async def fill(store: Store, *people: str) -> None:
    """A row of each kind for each person."""
    await store.keep(Batch(source="arxiv", papers=(Paper(id=PAPER, title="Robots"),)), NOW)
    for number, user in enumerate(people):
        mine: dict[str, Any] = {"team_id": TEAM, "user_id": user, "paper_id": PAPER}
        share = Post(
            **{name: mine[name] for name in ("team_id", "paper_id")},
            channel_id=f"{CHANNEL}{number}",
            day=None,
            position=0,
            kind=PostKind.SHARE,
            planned_at=NOW,
            shared_by=user,
        )
        await store.plan_share(share)
        await store.claim(share, NOW)
        await store.confirm(share, f"{100 + number}.0", "2/0")
        await store.record_reaction(reaction(user, f"{100 + number}.0", f"{CHANNEL}{number}"))
        await store.record_click(Click(**mine, click_id="1", clicked_at=150.0))
        await store.record_save(Save(**mine, saved=True, pressed_at=150.0))
        await store.record_opening(Opening(**mine, opened_at=150.0))
        shown = Exposure(
            **mine, channel_id=CHANNEL, day=date(2026, 8, 18), position=1, shown_at=NOW, ranking="1"
        )
        await store.record_exposures([shown])
        said = {"subject": Subject.AUTHOR, "value": "Ada", "attitude": 1, "stated_at": 150.0}
        await store.record_interests([Interest(team_id=TEAM, owner_id=user, **said)])
        await store.set_learning(TEAM, user, Learning())
        await store.subscribe(
            Subscription(
                team_id=TEAM,
                channel_id=f"{CHANNEL}{number}",
                post_at=NOW.time(),
                timezone="UTC",
                top=5,
                created_by=user,
            )
        )
        kept = await store.kept_of(TEAM, user)
        for one in PERSONAL:
            if not kept[one.table]:
                add_row(store, one.table, {one.column: user, "team_id": TEAM, "paper_id": PAPER}, number)


def add_row(store: Store, table: str, values: dict[str, object], number: int) -> None:
    """A row with these values where the table has such columns, and elsewhere with any that fits."""
    fitting = {"TEXT": str(number), "INTEGER": 0, "REAL": float(number), "BLOB": b""}
    columns = {
        column.name: values.get(column.name, fitting[column.type]) for column in store.db[table].columns
    }
    store.db.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        [*columns.values()],
    )


def reaction(
    user: str, ts: str, channel: str, at: float = 150.0, emoji: str = "+1", present: int = 1
) -> Reaction:
    return Reaction(
        team_id=TEAM, channel_id=channel, ts=ts, user_id=user, emoji=emoji, present=bool(present), event_ts=at
    )


async def test_a_person_is_forgotten_and_nobody_else(store: Store) -> None:
    await fill(store, "U1", "U2")
    everything = dict.fromkeys((kept.table for kept in PERSONAL), 1)
    assert await store.kept_of(TEAM, "U1") == everything
    assert await store.kept_of("T2", "U1") == dict.fromkeys(everything, 0)
    forgotten = await store.forget_person(TEAM, "U1", 200.0)
    assert (forgotten.rows, forgotten.papers) == (everything, [PAPER])
    assert await store.kept_of(TEAM, "U1") == dict.fromkeys(everything, 0)
    assert await store.kept_of(TEAM, "U2") == everything
    assert (await store.tallies(TEAM, [PAPER]))[PAPER] == Tally(1, 0)


async def test_what_others_need_stays_without_the_person(store: Store) -> None:
    await fill(store, "U1")
    await store.forget_person(TEAM, "U1", 200.0)
    (subscription,) = await store.subscriptions(TEAM)
    (post,) = await store.posts_of(TEAM, [PAPER])
    # An empty name is that of the settings, which would take the channel over.
    assert subscription.created_by == NOBODY
    assert (post.shared_by, post.drawn, post.ts) == ("", "", "100.0")


async def test_the_agenda_of_a_meeting_they_presented_at_is_drawn_again(store: Store) -> None:
    await fill(store, "U1")
    for number in (0, 1):
        meeting: dict[str, object] = {
            "team_id": TEAM,
            "series": "group",
            "channel_id": str(number),
            "day": "0",
            "planned_at": str(NOW),
        }
        add_row(store, "editions", meeting, number)
        sent: dict[str, object] = {
            "kind": "agenda",
            "state": "sent",
            "drawn": "",
            "ts": f"{number}.0",
            "paper_id": "",
        }
        add_row(store, "posts", {**meeting, **sent}, number)
    await store.forget_person(TEAM, "U1", 200.0)
    drawn = store.rows("SELECT channel_id, drawn FROM posts WHERE series = 'group' ORDER BY channel_id", {})
    assert drawn == [{"channel_id": "0", "drawn": "stale"}, {"channel_id": "1", "drawn": ""}]


async def test_what_comes_to_their_own_direct_messages_ends(store: Store) -> None:
    await fill(store, "U1")
    (channel,) = await store.subscriptions(TEAM)
    await store.subscribe(channel.model_copy(update={"channel_id": "D1"}))
    await store.subscribe(channel.model_copy(update={"channel_id": "D2", "created_by": "U2"}))
    await store.forget_person(TEAM, "U1", 200.0)
    assert [one.channel_id for one in await store.subscriptions(TEAM)] == ["C10", "D2"]


async def test_nothing_in_the_file_names_who_was_forgotten(store: Store) -> None:
    await fill(store, "UFORGETME", "U2")
    await store.forget_person(TEAM, "UFORGETME", 200.0)
    held = [repr(row) for table in store.db.tables for row in table.rows]
    assert any("'U2'" in row for row in held)
    assert not [row for row in held if "UFORGETME" in row]


async def test_all_that_is_kept_can_be_read(store: Store) -> None:
    await fill(store, "U1", "U2")
    rows = await store.rows_of(TEAM, "U1")
    assert list(rows) == [kept.table for kept in PERSONAL]
    assert rows["saves"] == [
        {"team_id": TEAM, "user_id": "U1", "paper_id": PAPER, "saved": 1, "pressed_at": 150.0}
    ]
    assert "U2" not in repr(rows)


@pytest.mark.parametrize(("at", "kept"), [(199.0, False), (200.0, False), (200.1, True)])
async def test_an_event_of_before_comes_too_late(store: Store, at: float, kept: bool) -> None:
    await fill(store, "U1")
    await store.forget_person(TEAM, "U1", 200.0)
    await store.record_reaction(reaction("U1", "100.0", "C10", at))
    assert ((await store.kept_of(TEAM, "U1"))["reactions"] == 1) is kept


async def read_back(store: Store, ts: str, *users: str) -> list[str]:
    """Read a message on which these people have a reaction; returns whose reactions were news."""
    shown = Shown(ts, 300.0, frozenset((user, "+1") for user in users))
    return sorted(change.user_id for change in await store.reconcile(TEAM, "C10", [shown]))


async def test_a_reaction_that_is_still_in_slack_is_not_found_again(store: Store) -> None:
    await fill(store, "U1")
    await store.forget_person(TEAM, "U1", 200.0)
    assert await read_back(store, "100.0", "U1", "U2") == ["U2"]
    assert (await store.tallies(TEAM, [PAPER]))[PAPER] == Tally(1, 0)


async def test_a_reaction_on_what_was_posted_afterwards_is_found(store: Store) -> None:
    await fill(store, "U1")
    await store.forget_person(TEAM, "U1", 200.0)
    assert await read_back(store, "200.5", "U1") == ["U1"]


async def test_whoever_reacts_anew_is_read_back_like_everybody(store: Store) -> None:
    await fill(store, "U1")
    await store.forget_person(TEAM, "U1", 200.0)
    await store.record_reaction(reaction("U1", "100.0", "C10", 210.0, present=0))
    assert await read_back(store, "100.0", "U1") == ["U1"]
    assert (await store.tallies(TEAM, [PAPER]))[PAPER] == Tally(1, 0)
    await store.forget_person(TEAM, "U1", 400.0)
    assert await read_back(store, "200.5", "U1") == []
    assert len(list(store.db.table("forgotten").rows)) == 1
