"""Files of the bot's own: sent to the address that Slack gives, shared once, and shown on the workspace's page."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.app import Bot
from bot.errors import DeliveryError
from bot.outcomes import MaybeSent, NotSent
from bot.slack import Slack, session
from bot.uploads import Uploads
from bot.workspace import MovableClock, Workspace
from tests.conftest import running
from tests.page import MONDAY, Browser
from tests.web_html import Html

PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def calls(slack: Workspace, method: str) -> int:
    return sum(call.method == method for call in slack.calls)


async def test_a_file_stands_in_the_thread_with_its_comment(bot: Bot, slack: Workspace) -> None:
    place = slack.add_channel("papers")
    ts = (await bot.slack.client.chat_postMessage(channel=place, text="The week"))["ts"]
    sent = await bot.surfaces.upload(
        place, "week 1.png", PNG, title="The week", alt_text="Three lines", comment="Look:", thread_ts=ts
    )
    (message,) = slack.known_channel(place).replies(ts)
    (file,) = message.files
    assert (message.text, message.user) == ("Look:", slack.bot_user_id)
    assert (file["id"], file["title"], file["alt_txt"]) == (sent.file_id, "The week", "Three lines")
    assert (file["mimetype"], file["size"], file["mode"]) == ("image/png", len(PNG), "hosted")
    assert sent.permalink.endswith(f"/{sent.file_id}/week%201.png")
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with bot.slack.session.get(file["url_private_download"], headers=headers) as answer:
        assert await answer.read() == PNG


async def test_a_file_for_one_person_goes_to_their_direct_messages(bot: Bot, slack: Workspace) -> None:
    ada = slack.add_user("ada")
    direct = await bot.slack.direct(ada)
    await bot.surfaces.upload(direct, "a.json", b"{}", title="Yours", snippet_type="json")
    (message,) = slack.messages(slack.dm(ada))
    assert message.files[0]["mode"] == "snippet"


@pytest.mark.parametrize(
    ("channel", "code"),
    [("UNOBODY0001", "invalid_arguments"), ("C0NOBODY01", "channel_not_found"), ("", "not_in_channel")],
)
async def test_a_channel_that_takes_no_file_is_refused(
    bot: Bot, slack: Workspace, channel: str, code: str
) -> None:
    other = slack.add_channel("other", bot=False)
    with pytest.raises(DeliveryError) as refused:
        await bot.surfaces.upload(channel or other, "a.txt", b"a", title="A")
    assert refused.value.code == code


async def test_without_the_scope_the_advice_is_to_install_the_app_again(bot: Bot, slack: Workspace) -> None:
    place = slack.add_channel("papers")
    slack.state.team.scopes -= {"files:write"}
    with pytest.raises(DeliveryError, match="install it again"):
        await bot.surfaces.upload(place, "a.txt", b"a", title="A")


async def test_a_lost_answer_is_looked_up_and_nothing_is_shared_twice(bot: Bot, slack: Workspace) -> None:
    place = slack.add_channel("papers")
    slack.faults.fail_after_work("files.completeUploadExternal")
    sent = await bot.surfaces.upload(place, "a.txt", b"a", title="A")
    (message,) = slack.messages(place)
    assert message.files[0]["id"] == sent.file_id
    assert calls(slack, "files.completeUploadExternal") == 1


async def test_where_nobody_knows_the_caller_is_told_so(bot: Bot, slack: Workspace) -> None:
    place = slack.add_channel("papers")
    slack.faults.hang("files.completeUploadExternal", seconds=0, work=False)
    with pytest.raises(MaybeSent):
        await bot.surfaces.upload(place, "a.txt", b"a", title="A")
    assert slack.messages(place) == []


async def test_a_busy_slack_is_for_a_later_try(bot: Bot, slack: Workspace) -> None:
    place = slack.add_channel("papers")
    slack.faults.rate_limit("files.completeUploadExternal", retry_after=7)
    with pytest.raises(NotSent) as later:
        await bot.surfaces.upload(place, "a.txt", b"a", title="A")
    assert later.value.retry_after == 7


async def test_a_file_is_finished_once(bot: Bot, slack: Workspace) -> None:
    place = slack.add_channel("papers")
    sent = await bot.surfaces.upload(place, "a.txt", b"a", title="A")
    with pytest.raises(SlackApiError, match="file_not_found"):
        await bot.slack.client.files_completeUploadExternal(files=[{"id": sent.file_id}], channel_id=place)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"filename": "a.txt", "length": 0}, "missing_argument"),
        ({"filename": "", "length": 1}, "invalid_arguments"),
        ({"filename": "a.png", "length": 1, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
        ({"filename": "a.txt", "length": 1_000_001, "snippet_type": "text"}, "snippet_too_large"),
    ],
)
async def test_what_slack_does_not_take_is_refused_as_by_slack(
    bot: Bot, slack: Workspace, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(SlackApiError, match=code):
        await bot.slack.client.files_getUploadURLExternal(**given)


async def test_bytes_of_another_length_are_not_taken(bot: Bot, slack: Workspace) -> None:
    answer = await bot.slack.client.files_getUploadURLExternal(filename="a.txt", length=2)
    async with bot.slack.session.post(answer["upload_url"], data=b"abc") as refused:
        assert refused.status == 400
    with pytest.raises(SlackApiError, match="file_not_found"):
        await bot.slack.client.files_completeUploadExternal(files=[{"id": answer["file_id"]}])


class Elsewhere:
    """A Web API that gives out addresses of its own, and the uploads that come there: status by status."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.tokens: list[str] = []
        self.upload_url = ""
        app = web.Application()
        app.router.add_post("/api/{method}", self._method)
        app.router.add_post("/upload", self._upload)
        self.runner = web.AppRunner(app)

    async def _method(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "upload_url": self.upload_url, "file_id": "F1"})

    async def _upload(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization", ""))
        return web.Response(status=self.statuses.pop(0))


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    served = Elsewhere()
    await served.runner.setup()
    await web.TCPSite(served.runner, "127.0.0.1", 0).start()
    host, port = served.runner.addresses[0]
    served.upload_url = f"http://{host}:{port}/upload"
    yield served
    await served.runner.cleanup()


@pytest.mark.parametrize(
    ("statuses", "raised"),
    [
        ([200], None),
        ([500, 200], None),
        ([503, 500], NotSent),
        ([403], DeliveryError),
        ([302], DeliveryError),
    ],
)
async def test_an_upload_is_tried_twice_and_without_the_token(
    elsewhere: Elsewhere, statuses: list[int], raised: type[Exception] | None
) -> None:
    elsewhere.statuses = [*statuses]
    async with session() as connections:
        slack = Slack("xoxb-1", elsewhere.upload_url.replace("/upload", "/api/"), connections)
        if raised:
            with pytest.raises(raised):
                await Uploads(slack).send("C1", "a.txt", b"a")
        else:
            assert await Uploads(slack).send("C1", "a.txt", b"a") == "F1"
    assert elsewhere.statuses == []
    assert elsewhere.tokens == [""] * len(statuses)


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("https://files.slack.com/upload/v1/abc", True),
        ("http://files.slack.com/upload/v1/abc", False),
        ("https://files.slack.com.evil.example/upload", False),
        ("https://evil.example/upload", False),
    ],
)
async def test_slacks_own_web_api_may_only_name_addresses_of_slacks(address: str, trusted: bool) -> None:
    async with session() as connections:
        uploads = Uploads(Slack("xoxb-1", "https://slack.com/api/", connections))
        assert uploads.slack.is_slacks(address) is trusted
        if not trusted:
            with pytest.raises(DeliveryError, match="not Slack's"):
                await uploads._post(address, "a.txt", b"a")


async def test_the_page_shows_pictures_and_offers_files(
    bot: Bot, slack: Workspace, http: aiohttp.ClientSession
) -> None:
    ada, ben = slack.add_user("ada"), slack.add_user("ben")
    direct = await bot.slack.direct(ada)
    await bot.surfaces.upload(direct, "week.png", PNG, title="The <week>", alt_text="Three lines")
    await bot.surfaces.upload(direct, "x.html", b"<script>alert(1)</script>", title="A page")
    browser = Browser(slack.url, ada, http)
    shown = re.findall(
        r'<figure class="figure picture">.*?</figure>|<a class="file".*?</a>',
        await browser.page("/dm"),
        re.DOTALL,
    )
    html = Html("".join(shown))
    picture, card = html.one("img"), html.one("a", class_="file")
    assert (picture.attributes["alt"], card.attributes["download"]) == ("Three lines", "x.html")
    assert "HTML, 25 bytes" in card.text
    async with http.get(slack.url + picture.attributes["src"]) as seen:
        assert (seen.content_type, await seen.read()) == ("image/png", PNG)
    async with http.get(slack.url + card.attributes["href"]) as saved:
        assert saved.content_type == "application/octet-stream"
        assert saved.headers["Content-Disposition"] == "attachment"
    async with http.get(slack.url + card.attributes["href"].replace(ada, ben)) as secret:
        assert secret.status == 404


async def test_a_person_sends_a_file_on_the_page_and_the_bot_reads_it(
    bot: Bot, slack: Workspace, http: aiohttp.ClientSession
) -> None:
    ada = slack.add_user("ada")
    browser, content = Browser(slack.url, ada, http), b"@misc{a, title={Unheard of}}"
    async with running(bot):
        told = {"name": "a.bib", "content": base64.b64encode(content).decode()}
        assert await browser.act("upload", channel=slack.dm(ada), **told) == {"ok": True}
        answer = await slack.wait_for(
            lambda: next((m for m in slack.messages(slack.dm(ada)) if m.bot_id), None)
        )
        assert "Unheard of" in answer.plain()
    large = {"do": "upload", "as": ada, "channel": slack.dm(ada), "name": "b", "content": "A" * 4 * 850_000}
    body = io.BytesIO(json.dumps(large).encode())
    async with http.post(
        f"{slack.url}/act", data=body, headers={"Content-Type": "application/json"}
    ) as refused:
        assert refused.status == 413
        assert "at most 2 MB" in await refused.text()
    assert "base64" in (await browser.act("upload", channel=slack.dm(ada), name="b", content="?"))["error"]


async def test_files_are_there_after_a_restart(tmp_path: Any) -> None:
    saved: dict[str, Any] = {"saved_in": tmp_path / "workspace.db", "clock": MovableClock(MONDAY)}
    async with Workspace(**saved) as first:
        ada = first.add_user("ada")
        message = await first.upload(ada, first.dm(ada), "a.bib", b"\x00\xff")
    async with Workspace(**saved) as second:
        kept = second.state.files[message.files[0]["id"]]
        assert (kept.content, kept.shares) == (b"\x00\xff", {second.dm(ada): message.ts})
