"""The ledger of posts: planned once, claimed by one, in order, and never twice."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Store
from storage.errors import StoreError
from storage.models import Edition, Post, PostKind, PostState, Subscription

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
TUESDAY = date(2026, 8, 18)


def edition(channel_id: str = "C1", day: date = TUESDAY, **changes: Any) -> Edition:
    fields: dict[str, Any] = {
        "team_id": "T1",
        "listed_day": day,
        "planned_at": NOW,
        "top": 2,
        "listed": {"arxiv": 3},
    }
    return Edition(channel_id=channel_id, day=day, **(fields | changes))


def posts_for(of: Edition, *papers: str) -> list[Post]:
    key = {"team_id": of.team_id, "channel_id": of.channel_id, "day": of.day, "planned_at": of.planned_at}
    header = Post(**key, position=0, kind=PostKind.HEADER, seeded=True)
    return [
        header,
        *(Post(**key, position=n, kind=PostKind.PAPER, paper_id=id) for n, id in enumerate(papers, start=1)),
    ]


async def planned(store: Store, *papers: str, **changes: Any) -> list[Post]:
    of = edition(**changes)
    assert await store.plan(of, posts_for(of, *papers))
    return await store.posts(of)


async def sent(store: Store, post: Post, ts: str) -> Post:
    assert await store.claim(post, NOW)
    assert await store.confirm(post, ts, "0/0")
    return await store.current(post)


async def test_an_edition_comes_back_as_it_was_planned(store: Store) -> None:
    of = edition(left_out=4, listed={"huggingface": 2, "arxiv": 1})
    posts = posts_for(of, "a", "b")
    assert await store.plan(of, posts[::-1])
    assert await store.edition("T1", "C1", TUESDAY) == of
    assert await store.posts(of) == posts


async def test_a_day_is_planned_once(store: Store) -> None:
    await planned(store, "a", "b")
    assert not await store.plan(edition(top=9), posts_for(edition(), "c"))
    again = await store.edition("T1", "C1", TUESDAY)
    assert again == edition()
    assert [post.paper_id for post in await store.posts(edition())] == ["", "a", "b"]


async def test_two_connections_plan_a_day_once(store: Store, tmp_path: Path) -> None:
    with Store.open(tmp_path / "papers.db") as other:
        assert await store.plan(edition(), posts_for(edition(), "a"))
        assert not await other.plan(edition(), posts_for(edition(), "b"))


async def test_a_paper_is_planned_once_per_channel_whatever_the_day(store: Store) -> None:
    await planned(store, "a", "b")
    tomorrow = edition(day=TUESDAY + timedelta(days=1))
    assert await store.plan(tomorrow, posts_for(tomorrow, "c", "a"))
    assert [post.paper_id for post in await store.posts(tomorrow)] == ["", "c"]


async def test_an_edition_of_a_channel_that_was_unsubscribed_is_not_taken_up_again(store: Store) -> None:
    await planned(store, "a")
    assert len(await store.unfinished_editions("T1")) == 1
    await store.subscribe(Subscription(team_id="T1", channel_id="C1", post_at=time(9), timezone="UTC", top=5))
    assert len(await store.unfinished_editions("T1")) == 1
    await store.unsubscribe("T1", "C1", "U1")
    assert await store.unfinished_editions("T1") == []


async def test_other_channels_and_workspaces_may_have_the_same_paper(store: Store) -> None:
    await planned(store, "a")
    await planned(store, "a", channel_id="C2")
    await planned(store, "a", team_id="T2")
    assert await store.papers_posted("T2", "C1", ["a"]) == {"a"}
    assert await store.papers_posted("T2", "C2", ["a"]) == set()


async def test_an_abandoned_paper_is_not_posted_again(store: Store) -> None:
    _, first = await planned(store, "a")
    await store.abandon(first, "invalid_blocks")
    assert await store.papers_posted("T1", "C1", ["a"]) == {"a"}


async def test_a_post_is_claimed_by_one_of_two_connections(store: Store, tmp_path: Path) -> None:
    header, *_ = await planned(store, "a")
    with Store.open(tmp_path / "papers.db") as other:
        assert [await store.claim(header, NOW), await other.claim(header, NOW)] == [True, False]
        assert (await other.current(header)).state is PostState.SENDING
        assert (await other.current(header)).claimed_at == NOW


def claim_all(path: str, start: Any, won: Any) -> None:
    """In a process of its own: work through the edition as fast as it can, and say which posts it won."""
    import asyncio

    async def race() -> list[int]:
        with Store.open(path) as store:
            posts = await store.posts(edition())
            start.wait(60)
            mine = []
            while any(post.state is PostState.PLANNED for post in await store.posts(edition())):
                for post in posts:
                    if await store.claim(post, NOW):
                        mine.append(post.position)
                        assert await store.confirm(post, f"1.{post.position}", "")
            return mine

    won.put(asyncio.run(race()))


async def test_two_processes_at_once_win_every_post_exactly_once(store: Store, tmp_path: Path) -> None:
    posts = await planned(store, *(f"paper {n}" for n in range(30)))
    context = multiprocessing.get_context("forkserver")
    start, won = context.Barrier(2), context.Queue()
    path = str(tmp_path / "papers.db")
    racers = [context.Process(target=claim_all, args=(path, start, won)) for _ in range(2)]
    for racer in racers:
        racer.start()
    claims = [won.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(60)
    won.close()
    assert [racer.exitcode for racer in racers] == [0, 0]
    assert sorted(claims[0] + claims[1]) == [post.position for post in posts]
    assert {post.state for post in await store.posts(edition())} == {PostState.SENT}


async def test_nothing_overtakes_an_open_post(store: Store) -> None:
    header, first, second = await planned(store, "a", "b")
    assert not await store.claim(first, NOW)
    assert await store.claim(header, NOW)
    assert not await store.claim(first, NOW)
    assert await store.confirm(header, "1.0", "")
    assert not await store.claim(second, NOW)
    assert await store.claim(first, NOW)


async def test_an_abandoned_post_lets_the_next_one_go_on(store: Store) -> None:
    header, first, second = await planned(store, "a", "b")
    await sent(store, header, "1.0")
    assert await store.abandon(first, "invalid_blocks")
    assert (await store.current(first)).reason == "invalid_blocks"
    assert await store.claim(second, NOW)


async def test_another_edition_is_not_held_up(store: Store) -> None:
    await planned(store, "a")
    (later, *_) = await planned(store, "b", day=TUESDAY + timedelta(days=1))
    assert await store.claim(later, NOW)


async def test_a_released_post_can_be_claimed_again(store: Store) -> None:
    header, *_ = await planned(store)
    assert await store.claim(header, NOW)
    assert await store.release(await store.current(header))
    assert await store.current(header) == header
    assert await store.claim(header, NOW)


async def test_only_the_claim_that_was_made_can_be_released(store: Store) -> None:
    header, *_ = await planned(store)
    await store.claim(header, NOW)
    stale = await store.current(header)
    await store.release(stale)
    await store.claim(header, NOW + timedelta(minutes=1))
    assert not await store.release(stale)
    assert (await store.current(header)).state is PostState.SENDING


#: What each step does to a post in each state; where it isn't named, nothing happens.
STEPS = {
    "claim": {PostState.PLANNED: PostState.SENDING},
    "confirm": {PostState.SENDING: PostState.SENT},
    "release": {PostState.SENDING: PostState.PLANNED},
    "abandon": {PostState.PLANNED: PostState.ABANDONED, PostState.SENDING: PostState.ABANDONED},
}


async def step(store: Store, name: str, post: Post) -> bool:
    match name:
        case "claim":
            return await store.claim(post, NOW)
        case "confirm":
            return await store.confirm(post, "1.5", "1/0")
        case "release":
            return await store.release(await store.current(post))
        case _:
            return await store.abandon(post, "refused")


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
@settings(max_examples=40, deadline=None)
async def test_a_post_moves_only_as_the_ledger_allows(names: list[str]) -> None:
    with Store.open(":memory:") as store:
        header, *_ = await planned(store)
        state = PostState.PLANNED
        for name in names:
            after = STEPS[name].get(state)
            assert await step(store, name, header) == (after is not None)
            state = after or state
            post = await store.current(header)
            assert post.state is state
            assert (post.claimed_at is not None) == (state is PostState.SENDING)
            assert post.ts == ("1.5" if state is PostState.SENT else "")


async def test_a_message_is_one_post(store: Store) -> None:
    header, first = await planned(store, "a")
    await sent(store, header, "1.0")
    await store.claim(first, NOW)
    with pytest.raises(StoreError, match="UNIQUE"):
        await store.confirm(first, "1.0", "")
    assert (await store.current(first)).state is PostState.SENDING


async def test_the_paper_on_a_message_is_found_by_its_ts(store: Store) -> None:
    header, first = await planned(store, "a")
    assert await store.paper_at("T1", "C1", "") is None
    await sent(store, header, "1.0")
    await sent(store, first, "1.1")
    assert await store.paper_at("T1", "C1", "1.0") == ""
    assert await store.paper_at("T1", "C1", "1.1") == "a"
    for team, channel, ts in (("T2", "C1", "1.1"), ("T1", "C2", "1.1"), ("T1", "C1", "1.2")):
        assert await store.paper_at(team, channel, ts) is None


async def test_an_edition_is_unfinished_until_all_is_sent_and_seeded(store: Store) -> None:
    header, first = await planned(store, "a")
    assert await store.unfinished_editions("T1") == [edition()]
    await sent(store, header, "1.0")
    await sent(store, first, "1.1")
    assert await store.unfinished_editions("T1") == [edition()]
    await store.seeded(first)
    assert await store.unfinished_editions("T1") == []


async def test_abandoned_and_lost_posts_leave_nothing_to_do(store: Store) -> None:
    header, first, second = await planned(store, "a", "b")
    await sent(store, header, "1.0")
    await sent(store, first, "1.1")
    await store.lost(first, "deleted in Slack")
    await store.abandon(second, "invalid_blocks")
    assert await store.unfinished_editions("T1") == []


async def test_unfinished_editions_come_oldest_first_and_of_one_workspace(store: Store) -> None:
    later = edition("C1", planned_at=NOW + timedelta(minutes=1))
    editions = [later, edition("C3"), edition("C2"), edition("C1", team_id="T2")]
    for of in editions:
        await store.plan(of, posts_for(of))
    assert [of.channel_id for of in await store.unfinished_editions("T1")] == ["C2", "C3", "C1"]


async def test_the_last_edition_is_of_the_newest_day(store: Store) -> None:
    assert await store.last_edition("T1", "C1") is None
    for days in (0, 2, 1):
        await planned(store, f"paper {days}", day=TUESDAY + timedelta(days=days))
    last = await store.last_edition("T1", "C1")
    assert last is not None
    assert last.day == TUESDAY + timedelta(days=2)
    assert await store.last_edition("T2", "C1") is None


async def test_editions_began_with_the_first_day_that_one_is_about(store: Store) -> None:
    assert await store.editions_began("T1", "C1") is None
    for days in (1, 0, 2):
        await planned(store, f"paper {days}", day=TUESDAY + timedelta(days=days), listed_day=TUESDAY)
    assert await store.editions_began("T1", "C1") == TUESDAY
    assert await store.editions_began("T1", "C2") is None


async def test_posts_of_a_paper_are_the_sent_ones_in_the_workspace_newest_first(store: Store) -> None:
    for channel, ts in (("C1", "1.1"), ("C2", "3.1"), ("C3", "2.1")):
        header, first = await planned(store, "a", channel_id=channel)
        await sent(store, header, f"{ts}0")
        await sent(store, first, ts)
    await planned(store, "a", channel_id="C4")
    header, first = await planned(store, "a", team_id="T2")
    await sent(store, header, "9.0")
    await sent(store, first, "9.1")
    assert [post.channel_id for post in await store.posts_of("T1", ["a", "b"])] == ["C2", "C3", "C1"]
    assert await store.posts_of("T1", [""]) == []


async def test_papers_posted_since_a_moment_are_the_sent_ones(store: Store) -> None:
    yesterday = NOW - timedelta(days=1)
    for moment, paper in ((yesterday, "old"), (NOW, "new")):
        day = moment.date()
        header, first = await planned(store, paper, day=day, planned_at=moment)
        await sent(store, header, f"{day}.0")
        await sent(store, first, f"{day}.1")
    await planned(store, "planned", channel_id="C2")
    assert await store.papers_posted_since("T1", NOW) == ["new"]
    assert sorted(await store.papers_posted_since("T1", yesterday)) == ["new", "old"]
    assert await store.papers_posted_since("T2", yesterday) == []


async def test_what_a_post_shows_is_remembered(store: Store) -> None:
    header, first = await planned(store, "a")
    await sent(store, header, "1.0")
    assert (await sent(store, first, "1.1")).drawn == "0/0"
    await store.drawn(first, "3/1")
    assert (await store.current(first)).drawn == "3/1"
    assert (await store.current(header)).drawn == "0/0"


def subscription(channel_id: str = "C1", team_id: str = "T1", top: int = 5) -> Subscription:
    return Subscription(
        team_id=team_id, channel_id=channel_id, post_at=NOW.time(), timezone="Europe/Berlin", top=top
    )


async def test_channels_follow_the_settings(store: Store) -> None:
    first, second = subscription("C1", top=5), subscription("C2", top=5)
    await store.follow_settings("T1", [first, second], complete=True)
    assert await store.subscriptions("T1") == [first, second]
    changed = subscription("C1", top=9)
    await store.follow_settings("T1", [changed], complete=False)
    assert await store.subscriptions("T1") == [changed, second]
    await store.follow_settings("T1", [changed], complete=True)
    assert await store.subscriptions("T1") == [changed]


async def test_people_in_a_channel_overrule_the_settings(store: Store) -> None:
    ours = subscription(top=3).model_copy(update={"created_by": "U1"})
    await store.follow_settings("T1", [subscription(top=5)], complete=True)
    await store.subscribe(ours)
    await store.follow_settings("T1", [subscription(top=9)], complete=True)
    await store.follow_settings("T1", [], complete=True)
    assert await store.subscriptions("T1") == [ours]
    assert await store.unsubscribe("T1", "C1", "U1")
    await store.follow_settings("T1", [subscription()], complete=True)
    assert await store.subscriptions("T1") == []
    await store.subscribe(ours)
    assert await store.subscriptions("T1") == [ours]


async def test_a_channel_of_the_settings_stays_off_once_people_turned_it_off(store: Store) -> None:
    await store.follow_settings("T1", [subscription()], complete=True)
    assert await store.unsubscribe("T1", "C1", "U1")
    await store.follow_settings("T1", [subscription()], complete=True)
    assert await store.subscriptions("T1") == []


async def test_unsubscribing_changes_only_one_channel_and_only_once(store: Store) -> None:
    for team, channel in (("T1", "C2"), ("T1", "C1"), ("T2", "C1")):
        await store.subscribe(subscription(channel, team))
    assert await store.unsubscribe("T1", "C1", "U1")
    assert not await store.unsubscribe("T1", "C1", "U1")
    assert not await store.unsubscribe("T1", "C9", "U1")
    assert await store.subscriptions("T1") == [subscription("C2")]
    assert await store.subscriptions("T2") == [subscription("C1", "T2")]


def share(paper_id: str = "a", **changes: Any) -> Post:
    key: dict[str, Any] = {"team_id": "T1", "channel_id": "C1", "day": None, "position": 0}
    shared: dict[str, Any] = {"kind": PostKind.SHARE, "planned_at": NOW, "shared_by": "U1"}
    return Post(**(key | shared | changes), paper_id=paper_id)


async def test_a_share_comes_back_as_it_was_planned_first(store: Store) -> None:
    assert await store.plan_share(share()) == share()
    assert await store.plan_share(share(shared_by="U2")) == share()
    for elsewhere in (share("b"), share(channel_id="C2"), share(team_id="T2")):
        assert await store.plan_share(elsewhere) == elsewhere


async def test_a_share_of_what_an_edition_has_is_the_editions_post(store: Store) -> None:
    _, first = await planned(store, "a")
    assert await store.plan_share(share()) == first


async def test_an_edition_leaves_out_what_was_shared(store: Store) -> None:
    await store.plan_share(share("b"))
    assert [post.paper_id for post in await planned(store, "a", "b", "c")] == ["", "a", "c"]
    assert await store.papers_posted("T1", "C1", ["a", "b", "d"]) == {"a", "b"}


async def test_shares_and_editions_hold_each_other_up_in_nothing(store: Store) -> None:
    one, two = await store.plan_share(share("x")), await store.plan_share(share("y"))
    header, first = await planned(store, "a")
    for post in (two, one):
        assert await store.claim(post, NOW)
    await sent(store, header, "1.0")
    assert await store.claim(first, NOW)
    assert [post.state for post in await store.posts(edition())] == [PostState.SENT, PostState.SENDING]


async def test_a_share_goes_through_the_ledger_alone(store: Store) -> None:
    one, two = await store.plan_share(share("x")), await store.plan_share(share("y"))
    await sent(store, one, "1.1")
    await store.drawn(one, "3/1")
    assert await store.current(two) == two
    assert (await store.current(one)).drawn == "3/1"
    assert [post.paper_id for post in await store.posts_of("T1", ["x", "y"])] == ["x"]
    assert await store.paper_at("T1", "C1", "1.1") == "x"
    assert await store.papers_posted_since("T1", NOW) == ["x"]
    assert await store.header_ts(one) == ""


async def test_a_share_is_no_edition(store: Store) -> None:
    await store.plan_share(share())
    assert await store.unfinished_editions("T1") == []
    assert await store.last_edition("T1", "C1") is None
    assert await store.posts(edition()) == []
    await store.forget_unsent("T1", "C1", TUESDAY)
    assert await store.unfinished_shares("T1", NOW + timedelta(days=9)) == [share()]


async def test_shares_are_unfinished_until_they_are_sent_and_seeded_oldest_first(store: Store) -> None:
    later = await store.plan_share(share("x", planned_at=NOW + timedelta(hours=1)))
    for other in (share("y"), share("y", team_id="T2")):
        await store.plan_share(other)
    first = await sent(store, later, "1.1")
    assert await store.unfinished_shares("T1", NOW + timedelta(days=9)) == [share("y"), first]
    await store.seeded(first)
    await store.abandon(share("y"), "invalid_blocks")
    assert await store.unfinished_shares("T1", NOW + timedelta(days=9)) == []


async def test_only_a_share_that_is_not_being_sent_can_be_forgotten(store: Store) -> None:
    for forgotten in (False, True):
        post = await store.plan_share(share())
        assert await store.claim(post, NOW)
        claimed = await store.current(post)
        await store.forget_share(claimed)
        assert await store.current(post) == claimed
        assert await store.release(claimed)
        if forgotten:
            await store.forget_share(post)
    assert await store.unfinished_shares("T1", NOW + timedelta(days=9)) == []
    _, first = await planned(store, "a")
    await store.forget_share(first)
    assert await store.current(first) == first
