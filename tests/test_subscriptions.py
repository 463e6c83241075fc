"""Subscribing in a modal, with its preview, and the list of subscriptions: over the wire, as a person does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from typing import Any, NamedTuple

import pytest

from bot.app import Bot, open_bot
from bot.asking import Asker
from bot.config import Settings
from bot.messages import (
    EDIT_SUBSCRIPTION,
    NEW_SUBSCRIPTION,
    SUBSCRIPTION_DELETE,
    SUBSCRIPTION_PREVIEW,
    SUBSCRIPTION_TURN,
    SUBSCRIPTION_UNDO,
)
from bot.workspace import Message, Workspace, message_problems, view_problems
from storage.models import Mode, Topic
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.test_alerts import follow, list_titles
from tests.upstream import Upstream

TODAY = TUESDAY.date()


class Desk(NamedTuple):
    """Ada in #reading, with the bot running."""

    bot: Bot
    slack: Workspace
    ada: str
    reading: str

    async def open(self, text: str = "subscribe", channel: str = "") -> dict[str, Any]:
        """Type a command that opens a modal, and return it."""
        run = await self.slack.command(self.ada, channel or self.reading, "/papers", text)
        assert run.acked
        return await self.modal()

    async def modal(self) -> dict[str, Any]:
        view = await self.slack.wait_for(lambda: self.slack.open_view(self.ada))
        assert view_problems({name: view[name] for name in view if name in _OWN}) == []
        return view

    async def submit(self, view: dict[str, Any], **filled: Any) -> Any:
        """Submit the modal with these fields changed; returns what was wrong with them."""
        values = {name: {name: value} for name, value in filled.items()}
        run = await self.slack.submit_view(self.ada, view["id"], values)
        assert run.acked, run.error
        return run.ack_body["errors"] if isinstance(run.ack_body, dict) and run.ack_body else {}

    async def preview(self, view: dict[str, Any], **filled: Any) -> str:
        """Press *Preview*; returns the modal as it is then, as text."""
        values = {name: {name: value} for name, value in filled.items()}
        await self.slack.click_view(self.ada, view["id"], SUBSCRIPTION_PREVIEW, state_values=values)
        seen = view["hash"]
        after = await self.slack.wait_for(
            lambda: (now := self.slack.open_view(self.ada)) and now["hash"] != seen and now
        )
        return str(after["blocks"])

    async def told(self, words: str, channel: str = "") -> Message:
        """The newest thing that was said to Ada alone and has these words."""
        return await self.slack.wait_for(
            lambda: next(
                (it for it in reversed(self.slack.ephemerals(self.ada)) if words in it.plain()), None
            )
        )

    async def ask(self, text: str) -> Message:
        answer = await (await self.slack.command(self.ada, self.reading, "/papers", text)).reply()
        assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
        return answer

    async def press(self, message: Message, action: str, value: str | None = None) -> Message:
        return await (await self.slack.click_reply(self.ada, message, action, value)).reply()

    async def topics(self) -> list[Topic]:
        return await self.bot.library.store.topics_of(self.bot.identity.team_id, self.reading, self.ada)


_OWN = ("type", "callback_id", "private_metadata", "title", "submit", "close", "blocks")


@pytest.fixture
async def desk(bot: Bot, slack: Workspace) -> AsyncIterator[Desk]:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with running(bot):
        yield Desk(bot, slack, ada, reading)


def starts(view: dict[str, Any]) -> dict[str, Any]:
    """What the fields of a modal hold before anybody touches them."""
    found = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            initial = {name: it for name, it in block["element"].items() if name.startswith("initial_")}
            found[block["block_id"]] = next(iter(initial.values()), None)
    return found


async def test_a_topic_is_subscribed_in_the_modal_and_its_papers_come(desk: Desk, upstream: Upstream) -> None:
    view = await desk.open("subscribe robots -survey 08:30 Europe/Berlin")
    filled = starts(view)
    assert (filled["typed"], filled["post_at"], filled["timezone"]) == (
        "robots -survey",
        "08:30",
        "Europe/Berlin",
    )
    changed = {
        "weekdays": ["0", "1", "2"],
        "top": "3",
        "minimum": "5",
        "mode": "list",
        "categories": "cs.lg cs.*",
    }
    assert await desk.submit(view, **changed) == {}
    assert desk.slack.open_view(desk.ada) is None
    (topic,) = await desk.topics()
    assert topic.model_dump(exclude={"id", "created_at", "team_id"}) == {
        "channel_id": desk.reading,
        "user_id": desk.ada,
        "typed": "robots -survey",
        "sources": (),
        "categories": ("cs.LG", "cs.*"),
        "post_at": time(8, 30),
        "timezone": "Europe/Berlin",
        "weekdays": (0, 1, 2),
        "top": 3,
        "minimum": 5,
        "mode": Mode.LIST,
        "active": True,
        "deleted": False,
    }
    said = (await desk.told("Subscribed")).plain()
    assert "“robots -survey” in" in said
    assert "Monday, Tuesday, Wednesday at 08:30 (Europe/Berlin), at most 3 papers as one list" in said


async def test_a_subscription_to_oneself_comes_as_direct_messages(desk: Desk, upstream: Upstream) -> None:
    (id,) = list_titles(upstream, TODAY, "Robots walk")
    assert await desk.submit(await desk.open("subscribe robots"), where="me") == {}
    (topic,) = await desk.topics()
    direct = desk.slack.dm(desk.ada)
    assert topic.channel_id == direct
    alert = await desk.slack.wait_for(
        lambda: next((it for it in desk.slack.messages(direct) if it.metadata), None)
    )
    assert (alert.metadata or {})["event_payload"]["paper"] == id
    assert "direct messages" in desk.slack.messages(direct)[0].plain()


async def test_without_a_topic_the_channel_gets_the_days_papers(desk: Desk) -> None:
    changed = {"top": "2", "weekdays": ["0", "4"], "sources": ["huggingface"], "minimum": "3", "mode": "list"}
    assert await desk.submit(await desk.open(), **changed) == {}
    held = await desk.bot.library.store.subscription(desk.bot.identity.team_id, desk.reading)
    assert held
    assert (held.top, held.weekdays, held.sources, held.minimum, held.mode) == (
        2,
        (0, 4),
        ("huggingface",),
        3,
        "list",
    )
    assert held.created_by == desk.ada
    again = starts(await desk.open())
    assert (again["top"], again["minimum"]) == ("2", "3")  # it is what the channel has
    # An hour that is typed changes the hour alone.
    await desk.ask("subscribe 10:15")
    held = await desk.bot.library.store.subscription(desk.bot.identity.team_id, desk.reading)
    assert held
    assert (held.post_at, held.top, held.weekdays, held.mode) == (time(10, 15), 2, (0, 4), "list")


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"typed": "!?"}, "no word in it"),
        ({"typed": "sort:new"}, "no word in it"),
        ({"timezone": "Mars/Olympus"}, "don't know this time zone"),
        ({"timezone": "../../etc/passwd"}, "don't know this time zone"),
        ({"categories": "cs.LG nonsense"}, "nonsense is no category"),
        ({"top": "0"}, "from 1 to 30"),
        ({"top": "1.5"}, "from 1 to 30"),
        ({"minimum": "-1"}, "from 0 to"),
    ],
)
async def test_what_is_wrong_is_said_in_its_field(desk: Desk, filled: dict[str, str], sentence: str) -> None:
    view = await desk.open("subscribe robots")
    errors = await desk.submit(view, **filled)
    assert list(errors) == list(filled)
    assert sentence in next(iter(errors.values()))
    assert await desk.topics() == []
    assert desk.slack.open_view(desk.ada)


async def test_the_preview_shows_what_would_have_come_and_keeps_what_was_filled_in(
    desk: Desk, upstream: Upstream
) -> None:
    list_titles(upstream, TODAY, "Robots <walk>", "A survey of robots", "Proteins")
    await desk.bot.library.ingest.fetch_day(TODAY, ["huggingface"])
    view = await desk.open("subscribe robots")
    shown = await desk.preview(view, typed="robots -survey", minimum="1", where="me", weekdays=["1"])
    assert "would have posted 1 paper, about 0.5 a week" in shown
    assert "Robots &lt;walk&gt;" in shown
    assert "survey of robots" not in shown
    now = await desk.modal()
    assert starts(now)["typed"] == "robots -survey"
    assert starts(now)["where"]["value"] == "me"
    assert [option["value"] for option in starts(now)["weekdays"]] == ["1"]
    assert "would have posted nothing" in await desk.preview(now, typed="whales")
    assert "Choose at least one source" in await desk.preview(await desk.modal(), sources=[])
    assert await desk.submit(await desk.modal(), sources=["huggingface"]) == {}
    assert [topic.typed for topic in await desk.topics()] == ["whales"]


async def test_a_modal_submitted_twice_is_one_topic_and_the_same_topic_is_not_followed_twice(
    desk: Desk,
) -> None:
    view = await desk.open("subscribe robots")
    assert await desk.submit(view) == {}
    desk.slack.state.views[view["id"]].open = True  # the answer was lost, and the person presses again
    assert await desk.submit(view) == {}
    assert len(await desk.topics()) == 1
    errors = await desk.submit(await desk.open("subscribe Robots"))
    assert "followed there already" in errors["typed"]


async def test_the_list_edits_pauses_deletes_and_undoes(desk: Desk) -> None:
    topic = await follow(desk.bot, desk.reading, "robots", user_id=desk.ada)
    await desk.ask("subscribe 8:15")
    listed = await desk.ask("subscriptions")
    assert "The day's papers" in listed.plain()
    assert "“robots”" in listed.plain()
    key = f"topic:{topic.id}"
    paused = await desk.press(listed, SUBSCRIPTION_TURN, f"pause {key}")
    assert "“robots” is paused." in paused.plain()
    assert not (await desk.topics())[0].active
    undone = await desk.press(paused, SUBSCRIPTION_UNDO)
    assert "“robots” goes on." in undone.plain()
    deleted = await desk.press(undone, SUBSCRIPTION_DELETE, f"delete {key}")
    assert await desk.topics() == []
    back = await desk.press(deleted, SUBSCRIPTION_UNDO)
    assert "“robots” is back." in back.plain()
    off = await desk.press(back, SUBSCRIPTION_TURN, f"pause daily:{desk.reading}")
    assert await desk.bot.library.store.subscriptions(desk.bot.identity.team_id) == []
    on = await desk.press(off, SUBSCRIPTION_UNDO)
    assert len(await desk.bot.library.store.subscriptions(desk.bot.identity.team_id)) == 1
    await desk.slack.click_reply(desk.ada, on, EDIT_SUBSCRIPTION, key)
    view = await desk.modal()
    assert starts(view)["typed"] == "robots"
    assert "where" not in starts(view)
    assert await desk.submit(view, typed="whales", top="7") == {}
    (changed,) = await desk.topics()
    assert (changed.id, changed.typed, changed.top) == (topic.id, "whales", 7)
    assert "Changed: “whales”" in (await desk.told("Changed")).plain()


async def test_editing_the_days_papers_has_no_topic_and_leaves_them_paused(desk: Desk) -> None:
    await desk.ask("subscribe 8:15")
    await desk.ask("unsubscribe")
    listed = await desk.ask("subscriptions")
    assert "paused" in listed.plain()
    await desk.slack.click_reply(desk.ada, listed, EDIT_SUBSCRIPTION, f"daily:{desk.reading}")
    view = await desk.modal()
    assert not {"typed", "categories", "where"} & set(starts(view))
    assert await desk.submit(view, top="9") == {}
    held = await desk.bot.library.store.subscription(desk.bot.identity.team_id, desk.reading)
    assert held
    assert (held.top, held.active, held.post_at) == (9, False, time(8, 15))


async def test_an_empty_list_says_so_and_opens_the_modal(desk: Desk) -> None:
    listed = await desk.ask("subscriptions")
    assert "Nothing is subscribed to" in listed.plain()
    await desk.slack.click_reply(desk.ada, listed, NEW_SUBSCRIPTION)
    assert (await desk.modal())["title"]["text"] == "New subscription"


async def test_from_the_home_tab_a_new_subscription_is_for_the_person(desk: Desk) -> None:
    button = {"type": "button", "action_id": NEW_SUBSCRIPTION, "text": {"type": "plain_text", "text": "New"}}
    home = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
    await desk.bot.surfaces.publish_home(desk.ada, home)
    shown = desk.slack.home(desk.ada)
    assert shown
    await desk.slack.click_view(desk.ada, shown["id"], NEW_SUBSCRIPTION)
    view = await desk.modal()
    assert [option["value"] for option in _field(view, "where")["options"]] == ["me"]
    assert await desk.submit(view, typed="robots") == {}
    held = await desk.bot.subscriptions.held(Asker(desk.ada, ""))
    assert [one.channel_id for one in held.mine] == [desk.slack.dm(desk.ada)]
    assert held.here == []


async def test_others_change_only_what_is_in_their_channel(desk: Desk) -> None:
    ben = desk.slack.add_user("ben")
    other = desk.slack.add_channel("other")
    private = await follow(desk.bot, desk.slack.dm(desk.ada), "secrets", user_id=desk.ada)
    here = await follow(desk.bot, desk.reading, "robots", user_id=desk.ada)
    listed = await (await desk.slack.command(ben, other, "/papers", "subscriptions")).reply()
    assert "secrets" not in listed.plain()
    for topic in (private, here):
        value = f"delete topic:{topic.id}"
        for block in listed.blocks:
            for element in block.get("elements", []):
                element |= {"action_id": SUBSCRIPTION_DELETE, "value": value}
        said = await (await desk.slack.click_reply(ben, listed, SUBSCRIPTION_DELETE, value)).reply()
        assert "subscription" in said.plain()
        kept = await desk.bot.library.store.topic(topic.team_id, topic.id)
        assert kept
        assert not kept.deleted


async def test_what_somebody_else_deleted_meanwhile_is_gone(desk: Desk) -> None:
    ben = desk.slack.add_user("ben")
    topic = await follow(desk.bot, desk.reading, "robots", user_id=desk.ada)
    key = f"topic:{topic.id}"
    listed = await desk.ask("subscriptions")
    await desk.slack.click_reply(desk.ada, listed, EDIT_SUBSCRIPTION, key)
    view = await desk.modal()
    bens = await (await desk.slack.command(ben, desk.reading, "/papers", "subscriptions")).reply()
    await (await desk.slack.click_reply(ben, bens, SUBSCRIPTION_DELETE, f"delete {key}")).reply()
    assert "This subscription is gone." in (await desk.submit(view, typed="whales"))["sources"]
    said = await desk.press(listed, SUBSCRIPTION_TURN, f"pause {key}")
    assert "This subscription is gone. `/papers subscriptions` lists those there are." in said.text
    kept = await desk.bot.library.store.topic(topic.team_id, topic.id)
    assert kept == topic.model_copy(update={"deleted": True})


async def test_where_the_bot_is_not_the_modal_offers_direct_messages_alone(desk: Desk) -> None:
    elsewhere = desk.slack.add_channel("elsewhere", bot=False)
    view = await desk.open("subscribe robots", elsewhere)
    assert "I am not in this channel" in str(view["blocks"][0])
    assert [option["value"] for option in _field(view, "where")["options"]] == ["me"]
    assert await desk.submit(view) == {}
    assert [topic.channel_id for topic in await desk.topics()] == [desk.slack.dm(desk.ada)]


async def test_a_channel_that_threw_the_bot_out_meanwhile_is_refused_in_its_field(desk: Desk) -> None:
    view = await desk.open("subscribe robots")
    desk.slack.remove_bot(desk.reading)
    errors = await desk.submit(view)
    assert "Type /invite @papers and then" in errors["where"]
    assert await desk.topics() == []


async def test_where_only_admins_may_others_subscribe_themselves_alone(
    settings: Settings, slack: Workspace, clock: MovedClock
) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    wanted = settings.model_copy(update={"papers_subscribers": "admins"})
    async with open_bot(wanted, clock, QUICK) as bot, running(bot):
        desk = Desk(bot, slack, ada, reading)
        view = await desk.open("subscribe robots")
        assert "Only admins" in str(view["blocks"][0])
        assert [option["value"] for option in _field(view, "where")["options"]] == ["me"]
        assert await desk.submit(view) == {}
        topic = await follow(bot, reading, "whales", user_id="U0")
        listed = await desk.ask("subscriptions")
        said = await desk.press(listed, SUBSCRIPTION_TURN, f"pause topic:{topic.id}")
        assert "Only admins" in said.plain()
        assert [one.active for one in await bot.library.store.topics_of(topic.team_id, reading)] == [True]


async def test_slack_that_does_not_answer_is_said_in_the_modal(
    settings: Settings, slack: Workspace, clock: MovedClock
) -> None:
    ada, reading = slack.add_user("ada"), slack.add_channel("reading")
    async with open_bot(settings, clock, replace(QUICK, modal=0.1)) as bot, running(bot):
        desk = Desk(bot, slack, ada, reading)
        view = await desk.open("subscribe robots")
        slack.faults.hang("conversations.info", seconds=0.3)
        errors = await desk.submit(view)
        assert "Press the button again" in errors["where"]
        assert await desk.submit(view) == {}


def _field(view: dict[str, Any], id: str) -> dict[str, Any]:
    return next(block["element"] for block in view["blocks"] if block.get("block_id") == id)
