from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiolimiter import AsyncLimiter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SettingsError, SourceError
from bot.sources import open_sources
from bot.sources.http import MOST_REMEMBERED, Fetcher, RefusedError, client, endpoint
from bot.sources.huggingface import HuggingFace
from storage.models import Batch
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


@pytest.mark.parametrize("packed", ["gzip, gzip", "br", "zstd", "GZIP,deflate", "x-unknown"])
async def test_an_answer_packed_twice_or_in_a_way_nobody_asked_for_is_not_unpacked(
    fetcher: Fetcher, upstream: Upstream, packed: str
) -> None:
    bomb = gzip.compress(gzip.compress(bytes(10_000_000)))
    upstream.fail(PATH, 200, headers={"Content-Encoding": packed}, body=bomb)
    problem = (await failure(fetcher, f"{upstream.url}{PATH}", q="x")).problem
    assert problem == f"the answer is packed in a way nobody asked for ({packed.lower()})"
    assert upstream.requests[0].headers["Accept-Encoding"] == "gzip, deflate"


@pytest.mark.parametrize(("told", "after"), [("90", 90.0), ("999999999", 3600.0)])
async def test_an_error_says_for_how_long_the_service_wants_to_be_left_alone_an_hour_at_most(
    fetcher: Fetcher, upstream: Upstream, told: str, after: float
) -> None:
    upstream.fail(PATH, 503, headers={"Retry-After": told})
    assert (await failure(fetcher, f"{upstream.url}{PATH}", q="x")).after == after


def _batch(body: bytes) -> Batch:
    if body.startswith(b"<"):
        raise SourceError("huggingface", "test", "a page of HTML")
    return Batch(source="huggingface", listed=(body.decode(),))


async def answering(answers: list[bytes], asked: list[bytes]) -> asyncio.Server:
    """Sends these bytes, one answer for each request, whatever is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answers.pop(0))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


def _plain(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Connection: close", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def test_a_date_serves_where_there_is_no_tag_and_marks_no_header_can_carry_are_dropped(
    fetcher: Fetcher,
) -> None:
    day, asked = b"Tue, 10 Mar 2026 00:00:00 GMT", list[bytes]()
    answers = [
        _plain(b"one", b"Last-Modified: " + day),
        _plain(b"", status=b"304 Not Modified"),
        _plain(b"two", b"ETag: \xfc\xff"),
        _plain(b"three"),
    ]
    async with await answering(answers, asked) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/list"
        read = [(await fetcher.read(url, {"p": 0}, _batch)).listed[0] for _ in range(4)]
    assert read == ["one", "one", "two", "three"]
    assert [b"if-modified-since: " + day in one.lower().replace(day.lower(), day) for one in asked] == [
        False,
        True,
        True,
        False,
    ]
    assert not any(b"if-none-match" in one.lower() for one in asked)


async def test_a_304_to_somebody_who_has_nothing_is_a_refusal(fetcher: Fetcher, upstream: Upstream) -> None:
    upstream.fail(PATH, 304)
    with pytest.raises(RefusedError, match="answered 304"):
        await fetcher.read(f"{upstream.url}{PATH}", {"q": "x"}, _batch)


async def test_what_was_read_before_outlives_an_error_page(fetcher: Fetcher) -> None:
    tag, asked = b'ETag: "good"', list[bytes]()
    answers = [
        _plain(b"good", tag),
        _plain(b"<html>", b'ETag: "bad"'),
        _plain(b"", tag, status=b"304 Not Modified"),
    ]
    async with await answering(answers, asked) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/list"
        assert (await fetcher.read(url, None, _batch)).listed == ("good",)
        with pytest.raises(SourceError, match="a page of HTML"):
            await fetcher.read(url, None, _batch)
        assert (await fetcher.read(url, None, _batch)).listed == ("good",)
    assert b'"good"' in asked[2]


async def test_only_so_many_lists_are_remembered(fetcher: Fetcher, upstream: Upstream) -> None:
    upstream.tags = True
    for day in range(MOST_REMEMBERED + 1):
        await fetcher.read(f"{upstream.url}{PATH}", {"q": f"{day}"}, _batch)
    for day in (0, MOST_REMEMBERED):
        await fetcher.read(f"{upstream.url}{PATH}", {"q": f"{day}"}, _batch)
    assert upstream.statuses[-2:] == [200, 304]


_TOKENS = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters=":"), max_size=20)
_HEADERS = st.sampled_from(
    ["ETag", "Last-Modified", "Retry-After", "RateLimit", "Location", "Content-Encoding", "Content-Type"]
)


@settings(max_examples=60, deadline=None)
@given(
    status=st.sampled_from([200, 206, 301, 304, 400, 429, 503, 599]),
    headers=st.dictionaries(_HEADERS, _TOKENS, max_size=4),
    body=st.binary(max_size=60),
    cut=st.integers(0, 200),
)
def test_whatever_a_server_sends_it_is_read_or_a_source_error(
    status: int, headers: dict[str, str], body: bytes, cut: int
) -> None:
    lines = [f"{name}: {value}".encode("latin-1") for name, value in headers.items()]
    sent = _plain(body, *lines, status=b"%d Odd" % status)

    async def ask() -> None:
        async with (
            await answering([sent, sent[: len(sent) - cut]], []) as server,
            Fetcher(client(), source="huggingface", pace=None, attempts=1, patience=5.0) as fetcher,
        ):
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            for _ in range(2):
                with contextlib.suppress(SourceError):
                    assert isinstance(
                        await fetcher.read(
                            url, None, lambda read: Batch(source="arxiv", listed=(read.hex(),))
                        ),
                        Batch,
                    )

    asyncio.run(ask())
