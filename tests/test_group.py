"""The reading group: its agenda comes once, presenters take turns and can swap, and notes stay with their paper."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.messages import (
    GROUP_FORM,
    GROUP_SKIP,
    GROUP_UNDO,
    NOTE_FORM,
    NOTE_TURN,
    PASS_ON,
    PRESENT,
    PRESENTER_UNDO,
)
from bot.workspace import CommandRun, Message, Workspace
from storage.groups import GROUP
from storage.models import Batch, PostState, ReadingGroup
from tests.conftest import QUICK, MovedClock, running
from tests.editions import LATER, posted, tick
from tests.weeks import topical, vote

#: A Thursday, when the group meets.
MEETING = datetime(2026, 8, 20, 15, 0, tzinfo=UTC)
DAY = MEETING.date()
PAPERS = [f"2608.{number:05}" for number in range(1, 6)]
POST = "chat.postMessage"


class People:
    """Three people in a channel."""

    def __init__(self, slack: Workspace) -> None:
        self.slack = slack
        self.channel = slack.add_channel("reading")
        self.ada, self.ben, self.cleo = (slack.add_user(name) for name in ("ada", "ben", "cleo"))
        slack.known_channel(self.channel).members[:] = [slack.bot_user_id, self.ada, self.ben, self.cleo]

    async def ask(self, text: str) -> Message:
        return await (
            await self.slack.command(self.ada, self.channel, "/papers", f"group {text}".strip())
        ).reply()

    async def press(self, user: str, message: Message, action: str) -> CommandRun:
        return await self.slack.click_reply(user, message, action)

    def whispers(self, user: str) -> list[Message]:
        return [message for message in self.slack.state.ephemerals if message.ephemeral_to == user]

    async def whisper(self, user: str, words: str) -> Message:
        """The newest thing only this person sees, once it has these words."""
        return await self.slack.wait_for(
            lambda: next((it for it in reversed(self.whispers(user)) if words in it.plain()), None)
        )


@pytest.fixture
def people(slack: Workspace) -> People:
    return People(slack)


@pytest.fixture
async def group(bot: Bot, people: People, clock: MovedClock) -> ReadingGroup:
    """A group of three that meets now over three papers, with votes on five."""
    store = bot.library.store
    await store.keep(Batch(source="arxiv", papers=tuple(map(topical, PAPERS))), MEETING)
    for at, paper in enumerate(PAPERS):
        await vote(store, bot.identity.team_id, people.channel, paper, MEETING - timedelta(days=1), 5 - at)
    made = ReadingGroup(
        team_id=bot.identity.team_id,
        channel_id=people.channel,
        hour="thursday 15:00",
        timezone="UTC",
        rota=(people.ada, people.ben, people.cleo),
    )
    await store.set_group(made)
    clock.at = MEETING
    return made


async def meet(bot: Bot) -> None:
    await bot.planning.plan()
    await tick(bot)


async def presenters(bot: Bot, people: People) -> list[str]:
    agenda = await bot.library.store.presentations(bot.identity.team_id, people.channel, DAY)
    return [one.user_id for one in agenda]


async def test_the_most_voted_become_an_agenda_with_a_message_for_each(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    await meet(bot)
    agenda, *papers = posted(slack, people.channel)
    text = agenda.blocks[1]["text"]["text"]
    assert "Reading group of Thursday 20 August" in agenda.plain()
    assert f"1. <https://arxiv.org/abs/{PAPERS[0]}|On the matter of {PAPERS[0]}>  ·  5 upvotes" in text
    assert [line.rpartition(" ")[2] for line in text.splitlines()] == [
        f"<@{user}>" for user in (people.ada, people.ben, people.cleo)
    ]
    assert [PAPERS[at] in message.plain() for at, message in enumerate(papers)] == [True] * 3
    first = papers[0].plain()
    for part in ("Ada Example, Noor Sample", "PDF", "To begin with:", "Presented by", "note:"):
        assert part in first
    assert await bot.library.store.unfinished_editions(slack.team_id) == []


async def test_papers_that_were_discussed_do_not_come_again_and_the_rota_moves_on(
    bot: Bot, slack: Workspace, people: People, clock: MovedClock, group: ReadingGroup
) -> None:
    await bot.library.store.set_group(group.model_copy(update={"papers": 2}))
    await meet(bot)
    clock.at = MEETING + timedelta(days=7)
    await vote(
        bot.library.store, bot.identity.team_id, people.channel, PAPERS[0], clock.at - timedelta(days=1), 9
    )
    await vote(
        bot.library.store, bot.identity.team_id, people.channel, PAPERS[4], clock.at - timedelta(days=1), 2
    )
    await meet(bot)
    agenda = next(it for it in reversed(posted(slack, people.channel)) if "Reading group of" in it.plain())
    assert PAPERS[0] not in agenda.plain()
    assert f"On the matter of {PAPERS[4]}" in agenda.plain()
    assert agenda.blocks[1]["text"]["text"].endswith(f"presented by <@{people.cleo}>")


async def test_who_has_left_the_channel_is_passed_over_and_papers_without_anybody_say_so(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    slack.known_channel(people.channel).members.remove(people.ada)
    await meet(bot)
    assert await presenters(bot, people) == [people.ben, people.cleo, ""]
    last = posted(slack, people.channel)[-1]
    assert "Presented by nobody yet" in last.plain()
    assert "Pass on" not in last.plain()


async def test_a_week_without_votes_has_no_agenda(
    bot: Bot, slack: Workspace, people: People, clock: MovedClock, group: ReadingGroup
) -> None:
    clock.at = MEETING + timedelta(days=14)
    await meet(bot)
    assert posted(slack, people.channel) == []
    edition = await bot.library.store.edition(slack.team_id, people.channel, clock.at.date(), GROUP)
    assert edition
    assert edition.why


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Berlin", 13), ("America/New_York", 19), ("Asia/Kolkata", 9)]
)
async def test_the_meeting_is_at_the_groups_own_hour_and_none_is_made_up_for_after_hours(
    bot: Bot, slack: Workspace, people: People, clock: MovedClock, group: ReadingGroup, zone: str, hour: int
) -> None:
    await bot.library.store.set_group(group.model_copy(update={"timezone": zone}))
    at = datetime(2026, 8, 20, hour, 30 * (zone == "Asia/Kolkata"), tzinfo=UTC)
    for moment in (at - timedelta(minutes=1), at + timedelta(hours=6)):
        clock.at = moment
        await meet(bot)
        assert posted(slack, people.channel) == []
    clock.at = at
    await meet(bot)
    assert len(posted(slack, people.channel)) == 4


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("work", [True, False])
async def test_a_process_that_died_at_any_message_leaves_each_of_them_once(
    bot: Bot,
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    people: People,
    group: ReadingGroup,
    nth: int,
    work: bool,
) -> None:
    if nth > 1:
        slack.faults.hang(POST, seconds=0, times=nth - 1)
    slack.faults.hang(POST, seconds=30, work=work)
    async with open_bot(settings, clock, QUICK) as dying:
        await dying.planning.plan()
        (sending,) = await dying.daily.tick()
        await slack.wait_for(
            lambda: (
                sum(call.method == POST for call in slack.calls) == nth
                and len(posted(slack, people.channel)) == nth - (not work)
            )
        )
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    clock.forward(**LATER)
    await meet(bot)
    numbers = [(it.metadata or {})["event_payload"]["position"] for it in posted(slack, people.channel)]
    assert numbers == [0, 1, 2, 3]
    edition = await bot.library.store.edition(slack.team_id, people.channel, DAY, GROUP)
    assert edition
    assert {post.state for post in await bot.library.store.posts(edition)} == {PostState.SENT}


async def test_a_process_that_died_between_choosing_and_planning_does_not_choose_again(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    store = bot.library.store
    await meet(bot)
    chosen = await store.presentations(slack.team_id, people.channel, DAY)
    changed = [one.model_copy(update={"user_id": people.cleo}) for one in chosen]
    assert await store.plan_presentations(changed) == chosen


# Who presents.


async def test_taking_a_paper_swaps_and_can_be_taken_back(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    agenda, first, *_ = posted(slack, people.channel)
    async with running(bot):
        run = await people.press(people.ben, first, PRESENT)
        said = await run.reply()
        assert f"You present “On the matter of {PAPERS[0]}”." in said.plain()
        await slack.wait_for(lambda: f"<@{people.ben}>" in str(first.blocks))
        await slack.wait_for(lambda: f"presented by <@{people.ben}>\n2." in agenda.blocks[1]["text"]["text"])
        assert await presenters(bot, people) == [people.ben, people.ada, people.cleo]
        again = await people.press(people.ben, first, PRESENT)
        assert "You present this paper already" in (await again.reply()).plain()
        back = await people.press(people.ben, said, PRESENTER_UNDO)
        assert "As before." in (await back.reply()).plain()
        await slack.wait_for(lambda: f"<@{people.ada}>" in str(first.blocks))
    assert await presenters(bot, people) == [people.ada, people.ben, people.cleo]


async def test_passing_on_finds_the_next_in_turn_who_is_free(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    dora = slack.add_user("dora")
    slack.known_channel(people.channel).members.append(dora)
    await bot.library.store.set_group(group.model_copy(update={"rota": (*group.rota, dora)}))
    await meet(bot)
    first = posted(slack, people.channel)[1]
    async with running(bot):
        said = await (await people.press(people.ada, first, PASS_ON)).reply()
        assert "who is next in turn" in said.plain()
        assert await presenters(bot, people) == [dora, people.ben, people.cleo]
        await slack.wait_for(lambda: f"<@{dora}>" in str(first.blocks))
        nobody = await (await people.press(dora, first, PASS_ON)).reply()
        assert "is passed on to" in nobody.plain(), "Ada is free again"


async def test_a_paper_that_nobody_has_can_not_be_passed_on(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    seen = deepcopy(posted(slack, people.channel)[1])
    async with running(bot):
        passed = await (await people.press(people.ada, seen, PASS_ON)).reply()
        assert "everybody else in the rota has a paper" in passed.plain()
        late = await (await people.press(people.ben, seen, PASS_ON)).reply()
        assert "Nobody presents this paper yet. I present this takes it." in late.plain()
    assert await presenters(bot, people) == ["", people.ben, people.cleo]


async def test_what_a_crash_left_undrawn_is_drawn_at_the_next_tick(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    first = posted(slack, people.channel)[1]
    await bot.library.store.set_presenters(slack.team_id, people.channel, DAY, {1: people.cleo})
    await meet(bot)
    assert f"<@{people.cleo}>" in str(first.blocks)
    updates = sum(call.method == "chat.update" for call in slack.calls)
    await meet(bot)
    assert sum(call.method == "chat.update" for call in slack.calls) == updates


# Settings.


async def test_words_found_a_group_change_it_and_take_that_back(
    bot: Bot, slack: Workspace, people: People, clock: MovedClock
) -> None:
    store, place = bot.library.store, people.channel
    async with running(bot):
        assert "has no reading group" in (await people.ask("")).plain()
        founded = await people.ask("Thu 15:00 2")
        assert "each Thursday, 15:00 (UTC), over the 2 most voted" in founded.plain()
        assert "next on 20 August" in founded.plain()
        rota = await people.ask(f"rota <@{people.ben}|ben> @Ada")
        assert f"In turn: <@{people.ben}>, <@{people.ada}>" in rota.blocks[0]["text"]["text"]
        skipped = await people.ask("skip")
        assert "next on 27 August, for one meeting is skipped" in skipped.plain()
        back = await (await slack.click_reply(people.ada, skipped, GROUP_UNDO)).reply()
        assert "next on 20 August" in back.plain()
        await people.ask("off")
        off = await store.group(slack.team_id, place)
        assert off
        assert not off.active
        await people.ask("on")
        assert (await store.group(slack.team_id, place)) == off.model_copy(update={"active": True})
        await slack.click_reply(people.ada, founded, GROUP_UNDO)
        assert await store.groups(slack.team_id) == []


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("thursday", "Write a weekday, an hour and how many papers"),
        ("thursday 15:00 11", "A meeting has 1 to 10 papers"),
        ("rota @nobody", "I don't know “@nobody”"),
        ("rota " + " ".join(f"<@U{n:09}>" for n in range(51)), "A rota has 50 people at most."),
        ("skip", "This channel has no reading group"),
        ("next", "This channel has no reading group"),
        ("notes 2608.00001", "has not talked about “2608.00001”"),
    ],
)
async def test_what_cannot_be_done_is_said_with_what_can(
    bot: Bot, people: People, words: str, answer: str
) -> None:
    async with running(bot):
        assert answer in (await people.ask(words)).plain()


async def test_where_the_bot_is_not_no_group_is_founded(bot: Bot, slack: Workspace, people: People) -> None:
    slack.remove_bot(people.channel)
    async with running(bot):
        said = (await people.ask("thursday 15:00 3")).text
    assert said == (
        f"I am not in this channel, so I can't post here. Type `/invite` <@{slack.bot_user_id}> "
        "and then `/papers group` again."
    )
    assert await bot.library.store.groups(slack.team_id) == []


async def test_names_that_slack_does_not_tell_are_asked_for_in_the_form(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    slack.faults.fail("users.list", "missing_scope")
    async with running(bot):
        said = (await people.ask("rota @ben")).text
        assert said == (
            "Slack does not let me look up names here. Choose the people in `/papers group settings`."
        )
        assert await bot.library.store.group(slack.team_id, people.channel) == group
        mentioned = await people.ask(f"rota <@{people.ben}|ben>")
    assert f"In turn: <@{people.ben}>" in str(mentioned.blocks), "a mention needs no looking up"


async def test_other_words_after_group_are_a_topic(bot: Bot, people: People) -> None:
    async with running(bot):
        for topic in ("theory", "notes on algebra", "rota of nurses", "fairness in groups"):
            assert f"group {topic}" in (await people.ask(topic)).plain()


async def test_the_form_begins_with_what_holds_and_saves_all_of_it(
    bot: Bot, slack: Workspace, people: People, clock: MovedClock, group: ReadingGroup
) -> None:
    async with running(bot):
        status = await people.ask("")
        await slack.click_reply(people.ada, status, GROUP_FORM)
        view: Any = await slack.wait_for(lambda: slack.open_view(people.ada))
        filled = {"day": {"day": "monday"}, "papers": {"papers": "5"}, "rota": {"rota": [people.cleo]}}
        run = await slack.submit_view(people.ada, view["id"], filled)
        assert run.acked
        said = await people.whisper(people.ada, "each Monday, 15:00 (UTC), over the 5 most voted")
        changed = await bot.library.store.group(slack.team_id, people.channel)
        assert changed == group.model_copy(
            update={"hour": "monday 15:00", "papers": 5, "rota": (people.cleo,)}
        )
        await slack.click_reply(people.ada, said, GROUP_UNDO)
        assert await bot.library.store.group(slack.team_id, people.channel) == group


async def test_a_skipped_meeting_is_not_held_and_next_says_what_would_be(
    bot: Bot, slack: Workspace, people: People, clock: MovedClock, group: ReadingGroup
) -> None:
    clock.at = MEETING - timedelta(hours=1)
    async with running(bot):
        following = (await people.ask("next")).blocks[0]["text"]["text"]
        assert f"1. “On the matter of {PAPERS[0]}”, 5 upvotes: <@{people.ada}>" in following
        skipped = await slack.click_reply(people.ada, await people.ask(""), GROUP_SKIP)
        assert "next on 27 August" in (await skipped.reply()).plain()
    clock.at = MEETING
    await meet(bot)
    assert posted(slack, people.channel) == []


# Notes.


async def test_a_reply_that_begins_with_note_is_kept_and_follows_its_message(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    thread = posted(slack, people.channel)[1].ts

    async def noted() -> str:
        return (await people.ask(f"notes {PAPERS[0]}")).plain()

    async with running(bot):
        reply = await slack.say(
            people.ben, people.channel, "Note: the *ablation* &lt; is thin", thread_ts=thread
        )
        await slack.say(people.ben, people.channel, "I disagree", thread_ts=thread)
        await slack.say(people.ben, people.channel, "note: not in a thread of the group")
        kept = await people.whisper(people.ben, "Kept with “On the matter of")
        listed = await noted()
        assert "ablation∗ < is thin" in listed
        assert "disagree" not in listed
        assert "not in a thread" not in listed
        await slack.edit(people.ben, people.channel, reply.ts, "note: the ablation is fine")
        assert "is fine" in await noted()
        await slack.click_reply(people.ben, kept, NOTE_TURN)
        assert "Nothing was noted yet" in await noted()
        await slack.edit(people.ben, people.channel, reply.ts, "note: after all")
        assert "after all" in await noted()
        await slack.unsay(people.ben, people.channel, reply.ts)
        assert "Nothing was noted yet" in await noted()


async def test_a_note_delivered_twice_is_kept_once(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    thread = posted(slack, people.channel)[1].ts
    async with running(bot):
        slack.faults.redeliver()
        await slack.say(people.ben, people.channel, "note: once", thread_ts=thread)
        await people.whisper(people.ben, "Kept with")
        assert (await people.ask(f"notes {PAPERS[0]}")).plain().count("once") == 1
    assert len(people.whispers(people.ben)) == 1


async def test_a_note_written_while_the_bot_was_away_is_found_when_somebody_asks(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    thread = posted(slack, people.channel)[1].ts
    away = await slack.say(people.ben, people.channel, "note: said to nobody", thread_ts=thread)
    assert away
    async with running(bot):
        assert "said to nobody" in (await people.ask(f"notes {PAPERS[0]}")).plain()


async def test_a_note_from_the_form_is_its_authors_to_take_back(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    first = posted(slack, people.channel)[1]
    async with running(bot):
        await people.press(people.ada, first, NOTE_FORM)
        view: Any = await slack.wait_for(lambda: slack.open_view(people.ada))
        await slack.submit_view(people.ada, view["id"], {"note": {"note": "Try it on <our> robots"}})
        kept = await people.whisper(people.ada, "Kept with")
        assert kept.thread_ts == first.ts
        listed = await people.ask(f"notes {PAPERS[0]}")
        assert "Try it on <our> robots" in listed.plain()
        gone = await (await slack.click_reply(people.ada, listed, NOTE_TURN)).reply()
        assert "Taken back" in gone.plain()
        await slack.click_reply(people.ada, gone, NOTE_TURN)
        assert "Try it on" in (await people.ask(f"notes {PAPERS[0]}")).plain()
        seen = await (
            await slack.command(people.ben, people.channel, "/papers", f"group notes {PAPERS[0]}")
        ).reply()
        assert "Try it on" in seen.plain()
        assert NOTE_TURN not in str(seen.blocks), "it is not Ben's"


@pytest.mark.parametrize("carried", ["", "paper 2608.00001", '["2608.00001"]'])
async def test_a_form_for_notes_from_an_older_version_keeps_nothing(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup, carried: str
) -> None:
    await meet(bot)
    async with running(bot):
        await people.press(people.ada, posted(slack, people.channel)[1], NOTE_FORM)
        view: Any = await slack.wait_for(lambda: slack.open_view(people.ada))
        slack.state.views[view["id"]].body["private_metadata"] = carried
        run = await slack.submit_view(people.ada, view["id"], {"note": {"note": "Try it"}})
        assert isinstance(run.ack_body, dict)
        assert run.ack_body["errors"] == {"note": "This form is too old to work. Press Keep a note again."}
        assert "Nothing was noted yet" in (await people.ask(f"notes {PAPERS[0]}")).plain()


async def test_the_answer_about_a_paper_links_to_its_thread_in_this_channel_only(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    thread = posted(slack, people.channel)[1].ts
    elsewhere = slack.add_channel("elsewhere")
    async with running(bot):
        here = await (await slack.command(people.ada, people.channel, "/papers", PAPERS[0])).reply()
        assert f"archives/{people.channel}/p{thread.replace('.', '')}|20 Aug>" in str(here.blocks)
        there = await (await slack.command(people.ada, elsewhere, "/papers", PAPERS[0])).reply()
        assert "reading group" not in there.plain()


async def test_buttons_of_before_are_too_old_instead_of_wrong(
    bot: Bot, slack: Workspace, people: People, group: ReadingGroup
) -> None:
    await meet(bot)
    first = posted(slack, people.channel)[1]
    for value in ("", "[]", "{}", '["2020-01-01", {"9": ""}]', '["2026-08-20", {}]'):
        for block in first.blocks:
            for element in block.get("elements", []):
                if element.get("action_id") == PRESENT:
                    element["value"] = value or " "
        async with running(bot):
            said = (await (await people.press(people.ben, first, PRESENT)).reply()).plain()
        assert "too old" in said or "not known any more" in said
    assert await presenters(bot, people) == [people.ada, people.ben, people.cleo]
