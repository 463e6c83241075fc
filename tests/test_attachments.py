"""BibTeX files sent to the bot: read from Slack with its token, answered where they were sent, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from bot.app import Bot
from bot.attachments import MOST_BYTES, Attachment, Attachments, is_slacks
from bot.errors import DeliveryError, UsageError
from bot.messages import TASTE_UNDO
from bot.workspace import Message, Workspace, message_problems
from storage.models import Paper
from tests.conftest import running
from tests.upstream import Upstream

PAPER = Paper(id="2403.00001", title="Zürich's robot arm", abstract="Grasping.")
BIBTEX = "@article{a, title={Zürich's robot arm}, eprint={2403.00001}}\n@misc{b, title={Unheard of}}\n@misc{c, t={\n"


async def told(slack: Workspace, user: str, count: int = 1) -> list[Message]:
    """What the bot said in a person's direct messages, when it has said so much."""

    def ours() -> list[Message]:
        found = [message for message in slack.messages(slack.dm(user)) if message.bot_id]
        return found if len(found) >= count else []

    said = await slack.wait_for(ours)
    assert all(message_problems({"text": one.text, "blocks": one.blocks}) == [] for one in said)
    return said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
async def test_a_bibtex_file_sent_to_the_bot_becomes_a_taste(
    bot: Bot, slack: Workspace, upstream: Upstream, encoding: str
) -> None:
    upstream.arxiv_papers = [PAPER]
    ada = slack.add_user("ada")
    async with running(bot):
        await slack.upload(ada, slack.dm(ada), "my papers.BIB", BIBTEX.encode(encoding))
        (answer,) = await told(slack, ada)
        assert "Added “Zürich's robot arm” to your taste. Not found: “Unheard of”." in answer.plain()
        assert "could not read these as papers: “c”" in answer.plain()
        page = await (await slack.click(ada, slack.dm(ada), answer.ts, TASTE_UNDO)).reply()
        assert "Taken back: 1 paper." in page.plain()


async def test_words_edits_and_the_bots_own_messages_are_left_alone(bot: Bot, slack: Workspace) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        await slack.say(ada, slack.dm(ada), "hello")
        message = await slack.upload(ada, slack.dm(ada), "a.bib", b"@misc{a, title={T}}")
        (answer,) = await told(slack, ada)
        for event in (
            {"subtype": "message_changed", "message": {"files": message.files}},
            {"subtype": "message_deleted"},
            {"user": slack.bot_user_id, "bot_id": "B1", "files": message.files},
            {"user": slack.bot_user_id, "subtype": "file_share", "files": message.files},
            {"user": ada, "files": message.files, "channel_type": "channel", "channel": reading},
        ):
            own = {"type": "message", "channel": slack.dm(ada), "channel_type": "im", "ts": "1.1"}
            assert (await slack.event({**own, **event})).acked
        await slack.upload(ada, slack.dm(ada), "b.bib", b"@misc{b, title={U}}")
        found = await told(slack, ada, 2)
    assert [one.ts == answer.ts for one in found] == [True, False]
    assert "Not found: “U”" in found[1].plain()
    assert slack.messages(reading) == []


async def test_another_file_gets_a_sentence(bot: Bot, slack: Workspace) -> None:
    ada = slack.add_user("ada")
    async with running(bot):
        await slack.upload(ada, slack.dm(ada), "paper.pdf", b"%PDF")
        assert "one whose name ends in `.bib`" in (await told(slack, ada))[0].plain()


async def test_without_the_scope_the_person_reads_what_to_do(bot: Bot, slack: Workspace) -> None:
    ada = slack.add_user("ada")
    slack.state.team = replace(slack.state.team, scopes=slack.state.team.scopes - {"files:read"})
    async with running(bot):
        await slack.upload(ada, slack.dm(ada), "a.bib", b"@misc{a, title={T}}")
        assert "reinstall the app from its manifest" in (await told(slack, ada))[0].plain()


async def test_a_file_that_is_too_large_gets_a_sentence(bot: Bot, slack: Workspace) -> None:
    ada = slack.add_user("ada")
    async with running(bot):
        message = await slack.upload(ada, slack.dm(ada), "big.bib", b"x" * (MOST_BYTES + 1))
        assert "big.bib is larger than 2 MB" in (await told(slack, ada))[0].plain()
    # Whatever size it says it has.
    with pytest.raises(UsageError, match="larger than 2 MB"):
        await Attachments(bot.slack).text(Attachment("big.bib", message.files[0]["url_private_download"], 5))


async def test_a_file_that_is_gone_gets_a_sentence(bot: Bot, slack: Workspace) -> None:
    with pytest.raises(UsageError, match="is gone"):
        await Attachments(bot.slack).text(Attachment("a.bib", f"{slack.url}/files-pri/F1/download/a.bib"))


@asynccontextmanager
async def elsewhere(requests: list[web.Request]) -> AsyncIterator[str]:
    """A server that is not Slack's, and the requests that reach it."""

    async def handle(request: web.Request) -> web.Response:
        requests.append(request)
        return web.Response(text="@misc{a, title={T}}")

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_token_goes_to_no_other_host(bot: Bot) -> None:
    requests: list[web.Request] = []
    async with elsewhere(requests) as url:
        with pytest.raises(UsageError, match="not kept in this Slack workspace"):
            await Attachments(bot.slack).text(Attachment("a.bib", f"{url}/a.bib"))
    assert requests == []


async def test_a_redirect_is_not_followed(bot: Bot, slack: Workspace, upstream: Upstream) -> None:
    requests: list[web.Request] = []
    async with elsewhere(requests) as url:
        upstream.fail("/leave", status=302, headers={"Location": f"{url}/a.bib"})
        bot.slack.client.base_url = f"{upstream.url}/"
        with pytest.raises(DeliveryError, match="reinstall"):
            await Attachments(bot.slack).text(Attachment("a.bib", f"{upstream.url}/leave"))
    assert requests == []


SLACKS = (
    "https://files.slack.com/files-pri/T1-F1/download/a.bib",
    "https://lab.slack.com/a",
    "https://files.slack.com:443/a",
)
OTHERS = (
    *("http://files.slack.com/a", "https://slack.com.example.org/a", "https://evilslack.com/a"),
    *(
        "https://example.org/.slack.com",
        "https://files.slack.com@example.org/a",
        "https://files.slack.com:8443/a",
    ),
    *(
        "https://example.org@files.slack.com/a",
        "ftp://files.slack.com/a",
        "//files.slack.com/a",
        "",
        "nonsense",
    ),
    *("https://[", "https://files.slack.com:x/a"),
)


@pytest.mark.parametrize("url", [*SLACKS, *OTHERS])
def test_only_slacks_hosts_are_trusted(url: str) -> None:
    assert is_slacks(url, "https://slack.com/api/") is (url in SLACKS)


def test_the_host_of_the_web_api_is_trusted_at_its_own_port() -> None:
    assert is_slacks("http://127.0.0.1:8000/files-pri/a", "http://127.0.0.1:8000/api/")
    assert not is_slacks("http://127.0.0.1:8001/files-pri/a", "http://127.0.0.1:8000/api/")
