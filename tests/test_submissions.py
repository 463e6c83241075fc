"""Submitted papers: from the form, a command or a message, into the next edition, once, and back on demand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.app import Bot
from bot.messages import SUBMIT_UNDO, SUBMIT_VIEW
from bot.workspace import CommandRun, Message, Workspace, view_problems
from handlers.shortcuts import SUBMIT, SUBMIT_FROM_MESSAGE
from storage.models import Paper
from tests.conftest import TUESDAY, MovedClock, running
from tests.editions import list_day, move, papers_in, posted, subscribe
from tests.upstream import Upstream

TODAY = TUESDAY.date()
OLD = Paper(
    id="2403.00001", title="A robot arm", abstract="We show that grasping works.", authors=("Ada L.",)
)
OTHER = Paper(id="2403.00002", title="Folding proteins", abstract="We fold.")


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def ben(slack: Workspace) -> str:
    return slack.add_user("ben")


@pytest.fixture
async def papers(bot: Bot, slack: Workspace, upstream: Upstream, ada: str, ben: str) -> str:
    """A channel with editions, in which nothing was posted yet."""
    upstream.arxiv_papers = [OLD, OTHER]
    channel = slack.add_channel("papers")
    await subscribe(bot, channel, top=2, created_by=ada)
    return channel


def shared_texts(message: Message) -> str:
    first = message.blocks[0]
    return str(first["elements"][0]["text"]) if first["type"] == "context" else ""


async def submitted(slack: Workspace, person: str, channel: str, words: str) -> CommandRun:
    return await slack.command(person, channel, "/papers", f"submit {words}")


async def fill_in(slack: Workspace, person: str, paper: str | None, channels: list[str] | None) -> CommandRun:
    """Fill in the form that is open and submit it; None leaves a field as it is."""
    view = await slack.wait_for(lambda: slack.open_view(person))
    assert view["callback_id"] == SUBMIT_VIEW
    values: dict[str, Any] = {"paper": {"paper": paper}, "channels": {"channels": channels}}
    given = {name: value for name, value in values.items() if value[name] is not None}
    return await slack.submit_view(person, view["id"], given)


def modal_says(slack: Workspace, person: str, words: str) -> bool:
    view = slack.open_view(person)
    return bool(view) and words in str(view and view["blocks"])


async def the_next_edition(
    slack: Workspace, upstream: Upstream, clock: MovedClock, channel: str, count: int
) -> list[Message]:
    """Have three papers listed for tomorrow, and wait until the channel has so many messages in all."""
    move(clock, upstream, clock() + timedelta(days=1))
    list_day(upstream, clock().date(), 3)
    before = len(posted(slack, channel))
    await slack.wait_for(lambda: len(posted(slack, channel)) == count)
    return posted(slack, channel)[before:]


async def test_a_submitted_paper_joins_the_next_edition_with_its_submitter(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, papers: str
) -> None:
    list_day(upstream, TODAY, 3)
    async with running(bot):
        await slack.wait_for(lambda: len(posted(slack, papers)) == 4)
        answer = await (await submitted(slack, ada, papers, "https://arxiv.org/abs/2403.00001v2")).reply()
        assert answer.plain().startswith(f"“A robot arm” joins the next edition of #{papers}")
        edition = await the_next_edition(slack, upstream, clock, papers, 9)
        await the_next_edition(slack, upstream, clock, papers, 13)
    assert papers_in(slack, papers).count(OLD.id) == 1, "never twice"
    assert "3 from Hugging Face Daily Papers, 1 submitted here" in edition[0].plain()
    brought = [shared_texts(message) for message in edition if OLD.id in str(message.metadata)]
    assert brought == [f"✋ submitted by <@{ada}>"]


async def test_a_submitted_paper_that_is_listed_anyway_is_one_and_shows_who_brought_it(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, ben: str, papers: str
) -> None:
    ids = list_day(upstream, TODAY, 3)
    clock.at -= timedelta(hours=5)
    async with running(bot):
        for person in (ada, ben, ada):
            await (await submitted(slack, person, papers, ids[1])).reply()
        clock.forward(hours=5)
        await slack.wait_for(lambda: len(posted(slack, papers)) == 4)
    assert sorted(papers_in(slack, papers)) == sorted(["", *ids])
    assert [shared_texts(m) for m in posted(slack, papers) if ids[1] in str(m.metadata)] == [
        f"✋ submitted by <@{ada}>"
    ]
    assert "3 papers from Hugging Face Daily Papers" in posted(slack, papers)[0].plain()


async def test_a_submission_waits_for_a_day_with_papers(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, papers: str
) -> None:
    async with running(bot):
        await (await submitted(slack, ada, papers, OLD.id)).reply()
        await asyncio.gather(*await bot.daily.tick())
        assert papers_in(slack, papers) == []
        await the_next_edition(slack, upstream, clock, papers, 5)
    assert OLD.id in papers_in(slack, papers)


async def test_undo_takes_a_submission_back_until_it_is_posted(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, ben: str, papers: str
) -> None:
    async with running(bot):
        answer = await (await submitted(slack, ada, papers, OLD.id)).reply()
        undone = await slack.click_reply(ada, answer, SUBMIT_UNDO)
        assert "Taken back: “A robot arm” joins no edition on your word." in (await undone.reply()).plain()
        assert await bot.library.store.submissions(slack.team_id, papers) == []
        again = await (await submitted(slack, ada, papers, OLD.id)).reply()
        await the_next_edition(slack, upstream, clock, papers, 5)
        late = await slack.click_reply(ada, again, SUBMIT_UNDO)
        assert "is posted already, so it stays" in (await late.reply()).plain()
        had = await (await submitted(slack, ben, papers, OLD.id)).reply()
        assert "had “A robot arm” already: a channel gets a paper once" in had.plain()
    assert OLD.id in papers_in(slack, papers)


async def test_the_global_shortcut_opens_a_form_for_paper_and_channels(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        assert (await slack.use_shortcut(ada, SUBMIT)).acked
        view = await slack.wait_for(lambda: slack.open_view(ada))
        assert view_problems({name: view[name] for name in ("type", "title", "submit", "blocks")}) == []
        # The only channel with editions is chosen already.
        run = await fill_in(slack, ada, "https://www.alphaxiv.org/abs/2403.00001", None)
        assert run.ack_ms < 3000
        await slack.wait_for(lambda: modal_says(slack, ada, "joins the next edition of"))
        assert [
            (one.paper_id, one.user_id) for one in await bot.library.store.submissions(slack.team_id, papers)
        ] == [(OLD.id, ada)]
        shown = slack.open_view(ada)
        assert shown
        await slack.click_view(ada, shown["id"], SUBMIT_UNDO)
        await slack.wait_for(lambda: modal_says(slack, ada, "Taken back"))
    assert await bot.library.store.submissions(slack.team_id, papers) == []


async def test_the_form_says_in_which_field_something_is_wrong(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    silent = slack.add_channel("silent")
    cases = (
        ("https://openreview.net/forum?id=abc", [papers], "paper", "An OpenReview link does not say"),
        ("https://example.org/paper.html", [papers], "paper", "I can't read"),
        ("A title that nobody has given", [papers], "paper", "know no paper of exactly that title"),
        (" ".join(f"2403.0{n:04d}" for n in range(1, 8)), [papers], "paper", "submit 5 at once at most"),
        (OLD.id, [silent], "channels", "This channel gets no daily papers"),
        (OLD.id, [papers, silent], "channels", "1 of these get no daily papers"),
    )
    async with running(bot):
        await slack.use_shortcut(ada, SUBMIT)
        for paper, channels, field, words in cases:
            run = await fill_in(slack, ada, paper, channels)
            assert isinstance(run.ack_body, dict)
            assert words in run.ack_body["errors"][field]
    assert await bot.library.store.submissions(slack.team_id, papers) == []


async def test_an_openreview_link_with_the_title_behind_it_is_found_by_that(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        run = await submitted(slack, ada, papers, "https://openreview.net/forum?id=abc a ROBOT arm")
        assert "“A robot arm” joins the next edition" in (await run.reply()).plain()


async def test_where_no_edition_comes_the_command_opens_the_form_with_what_was_typed(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    reading = slack.add_channel("reading")
    async with running(bot):
        run = await submitted(slack, ada, reading, OLD.id)
        view = await slack.wait_for(lambda: slack.open_view(ada))
        assert "gets no daily papers, so choose a channel that does" in str(view["blocks"][0])
        await fill_in(slack, ada, None, None)
        await slack.wait_for(lambda: modal_says(slack, ada, "joins the next edition"))
    assert run.replies == []
    assert len(await bot.library.store.submissions(slack.team_id, papers)) == 1


async def test_where_no_form_can_open_the_person_is_told_what_to_type(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    """A mention, unlike a command, brings nothing that opens a form."""
    silent = slack.add_channel("silent")
    cases = (
        (papers, "", "Submit which paper? Write its link, number or title: `/papers submit 2403.01234`."),
        (silent, OLD.id, "There is no edition here to join. Type `/papers submit` in a channel that gets"),
    )
    async with running(bot):
        for channel, words, sentence in cases:
            await slack.say(ada, channel, f"<@{slack.bot_user_id}> submit {words}")
            (told,) = await slack.wait_for(partial(slack.ephemerals, ada, channel))
            assert sentence in told.text
    assert await bot.library.store.submissions(slack.team_id, silent) == []


async def test_a_messages_papers_stand_in_the_form_already(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        message = await slack.say(
            ada, papers, f"https://arxiv.org/abs/{OLD.id} https://hf.co/papers/{OTHER.id}"
        )
        await slack.use_message_shortcut(ada, papers, message.ts, SUBMIT_FROM_MESSAGE)
        await fill_in(slack, ada, None, None)
        await slack.wait_for(lambda: modal_says(slack, ada, "Folding proteins"))
    known = await bot.library.store.submissions(slack.team_id, papers)
    assert {one.paper_id for one in known} == {OLD.id, OTHER.id}


async def test_what_no_source_knows_is_said_and_not_kept(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        answer = await (await submitted(slack, ada, papers, "2403.99999")).reply()
        assert "Neither arXiv nor Hugging Face knows 2403.99999" in answer.plain()
    assert await bot.library.store.submissions(slack.team_id, papers) == []


async def test_a_submission_while_the_sources_are_down_is_kept_and_looked_up_for_the_edition(
    bot: Bot, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, papers: str
) -> None:
    upstream.fail("/api/", status=400, times=1000)
    async with running(bot):
        answer = await (await submitted(slack, ada, papers, OLD.id)).reply()
        assert "it is kept, and looked up before the next edition" in answer.plain()
        upstream.heal()
        await the_next_edition(slack, upstream, clock, papers, 5)
    assert OLD.id in papers_in(slack, papers)


async def test_an_old_button_gets_a_sentence(bot: Bot, slack: Workspace, ada: str, papers: str) -> None:
    async with running(bot):
        answer = await (await submitted(slack, ada, papers, OLD.id)).reply()
        answer.blocks[-1]["elements"][0]["value"] = "nonsense"
        run = await slack.click_reply(ada, answer, SUBMIT_UNDO)
        assert "too old to work" in (await run.reply()).plain()
