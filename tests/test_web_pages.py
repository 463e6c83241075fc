"""The pages of the local workspace: what they show, what can be done on them, and who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.workspace import MovableClock, Workspace
from tests.page import BUTTON, MODAL, MONDAY, Browser, call, channel, small_workspace, user

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">"\'<!channel> & <http://x|y>'


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    async with small_workspace() as workspace:
        yield workspace


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def ada(slack: Workspace, http: aiohttp.ClientSession) -> Browser:
    return Browser(slack.url, user(slack, "ada"), http)


@pytest.fixture
def ben(slack: Workspace, http: aiohttp.ClientSession) -> Browser:
    return Browser(slack.url, user(slack, "ben"), http)


async def test_the_first_page_is_a_channel_the_bot_is_in(
    slack: Workspace, http: aiohttp.ClientSession
) -> None:
    async with http.get(slack.url) as answer:
        page = await answer.text()
    assert "<h1>#papers</h1>" in page
    assert 'aria-current="true" title="Act as Ada"' in page
    assert f'href="/c/{channel(slack, "random")}?as={user(slack, "ada")}"' in page


async def test_a_channel_shows_its_messages_with_the_day_they_were_written_on(
    slack: Workspace, ada: Browser
) -> None:
    await ada.act("say", channel=channel(slack), text="first")
    await ada.act("clock", to="morning")
    await ada.act("say", channel=channel(slack), text="second")
    page = await ada.page(f"/c/{channel(slack)}")
    words = ["Monday 22 December 2025", "first", "Tuesday 23 December 2025", "second"]
    assert sorted(words, key=page.index) == words


async def test_what_a_person_types_is_text_and_never_markup(slack: Workspace, ada: Browser) -> None:
    await ada.act("say", channel=channel(slack), text=HOSTILE)
    (message,) = slack.messages(channel(slack))
    assert "<" not in message.text.replace("<http://x>", ""), "an address is what Slack puts in brackets"
    page = await ada.page(f"/c/{channel(slack)}")
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_a_hostile_title_from_the_bot_is_shown_as_text(
    slack: Workspace, ada: Browser, http: aiohttp.ClientSession
) -> None:
    title = {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}}
    await call(slack, http, "chat.postMessage", channel=channel(slack), text="x", blocks=[title])
    page = await ada.page(f"/c/{channel(slack)}")
    assert "<script>alert" not in page
    assert "onerror=&#34;" in page or "onerror=&quot;" in page


async def test_no_script_but_ours_may_run(slack: Workspace, http: aiohttp.ClientSession) -> None:
    for path in ("/", "/home", "/nowhere-at-all"):
        async with http.get(f"{slack.url}{path}") as answer:
            if answer.status == 200:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "script-src 'self'" in policy
                assert "unsafe" not in policy
                page = await answer.text()
                assert page.count("<script") == 1
                assert '<script type="module" src="/static/app.js"' in page
                assert " onclick" not in page
                assert " style=" not in page


@pytest.mark.parametrize("path", ["/", "/home", "/panel", "/events", "/static/app.js"])
async def test_a_host_that_is_not_this_machine_is_refused(
    slack: Workspace, http: aiohttp.ClientSession, path: str
) -> None:
    for host in ("evil.example", f"evil.example:{slack.address[1]}", "127.0.0.1.evil.example", "["):
        async with http.get(f"{slack.url}{path}", headers={"Host": host}) as answer:
            assert answer.status in (400, 403)
            assert "papers" not in await answer.text()


async def test_localhost_is_this_machine_too(slack: Workspace, http: aiohttp.ClientSession) -> None:
    async with http.get(slack.url, headers={"Host": f"localhost:{slack.address[1]}"}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=str,
)
async def test_another_site_can_do_nothing(
    slack: Workspace, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    told = {"do": "say", "as": user(slack, "ada"), "channel": channel(slack), "text": "hello"}
    async with http.post(f"{slack.url}/act", json=told, headers=headers) as answer:
        assert answer.status == 403
        assert await answer.text() == "Another site may not use this workspace."
    assert slack.messages(channel(slack)) == []


async def test_the_pages_own_origin_is_welcome(slack: Workspace, http: aiohttp.ClientSession) -> None:
    told = {"do": "say", "as": user(slack, "ada"), "channel": channel(slack), "text": "hello"}
    async with http.post(f"{slack.url}/act", json=told, headers={"Origin": slack.url}) as answer:
        assert await answer.json() == {"ok": True}
    assert len(slack.messages(channel(slack))) == 1


async def test_a_form_of_another_site_is_not_json(slack: Workspace, http: aiohttp.ClientSession) -> None:
    body = '{"do": "say", "text": "hello"}'
    async with http.post(f"{slack.url}/act", data=body, headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "Nothing can be done by that name"),
    ({"do": ["say"]}, "Nothing can be done by that name"),
    ({"do": "say", "as": "U404"}, "Nobody here has this id"),
    ({"do": "say", "channel": "C404", "text": "x"}, "There is no such channel"),
    ({"do": "say", "text": ""}, "This needs 'text'"),
    ({"do": "say", "text": "   "}, "A message has 1 to 40,000 characters"),
    ({"do": "say", "text": "x" * 40_001}, "A message has 1 to 40,000 characters"),
    ({"do": "say", "text": 7}, "This needs 'text'"),
    ({"do": "say", "text": "x", "thread": "1.2"}, "The message that this thread belongs to is gone"),
    ({"do": "command", "text": "/paper today"}, "/paper is not a command here; there are: /papers, /invite."),
    ({"do": "command", "text": "/invite @ben"}, "Only the app can be invited here"),
    ({"do": "command", "text": "/invite @papers"}, "Papers is in this channel already"),
    ({"do": "react", "ts": "1.2", "emoji": "fire"}, "This message is gone"),
    ({"do": "click", "ts": "1.2", "action_id": "go"}, "This message is gone"),
    ({"do": "click", "view": "V404", "action_id": "go"}, "has no open view"),
    ({"do": "submit", "view": "V404"}, "has no open view"),
    ({"do": "submit", "view": "V404", "values": []}, "A form is submitted with its values"),
    ({"do": "clock", "to": "yesterday"}, "The clock can be moved to the next"),
    ({"do": "fault", "kind": "fire"}, "What can go wrong"),
    ({"do": "fault", "kind": "rate_limit", "method": "chat.shout"}, "There is no Web API method"),
]


@pytest.mark.parametrize(("told", "sentence"), WRONG, ids=str)
async def test_what_cannot_be_done_is_answered_with_a_sentence(
    slack: Workspace, ada: Browser, told: dict[str, Any], sentence: str
) -> None:
    whole = {"as": ada.user, "channel": channel(slack), **told}
    async with ada.http.post(f"{slack.url}/act", json=whole) as answer:
        assert answer.status in (400, 404)
        said = (await answer.json())["error"]
    assert sentence in said
    assert said.endswith((".", "papers"))


@pytest.mark.parametrize("body", ["", "[]", "nonsense", '"x"', "[" * 100_000])
async def test_a_body_that_says_nothing_is_answered_with_a_sentence(ada: Browser, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    async with ada.http.post(f"{ada.url}/act", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"].endswith(".")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/?as=U404", "Nobody here has this id."),
        ("/c/C404", "There is no such channel, or you are not in it."),
        ("/static/secret.py", "There is no such file."),
        ("/static/..%2fpages.py", "There is no such file."),
    ],
)
async def test_a_page_that_is_not_there_says_so(
    slack: Workspace, http: aiohttp.ClientSession, path: str, sentence: str
) -> None:
    async with http.get(f"{slack.url}{path}") as answer:
        assert answer.status == 404
        assert sentence in await answer.text()


async def test_a_thread_opens_beside_its_channel(slack: Workspace, ada: Browser) -> None:
    parent = await slack.say(ada.user, channel(slack), "shall we read this?")
    told = await ada.act("say", channel=channel(slack), text="yes", thread=parent.ts)
    assert told == {"ok": True}
    page = await ada.page(f"/c/{channel(slack)}", thread=parent.ts)
    messages, replies = page.split('id="replies"')
    assert "yes" not in messages
    assert "1 reply" in messages
    assert replies.index("shall we read this?") < replies.index("yes")


async def test_an_answer_only_one_person_sees_is_not_in_the_page_of_another(
    slack: Workspace, ada: Browser, ben: Browser, http: aiohttp.ClientSession
) -> None:
    secret = {"channel": channel(slack), "user": ada.user, "text": "just for you"}
    await call(slack, http, "chat.postEphemeral", **secret)
    shown = await ada.page(f"/c/{channel(slack)}")
    assert "just for you" in shown
    assert "Only visible to you" in shown
    assert "just for you" not in await ben.page(f"/c/{channel(slack)}")


async def test_a_private_channel_exists_only_for_its_members(
    slack: Workspace, ada: Browser, ben: Browser
) -> None:
    secret = slack.add_channel("secret", private=True, members=[ada.user])
    assert "secret" in await ada.page(f"/c/{secret}")
    assert "secret" not in await ben.page("/")
    async with ben.http.get(f"{slack.url}/c/{secret}", params={"as": ben.user}) as answer:
        assert answer.status == 404
    assert "no such channel" in (await ben.act("say", channel=secret, text="x"))["error"]


async def test_direct_messages_belong_to_whoever_looks(slack: Workspace, ada: Browser, ben: Browser) -> None:
    await ada.page("/dm")
    await ada.act("say", channel=slack.dm(ada.user), text="between us")
    assert "between us" in await ada.page("/dm")
    assert "between us" not in await ben.page("/dm")
    refused = await ben.act("say", channel=slack.dm(ada.user), text="x")
    assert "not in it" in refused["error"]


async def test_a_name_that_is_typed_becomes_a_mention(slack: Workspace, ada: Browser) -> None:
    await ada.act("say", channel=channel(slack), text="@papers and @ben, see #random; mail a@ben.org")
    (message,) = slack.messages(channel(slack))
    ben, there = user(slack, "ben"), channel(slack, "random")
    bot = slack.bot_user_id
    assert message.text == f"<@{bot}> and <@{ben}>, see <#{there}|random>; mail a@ben.org"


async def test_a_second_click_takes_a_reaction_back(slack: Workspace, ada: Browser) -> None:
    message = await slack.say(ada.user, channel(slack), "x")
    about = {"channel": channel(slack), "ts": message.ts, "emoji": "fire"}
    await ada.act("react", **about)
    assert message.reactions == {"fire": [ada.user]}
    assert 'aria-pressed="true"' in await ada.page(f"/c/{channel(slack)}")
    await ada.act("react", **about)
    assert message.reactions == {}


async def test_the_app_can_be_invited(slack: Workspace, ada: Browser) -> None:
    place = channel(slack, "random")
    assert await ada.act("command", channel=place, text="/invite @papers") == {"ok": True}
    assert slack.state.bot_is_in(slack.known_channel(place))


async def test_a_command_nobody_answers_says_so(slack: Workspace, ada: Browser) -> None:
    answer = await ada.act("command", channel=channel(slack), text="/papers today")
    assert answer == {"ok": False, "error": "The app did not answer in time. Is it running?"}


async def test_the_composer_offers_every_form_of_the_command(ada: Browser) -> None:
    page = await ada.page("/")
    for form, fill in (("/papers [topic]", "/papers "), ("/papers top week", "/papers top week")):
        assert f'data-form="{form}" data-fill="{fill}"' in page
    assert 'data-form="/invite @papers"' in page


async def test_a_click_reaches_the_bot_with_the_element_that_was_clicked(
    slack: Workspace, ada: Browser, http: aiohttp.ClientSession
) -> None:
    posted = await call(slack, http, "chat.postMessage", channel=channel(slack), text="x", blocks=[BUTTON])
    about = {"channel": channel(slack), "ts": posted["ts"], "action_id": "go", "block_id": "row"}
    await ada.act("click", **about, value="1")
    payload = slack.deliveries[-1].payload
    assert payload["type"] == "block_actions"
    assert (
        payload["actions"][0] | {"action_id": "go", "block_id": "row", "value": "1"} == payload["actions"][0]
    )
    wrong = await ada.act("click", **about | {"block_id": "other"})
    assert "nothing to click" in wrong["error"].lower()


async def test_a_modal_is_drawn_closed_and_checked(
    slack: Workspace, ada: Browser, ben: Browser, http: aiohttp.ClientSession
) -> None:
    view = (await call(slack, http, "views.open", trigger_id=slack.state.new_trigger(ada.user), view=MODAL))[
        "view"
    ]["id"]
    assert f'<dialog class="modal" id="modal-{view}">' in await ada.page("/")
    assert "<dialog" not in await ben.page("/")
    empty = await ada.act("submit", view=view, values={"topic": {"words": None}})
    assert empty["error"] == "The field 'topic' must be filled in."
    assert (
        "did not answer"
        in (await ada.act("submit", view=view, values={"topic": {"words": "robots"}}))["error"]
    )
    await ada.act("close", view=view)
    assert slack.deliveries[-1].payload["type"] == "view_closed"
    assert "<dialog" not in await ada.page("/")


async def test_home_is_what_the_app_published(
    slack: Workspace, ada: Browser, http: aiohttp.ClientSession
) -> None:
    assert "This app shows nothing here." in await ada.page("/home")
    await ada.act("home")
    assert slack.deliveries[-1].payload["event"]["type"] == "app_home_opened"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Your topics*"}}
    view = {"type": "home", "blocks": [section]}
    await call(slack, http, "views.publish", user_id=ada.user, view=view)
    assert "<strong>Your topics</strong>" in await ada.page("/home")


async def test_the_clock_moves_an_hour_and_to_the_next_morning(slack: Workspace, ada: Browser) -> None:
    assert "Mon 22 Dec 2025, 09:00" in await ada.page("/")
    await ada.act("clock", to="hour")
    assert "Mon 22 Dec 2025, 10:00" in await ada.page("/")
    await ada.act("clock", to="morning")
    assert "Tue 23 Dec 2025, 09:00" in await ada.page("/")


async def test_a_clock_that_cannot_be_moved_says_so(http: aiohttp.ClientSession) -> None:
    async with Workspace() as slack:
        browser = Browser(slack.url, slack.add_user("ada"), http)
        assert "Next morning" not in await browser.page("/home")
        answer = await browser.act("clock", to="hour")
    assert answer["error"] == "The clock of this workspace can't be moved."


def test_a_clock_only_goes_forward() -> None:
    clock = MovableClock(MONDAY, real=lambda: 50.0)
    assert clock() == MONDAY
    clock.move(1.5)
    assert clock() == MONDAY + 1.5
    with pytest.raises(ValueError, match="forward"):
        clock.move(-1)
    clock.to_next_morning()
    assert clock() == MONDAY + 86_400
    clock.move(15.5 * 3600)
    clock.to_next_morning()
    assert clock() == MONDAY + 2 * 86_400


async def test_older_messages_are_a_page_away(slack: Workspace, ada: Browser) -> None:
    for number in range(130):
        await slack.say(ada.user, channel(slack), f"message {number:03d}!")
    page = await ada.page(f"/c/{channel(slack)}")
    assert page.count("<article") == 20
    assert "message 099!" not in page
    assert "show=120" in page
    older = await ada.page(f"/c/{channel(slack)}", show="130")
    assert older.count("<article") == 130
    assert "Older messages" not in older


async def test_what_others_wrote_since_is_counted_as_unread(
    slack: Workspace, ada: Browser, ben: Browser
) -> None:
    await ben.act("say", channel=channel(slack, "random"), text="look")
    assert 'aria-label="1 unread"' in await ada.page(f"/c/{channel(slack)}")
    await ada.page(f"/c/{channel(slack, 'random')}")
    assert "unread" not in await ada.page(f"/c/{channel(slack)}")
    assert "unread" not in await ben.page(f"/c/{channel(slack)}"), "one's own messages are read"


async def panel(browser: Browser, words: str = "") -> list[dict[str, Any]]:
    async with browser.http.get(f"{browser.url}/panel", params={"q": words}) as answer:
        return list((await answer.json())["entries"])


async def test_the_panel_shows_calls_and_deliveries_newest_first(
    slack: Workspace, ada: Browser, http: aiohttp.ClientSession
) -> None:
    await call(slack, http, "chat.postMessage", channel=channel(slack), text="hello", blocks=[BUTTON])
    await ada.act("clock", to="hour")
    await ada.act("command", channel=channel(slack), text="/papers robots & arms")
    newest, oldest = await panel(ada)
    assert (newest["kind"], newest["name"]) == ("delivery", "/papers robots &amp; arms")
    assert (newest["ok"], newest["status"]) == (False, "connection_failed")
    assert newest["at"].startswith("2025-12-22 10:00:")
    assert (oldest["kind"], oldest["name"], oldest["status"]) == ("call", "chat.postMessage", "ok")
    assert oldest["detail"]["arguments"]["blocks"] == [BUTTON]
    assert oldest["detail"]["answer"]["ok"] is True
    assert slack.bot_token not in str([newest, oldest])
    assert await panel(ada, "HELLO postMessage") == [oldest]
    assert await panel(ada, "hello robots") == []


async def test_trouble_is_asked_for_on_the_page_and_happens(
    slack: Workspace, ada: Browser, http: aiohttp.ClientSession
) -> None:
    told = await ada.act("fault", kind="rate_limit", method="auth.test")
    assert told == {"ok": True}
    assert "429 for auth.test (3x)" in await ada.page("/")
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with http.post(f"{slack.api_url}auth.test", headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
    for kind in ("fail_after_work", "redeliver", "drop_ack"):
        await ada.act("fault", kind=kind, method="auth.test")
    page = await ada.page("/")
    for words in ("429 for auth.test (2x)", "500 after work", "delivered twice (1x)", "a lost ack (1x)"):
        assert words in page
    await ada.act("fault", kind="clear")
    assert "Waiting to happen" not in await ada.page("/")


async def test_an_address_of_all_is_open_to_figures_but_not_to_names(http: aiohttp.ClientSession) -> None:
    async with Workspace(host="0.0.0.0") as slack:
        slack.add_user("ada")
        assert slack.url.startswith("http://127.0.0.1:")
        for host, status in (("192.0.2.7:80", 200), ("127.0.0.1", 200), ("evil.example", 403)):
            async with http.get(f"{slack.url}/home", headers={"Host": host}) as answer:
                assert answer.status == status
