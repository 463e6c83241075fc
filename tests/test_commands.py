"""`/papers ...` as a person types it, over the socket, to the message they read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import time

import pytest
from slack_bolt.app.async_app import AsyncApp

from bot.app import Bot
from bot.messages import BACK, MORE, VOTE
from bot.messages.help import COMMANDS
from bot.workspace import Message, Workspace, message_problems
from storage.models import Paper
from tests.conftest import MovedClock, running
from tests.upstream import Upstream, daily_item

Ask = Callable[[str], Awaitable[Message]]


@pytest.fixture
async def ask(bot: Bot, slack: Workspace, upstream: Upstream) -> AsyncIterator[Ask]:
    """Ask as Ada in #reading, with the bot running; every answer is checked against Slack's limits."""
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")

    async def typed(text: str) -> Message:
        run = await slack.command(ada, reading, "/papers", text)
        assert run.acked
        answer = await run.reply()
        assert answer.ephemeral_to == ada
        assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
        return answer

    async with running(bot):
        yield typed


def listed(upstream: Upstream, day: str, titles: list[str], first: int = 1) -> None:
    upstream.days[day] = [
        daily_item(f"2608.{first + n:05}", title, upvotes=100 - n) for n, title in enumerate(titles)
    ]


def forge(message: Message, action_id: str, value: str) -> None:
    """Change what a button carries, as somebody with a modified client could."""
    for block in message.blocks:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            if element.get("action_id") == action_id:
                element["value"] = value


async def test_a_topic_is_answered_with_its_papers_to_the_person_alone(ask: Ask, upstream: Upstream) -> None:
    listed(upstream, "2026-08-18", ["Diffusion Policy for Robots", "Policy Gradients", "Trees"])
    await ask("today")
    answer = await ask("diffusion policy")
    assert "Best matches for “diffusion policy”" in answer.plain()
    assert answer.plain().index("Diffusion Policy for Robots") < answer.plain().index("Policy Gradients")
    assert "Trees" not in answer.plain()


async def test_the_sources_are_asked_when_the_store_has_too_few_and_their_papers_are_kept(
    ask: Ask, bot: Bot, upstream: Upstream
) -> None:
    listed(upstream, "2026-01-05", ["Whales and their Songs"])
    upstream.arxiv_papers = [Paper(id="2501.00001", title="Songs of Whales", abstract="Deep sea.")]
    answer = await ask("whales songs")
    assert "Whales and their Songs" in answer.plain()
    assert "Songs of Whales" in answer.plain()
    assert {paper.id for paper in await bot.library.store.papers(["2608.00001", "2501.00001"])} == {
        "2608.00001",
        "2501.00001",
    }


async def test_a_topic_is_answered_from_the_store_when_the_sources_are_down(
    ask: Ask, upstream: Upstream
) -> None:
    listed(upstream, "2026-08-18", ["Diffusion Policy"])
    await ask("today")
    upstream.fail("/", status=500, times=1000)
    answer = await ask("diffusion")
    assert "Diffusion Policy" in answer.plain()
    assert "could not be asked just now; these are the papers I have" in answer.plain()


@pytest.mark.parametrize("text", ["", "today", "TODAY", "  today  "])
async def test_today_shows_the_papers_of_today(ask: Ask, upstream: Upstream, text: str) -> None:
    listed(upstream, "2026-08-18", ["A Paper of Today"])
    answer = await ask(text)
    assert "Papers of Tuesday 18 August 2026" in answer.plain()
    assert "A Paper of Today" in answer.plain()


async def test_today_shows_the_newest_day_and_says_so_while_nothing_is_listed(
    ask: Ask, upstream: Upstream
) -> None:
    listed(upstream, "2026-08-17", ["A Paper of Monday"])
    await ask("yesterday")
    answer = await ask("")
    assert "Nothing is listed for today yet. This is the newest day I have" in answer.plain()
    assert "Papers of Monday 17 August 2026" in answer.plain()


async def test_yesterday_and_any_date_show_that_day(ask: Ask, upstream: Upstream) -> None:
    listed(upstream, "2026-08-17", ["A Paper of Monday"])
    listed(upstream, "2026-07-01", ["A Paper of July"], first=50)
    assert "A Paper of Monday" in (await ask("yesterday")).plain()
    assert "A Paper of July" in (await ask("2026-07-01")).plain()
    assert "A Paper of July" in (await ask("2026-7-1")).plain()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-02-30", "There is no day 2026-02-30 in the calendar"),
        ("2026-13-01", "There is no day 2026-13-01 in the calendar"),
        ("2026-08-20", "2026-08-20 lies ahead; today is 2026-08-18"),
        ("1999-01-01", "begin on 2023-05-04"),
        (
            "2026-08-16",
            "No papers are listed for Sunday 2026-08-16: Hugging Face lists few papers or none at weekends",
        ),
        ("2026-08-14", "No papers are listed for Friday 2026-08-14."),
        ("search", "Search for what?"),
        ("search   ", "Search for what?"),
        ("!!! ???", "There is no word in “!!! ???” that I can search for"),
        ("🤖🤖", "There is no word in “🤖🤖” that I can search for"),
        ("unsubscribe", "This channel gets no daily papers"),
        ("subscribe 25:00", "I don't understand “25:00”"),
        ("2403.99999", "Neither arXiv nor Hugging Face knows a paper 2403.99999"),
        ("zyxwvut", "Nothing found for “zyxwvut”"),
        ("<!channel> zyxwvut", "Nothing found for “<!channel> zyxwvut”"),
        ("top week", "I have no papers for this week yet"),
    ],
)
async def test_what_cannot_be_answered_gets_a_sentence_that_says_why(ask: Ask, text: str, said: str) -> None:
    assert said in (await ask(text)).plain()


@pytest.mark.parametrize(
    "text",
    [
        '"diffusion" AND NOT (policy) NEAR/3 *',
        "title:diffusion -policy^2 {x} [y]",
        "diffusion'; DROP TABLE papers; --",
        "سياسة diffusion הפצה",
        "diffusion \x00 policy",
        "diffusion 🤖 policy",
        "diffusion " * 1000,
        "diffusion\npolicy\tlearning",
    ],
)
async def test_any_text_is_searched_as_words(ask: Ask, upstream: Upstream, text: str) -> None:
    listed(upstream, "2026-08-18", ["Diffusion Policy"])
    await ask("today")
    assert "Diffusion Policy" in (await ask(text)).plain()


async def test_a_long_query_is_answered_with_a_note_that_it_was_cut(ask: Ask, upstream: Upstream) -> None:
    listed(upstream, "2026-08-18", ["Diffusion Policy"])
    await ask("today")
    answer = await ask("diffusion " + "x" * 10_000)
    assert "Only the first 4,000 characters were searched" in answer.plain()
    assert "Diffusion Policy" in answer.plain()


async def test_a_word_that_is_also_a_command_can_be_searched_for(ask: Ask, upstream: Upstream) -> None:
    listed(upstream, "2026-08-18", ["Weather Today and Tomorrow", "Trees"])
    await ask("today")
    answer = await ask("search today")
    assert "Best matches for “today”" in answer.plain()
    assert "Weather Today and Tomorrow" in answer.plain()
    assert "Trees" not in answer.plain()


async def test_top_is_a_command_only_before_a_period(ask: Ask, upstream: Upstream) -> None:
    listed(upstream, "2026-08-18", ["Top K Sampling", "Most Upvoted"])
    await ask("today")
    assert "Best matches for “top k sampling”" in (await ask("top k sampling")).plain()
    assert "Top papers of the week" in (await ask("top")).plain()
    assert "Top papers of the month" in (await ask("top month")).plain()


@pytest.mark.parametrize(
    "text",
    ["2608.00001", "2608.00001v3", "arXiv:2608.00001", "https://arxiv.org/abs/2608.00001v2",
     "<https://huggingface.co/papers/2608.00001>", "https://arxiv.org/pdf/2608.00001.pdf"],
)  # fmt: skip
async def test_an_id_or_a_link_shows_that_paper(ask: Ask, upstream: Upstream, text: str) -> None:
    listed(upstream, "2026-08-18", ["The Very Paper"])
    assert "The Very Paper" in (await ask(text)).plain()


async def test_an_unknown_paper_is_not_denied_while_the_sources_are_down(
    ask: Ask, upstream: Upstream
) -> None:
    upstream.fail("/", status=503, times=1000)
    assert "can't be asked just now. Try again in a minute" in (await ask("2608.00001")).plain()


async def test_every_example_of_the_searchs_help_runs(ask: Ask, upstream: Upstream) -> None:
    upstream.days["2026-08-18"] = [daily_item("2403.01234", "Diffusion policies of agents that reason")]
    await ask("today")
    text = (await ask("help search")).plain()
    assert len(text.splitlines()) == 10
    examples = re.findall(r"`/papers ([^`]+)`", text)
    assert len(examples) >= 10
    for example in examples:
        answer = (await ask(example)).plain()
        assert "plain words" not in answer, example
        assert "went wrong" not in answer, example


async def test_help_explains_all_commands_in_ten_lines(ask: Ask) -> None:
    message = await ask("help")
    assert len(message.text.splitlines()) <= 10
    assert len(message.text) < 2_000
    for command in COMMANDS.values():
        assert command.form in message.text


def test_the_help_names_the_commands_there_are(bot: Bot) -> None:
    assert bot.answers.names == {command.name for command in COMMANDS.values() if command.named}


async def test_help_explains_each_command_in_a_few_lines(ask: Ask) -> None:
    for name, command in COMMANDS.items():
        told = (await ask(f"help {name}")).text
        assert 2 <= len(told.splitlines()) <= 10
        assert name == "search" or all(form in told and said in told for form, said in command.more)
    assert "by what you upvoted and saved" in (await ask("help for me")).text


async def test_help_with_what_is_no_command_is_a_topic(ask: Ask) -> None:
    assert "Nothing found for “help desk robots”" in (await ask("help desk robots")).plain()


async def test_more_and_back_turn_the_pages_in_place(bot: Bot, slack: Workspace, upstream: Upstream) -> None:
    listed(upstream, "2026-08-18", [f"Paper Number {n}" for n in range(12)])
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        first = await (await slack.command(ada, reading, "/papers", "today")).reply()
        assert "1–5 of 12" in first.plain()
        assert BACK not in str(first.blocks)
        second = await (await slack.click_reply(ada, first, MORE)).reply()
        assert second is first
        assert "6–10 of 12" in second.plain()
        third = await (await slack.click_reply(ada, second, MORE)).reply()
        assert "11–12 of 12" in third.plain()
        assert f'"{MORE}"' not in str(third.blocks).replace("'", '"')
        again = await (await slack.click_reply(ada, third, BACK)).reply()
        assert "6–10 of 12" in again.plain()


async def test_a_forged_paging_button_gets_a_sentence(bot: Bot, slack: Workspace, upstream: Upstream) -> None:
    listed(upstream, "2026-08-18", [f"Paper Number {n}" for n in range(12)])
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        for value in ("", "nonsense", "[1,2]", '["today",-5]', '{"a":1}'):
            page = await (await slack.command(ada, reading, "/papers", "today")).reply()
            forge(page, MORE, value)
            answer = await (await slack.click_reply(ada, page, MORE)).reply()
            assert "This button is too old to work" in answer.plain()


async def test_a_paper_in_an_answer_can_be_upvoted_and_the_person_is_told(
    bot: Bot, slack: Workspace, upstream: Upstream
) -> None:
    listed(upstream, "2026-08-18", ["A Fine Paper"])
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        page = await (await slack.command(ada, reading, "/papers", "today")).reply()
        said = await (await slack.click_reply(ada, page, VOTE)).reply()
        assert "You upvoted “A Fine Paper”: 1 upvote here now" in said.plain()
        said = await (await slack.click_reply(ada, page, VOTE)).reply()
        assert "You took back your vote on “A Fine Paper”: 0 upvotes here now" in said.plain()


async def test_an_upvote_of_a_paper_that_is_gone_gets_a_sentence(
    bot: Bot, slack: Workspace, upstream: Upstream
) -> None:
    listed(upstream, "2026-08-18", ["A Fine Paper"])
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        page = await (await slack.command(ada, reading, "/papers", "today")).reply()
        forge(page, VOTE, "9999.99999")
        said = await (await slack.click_reply(ada, page, VOTE)).reply()
        assert "I don't know this paper any more" in said.plain()


async def test_top_ranks_by_the_votes_of_this_workspace(
    bot: Bot, slack: Workspace, upstream: Upstream
) -> None:
    upstream.days["2026-08-18"] = [
        daily_item("2608.00001", "Liked Elsewhere", upvotes=9),
        daily_item("2608.00002", "Liked Here", upvotes=2),
    ]
    people, reading = [slack.add_user(name) for name in ("ada", "ben", "cleo")], slack.add_channel("reading")
    async with running(bot):
        for person in people:
            page = await (await slack.command(person, reading, "/papers", "today")).reply()
            if person == people[0]:
                assert page.plain().index("Liked Elsewhere") < page.plain().index("Liked Here")
            await (await slack.click_reply(person, page, VOTE, value="2608.00002")).reply()
        for asked in ("top week", "today"):
            answer = await (await slack.command(people[0], reading, "/papers", asked)).reply()
            assert answer.plain().index("Liked Here") < answer.plain().index("Liked Elsewhere")


async def test_subscribe_and_unsubscribe_turn_the_channels_daily_papers_on_and_off(
    ask: Ask, bot: Bot, slack: Workspace
) -> None:
    channel = next(found.id for found in slack.state.channels.values() if found.name == "reading")
    store = bot.library.store
    assert "at 09:00 (UTC)" in (await ask("subscribe 9:00")).plain()
    assert "at 07:15 (Asia/Tokyo)" in (await ask("subscribe 7:15 Asia/Tokyo")).plain()
    subscription = await store.subscription(slack.team_id, channel)
    assert subscription is not None
    assert (subscription.post_at, subscription.timezone, subscription.active) == (
        time(7, 15),
        "Asia/Tokyo",
        True,
    )
    assert "No more daily papers in this channel" in (await ask("unsubscribe")).plain()
    assert await store.subscriptions(slack.team_id) == []


@pytest.mark.parametrize("private", [False, True])
async def test_subscribing_a_channel_without_the_bot_says_how_to_invite_it(
    bot: Bot, slack: Workspace, private: bool
) -> None:
    ada = slack.add_user("ada")
    elsewhere = slack.add_channel("elsewhere", bot=False, private=private)
    async with running(bot):
        answer = await (await slack.command(ada, elsewhere, "/papers", "subscribe 9:00")).reply()
    assert f"/invite <@{slack.bot_user_id}>" in answer.text.replace("`", "")
    assert await bot.library.store.subscriptions(slack.team_id) == []


async def test_a_hostile_title_is_shown_letter_for_letter(ask: Ask, upstream: Upstream) -> None:
    title = "<!channel> & <http://evil.example|click> <@U123> *bold* `code` A* a_b_c"
    upstream.days["2026-08-18"] = [daily_item("2608.00001", title, authors=[{"name": "<!here>"}])]
    answer = await ask("today")
    # A pair of formatting marks becomes its look-alikes; Slack has no escape for them.
    assert title.replace("*bold*", "∗bold∗").replace("`code`", "ˋcodeˋ") in answer.plain()
    assert "<!" not in str(answer.blocks)
    assert "<@" not in str(answer.blocks)


async def test_an_unexpected_failure_is_told_to_the_person_with_a_number_for_the_log(
    bot: Bot, slack: Workspace, clock: MovedClock
) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        bot.library.store.db.execute("ALTER TABLE listings RENAME TO gone")
        answer = await (await slack.command(ada, reading, "/papers", "today")).reply()
        bot.library.store.db.execute("ALTER TABLE gone RENAME TO listings")
    assert "Something went wrong on my side, and I have written it down as" in answer.plain()


async def test_an_event_nobody_listens_to_is_acknowledged(bot: Bot, slack: Workspace) -> None:
    async with running(bot):
        delivery = await slack.event({"type": "emoji_changed", "event_ts": "1.0"})
    assert delivery.acked


def test_the_bot_answers_as_soon_as_a_handler_returns(bot: Bot) -> None:
    app: AsyncApp = bot.bolt_app()
    assert app._async_listener_runner.process_before_response
