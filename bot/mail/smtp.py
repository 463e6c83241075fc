"""Handing one mail to the server, in steps of which each has an outcome that the ledger understands."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import parseaddr
from typing import NamedTuple

import aiosmtplib

from bot.mail.server import MailServer
from bot.mail.words import clip_line

#: A server may take its time over a mail; a claim of the ledger lasts longer than all steps together.
SECONDS = 30.0
#: What the server says is put into a sentence.
_SAID = 200


class NotTaken(Exception):  # noqa: N818 - an outcome, not a mistake
    """The server certainly does not have the mail, and may take it later."""


class Refused(Exception):  # noqa: N818
    """The server will never take a mail for this address, or this mail."""


class InDoubt(Exception):  # noqa: N818
    """The connection ended while the server was taking the mail, and nobody can be asked whether it has."""


class NoServer(Exception):  # noqa: N818
    """The server can't be used by anybody just now, or not before a setting is mended."""


class Timeouts(NamedTuple):
    """How long one answer of the server, and its answer to a whole mail, may take, in seconds."""

    step: float = SECONDS
    mail: float = SECONDS * 2


async def _yes() -> bool:
    return True


async def _nothing() -> None:
    return None


class Steps(NamedTuple):
    """What is done right before the server is given a mail, which False prevents, and right after it has taken it."""

    hand_over: Callable[[], Awaitable[bool]] = _yes
    taken: Callable[[], Awaitable[None]] = _nothing


class Smtp:
    """Sends through one server; `trusted` are the certificates that it may show, the system's unless given."""

    def __init__(
        self,
        server: MailServer,
        sender: str,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - it can't be changed
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self.server = server
        self.sender = sender
        self.timeouts = timeouts
        self.trusted = trusted

    async def send(self, letter: EmailMessage, address: str, steps: Steps) -> None:
        """Send a mail to one address, unless it is not to be handed over any more.

        Raises NoServer, NotTaken, Refused or InDoubt.
        """
        async with self._connected() as client:
            await self._name(client, address)
            if await steps.hand_over():
                await self._give(client, letter)
                # Before goodbyes are said, which may take a while.
                await steps.taken()

    async def check(self) -> str:
        """Connect and log in, and say with what. Raises NoServer."""
        async with self._connected() as client:
            encrypted = client.get_transport_info("sslcontext") is not None
        who = f"as {self.server.user}" if self.server.user else "without a user name"
        return (
            f"{self.server.host}:{self.server.port}, {'encrypted' if encrypted else 'not encrypted'}, {who}"
        )

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = self._client()
        try:
            # An overall limit, because each of several steps may take as long as one may.
            async with asyncio.timeout(self.timeouts.step * 2):
                await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise NoServer(
                f"it refuses the user name and password of PAPERS_SMTP_URL ({_said(error)})"
            ) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise NoServer(_trouble(error)) from error
        try:
            yield client
        except BaseException:
            client.close()
            raise
        await self._leave(client)

    def _client(self) -> aiosmtplib.SMTP:
        server = self.server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            timeout=self.timeouts.step,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else self.trusted,
        )

    async def _leave(self, client: aiosmtplib.SMTP) -> None:
        try:
            if client.is_connected:
                await client.quit(timeout=self.timeouts.step)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            # Whatever became of the mail is known by now.
            client.close()

    async def _name(self, client: aiosmtplib.SMTP, address: str) -> None:
        """Say from whom and to whom, which sends nothing yet."""
        try:
            await client.mail(parseaddr(self.sender)[1])
            await client.rcpt(address)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise (Refused if error.code >= 500 else NotTaken)(_said(error)) from error
        except aiosmtplib.SMTPResponseException as error:
            raise NoServer(f"it refuses mail from PAPERS_MAIL_FROM ({_said(error)})") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise NotTaken(_trouble(error)) from error

    async def _give(self, client: aiosmtplib.SMTP, letter: EmailMessage) -> None:
        try:
            await client.data(letter.as_bytes(), timeout=self.timeouts.mail)
        except aiosmtplib.SMTPResponseException as error:
            raise (Refused if error.code >= 500 else NotTaken)(_said(error)) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise InDoubt(_trouble(error)) from error


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return clip_line(f"{error.code} {error.message}", _SAID)


def _trouble(error: Exception) -> str:
    """What kept us from the server, as the end of a sentence."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"it answers {_said(error)}"
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return clip_line(str(error) or type(error).__name__, _SAID)
