"""Rate limits as Slack has them, and trouble on demand."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import Workspace
from bot.workspace.limits import POST_BURST, RateLimits


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
async def slack(now: list[float]) -> AsyncIterator[Workspace]:
    async with Workspace(monotonic=lambda: now[0]) as slack:
        yield slack


@pytest.fixture
def client(slack: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


async def refused(call: Any) -> tuple[int, str, str | None]:
    with pytest.raises(SlackApiError) as raised:
        await call
    response = raised.value.response
    return response.status_code, response["error"], response.headers.get("Retry-After")


async def test_a_channel_takes_a_burst_of_messages_then_one_a_second(
    slack: Workspace, client: AsyncWebClient, papers: str, now: list[float]
) -> None:
    for _ in range(POST_BURST):
        await client.chat_postMessage(channel=papers, text="x")
    assert await refused(client.chat_postMessage(channel="#papers", text="x")) == (429, "ratelimited", "1")
    await client.chat_postMessage(channel=slack.add_channel("other"), text="x")
    now[0] += 1
    await client.chat_postMessage(channel=papers, text="x")
    assert (await refused(client.chat_postMessage(channel=papers, text="x")))[0] == 429
    assert len(slack.messages(papers)) == POST_BURST + 1


async def test_a_tier_counts_the_calls_of_the_last_minute(client: AsyncWebClient, now: list[float]) -> None:
    for _ in range(20):
        await client.users_list()
        now[0] += 1
    assert await refused(client.users_list()) == (429, "ratelimited", "40")
    now[0] += 40
    await client.users_list()
    await client.auth_test()


async def test_limits_can_be_turned_off() -> None:
    async with Workspace(enforce_limits=False) as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        for _ in range(30):
            await client.users_list()


@example(gaps=[1.867268410052512, 0.0, 0.0, 0.0, 0.0, 0.0])  # rounding
@given(gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_waiting_as_told_is_always_enough(gaps: list[float]) -> None:
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    for gap in gaps:
        now[0] += gap
        for ask in (partial(limits.post, "C1"), partial(limits.call, "users.list", 5)):
            if wait := ask():
                now[0] += wait
                assert ask() == 0


async def test_a_rate_limit_on_demand_hits_one_channel(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    other = slack.add_channel("other")
    slack.faults.rate_limit("chat.postMessage", retry_after=7, times=2, channel=papers)
    await client.chat_postMessage(channel=other, text="x")
    for _ in range(2):
        assert await refused(client.chat_postMessage(channel=papers, text="x")) == (429, "ratelimited", "7")
    await client.chat_postMessage(channel=papers, text="x")
    assert [call.status for call in slack.calls] == [200, 429, 429, 200]


async def test_the_sdk_waits_as_long_as_it_is_told(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    slack.faults.rate_limit("chat.postMessage", retry_after=1)
    started = time.monotonic()
    await client.chat_postMessage(channel=papers, text="x")
    assert time.monotonic() - started >= 1
    assert len(slack.messages(papers)) == 1


async def test_a_failure_on_demand_names_its_error_and_does_no_work(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    slack.faults.fail("chat.postMessage", "missing_scope")
    assert (await refused(client.chat_postMessage(channel=papers, text="x")))[1] == "missing_scope"
    assert slack.messages(papers) == []
    await client.chat_postMessage(channel=papers, text="x")


async def test_a_failure_after_the_work_leaves_the_message(
    slack: Workspace, client: AsyncWebClient, papers: str
) -> None:
    slack.faults.fail_after_work("chat.postMessage")
    assert (await refused(client.chat_postMessage(channel=papers, text="x")))[0] == 500
    assert len(slack.messages(papers)) == 1


@pytest.mark.parametrize("work", [True, False])
async def test_a_call_that_hangs_has_done_its_work_or_never_does(
    slack: Workspace, papers: str, work: bool
) -> None:
    impatient = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, timeout=0.3)  # type: ignore[arg-type]
    slack.faults.hang("chat.postMessage", seconds=0.5, work=work)
    with pytest.raises(asyncio.TimeoutError):
        await impatient.chat_postMessage(channel=papers, text="x")
    await slack.wait_for(lambda: slack.calls and (slack.calls[0].ok or slack.calls[0].error))
    assert len(slack.messages(papers)) == work


async def test_faults_can_be_forgotten(slack: Workspace, client: AsyncWebClient) -> None:
    slack.faults.fail("auth.test", "fatal_error", times=5)
    slack.faults.clear()
    await client.auth_test()
