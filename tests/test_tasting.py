"""`/papers taste` as people type it and press its buttons, over the wire, and what it changes in what they see."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.app import Bot
from bot.messages import TASTE_DROP, TASTE_RESET, TASTE_TURN, TASTE_UNDO, VOTE
from bot.workspace import Message, Workspace, message_problems
from storage.models import Paper
from tests.conftest import TUESDAY, MovedClock, running
from tests.editions import papers_in, subscribe, until_done
from tests.upstream import Upstream, daily_item

#: The papers of a page, most upvoted first.
TITLES = {
    "2608.00001": "Protein folding with enzymes and ligands",
    "2608.00002": "Peptide residues in protein folding",
    "2608.00003": "Robot grasping with a gripper",
    "2608.00004": "Torque of a robot arm in manipulation",
    "2608.00005": "Acoustic phonemes and speech prosody",
}
ROBOTS = [
    Paper(
        id="2403.00001", title="A robot arm and its gripper", abstract="Grasping, torque and manipulation."
    ),
    Paper(
        id="2403.00002",
        title="Manipulation by robot",
        abstract="A gripper at an arm is grasping with torque.",
    ),
]
ADA = "Ada Lovelace"


class Lab:
    """A workspace in which Ada and Ben read papers, and the bot runs."""

    def __init__(self, bot: Bot, slack: Workspace, upstream: Upstream) -> None:
        self.bot = bot
        self.slack = slack
        self.upstream = upstream
        self.ada, self.ben = slack.add_user("ada"), slack.add_user("ben")
        self.reading, self.other = slack.add_channel("reading"), slack.add_channel("other")

    async def ask(self, text: str, user: str = "", channel: str = "") -> Message:
        run = await self.slack.command(user or self.ada, channel or self.reading, "/papers", text)
        assert run.acked
        return checked(await run.reply())

    async def press(
        self, message: Message, action_id: str, value: str | None = None, user: str = ""
    ) -> Message:
        run = await self.slack.click_reply(user or self.ada, message, action_id, value)
        assert run.acked
        return checked(await run.reply())

    async def taste(self, text: str = "", user: str = "") -> str:
        return (await self.ask(f"taste {text}".strip(), user)).plain()

    async def order(self, text: str = "today", user: str = "") -> list[str]:
        """The titles that an answer begins with, as numbers of our papers."""
        shown = (await self.ask(text, user)).plain()
        found = {title: shown.find(title) for title in TITLES.values()}
        return [title for title in sorted(found, key=lambda one: found[one]) if found[title] >= 0]


def checked(message: Message) -> Message:
    assert message_problems({"text": message.text, "blocks": message.blocks}) == []
    return message


@pytest.fixture
async def lab(bot: Bot, slack: Workspace, upstream: Upstream) -> AsyncIterator[Lab]:
    upstream.days["2026-08-18"] = [
        daily_item(
            id,
            title,
            upvotes=400 // (n + 1) ** 2,
            summary=title,
            ai_keywords=[],
            ai_summary="",
            authors=[{"name": ADA if id == "2608.00003" else "Noor Sample"}],
        )
        for n, (id, title) in enumerate(TITLES.items())
    ]
    upstream.arxiv_papers = list(ROBOTS)
    made = Lab(bot, slack, upstream)
    await bot.library.ingest.ensure_day(TUESDAY.date())
    async with running(bot):
        yield made


async def test_a_taste_of_nothing_teaches_in_two_lines(lab: Lab) -> None:
    shown = await lab.taste()
    assert "/papers taste add 2403.01234" in shown
    assert "/papers taste follow Ada Lovelace" in shown
    assert "Reset" not in shown


async def test_named_papers_change_what_a_person_sees_and_nobody_else(lab: Lab) -> None:
    before = await lab.order()
    assert before[0] == TITLES["2608.00001"]
    answer = await lab.ask("taste add https://arxiv.org/abs/2403.00001v2, arXiv:2403.00002")
    assert "Added 2 papers to your taste." in answer.plain()
    after = await lab.order()
    assert after[0] == TITLES["2608.00003"]
    assert after.index(TITLES["2608.00004"]) < before.index(TITLES["2608.00004"])
    assert set((await lab.order("for me"))[:2]) & {TITLES["2608.00003"], TITLES["2608.00004"]}
    assert await lab.order(user=lab.ben) == before


async def test_several_unknown_papers_are_asked_for_in_one_request(lab: Lab) -> None:
    await lab.ask("taste add 2403.00001 2403.00002 2403.00003")
    asked = [request.query for request in lab.upstream.requests if request.path == "/api/query"]
    assert [query["id_list"] for query in asked] == ["2403.00001,2403.00002,2403.00003"]


async def test_an_answer_names_what_was_known_already_and_what_nobody_knows(lab: Lab) -> None:
    await lab.ask("taste add 2403.00001")
    said = await lab.taste("add 2403.00001 and 2403.00002; 2403.00099 https://example.org/7")
    assert "Added “Manipulation by robot” to your taste." in said
    assert "1 paper of these was in it already." in said
    assert "Not found: “2403.00099”." in said
    assert "could not read these as papers: “https://example.org/7”" in said


async def test_a_link_of_hugging_face_is_found_at_hugging_face(lab: Lab) -> None:
    said = await lab.taste("add <https://huggingface.co/papers/2608.00005>")
    assert "Added “Acoustic phonemes and speech prosody”" in said


async def test_while_arxiv_is_down_what_is_stored_is_added_and_the_rest_is_named(lab: Lab) -> None:
    await lab.order()
    lab.upstream.fail("/", status=400, times=1000)
    said = await lab.taste("add 2608.00003 2403.00001 2403.00002")
    assert "Added “Robot grasping with a gripper”" in said
    assert "arXiv can't be asked just now, so these are left out: “2403.00001”, “2403.00002”" in said


async def test_undo_takes_back_the_papers_of_one_answer(lab: Lab, clock: MovedClock) -> None:
    await lab.ask("taste add 2403.00001")
    clock.forward(minutes=1)
    answer = await lab.ask("taste add 2403.00002")
    undone = await lab.press(answer, TASTE_UNDO)
    assert undone is answer
    assert "Taken back: 1 paper." in undone.plain()
    assert "It rests on 1 named paper" in undone.plain()


async def test_pasted_bibtex_is_read_by_id_and_by_title(lab: Lab) -> None:
    await lab.order()
    said = await lab.taste(
        "add @article{a, title={Whatever}, journal={arXiv preprint arXiv:2403.00001}}\n"
        "@misc{b, title={{Robot} Grasping with a {Gripper}}} @book{c, title={Of nobody's}} @misc{d, year={2020}}"
    )
    assert "Added 2 papers to your taste." in said
    assert "Not found: “Of nobody's”" in said
    assert "could not read these as papers: “d”" in said


async def test_the_taste_is_told_in_words_one_can_check(lab: Lab) -> None:
    page = await lab.ask("today")
    await lab.press(page, VOTE, "2608.00005")
    await lab.ask("taste add 2403.00001 2403.00002")
    await lab.ask("taste follow Grace Hopper")
    await lab.ask("taste mute topic: survey")
    shown = await lab.taste()
    assert "It rests on 1 vote and 2 named papers, since " in shown
    for words in (ROBOTS[0].title, TITLES["2608.00005"], "Follows Grace Hopper", "Mutes the topic “survey”"):
        assert words in shown
    assert "robot" in shown.partition("Typical words:")[2].partition("\n")[0]
    assert "It rests on" not in await lab.taste(user=lab.ben)


async def test_following_an_author_lifts_their_papers_and_a_button_takes_it_back(lab: Lab) -> None:
    before = await lab.order()
    said = await lab.ask("taste follow Ada Lovelace")
    assert "Papers by Ada Lovelace come higher for you from now on." in said.plain()
    assert (await lab.order()).index(TITLES["2608.00003"]) < before.index(TITLES["2608.00003"])
    page = await lab.press(said, TASTE_DROP)
    assert "Ada Lovelace is taken back." in page.plain()
    assert await lab.order() == before


async def test_a_muted_author_is_gone_from_what_is_for_one_until_unmuted(lab: Lab) -> None:
    assert TITLES["2608.00003"] in await lab.order("for me")
    await lab.ask("taste mute ada lovelace")
    assert TITLES["2608.00003"] not in await lab.order("for me")
    assert TITLES["2608.00003"] not in await lab.order("today")
    assert TITLES["2608.00003"] in await lab.order("for me", lab.ben)
    assert "is no longer muted" in await lab.taste("unmute Ada Lovelace")
    assert TITLES["2608.00003"] in await lab.order("for me")


async def test_a_muted_topic_can_be_unmuted_on_the_page(lab: Lab) -> None:
    await lab.ask("taste mute topic: speech")
    assert not {TITLES["2608.00005"]} & set(await lab.order("for me"))
    page = await lab.ask("taste")
    shown = await lab.press(page, TASTE_DROP)
    assert shown is page
    assert "Mutes" not in shown.plain()
    assert {TITLES["2608.00005"]} & set(await lab.order("for me"))


async def test_what_is_muted_and_then_followed_is_followed(lab: Lab) -> None:
    await lab.ask("taste mute Ada Lovelace")
    await lab.ask("taste follow ADA LOVELACE")
    shown = await lab.taste()
    assert "Follows Ada Lovelace" in shown
    assert "Mutes" not in shown


async def test_a_taste_that_is_off_orders_nothing_until_it_is_on_again(lab: Lab) -> None:
    before = await lab.order()
    await lab.ask("taste add 2403.00001 2403.00002")
    liked = await lab.order()
    assert liked != before
    page = await lab.ask("taste off")
    assert "Your taste is switched off" in page.plain()
    assert await lab.order() == before
    page = await lab.press(page, TASTE_TURN)
    assert "Switched on." in page.plain()
    assert await lab.order() == liked


async def test_while_a_taste_is_off_an_answer_says_that_nothing_counts_yet(lab: Lab) -> None:
    await lab.ask("taste off")
    await lab.ask("taste here off")
    said = "The taste is switched off; `/papers taste on` lets this count."
    for text in ("add 2403.00001", "follow Ada Lovelace"):
        assert said in await lab.taste(text)
    assert "`/papers taste here on` lets this count" in await lab.taste("here follow Ada Lovelace")
    assert "switched off" not in await lab.taste("mute Grace Hopper")


async def test_reset_is_asked_about_and_then_starts_from_now(lab: Lab, clock: MovedClock, bot: Bot) -> None:
    await lab.press(await lab.ask("today"), VOTE, "2608.00005")
    await lab.ask("taste add 2403.00001")
    await lab.ask("taste follow Ada Lovelace")
    question = await lab.ask("taste reset")
    assert "Votes on posts stay" in question.plain()
    assert "It rests on 1 vote and 1 named paper" in await lab.taste()
    # The vote was stamped by Slack's clock, so the bot's has to be beyond it.
    clock.at = clock.at.replace(year=2100)
    page = await lab.press(question, TASTE_RESET)
    assert "Started anew. Votes on posts stay." in page.plain()
    assert "It rests on" not in page.plain()
    assert "Follows" not in page.plain()
    tallies = await bot.library.store.tallies(bot.identity.team_id, ["2608.00005"])
    assert tallies["2608.00005"].up == 1


async def test_the_reset_button_asks_for_confirmation(lab: Lab) -> None:
    await lab.ask("taste follow Ada Lovelace")
    for text in ("taste", "taste reset"):
        answer = await lab.ask(text)
        elements = [element for block in answer.blocks for element in block.get("elements", [])]
        assert [e["confirm"]["confirm"]["text"] for e in elements if e.get("action_id") == TASTE_RESET] == [
            "Reset"
        ]


async def test_a_channels_taste_is_everybodys_there_and_nobodys_elsewhere(lab: Lab) -> None:
    await lab.ask("taste here follow topic: robot")
    assert "This channel's taste" in await lab.taste("here", lab.ben)
    assert "Follows the topic “robot”" in await lab.taste("here", lab.ben)
    assert "Follows" not in await lab.taste()
    assert "Follows" not in (await lab.ask("taste here", channel=lab.other)).plain()
    page = await lab.ask("taste here", lab.ben)
    assert "Follows" not in (await lab.press(page, TASTE_DROP, user=lab.ben)).plain()
    assert "Follows" not in await lab.taste("here")


async def test_what_a_channel_mutes_stays_out_of_its_edition(
    lab: Lab, clock: MovedClock, bot: Bot, slack: Workspace
) -> None:
    await lab.ask("taste here mute Ada Lovelace")
    for channel in (lab.reading, lab.other):
        await subscribe(bot, channel, top=5)
    await until_done(bot, clock)
    assert "2608.00003" in papers_in(slack, lab.other)
    assert "2608.00003" not in papers_in(slack, lab.reading)
    assert len(papers_in(slack, lab.reading)) == len(papers_in(slack, lab.other)) - 1


async def test_what_a_channel_follows_comes_first_in_its_edition_without_a_vote(
    lab: Lab, clock: MovedClock, bot: Bot, slack: Workspace
) -> None:
    await lab.ask("taste here follow topic: robot")
    for channel in (lab.reading, lab.other):
        await subscribe(bot, channel, top=2)
    await until_done(bot, clock)
    first = {channel: papers_in(slack, channel)[1] for channel in (lab.reading, lab.other)}
    assert first == {lab.reading: "2608.00003", lab.other: "2608.00001"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ad 2403.00001", "did you mean `/papers taste add`?"),
        ("folow Ada Lovelace", "did you mean `/papers taste follow`?"),
        ("mtue Ada Lovelace", "did you mean `/papers taste mute`?"),
        ("rest", "did you mean `/papers taste reset`?"),
        ("hree", "did you mean `/papers taste here`?"),
        ("here rest", "did you mean `/papers taste here reset`?"),
        ("add", "I see no paper in that"),
        ("add diffusion policy", "I see no paper in that"),
        ("follow", "Name an author or a topic"),
        ("follow topic:", "Name an author or a topic"),
        ("mute !!!", "Name an author or a topic"),
        ("follow " + "x" * 200, "That is too long"),
        ("unfollow Ada Lovelace", "Ada Lovelace is not followed"),
        ("unmute topic: survey", "The topic “survey” is not muted"),
        ("here unmute <!channel>", "is not muted. `/papers taste here` shows what is"),
    ],
)
async def test_what_cannot_be_done_gets_a_sentence_that_says_what_can(lab: Lab, text: str, said: str) -> None:
    answer = await lab.ask(f"taste {text}")
    assert said in answer.text
    assert "<!channel>" not in answer.text


@pytest.mark.parametrize(
    "topic",
    [
        "buds in rats",
        "and smell",
        "of wine",
        "on the tongue",
        "here and there",
        "off flavours",
        "reset times",
    ],
)
async def test_a_topic_that_begins_with_taste_is_searched_for(lab: Lab, topic: str) -> None:
    assert f"“taste {topic}”" in await lab.taste(topic)


@pytest.mark.parametrize("action_id", [TASTE_DROP, TASTE_TURN, TASTE_RESET])
@pytest.mark.parametrize("value", ["", "nonsense", "[1,2]", '["drop",false]', '["undo",0,"",""]', '{"a":1}'])
async def test_a_forged_button_gets_a_sentence(lab: Lab, action_id: str, value: str) -> None:
    await lab.ask("taste follow Ada Lovelace")
    page = await lab.ask("taste")
    forge(page, action_id, value)
    assert "This button is too old to work" in (await lab.press(page, action_id)).plain()


async def test_a_forged_subject_gets_a_sentence_and_changes_nothing(lab: Lab) -> None:
    await lab.ask("taste follow Ada Lovelace")
    page = await lab.ask("taste")
    forge(page, TASTE_DROP, '["drop",false,"nonsense","Ada Lovelace"]')
    assert "This button is too old to work" in (await lab.press(page, TASTE_DROP)).plain()
    assert "Follows Ada Lovelace" in await lab.taste()


async def test_a_page_of_many_long_wishes_keeps_within_slacks_limits(lab: Lab) -> None:
    for n in range(20):
        await lab.ask(f"taste follow {n} {'&' * 120} x")
        await lab.ask(f"taste mute topic: word{n} {'<' * 100}")
    shown = await lab.taste()
    assert shown.count("Follows ") == 15
    assert "and 5 more" in shown


def forge(message: Message, action_id: str, value: str) -> None:
    """Change what a button carries, as somebody with a modified client could."""
    for block in message.blocks:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            if element.get("action_id") == action_id:
                element["value"] = value
