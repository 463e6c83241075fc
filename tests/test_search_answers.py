"""Searches over the wire: what a person types in Slack, to the message they read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.app import Bot
from bot.messages import MORE, SUGGESTION
from bot.workspace import Message, Workspace, message_problems
from storage.models import Batch, Paper
from tests.conftest import TUESDAY, running
from tests.library import many
from tests.upstream import Upstream

Ask = Callable[[str], Awaitable[Message]]


async def keep(bot: Bot, *papers: Paper) -> None:
    await bot.library.store.keep(Batch(source="arxiv", papers=papers), TUESDAY)


@pytest.fixture
async def ask(bot: Bot, slack: Workspace) -> AsyncIterator[Ask]:
    """Ask as Ada in #reading; every answer is checked against Slack's limits."""
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")

    async def typed(text: str) -> Message:
        run = await slack.command(ada, reading, "/papers", text)
        assert run.acked
        answer = await run.reply()
        assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
        return answer

    async with running(bot):
        yield typed


ROBOTS = Paper(
    id="2601.00001",
    title="Robots that grasp",
    abstract="We teach robots to grasp cups.",
    authors=("Ada Lovelace", "Alan Turing"),
    categories=("cs.RO",),
)
PROOFS = Paper(id="2601.00002", title="Robots that prove", authors=("Emmy Noether",), categories=("math.LO",))


async def test_operators_work_as_they_are_typed_and_as_slack_rewrites_them(ask: Ask, bot: Bot) -> None:
    await keep(bot, ROBOTS, PROOFS)
    for query in (
        "robots cat:<http://cs.RO|cs.RO>",
        "robots author: lovelace",
        "robots -“that prove”",
        "by:turing",
    ):
        answer = (await ask(query)).plain()
        assert ROBOTS.title in answer, query
        assert PROOFS.title not in answer, query


async def test_an_author_that_the_store_has_is_found_by_name(ask: Ask, bot: Bot) -> None:
    await keep(bot, ROBOTS, PROOFS)
    for query in ("noether", "Emmy Noether", "noether prove", 'author:"Noether, Emmy"', "author:“e noether”"):
        answer = (await ask(query)).plain()
        assert PROOFS.title in answer, query


async def test_names_of_two_authors_are_not_taken_for_one(ask: Ask, bot: Bot) -> None:
    await keep(bot, ROBOTS)
    assert "Nothing found" in (await ask('author:"lovelace alan"')).plain()


async def test_what_was_not_understood_is_repeated_letter_for_letter(ask: Ask, bot: Bot) -> None:
    await keep(bot, ROBOTS)
    answer = await ask("robots has:&lt;!channel&gt;&amp;*data* athor:lovelace after:2025-13")
    assert "it can be has:code." in answer.plain()
    assert "did you mean author:?" in answer.plain()
    assert "write a date such as 2025, 2025-06 or 2025-06-30." in answer.plain()
    # What a button carries is never shown.
    assert "<!" not in str([block for block in answer.blocks if block["type"] != "actions"])


async def test_the_spelling_that_was_meant_is_one_press_away(ask: Ask, bot: Bot, slack: Workspace) -> None:
    await keep(bot, ROBOTS)
    ada = next(user.id for user in slack.state.users.values() if user.name == "ada")
    for query in ("rbots", "author:lovelcae"):
        answer = await ask(query)
        assert "Nothing found" in answer.plain()
        found = await (await slack.click_reply(ada, answer, SUGGESTION)).reply()
        assert ROBOTS.title in found.plain()


async def test_the_next_page_keeps_operators_quotation_marks_and_order(
    ask: Ask, bot: Bot, slack: Workspace
) -> None:
    await keep(bot, *many(range(12)))
    ada = next(user.id for user in slack.state.users.values() if user.name == "ada")
    page = await ask('"learning of policies" author:lovelace -title:word3')
    assert "1–5 of 11" in page.plain()
    shown = []
    for _ in range(2):
        shown.append(page.plain())
        page = await (await slack.click_reply(ada, page, MORE)).reply()
    assert "11–11 of 11" in page.plain()
    titles = [f"Word{n} " for n in range(12) if any(f"Word{n} " in text for text in [*shown, page.plain()])]
    assert titles == [f"Word{n} " for n in range(12) if n != 3]


async def test_a_paper_to_resemble_is_fetched_when_the_store_does_not_have_it(
    ask: Ask, bot: Bot, upstream: Upstream
) -> None:
    await keep(bot, ROBOTS, PROOFS)
    upstream.arxiv_papers = [
        Paper(id="2501.00001", title="Grasping cups", abstract="A robot hand grasps cups and plates.")
    ]
    answer = (await ask("like:<https://arxiv.org/abs/2501.00001v2>")).plain()
    assert ROBOTS.title in answer
    assert "Grasping cups" not in answer
    assert "Neither arXiv nor Hugging Face knows a paper 2501.99999" in (await ask("like:2501.99999")).plain()


async def test_with_the_sources_down_the_index_answers_and_says_so(
    ask: Ask, bot: Bot, upstream: Upstream
) -> None:
    await keep(bot, ROBOTS)
    upstream.fail("/", status=503, times=1000)
    answer = (await ask("robots grasp")).plain()
    assert ROBOTS.title in answer
    assert "could not be asked just now; these are the papers I have" in answer
    assert "can't be asked just now" in (await ask("like:2501.00001")).plain()


async def test_questions_and_pasted_abstracts_find_their_paper(ask: Ask, bot: Bot) -> None:
    abstract = (
        'We revisit the "right to be forgotten" - and its costs: after: all, -6.1% of the so-called "free" lunches '
        "are not free, as others (by: (1) earlier work) have shown. Our albatross method makes it title: precise, "
        "and we prove that forgetting is as hard as learning, in both theory and practice, on seven benchmarks."
    )
    await keep(bot, ROBOTS, PROOFS, Paper(id="2601.00003", title="On forgetting", abstract=abstract))
    answer = (await ask(abstract)).plain()
    assert answer.index("On forgetting") < min(
        answer.find(ROBOTS.title) % 10**6, answer.find(PROOFS.title) % 10**6
    )
    assert "plain words" not in answer
    question = (await ask("How can I teach robots to grasp cups?")).plain()
    assert question.index(ROBOTS.title) < question.find(PROOFS.title) % 10**6


@pytest.mark.parametrize(
    "piece", ["athor:x&lt; ", '"a b&amp;" ', "after:&gt;&gt; ", "<http://a.b|c> ", "-&amp; robots "]
)
async def test_a_query_of_ten_thousand_characters_is_answered_within_slacks_limits(
    ask: Ask, bot: Bot, piece: str
) -> None:
    await keep(bot, ROBOTS)
    answer = await ask("robots " + piece * (10_000 // len(piece)))
    assert "Only the first 4,000 characters were searched" in answer.plain()


async def test_while_a_large_index_is_built_answers_say_how_much_is_missing_and_everything_else_goes_on(
    ask: Ask, bot: Bot, slack: Workspace
) -> None:
    await keep(bot, *many(range(6_000)))
    search = bot.library.search
    ada, reading = slack.add_user("bea"), next(iter(slack.state.channels))
    building = asyncio.create_task(search.update())
    runs = await asyncio.gather(*(slack.command(ada, reading, "/papers", f"word{n}") for n in range(8)))
    assert all(run.acked for run in runs)
    reaction = await slack.event({"type": "emoji_changed", "event_ts": "1.0"})
    assert reaction.acked
    # All that was done before the first of six thousand papers could be found.
    assert not building.done()
    replies = await asyncio.gather(*(run.reply() for run in runs))
    assert any("I am still reading 6,000 papers into my index" in reply.plain() for reply in replies)
    await building
    assert "Word5999 " in (await ask("word5999 title:word5999")).plain()
