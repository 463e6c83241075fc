"""What changes in the workspace shows in every open page, for those who may see it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import Bot
from bot.workspace import Workspace
from bot.workspace.web.live import Tab
from bot.workspace.web.scene import Look
from tests.conftest import MovedClock, running
from tests.editions import list_day, posted, subscribe, tick
from tests.page import MODAL, Browser, call, channel, small_workspace, tab_of, user
from tests.upstream import Upstream


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def small(http: aiohttp.ClientSession) -> AsyncIterator[Workspace]:
    async with small_workspace() as workspace:
        yield workspace


@pytest.fixture
def ada(small: Workspace, http: aiohttp.ClientSession) -> Browser:
    return Browser(small.url, user(small, "ada"), http)


@pytest.fixture
def ben(small: Workspace, http: aiohttp.ClientSession) -> Browser:
    return Browser(small.url, user(small, "ben"), http)


async def test_a_vote_shows_in_everybodys_open_page(
    slack: Workspace, bot: Bot, upstream: Upstream, clock: MovedClock, http: aiohttp.ClientSession
) -> None:
    ada, ben = (Browser(slack.url, slack.add_user(name), http) for name in ("ada", "ben"))
    place = slack.add_channel("papers")
    list_day(upstream, clock().date(), 2)
    await subscribe(bot, place)
    await tick(bot)
    async with running(bot):
        paper = posted(slack, place)[1]
        async with ada.watching(f"/c/{place}") as first, ben.watching(f"/c/{place}") as second:
            await ben.act("react", channel=place, ts=paper.ts, emoji="fire")
            for stream in (first, second):
                shown = await stream.html('data-react="fire" aria-pressed=')
                assert shown["put"] == f"m-{paper.ts.replace('.', '-')}"
                assert ('aria-pressed="true"' in shown["html"]) is (stream is second)
                await stream.html("1 upvote here")


async def test_a_new_message_stands_below_the_others(small: Workspace, ada: Browser, ben: Browser) -> None:
    async with ada.watching(f"/c/{channel(small)}") as stream:
        await ben.act("say", channel=channel(small), text="first")
        name, changes = await stream.event()
        assert name == "change"
        assert {"remove": "empty"} in changes
        message, day = (change for change in changes if change.get("into") == "messages")
        assert "first" in message["html"]
        assert message["before"] is None
        assert "Monday" in day["html"]
        assert day["before"] == message["put"], "the day stands above what was written on it"


async def test_a_reply_changes_the_count_in_the_channel_and_stands_in_the_open_thread(
    small: Workspace, ada: Browser, ben: Browser
) -> None:
    parent = await small.say(ada.user, channel(small), "who reads this?")
    async with ada.watching(f"/c/{channel(small)}", thread=parent.ts) as stream:
        await ben.act("say", channel=channel(small), text="me", thread=parent.ts)
        _, changes = await stream.event()
        into = {change["into"]: change["html"] for change in changes if "html" in change}
        assert "1 reply" in into["messages"]
        assert "me" in into["replies"]


async def test_an_answer_goes_only_to_the_pages_of_whoever_asked(
    small: Workspace, ada: Browser, ben: Browser, http: aiohttp.ClientSession
) -> None:
    async with ada.watching("/") as hers, ben.watching("/") as his:
        secret = {"channel": channel(small), "user": ada.user, "text": "just for you"}
        await call(small, http, "chat.postEphemeral", **secret)
        await call(small, http, "chat.postMessage", channel=channel(small), text="for everybody")
        assert "Only visible to you" in (await hers.html("just for you"))["html"]
        seen = ""
        while "for everybody" not in seen:
            seen += str(await his.event())
        assert "just for you" not in seen


async def test_what_is_deleted_goes_away(small: Workspace, ada: Browser) -> None:
    message = await small.say(ada.user, channel(small), "oops")
    async with ada.watching("/") as stream:
        small.delete_message(channel(small), message.ts)
        await stream.removed(f"m-{message.ts.replace('.', '-')}")


async def test_a_modal_opens_and_closes_for_one_person(
    small: Workspace, ada: Browser, http: aiohttp.ClientSession
) -> None:
    async with ada.watching("/") as stream:
        trigger = small.state.new_trigger(ada.user)
        view = await call(small, http, "views.open", trigger_id=trigger, view=MODAL)
        shown = await stream.html("<dialog")
        assert shown["into"] == "modals"
        await ada.act("close", view=view["view"]["id"])
        await stream.removed(shown["put"])


async def test_messages_elsewhere_are_counted_in_the_sidebar(
    small: Workspace, ada: Browser, ben: Browser
) -> None:
    async with ada.watching(f"/c/{channel(small)}") as stream:
        await ben.act("say", channel=channel(small, "random"), text="look")
        assert "1 unread" in (await stream.html("unread"))["html"]


async def test_the_clock_shows_that_it_was_moved(ada: Browser) -> None:
    async with ada.watching("/") as stream:
        await ada.act("clock", to="morning")
        await stream.html("Tue 23 Dec 2025, 09:00")


async def test_a_page_goes_on_from_what_it_got_last(small: Workspace, ada: Browser, ben: Browser) -> None:
    tab = tab_of(await ada.page("/"))
    async with ada.follow(tab) as stream:
        await ben.act("say", channel=channel(small), text="one")
        await stream.html("one")
    await ben.act("say", channel=channel(small), text="two")
    async with ada.follow(tab, last="1") as stream:
        _, changes = await stream.event()
        shown = "".join(change.get("html", "") for change in changes if change.get("into") == "messages")
        assert "two" in shown
        assert "one" not in shown


async def test_a_page_the_server_does_not_know_loads_itself_again(ada: Browser) -> None:
    async with ada.follow("of-another-server") as stream:
        assert await stream.event() == ("reload", {})


async def test_a_page_that_missed_something_loads_itself_again(
    small: Workspace, ada: Browser, ben: Browser
) -> None:
    tab = tab_of(await ada.page("/"))
    async with ada.follow(tab) as stream:
        await ben.act("say", channel=channel(small), text="one")
        await stream.html("one")
    async with ada.follow(tab, last="0") as stream:
        assert await stream.event() == ("reload", {})


async def test_a_stream_ends_when_the_workspace_stops(http: aiohttp.ClientSession) -> None:
    async with small_workspace() as slack:
        browser = Browser(slack.url, user(slack, "ada"), http)
        async with browser.watching("/") as stream:
            await slack.stop()
            with pytest.raises(ConnectionError, match="ended"):
                await stream.html("nothing of the kind")


elements = st.dictionaries(st.sampled_from("abcdefgh"), st.text("xy", max_size=2))


@given(before=elements, after=elements, order=st.permutations("abcdefgh"))
def test_a_page_that_makes_every_change_shows_what_is_there(
    before: dict[str, str], after: dict[str, str], order: list[str]
) -> None:
    before, after = ({id: html[id] for id in order if id in html} for html in (before, after))
    tab = Tab(Look("U1", "C1"), {"messages": before})
    shown = dict(before)
    for change in tab.differences({"messages": after}):
        if "remove" in change:
            del shown[change["remove"]]
        elif change["put"] in shown:
            shown[change["put"]] = change["html"]
        else:
            items = list(shown.items())
            at = list(shown).index(change["before"]) if change["before"] else len(items)
            shown = dict([*items[:at], (change["put"], change["html"]), *items[at:]])
    assert list(shown.items()) == list(after.items())
    assert tab.differences({"messages": after}) == []


def test_ids_are_safe_in_a_page() -> None:
    assert re.fullmatch(r"[\w-]+", Tab(Look("U1", "C1"), {}).id)
