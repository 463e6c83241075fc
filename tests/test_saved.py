"""A workspace in a file: it is there again after a restart, whatever ended it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import InUseError, MovableClock, Workspace, forget
from tests.page import MODAL, MONDAY, call, channel, small_workspace, user

DOOMED = """
import asyncio, json, os, signal, sys
from pathlib import Path
from bot.workspace import MovableClock, Workspace

async def live():
    slack = Workspace(saved_in=Path(sys.argv[1]), clock=MovableClock(1766394000.0))
    await slack.start()
    ada, papers = slack.add_user("ada"), slack.add_channel("papers")
    message = await slack.say(ada, papers, "remember me")
    await slack.react(ada, papers, message.ts, "fire")
    lost = [slack.state.next_id("X") for _ in range(20)] + [slack.state.next_ts() for _ in range(20)]
    print(json.dumps([ada, papers, message.ts, *lost]), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(live())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trial" / "workspace.db"


@asynccontextmanager
async def reopened(path: Path, **options: Any) -> AsyncIterator[Workspace]:
    async with Workspace(
        saved_in=path, **{"clock": MovableClock(0.0), "enforce_limits": False, **options}
    ) as slack:
        yield slack


async def test_everything_is_there_after_a_restart(path: Path) -> None:
    async with small_workspace(saved_in=path) as slack, aiohttp.ClientSession() as http:
        ada, place = user(slack, "ada"), channel(slack)
        slack.known_channel(place).topic = "Papers"
        posted = await call(
            slack,
            http,
            "chat.postMessage",
            channel=place,
            text="a paper",
            metadata={"event_type": "edition", "event_payload": {"paper": "1"}},
        )
        await slack.say(ada, place, "a reply", thread_ts=posted["ts"])
        await slack.react(ada, place, posted["ts"], "+1")
        await call(slack, http, "chat.update", channel=place, ts=posted["ts"], text="a better paper")
        await call(slack, http, "chat.postEphemeral", channel=place, user=ada, text="psst")
        await call(slack, http, "views.open", trigger_id=slack.state.new_trigger(ada), view=MODAL)
        await call(slack, http, "views.publish", user_id=ada, view={"type": "home", "blocks": []})
        slack.dm(ada)
        before = slack.state
    async with reopened(path) as slack:
        after = slack.state
        assert slack.restored
        for name in ("team", "users", "channels", "ephemerals", "views", "homes"):
            assert getattr(after, name) == getattr(before, name), name
        message = slack.messages(place)[0]
        assert (message.text, message.reactions) == ("a better paper", {"+1": [ada]})
        assert message.metadata
        assert [reply.text for reply in slack.thread(place, message.ts)] == ["a reply"]
        assert slack.open_view(ada)


async def test_the_bots_tokens_stay_valid(path: Path) -> None:
    async with small_workspace(saved_in=path) as slack:
        tokens = slack.bot_token, slack.app_token, slack.signing_secret
    async with reopened(path) as slack, aiohttp.ClientSession() as http:
        assert (slack.bot_token, slack.app_token, slack.signing_secret) == tokens
        await call(slack, http, "auth.test")


async def test_what_the_app_may_do_is_what_it_asks_for_now(path: Path) -> None:
    async with small_workspace(saved_in=path, scopes=("chat:write",)):
        pass
    async with reopened(path, scopes=("commands",)) as slack:
        assert slack.state.team.scopes == {"commands"}


async def test_the_clock_goes_on_from_where_it_stood(path: Path) -> None:
    async with small_workspace(saved_in=path) as slack:
        assert isinstance(slack.clock, MovableClock)
        slack.clock.to_next_morning()
    async with reopened(path) as slack:
        assert MONDAY + 86_400 <= slack.clock() < MONDAY + 86_400 + 3600


async def test_nothing_that_happened_is_lost_when_the_process_is_killed(path: Path) -> None:
    path.parent.mkdir()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DOOMED, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    output, _ = await process.communicate()
    assert process.returncode == -9
    ada, place, ts, *lost = json.loads(output)
    async with reopened(path) as slack:
        (message,) = slack.messages(place)
        assert (message.ts, message.text, message.reactions) == (ts, "remember me", {"fire": [ada]})
        fresh = [slack.add_user("ben"), slack.add_channel("random")]
        fresh += [slack.state.next_id("X") for _ in range(20)]
        stamps = [(await slack.say(ada, place, f"{number}")).ts for number in range(20)]
    assert not {id[1:] for id in fresh} & {id[1:] for id in [ada, place, *lost]}, "the same numbers again"
    assert not set(stamps) & {ts, *lost}
    assert min(stamps) > max(entry for entry in lost if "." in entry)


async def test_an_event_the_bot_did_not_get_is_delivered_after_the_restart(path: Path) -> None:
    async with small_workspace(saved_in=path, retry_delays=(0, 60)) as slack:
        place, ada = channel(slack), user(slack, "ada")
        message = await slack.say(ada, place, "nobody listens")
        await slack.react(ada, place, message.ts, "fire")
    received: list[Any] = []

    async def receive(client: Any, request: SocketModeRequest) -> None:
        received.append(request.payload["event"])
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    async with reopened(path, retry_delays=(0, 60)) as slack:
        web = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        client = SocketModeClient(app_token=slack.app_token, web_client=web)
        client.socket_mode_request_listeners.append(receive)
        await client.connect()  # type: ignore[no-untyped-call]
        await slack.wait_for(lambda: received)
        await client.close()  # type: ignore[no-untyped-call]
    assert (received[0]["type"], received[0]["reaction"]) == ("reaction_added", "fire")
    async with reopened(path) as slack:
        assert slack.restored
        assert slack.restored.undelivered == []


def written_by(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("PRAGMA user_version = 7", "a newer version wrote it"),
        ("UPDATE kept SET body = '{' WHERE kind = 'team'", "Expecting property name"),
        ("UPDATE kept SET body = '[1]' WHERE kind = 'user'", "can't be read"),
        ("DELETE FROM kept WHERE kind = 'channel'", "can't be read"),
        ("DELETE FROM kept WHERE kind = 'team'", "can't be read"),
    ],
)
async def test_a_file_that_makes_no_sense_is_put_aside(path: Path, statement: str, why: str) -> None:
    async with small_workspace(saved_in=path) as slack:
        await slack.say(user(slack, "ada"), channel(slack), "x")
    written_by(path, statement)
    async with reopened(path) as slack:
        assert slack.restored is None
        assert slack.saved
        assert why in slack.saved.notice
        assert "workspace.db.aside-1" in slack.saved.notice
        assert [each.is_bot for each in slack.state.users.values()] == [True]
        slack.add_user("cleo")
    assert path.with_name("workspace.db.aside-1").exists()
    async with reopened(path) as slack:
        assert user(slack, "cleo")


@pytest.mark.parametrize("before", [0, 2])
async def test_a_file_that_is_no_database_is_put_aside_and_kept(path: Path, before: int) -> None:
    diary = b"dear diary" * 1000
    asides = [path.with_name(f"workspace.db.aside-{number}") for number in range(1, before + 2)]
    path.parent.mkdir()
    for file in (*asides[:-1], path):
        file.write_bytes(diary)
    async with reopened(path) as slack:
        assert slack.saved
        assert "not a database" in slack.saved.notice
    assert [aside.read_bytes() for aside in asides] == [diary] * (before + 1)


async def test_two_workspaces_cannot_share_a_file(path: Path) -> None:
    async with small_workspace(saved_in=path) as slack:
        with pytest.raises(InUseError, match="another workspace runs on it"):
            Workspace(saved_in=path)
        with pytest.raises(InUseError, match="another workspace runs on it"):
            forget(path)
        assert await slack.say(user(slack, "ada"), channel(slack), "still here")


async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "workspace.db").mkdir()
    with pytest.raises(OSError, match=r"workspace\.db can't be opened"):
        Workspace(saved_in=tmp_path / "workspace.db")


async def test_what_is_forgotten_is_gone(path: Path) -> None:
    forget(path)
    async with small_workspace(saved_in=path):
        pass
    forget(path)
    assert list(path.parent.iterdir()) == []
    async with reopened(path) as slack:
        assert slack.restored is None
