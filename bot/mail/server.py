"""What the settings say of mail: the server it is handed to, and whom it comes from."""

from __future__ import annotations

import ipaddress
import re
from email.utils import formataddr, parseaddr
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.mail.words import one_line

Security = Literal["tls", "starttls", "none"]
_HOW = "write smtp://user:password@smtp.example.org:587 or smtps://user:password@smtp.example.org"
_STARTTLS = {"": "starttls", "on": "starttls", "off": "none"}
#: What every mail server takes without an extension: https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2
_ADDRESS = re.compile(
    r"(?=.{3,254}$)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)


class MailServer(NamedTuple):
    """A server that takes mail for anybody: encrypted from the first byte (`tls`), from STARTTLS on, or not."""

    host: str
    port: int
    user: str
    password: str
    security: Security


def is_address(text: str) -> bool:
    """Whether this is a mail address that can be written to, in ASCII."""
    return bool(_ADDRESS.fullmatch(text))


def mail_server(url: str) -> MailServer:
    """The server of an SMTP URL. STARTTLS is insisted on, but on this machine or with `?starttls=off`.

    Raises ValueError with what is wrong, and never with the URL, which holds a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"has a host or a port that is none; {_HOW}") from error
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise ValueError(f"is no SMTP URL; {_HOW}")
    security = _security(parts.scheme, host, dict(parse_qsl(parts.query, keep_blank_values=True)))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and security == "none" and not _is_here(host):
        raise ValueError("would send the password unencrypted; leave out starttls=off")
    usual = {"tls": 465, "starttls": 587, "none": 25}[security]
    return MailServer(host, usual if port is None else port, user, password, security)


def _security(scheme: str, host: str, options: dict[str, str]) -> Security:
    if unknown := set(options) - {"starttls"}:
        raise ValueError(f"has an option that I don't know: {', '.join(sorted(unknown))}")
    if scheme == "smtps":
        if options:
            raise ValueError("is encrypted from the first byte with smtps, so starttls has no place in it")
        return "tls"
    wanted = options.get("starttls", "off" if _is_here(host) else "on")
    if wanted not in _STARTTLS:
        raise ValueError("takes starttls, starttls=on or starttls=off")
    return "starttls" if _STARTTLS[wanted] == "starttls" else "none"


def mail_from(text: str) -> str:
    """Whom mail comes from, as its header has it. Raises ValueError when that is no address."""
    name, address = parseaddr(one_line(text))
    if not is_address(address):
        raise ValueError("is no address; write papers@example.org or Papers <papers@example.org>")
    return formataddr((name, address))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
