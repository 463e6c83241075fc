"""`/papers for me` and the person's taste in other answers, over the wire."""

from __future__ import annotations

import pytest

from bot.app import Bot
from bot.messages import VOTE
from bot.workspace import Message, Workspace
from storage.models import Exposure
from tests import shelf
from tests.conftest import TUESDAY, running
from tests.test_drafting import list_shelf
from tests.upstream import Upstream

TODAY = TUESDAY.date()


@pytest.fixture
def today(upstream: Upstream) -> list[str]:
    return list_shelf(upstream, TODAY, range(4))


async def ask(slack: Workspace, person: str, text: str, channel: str) -> Message:
    return await (await slack.command(person, channel, "/papers", text)).reply()


def titles(page: Message) -> list[str]:
    lines = page.plain().splitlines()
    return [line for line in lines if line.startswith("On ")]


async def test_ones_votes_order_what_is_for_one_and_a_day_and_nobody_elses(
    bot: Bot, slack: Workspace, today: list[str]
) -> None:
    ada, ben, reading = slack.add_user("ada"), slack.add_user("ben"), slack.add_channel("reading")
    private = slack.dm(ada)
    async with running(bot):
        empty = await ask(slack, ada, "for me", private)
        await ask(slack, ada, "today", private)
        assert "I don't know your taste yet" in empty.plain() or "no new papers" in empty.plain()
        page = await ask(slack, ada, f"{today[4]}", private)
        await (await slack.click_reply(ada, page, VOTE, value=today[4])).reply()
        mine, hers = await ask(slack, ada, "for me", private), await ask(slack, ben, "for me", reading)
        day = await ask(slack, ada, "today", private)
    proteins = {shelf.paper("proteins", number).title for number in range(4)}
    assert set(titles(mine)[:3]) == proteins - {shelf.paper("proteins", 0).title}
    assert "I don't know your taste yet" in hers.plain()
    assert set(titles(day)[:4]) == proteins
    assert "Ordered by upvotes and by what was liked here before" in day.plain()


async def test_what_a_person_was_shown_is_written_down_once(
    bot: Bot, slack: Workspace, today: list[str]
) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        for _ in range(2):
            await ask(slack, ada, "today", reading)
    rows = bot.library.store.rows("SELECT * FROM exposures WHERE user_id = :ada", {"ada": ada})
    assert sorted(row["position"] for row in rows) == [1, 2, 3, 4, 5]
    assert set(rows[0]) == set(Exposure.model_fields)
