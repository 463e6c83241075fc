"""`/papers export` as a person types it: the file in their direct messages, and what they read where they asked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator

import pytest

from bot.app import Bot
from bot.messages import MENU, SAVE
from bot.workspace import Message, Workspace, message_problems
from storage.models import Save
from tests.conftest import TUESDAY, running
from tests.editions import list_day, posted, subscribe, tick
from tests.upstream import Upstream, daily_item

TODAY = TUESDAY.date()


class Person:
    """Ada in #reading, with the bot running."""

    def __init__(self, slack: Workspace) -> None:
        self.slack = slack
        self.id = slack.add_user("ada")
        self.reading = slack.add_channel("reading")

    async def asks(self, text: str, channel: str = "") -> Message:
        run = await self.slack.command(self.id, channel or self.reading, "/papers", text)
        answer = await run.reply()
        assert answer.ephemeral_to == self.id
        assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
        return answer

    async def got(self, count: int = 1) -> tuple[str, str, str]:
        """Of the newest of so many files in the direct messages: the words beside it, its name and what it says."""
        direct = self.slack.dm(self.id)

        def there() -> list[Message]:
            found = [message for message in self.slack.messages(direct) if message.files]
            return found if len(found) == count else []

        message = (await self.slack.wait_for(there))[-1]
        file = self.slack.state.files[message.files[0]["id"]]
        return message.text, file.name, (file.content or b"").decode()


@pytest.fixture
async def ada(bot: Bot, slack: Workspace) -> AsyncIterator[Person]:
    async with running(bot):
        yield Person(slack)


async def save(bot: Bot, person: Person, id: str, at: float) -> None:
    await bot.library.store.record_save(
        Save(team_id=bot.identity.team_id, user_id=person.id, paper_id=id, saved=True, pressed_at=at)
    )


async def test_saved_papers_come_as_a_file_that_nobody_else_sees(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    ids = list_day(upstream, TODAY, 3)
    page = await ada.asks("today")
    for block in [each for each in page.blocks if each["type"] == "actions"][:2]:
        (value,) = [each["value"] for each in block["elements"] if each["action_id"] == SAVE]
        await slack.click_reply(ada.id, page, SAVE, value)
    answer = await ada.asks("export bibtex")
    assert "I sent you *saved-papers.bib*. 2 papers: those you saved." in answer.text
    assert f"archives/{slack.dm(ada.id)}|Open our direct messages>" in answer.text
    said, name, text = await ada.got()
    assert (said, name) == ("2 papers: those you saved.", "saved-papers.bib")
    assert [id for id in ids if f"eprint = {{{id}}}" in text] == ids[:2]
    assert [message for message in slack.messages(ada.reading) if not message.ephemeral_to] == []


async def test_asked_in_the_direct_messages_the_file_is_the_answer(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    (id,) = list_day(upstream, TODAY, 1)
    await ada.asks("today")
    await save(bot, ada, id, 1.0)
    run = await slack.command(ada.id, slack.dm(ada.id), "/papers", "export JSON saved")
    _, name, text = await ada.got()
    assert name == "saved-papers.json"
    assert [paper["id"] for paper in json.loads(text)["papers"]] == [id]
    assert run.replies == []


async def test_a_day_is_the_channels_edition_where_it_has_one(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    ids = list_day(upstream, TODAY, 4)
    await subscribe(bot, ada.reading, top=2)
    await tick(bot)
    await slack.wait_for(lambda: len(posted(slack, ada.reading)) == 5)
    await slack.react(ada.id, ada.reading, posted(slack, ada.reading)[1].ts, "+1")
    assert f"4 papers: this channel's edition of {TODAY}." in (await ada.asks("export csv today")).text
    _, name, text = await ada.got()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert name == f"edition-{TODAY}.csv"
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert [row["votes_up"] for row in rows] == ["1", "0", "0", "0"]
    other = slack.add_channel("other")
    assert f"4 papers: those of {TODAY}." in (await ada.asks(f"export ris {TODAY}", other)).text
    _, name, text = await ada.got(2)
    assert (name, text.count("ER  - ")) == (f"papers-{TODAY}.ris", 4)


async def test_a_topic_the_top_and_what_is_for_me_can_be_exported(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    upstream.days[f"{TODAY}"] = [
        daily_item("2608.00001", "Diffusion Policy"),
        daily_item("2608.00002", "Trees"),
    ]
    await ada.asks("today")
    assert (
        "1 paper: the best matches for “Diffusion title:policy”"
        in (await ada.asks("export bib Diffusion title:policy")).text
    )
    assert (await ada.got())[1] == "diffusion-title-policy.bib"
    assert "2 papers: the top of the month" in (await ada.asks("export bib top month")).text
    assert "2 papers: for you, of the last week" in (await ada.asks("export bib for me")).text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("export", "Export as what?"),
        ("export bibtx", "Export as what?"),
        ("export csv", "You have saved no papers that I could export"),
        ("export csv zyxwvut", "Nothing found for “zyxwvut”, so there is nothing to export"),
        ("export csv 2031-01-01", "2031-01-01 lies ahead"),
        ("export control of nuclear goods", "Nothing found for “export control of nuclear goods”."),
    ],
)
async def test_what_cannot_be_exported_gets_a_sentence(ada: Person, text: str, said: str) -> None:
    assert said in (await ada.asks(text)).plain()


async def test_where_slack_does_not_say_whether_the_file_is_there_one_is_told_to_look(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    (id,) = list_day(upstream, TODAY, 1)
    await ada.asks("today")
    await save(bot, ada, id, 1.0)
    slack.faults.hang("files.completeUploadExternal", seconds=0, work=False)
    assert "Slack did not say whether it took *saved-papers.bib*" in (await ada.asks("export bibtex")).text


async def test_without_the_scopes_the_advice_is_to_install_the_app_again(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    (id,) = list_day(upstream, TODAY, 1)
    await ada.asks("today")
    await save(bot, ada, id, 1.0)
    slack.state.team.scopes -= {"im:write"}
    assert "install it again from `papers-bot manifest`" in (await ada.asks("export bibtex")).text


async def test_the_menu_of_a_post_gives_its_entry_to_copy(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: Person
) -> None:
    upstream.days[f"{TODAY}"] = [daily_item("2608.00001", "```Ticks``` & <b>", upvotes=3)]
    await subscribe(bot, ada.reading, top=1)
    await tick(bot)
    await slack.wait_for(lambda: len(posted(slack, ada.reading)) == 2)
    run = await slack.click_reply(ada.id, posted(slack, ada.reading)[1], MENU, "bibtex 2608.00001")
    answer = await run.reply()
    assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
    (code,) = answer.blocks[1]["elements"][0]["elements"]
    assert code["text"].startswith("@misc{")
    assert r"title = {{```Ticks```} \& <b>}" in code["text"]
