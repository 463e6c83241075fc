"""The workspace serving a real slack-bolt app, over Socket Mode and over signed HTTP alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace

Json = dict[str, Any]
Behaviour = Callable[..., Awaitable[None]]


def button(text: str, action_id: str, value: str) -> Json:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": text},
        "action_id": action_id,
        "value": value,
    }


PAPER: list[Json] = [
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "<https://arxiv.org/abs/1|Diffusion &amp; policy>"},
    },
    {"type": "actions", "elements": [button("Upvote", "vote", "1")]},
    {"type": "actions", "elements": [button("Downvote", "vote", "-1")]},
]
SOURCES = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("arxiv", "hf")]
MODAL = {
    "type": "modal",
    "callback_id": "topic",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Topic"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "query",
            "label": {"type": "plain_text", "text": "Query"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "source",
            "label": {"type": "plain_text", "text": "Source"},
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": SOURCES,
                "initial_option": SOURCES[0],
            },
        },
    ],
}


@dataclass
class Bot:
    """A Bolt app that notes what it heard, and does what each test gives it to do."""

    app: AsyncApp
    heard: list[Json] = field(default_factory=list)
    retries: list[tuple[str, str]] = field(default_factory=list)
    behaviour: dict[str, Behaviour] = field(default_factory=dict)

    def does(self, name: str) -> Callable[[Behaviour], Behaviour]:
        def keep(function: Behaviour) -> Behaviour:
            self.behaviour[name] = function
            return function

        return keep


def bot_of(slack: Workspace) -> Bot:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    bot = Bot(app)

    def listener(name: str) -> Behaviour:
        async def listen(body: Json, ack: Any, respond: Any, client: Any, request: Any) -> None:
            bot.heard.append(body)
            number = request.headers.get("x-slack-retry-num", [""])[0]
            bot.retries.append((number, request.headers.get("x-slack-retry-reason", [""])[0]))
            if behaviour := bot.behaviour.get(name):
                await behaviour(body=body, ack=ack, respond=respond, client=client)
            else:
                await ack()

        return listen

    app.command("/papers")(listener("command"))
    app.action("vote")(listener("vote"))
    app.view("topic")(listener("submit"))
    app.view_closed("topic")(listener("closed"))
    for event in ("reaction_added", "reaction_removed", "app_home_opened", "app_mention", "channel_rename"):
        app.event(event)(listener(event))
    return bot


@asynccontextmanager
async def over_socket(slack: Workspace, bot: Bot) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(bot.app, slack.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.wait_for(lambda: slack.connections)
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_http(slack: Workspace, bot: Bot) -> AsyncIterator[None]:
    async def serve(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bot.app.async_dispatch(await to_bolt_request(request)))

    web_app = web.Application()
    web_app.router.add_post("/slack/events", serve)
    runner = web.AppRunner(web_app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield
    finally:
        slack.request_url = None
        await runner.cleanup()


TRANSPORTS = {"socket": over_socket, "http": over_http}


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    events = ("reaction_added", "reaction_removed", "app_home_opened", "app_mention", "channel_rename")
    async with Workspace(events=events, ack_timeout=2, retry_delays=(0, 0.05)) as slack:
        yield slack


@pytest.fixture(params=TRANSPORTS)
async def bot(request: pytest.FixtureRequest, slack: Workspace) -> AsyncIterator[Bot]:
    bot = bot_of(slack)
    async with TRANSPORTS[request.param](slack, bot):
        yield bot


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def papers(slack: Workspace, ada: str) -> str:
    return slack.add_channel("papers")


@pytest.fixture
async def post(slack: Workspace, papers: str) -> str:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    return str((await client.chat_postMessage(channel=papers, text="paper", blocks=PAPER))["ts"])


async def test_a_command_reaches_the_bot_and_its_answer_the_person(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    @bot.does("command")
    async def answer(body: Json, ack: Any, respond: Any, **_: Any) -> None:
        await ack()
        await respond(text=body["text"], blocks=PAPER)

    run = await slack.command(ada, papers, "/papers", "diffusion & policy")
    reply = await run.reply()
    assert (run.acked, run.error, reply.text) == (True, None, "diffusion & policy")
    assert reply.plain() == "Diffusion & policy\n[ Upvote ]\n[ Downvote ]"
    assert (slack.ephemerals(ada), slack.messages(papers)) == ([reply], [])
    told = bot.heard[0]
    assert (told["user_id"], told["channel_name"], told["api_app_id"][0]) == (ada, "papers", "A")


@pytest.mark.parametrize("said", ["done", {"text": "done"}])
async def test_an_answer_in_the_acknowledgement_is_a_reply(
    slack: Workspace, bot: Bot, ada: str, papers: str, said: str | Json
) -> None:
    @bot.does("command")
    async def answer(ack: Any, **_: Any) -> None:
        await ack(**said) if isinstance(said, dict) else await ack(said)

    run = await slack.command(ada, papers, "/papers")
    assert [message.text for message in run.replies] == ["done"]
    assert 0 < run.ack_ms < 2000


async def test_an_answer_that_slack_cannot_show_fails_for_the_person(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    @bot.does("command")
    async def answer(ack: Any, **_: Any) -> None:
        await ack(text="x", blocks=[{"type": "confetti"}])

    run = await slack.command(ada, papers, "/papers")
    assert (run.acked, run.error, run.replies) == (True, "invalid_command_response", [])


async def test_a_command_not_acknowledged_in_time_fails(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    done = asyncio.Event()

    @bot.does("command")
    async def dawdle(ack: Any, **_: Any) -> None:
        await done.wait()
        await ack()

    slack.courier.ack_timeout = 0.1
    run = await slack.command(ada, papers, "/papers")
    done.set()
    assert (run.acked, run.error) == (False, "operation_timeout")
    with pytest.raises(TimeoutError, match="0 of 1 replies"):
        await run.reply(timeout=0.01)


async def test_a_public_answer_is_a_message_of_the_channel(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    @bot.does("command")
    async def answer(ack: Any, respond: Any, **_: Any) -> None:
        await ack()
        await respond("for all", response_type="in_channel")

    run = await slack.command(ada, papers, "/papers")
    assert slack.messages(papers) == await run.settled(1)
    assert slack.ephemerals(ada) == []


async def test_a_reaction_is_delivered_as_slack_writes_it(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    added = await slack.react(ada, papers, post, "+1::skin-tone-3")
    removed = await slack.unreact(ada, papers, post, "+1::skin-tone-3")
    assert added
    assert removed
    assert added.acked
    assert removed.acked
    first, second = (body["event"] for body in bot.heard)
    item = {"type": "message", "channel": papers, "ts": post}
    assert (first["type"], first["user"], first["reaction"]) == ("reaction_added", ada, "+1::skin-tone-3")
    assert (first["item"], first["item_user"]) == (item, slack.bot_user_id)
    assert second["type"] == "reaction_removed"
    assert float(second["event_ts"]) > float(first["event_ts"])
    assert bot.heard[0]["event_id"] != bot.heard[1]["event_id"]
    assert bot.heard[0]["authorizations"][0]["user_id"] == slack.bot_user_id


async def test_reacting_twice_or_removing_nothing_tells_the_bot_nothing(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    await slack.react(ada, papers, post, ":eyes:")
    assert await slack.react(ada, papers, post, "eyes") is None
    assert await slack.unreact(ada, papers, post, "+1") is None
    with pytest.raises(ValueError, match="not an emoji"):
        await slack.react(ada, papers, post, "Thumbs Up")
    assert [body["event"]["reaction"] for body in bot.heard] == ["eyes"]


async def test_the_bots_own_reactions_come_back_as_events(
    slack: Workspace, bot: Bot, papers: str, post: str
) -> None:
    await bot.app.client.reactions_add(channel=papers, timestamp=post, name="+1")
    event = (await slack.wait_for(lambda: slack.deliveries))[0].payload["event"]
    assert (event["type"], event["user"]) == ("reaction_added", slack.bot_user_id)


async def test_an_event_that_was_not_acknowledged_is_tried_again(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    slack.faults.drop_ack(times=2)
    delivery = await slack.react(ada, papers, post, "+1")
    assert delivery
    assert (delivery.acked, delivery.attempts) == (True, 3)
    assert bot.retries[0] in (("", ""), ("0", ""))
    assert [number for number, _ in bot.retries[1:]] == ["1", "2"]
    assert all("timeout" in reason for _, reason in bot.retries[1:])
    assert len({body["event_id"] for body in bot.heard}) == 1


async def test_an_event_is_lost_when_no_retry_helps(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    slack.faults.drop_ack(times=3)
    delivery = await slack.react(ada, papers, post, "+1")
    assert delivery
    assert (delivery.acked, delivery.attempts, delivery.done) == (False, 3, True)
    slack.faults.drop_ack()
    slack.faults.clear()
    assert (again := await slack.react(ada, papers, post, "-1"))
    assert again.attempts == 1


async def test_an_event_can_be_delivered_twice_though_acknowledged(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    slack.faults.redeliver()
    await slack.react(ada, papers, post, "+1")
    await slack.react(ada, papers, post, "-1")
    assert [body["event"]["reaction"] for body in bot.heard] == ["+1", "+1", "-1"]
    assert bot.retries[1][0] == "1"


async def test_an_event_that_is_held_back_is_overtaken_by_the_next(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    slack.courier.retry_delays = (60, 300)
    slack.faults.hold_back()
    assert slack.faults.pending() == ["an event held back (1x)"]
    await slack.react(ada, papers, post, "+1")
    await slack.unreact(ada, papers, post, "+1")
    await slack.retry_now()
    assert [body["event"]["type"] for body in bot.heard] == ["reaction_removed", "reaction_added"]
    assert bot.retries[1] == ("1", "connection_failed")


async def test_a_command_under_way_holds_up_no_retry(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    answered = asyncio.Event()

    @bot.does("command")
    async def slowly(ack: Any, **_: Any) -> None:
        await answered.wait()
        await ack()

    slack.courier.retry_delays = (60,)
    slack.faults.hold_back()
    held = await slack.react(ada, papers, post, "+1")
    command = asyncio.create_task(slack.command(ada, papers, "/papers"))
    await slack.wait_for(lambda: any("command" in body for body in bot.heard))
    async with asyncio.timeout(5):
        await slack.retry_now()
    assert held
    assert held.acked
    answered.set()
    assert (await command).acked


async def test_an_acknowledgement_of_a_command_can_be_lost(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    slack.faults.drop_ack()
    run = await slack.command(ada, papers, "/papers")
    assert (run.acked, run.error, len(bot.heard)) == (False, "operation_timeout", 1)


async def test_a_click_tells_all_about_the_message_and_may_replace_it(
    slack: Workspace, bot: Bot, ada: str, papers: str, post: str
) -> None:
    @bot.does("vote")
    async def replace(ack: Any, respond: Any, **_: Any) -> None:
        await ack()
        await respond("thanks", replace_original=True)

    run = await slack.click(ada, papers, post, "vote", "-1")
    replaced = await run.reply()
    assert slack.messages(papers) == [replaced]
    assert (replaced.ts, replaced.text, bool(replaced.edited)) == (post, "thanks", True)
    body = bot.heard[0]
    assert (body["actions"][0]["value"], body["actions"][0]["action_id"]) == ("-1", "vote")
    assert (body["container"]["message_ts"], body["message"]["ts"]) == (post, post)
    assert float(body["actions"][0]["action_ts"]) > float(post)


async def test_a_click_in_an_ephemeral_answer_may_delete_it(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    @bot.does("command")
    async def answer(ack: Any, respond: Any, **_: Any) -> None:
        await ack()
        await respond(text="paper", blocks=PAPER)

    @bot.does("vote")
    async def delete(ack: Any, respond: Any, **_: Any) -> None:
        await ack()
        await respond(delete_original=True)

    reply = await (await slack.command(ada, papers, "/papers")).reply()
    with pytest.raises(LookupError, match="does not see"):
        await slack.click_reply(slack.add_user("bob"), reply, "vote")
    assert (await (await slack.click_reply(ada, reply, "vote", "1")).reply()).deleted
    assert slack.ephemerals(ada) == []
    assert "message" not in bot.heard[1]
    assert bot.heard[1]["container"]["is_ephemeral"] is True


async def test_only_what_is_there_can_be_clicked(slack: Workspace, ada: str, papers: str, post: str) -> None:
    with pytest.raises(LookupError, match=r"vote \(1\)"):
        await slack.click(ada, papers, post, "veto")
    with pytest.raises(LookupError, match="no message"):
        await slack.click(ada, papers, "1700000000.000100", "vote")


async def test_a_response_url_serves_five_times(slack: Workspace, bot: Bot, ada: str, papers: str) -> None:
    run = await slack.command(ada, papers, "/papers")
    async with aiohttp.ClientSession() as http:

        async def respond(**payload: Any) -> tuple[int, str]:
            async with http.post(run.response_url, json=payload) as answer:
                return answer.status, await answer.text()

        status, text = await respond(text="x", blocks=[{"type": "confetti"}])
        assert (status, "invalid_blocks" in text) == (400, True)
        assert [await respond(text="x") for _ in range(5)] == [(200, "ok")] * 5
        status, text = await respond(text="x")
        assert (status, "used_url" in text) == (404, True)
        async with http.post(f"{run.response_url}x", json={"text": "x"}) as answer:
            assert answer.status == 404
    assert len(await run.settled(5)) == 5


async def test_a_response_url_expires_after_half_an_hour() -> None:
    now = [1_700_000_000.0]
    async with Workspace(clock=lambda: now[0]) as slack, aiohttp.ClientSession() as http:
        run = await slack.command(slack.add_user("ada"), slack.add_channel("papers"), "/papers")
        now[0] += 30 * 60 + 1
        async with http.post(run.response_url, data=b"{}") as answer:
            assert (answer.status, (await answer.json())["error"]) == (404, "expired_url")


async def test_a_modal_is_opened_filled_in_and_submitted(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    @bot.does("command")
    async def open_modal(body: Json, ack: Any, client: Any, **_: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    await slack.command(ada, papers, "/papers")
    view = await slack.wait_for(lambda: slack.open_view(ada))
    with pytest.raises(ValueError, match="'query' must be filled in"):
        await slack.submit_view(ada, view["id"])
    with pytest.raises(LookupError, match="no fields"):
        await slack.submit_view(ada, view["id"], {"query": {"text": "x"}, "mood": {"a": "b"}})
    await slack.submit_view(ada, view["id"], {"query": {"text": "diffusion"}})
    assert slack.open_view(ada) is None
    values = bot.heard[1]["view"]["state"]["values"]
    assert values["query"]["text"] == {"type": "plain_text_input", "value": "diffusion"}
    assert values["source"]["pick"]["selected_option"]["value"] == "arxiv"


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        ({}, []),
        ({"response_action": "clear"}, []),
        ({"response_action": "errors", "errors": {"query": "too short"}}, ["Topic"]),
        (
            {"response_action": "update", "view": {**MODAL, "title": {"type": "plain_text", "text": "B"}}},
            ["B"],
        ),
        (
            {"response_action": "push", "view": {**MODAL, "title": {"type": "plain_text", "text": "B"}}},
            ["B", "Topic"],
        ),
    ],
)
async def test_a_submission_is_answered_by_what_happens_to_the_modal(
    slack: Workspace, bot: Bot, ada: str, papers: str, answer: Json, titles: list[str]
) -> None:
    @bot.does("submit")
    async def respond(ack: Any, **_: Any) -> None:
        await ack(**answer)

    run = await slack.command(ada, papers, "/papers")
    opened = await bot.app.client.views_open(trigger_id=run.trigger_id, view=MODAL)
    submitted = await slack.submit_view(
        ada, opened["view"]["id"], {"query": {"text": "x"}, "source": {"pick": "hf"}}
    )
    assert (submitted.acked, submitted.error) == (True, None)
    seen = []
    while view := slack.open_view(ada):
        seen.append(view["title"]["text"])
        await slack.close_view(ada, view["id"])
    assert seen == titles
    assert sum(body["type"] == "view_closed" for body in bot.heard if "type" in body) == len(titles)


async def test_a_button_on_the_home_tab_can_be_clicked(slack: Workspace, bot: Bot, ada: str) -> None:
    @bot.does("app_home_opened")
    async def publish(body: Json, client: Any, **_: Any) -> None:
        await client.views_publish(user_id=body["event"]["user"], view={"type": "home", "blocks": PAPER})

    await slack.open_home(ada)
    home = await slack.wait_for(lambda: slack.home(ada))
    run = await slack.click_view(ada, home["id"], "vote", "1")
    assert run.acked
    body = bot.heard[1]
    assert (body["container"]["type"], body["view"]["id"]) == ("view", home["id"])
    await slack.open_home(ada)
    assert bot.heard[2]["event"]["view"]["id"] == home["id"]


async def test_a_mention_and_a_renamed_channel_are_events_to_subscribers(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    await slack.say(ada, papers, f"hello <@{slack.bot_user_id}>")
    slack.rename_channel(papers, "reading")
    slack.archive(papers)
    slack.unarchive(papers)
    await slack.wait_for(lambda: len(bot.heard) == 2)
    assert [body["event"]["type"] for body in bot.heard] == ["app_mention", "channel_rename"]
    assert bot.heard[1]["event"]["channel"]["name"] == "reading"


async def test_what_happens_where_the_bot_is_not_stays_there(
    slack: Workspace, bot: Bot, ada: str, papers: str
) -> None:
    message = await slack.say(ada, papers, "hello")
    slack.remove_bot(papers)
    assert await slack.react(ada, papers, message.ts, "+1") is None
    assert bot.heard == []


async def test_any_event_can_be_delivered_raw(slack: Workspace, bot: Bot, ada: str) -> None:
    event = {"type": "reaction_added", "user": ada, "reaction": "tada", "item": {"type": "file"}}
    assert (await slack.event(event)).acked
    whole = {**bot.heard[0], "event_id": "Ev1"}
    assert (await slack.event(whole)).acked
    assert bot.heard[1]["event_id"] == "Ev1"


async def test_reactions_of_many_people_at_once_all_arrive(
    slack: Workspace, bot: Bot, papers: str, post: str
) -> None:
    people = [slack.add_user(f"user{number}") for number in range(30)]
    await asyncio.gather(*(slack.react(person, papers, post, "+1") for person in people))
    assert {body["event"]["user"] for body in bot.heard} == set(people)


async def test_nobody_there_fails_a_command_and_keeps_an_event_for_later(
    slack: Workspace, ada: str, papers: str, post: str
) -> None:
    slack.courier.retry_delays = (0, 60, 300)
    run = await slack.command(ada, papers, "/papers")
    assert (run.acked, run.error) == (False, "operation_timeout")
    delivery = await slack.react(ada, papers, post, "+1")
    assert delivery
    assert (delivery.acked, delivery.done, delivery.attempts) == (False, False, 2)
    bot = bot_of(slack)
    async with over_socket(slack, bot):
        await slack.retry_now()
        assert (delivery.acked, delivery.attempts) == (True, 3)
        assert bot.retries == [("2", "connection_failed")]


async def test_an_http_error_of_the_bot_is_a_failed_dispatch(slack: Workspace, ada: str, papers: str) -> None:
    bot = bot_of(slack)
    async with over_http(slack, bot):
        run = await slack.command(ada, papers, "/unknown")
        assert (run.acked, run.error) == (False, "dispatch_failed")


async def test_a_request_url_is_verified_by_a_challenge(slack: Workspace) -> None:
    assert not await slack.verify_url()
    async with over_http(slack, bot_of(slack)):
        assert await slack.verify_url()
    async with over_http(slack, bot_of(slack)):
        slack.courier.signing_secret = "another"
        assert not await slack.verify_url()


def replaced(slack: Workspace, old: object) -> bool:
    return bool(slack.sockets.open) and old not in slack.sockets.open


async def test_a_bot_that_is_asked_to_reconnect_misses_nothing(
    slack: Workspace, ada: str, papers: str, post: str
) -> None:
    bot = bot_of(slack)
    async with over_socket(slack, bot):
        for disturb in (slack.ask_to_reconnect, slack.close_sockets):
            old = slack.sockets.open[0]
            await disturb()
            await slack.wait_for(partial(replaced, slack, old))
            assert (delivery := await slack.react(ada, papers, post, disturb.__name__))
            assert delivery.acked


async def test_each_envelope_goes_to_one_of_several_connections(
    slack: Workspace, ada: str, papers: str
) -> None:
    one, two = bot_of(slack), bot_of(slack)
    async with over_socket(slack, one), over_socket(slack, two):
        await slack.wait_for(lambda: slack.connections == 2)
        for _ in range(4):
            await slack.command(ada, papers, "/papers")
    assert (len(one.heard), len(two.heard)) == (2, 2)


async def test_a_connection_cut_before_the_acknowledgement_leads_to_a_retry(
    slack: Workspace, ada: str, papers: str, post: str
) -> None:
    bot = bot_of(slack)

    @bot.does("reaction_added")
    async def cut(**_: Any) -> None:
        if len(bot.heard) == 1:
            await slack.close_sockets()

    slack.courier.retry_delays = (0.1, 0.5, 2)
    async with over_socket(slack, bot):
        assert (delivery := await slack.react(ada, papers, post, "+1"))
        assert delivery.acked
    assert len(bot.heard) == 2


async def test_a_socket_opens_once_for_a_ticket_and_ten_times_for_an_app(slack: Workspace) -> None:
    client = AsyncWebClient(base_url=slack.api_url)

    async def ticket() -> str:
        return str((await client.apps_connections_open(app_token=slack.app_token))["url"])

    async with aiohttp.ClientSession() as http:
        url = await ticket()
        first = await http.ws_connect(url)
        hello = await first.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)
        more = [await http.ws_connect(await ticket()) for _ in range(9)]
        eleventh = await http.ws_connect(await ticket())
        assert (await eleventh.receive_json())["reason"] == "too_many_websockets"
        await first.send_str("not json")
        await first.send_json({"envelope_id": "unknown"})
        for socket in [first, *more, eleventh]:
            await socket.close()


async def test_stopping_ends_what_hangs(ada: str) -> None:
    async with Workspace() as slack, aiohttp.ClientSession() as http:
        slack.faults.hang("api.test", seconds=60)
        hanging = asyncio.create_task(http.post(f"{slack.api_url}api.test"))
        await slack.wait_for(lambda: slack.calls)
        await slack.event({"type": "reaction_added"})
        await slack.stop()
        with pytest.raises(aiohttp.ClientError):
            await hanging
