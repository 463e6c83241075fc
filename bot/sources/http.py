"""One polite HTTP client for every source: it waits its turn, tries again, and gives up in time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import re
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import httpx
import stamina
from aiolimiter import AsyncLimiter

from bot.errors import SourceError
from bot.sources.fields import shortened
from storage.models import Batch

MOST_BYTES = 50_000_000
MOST_REDIRECTS = 5
#: However long a service asks to be left alone, it is asked again after this many seconds.
LONGEST_WAIT = 3600.0
#: Two weeks of day lists, and as many of their second pages.
MOST_REMEMBERED = 48
#: Of what may pack a body, these at most once: packed twice, 64 kB can be 64 GB before any limit is looked at.
_ENCODINGS = ("", "identity", "gzip", "deflate")
_NEVER_BETTER = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class RefusedError(SourceError):
    """The service answered a status that trying again won't change; `status` and `body` are its answer."""

    def __init__(self, source: str, asked: str, problem: str, status: int, body: bytes) -> None:
        self.status = status
        self.body = body
        super().__init__(source, asked, problem)


class _Remembered(NamedTuple):
    """What an answer held, and the headers that ask whether it still does."""

    headers: dict[str, str]
    batch: Batch


class _Again(Exception):  # noqa: N818 - a signal to the retry loop, never seen outside
    """An attempt failed in a way that the next may not; `after` is when the service said, in seconds."""

    def __init__(self, problem: str, after: float | None = None) -> None:
        self.problem = f"{problem}; try again in {math.ceil(after)} s" if after else problem
        self.after = after


class _Budget:
    """Decides, for one call, whether another attempt is worth it; remembers the last thing that went wrong."""

    def __init__(self, patience: float) -> None:
        self.ends = time.monotonic() + patience
        self.problem = ""

    def __call__(self, error: Exception) -> bool | float:
        if not isinstance(error, _Again):
            return False
        self.problem = error.problem
        if not error.after:
            return True
        return error.after if time.monotonic() + error.after < self.ends else False


def client(*, connections: int | None = None, silence: float = 10.0) -> httpx.AsyncClient:
    """An HTTP client that says who it is; `connections` bounds how many it holds open at once.

    `silence` is for how many seconds an answer may stand still.
    """
    return httpx.AsyncClient(
        headers={"User-Agent": f"papers-bot/{_version()}", "Accept-Encoding": "gzip, deflate"},
        verify=_trust(),
        timeout=httpx.Timeout(silence, pool=None),
        limits=httpx.Limits(max_connections=connections),
    )


def endpoint(base: str, path: str) -> str:
    """`path` on `base`, whether or not `base` already ends with the first part of it.

    `https://export.arxiv.org`, `.../api` and `.../api/query/` with `/api/query` are all `.../api/query`.
    """
    parts = urlsplit(base)
    have = [piece for piece in parts.path.split("/") if piece]
    want = [piece for piece in path.split("/") if piece]
    overlap = next(
        size for size in range(min(len(have), len(want)), -1, -1) if have[len(have) - size :] == want[:size]
    )
    return urlunsplit((parts.scheme, parts.netloc, "/" + "/".join(have + want[overlap:]), "", ""))


class Fetcher:
    """Reads from one source. Every failure is a `SourceError` whose text holds no secret.

    `pace` makes it send one request at a time, no sooner than the limiter allows, redirects and further
    attempts included. `attempts` bounds the tries of one call, `patience` its whole time in seconds (waiting
    for its turn included), `wait` is the first pause between tries; pauses double and carry jitter.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        source: str,
        pace: AsyncLimiter | None,
        attempts: int = 3,
        patience: float = 20.0,
        wait: float = 0.5,
    ) -> None:
        self._client = client
        self._source = source
        self._pace = pace
        self._turn = asyncio.Lock()
        self._attempts = attempts
        self._patience = patience
        self._wait = wait
        self._remembered: dict[str, _Remembered] = {}

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        *,
        token: str = "",
        doubt: Callable[[bytes], str] | None = None,
    ) -> bytes:
        """The body of the answer, decompressed.

        `token` goes to the host of `url` alone. `doubt` names what makes a 200 unbelievable, or "": such an
        answer is asked for again like a failed one. Raises `RefusedError` for a 4xx, else `SourceError`.
        """
        _, body = await self._answer(url, params, token=token, doubt=doubt)
        return body

    async def read(
        self,
        url: str,
        params: Mapping[str, str | int] | None,
        parse: Callable[[bytes], Batch],
        *,
        token: str = "",
    ) -> Batch:
        """What `parse` makes of the body; when the service says that it has not changed, what it made before.

        Parsed off the loop. Only a batch that was read whole is remembered: a damaged page or an error page that
        comes with an ETag would otherwise be confirmed by every 304 that follows. Raises what `get` raises.
        """
        address = f"{url}?{httpx.QueryParams(params)}"
        known = self._remembered.pop(address, None)
        try:
            response, body = await self._answer(
                url, params, token=token, known=known.headers if known else {}
            )
            if known is None or response.status_code != 304:
                known = await self._parsed(response, body, parse)
            return known.batch
        finally:
            if known and known.headers:
                self._remember(address, known)

    async def _parsed(
        self, response: httpx.Response, body: bytes, parse: Callable[[bytes], Batch]
    ) -> _Remembered:
        batch = await asyncio.to_thread(parse, body)
        return _Remembered({} if batch.skipped else _conditions(response.headers), batch)

    def _remember(self, address: str, known: _Remembered) -> None:
        self._remembered[address] = known
        while len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    async def _answer(
        self,
        url: str,
        params: Mapping[str, str | int] | None,
        *,
        token: str = "",
        doubt: Callable[[bytes], str] | None = None,
        known: Mapping[str, str] | None = None,
    ) -> tuple[httpx.Response, bytes]:
        """A successful answer, or a 304 when `known`, the headers that ask for one, are given."""
        asked, budget = _asked(url, params), _Budget(self._patience)
        try:
            async with asyncio.timeout(self._patience):
                response, body = await self._persist(
                    _request(self._client, url, params, token, known or {}), budget, doubt
                )
        except _Again as again:
            raise SourceError(self._source, asked, again.problem, again.after) from again.__cause__
        except TimeoutError:
            problem = budget.problem or "no answer"
            raise SourceError(self._source, asked, f"{problem}; gave up after {self._patience:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, _Unreadable) as error:
            raise SourceError(self._source, asked, _explained(error)) from None
        if response.is_success or (known and response.status_code == 304):
            return response, body
        words = _first_words(body, token)
        problem = f"answered {response.status_code}" + (f": {words}" if words else "")
        raise RefusedError(self._source, asked, problem, response.status_code, body)

    async def _persist(
        self, request: httpx.Request, budget: _Budget, doubt: Callable[[bytes], str] | None
    ) -> tuple[httpx.Response, bytes]:
        async for attempt in stamina.retry_context(
            on=budget,
            attempts=self._attempts,
            timeout=None,
            wait_initial=self._wait,
            wait_max=self._patience,
            wait_jitter=self._wait,
        ):
            with attempt:
                response, body = await self._follow(request)
                if response.status_code == 429 or response.status_code >= 500:
                    raise _Again(f"answered {response.status_code}", _told_to_wait(response.headers))
                if response.is_success and doubt is not None and (problem := doubt(body)):
                    raise _Again(problem)
                return response, body
        raise AssertionError("the loop above returns or raises")  # pragma: no cover

    async def _follow(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        """Each redirect is a request of its own, so it takes its own turn; httpx drops the token off-host."""
        for _ in range(MOST_REDIRECTS + 1):
            response, body = await self._send(request)
            if response.next_request is None:
                return response, body
            request = response.next_request
        raise _Unreadable(f"more than {MOST_REDIRECTS} redirects")

    async def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        try:
            async with contextlib.AsyncExitStack() as turn:
                if self._pace is not None:
                    await turn.enter_async_context(self._turn)
                    await self._pace.acquire()
                response = await self._client.send(request, stream=True, follow_redirects=False)
                turn.push_async_callback(response.aclose)
                return response, await _read(response)
        except _NEVER_BETTER:
            raise
        except httpx.TransportError as error:
            raise _Again(_explained(error)) from error


class _Unreadable(Exception):  # noqa: N818 - turned into `SourceError` by `get`
    """What came back can't be used, and wouldn't be usable the next time."""


async def _read(response: httpx.Response) -> bytes:
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    if packed not in _ENCODINGS:
        raise _Unreadable(f"the answer is packed in a way nobody asked for ({shortened(packed, 40)})")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _Unreadable(f"the answer is larger than {MOST_BYTES // 1_000_000} MB")
    return bytes(body)


def _told_to_wait(headers: httpx.Headers) -> float | None:
    """Seconds until the service wants to be asked again, `LONGEST_WAIT` at most; None when it doesn't say."""
    told = _told(headers)
    return None if told is None else min(told, LONGEST_WAIT)


def _told(headers: httpx.Headers) -> float | None:
    """RFC 9110's Retry-After, in seconds or as a date, else RateLimit."""
    told = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", told):
        return float(told)
    try:
        until = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return _until_reset(headers.get("RateLimit", ""))
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _until_reset(limits: str) -> float | None:
    """Hugging Face sends `"api";r=0;t=120`: requests remaining, seconds to reset; several are split by commas."""
    resets = []
    for limit in limits.split(","):
        left, reset = (re.search(rf"\b{name}\s*=\s*([0-9]{{1,9}})", limit) for name in ("r", "(?:t|reset)"))
        if reset and (left is None or int(left[1]) == 0):
            resets.append(float(reset[1]))
    return max(resets, default=None)


def _conditions(headers: httpx.Headers) -> dict[str, str]:
    """The headers that ask for an answer only if it has changed (RFC 9110, 13.1); none when it carries no mark."""
    marks = {"If-None-Match": headers.get("ETag", ""), "If-Modified-Since": headers.get("Last-Modified", "")}
    return {name: mark for name, mark in marks.items() if re.fullmatch(r"[\x20-\x7e]{1,500}", mark)}


def _request(
    client: httpx.AsyncClient,
    url: str,
    params: Mapping[str, str | int] | None,
    token: str,
    known: Mapping[str, str],
) -> httpx.Request:
    allowed = {"Authorization": f"Bearer {token}"} if token else {}
    return client.build_request("GET", url, params=params, headers={**known, **allowed})


#: What people searched for is theirs; everything else in a request helps to see what went wrong.
_PRIVATE = frozenset({"q", "search_query"})


def _asked(url: str, params: Mapping[str, str | int] | None) -> str:
    """The request as a message shows it: an address can carry a password and a search words, a message must not."""
    shown = {name: value for name, value in (params or {}).items() if name not in _PRIVATE}
    try:
        return shortened(f"GET {httpx.URL(url, params=shown).copy_with(userinfo=b'')}", 300)
    except (httpx.InvalidURL, ValueError):
        return "GET"


def _explained(error: Exception) -> str:
    if isinstance(error, _Unreadable):
        return str(error)
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "the address is not a valid http(s) address"
    if isinstance(error, httpx.LocalProtocolError):  # its text quotes the header it refuses, token included
        return "the request could not be sent"
    if isinstance(error, httpx.DecodingError):
        return "the answer could not be decompressed"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__})"
    return shortened(f"could not be read ({type(error).__name__}: {error})")


def _first_words(body: bytes, secret: str) -> str:
    words = re.sub(r"<[^>]*>", " ", body[:4000].decode("utf-8", "replace"))
    return shortened(words.replace(secret, "***") if secret else words)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Reading the machine's certificates takes 30 ms, so every client shares them."""
    return httpx.create_ssl_context()


def _version() -> str:
    try:
        return version("papers-bot")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
