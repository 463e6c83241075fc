"""Links, shortcuts and the assistant's pane of the local workspace, as Slack has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workspace import Workspace
from bot.workspace.links import addresses, links, wrapped
from tests.page import Browser, channel, small_workspace, user

SHORTCUTS = (
    {"type": "message", "callback_id": "keep", "name": "Keep <it>", "description": "d"},
    {"type": "global", "callback_id": "begin", "name": "Begin", "description": "d"},
)
URL = "https://arxiv.org/abs/2403.00001?a=1&b=2"
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "a paper"}}]


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    options: dict[str, Any] = {"shortcuts": SHORTCUTS, "unfurl_domains": ("arxiv.org",)}
    async with small_workspace(**options, events=("link_shared", "app_mention")) as workspace:
        yield workspace


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def unfurl(slack: Workspace, http: aiohttp.ClientSession, **args: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.post(f"{slack.api_url}chat.unfurl", json=args, headers=headers) as answer:
        return dict(await answer.json())


async def test_a_link_of_the_apps_domains_is_told_wherever_it_is_pasted(slack: Workspace) -> None:
    ada = user(slack, "ada")
    for place in ("papers", "random"):
        await slack.say(ada, channel(slack, place), f"<{URL.replace('&', '&amp;')}|x> https://example.org/a")
    told = [delivery.payload["event"] for delivery in slack.deliveries]
    assert [event["is_bot_user_member"] for event in told] == [True, False]
    assert told[0]["links"] == [{"domain": "arxiv.org", "url": URL}]
    assert told[0]["source"] == "conversations_history"
    await slack.say(ada, channel(slack), "https://example.org/arxiv.org")
    assert len(slack.deliveries) == 2


async def test_a_preview_is_put_below_the_message_once_and_changed_after_that(
    slack: Workspace, http: aiohttp.ClientSession
) -> None:
    message = await slack.say(user(slack, "ada"), channel(slack), URL)
    spot = {"channel": message.channel, "ts": message.ts}
    for text in ("a paper", "the same paper"):
        shown = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
        assert await unfurl(slack, http, **spot, unfurls={URL: {"blocks": shown}}) == {"ok": True}
    assert message.plain().endswith("the same paper")
    assert [each["app_unfurl_url"] for each in message.attachments] == [URL]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": None}, "missing_channel"),
        ({"ts": None}, "missing_ts"),
        ({"channel": "C9"}, "cannot_find_channel"),
        ({"ts": "1.000001"}, "cannot_find_message"),
        ({"unfurls": {}}, "missing_unfurls"),
        ({"unfurls": {"https://arxiv.org/abs/1": {"blocks": BLOCKS}}}, "cannot_unfurl_url"),
        ({"unfurls": {URL: "text"}}, "invalid_unfurls_format"),
        ({"unfurls": {URL: {"blocks": [{"type": "section"}]}}}, "cannot_parse_attachment"),
        ({"unfurl_id": "Ux1", "source": "composer"}, "cannot_find_message"),
    ],
)
async def test_what_slack_refuses_of_a_preview_is_refused(
    slack: Workspace, http: aiohttp.ClientSession, args: dict[str, Any], error: str
) -> None:
    message = await slack.say(user(slack, "ada"), channel(slack), URL)
    given = {"channel": message.channel, "ts": message.ts, "unfurls": {URL: {"blocks": BLOCKS}}} | args
    answer = await unfurl(slack, http, **{name: value for name, value in given.items() if value is not None})
    assert answer["error"] == error


async def test_shortcuts_stand_in_the_menus_of_the_page_and_are_told(
    slack: Workspace, http: aiohttp.ClientSession
) -> None:
    ada = Browser(slack.url, user(slack, "ada"), http)
    message = await slack.say(ada.user, channel(slack), "hello")
    page = await ada.page(f"/c/{channel(slack)}")
    assert 'data-shortcut="keep" title="d">Keep &lt;it&gt;<' in page
    assert 'data-shortcut="begin"' in page
    here = {"channel": channel(slack)}
    await ada.act("shortcut", callback_id="keep", ts=message.ts, **here)
    await ada.act("shortcut", callback_id="begin", **here)
    used = [delivery.payload for delivery in slack.deliveries if delivery.kind == "interactive"]
    assert [one["type"] for one in used] == ["message_action", "shortcut"]
    assert used[0]["message"]["text"] == "hello"
    assert "channel" not in used[1]
    refused = await ada.act("shortcut", callback_id="keep", **here)
    assert "No global shortcut" in refused["error"]


async def test_a_mention_in_direct_messages_is_no_event_of_its_own(slack: Workspace) -> None:
    ada = user(slack, "ada")
    for place in (slack.dm(ada), channel(slack)):
        await slack.say(ada, place, f"<@{slack.bot_user_id}> hello")
    assert [delivery.payload["event"]["channel"] for delivery in slack.deliveries] == [channel(slack)]


async def test_a_typed_address_and_a_typed_mention_are_what_slack_makes_of_them(
    slack: Workspace, http: aiohttp.ClientSession
) -> None:
    ada = Browser(slack.url, user(slack, "ada"), http)
    await ada.act("say", channel=channel(slack), text="@papers see https://a.example/@papers?a=1&b=2, <b>")
    (message,) = slack.messages(channel(slack))
    bot = slack.bot_user_id
    assert message.text == f"<@{bot}> see <https://a.example/@papers?a=1&amp;b=2>, &lt;b&gt;"
    assert addresses(message.text) == ["https://a.example/@papers?a=1&b=2"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_written(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert wrapped(escaped).replace("<", "").replace(">", "") == escaped
    assert links(text, ("arxiv.org",)) == [] or "arxiv.org" in text
