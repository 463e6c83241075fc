"""Votes: whatever is delivered, however often and in whatever order, one person has one vote per paper."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Store
from storage.models import Batch, Click, Edition, Paper, Post, PostKind, Reaction, Tally

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
TUESDAY = date(2026, 8, 18)
EMOJI = {"+1": 1, "heart": 1, "-1": -1}


@pytest.fixture
def votes() -> Iterable[Store]:
    with Store.open(":memory:", EMOJI) as opened:
        yield opened


async def posted(store: Store, team_id: str, channel_id: str, *papers: str) -> list[Post]:
    """An edition whose message about the nth paper has the ts `n.0`."""
    posts = await planned(store, team_id, channel_id, *papers)
    for post in posts:
        await sent(store, post)
    return posts


async def planned(store: Store, team_id: str, channel_id: str, *papers: str) -> list[Post]:
    edition = Edition(
        team_id=team_id, channel_id=channel_id, day=TUESDAY, listed_day=TUESDAY, planned_at=NOW, top=5
    )
    key = {"team_id": team_id, "channel_id": channel_id, "day": TUESDAY}
    key |= {"kind": PostKind.PAPER, "planned_at": NOW}
    await store.plan(edition, [Post(**key, position=n, paper_id=id) for n, id in enumerate(papers, start=1)])
    return await store.posts(edition)


async def sent(store: Store, post: Post) -> None:
    assert await store.claim(post, NOW)
    assert await store.confirm(post, f"{post.position}.0", "")


def reacted(
    emoji: str = "+1",
    *,
    at: float = 1.0,
    user: str = "ada",
    channel: str = "C1",
    ts: str = "1.0",
    team: str = "T1",
    present: bool = True,
) -> Reaction:
    return Reaction(
        team_id=team, channel_id=channel, ts=ts, user_id=user, emoji=emoji, present=present, event_ts=at
    )


def clicked(
    paper: str = "a", *, at: float = 1.0, user: str = "ada", id: str = "", team: str = "T1", up: bool = True
) -> Click:
    key = {"team_id": team, "paper_id": paper, "user_id": user, "click_id": id or str(at)}
    return Click(**key, clicked_at=at, value=1 if up else 0)


async def record(store: Store, signals: Iterable[Reaction | Click]) -> None:
    for signal in signals:
        if isinstance(signal, Reaction):
            await store.record_reaction(signal)
        else:
            await store.record_click(signal)


async def tally(store: Store, *signals: Reaction | Click) -> Tally:
    await record(store, signals)
    return (await store.tallies("T1", ["a"]))["a"]


async def test_a_reaction_is_a_vote_and_its_removal_takes_it_back(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a")
    assert await tally(votes, reacted(at=1)) == Tally(1, 0)
    assert await tally(votes, reacted(at=2, present=False)) == Tally(0, 0)
    assert await tally(votes, reacted("-1", at=3)) == Tally(0, 1)
    assert await votes.vote_of("T1", "ada", "a") == -1


async def test_a_removal_that_overtakes_its_addition_holds(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a")
    assert await tally(votes, reacted(at=2, present=False), reacted(at=1)) == Tally(0, 0)
    assert await tally(votes, reacted(at=3)) == Tally(1, 0)


async def test_skin_tones_and_several_emoji_of_one_person_are_one_vote(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a")
    await record(votes, [reacted("+1", at=1), reacted("+1::skin-tone-3", at=2)])
    assert await tally(votes, reacted("heart", at=3), clicked(at=4)) == Tally(1, 0)
    assert await tally(votes, reacted("+1", at=5, present=False)) == Tally(1, 0)


async def test_the_newest_signal_still_there_wins(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a")
    assert await tally(votes, reacted("-1", at=2), reacted("+1", at=1)) == Tally(0, 1)
    assert await tally(votes, reacted("heart", at=3)) == Tally(1, 0)
    assert await tally(votes, reacted("heart", at=4, present=False)) == Tally(0, 1)


async def test_other_emoji_say_nothing(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a")
    assert await tally(votes, reacted("eyes"), reacted("+11"), reacted("skin-tone-3"), reacted("")) == Tally(
        0, 0
    )


async def test_a_vote_counts_once_over_all_posts_of_a_paper(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a")
    await posted(votes, "T1", "C2", "b", "a")
    assert await tally(votes, reacted(at=1), reacted(at=2, channel="C2", ts="2.0")) == Tally(1, 0)
    assert await tally(votes, reacted("-1", at=3, channel="C2", ts="2.0")) == Tally(0, 1)
    assert await tally(votes, reacted(at=4, user="ben", channel="C2", ts="2.0")) == Tally(1, 1)
    assert (await votes.tallies("T1", ["b"])) == {"b": Tally()}


async def test_a_button_pressed_twice_takes_the_vote_back_and_a_press_delivered_twice_does_not(
    votes: Store,
) -> None:
    assert await tally(votes, clicked(at=1), clicked(at=1)) == Tally(1, 0)
    assert await tally(votes, clicked(at=2, up=False)) == Tally(0, 0)
    assert await tally(votes, clicked(at=3), clicked(at=1)) == Tally(1, 0)


async def test_a_reaction_stored_before_its_message_is_known_counts_once_it_is(votes: Store) -> None:
    [post] = await planned(votes, "T1", "C1", "a")
    assert await tally(votes, reacted()) == Tally(0, 0)
    await sent(votes, post)
    assert await tally(votes) == Tally(1, 0)


async def test_a_reaction_on_a_header_or_a_foreign_message_is_no_vote_on_anything(votes: Store) -> None:
    await posted(votes, "T1", "C1", "", "a")
    signals = (reacted(ts="1.0"), reacted(ts="7.0"), reacted(ts=""))
    assert await tally(votes, *signals) == Tally(0, 0)
    assert await votes.tallies("T1", ["", "a"]) == {"": Tally(), "a": Tally()}
    assert await votes.papers_voted("T1", datetime.fromtimestamp(0, UTC)) == []


async def test_other_workspaces_never_leak(votes: Store) -> None:
    for team in ("T1", "T2"):
        await posted(votes, team, "C1", "a")
    other: list[Reaction | Click] = [reacted(team="T2", user=user) for user in ("ada", "ben")]
    other += [reacted("-1", team="T2", user="cleo")]
    await record(votes, [*other, clicked(team="T2", user="dan")])
    assert await votes.tallies("T1", ["a"]) == {"a": Tally()}
    assert await votes.vote_of("T1", "ada", "a") == 0
    assert await votes.papers_voted("T1", datetime.fromtimestamp(0, UTC)) == []
    assert await votes.tallies("T2", ["a"]) == {"a": Tally(3, 1)}


async def test_every_key_of_a_workspaces_table_begins_with_its_workspace(votes: Store) -> None:
    of_the_world = {"papers", "upvotes", "listings", "readings", "corpus", "vectors", "harvests", "health"}
    tables = {table.name: table for table in votes.db.tables if not table.name.startswith("_")}
    assert set(tables) > of_the_world
    for name in set(tables) - of_the_world:
        table = tables[name]
        keys = [index.columns for index in table.indexes] if table.use_rowid else [table.pks]
        assert {key[0] for key in keys} == {"team_id"}, name


async def test_papers_voted_are_those_with_a_signal_since_then(votes: Store) -> None:
    await posted(votes, "T1", "C1", "a", "b", "c")
    await record(votes, [reacted(at=50, ts="1.0"), reacted(at=150, ts="2.0"), clicked("d", at=100)])
    await record(votes, [reacted(at=200, ts="3.0", present=False)])
    assert sorted(await votes.papers_voted("T1", datetime.fromtimestamp(100, UTC))) == ["b", "d"]


async def test_a_tally_is_given_for_every_paper_asked_for(votes: Store) -> None:
    await votes.keep(Batch(source="arxiv", papers=(Paper(id="a", title="Known"),)), NOW)
    await record(votes, [clicked("a")])
    assert await votes.tallies("T1", ["b", "a", "b"]) == {"a": Tally(1, 0), "b": Tally()}
    assert await votes.tallies("T1", []) == {}


async def test_only_upvotes_count_unless_more_is_set(store: Store) -> None:
    await posted(store, "T1", "C1", "a")
    assert await tally(store, reacted("heart"), reacted("+1", user="ben")) == Tally(1, 0)


class Act(NamedTuple):
    """One thing a person did, before anything is delivered; its place in the history is its time."""

    user: str
    target: str
    what: str


ACTS = st.builds(
    Act,
    user=st.sampled_from(["ada", "ben", "cleo"]),
    # Paper a is on a message in each of two channels, b in one, and a message of nobody's.
    target=st.sampled_from(["C1/1.0", "C1/2.0", "C2/1.0", "C2/9.0"]),
    what=st.sampled_from(
        [f"{sign}{emoji}" for sign in "+-" for emoji in ("+1", "+1::skin-tone-2", "-1", "eyes")]
        + ["press", "take back"]
    ),
)
PAPER_AT = {"C1/1.0": "a", "C1/2.0": "b", "C2/1.0": "a", "C2/9.0": "nothing"}


def as_delivered(act: Act, at: int) -> Reaction | Click:
    if act.what in ("press", "take back"):
        return clicked(PAPER_AT[act.target], at=at, user=act.user, up=act.what == "press")
    channel, ts = act.target.split("/")
    present, emoji = act.what[0] == "+", act.what[1:]
    return reacted(emoji, at=at, user=act.user, channel=channel, ts=ts, present=present)


def expected(acts: Sequence[Act]) -> dict[str, Tally]:
    """The rules again, acted out in the order things happened."""
    there: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for at, (user, target, what) in enumerate(acts):
        paper = PAPER_AT[target]
        signals = there.setdefault((user, paper), {})
        if what == "press":
            signals["button"] = (at, 1)
        elif what == "take back":
            signals.pop("button", None)
        elif what[0] == "-":
            signals.pop(target + what[1:], None)
        elif (value := EMOJI.get(what[1:].split("::")[0])) and paper != "nothing":
            signals[target + what[1:]] = (at, value)
    up: dict[str, list[int]] = {"a": [], "b": [], "nothing": []}
    for (_, paper), signals in there.items():
        if signals:
            up[paper].append(max(signals.values())[1])
    return {paper: Tally(values.count(1), values.count(-1)) for paper, values in up.items()}


async def tallies_of(delivered: Sequence[Reaction | Click], known_after: int) -> dict[str, Tally]:
    """The tallies when the messages become known only after some of the deliveries."""
    with Store.open(":memory:", EMOJI) as store:
        await posted(store, "T2", "C1", "b", "a")
        posts = [*await planned(store, "T1", "C1", "a", "b"), *await planned(store, "T1", "C2", "a")]
        for count, signal in enumerate(delivered):
            if count == known_after:
                for post in posts:
                    await sent(store, post)
            await record(store, [signal])
        if known_after >= len(delivered):
            for post in posts:
                await sent(store, post)
        return await store.tallies("T1", ["a", "b", "nothing"])


@given(st.lists(ACTS, max_size=14), st.data())
@settings(max_examples=120, deadline=None)
def test_any_order_and_any_repetition_of_deliveries_gives_the_same_tallies(
    acts: list[Act], data: st.DataObject
) -> None:
    signals = [as_delivered(act, at) for at, act in enumerate(acts)]
    repeats = data.draw(st.lists(st.integers(1, 3), min_size=len(acts), max_size=len(acts)))
    repeated = list(
        itertools.chain.from_iterable([signal] * n for signal, n in zip(signals, repeats, strict=True))
    )
    delivered = data.draw(st.permutations(repeated))
    known_after = data.draw(st.integers(0, len(delivered)))
    assert asyncio.run(tallies_of(delivered, known_after)) == expected(acts)
