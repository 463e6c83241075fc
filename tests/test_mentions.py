"""Questions in messages: mentions in channels, words to the bot alone, and the assistant's pane."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.conversing import SEARCHING
from bot.messages import MORE, SAVE, SAVED_UNDO, VOTE
from bot.workspace import Message, Workspace, message_problems
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import list_day, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PAPER = "2608.18001"


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def reading(slack: Workspace, ada: str) -> str:
    return slack.add_channel("reading")


@pytest.fixture
async def known(bot: Bot, upstream: Upstream) -> None:
    """Puts today's papers into the store."""
    list_day(upstream, TODAY, 8)
    await bot.library.ingest.ensure_day(TODAY)


async def mention(slack: Workspace, person: str, channel: str, words: str, **where: str) -> Message:
    return await slack.say(person, channel, f"<@{slack.bot_user_id}> {words}", **where)


async def answers(slack: Workspace, channel: str, thread: str, count: int = 1) -> list[Message]:
    """What the bot said in a thread, when it has said so much."""

    def ours() -> list[Message]:
        found = [message for message in slack.thread(channel, thread) if message.bot_id]
        return found if len(found) >= count else []

    said = await slack.wait_for(ours)
    assert all(message_problems({"text": one.text, "blocks": one.blocks}) == [] for one in said)
    return said


async def told(slack: Workspace, person: str, channel: str, count: int = 1) -> list[Message]:
    """What only this person sees, when there is so much."""

    def there() -> list[Message]:
        found = slack.ephemerals(person, channel)
        return found if len(found) >= count else []

    return await slack.wait_for(there)


async def direct(slack: Workspace, person: str, count: int = 1) -> list[Message]:
    """What the bot said in a person's direct messages."""

    def ours() -> list[Message]:
        found = [m for m in slack.known_channel(slack.dm(person)).messages.values() if m.bot_id]
        return found if len(found) >= count else []

    return await slack.wait_for(ours)


async def test_a_mention_is_answered_in_a_thread_with_buttons_that_work(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    ben = slack.add_user("ben")
    async with running(bot):
        asked = await mention(slack, ada, reading, "paper 2608.18001?")
        (answer,) = await answers(slack, reading, asked.ts)
        assert "Best matches for “paper 2608.18001?”" in answer.plain()
        assert "saved by you" not in answer.plain()
        await slack.click(ben, reading, answer.ts, VOTE, PAPER)
        tallies = await bot.library.store.tallies(slack.team_id, [PAPER])
        assert tallies[PAPER].up == 1
        save = next(
            element["value"]
            for block in answer.blocks
            for element in block.get("elements", [])
            if element.get("action_id") == SAVE and PAPER in element["value"]
        )
        said = await (await slack.click(ben, reading, answer.ts, SAVE, save)).reply()
        assert said.ephemeral_to == ben
        assert said.thread_ts == asked.ts
        assert await bot.library.store.saved(slack.team_id, ben) == [PAPER]
        await slack.click_reply(ben, said, SAVED_UNDO)
        assert await bot.library.store.saved(slack.team_id, ben) == []
        more = next(e["value"] for e in answer.blocks[-1]["elements"] if e["action_id"] == MORE)
        page = await (await slack.click(ben, reading, answer.ts, MORE, more)).reply()
        assert page.ephemeral_to == ben
    assert answer.edited is None, "nobody's press changes what everybody reads"


async def test_in_a_thread_the_answer_stands_in_that_thread(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        root = await slack.say(ada, reading, "what is new?")
        await mention(slack, ada, reading, "today", thread_ts=root.ts)
        (answer,) = await answers(slack, reading, root.ts)
    assert "Papers of Tuesday 18 August 2026" in answer.plain()
    assert bot.library.store.rows("SELECT * FROM exposures") == [], "shown to nobody in particular"


@pytest.mark.parametrize("words", ["saved", "taste", "why 2608.18001", "for me", "stats"])
async def test_what_is_for_one_person_is_told_to_that_person_alone(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None, words: str
) -> None:
    async with running(bot):
        asked = await mention(slack, ada, reading, words)
        (said,) = await told(slack, ada, reading)
    assert slack.thread(reading, asked.ts) == []
    assert said.blocks


async def test_a_mention_is_answered_once_however_often_it_comes(
    bot: Bot, slack: Workspace, settings: Settings, clock: MovedClock, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        asked = await mention(slack, ada, reading, "today")
        await answers(slack, reading, asked.ts)
    event = next(d.payload for d in slack.deliveries if d.payload["event"]["type"] == "app_mention")
    async with open_bot(settings, clock, QUICK) as restarted, running(restarted):
        assert (await slack.event(event)).acked
        assert (await slack.event({**event["event"], "event_ts": "9.9"})).acked
        other = await mention(slack, ada, reading, "help")
        await answers(slack, reading, other.ts)
    assert len(slack.thread(reading, asked.ts)) == 1


async def test_bots_edits_and_itself_are_not_answered(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        own = {"type": "app_mention", "channel": reading, "text": f"<@{slack.bot_user_id}> today"}
        others: tuple[dict[str, Any], ...] = (
            {"user": "U2", "bot_id": "B2"},
            {"user": slack.bot_user_id},
            {"user": ada, "edited": {"ts": "1"}},
        )
        for number, event in enumerate(others):
            assert (await slack.event({**own, **event, "ts": f"10{number}.1"})).acked
        asked = await mention(slack, ada, reading, "help")
        await answers(slack, reading, asked.ts)
    assert bot.library.store.rows("SELECT ts FROM heard") == [{"ts": asked.ts}]


async def test_an_error_is_told_to_whoever_asked(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        await mention(slack, ada, reading, "2026-02-30")
        (said,) = await told(slack, ada, reading)
    assert "There is no day 2026-02-30 in the calendar" in said.plain()


async def test_too_many_questions_get_a_sentence(
    slack: Workspace, settings: Settings, clock: MovedClock, ada: str, reading: str
) -> None:
    limited = settings.model_copy(update={"papers_burst": 1})
    async with open_bot(limited, clock, QUICK) as bot, running(bot):
        await mention(slack, ada, reading, "help")
        await mention(slack, ada, reading, "help")
        (said,) = await told(slack, ada, reading)
    assert "That was a lot at once" in said.plain()


async def test_words_to_the_bot_are_answered_where_they_are_written(
    bot: Bot, slack: Workspace, ada: str, known: None
) -> None:
    async with running(bot):
        await slack.say(ada, slack.dm(ada), "paper 2608.18001")
        (answer,) = await direct(slack, ada)
        assert "Best matches for “paper 2608.18001”" in answer.plain()
        assert answer.thread_ts is None
        save = next(
            e["value"] for b in answer.blocks for e in b.get("elements", []) if e.get("action_id") == SAVE
        )
        await slack.click(ada, slack.dm(ada), answer.ts, SAVE, save)
        await slack.wait_for(lambda: "saved by you" in answer.plain())
        await slack.say(ada, slack.dm(ada), "saved")
        saved = (await direct(slack, ada, 2))[-1]
    assert "Papers you saved" in saved.plain()


async def test_the_assistants_pane_suggests_questions_says_what_it_does_and_answers_there(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str, reading: str, known: None
) -> None:
    await subscribe(bot, reading)
    await tick(bot)
    async with running(bot):
        root = await slack.open_assistant(ada)
        pane = slack.state.assistants[root.channel, root.ts]
        await slack.wait_for(lambda: pane.prompts)
        assert [prompt["message"] for prompt in pane.prompts] == ["today", "for me", "top week"]
        await slack.look_elsewhere(root, reading)
        await slack.wait_for(lambda: len(pane.prompts) == 4)
        assert pane.prompts[3]["message"].startswith("like:2608.18")
        await slack.say(ada, root.channel, pane.prompts[3]["message"], thread_ts=root.ts)
        (answer,) = await answers(slack, root.channel, root.ts)
    assert "Best matches" in answer.plain()
    assert pane.statuses == [SEARCHING, ""]


async def test_a_file_in_the_pane_is_answered_there(
    bot: Bot, slack: Workspace, ada: str, known: None
) -> None:
    async with running(bot):
        root = await slack.open_assistant(ada)
        sent = await slack.upload(ada, root.channel, "a.bib", b"@misc{a, title={Paper 2608.18001}}")
        await direct(slack, ada, 2)
        written = next(d.payload for d in slack.deliveries if d.payload["event"].get("ts") == sent.ts)
        event = {**written["event"], "ts": "2000000000.000001", "thread_ts": root.ts}
        assert (await slack.event(event)).acked
        (answer,) = await answers(slack, root.channel, root.ts)
    assert "1 paper of these was in it already" in answer.plain()


async def test_a_thread_outside_of_the_pane_is_answered_without_a_status(
    bot: Bot, slack: Workspace, ada: str, known: None
) -> None:
    async with running(bot):
        root = await slack.say(ada, slack.dm(ada), "help")
        await direct(slack, ada)
        await slack.say(ada, slack.dm(ada), "today", thread_ts=root.ts)
        (answer,) = await answers(slack, slack.dm(ada), root.ts)
    assert "Papers of Tuesday" in answer.plain()


async def test_without_its_scope_the_pane_is_left_as_it_is(
    bot: Bot, slack: Workspace, ada: str, known: None
) -> None:
    async with running(bot):
        slack.state.team = replace(slack.state.team, scopes=slack.state.team.scopes - {"assistant:write"})
        root = await slack.say(ada, slack.dm(ada), "help")
        thread = {"user_id": ada, "context": {}, "channel_id": slack.dm(ada), "thread_ts": root.ts}
        event = {"type": "assistant_thread_started", "assistant_thread": thread}
        assert (await slack.event(event)).acked
        (answer,) = await direct(slack, ada)
    assert "Papers, every day" in answer.plain()
