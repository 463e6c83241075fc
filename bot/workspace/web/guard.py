"""Who may use the pages: browsers that show them, not other sites that a browser shows beside them.

A site can make a browser send requests to this machine, and can name its own host in them once its name leads here
(DNS rebinding). So the host must be one that this server is known by, and the origin must be the page's own.
"""

import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web
from yarl import URL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Scripts and styles only from the two files of ours; pictures from wherever a message has them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: http: data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class RefusedError(Exception):
    """A request that is answered with a sentence and a status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def guarded(handler: Handler, asked_host: str) -> Handler:
    """The handler behind the checks; `asked_host` is the host that the server was told to listen on."""

    async def guard(request: web.Request) -> web.StreamResponse:
        if sentence := objection(request, asked_host):
            return web.Response(text=sentence, status=403, headers=HEADERS)
        return await handler(request)

    return guard


def objection(request: web.Request, asked_host: str) -> str:
    """Why a request is refused; empty when it is not."""
    host = _host_of(request.host)
    if not (_is_loopback(host) or (not _is_loopback(asked_host) and _is_ours(host, asked_host))):
        return "This workspace is not known by that name; open it by the address it printed at its start."
    origin = request.headers.get("Origin")
    if origin not in (None, f"http://{request.host}"):
        return "Another site may not use this workspace."
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return "Another site may not use this workspace."
    return ""


def _host_of(header: str) -> str:
    try:
        return URL(f"http://{header}").host or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _is_ours(host: str, asked_host: str) -> bool:
    # A site that rebinds its name has a name, so an address in figures is none.
    return host == asked_host or _address(host) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
