"""Pasted links: a preview with what the workspace knows, and reactions on the message as votes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import Bot
from bot.ids import named_ids, names_openreview, version_of, without_addresses
from bot.linking import Pasted
from bot.messages import VOTE, Preview, unfurl_blocks
from bot.workspace import Message, Workspace, problems
from storage.models import Paper, Save, Tally
from tests.conftest import TUESDAY, running
from tests.editions import list_day, posted, subscribe, tick
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PAPER, OTHER = "2608.18001", "2608.18002"
LINK = f"https://arxiv.org/abs/{PAPER}"
TALLY = Tally(1, 0)


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def reading(slack: Workspace, ada: str) -> str:
    return slack.add_channel("reading")


@pytest.fixture
async def known(bot: Bot, upstream: Upstream) -> None:
    """Puts today's papers into the store."""
    list_day(upstream, TODAY, 4)
    await bot.library.ingest.ensure_day(TODAY)


async def previewed(slack: Workspace, message: Message, count: int = 1) -> list[str]:
    """The texts of a message's previews, when there are so many."""
    await slack.wait_for(lambda: len(message.attachments) == count)
    assert all(problems(each["blocks"], "message") == [] for each in message.attachments)
    return [Message("1", "C", "U", blocks=each["blocks"]).plain() for each in message.attachments]


def shows(message: Message, words: str) -> bool:
    return words in message.plain()


async def tally(bot: Bot, paper: str = PAPER) -> Tally:
    return (await bot.library.store.tallies(bot.identity.team_id, [paper]))[paper]


async def test_a_pasted_link_has_a_preview_and_a_reaction_on_it_is_a_vote(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        message = await slack.say(ada, reading, f"look: <{LINK}>")
        (text,) = await previewed(slack, message)
        assert "Paper 2608.18001" in text
        assert "A made-up summary of Paper 2608.18001." in text
        assert "Reactions on this message count as votes on the paper." in text
        await slack.react(ada, reading, message.ts, "fire")
        await slack.wait_for(lambda: shows(message, "1 upvote here"))
        assert await tally(bot) == TALLY
        # The button of the preview and a reaction of the same person are one vote.
        await slack.click(ada, reading, message.ts, VOTE, PAPER)
        assert await tally(bot) == TALLY
        ben = slack.add_user("ben")
        await slack.click(ben, reading, message.ts, VOTE, PAPER)
        await slack.wait_for(lambda: shows(message, "2 upvotes here"))
        await slack.unreact(ada, reading, message.ts, "fire")
        await slack.wait_for(lambda: shows(message, "1 upvote here"))


async def test_a_vote_on_a_link_and_one_on_the_post_are_one(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    await subscribe(bot, reading)
    await tick(bot)
    post = next(each for each in posted(slack, reading) if each.metadata and PAPER in str(each.metadata))
    async with running(bot):
        message = await slack.say(ada, reading, LINK)
        (text,) = await previewed(slack, message)
        assert f"posted in #{reading} on " in text
        await slack.react(ada, reading, message.ts, "+1")
        await slack.wait_for(lambda: shows(post, "1 upvote here"))
        await slack.react(ada, reading, post.ts, "fire")
        await slack.unreact(ada, reading, message.ts, "+1")
    assert await tally(bot) == TALLY


async def test_a_private_channel_is_named_only_in_itself(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    secret = slack.add_channel("secret", private=True)
    await subscribe(bot, secret)
    await tick(bot)
    async with running(bot):
        (outside,) = await previewed(slack, await slack.say(ada, reading, LINK))
        (inside,) = await previewed(slack, await slack.say(ada, secret, LINK))
    assert "posted" not in outside
    assert secret not in outside
    assert f"posted in #{secret}" in inside


async def test_saves_are_told_as_a_number_alone(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    save = Save(team_id=slack.team_id, user_id=ada, paper_id=PAPER, saved=True, pressed_at=1.0)
    await bot.library.store.record_save(save)
    await bot.library.store.record_save(save.model_copy(update={"user_id": "U2"}))
    async with running(bot):
        (text,) = await previewed(slack, await slack.say(ada, reading, LINK))
    assert "saved by 2 people" in text
    assert ada not in text


async def test_of_several_papers_each_has_a_preview_and_reactions_count_for_none(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        text = f"{LINK} and https://huggingface.co/papers/{OTHER}, {LINK.replace('abs', 'pdf')}"
        message = await slack.say(ada, reading, text)
        texts = await previewed(slack, message, 2)
        assert all("names several papers, so reactions on it count for none" in text for text in texts)
        await slack.react(ada, reading, message.ts, "+1")
        await slack.click(ada, reading, message.ts, VOTE, OTHER)
        await slack.wait_for(lambda: shows(message, "1 upvote here"))
    assert (await tally(bot), await tally(bot, OTHER)) == (Tally(), TALLY)


async def test_a_link_that_is_edited_in_makes_the_reactions_ambiguous(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        message = await slack.say(ada, reading, LINK)
        await previewed(slack, message)
        await slack.react(ada, reading, message.ts, "+1")
        message.text += f" https://arxiv.org/abs/{OTHER}"
        event = next(d.payload for d in slack.deliveries if d.payload["event"]["type"] == "link_shared")
        again = {
            **event["event"],
            "links": [{"domain": "arxiv.org", "url": f"https://arxiv.org/abs/{OTHER}"}],
        }
        assert (await slack.event(again)).acked
        await previewed(slack, message, 2)
    assert (await tally(bot), await tally(bot, OTHER)) == (Tally(), Tally())


async def test_a_link_that_is_delivered_twice_is_one(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    slack.faults.redeliver()
    async with running(bot):
        message = await slack.say(ada, reading, LINK)
        await slack.wait_for(lambda: sum(call.method == "chat.unfurl" for call in slack.calls) >= 1)
        await previewed(slack, message)
        await slack.react(ada, reading, message.ts, "+1")
        await slack.wait_for(lambda: shows(message, "1 upvote here"))


async def test_where_the_bot_is_not_a_link_has_a_preview_without_votes(
    bot: Bot, slack: Workspace, ada: str, known: None
) -> None:
    random = slack.add_channel("random", bot=False)
    async with running(bot):
        (text,) = await previewed(slack, await slack.say(ada, random, LINK))
    assert "Paper 2608.18001" in text
    assert "Reactions" not in text
    assert "Upvote" not in text
    assert await bot.library.store.pasted_of(slack.team_id, [PAPER]) == []


async def test_a_link_that_is_still_being_typed_is_previewed_and_not_kept(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        await slack.compose(ada, f"have you seen {LINK}")
        composed = next(iter(slack.state.composed.values()))
        await slack.wait_for(lambda: composed[LINK].get("blocks"))
    assert bot.library.store.rows("SELECT * FROM pasted_links") == []


async def test_a_link_to_a_paper_nobody_knows_and_one_of_ours_have_no_preview(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        await slack.say(ada, reading, "https://arxiv.org/abs/2608.99999 https://arxiv.org/list/cs.CL/new")
        ours = {"type": "link_shared", "channel": reading, "message_ts": "1.1", "user": slack.bot_user_id}
        links = [{"domain": "arxiv.org", "url": LINK}]
        assert (await slack.event({**ours, "links": links, "is_bot_user_member": True})).acked
        direct = await slack.say(ada, slack.dm(ada), LINK)
        await slack.wait_for(lambda: [m for m in slack.messages(slack.dm(ada)) if m.bot_id])
        later = await slack.say(ada, reading, LINK)
        await previewed(slack, later)
    assert direct.attachments == [], "what somebody writes to the bot is answered"
    assert [call.args["ts"] for call in slack.calls if call.method == "chat.unfurl"] == [later.ts]


async def test_a_preview_that_slack_was_too_busy_for_or_a_crash_kept_away_is_drawn_later(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    message = await slack.say(ada, reading, LINK)
    pasted = Pasted(reading, message.ts, "", (LINK,), ada, member=True)
    await bot.linking.record(pasted)
    async with running(bot):
        await previewed(slack, message)
        slack.faults.rate_limit("chat.unfurl", retry_after=0, times=5)
        again = await slack.say(ada, reading, LINK)
        await previewed(slack, again)
    refused = [call.error for call in slack.calls if call.method == "chat.unfurl"]
    assert refused.count("ratelimited") == 5


async def test_of_many_papers_five_have_a_preview(
    bot: Bot, slack: Workspace, upstream: Upstream, ada: str, reading: str
) -> None:
    ids = list_day(upstream, TODAY, 7)
    await bot.library.ingest.ensure_day(TODAY)
    async with running(bot):
        message = await slack.say(ada, reading, " ".join(f"https://arxiv.org/abs/{id}" for id in ids))
        await previewed(slack, message, 5)
        await slack.react(ada, reading, message.ts, "+1")
        await bot.refresher.flush()
    assert len(message.attachments) == 5


async def test_only_the_sources_are_asked_for_what_is_pasted(
    bot: Bot, slack: Workspace, ada: str, reading: str, upstream: Upstream
) -> None:
    upstream.arxiv_papers = [Paper(id="2403.00001", title="A robot arm", abstract="Grasping.")]
    async with running(bot):
        message = await slack.say(ada, reading, "https://www.alphaxiv.org/abs/2403.00001v2?utm=x")
        (text,) = await previewed(slack, message)
    assert "A robot arm" in text
    assert {path.split("/")[1] for path in upstream.paths()} == {"api"}


async def test_votes_on_a_link_cast_while_the_bot_was_down_are_read_back(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    async with running(bot):
        message = await slack.say(ada, reading, LINK)
        await previewed(slack, message)
        thread = await slack.say(ada, reading, f"https://arxiv.org/abs/{OTHER}", thread_ts=message.ts)
        await previewed(slack, thread)
    for each in (message, thread):
        slack.known_message(reading, each.ts).reactions["+1"] = [ada]
    since = TUESDAY.replace(year=2020)
    reads = [read async for read in bot.reconciler.read_back(since)]
    assert [(read.messages, read.found, read.error) for read in reads] == [(2, 2, "")]
    assert (await tally(bot), await tally(bot, OTHER)) == (TALLY, TALLY)
    slack.delete_message(reading, message.ts)
    reads = [read async for read in bot.reconciler.read_back(since)]
    assert await tally(bot) == TALLY, "as on a post that was deleted"


async def test_votes_on_links_are_the_persons_the_channels_and_the_weeks(
    bot: Bot, slack: Workspace, ada: str, reading: str, known: None
) -> None:
    store, team = bot.library.store, slack.team_id
    async with running(bot):
        message = await slack.say(ada, reading, LINK)
        await previewed(slack, message)
        await slack.react(ada, reading, message.ts, "+1")
    now = bot.clock()
    for signals in (
        await store.signals_of_person(team, ada, now),
        await store.signals_of_channel(team, reading, now),
    ):
        assert [(one.paper_id, one.kind, one.user_id) for one in signals] == [(PAPER, "up", ada)]
    assert (await store.activity(team)).votes == 1
    assert await store.papers_voted(team, TUESDAY.replace(year=2020)) == [PAPER]


PAPER_V1 = Paper(
    id="2403.00001",
    title="A robot arm",
    published=TUESDAY.replace(month=3),
    updated=TUESDAY.replace(month=8, day=3),
)


@pytest.mark.parametrize(
    ("version", "paper", "said"),
    [
        (1, PAPER_V1, "The link is to version 1; the newest version is of 3 Aug."),
        (None, PAPER_V1, "revised on 3 Aug"),
        (2, PAPER_V1, "revised on 3 Aug"),
        (1, PAPER_V1.model_copy(update={"updated": PAPER_V1.published}), ""),
        (None, PAPER_V1.model_copy(update={"withdrawn": TUESDAY}), "Withdrawn by its authors."),
    ],
)
def test_a_newer_version_and_a_withdrawal_are_told(version: int | None, paper: Paper, said: str) -> None:
    blocks = unfurl_blocks(paper, Preview(version=version, alone=True), TODAY)
    text = Message("1", "C", "U", blocks=blocks).plain()
    assert said in text
    assert ("version" in text) == (version == 1 and paper.updated != paper.published)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=600), st.text(max_size=2000), st.lists(st.text(max_size=100), max_size=9))
def test_any_paper_has_a_preview_that_slack_takes(title: str, abstract: str, names: list[str]) -> None:
    paper = Paper(
        id="2403.00001", title=title, abstract=abstract, authors=tuple(names), categories=tuple(names)
    )
    for alone in (True, False, None):
        blocks = unfurl_blocks(paper, Preview(Tally(1, 1), 3, alone=alone), TODAY)
        assert problems(blocks, "message") == []


@pytest.mark.parametrize(
    ("address", "version"),
    [(LINK, None), (f"{LINK}v1", 1), (f"{LINK}v12#S1", 12), ("https://arxiv.org/abs/math.GT/0309136v3", 3)],
)
def test_the_version_of_a_link_is_read(address: str, version: int | None) -> None:
    assert version_of(address) == version


NUMBERS = st.builds("{:04d}.{:05d}".format, st.integers(701, 9912), st.integers(1, 99_999))
FORMS = st.sampled_from(
    [
        "https://arxiv.org/abs/{}", "<https://arxiv.org/pdf/{}.pdf>", "https://huggingface.co/papers/{}?a=1&amp;b=2",
        "<https://www.alphaxiv.org/abs/{}v2|a paper>", "https://doi.org/10.48550/arXiv.{}", "arXiv:{}v1",
        "(https://arxiv.org/html/{}v3)", "https://hf.co/papers/{}.",
    ]
)  # fmt: skip
WORDS = st.text(st.characters(exclude_characters="<>&.:/0123456789", codec="utf-8"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, FORMS, NUMBERS), min_size=1, max_size=4))
def test_each_paper_that_a_text_links_is_found_once_in_its_order(parts: list[tuple[str, str, str]]) -> None:
    text = " and ".join(f"{words} {form.format(number)}" for words, form, number in parts)
    assert named_ids(f"{text} for 2403.1999 dollars") == list(dict.fromkeys(number for _, _, number in parts))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert len(named_ids(text)) == len(set(named_ids(text)))
    assert "https://x.example" not in without_addresses(f"{text} https://x.example/a b")
    assert without_addresses(f"{text} https://x.example/a b").endswith("b")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://openreview.net/forum?id=abc", True),
        ("<https://www.openreview.net/pdf?id=abc|x>", True),
        ("see openreview.net/forum?id=a", True),
        ("https://notopenreview.net/forum?id=abc", False),
        ("openreview", False),
    ],
)
def test_a_link_to_openreview_is_known(text: str, found: bool) -> None:
    assert names_openreview(text) is found
