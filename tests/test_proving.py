"""A replay of a small history, whose figures are computed by hand, and what the command prints of it."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import config, verdict
from bot.errors import UsageError
from bot.past import past_editions
from bot.proving import Order, Proof, Prover, prove
from bot.recommend import Recommender
from storage.models import Edition, Interest, Paper, Subject
from tests.history import CHANNEL, TEAM, days, edition, react
from tests.library import Library

FIRST = date(2026, 3, 2)


@pytest.fixture
async def prover(library: Library) -> AsyncIterator[Prover]:
    recommender = Recommender(
        library.store, library.search, library.path, TEAM, lambda: datetime(2026, 4, 1, tzinfo=UTC)
    )
    yield Prover(recommender)
    await recommender.aclose()


async def proved(prover: Prover, *, logged: bool = False, channel: str = "") -> Proof:
    editions = await prover.editions(channel_id=channel)
    return await prove([one async for one in prover.replay(editions, logged=logged)])


def papers(planned: datetime, count: int = 3) -> list[Paper]:
    """Of a day, with titles of one length: upvoted 30, 20, 10, ...; published later the fewer upvotes it has."""
    return [
        Paper(
            id=f"{planned:%y%m}.{planned:%d}{number:03}",
            title=f"On the subject {number}",
            abstract="We studied something, and say what it was.",
            authors=("Ada Lovelace",) if number == 2 else ("Noor Sample",),
            upvotes=10 * (count - number),
            published=planned - timedelta(hours=24 - number),
        )
        for number in range(count)
    ]


async def shown(prover: Prover, planned: datetime, **changes: object) -> Edition:
    """An edition whose order is the reverse of Hugging Face's."""
    return await edition(prover.store, planned, papers(planned)[::-1], top=3, **changes)  # type: ignore[arg-type]


async def follow(prover: Prover, author: str, attitude: int = 1, at: datetime | None = None) -> None:
    stated = (at or datetime(2026, 1, 1, tzinfo=UTC)).timestamp()
    await prover.store.record_interests(
        [
            Interest(
                team_id=TEAM,
                owner_id=CHANNEL,
                subject=Subject.AUTHOR,
                value=author,
                attitude=1 if attitude > 0 else -1,
                stated_at=stated,
            )
        ]
    )


async def history(prover: Prover, count: int) -> None:
    """Editions in each of which two people upvote what stands first, which Hugging Face had last."""
    for planned in days(FIRST, count):
        made = await shown(prover, planned)
        for user in ("U1", "U2"):
            await react(prover.store, made, 1, user)


async def test_each_order_is_measured_as_computed_by_hand(prover: Prover) -> None:
    await follow(prover, "Ada Lovelace")
    await history(prover, 10)
    found = await proved(prover)
    assert (found.since, found.editions, found.counted, found.upvotes, found.n) == (FIRST, 10, 10, 20, 3)
    # The upvoted paper is by whom the channel follows, has the fewest upvotes, and is the newest.
    assert found.replays[Order.OURS].ndcg == (1, 1, 1)
    assert found.replays[Order.NEWEST].position.mean == 1
    theirs = found.replays[Order.HUGGINGFACE]
    assert theirs.ndcg.mean == pytest.approx(1 / math.log2(4))
    assert theirs.mrr.mean == pytest.approx(1 / 3)
    assert theirs.position.mean == 3
    shuffled = found.replays[Order.RANDOM]
    assert shuffled.ndcg.mean == pytest.approx((1 + 1 / math.log2(3) + 1 / 2) / 3)
    assert shuffled.mrr.mean == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert shuffled.position.mean == pytest.approx(2)
    assert found.difference.mean == pytest.approx(0.5)
    assert found.difference.sure == 1


async def test_an_upvote_counts_for_as_many_as_look_at_its_position(prover: Prover) -> None:
    made = await shown(prover, days(FIRST, 1)[0])
    await react(prover.store, made, 1, "U1")
    await react(prover.store, made, 3, "U1")
    found = (await proved(prover)).replays[Order.HUGGINGFACE]
    # What stands third has a weight of 3, and Hugging Face has it first.
    assert found.position.mean == pytest.approx((3 * 1 + 1 * 3) / 4)
    assert found.mrr.mean == pytest.approx((3 * 1 + 1 / 3) / 4)
    assert found.ndcg.mean == pytest.approx((3 + 1 / 2) / (3 + 1 / math.log2(3)))


async def test_only_upvotes_of_the_channel_after_the_planning_count(prover: Prover) -> None:
    planned = days(FIRST, 1)[0]
    made = await shown(prover, planned)
    await react(prover.store, made, 1, "U1", hours=-1)
    await react(prover.store, made, 1, "U2", emoji="-1")
    await react(prover.store, made, 1, "U3", emoji="eyes")
    other = await edition(prover.store, planned + timedelta(hours=1), papers(planned), channel="C2", top=3)
    await react(prover.store, other, 1, "U4")
    found = await proved(prover, channel=CHANNEL)
    assert (found.editions, found.counted, found.upvotes) == (1, 0, 0)
    assert found.replays == {}
    assert (await proved(prover)).upvotes == 1


async def test_what_people_said_later_does_not_help_the_ranking_of_before(prover: Prover) -> None:
    planned = days(FIRST, 1)[0]
    made = await shown(prover, planned)
    await react(prover.store, made, 1)
    before = await proved(prover)
    await follow(prover, "Ada Lovelace", at=planned + timedelta(hours=1))
    await follow(prover, "Noor Sample", -1, at=planned + timedelta(hours=1))
    for user in ("U5", "U6", "U7"):
        await react(prover.store, made, 2, user, emoji="-1", hours=30)
    assert await proved(prover) == before


async def test_a_paper_that_was_muted_stands_last(prover: Prover) -> None:
    await follow(prover, "Ada Lovelace", -1)
    made = await shown(prover, days(FIRST, 1)[0])
    await react(prover.store, made, 1)
    assert (await proved(prover)).replays[Order.OURS].position.mean == 3


async def test_editions_of_before_the_log_are_replayed_from_their_posts(prover: Prover) -> None:
    made = await shown(prover, days(FIRST, 1)[0], logged=False)
    await react(prover.store, made, 1)
    found = await proved(prover)
    assert found.replays[Order.HUGGINGFACE].position.mean == 3
    assert (await proved(prover, logged=True)).replays == {}


async def test_the_log_tells_how_the_ranking_of_that_time_ordered(prover: Prover) -> None:
    await follow(prover, "Ada Lovelace", -1)
    made = await shown(prover, days(FIRST, 1)[0], scores=(0.5, 0.9, 0.1))
    await react(prover.store, made, 1)
    assert (await proved(prover, logged=True)).replays[Order.OURS].position.mean == 2
    assert (await proved(prover)).replays[Order.OURS].position.mean == 3


async def test_an_experiment_is_won_by_whose_picks_are_upvoted(prover: Prover) -> None:
    teams: Sequence[tuple[str, str, str]] = [("first", "second", "")] * 6 + [("second", "first", "")]
    for planned, picked in zip(days(FIRST, 8), [*teams, ("first", "second", "")], strict=True):
        made = await shown(prover, planned, teams=picked)
        if planned.date() != FIRST + timedelta(days=7):
            await react(prover.store, made, 1)
    tried = (await proved(prover)).experiment
    assert tried is not None
    assert (tried.first, tried.second, tried.ties) == (6, 1, 1)
    assert tried.p_value == pytest.approx(2 * (1 + 7) / 2**7)


async def test_without_an_experiment_nothing_is_said_of_one(prover: Prover) -> None:
    await history(prover, 1)
    assert (await proved(prover)).experiment is None


async def printed(prover: Prover, *, as_json: bool = False) -> str:
    return verdict.proven(await proved(prover), as_json=as_json)


async def test_few_votes_are_too_early_to_tell(prover: Prover) -> None:
    await history(prover, 9)
    told = await printed(prover)
    assert "9 editions since 2026-03-02, 9 of them with upvotes; 18 upvotes." in told
    assert "It is too early to tell" in told
    assert "sure" not in told
    assert json.loads(await printed(prover, as_json=True))["early"] is True


async def test_the_verdict_says_who_is_better_and_how_sure_that_is(prover: Prover) -> None:
    await follow(prover, "Ada Lovelace")
    await history(prover, 10)
    told = await printed(prover)
    assert (
        "Our order is better than Hugging Face's: nDCG@3 1.00 to 0.50, 10 editions, 20 upvotes (more than 99 % sure)."
    ) in told
    assert "Hugging Face's   0.500 (0.500 to 0.500)" in told
    found = json.loads(await printed(prover, as_json=True))
    assert found["orders"]["huggingface"]["position"] == {"mean": 3.0, "low": 3.0, "high": 3.0}
    assert found["difference"]["mean"] == pytest.approx(0.5)
    assert found["experiment"] is None


async def test_an_empty_database_has_nothing_to_evaluate(prover: Prover) -> None:
    assert "no editions were posted" in await printed(prover)
    empty = json.loads(await printed(prover, as_json=True))
    assert (empty["editions"], empty["orders"], empty["difference"]) == (0, {}, None)


def asked(path: Path) -> config.Settings:
    return config.load(_env_file=None, papers_database=path, papers_embedding="static", slack_bot_token="")


async def test_the_command_reads_every_workspace_of_a_database_without_a_token(
    prover: Prover, library: Library
) -> None:
    await history(prover, 2)
    other = await edition(
        prover.store, days(FIRST, 3)[2], papers(days(FIRST, 3)[2]), team_id="T2", channel="C2"
    )
    await react(prover.store, other, 1)
    everything = await past_editions(asked(library.path), date.min, "")
    assert (everything.editions, everything.upvotes) == (3, 5)
    assert (await past_editions(asked(library.path), date.min, "#C2")).editions == 1
    assert (await past_editions(asked(library.path), FIRST + timedelta(days=1), "")).editions == 2
    with pytest.raises(UsageError, match="Without SLACK_BOT_TOKEN I can't look up the channel 'reading'"):
        await past_editions(asked(library.path), date.min, "reading")
