from __future__ import annotations

import asyncio
import gzip
import itertools
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiolimiter import AsyncLimiter

from bot.errors import SettingsError, SourceError
from bot.sources import open_sources
from bot.sources.http import Fetcher, RefusedError, client, endpoint
from bot.sources.huggingface import HuggingFace
from tests.upstream import Upstream, daily_item

PATH = "/api/papers/search"


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as serving:
        yield serving


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(client(), source="huggingface", pace=None, patience=5.0, wait=0.01) as polite:
        yield polite


async def failure(fetcher: Fetcher, url: str, **params: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await fetcher.get(url, params)
    return caught.value


@pytest.mark.parametrize(
    "base", ["", "/", "/api", "/api/", "/api/query", "/api/query/", "//api//query?x=1#y"]
)
def test_an_address_may_already_end_with_the_path(base: str) -> None:
    assert endpoint(f"https://export.arxiv.org{base}", "/api/query") == "https://export.arxiv.org/api/query"


def test_a_path_is_joined_below_a_proxy_and_keeps_the_port() -> None:
    assert endpoint("http://proxy:8080/arxiv/", "/atom") == "http://proxy:8080/arxiv/atom"
    assert endpoint("http://proxy/atom/arxiv", "/atom") == "http://proxy/atom/arxiv/atom"


async def test_the_body_comes_back_and_the_client_says_who_it_is(
    fetcher: Fetcher, upstream: Upstream
) -> None:
    assert await fetcher.get(f"{upstream.url}{PATH}", {"q": "x & y"}) == b"[]"
    assert upstream.requests[0].query == {"q": "x & y"}
    assert upstream.requests[0].headers["User-Agent"].startswith("papers-bot/")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_passing_failure_is_tried_again(fetcher: Fetcher, upstream: Upstream, status: int) -> None:
    upstream.fail(PATH, status, times=2)
    assert await fetcher.get(f"{upstream.url}{PATH}", {"q": "x"}) == b"[]"
    assert len(upstream.requests) == 3


async def test_it_gives_up_after_its_attempts_and_names_the_status(
    fetcher: Fetcher, upstream: Upstream
) -> None:
    upstream.fail(PATH, 503, times=9)
    error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert (
        str(error) == f"huggingface: GET {upstream.url}{PATH}: answered 503"
    )  # what was searched for is private
    assert len(upstream.requests) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0.3"},
        {"RateLimit": '"pages";r=7;t=900, "api";r=0;t=1', "Retry-After": "soon"},
    ],
)
async def test_it_waits_as_long_as_it_is_told(upstream: Upstream, headers: dict[str, str]) -> None:
    upstream.fail(PATH, 429, headers=headers)
    async with Fetcher(client(), source="huggingface", pace=None, wait=0.0) as fetcher:
        await fetcher.get(f"{upstream.url}{PATH}", {"q": "x"})
    first, second = (request.at for request in upstream.requests)
    assert 0.3 <= second - first < 5


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "3600"},
        {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)},
        {"RateLimit": '"api";r=0;t=3600'},
        {"RateLimit": "limit=500, remaining=0, reset=3600"},
    ],
)
async def test_a_wait_beyond_its_patience_fails_at_once_and_says_when(
    fetcher: Fetcher, upstream: Upstream, headers: dict[str, str]
) -> None:
    upstream.fail(PATH, 429, headers=headers)
    error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert error.problem.startswith("answered 429; try again in 3")
    assert "gave up" not in error.problem
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "told", ["soon", "-1", "9" * 5000, "Mon, 99 Foo 2026", "", "Tue, 10 Mar 2020 00:00:00 -0000"]
)
async def test_a_wait_that_cant_be_read_or_is_over_is_an_ordinary_failure(
    fetcher: Fetcher, upstream: Upstream, told: str
) -> None:
    upstream.fail(PATH, 429, headers={"Retry-After": told, "RateLimit": "?;r=x;t=,"})
    assert await fetcher.get(f"{upstream.url}{PATH}", {"q": "x"}) == b"[]"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
async def test_a_refusal_is_not_tried_again_and_quotes_its_first_words(
    fetcher: Fetcher, upstream: Upstream, status: int
) -> None:
    upstream.fail(PATH, status, body=b"<html><b>No</b>\x00 way</html>" + b" word" * 500)
    error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert isinstance(error, RefusedError)
    assert error.status == status
    assert error.problem.startswith(f"answered {status}: No way word word")
    assert len(error.problem) < 250
    assert len(upstream.requests) == 1


async def test_a_server_that_hangs_is_given_up_in_time(upstream: Upstream) -> None:
    upstream.hang(PATH, 30)
    began = time.monotonic()
    async with Fetcher(client(), source="huggingface", pace=None, patience=0.3) as fetcher:
        error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert time.monotonic() - began < 5
    assert error.problem == "no answer; gave up after 0.3 s"


async def test_giving_up_in_time_names_the_last_problem(upstream: Upstream) -> None:
    upstream.fail(PATH, 502, times=1)
    upstream.hang(PATH, 30)
    async with Fetcher(client(), source="huggingface", pace=None, patience=0.6, wait=0.01) as fetcher:
        error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert error.problem == "answered 502; gave up after 0.6 s"


async def test_a_closed_port_is_tried_again_and_then_an_error(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    error = await failure(fetcher, url)
    assert "ConnectError" in error.problem


async def test_an_answer_that_ends_early_is_tried_again(fetcher: Fetcher) -> None:
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    ]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await fetcher.get(f"http://127.0.0.1:{port}/") == b"[]"


async def test_redirects_are_followed_and_a_loop_is_an_error(fetcher: Fetcher, upstream: Upstream) -> None:
    upstream.fail("/old", 301, headers={"Location": f"{PATH}?q=x"})
    assert await fetcher.get(f"{upstream.url}/old") == b"[]"
    upstream.fail("/loop", 302, times=99, headers={"Location": "/loop"})
    error = await failure(fetcher, f"{upstream.url}/loop")
    assert error.problem == "more than 5 redirects"
    assert upstream.paths().count("/loop") == 6


@pytest.mark.parametrize("target", ["ftp://example.org/x", "http://[", "http://", "//"])
async def test_a_redirect_to_nowhere_is_an_error(fetcher: Fetcher, upstream: Upstream, target: str) -> None:
    upstream.fail(PATH, 302, times=9, headers={"Location": target})
    await failure(fetcher, f"{upstream.url}{PATH}", q="x")


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://x:notaport/", "ftp://example.org", "no address", "", "http://"]
)
async def test_an_invalid_address_is_an_error(fetcher: Fetcher, url: str) -> None:
    assert "not a valid http(s) address" in (await failure(fetcher, url)).problem


async def test_an_answer_that_cant_be_decompressed_is_an_error(fetcher: Fetcher, upstream: Upstream) -> None:
    upstream.fail(PATH, 200, times=9, headers={"Content-Encoding": "gzip"}, body=b"not gzip")
    error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert error.problem == "the answer could not be decompressed"
    assert len(upstream.requests) == 1


async def test_an_answer_over_50_mb_is_an_error_however_small_it_travels(
    fetcher: Fetcher, upstream: Upstream
) -> None:
    bomb = gzip.compress(bytes(50_000_001), 1)
    upstream.fail(PATH, 200, headers={"Content-Encoding": "gzip"}, body=bomb)
    assert (
        await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    ).problem == "the answer is larger than 50 MB"


async def test_the_token_goes_to_its_own_host_and_into_no_error(fetcher: Fetcher, upstream: Upstream) -> None:
    elsewhere = upstream.url.replace("127.0.0.1", "localhost")
    upstream.fail("/here", 302, headers={"Location": f"{elsewhere}{PATH}?q=x"})
    await fetcher.get(f"{upstream.url}/here", token="hf_secret")
    assert [request.headers.get("Authorization") for request in upstream.requests] == [
        "Bearer hf_secret",
        None,
    ]

    upstream.fail("/echo", 403, body=b"you sent Bearer hf_secret")
    with pytest.raises(SourceError) as caught:
        await fetcher.get(upstream.url.replace("//", "//user:pa55@") + "/echo", token="hf_secret")
    assert "hf_secret" not in str(caught.value)
    assert "pa55" not in str(caught.value)


async def test_hugging_face_alone_gets_the_token(upstream: Upstream) -> None:
    sources = open_sources(
        huggingface_url=upstream.url,
        huggingface_token=" hf_secret\n",
        arxiv_url=upstream.url,
        arxiv_rss_url=upstream.url,
        arxiv_pace=0.01,
    )
    upstream.days = {"2026-03-10": [daily_item("2603.00001", "A title")]}
    await sources.huggingface.search("title", 3)
    await sources.arxiv.search("title", 3)
    await sources.aclose()
    assert [request.headers.get("Authorization") for request in upstream.requests] == [
        "Bearer hf_secret",
        None,
    ]


@pytest.mark.parametrize("token", ["hf_ü", "hf_a\nX-Evil: 1", "hf_a b"])
def test_a_token_no_header_can_carry_is_refused_without_being_shown(token: str, fetcher: Fetcher) -> None:
    with pytest.raises(SettingsError) as caught:
        HuggingFace(fetcher, "https://huggingface.co", token)
    assert token not in str(caught.value)


async def test_requests_keep_their_pace_across_tasks_services_and_attempts(upstream: Upstream) -> None:
    sources = open_sources(
        huggingface_url=upstream.url,
        huggingface_token="",
        arxiv_url=upstream.url,
        arxiv_rss_url=upstream.url,
        arxiv_pace=0.2,
    )
    upstream.fail("/atom", 302, headers={"Location": "/atom/cs.CL"})
    upstream.fail("/api/query", 429, headers={"Retry-After": "0.01"})
    await asyncio.gather(
        sources.arxiv.search("one", 3),
        sources.arxiv.announcements(["cs.AI"]),
        sources.arxiv.by_ids(["2603.00001"]),
    )
    await sources.aclose()
    times = [request.at for request in upstream.requests]
    assert len(times) == 5
    # A little under 0.2, because a busy machine may note one request late and the next in time.
    assert all(later - earlier >= 0.15 for earlier, later in itertools.pairwise(times))


async def test_a_paced_source_is_asked_one_thing_at_a_time(upstream: Upstream) -> None:
    upstream.hang(PATH, 0.15)
    async with Fetcher(client(), source="arxiv", pace=AsyncLimiter(1, 0.01)) as fetcher:
        await asyncio.gather(*(fetcher.get(f"{upstream.url}{PATH}", {"q": "x"}) for _ in range(3)))
    times = [request.at for request in upstream.requests]
    assert all(later - earlier >= 0.15 for earlier, later in itertools.pairwise(times))


async def test_waiting_for_a_turn_counts_as_waiting(upstream: Upstream) -> None:
    async with Fetcher(client(), source="arxiv", pace=AsyncLimiter(1, 60), patience=0.2) as fetcher:
        await fetcher.get(f"{upstream.url}{PATH}", {"q": "x"})
        error = await failure(fetcher, f"{upstream.url}{PATH}", q="x")
    assert "gave up after 0.2 s" in error.problem
    assert len(upstream.requests) == 1
