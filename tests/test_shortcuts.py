"""Shortcuts on messages: save, find similar, discuss; whichever way the message brought its paper."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import Bot
from bot.messages import CHOICE, SAVED_UNDO, discussion_message
from bot.messages.discussion import first_question
from bot.workspace import CommandRun, Message, Workspace, message_problems
from handlers.shortcuts import DISCUSS, FIND_SIMILAR, SAVE_PAPER
from storage.models import Paper
from tests.conftest import TUESDAY, MovedClock, running
from tests.editions import list_day, posted, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PAPER, OTHER = "2608.18001", "2608.18002"
LINK = f"https://arxiv.org/abs/{PAPER}"


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
async def papers(bot: Bot, slack: Workspace, upstream: Upstream, ada: str) -> str:
    """A channel with today's edition: two papers at the top and two in the thread."""
    channel = slack.add_channel("papers")
    list_day(upstream, TODAY, 4)
    await subscribe(bot, channel, top=2)
    await tick(bot)
    return channel


def post_of(slack: Workspace, channel: str, paper: str) -> Message:
    return next(each for each in posted(slack, channel) if paper in str(each.metadata))


async def use(slack: Workspace, person: str, message: Message, callback_id: str) -> CommandRun:
    return await slack.use_message_shortcut(person, message.channel, message.ts, callback_id)


async def saved(bot: Bot, person: str) -> list[str]:
    return await bot.library.store.saved(bot.identity.team_id, person)


async def test_the_paper_of_a_post_is_saved_and_the_save_taken_back(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        answer = await (await use(slack, ada, post_of(slack, papers, PAPER), SAVE_PAPER)).reply()
        assert answer.ephemeral_to == ada
        assert "Saved “Paper 2608.18001” for you alone" in answer.plain()
        assert await saved(bot, ada) == [PAPER]
        undone = await (await slack.click_reply(ada, answer, SAVED_UNDO)).reply()
        assert "Taken back" in undone.plain()
    assert await saved(bot, ada) == []


async def test_the_paper_of_a_link_is_saved_where_the_bot_is_not_even_there(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str
) -> None:
    upstream.arxiv_papers = [Paper(id="2403.00001", title="A robot arm")]
    random = slack.add_channel("random", bot=False)
    message = await slack.say(ada, random, "have you read arXiv:2403.00001 ?")
    async with running(bot):
        answer = await (await use(slack, ada, message, SAVE_PAPER)).reply()
        assert "Saved “A robot arm”" in answer.plain()
    assert await saved(bot, ada) == ["2403.00001"]


async def test_similar_papers_are_found_from_a_message(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        answer = await (await use(slack, ada, post_of(slack, papers, PAPER), FIND_SIMILAR)).reply()
    assert "Paper 2608.18002" in answer.plain()
    assert answer.ephemeral_to == ada


async def test_of_several_papers_one_is_chosen(bot: Bot, slack: Workspace, ada: str, papers: str) -> None:
    async with running(bot):
        message = await slack.say(ada, papers, f"{LINK} https://arxiv.org/abs/{OTHER}")
        answer = await (await use(slack, ada, message, SAVE_PAPER)).reply()
        assert "Which of them do you want to save?" in answer.plain()
        options = answer.blocks[1]["elements"][0]["options"]
        assert [option["text"]["text"] for option in options] == [f"Paper {PAPER}", f"Paper {OTHER}"]
        said = await (await slack.click_reply(ada, answer, CHOICE, options[1]["value"])).reply()
        assert f"Saved “Paper {OTHER}”" in said.plain()
    assert await saved(bot, ada) == [OTHER]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no paper at all", "I see no paper in this message"),
        ("https://openreview.net/forum?id=abc", "Look for its title with `/papers`"),
        ("https://arxiv.org/abs/2403.99999", "Neither arXiv nor Hugging Face knows a paper 2403.99999"),
    ],
)
@pytest.mark.parametrize("callback_id", [SAVE_PAPER, FIND_SIMILAR, DISCUSS])
async def test_a_message_without_a_paper_gets_a_sentence(
    bot: Bot, slack: Workspace, ada: str, papers: str, callback_id: str, text: str, words: str
) -> None:
    message = await slack.say(ada, papers, text)
    async with running(bot):
        run = await use(slack, ada, message, callback_id)
        assert words.replace("`", "") in (await run.reply()).plain().replace("`", "")
        assert run.acked


async def test_the_head_of_an_edition_is_no_paper(bot: Bot, slack: Workspace, ada: str, papers: str) -> None:
    async with running(bot):
        run = await use(slack, ada, posted(slack, papers)[0], SAVE_PAPER)
        assert "Choose one of the papers below it" in (await run.reply()).plain()


async def test_in_a_thread_the_answer_stands_in_that_thread(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    post = post_of(slack, papers, "2608.18004")
    async with running(bot):
        below = await (await use(slack, ada, post, SAVE_PAPER)).reply()
        beside = await (await use(slack, ada, post_of(slack, papers, PAPER), SAVE_PAPER)).reply()
    assert (below.thread_ts, beside.thread_ts) == (post.thread_ts, None)


@pytest.mark.parametrize("paper", [PAPER, "2608.18004"])
async def test_a_discussion_opens_once_in_the_thread(
    bot: Bot, slack: Workspace, ada: str, papers: str, paper: str
) -> None:
    ben, post = slack.add_user("ben"), post_of(slack, papers, paper)
    thread = post.thread_ts or post.ts
    before = len(slack.thread(papers, thread))
    async with running(bot):
        said = await (await use(slack, ada, post, DISCUSS)).reply()
        assert "begins in the thread of this message" in said.plain()
        opening = slack.thread(papers, thread)[-1]
        assert f"Let's discuss Paper {paper}" in opening.plain()
        assert "Abstract" in opening.plain()
        assert "To begin with" in opening.plain()
        again = await asyncio.gather(*(use(slack, person, post, DISCUSS) for person in (ada, ben)))
        for run in again:
            assert "is already under way" in (await run.reply()).plain()
    assert len(slack.thread(papers, thread)) == before + 1


@pytest.mark.parametrize("work", [True, False])
async def test_an_opening_whose_fate_is_unknown_is_there_once_in_the_end(
    bot: Bot, slack: Workspace, clock: MovedClock, ada: str, papers: str, work: bool
) -> None:
    post = post_of(slack, papers, PAPER)
    if work:
        slack.faults.fail_after_work("chat.postMessage")
    else:
        slack.faults.hang("chat.postMessage", seconds=0, work=False)
    async with running(bot):
        first = await (await use(slack, ada, post, DISCUSS)).reply()
        assert "Try again in half a minute" in first.plain()
        early = await (await use(slack, ada, post, DISCUSS)).reply()
        assert "is being opened just now" in early.plain()
        clock.forward(minutes=1)
        later = await (await use(slack, ada, post, DISCUSS)).reply()
        assert "begins in the thread" in later.plain()
    assert len(slack.thread(papers, post.ts)) == 1


async def test_a_discussion_that_was_deleted_can_be_opened_again(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    post = post_of(slack, papers, PAPER)
    async with running(bot):
        await (await use(slack, ada, post, DISCUSS)).reply()
        slack.delete_message(papers, slack.thread(papers, post.ts)[0].ts)
        said = await (await use(slack, ada, post, DISCUSS)).reply()
    assert "begins in the thread" in said.plain()
    assert len(slack.thread(papers, post.ts)) == 1


async def test_a_message_that_was_deleted_meanwhile_has_no_discussion(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        message = await slack.say(ada, papers, f"{LINK} https://arxiv.org/abs/{OTHER}")
        answer = await (await use(slack, ada, message, DISCUSS)).reply()
        await slack.unsay(ada, papers, message.ts)
        option = answer.blocks[1]["elements"][0]["options"][0]["value"]
        said = await (await slack.click_reply(ada, answer, CHOICE, option)).reply()
    assert "The message that this would be about is gone." in said.plain()
    assert slack.thread(papers, message.ts) == []


async def test_where_the_bot_is_not_it_can_open_no_discussion(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    random = slack.add_channel("random", bot=False)
    message = await slack.say(ada, random, LINK)
    async with running(bot):
        run = await use(slack, ada, message, DISCUSS)
        assert "/invite" in (await run.reply()).plain()
    slack.add_bot(random)
    async with running(bot):
        run = await use(slack, ada, message, DISCUSS)
        assert "begins in the thread" in (await run.reply()).plain()


async def test_a_restored_ledger_does_not_take_an_opening_for_a_post(
    bot: Bot, slack: Workspace, ada: str, papers: str
) -> None:
    async with running(bot):
        await (await use(slack, ada, posted(slack, papers)[1], DISCUSS)).reply()
    header = posted(slack, papers)[0]
    sent = [
        each async for each in bot.slack.sent_since(papers, TUESDAY.replace(year=2020), bot.identity.bot_id)
    ]
    assert {each.paper for each in sent} == {"", *(f"2608.1800{n}" for n in range(1, 5))}
    assert header.ts in {each.ts for each in sent}


@pytest.mark.parametrize(
    ("abstract", "title", "said"),
    [
        (
            "Arms are old. We show that they fold. It costs 3%.",
            "T",
            "“It costs 3%.” What is that compared with",
        ),
        ("Arms are old. We show that they fold.", "T", "“We show that they fold.” What would convince you"),
        ("We introduce an arm.", "T", "“We introduce an arm.” What becomes possible with it"),
        ("A new dataset of arms.", "T", "“A new dataset of arms.” Would you use it"),
        ("Arms.", "Do arms fold?", "the title asks “Do arms fold?”"),
        ("", "Arms", "what would you want to know from “Arms”"),
    ],
)
def test_the_first_question_stands_on_the_papers_own_words(abstract: str, title: str, said: str) -> None:
    assert said in first_question(Paper(id="2403.00001", title=title, abstract=abstract))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=2000), st.lists(st.text(max_size=200), max_size=20))
def test_any_paper_can_be_discussed(title: str, abstract: str, authors: list[str]) -> None:
    paper = Paper(id="2403.00001", title=title, abstract=abstract, authors=tuple(authors), upvotes=3)
    assert message_problems(dict(discussion_message(paper))) == []
