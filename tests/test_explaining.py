"""Why a paper is where it is, asked and answered over the wire; and what the buttons below the answer change."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app import Bot
from bot.asking import Asker
from bot.drafting import posts_of
from bot.explaining import mutes_of
from bot.messages import LESS_LIKE, MENU, MORE_LIKE, MUTE, READ, UNDO, Statement
from bot.recommend import Audience
from bot.workspace import CommandRun, Message, Workspace, message_problems
from storage.models import Batch, Paper, SignalKind, Subject
from tests.conftest import TUESDAY, MovedClock, running
from tests.editions import carried, list_day, posted, subscribe, tick
from tests.upstream import Upstream, daily_item

TODAY = TUESDAY.date()
ROBOTS = [
    "Grasping with soft robot hands",
    "A robot arm that grasps cups",
    "Robot hands learn to grasp tools",
]
SPEECH = [
    "Recognising whispered speech",
    "Speech synthesis from lip movement",
    "Accents in speech recognition",
]
TITLES = [title for both in zip(ROBOTS, SPEECH, strict=True) for title in both]


def about(title: str) -> str:
    """An abstract in the words of its field."""
    if title in ROBOTS:
        return (
            f"{title}. Grippers of a robot, its fingers and its arm, touch and lift what they are to grasp."
        )
    return f"{title}. Voices, phonemes and microphones: how speakers sound, and what listeners understand."


def paper_of(number: int) -> str:
    return f"2608.18{number:03d}"


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def reading(slack: Workspace, ada: str) -> str:
    return slack.add_channel("reading")


@pytest.fixture
async def edition(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str, reading: str
) -> AsyncIterator[list[Message]]:
    """Today's edition in #reading, with the bot running: two papers as posts of their own, four in the thread."""
    upstream.days[TODAY.isoformat()] = [
        daily_item(paper_of(n), title, upvotes=60 - 10 * n, summary=about(title))
        for n, title in enumerate(TITLES, start=1)
    ]
    await subscribe(bot, reading, top=2)
    await tick(bot)
    async with running(bot):
        yield posted(slack, reading)


async def choose(slack: Workspace, person: str, message: Message, deed: str) -> Message:
    """Choose something in the menu of a post; the answer, checked against Slack's limits."""
    return await answer(await slack.click_reply(person, message, MENU, f"{deed} {carried(message)['paper']}"))


async def press(slack: Workspace, message: Message, action: str, value: object = None) -> Message:
    assert message.ephemeral_to
    return await answer(await slack.click_reply(message.ephemeral_to, message, action, value))


async def ask(slack: Workspace, person: str, channel: str, text: str) -> Message:
    return await answer(await slack.command(person, channel, "/papers", text))


async def answer(run: CommandRun) -> Message:
    assert run.acked
    reply = await run.reply()
    assert reply.ephemeral_to == run.user
    assert message_problems({"text": reply.text, "blocks": reply.blocks}) == []
    return reply


def points(message: Message) -> list[int]:
    """The values of an explanation in hundredths, the sum last."""
    shown = re.findall(r"`([+−]\d+\.\d\d)`", message.blocks[1]["text"]["text"])
    return [round(100 * float(value.replace("−", "-"))) for value in shown]


def options(message: Message, action: str) -> dict[str, str]:
    """What a menu offers: the values by their labels."""
    return {
        option["text"]["text"]: option["value"]
        for block in message.blocks
        for element in block.get("elements", [])
        if element.get("action_id") == action
        for option in element["options"]
    }


async def stated(bot: Bot, person: str) -> list[tuple[str, str, int]]:
    known = await bot.library.store.interests(bot.identity.team_id, person)
    return [(one.subject, one.value, one.attitude) for one in known]


async def test_the_menu_of_a_post_says_where_it_stood_and_why_and_the_parts_add_up(
    slack: Workspace, ada: str, edition: list[Message]
) -> None:
    for message in edition[1:]:
        why = await choose(slack, ada, message, "why")
        position = carried(message)["position"]
        assert f"Number {position} of 6 in this channel's edition of 18 Aug: " in why.plain()
        *parts, total = points(why)
        assert sum(parts) == total
        assert TITLES[int(carried(message)["paper"][-3:]) - 1] in why.plain()
    first = (await choose(slack, ada, edition[1], "why")).plain()
    assert "edition of 18 Aug: one of the best." in first
    assert "50 upvotes on Hugging Face, more than 83 % of that day's" in first
    assert "Your own taste" not in first
    assert "from the rest of the day." in (await choose(slack, ada, edition[4], "why")).plain()


async def test_an_explanation_tells_what_was_known_when_the_edition_was_made(
    bot: Bot, slack: Workspace, clock: MovedClock, ada: str, reading: str, edition: list[Message]
) -> None:
    before = await choose(slack, ada, edition[1], "why")
    ben = slack.add_user("ben")
    for person in (ada, ben):
        await slack.react(person, reading, edition[2].ts, "+1")
    clock.forward(hours=3)
    store = bot.library.store
    assert (await store.tallies(bot.identity.team_id, [carried(edition[2])["paper"]])).popitem()[1].up == 2
    cara = slack.add_user("cara")
    again = await choose(slack, cara, edition[1], "why")
    assert again.blocks[:2] == before.blocks[:2]
    asked = await ask(slack, cara, reading, f"why https://arxiv.org/abs/{carried(edition[1])['paper']}")
    assert asked.blocks[:2] == before.blocks[:2]


async def test_a_paper_that_no_edition_had_is_ranked_now_for_channel_and_person(
    bot: Bot, slack: Workspace, ada: str, reading: str, edition: list[Message]
) -> None:
    other = slack.add_channel("other")
    await choose(slack, ada, edition[1], "more")
    why = await ask(slack, ada, other, f"why {paper_of(3)}")
    assert "Not in an edition of this channel. Ranked now, for this channel and you:" in why.plain()
    assert f"close to 1 paper you liked: “{TITLES[0]}”" in why.plain()
    *parts, total = points(why)
    assert sum(parts) == total
    ranked = await bot.recommender.rank(await bot.library.store.papers([paper_of(3)]), Audience(other, ada))
    assert total == round(100 * ranked.scored[0].total)


async def test_words_of_a_title_find_the_paper_of_this_channel(
    slack: Workspace, ada: str, reading: str, edition: list[Message]
) -> None:
    why = await ask(slack, ada, reading, "why robot tools grasp")
    assert "Robot hands learn to grasp tools" in why.plain()
    assert "in this channel's edition" in why.plain()


async def test_a_question_that_begins_with_why_and_no_title_has_is_searched(
    slack: Workspace, ada: str, reading: str, edition: list[Message]
) -> None:
    found = await ask(slack, ada, reading, "why does speech sound different when whispered?")
    assert "Best matches for “why does speech" in found.plain()
    assert "Recognising whispered speech" in found.plain()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("why", "Why which paper? Write its number, a link to it or words of its title"),
        ("why 2608.99999", "Neither arXiv nor Hugging Face knows a paper 2608.99999"),
        ("why ---", "Nothing found for “why ---”"),
    ],
)
async def test_a_paper_nobody_knows_gets_a_sentence(
    slack: Workspace, ada: str, reading: str, edition: list[Message], text: str, said: str
) -> None:
    assert said in (await ask(slack, ada, reading, text)).plain()


async def test_what_stands_in_the_thread_is_answered_in_the_thread(
    slack: Workspace, ada: str, edition: list[Message]
) -> None:
    header, reply = edition[0], edition[4]
    assert reply.thread_ts == header.ts
    why = await choose(slack, ada, reply, "why")
    assert why.thread_ts == header.ts
    assert (await press(slack, why, MORE_LIKE)).thread_ts == header.ts
    assert (await choose(slack, ada, edition[1], "why")).thread_ts is None


async def test_more_then_less_changes_what_a_person_sees_next_and_the_later_press_holds(
    bot: Bot, slack: Workspace, ada: str, reading: str, edition: list[Message]
) -> None:
    about = next(message for message in edition if carried(message)["paper"] == paper_of(1))
    assert (await order(bot, ada))[0] == paper_of(1)
    why = await choose(slack, ada, about, "why")
    more = await press(slack, why, MORE_LIKE)
    assert f"More like “{TITLES[0]}”: for you alone" in more.plain()
    liked = await order(bot, ada)
    assert liked.index(paper_of(3)) < liked.index(paper_of(2))
    less = await press(slack, why, LESS_LIKE)
    assert f"Less like “{TITLES[0]}”" in less.plain()
    assert await stated(bot, ada) == [("paper", paper_of(1), -1)]
    disliked = await order(bot, ada)
    assert disliked.index(paper_of(3)) > disliked.index(paper_of(2))
    own = (await choose(slack, ada, edition[3], "why")).plain()
    assert "Your own taste now: " in own
    undone = await press(slack, less, UNDO)
    assert undone.ts == less.ts
    assert await stated(bot, ada) == [("paper", paper_of(1), 1)]
    assert await order(bot, slack.add_user("ben")) != liked, "nobody else's"


async def order(bot: Bot, person: str) -> list[str]:
    papers = await bot.library.store.papers([paper_of(n) for n in range(1, 7)])
    return [paper.id for paper in (await bot.recommender.rank(papers, Audience(user_id=person))).ordered]


async def test_a_first_press_is_taken_back_by_its_undo(
    bot: Bot, slack: Workspace, ada: str, edition: list[Message]
) -> None:
    for deed in ("more", "less"):
        said = await choose(slack, ada, edition[1], deed)
        undone = await press(slack, said, UNDO)
        assert "Taken back: " in undone.plain()
        assert "Undo" not in undone.plain()
        assert await stated(bot, ada) == []
    await choose(slack, ada, edition[1], "more")
    twice = await choose(slack, ada, edition[1], "more")
    await press(slack, twice, UNDO)
    assert await stated(bot, ada) == []


async def test_a_press_that_comes_late_or_twice_changes_nothing(bot: Bot, edition: list[Message]) -> None:
    liked = Statement(Subject.PAPER, paper_of(1), 1)
    asker = Asker("U1", "C1")
    assert await bot.stating.state(liked, asker, 200.0)
    assert await bot.stating.state(liked, asker, 200.0) is None
    assert await bot.stating.state(liked._replace(attitude=-1), asker, 100.0) is None
    assert await stated(bot, "U1") == [("paper", paper_of(1), 1)]


async def test_an_author_or_a_topic_is_muted_from_the_menu_and_comes_back_by_undo(
    bot: Bot, slack: Workspace, ada: str, reading: str, edition: list[Message]
) -> None:
    asked = await choose(slack, ada, edition[1], "mute")
    offered = options(asked, MUTE)
    assert list(offered) == [
        "Author: Ada Example",
        "Author: Noor Sample",
        "Topic: invented keyword",
        "Topic: tests",
    ]
    muted = await press(slack, asked, MUTE, offered["Author: Noor Sample"])
    assert (
        "Muted: papers by “Noor Sample” are left out of `/papers for me`" in muted.blocks[0]["text"]["text"]
    )
    assert await order(bot, ada) == []
    why = await choose(slack, ada, edition[1], "why")
    assert "You muted an author or a topic of it, so your own lists leave it out." in why.plain()
    assert options(why, MUTE) == offered
    await press(slack, muted, UNDO)
    assert len(await order(bot, ada)) == 6


def test_only_what_would_leave_a_paper_out_can_be_muted() -> None:
    paper = Paper(
        id="2608.00001",
        title="Grasping",
        authors=("Ada Lovelace", "Ada Lovelace", "???", "李 明"),
        keywords=("soft hands", 'a "quoted" word', "grasp", "-", "cat:nothing"),
        categories=("cs.RO", "cs.LG"),
    )
    values = [one.value for one in mutes_of(paper)]
    assert values[:2] == ["Ada Lovelace", "李 明"]
    assert {'"soft hands"', "grasp", "cat:cs.RO"} <= set(values)
    assert not {"???", "-", "cs.LG", "cat:cs.LG"} & set(values)
    assert mutes_of(Paper(id="2608.00002", title="Nothing")) == []


async def test_a_paper_without_anything_to_mute_says_so(
    bot: Bot, slack: Workspace, ada: str, reading: str
) -> None:
    paper = Paper(id="2608.00002", title="Nothing")
    await bot.library.store.keep(Batch(source="arxiv", papers=(paper,)), TUESDAY)
    async with running(bot):
        page = await ask(slack, ada, reading, "2608.00002")
        said = await press(slack, page, MENU, "mute 2608.00002")
    assert "names neither authors nor topics" in said.plain()


async def test_a_taste_that_is_switched_off_is_told(
    bot: Bot, slack: Workspace, ada: str, edition: list[Message]
) -> None:
    store, team = bot.library.store, bot.identity.team_id
    learning = await store.learning(team, ada)
    await store.set_learning(team, ada, learning._replace(active=False))
    said = await choose(slack, ada, edition[1], "more")
    assert "Your taste is switched off" in said.plain()


async def test_the_link_to_a_paper_is_noted_for_the_person_who_follows_it(
    bot: Bot, slack: Workspace, ada: str, reading: str, edition: list[Message]
) -> None:
    [link] = [each for each in edition[1].blocks[-1]["elements"] if each["action_id"] == READ]
    assert link["url"] == f"https://arxiv.org/abs/{carried(edition[1])['paper']}"
    run = await slack.click(ada, reading, edition[1].ts, READ)
    assert run.acked
    assert run.replies == []
    signals = await bot.library.store.signals_of_person(bot.identity.team_id, ada, bot.clock())
    assert [(one.paper_id, one.kind) for one in signals] == [
        (carried(edition[1])["paper"], SignalKind.OPENED)
    ]


@pytest.mark.parametrize("action", [READ, MENU, MORE_LIKE, UNDO])
async def test_a_forged_press_gets_a_sentence(
    bot: Bot, slack: Workspace, ada: str, reading: str, edition: list[Message], action: str
) -> None:
    message = edition[1]
    if action in (MORE_LIKE, UNDO):
        message = await choose(slack, ada, edition[1], "more" if action == UNDO else "why")
    forge(message, action, "nonsense")
    run = await slack.click_reply(ada, message, action, "nonsense")
    said = (await run.reply()).plain()
    assert "too old to work" in said or "I don't know this paper any more" in said
    assert len(await stated(bot, ada)) == (action == UNDO)


def forge(message: Message, action: str, value: str) -> None:
    elements: list[dict[str, Any]] = [each for block in message.blocks for each in block.get("elements", [])]
    for element in elements:
        if element.get("action_id") == action:
            carrier = element["options"][0] if "options" in element else element
            carrier["value"] = value


async def test_titles_and_names_from_outside_are_only_text(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str, reading: str
) -> None:
    ring = "<!channel> & *friends*"
    upstream.days[TODAY.isoformat()] = [
        daily_item(paper_of(n), f"{ring} {title}", upvotes=9 - n, summary=about(title), ai_keywords=["<@U1>"])
        for n, title in enumerate(TITLES, start=1)
    ]
    await bot.library.ingest.ensure_day(TODAY)
    async with running(bot):
        page = await ask(slack, ada, reading, "today")
        liked = await press(slack, page, MENU, f"more {paper_of(1)}")
        why = await press(slack, page, MENU, f"why {paper_of(3)}")
    for message in (liked, why):
        texts = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
        assert not any("<!" in text or "<@" in text for text in texts)
    assert f"“<!channel> & ∗friends∗ {TITLES[0]}”" in why.plain()


async def test_a_share_says_that_somebody_brought_it(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str
) -> None:
    shared = slack.add_channel("shared")
    [paper, *_] = list_day(upstream, TODAY, 2)
    await bot.library.ingest.ensure_day(TODAY)
    async with running(bot):
        await bot.sharing.send(await bot.sharing.plan(paper, Asker(ada, shared)))
        why = await choose(slack, ada, posted(slack, shared)[0], "why")
    assert "Somebody shared it here; I did not choose it." in why.plain()


async def test_an_edition_of_before_the_log_is_ranked_now(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str, reading: str
) -> None:
    """As a channel has them that was subscribed before choices were written down."""
    ids = list_day(upstream, TODAY, 3)
    await subscribe(bot, reading)
    await bot.library.ingest.ensure_day(TODAY)
    draft = await bot.daily.drafting.draft(bot.subscription(reading), TODAY, exact=True)
    assert draft
    await bot.library.store.plan(draft.edition, posts_of(draft))
    async with running(bot):
        why = await ask(slack, ada, reading, f"why {ids[0]}")
    assert "From an edition of before I wrote down why. Ranked now, for this channel and you:" in why.plain()
    *parts, total = points(why)
    assert sum(parts) == total
