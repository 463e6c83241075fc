"""What a stranger, a person in the workspace, and words from outside can't make the bot do."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot import config
from bot.app import Bot, open_bot
from bot.asking import Asker
from bot.config import Settings
from bot.errors import DeliveryError, PapersError
from bot.library import open_library
from bot.messages import SIMILAR, VOTE, notice
from bot.outcomes import NotSent
from bot.slack import Identity, Slack, session
from bot.sources import Patience
from bot.workspace import Message, Workspace
from handlers.replies import sentence
from storage.models import Batch, Paper
from tests.conftest import QUICK, MovedClock, running
from tests.editions import list_day, posted, subscribe, tick
from tests.upstream import Upstream

#: Nothing listens there.
NOWHERE = "http://127.0.0.1:9/"
TOO_MANY = "That was a lot at once"


class Stranger:
    """A server that nobody should call; remembers every request."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        return web.Response(text="ok")


@asynccontextmanager
async def listening(stranger: Stranger) -> AsyncIterator[Stranger]:
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", stranger.answer)
    runner = web.AppRunner(server)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stranger.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield stranger
    finally:
        await runner.cleanup()


@pytest.fixture
async def stranger() -> AsyncIterator[Stranger]:
    async with listening(Stranger()) as server:
        yield server


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def reading(slack: Workspace) -> str:
    return slack.add_channel("reading")


async def said(slack: Workspace, user: str, channel: str, text: str) -> str:
    run = await slack.command(user, channel, "/papers", text)
    assert run.acked
    return (await run.reply()).plain()


# --- addresses that people type ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "{url}/abs/2403.01234",
        "{url}/arxiv.org/abs/2403.01234",
        "<{url}/abs/2403.01234|arxiv.org/abs/2403.01234>",
        "{url}",
        "like:{url}/abs/2403.01234",
        "search {url}/pdf/2403.01234",
        "http://arxiv.org@{host}/abs/2403.01234",
        "https://arxiv.org/redirect?to={url}/abs/2403.01234",
        "subscribe {url} 25:00",
    ],
)
async def test_no_address_that_somebody_typed_is_called(
    bot: Bot, slack: Workspace, upstream: Upstream, stranger: Stranger, ada: str, reading: str, typed: str
) -> None:
    async with running(bot):
        await said(
            slack, ada, reading, typed.format(url=stranger.url, host=stranger.url.removeprefix("http://"))
        )
    assert stranger.requests == []


async def test_no_address_in_a_paper_is_called(
    bot: Bot, slack: Workspace, stranger: Stranger, ada: str, reading: str
) -> None:
    address = f"{stranger.url}/code"
    paper = Paper(id="2608.18001", title="Gliders", abstract=f"Code: {address}", code_url=address)
    async with running(bot):
        await bot.library.ingest.keep(Batch(source="huggingface", papers=(paper,)))
        assert "Gliders" in await said(slack, ada, reading, "gliders")
    assert stranger.requests == []


# --- where answers go -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api_url", ["https://slack.com/api/", "https://slack-gov.com/api/"])
@pytest.mark.parametrize(
    "address",
    [
        "{url}/commands/1",
        "{url}/hooks.slack.com",
        "http://hooks.slack.com@127.0.0.1/x",
        "https://hooks.slack.com.example.org/x",
        "https://notslack.com/x",
        "http://hooks.slack.com/plain",
        "",
    ],
)
async def test_with_slacks_own_api_an_answer_goes_nowhere_but_to_slack(
    stranger: Stranger, api_url: str, address: str
) -> None:
    async with session() as connections:
        slack = Slack("xoxb-1", api_url, connections)
        with pytest.raises(DeliveryError, match="not Slack's"):
            await slack.respond(address.format(url=stranger.url), notice("hello"))
    assert stranger.requests == []


@pytest.mark.parametrize("api_url", ["http://127.0.0.1:9/api/", "https://proxy.example.org/slack/"])
async def test_with_another_api_an_answer_goes_where_the_delivery_says(
    stranger: Stranger, api_url: str
) -> None:
    async with session() as connections:
        await Slack("xoxb-1", api_url, connections).respond(f"{stranger.url}/r/1", notice("hello"))
    assert stranger.requests == ["/r/1"]


# --- who may subscribe ------------------------------------------------------------------------------------------


@asynccontextmanager
async def admins_only(settings: Settings, clock: MovedClock) -> AsyncIterator[Bot]:
    wanted = settings.model_copy(update={"papers_subscribers": "admins"})
    async with open_bot(wanted, clock, QUICK) as bot, running(bot):
        yield bot


async def test_everybody_may_subscribe_a_channel_and_slack_is_not_asked_who_they_are(
    bot: Bot, slack: Workspace, ada: str, reading: str
) -> None:
    async with running(bot):
        assert "gets the day's papers" in await said(slack, ada, reading, "subscribe 9:00")
        assert "No more daily papers" in await said(slack, ada, reading, "unsubscribe")
    assert not [call for call in slack.calls if call.method == "users.info"]


async def test_where_only_admins_may_another_person_is_told_and_nothing_changes(
    settings: Settings, slack: Workspace, clock: MovedClock, ada: str, reading: str
) -> None:
    boss = slack.add_user("boss", admin=True)
    async with admins_only(settings, clock) as bot:
        store, team = bot.library.store, bot.identity.team_id
        assert "Only admins of this workspace" in await said(slack, ada, reading, "subscribe 9:00")
        assert await store.subscriptions(team) == []
        assert "gets the day's papers" in await said(slack, boss, reading, "subscribe 08:15")
        assert "Only admins of this workspace" in await said(slack, ada, reading, "subscribe 10:00")
        assert "Only admins of this workspace" in await said(slack, ada, reading, "unsubscribe")
        (kept,) = await store.subscriptions(team)
        assert f"{kept.post_at:%H:%M}" == "08:15"
        assert "No more daily papers" in await said(slack, boss, reading, "unsubscribe")


@pytest.mark.parametrize(("error", "advice"), [("missing_scope", "users:read"), ("user_not_found", "minute")])
async def test_who_can_not_be_known_is_no_admin(
    settings: Settings,
    slack: Workspace,
    clock: MovedClock,
    reading: str,
    error: str,
    advice: str,
) -> None:
    boss = slack.add_user("boss", admin=True)
    slack.faults.fail("users.info", error, times=10)
    async with admins_only(settings, clock) as bot:
        answer = await said(slack, boss, reading, "subscribe 9:00")
        assert await bot.library.store.subscriptions(bot.identity.team_id) == []
    assert "Only admins change the daily papers here" in answer
    assert advice in answer


# --- how much one person may ask for ----------------------------------------------------------------------------


async def test_over_the_limit_a_person_reads_one_sentence_and_votes_still_count(
    settings: Settings, slack: Workspace, upstream: Upstream, clock: MovedClock, ada: str, reading: str
) -> None:
    (paper,) = list_day(upstream, clock().date(), 1)
    ben = slack.add_user("ben")
    async with open_bot(settings.model_copy(update={"papers_burst": 2}), clock, QUICK) as bot:
        await subscribe(bot, reading)
        await tick(bot)
        async with running(bot):
            found: Message = await (await slack.command(ada, reading, "/papers", "today")).reply()
            assert (await slack.click_reply(ada, found, SIMILAR)).acked
            assert TOO_MANY in await said(slack, ada, reading, "today")
            pressed = await slack.click_reply(ada, found, SIMILAR)
            assert pressed.acked
            assert TOO_MANY in (await pressed.reply()).plain()
            assert "Paper" in await said(slack, ben, reading, "today")
            assert (await slack.click(ada, reading, posted(slack, reading)[1].ts, VOTE)).acked
            await slack.react(ben, reading, posted(slack, reading)[1].ts, "+1")
            tallies = await bot.library.store.tallies(bot.identity.team_id, [paper])
            assert tallies[paper].up == 2
            clock.forward(seconds=1)
            assert "Paper" in await said(slack, ada, reading, "today")
        assert b"papers_over_limit_total 2.0" in bot.library.metrics.page()


# --- words from outside -----------------------------------------------------------------------------------------

_HOSTILE = st.sampled_from(
    ["<!channel>", "<@U0000001>", "<#C1>", "<http://x|y>", "&lt;!here&gt;", "<!date^1^{date}|x>"]
)
TYPED = st.lists(
    _HOSTILE
    | st.text(max_size=20)
    | st.sampled_from(["top", "subscribe", "like:", "search", "2026-08-18", '"', "-"]),
    min_size=1,
    max_size=6,
).map(" ".join)
_OURS = re.compile(r"<https?://[^<>|\s]+\|[^<>]*>|<@U\w+>")


@pytest.mark.parametrize(
    "text", ["<!channel>", "2026-<!here>", "subscribe <!channel>", "like:<@U1>", "top <!channel>"]
)
async def test_what_a_person_typed_rings_nobody(bot: Bot, ada: str, reading: str, text: str) -> None:
    await check_answer(bot, text, Asker(ada, reading))


async def check_answer(bot: Bot, text: str, asker: Asker) -> None:
    try:
        message = await bot.answers.answer(text, asker)
        assert message
    except (PapersError, NotSent) as error:
        message = notice(sentence(error))
    for block in (message["text"], *texts(message["blocks"])):
        rest = _OURS.sub("", block).replace(f"<@{bot.identity.user_id}>", "")
        assert "<" not in rest.replace(f"<#{asker.channel_id}>", ""), block


def texts(value: Any) -> list[str]:
    """Every text of blocks that Slack reads for mentions."""
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == "mrkdwn" else []
    return own + [text for item in value.values() for text in texts(item)]


@given(st.lists(TYPED, min_size=5, max_size=5))
# Not made smaller, which would take minutes: an example is five lines.
@examples(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@example(["subscribe", "top", "search", "like:", '"'])
def test_whatever_is_typed_is_answered_without_a_mention(typed: list[str]) -> None:
    asyncio.run(answered(typed))


async def answered(typed: list[str]) -> None:
    """Have these answered by a bot that reaches neither Slack nor any source, and has one hostile paper."""
    clock, once = MovedClock(), Patience(patience=5.0, silence=5.0, attempts=1)
    with tempfile.TemporaryDirectory() as folder:
        nowhere: dict[str, Any] = dict.fromkeys(
            ("slack_api_url", "huggingface_url", "arxiv_url", "arxiv_rss_url"), NOWHERE
        )
        settings = config.load(
            _env_file=None, **nowhere, papers_database=f"{folder}/papers.db", papers_embedding="static"
        )
        async with open_library(settings, clock, QUICK, once) as library, session() as connections:
            slack = Slack("xoxb-1", NOWHERE, connections)
            bot = Bot(
                settings, library, slack, Identity("T1", "Team", "U0BOT", "B1", "https://t/"), clock, QUICK
            )
            paper = Paper(
                id="2608.18001", title="<!channel> top search subscribe", abstract="<@U0000001> x y"
            )
            await library.ingest.keep(Batch(source="huggingface", papers=(paper,)))
            for text in typed:
                await check_answer(bot, text, Asker("U1", "C9"))


def test_what_slack_or_a_proxy_answered_is_quoted_and_not_obeyed() -> None:
    said = sentence(DeliveryError("<!channel> & <b>", "Slack took no more answers"))
    assert said == "Slack took no more answers (Slack said: &lt;!channel&gt; &amp; &lt;b&gt;)."
