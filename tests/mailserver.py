"""A mail server on loopback, which speaks real SMTP and can be told to refuse, to wait and to break off."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.mail.server import MailServer


class Received(NamedTuple):
    """A mail as the server has it."""

    sender: str
    recipients: list[str]
    mail: EmailMessage
    raw: bytes

    def text(self, kind: str = "plain") -> str:
        part = self.mail.get_body((kind,))
        assert part is not None
        content: str = part.get_content()
        return content


class Postbox:
    """The server: what it has taken is in `received`; `answers` are given to the next steps of their names."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, list[str]] = {}
        self.encrypted: list[bool] = []
        self.users: dict[str, str] = {}
        #: Take the next mails, and break the connection instead of saying so.
        self.silent = 0
        #: Set when a mail is taken; the answer waits for `may_answer`.
        self.took = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.host, self.port = "", 0
        self.connections: set[SMTP] = set()

    def server(self, security: Any = "none", user: str = "", password: str = "") -> MailServer:
        return MailServer(
            "localhost" if security == "starttls" else self.host, self.port, user, password, security
        )

    def says(self, step: str, *answers: str) -> None:
        """What is answered to the next `MAIL`, `RCPT` or `DATA`."""
        self.answers.setdefault(step, []).extend(answers)

    def _answer(self, step: str) -> str:
        waiting = self.answers.get(step) or ["250 OK"]
        return waiting.pop(0)

    # What aiosmtpd calls.

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        self.connections.add(server)
        self.encrypted.append(session.ssl is not None)
        envelope.mail_from = address
        return self._answer("MAIL")

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        answer = self._answer("RCPT")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._answer("DATA")
        if answer.startswith("2"):
            raw = envelope.content if isinstance(envelope.content, bytes) else b""
            mail = message_from_bytes(raw, policy=default)
            assert isinstance(mail, EmailMessage)
            self.received.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), mail, raw))
        self.took.set()
        await self.may_answer.wait()
        if self.silent:
            self.silent -= 1
            _break_off(server)
        return answer

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = self.users.get(data.login.decode())
        return AuthResult(success=known == data.password.decode(), handled=False)


def _break_off(connection: SMTP) -> None:
    if isinstance(connection.transport, asyncio.Transport):
        connection.transport.abort()


@asynccontextmanager
async def serving(box: Postbox, tls: ssl.SSLContext | None = None) -> AsyncIterator[Postbox]:
    """The server listens; with `tls` it wants STARTTLS before anything else, and a login where it has users."""

    def made() -> SMTP:
        return SMTP(
            box,
            hostname="mail.test",
            tls_context=tls,
            require_starttls=tls is not None,
            authenticator=box.authenticate,
            auth_required=bool(box.users),
            auth_require_tls=tls is not None,
        )

    listening = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    box.host, box.port = listening.sockets[0].getsockname()[:2]
    try:
        yield box
    finally:
        listening.close()
        for connection in box.connections:
            _break_off(connection)
        await listening.wait_closed()
