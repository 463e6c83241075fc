"""Save: a paper kept for oneself, in the answer it was found in and in `/papers saved`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app import Bot
from bot.messages import MORE, SAVE, SIMILAR, VOTE
from bot.workspace import Message, Workspace, message_problems
from storage import Store
from storage.models import Batch, Paper, Save
from tests.conftest import TUESDAY, running
from tests.editions import list_day
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PAPER, OTHER = "2608.18001", "2608.18002"


@pytest.fixture
async def ada(bot: Bot, slack: Workspace, upstream: Upstream) -> AsyncIterator[str]:
    """Somebody in #reading, with the bot listening and seven papers of today."""
    list_day(upstream, TODAY, 7)
    person = slack.add_user("ada")
    slack.add_channel("reading")
    async with running(bot):
        yield person


async def ask(slack: Workspace, person: str, text: str) -> Message:
    reading = slack.known_channel("reading").id
    answer = await (await slack.command(person, reading, "/papers", text)).reply()
    assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
    return answer


def rows(page: Message) -> dict[str, dict[str, dict[str, Any]]]:
    """The buttons below each paper of an answer, by paper and action, in their order."""
    found = (block["elements"] for block in page.blocks if block["type"] == "actions")
    named = ({each["action_id"]: each for each in row} for row in found)
    return {row[VOTE]["value"]: row for row in named if VOTE in row}


def labels(page: Message) -> dict[str, str]:
    return {paper: row[SAVE]["text"]["text"] for paper, row in rows(page).items()}


async def press(slack: Workspace, page: Message, paper: str = PAPER) -> Message:
    """Press the save button below a paper; returns what came of it."""
    assert page.ephemeral_to
    value = rows(page)[paper][SAVE]["value"]
    return await (await slack.click_reply(page.ephemeral_to, page, SAVE, value)).reply()


async def test_a_press_saves_a_paper_and_shows_so_in_place(slack: Workspace, ada: str) -> None:
    page = await ask(slack, ada, "today")
    before = list(labels(page))
    assert await press(slack, page, OTHER) is page
    assert labels(page) == {paper: "🔖 Saved" if paper == OTHER else "🔖 Save" for paper in before}
    assert page.plain().count("saved by you") == 1
    assert "1–5 of 7" in page.plain()


async def test_a_second_press_takes_it_back(bot: Bot, slack: Workspace, ada: str) -> None:
    page = await ask(slack, ada, "today")
    await press(slack, page)
    await press(slack, page)
    assert labels(page)[PAPER] == "🔖 Save"
    assert await bot.library.store.saved(slack.team_id, ada) == []


async def test_a_press_delivered_twice_or_made_on_an_older_answer_saves_all_the_same(
    bot: Bot, slack: Workspace, ada: str
) -> None:
    page, older = await ask(slack, ada, "today"), await ask(slack, ada, "today")
    await press(slack, page)
    delivered = next(it for it in slack.deliveries if it.kind == "interactive")
    assert (await slack.courier.once("interactive", delivered.payload)).acked
    await press(slack, older)
    assert await bot.library.store.saved(slack.team_id, ada) == [PAPER]


async def test_a_press_that_is_delivered_late_does_not_undo_a_later_one(
    bot: Bot, slack: Workspace, ada: str
) -> None:
    page = await ask(slack, ada, "today")
    await press(slack, page)
    first = next(it for it in slack.deliveries if it.kind == "interactive")
    await press(slack, page)
    assert (await slack.courier.once("interactive", first.payload)).acked
    assert await bot.library.store.saved(slack.team_id, ada) == []


async def test_saved_papers_are_listed_newest_first_and_for_oneself_alone(slack: Workspace, ada: str) -> None:
    page = await ask(slack, ada, "today")
    for paper in (OTHER, PAPER):
        await press(slack, page, paper)
    saved = await ask(slack, ada, "saved")
    assert "Papers you saved" in saved.plain()
    assert list(labels(saved)) == [PAPER, OTHER]
    ben = slack.add_user("ben")
    assert set(labels(await ask(slack, ben, "today")).values()) == {"🔖 Save"}
    assert "You have saved no papers yet" in (await ask(slack, ben, "saved")).plain()


async def test_what_is_taken_back_in_the_list_stays_there_to_be_saved_again(
    slack: Workspace, ada: str
) -> None:
    await press(slack, await ask(slack, ada, "today"))
    saved = await ask(slack, ada, "saved")
    await press(slack, saved)
    assert labels(saved) == {PAPER: "🔖 Save"}
    await press(slack, saved)
    assert labels(saved) == {PAPER: "🔖 Saved"}
    await press(slack, saved)
    assert "You have saved no papers yet" in (await ask(slack, ada, "saved")).plain()


async def test_the_pages_of_saved_papers_miss_none_when_one_is_taken_back(slack: Workspace, ada: str) -> None:
    first = await ask(slack, ada, "today")
    papers = list(labels(first))
    for paper in papers:
        await press(slack, first, paper)
    second = await (await slack.click_reply(ada, first, MORE)).reply()
    for paper in list(labels(second)):
        await press(slack, second, paper)
    saved = await ask(slack, ada, "saved")
    assert "1–5 of 7" in saved.plain()
    shown = list(labels(saved))
    await press(slack, saved, shown[0])
    assert "1–5 of 7" in saved.plain()
    await slack.click_reply(ada, saved, MORE)
    await slack.wait_for(lambda: shown[0] not in labels(saved))
    assert list(labels(saved)) == [paper for paper in reversed(papers) if paper not in shown]


async def test_an_answer_drawn_again_keeps_its_papers_and_their_order_and_asks_no_source(
    slack: Workspace, upstream: Upstream, ada: str
) -> None:
    page = await ask(slack, ada, "paper")
    before = list(labels(page))
    await slack.click_reply(ada, page, VOTE, before[-1])
    asked = len(upstream.requests)
    await press(slack, page, before[0])
    assert list(labels(page)) == before
    assert rows(page)[before[-1]][VOTE]["text"]["text"] == "👍 Upvote  1"
    assert len(upstream.requests) == asked


async def test_saved_is_a_command_only_alone(slack: Workspace, ada: str) -> None:
    assert "Nothing found for “saved by the bell”" in (await ask(slack, ada, "saved by the bell")).plain()
    assert "Nothing found for “saved”" in (await ask(slack, ada, "search saved")).plain()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "This button is too old to work"),
        ("2608.18001", "This button is too old to work"),
        ('["9999.99999", true, "today", 0, []]', "I don't know this paper any more"),
    ],
)
async def test_a_forged_press_gets_a_sentence(slack: Workspace, ada: str, value: str, said: str) -> None:
    page = await ask(slack, ada, "today")
    rows(page)[PAPER][SAVE]["value"] = value
    assert said in (await press(slack, page)).plain()


async def test_a_press_that_could_not_be_stored_is_told_to_the_person(
    bot: Bot, slack: Workspace, ada: str
) -> None:
    page = await ask(slack, ada, "today")
    slack.courier.ack_timeout = 0.3
    bot.library.store.db.conn.execute("PRAGMA query_only = on")
    assert "Something went wrong on my side" in (await press(slack, page)).plain()
    bot.library.store.db.conn.execute("PRAGMA query_only = off")
    assert labels(page)[PAPER] == "🔖 Save"


async def test_one_paper_alone_has_the_same_buttons(slack: Workspace, ada: str) -> None:
    page = await ask(slack, ada, PAPER)
    assert list(labels(page)) == [PAPER]
    await press(slack, page)
    assert "saved by you" in page.plain()


async def test_similar_asks_for_papers_like_this_one_and_leaves_the_list_as_it_is(
    slack: Workspace, ada: str
) -> None:
    page = await ask(slack, ada, "today")
    before = page.version()
    answer = await (await slack.click_reply(ada, page, SIMILAR, PAPER)).reply()
    assert answer is not page
    assert answer.ephemeral_to == ada
    assert f"like:{PAPER}" in answer.plain()
    assert page.version() == before


@pytest.fixture
async def papers(store: Store) -> Store:
    """A store with two papers, `a` and `b`."""
    await store.keep(Batch(source="arxiv", papers=tuple(Paper(id=id, title=id) for id in "ab")), TUESDAY)
    return store


def save(paper_id: str, at: float, *, saved: bool = True, user_id: str = "U1", team_id: str = "T1") -> Save:
    return Save(team_id=team_id, user_id=user_id, paper_id=paper_id, saved=saved, pressed_at=at)


async def test_the_latest_press_holds_whatever_comes_last(papers: Store) -> None:
    for press in (save("a", 3, saved=False), save("a", 1), save("b", 2), save("a", 2)):
        await papers.record_save(press)
    assert await papers.saved("T1", "U1") == ["b"]
    await papers.record_save(save("a", 4))
    assert await papers.saved("T1", "U1") == ["a", "b"]


async def test_saves_are_of_one_person_in_one_workspace(papers: Store) -> None:
    for press in (save("a", 1), save("b", 1, user_id="U2"), save("b", 1, team_id="T2")):
        await papers.record_save(press)
    assert await papers.saved("T1", "U1") == ["a"]
    assert await papers.saved_among("T1", "U1", ["a", "b", "c"]) == {"a"}
    assert await papers.saved_among("T2", "U1", ["a", "b"]) == {"b"}
    assert await papers.saved_among("T1", "U1", []) == set()
