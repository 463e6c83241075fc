"""The workspace's Web API, called by the real slack_sdk client."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.interactions import action_json, find_element

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Topics"}, "blocks": [SECTION]}


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    async with Workspace(enforce_limits=False) as slack:
        yield slack


def client_of(slack: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def client(slack: Workspace) -> AsyncWebClient:
    return client_of(slack)


@pytest.fixture
def ada(slack: Workspace) -> str:
    return slack.add_user("ada")


@pytest.fixture
def papers(slack: Workspace, ada: str) -> str:
    return slack.add_channel("papers")


async def refusal(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as raised:
        await call
    answer = raised.value.response.data
    assert isinstance(answer, dict)
    return answer


async def error_of(call: Any) -> str:
    return str((await refusal(call))["error"])


async def test_auth_test_says_who_the_bot_is(slack: Workspace, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"]) == (slack.team_id, slack.bot_user_id)
    assert "chat:write" in answer.headers["x-oauth-scopes"]
    assert answer["bot_id"].startswith("B")


async def test_a_call_without_token_is_not_authed(slack: Workspace) -> None:
    assert await error_of(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"


async def test_a_wrong_token_is_refused(slack: Workspace) -> None:
    assert await error_of(AsyncWebClient("xoxb-no", base_url=slack.api_url).auth_test()) == "invalid_auth"


async def test_each_kind_of_token_is_refused_where_the_other_is_due(
    slack: Workspace, client: AsyncWebClient
) -> None:
    asked = client.apps_connections_open(app_token=slack.bot_token)
    assert await error_of(asked) == "not_allowed_token_type"
    assert await error_of(client.auth_test(token=slack.app_token)) == "not_allowed_token_type"


async def test_a_revoked_token_is_worth_nothing(slack: Workspace, client: AsyncWebClient) -> None:
    slack.revoke()
    assert await error_of(client.auth_test()) == "token_revoked"


async def test_unknown_methods_are_refused(client: AsyncWebClient) -> None:
    assert await error_of(client.api_call("chat.teleport")) == "unknown_method"


async def test_api_test_gives_back_what_it_was_told(slack: Workspace) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    assert (await client.api_test(word="here"))["args"] == {"word": "here"}
    assert await error_of(client.api_test(error="custom")) == "custom"


async def test_arguments_come_as_form_json_or_query(slack: Workspace, papers: str) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    fields = {"channel": papers, "text": "hello"}
    async with aiohttp.ClientSession(slack.api_url, headers=headers) as http:
        for sent in ({"data": fields}, {"json": fields}, {"params": fields}):
            async with http.post("chat.postMessage", **sent) as answer:  # type: ignore[arg-type]
                assert (await answer.json())["ok"]
        async with http.get("conversations.info", params={"channel": papers}) as answer:
            assert (await answer.json())["channel"]["name"] == "papers"
        async with http.post("auth.test", data=b"{", headers={"Content-Type": "application/json"}) as answer:
            assert (await answer.json())["error"] == "invalid_json"
        async with http.post("auth.test", json=["no"]) as answer:
            assert (await answer.json())["error"] == "json_not_object"
    assert [message.text for message in slack.messages(papers)] == ["hello"] * 3


async def test_a_token_in_the_form_works_and_is_not_remembered(slack: Workspace) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{slack.api_url}auth.test", data={"token": slack.bot_token}) as answer,
    ):
        assert (await answer.json())["ok"]
    assert slack.calls[-1].args == {}


async def test_every_call_is_remembered_with_its_outcome(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    await client.chat_postMessage(channel=papers, text="hello")
    await error_of(client.chat_postMessage(channel="C404", text="hello"))
    posted, refused = slack.calls
    assert (posted.method, posted.ok, posted.status, posted.args["text"]) == (
        "chat.postMessage",
        True,
        200,
        "hello",
    )
    assert (refused.ok, refused.error) == (False, "channel_not_found")


async def test_a_message_is_found_by_id_and_by_name(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    for channel in (papers, "#papers", "papers"):
        assert (await client.chat_postMessage(channel=channel, text="hello"))["channel"] == papers
    stamps = [message.ts for message in slack.messages(papers)]
    assert stamps == sorted(set(stamps))


async def test_a_message_to_a_person_opens_direct_messages(
    slack: Workspace, client: AsyncWebClient, ada: str
) -> None:
    posted = await client.chat_postMessage(channel=ada, text="psst")
    assert posted["channel"] == slack.dm(ada) == (await client.conversations_open(users=ada))["channel"]["id"]
    assert [message.text for message in slack.messages(slack.dm(ada))] == ["psst"]


async def test_blocks_are_stored_with_names_for_those_that_have_none(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Upvote"}}
    blocks: list[dict[str, Any]] = [SECTION, {"type": "actions", "block_id": "b0", "elements": [button]}]
    answer = await client.chat_postMessage(channel=papers, text="hello", blocks=blocks)
    section, actions = answer["message"]["blocks"]
    assert section["block_id"] not in ("", "b0")
    assert actions["elements"][0]["action_id"]
    assert slack.messages(papers)[0].plain() == "Hello\n[ Upvote ]"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "confetti"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": "{}"}, "invalid_blocks"),
        ({"text": "x", "attachments": "[1]"}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": "", "event_payload": {}}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "e", "event_payload": {"a": {}}}},
            "invalid_metadata_format",
        ),
        ({"text": "x", "thread_ts": "1700000000.000100"}, "thread_not_found"),
        ({"text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        (
            {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2700}}] * 5},
            "msg_blocks_too_long",
        ),
    ],
)
async def test_a_message_slack_would_refuse_is_refused(
    slack: Workspace, client: AsyncWebClient, papers: str, more: dict[str, Any], error: str
) -> None:
    assert await error_of(client.api_call("chat.postMessage", json={"channel": papers, **more})) == error
    assert slack.messages(papers) == []


async def test_invalid_blocks_are_named(client: AsyncWebClient, papers: str) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    answer = await refusal(client.chat_postMessage(channel=papers, text="hello", blocks=[header]))
    wrong = "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert answer["response_metadata"]["messages"] == [wrong]


async def test_a_call_without_channel_has_invalid_arguments(client: AsyncWebClient) -> None:
    assert await error_of(client.api_call("chat.postMessage", json={"text": "x"})) == "invalid_arguments"


async def test_channels_refuse_a_bot_that_is_not_in_them(slack: Workspace, client: AsyncWebClient) -> None:
    public = slack.add_channel("public", bot=False)
    private = slack.add_channel("private", bot=False, private=True)
    archived = slack.add_channel("old", archived=True)
    for channel, error in (
        (public, "not_in_channel"),
        (private, "channel_not_found"),
        (archived, "is_archived"),
    ):
        assert await error_of(client.chat_postMessage(channel=channel, text="x")) == error
    await client.conversations_join(channel=public)
    await client.chat_postMessage(channel=public, text="x")
    slack.remove_bot(public)
    assert await error_of(client.chat_postMessage(channel=public, text="x")) == "not_in_channel"
    slack.add_bot(private)
    await client.chat_postMessage(channel=private, text="x")
    slack.unarchive(archived)
    await client.chat_postMessage(channel=archived, text="x")


async def test_replies_are_a_thread_and_not_in_the_channel(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    parent = (await client.chat_postMessage(channel=papers, text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel=papers, text="one", thread_ts=parent))["ts"]
    # Slack's threads are one level deep: a reply to the reply is in the same thread.
    await client.chat_postMessage(channel=papers, text="two", thread_ts=reply, reply_broadcast=True)
    assert [message.text for message in slack.messages(papers)] == ["parent"]
    assert [message.text for message in slack.thread(papers, parent)] == ["one", "two"]
    replies = (await client.conversations_replies(channel=papers, ts=parent))["messages"]
    assert [message["text"] for message in replies] == ["parent", "one", "two"]
    assert replies[0]["reply_count"] == 2
    history = (await client.conversations_history(channel=papers))["messages"]
    assert [message["text"] for message in history] == ["two", "parent"]


async def test_replies_need_a_thread(client: AsyncWebClient, papers: str) -> None:
    asked = client.conversations_replies(channel=papers, ts="1700000000.000100")
    assert await error_of(asked) == "thread_not_found"


async def test_an_update_keeps_what_it_does_not_name(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    metadata = {"event_type": "paper", "event_payload": {"id": "2401.00001"}}
    ts = (await client.chat_postMessage(channel=papers, text="a", blocks=[SECTION], metadata=metadata))["ts"]
    await client.chat_update(channel=papers, ts=ts, text="b")
    message = slack.messages(papers)[0]
    assert (message.text, len(message.blocks), message.metadata) == ("b", 1, metadata)
    assert message.edited
    await client.chat_update(channel=papers, ts=ts, text="c", blocks=[])
    assert slack.messages(papers)[0].plain() == "c"
    nothing = client.api_call("chat.update", data={"channel": papers, "ts": ts})
    assert await error_of(nothing) == "no_text"


async def test_only_what_the_bot_wrote_can_be_updated_or_deleted(
    slack: Workspace, client: AsyncWebClient, ada: str, papers: str
) -> None:
    theirs = await slack.say(ada, papers, "mine")
    assert await error_of(client.chat_update(channel=papers, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await error_of(client.chat_delete(channel=papers, ts=theirs.ts)) == "cant_delete_message"
    assert await error_of(client.chat_update(channel=papers, ts="1.000100", text="x")) == "message_not_found"


async def test_a_deleted_message_is_gone_but_for_the_stone_over_its_thread(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    alone = (await client.chat_postMessage(channel=papers, text="alone"))["ts"]
    parent = (await client.chat_postMessage(channel=papers, text="parent"))["ts"]
    await client.chat_postMessage(channel=papers, text="reply", thread_ts=parent)
    await client.chat_delete(channel=papers, ts=alone)
    slack.delete_message(papers, parent)
    assert slack.messages(papers) == []
    history = (await client.conversations_history(channel=papers))["messages"]
    assert [message["subtype"] for message in history] == ["tombstone"]
    assert await error_of(client.chat_update(channel=papers, ts=parent, text="x")) == "message_not_found"
    with pytest.raises(LookupError):
        slack.delete_message(papers, parent)


async def test_an_ephemeral_message_is_seen_by_one_person_only(
    slack: Workspace, client: AsyncWebClient, ada: str, papers: str
) -> None:
    bob = slack.add_user("bob")
    await client.chat_postEphemeral(channel=papers, user=ada, text="psst")
    assert [message.text for message in slack.ephemerals(ada, papers)] == ["psst"]
    assert (slack.ephemerals(bob), slack.messages(papers)) == ([], [])
    private = slack.add_channel("secret", private=True, members=[ada])
    asked = client.chat_postEphemeral(channel=private, user=bob, text="psst")
    assert await error_of(asked) == "user_not_in_channel"
    assert (
        await error_of(client.chat_postEphemeral(channel=papers, user="U0", text="psst")) == "user_not_found"
    )


async def test_permalinks_lead_to_messages_and_replies(client: AsyncWebClient, papers: str) -> None:
    parent = (await client.chat_postMessage(channel=papers, text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel=papers, text="reply", thread_ts=parent))["ts"]
    link = (await client.chat_getPermalink(channel=papers, message_ts=parent))["permalink"]
    assert link.endswith(f"/archives/{papers}/p{parent.replace('.', '')}")
    link = (await client.chat_getPermalink(channel=papers, message_ts=reply))["permalink"]
    assert link.endswith(f"?thread_ts={parent}&cid={papers}")


async def test_reactions_are_added_once_and_removed_once(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    ts = (await client.chat_postMessage(channel=papers, text="hello"))["ts"]
    await client.reactions_add(channel=papers, timestamp=ts, name="+1")
    again = client.reactions_add(channel=papers, timestamp=ts, name="+1")
    assert await error_of(again) == "already_reacted"
    assert slack.messages(papers)[0].reactions == {"+1": [slack.bot_user_id]}
    await client.reactions_remove(channel=papers, timestamp=ts, name="+1")
    assert await error_of(client.reactions_remove(channel=papers, timestamp=ts, name="+1")) == "no_reaction"
    assert slack.messages(papers)[0].reactions == {}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "Not An Emoji"}, "invalid_name"),
        ({"name": ""}, "invalid_name"),
        ({"timestamp": "yesterday"}, "bad_timestamp"),
        ({"timestamp": ""}, "no_item_specified"),
        ({"timestamp": "1700000000.000100"}, "message_not_found"),
        ({"channel": "C0"}, "channel_not_found"),
    ],
)
async def test_a_reaction_to_nothing_is_refused(
    client: AsyncWebClient, papers: str, arguments: dict[str, str], error: str
) -> None:
    ts = (await client.chat_postMessage(channel=papers, text="hello"))["ts"]
    sent = {"channel": papers, "timestamp": ts, "name": "+1", **arguments}
    assert await error_of(client.api_call("reactions.add", data=sent)) == error


async def test_a_message_takes_23_different_emoji(client: AsyncWebClient, papers: str) -> None:
    ts = (await client.chat_postMessage(channel=papers, text="hello"))["ts"]
    for number in range(23):
        await client.reactions_add(channel=papers, timestamp=ts, name=f"e{number}")
    assert await error_of(client.reactions_add(channel=papers, timestamp=ts, name="e23")) == "too_many_emoji"


async def test_history_names_some_people_of_a_reaction_and_reactions_get_all(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    ts = (await client.chat_postMessage(channel=papers, text="hello"))["ts"]
    people = [slack.add_user(f"user{number}") for number in range(60)]
    for person in people:
        await slack.react(person, papers, ts, "+1")
    message = (await client.conversations_history(channel=papers))["messages"][0]
    assert message["reactions"] == [{"name": "+1", "users": people[:50], "count": 60}]
    short = await client.reactions_get(channel=papers, timestamp=ts)
    full = await client.reactions_get(channel=papers, timestamp=ts, full=True)
    assert len(short["message"]["reactions"][0]["users"]) == 50
    assert full["message"]["reactions"] == [{"name": "+1", "users": people, "count": 60}]
    listed = await client.reactions_list(user=people[59], full=True)
    assert [item["message"]["ts"] for item in listed["items"]] == [ts]


async def test_metadata_is_read_only_by_those_who_ask_for_it(client: AsyncWebClient, papers: str) -> None:
    metadata = {"event_type": "paper", "event_payload": {"id": "2401.00001", "ranks": [1, 2]}}
    await client.chat_postMessage(channel=papers, text="hello", metadata=metadata)
    plain = await client.conversations_history(channel=papers)
    full = await client.conversations_history(channel=papers, include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == metadata


async def test_history_is_bounded_by_oldest_and_latest(client: AsyncWebClient, papers: str) -> None:
    stamps = [(await client.chat_postMessage(channel=papers, text=f"{n}"))["ts"] for n in range(4)]

    async def texts(**bounds: Any) -> list[str]:
        answer = await client.conversations_history(channel=papers, **bounds)
        return [message["text"] for message in answer["messages"]]

    assert await texts() == ["3", "2", "1", "0"]
    assert await texts(oldest=stamps[1]) == ["3", "2"]
    assert await texts(latest=stamps[1], inclusive=True) == ["1", "0"]
    assert await texts(oldest=stamps[2], latest=stamps[2], inclusive=True) == ["2"]
    assert await error_of(client.conversations_history(channel=papers, oldest="soon")) == "invalid_ts_oldest"


async def test_history_and_replies_come_in_pages(client: AsyncWebClient, papers: str) -> None:
    parent = (await client.chat_postMessage(channel=papers, text="0"))["ts"]
    for number in range(1, 5):
        await client.chat_postMessage(channel=papers, text=f"{number}")
        await client.chat_postMessage(channel=papers, text=f"r{number}", thread_ts=parent)

    async def pages(call: Callable[..., Any], **more: Any) -> list[list[str]]:
        found = await call(channel=papers, limit=2, **more)
        return [[message["text"] for message in page["messages"]] async for page in found]

    assert await pages(client.conversations_history) == [["4", "3"], ["2", "1"], ["0"]]
    assert await pages(client.conversations_replies, ts=parent) == [["0", "r1"], ["r2", "r3"], ["r4"]]


async def test_lists_come_in_pages_and_a_made_up_cursor_is_refused(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    for number in range(4):
        slack.add_channel(f"c{number}", archived=number == 3)
        slack.add_user(f"u{number}")
    found = await client.conversations_list(limit=2, exclude_archived=True)
    pages = [[channel["name"] for channel in page["channels"]] async for page in found]
    assert pages == [["papers", "c0"], ["c1", "c2"]]
    assert [len(page["members"]) async for page in await client.users_list(limit=4)] == [4, 2]
    members = await client.conversations_members(channel=papers, limit=4)
    assert [len(page["members"]) async for page in members] == [4, 2]
    for cursor in ("nonsense!", "b2Zmc2V0OnR3bw==", "c29tZTp0aGluZw=="):
        assert await error_of(client.conversations_list(cursor=cursor)) == "invalid_cursor"
    assert await error_of(client.conversations_history(channel=papers, cursor="!")) == "invalid_cursor"
    assert await error_of(client.api_call("users.list", data={"limit": "many"})) == "invalid_arguments"


async def test_lists_show_private_channels_only_to_their_members(
    slack: Workspace, client: AsyncWebClient, ada: str, papers: str
) -> None:
    slack.add_channel("elsewhere", bot=False)
    slack.add_channel("secret", private=True, bot=False)
    slack.add_channel("ours", private=True)
    slack.dm(ada)
    types = "public_channel,private_channel,im"
    channels = (await client.conversations_list(types=types))["channels"]
    assert {c.get("name", "im") for c in channels} == {"papers", "elsewhere", "ours", "im"}
    mine = (await client.users_conversations(types="public_channel"))["channels"]
    assert [c["name"] for c in mine] == ["papers"]
    assert await error_of(client.conversations_list(types="tree_house")) == "invalid_types"


async def test_people_and_the_team_can_be_looked_up(
    slack: Workspace, client: AsyncWebClient, ada: str
) -> None:
    user = (await client.users_info(user=ada))["user"]
    assert (user["name"], user["is_bot"], user["deleted"]) == ("ada", False, False)
    assert user["profile"]["email"] == "ada@example.org"
    slack.state.team.scopes = slack.state.team.scopes - {"users:read.email"}
    slack.deactivate(ada)
    user = (await client.users_info(user=ada))["user"]
    assert ("email" in user["profile"], user["deleted"]) == (False, True)
    assert await error_of(client.users_info(user="U404")) == "user_not_found"
    assert (await client.team_info())["team"]["id"] == slack.team_id
    bot = (await client.bots_info(bot=(await client.auth_test())["bot_id"]))["bot"]
    assert bot["user_id"] == slack.bot_user_id
    assert await error_of(client.bots_info(bot="B404")) == "bot_not_found"


async def test_a_missing_scope_is_named() -> None:
    async with Workspace(scopes=["chat:write", "channels:read", "channels:history"]) as slack:
        client = client_of(slack)
        slack.add_channel("papers")
        secret = slack.add_channel("secret", private=True)
        await client.conversations_history(channel=slack.add_channel("public"))
        refused = await refusal(client.conversations_history(channel=secret))
        assert (refused["error"], refused["needed"]) == ("missing_scope", "groups:history")
        refused = await refusal(client.users_list())
        assert (refused["needed"], refused["provided"]) == (
            "users:read",
            "channels:history,channels:read,chat:write",
        )
        refused = await refusal(client.conversations_list(types="public_channel,private_channel"))
        assert refused["needed"] == "groups:read"
        assert (await slack.command(slack.add_user("ada"), "papers", "/papers")).error == "invalid_command"


async def test_a_home_tab_is_published(slack: Workspace, client: AsyncWebClient, ada: str) -> None:
    first = await client.views_publish(user_id=ada, view={"type": "home", "blocks": [SECTION]})
    second = await client.views_publish(
        user_id=ada, view={"type": "home", "blocks": []}, hash=first["view"]["hash"]
    )
    assert first["view"]["id"] == second["view"]["id"]
    home = slack.home(ada)
    assert home is not None
    assert home["blocks"] == []
    stale = client.views_publish(user_id=ada, view={"type": "home", "blocks": []}, hash=first["view"]["hash"])
    assert await error_of(stale) == "hash_conflict"
    assert await error_of(client.views_publish(user_id=ada, view=MODAL)) == "invalid_arguments"
    assert (
        await error_of(client.views_publish(user_id="U0", view={"type": "home", "blocks": []}))
        == "user_not_found"
    )


async def test_a_trigger_opens_one_modal_within_three_seconds() -> None:
    now = [1_700_000_000.0]
    async with Workspace(clock=lambda: now[0]) as slack:
        client, ada, papers = client_of(slack), slack.add_user("ada"), slack.add_channel("papers")
        run = await slack.command(ada, papers, "/papers")
        assert await error_of(client.views_open(trigger_id="1.2.3", view=MODAL)) == "invalid_trigger_id"
        await client.views_open(trigger_id=run.trigger_id, view=MODAL)
        opened = slack.open_view(ada)
        assert opened is not None
        assert opened["title"]["text"] == "Topics"
        again = client.views_open(trigger_id=run.trigger_id, view=MODAL)
        assert await error_of(again) == "exchanged_trigger_id"
        late = await slack.command(ada, papers, "/papers")
        now[0] += 3.1
        assert (
            await error_of(client.views_open(trigger_id=late.trigger_id, view=MODAL)) == "expired_trigger_id"
        )


async def test_modals_are_pushed_updated_and_stacked_three_high(
    slack: Workspace, client: AsyncWebClient, ada: str, papers: str
) -> None:
    async def trigger() -> str:
        return (await slack.command(ada, papers, "/papers")).trigger_id

    named = {**MODAL, "external_id": "first"}
    root = (await client.views_open(trigger_id=await trigger(), view=named))["view"]
    top = (await client.views_push(trigger_id=await trigger(), view=MODAL))["view"]
    assert (top["previous_view_id"], top["root_view_id"]) == (root["id"], root["id"])
    await client.views_push(trigger_id=await trigger(), view=MODAL)
    fourth = client.views_push(trigger_id=await trigger(), view=MODAL)
    assert await error_of(fourth) == "push_limit_reached"
    await client.views_update(external_id="first", view={**named, "private_metadata": "x"})
    await client.views_update(view_id=top["id"], hash=top["hash"], view=MODAL)
    stale = client.views_update(view_id=top["id"], hash=top["hash"], view=MODAL)
    assert await error_of(stale) == "hash_conflict"
    assert await error_of(client.views_update(view_id="V0", view=MODAL)) == "not_found"


async def test_the_clock_gives_the_timestamps() -> None:
    async with Workspace(clock=lambda: 1_700_000_000.0) as slack:
        client, papers = client_of(slack), slack.add_channel("papers")
        first = await client.chat_postMessage(channel=papers, text="a")
        second = await client.chat_postMessage(channel=papers, text="b")
        assert (first["ts"], second["ts"]) == ("1700000000.000000", "1700000000.000100")


async def test_several_workspaces_live_side_by_side() -> None:
    async with Workspace(team_id="T1") as one, Workspace(team_id="T2") as two:
        one.add_channel("papers")
        assert (await client_of(one).auth_test())["team_id"] == "T1"
        assert (await client_of(two).conversations_list())["channels"] == []
        assert (
            await error_of(AsyncWebClient(one.bot_token, base_url=two.api_url).auth_test()) == "invalid_auth"
        )


async def test_a_wait_that_fails_says_what_there_is(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    await client.chat_postMessage(channel=papers, text="hello")
    with pytest.raises(TimeoutError, match=r"(?s)#papers: 'hello'.*chat.postMessage -> ok"):
        await slack.wait_for(lambda: False, timeout=0.05)


async def test_what_is_not_there_cannot_be_used(slack: Workspace, ada: str, papers: str) -> None:
    with pytest.raises(LookupError, match="no user"):
        await slack.command("U404", papers, "/papers")
    with pytest.raises(LookupError, match="no channel"):
        slack.messages("C404")
    private = slack.add_channel("private", private=True, members=[])
    with pytest.raises(LookupError, match="is not in private"):
        await slack.say(ada, private, "hello")


async def test_messages_are_events_to_those_who_subscribed() -> None:
    async with Workspace(events=["message.channels"], enforce_limits=False) as slack:
        client, ada, papers = client_of(slack), slack.add_user("ada"), slack.add_channel("papers")
        posted = await client.chat_postMessage(channel=papers, text="a")
        await client.chat_update(channel=papers, ts=posted["ts"], text="b")
        await client.chat_postMessage(channel=ada, text="private")
        await slack.say(ada, papers, "hello")
        slack.delete_message(papers, posted["ts"])
        events = [delivery.payload["event"] for delivery in slack.deliveries]
        assert [event.get("subtype") for event in events] == [
            None,
            "message_changed",
            None,
            "message_deleted",
        ]
        assert events[1]["message"]["text"] == "b"
        assert events[2]["user"] == ada


def test_of_menus_that_share_a_name_the_one_that_offers_a_value_is_meant() -> None:
    menus = [
        {"type": "overflow", "action_id": "menu", "options": [{"text": {}, "value": value}]} for value in "ab"
    ]
    blocks = [{"type": "actions", "block_id": str(n), "elements": [menu]} for n, menu in enumerate(menus)]
    block, menu = find_element(blocks, "menu", "b")
    assert action_json(block, menu, "b", "1.0") == {
        "type": "overflow",
        "action_id": "menu",
        "block_id": "1",
        "selected_option": {"text": {}, "value": "b"},
        "action_ts": "1.0",
    }
    assert find_element(blocks, "menu", "a", "0") == (blocks[0], menus[0])
    with pytest.raises(LookupError, match="nothing to click"):
        find_element(blocks, "menu", "c")
