"""Without an app-level token Slack reaches the bot by signed HTTP: the same handlers at one address."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from pydantic import SecretStr

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.messages import VOTE
from bot.workspace import Workspace
from storage.models import Tally
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import list_day, posted, subscribe, tick
from tests.upstream import Upstream

PAPER = "2608.18001"


@pytest.fixture
async def served(
    settings: Settings,
    slack: Workspace,
    upstream: Upstream,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Bot]:
    """A bot that listens over HTTP on a free port, with an edition posted to #papers."""
    list_day(upstream, TUESDAY.date(), 2)
    without_token = {"slack_app_token": SecretStr(""), "papers_port": 0}
    caplog.set_level("INFO", "bot.listening")
    async with open_bot(settings.model_copy(update=without_token), clock, QUICK) as bot:
        await subscribe(bot, slack.add_channel("papers"))
        await tick(bot)
        async with running(bot):
            (listening,) = [record for record in caplog.records if record.msg.startswith("listening on")]
            slack.request_url = listening.getMessage().removeprefix("listening on ")
            yield bot


@pytest.fixture
def ada(slack: Workspace, served: Bot) -> str:
    return slack.add_user("ada")


async def tally(bot: Bot) -> Tally:
    return (await bot.library.store.tallies(bot.identity.team_id, [PAPER]))[PAPER]


def vote(slack: Workspace, user: str) -> str:
    """A reaction to the first paper, as the body of a request."""
    message = posted(slack, "papers")[1]
    item = {"type": "message", "channel": message.channel, "ts": message.ts}
    event = {
        "type": "reaction_added",
        "user": user,
        "reaction": "+1",
        "item": item,
        "event_ts": "1800000000.1",
    }
    return json.dumps({"type": "event_callback", "team_id": slack.team_id, "event": event})


def signed(secret: str, body: str, age: int = 0) -> dict[str, str]:
    """Slack's headers, https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    at = str(int(time.time()) - age)
    digest = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}


async def sent(slack: Workspace, body: str, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as client:
        whole = {"Content-Type": "application/json", **headers}
        async with client.post(slack.request_url or "", data=body, headers=whole) as answer:
            return answer.status


async def test_reactions_commands_and_buttons_come_in_at_one_address(
    slack: Workspace, served: Bot, ada: str
) -> None:
    message = posted(slack, "papers")[1]
    delivery = await slack.react(ada, "papers", message.ts, "fire")
    assert delivery
    assert (delivery.acked, delivery.attempts) == (True, 1)
    ben = slack.add_user("ben")
    assert (await slack.click(ben, "papers", message.ts, VOTE)).acked
    assert await tally(served) == Tally(2, 0)
    await slack.wait_for(lambda: "2 upvotes here" in message.plain())
    run = await slack.command(ada, "papers", "/papers", "today")
    assert run.acked
    assert f"Paper {PAPER}" in (await run.reply()).plain()
    assert slack.connections == 0


async def test_slack_can_verify_the_address(slack: Workspace, served: Bot) -> None:
    assert await slack.verify_url()


async def test_a_delivery_repeated_by_slack_counts_once(slack: Workspace, served: Bot, ada: str) -> None:
    slack.faults.drop_ack()
    delivery = await slack.react(ada, "papers", posted(slack, "papers")[1].ts, "+1")
    assert delivery
    assert (delivery.acked, delivery.attempts) == (True, 2)
    assert await tally(served) == Tally(1, 0)


async def test_what_could_not_be_stored_is_answered_with_500_and_comes_again(
    slack: Workspace, served: Bot, ada: str
) -> None:
    slack.courier.retry_delays = (60,)
    served.library.store.db.conn.execute("PRAGMA query_only = on")
    delivery = await slack.react(ada, "papers", posted(slack, "papers")[1].ts, "+1")
    assert delivery
    assert (delivery.acked, delivery.reason) == (False, "http_error")
    served.library.store.db.conn.execute("PRAGMA query_only = off")
    await slack.retry_now()
    assert delivery.acked
    assert await tally(served) == Tally(1, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("good", 200),
        ("a minute old", 200),
        ("another secret", 401),
        ("another body", 401),
        ("older than five minutes", 401),
        ("from the future", 401),
        ("none", 401),
        ("no number", 401),
        ("no number that fits", 401),
    ],
)
async def test_only_what_slack_signed_within_five_minutes_is_listened_to(
    slack: Workspace, served: Bot, ada: str, headers: str, status: int
) -> None:
    body, secret = vote(slack, ada), slack.signing_secret
    given = {
        "good": signed(secret, body),
        "a minute old": signed(secret, body, age=60),
        "another secret": signed("0" * 32, body),
        "another body": signed(secret, body + " "),
        "older than five minutes": signed(secret, body, age=310),
        "from the future": signed(secret, body, age=-310),
        "none": {},
        "no number": {**signed(secret, body), "X-Slack-Request-Timestamp": "now"},
        "no number that fits": {**signed(secret, body), "X-Slack-Request-Timestamp": "1" * 5000},
    }[headers]
    assert await sent(slack, body, given) == status
    assert await tally(served) == Tally(int(status == 200), 0)


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        ("now", "v0=0"),
        ("1" * 5000, "v0=0"),
        ("-1", "v0=0"),
        ("", "v0=0"),
        (str(int(time.time())), "v0=0"),
        (str(int(time.time())), "v0=\u00e9"),
    ],
    ids=["words", "too long", "negative", "empty", "wrong signature", "signature that is no text"],
)
async def test_a_stranger_can_not_make_the_bot_call_an_address(
    slack: Workspace, upstream: Upstream, served: Bot, timestamp: str, signature: str
) -> None:
    asked = len(upstream.requests)
    action = {"action_id": VOTE, "type": "button", "value": PAPER}
    body = {"type": "block_actions", "actions": [action], "response_url": f"{upstream.url}/elsewhere"}
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    assert await sent(slack, json.dumps(body), headers) == 401
    assert upstream.requests[asked:] == []


async def test_a_request_that_is_replayed_counts_once(slack: Workspace, served: Bot, ada: str) -> None:
    body = vote(slack, ada)
    headers = signed(slack.signing_secret, body)
    assert [await sent(slack, body, headers) for _ in range(3)] == [200, 200, 200]
    assert await tally(served) == Tally(1, 0)


@pytest.mark.parametrize("secret", ["right", "wrong"])
async def test_an_empty_body_is_no_delivery(slack: Workspace, served: Bot, secret: str) -> None:
    key = slack.signing_secret if secret == "right" else "0" * 32
    assert await sent(slack, "", {}) == 401
    # Signed by Slack but empty, it is nothing anybody listens to.
    assert await sent(slack, "", signed(key, "")) == (200 if secret == "right" else 401)


async def test_a_secret_that_is_nearly_right_is_refused(slack: Workspace, served: Bot, ada: str) -> None:
    body = vote(slack, ada)
    headers = signed(slack.signing_secret, body)
    first, last = headers["X-Slack-Signature"][:-1], headers["X-Slack-Signature"][-1]
    headers["X-Slack-Signature"] = first + ("0" if last != "0" else "1")
    assert await sent(slack, body, headers) == 401
    assert await sent(slack, body, {**headers, "X-Slack-Signature": ""}) == 401
    assert served.library.metrics.page().count(b"papers_unsigned_requests_total 2.0") == 1


async def test_a_huge_body_is_refused_by_the_length_it_announces(slack: Workspace, served: Bot) -> None:
    """Not one byte of it is waited for."""
    url = urlsplit(slack.request_url or "")
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(f"POST {url.path} HTTP/1.1\r\nHost: bot\r\nContent-Length: {10**10}\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    assert b" 413 " in answer


async def test_a_huge_body_of_unknown_length_is_refused_before_it_is_read_whole(
    slack: Workspace, served: Bot
) -> None:
    given, whole = 0, 200

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        for _ in range(whole):
            given += 1
            yield b"x" * 1_000_000

    async with aiohttp.ClientSession() as client:
        with contextlib.suppress(aiohttp.ClientError):
            async with client.post(slack.request_url or "", data=endless()) as answer:
                assert answer.status == 413
    assert given < whole / 2


async def test_health_names_the_workspace_and_the_number_of_papers(slack: Workspace, served: Bot) -> None:
    address = (slack.request_url or "").replace("/slack/events", "/healthz")
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        assert answer.status == 200
        health: dict[str, Any] = await answer.json()
    green = {"ok": True, "reason": ""}
    assert health == {
        "ok": True,
        "team": slack.team_id,
        "papers": 2,
        "reason": "",
        "checks": {"database": green, "editions": green},
    }


async def test_after_a_stop_nobody_listens_there_any_more(
    settings: Settings, slack: Workspace, clock: MovedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bot.listening")
    without_token = {"slack_app_token": SecretStr(""), "papers_port": 0}
    async with open_bot(settings.model_copy(update=without_token), clock, QUICK) as bot, running(bot):
        (listening,) = [record for record in caplog.records if record.msg.startswith("listening on")]
        slack.request_url = listening.getMessage().removeprefix("listening on ")
        assert await slack.verify_url()
    assert not await slack.verify_url()
