"""`/papers privacy`, `my-data` and `forget-me` over the wire, and what the channel sees of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import Bot
from bot.messages import FORGET, SAVE
from bot.messages.home import place
from bot.messages.privacy import Held, forget_message, forgotten_message, privacy_message
from bot.refresh import LOOK_BACK
from bot.workspace import Message, Workspace, message_problems
from storage.models import Tally
from storage.personal import PERSONAL
from tests.conftest import TUESDAY, running
from tests.editions import carried, list_day, posted, subscribe, tick
from tests.looking import Looking
from tests.upstream import Upstream

PAGE = Path(__file__).parent.parent / "docs" / "privacy.md"


class Reader:
    """Ada, who voted on the first paper of #reading by a reaction, and saved one."""

    def __init__(self, slack: Workspace, reading: str, post: Message) -> None:
        self.slack, self.reading, self.post = slack, reading, post
        self.paper = carried(post)["paper"]
        self.id = slack.add_user("ada")

    async def asks(self, text: str) -> Message:
        answer = await (await self.slack.command(self.id, self.reading, "/papers", text)).reply()
        assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
        return answer

    async def forgets(self) -> Message:
        question = await self.asks("forget-me")
        return await (await self.slack.click_reply(self.id, question, FORGET, "all")).reply()

    async def shows(self, votes: int) -> None:
        """Wait until the post shows so many votes."""
        message = self.slack.known_message(self.reading, self.post.ts)
        await self.slack.wait_for(lambda: ("1 upvote here" in message.plain()) is bool(votes))


@pytest.fixture
async def ada(bot: Bot, slack: Workspace, upstream: Upstream) -> AsyncIterator[Reader]:
    reading = slack.add_channel("reading")
    list_day(upstream, TUESDAY.date(), 2)
    await subscribe(bot, reading, top=2)
    await tick(bot)
    async with running(bot):
        person = Reader(slack, reading, posted(slack, reading)[1])
        await slack.react(person.id, reading, person.post.ts, "fire")
        page = await person.asks(person.paper)
        (row,) = [block for block in page.blocks if block["type"] == "actions"]
        (value,) = [each["value"] for each in row["elements"] if each["action_id"] == SAVE]
        await slack.click_reply(person.id, page, SAVE, value)
        yield person


async def tally(bot: Bot, reader: Reader) -> Tally:
    return (await bot.library.store.tallies(bot.identity.team_id, [reader.paper]))[reader.paper]


async def test_privacy_says_what_is_kept_what_for_and_who_sees_it(ada: Reader) -> None:
    said = (await ada.asks("privacy")).plain()
    assert "1 reaction: for your votes; seen by everybody in the channel, in Slack itself" in said
    assert "1 saved paper: for `/papers saved`, and your taste; seen by only you" in said
    assert "0 presses of" in said
    assert "`/papers forget-me` deletes it" in said


async def test_my_data_is_a_file_for_that_person_alone(ada: Reader) -> None:
    assert "I sent you *my-data.json*. All that I keep of you: " in (await ada.asks("my-data")).text
    (message,) = ada.slack.messages(ada.slack.dm(ada.id))
    content = json.loads(ada.slack.state.files[message.files[0]["id"]].content or b"")
    assert (content["user_id"], content["format"]) == (ada.id, "papers-bot person")
    assert list(content["kept"]) == [kept.table for kept in PERSONAL]
    assert [row["paper_id"] for row in content["kept"]["saves"]["rows"]] == [ada.paper]


async def test_forgotten_the_vote_is_gone_and_stays_gone(bot: Bot, ada: Reader) -> None:
    await ada.shows(1)
    answer = await ada.forgets()
    assert "Forgotten: 1 reaction, 1 saved paper. " in answer.plain()
    await ada.shows(0)
    assert await tally(bot, ada) == Tally()
    reads = [read async for read in bot.reconciler.read_back(bot.clock() - LOOK_BACK)]
    assert [(read.error, read.found, read.messages > 0) for read in reads] == [("", 0, True)]
    assert await tally(bot, ada) == Tally()
    assert "I keep nothing of you." in (await ada.asks("forget-me")).plain()


async def test_whoever_was_forgotten_can_vote_again(bot: Bot, ada: Reader) -> None:
    await ada.shows(1)
    await ada.forgets()
    await ada.shows(0)
    await ada.slack.unreact(ada.id, ada.reading, ada.post.ts, "fire")
    await ada.slack.react(ada.id, ada.reading, ada.post.ts, "fire")
    await ada.shows(1)
    assert [read.found async for read in bot.reconciler.read_back(bot.clock() - LOOK_BACK)] == [0]
    assert await tally(bot, ada) == Tally(1, 0)


async def test_a_preview_of_a_pasted_link_forgets_their_vote_and_their_save(bot: Bot, ada: Reader) -> None:
    link = await ada.slack.say(ada.id, ada.reading, f"look: <https://arxiv.org/abs/{ada.paper}>")
    await ada.slack.react(ada.id, ada.reading, link.ts, "+1")
    await ada.slack.wait_for(lambda: "1 upvote here" in link.plain())
    assert "saved by 1" in link.plain()
    await ada.forgets()
    await ada.slack.wait_for(lambda: "1 upvote here" not in link.plain())
    assert "saved by 1" not in link.plain()


async def test_a_preview_forgets_a_save_of_a_paper_that_they_did_not_vote_on(bot: Bot, ada: Reader) -> None:
    await ada.slack.unreact(ada.id, ada.reading, ada.post.ts, "fire")
    link = await ada.slack.say(ada.id, ada.reading, f"look: <https://arxiv.org/abs/{ada.paper}>")
    await ada.slack.wait_for(lambda: "saved by 1" in link.plain())
    await ada.forgets()
    await ada.slack.wait_for(lambda: link.attachments and "saved by 1" not in link.plain())


async def test_the_post_of_a_paper_they_submitted_names_nobody(
    bot: Bot, slack: Workspace, ada: Reader
) -> None:
    submitted = {"user": ada.id, "ts": ada.post.ts}
    bot.library.store.write("UPDATE posts SET shared_by = :user WHERE ts = :ts", submitted)
    await slack.react(slack.add_user("ben"), ada.reading, ada.post.ts, "+1")
    post = slack.known_message(ada.reading, ada.post.ts)
    await slack.wait_for(lambda: ada.id in json.dumps(post.blocks))
    await ada.forgets()
    await slack.wait_for(lambda: ada.id not in json.dumps(post.blocks))


async def test_their_home_begins_again_without_what_it_showed(slack: Workspace, ada: Reader) -> None:
    home = Looking(slack, ada.id)
    await home.open()
    await home.turn("saved")
    assert home.papers() == [ada.paper]
    await ada.forgets()
    await home.shows("Papers of")
    assert home.labels(place.SAVE) == ["🔖 Save", "🔖 Save"]
    assert "You have saved no papers yet" in await home.turn("saved")


async def test_nothing_is_forgotten_before_the_button_is_pressed(bot: Bot, ada: Reader) -> None:
    question = await ada.asks("forget-me")
    assert "I would delete 1 reaction, 1 saved paper" in question.plain()
    (forget,) = question.blocks[-1]["elements"]
    assert (forget["style"], forget["confirm"]["confirm"]["text"]) == ("danger", "Forget me")
    assert await tally(bot, ada) == Tally(1, 0)


@pytest.mark.parametrize("text", ["privacy of gradients", "my-data pipelines", "forget-me nots"])
async def test_more_words_behind_them_are_a_topic(ada: Reader, text: str) -> None:
    assert f"Nothing found for “{text}”" in (await ada.asks(text)).plain()


@pytest.mark.parametrize(
    ("backups", "said"),
    [(0, ""), (1, "Backups of the last day still"), (7, "Backups of the last 7 days still")],
)
def test_backups_are_named(backups: int, said: str) -> None:
    held = [Held(1, "vote", "votes", "ranking", "you")] * 40
    texts: list[dict[str, Any]] = [
        dict(made(held, backups)) for made in (privacy_message, forget_message, forgotten_message)
    ]
    for message in texts:
        assert message_problems(message) == []
        assert said in str(message)
        assert ("Backups" in str(message)) is bool(said)


def test_the_page_on_privacy_names_every_kind() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [kept.table for kept in PERSONAL if f"| `{kept.table}` |" not in page] == []
