"""Handing a mail to a real server: encrypted or not, logged in or not, and each way in which it can go wrong."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.mail.server import MailServer, is_address, mail_from, mail_server
from bot.mail.smtp import InDoubt, NoServer, NotTaken, Refused, Smtp, Steps, Timeouts
from tests.mailserver import Postbox, serving

ADDRESS = "ada@lab.example"
#: Short enough for a test, long enough for a busy machine to answer.
HASTY = Timeouts(step=5, mail=0.2)


def letter() -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "Papers"
    made.set_content(".\nA line that is a full stop only must not end the mail.\n")
    return made


def smtp(server: MailServer, trusted: ssl.SSLContext | None = None, timeouts: Timeouts = Timeouts()) -> Smtp:  # noqa: B008
    return Smtp(server, "Papers <papers@lab.example>", timeouts, trusted)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for localhost, and the trust in it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    folder: Path = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "made.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", made, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(made, key)
    return shown, ssl.create_default_context(cafile=str(made))


async def test_a_mail_arrives_as_it_was_written_and_is_said_to_be_taken() -> None:
    said: list[str] = []

    async def hand_over() -> bool:
        said.append("handed over")
        return True

    async def taken() -> None:
        said.append("taken")

    async with serving(Postbox()) as box:
        await smtp(box.server()).send(letter(), ADDRESS, Steps(hand_over, taken))
    [mail] = box.received
    assert (mail.sender, mail.recipients) == ("papers@lab.example", [ADDRESS])
    assert mail.text().startswith(".\r\nA line") or mail.text().startswith(".\nA line")
    assert said == ["handed over", "taken"]


async def test_a_mail_that_is_not_to_be_handed_over_any_more_is_not_sent() -> None:
    async def not_any_more() -> bool:
        return False

    async with serving(Postbox()) as box:
        await smtp(box.server()).send(letter(), ADDRESS, Steps(not_any_more))
    assert box.received == []


async def test_with_starttls_and_a_login_mail_is_encrypted(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    shown, trusted = certificate
    box = Postbox()
    box.users["papers"] = "pass word"
    async with serving(box, shown):
        sending = smtp(box.server("starttls", "papers", "pass word"), trusted)
        assert await sending.check() == f"localhost:{box.port}, encrypted, as papers"
        await sending.send(letter(), ADDRESS, Steps())
        wrong = smtp(box.server("starttls", "papers", "guess"), trusted)
        with pytest.raises(NoServer, match="refuses the user name and password of PAPERS_SMTP_URL"):
            await wrong.check()
    assert box.encrypted == [True]
    assert len(box.received) == 1


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with serving(Postbox(), certificate[0]) as box:
        with pytest.raises(NoServer, match="certificate"):
            await smtp(box.server("starttls")).check()


async def test_where_starttls_is_wanted_and_not_offered_nothing_is_sent() -> None:
    async with serving(Postbox()) as box:
        with pytest.raises(NoServer, match="STARTTLS"):
            await smtp(box.server("starttls")).send(letter(), ADDRESS, Steps())
    assert box.received == []


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("MAIL", "451 later", NoServer),
        ("MAIL", "550 not you", NoServer),
        ("RCPT", "450 later", NotTaken),
        ("RCPT", "550 5.1.1 nobody", Refused),
        ("DATA", "452 full", NotTaken),
        ("DATA", "554 5.6.0 spam", Refused),
    ],
)
async def test_each_refusal_is_an_outcome_with_what_the_server_said(
    step: str, answer: str, outcome: type[Exception]
) -> None:
    box = Postbox()
    box.says(step, answer)
    async with serving(box):
        with pytest.raises(outcome, match=answer):
            await smtp(box.server()).send(letter(), ADDRESS, Steps())
    assert box.received == []


async def test_without_an_answer_to_a_mail_it_is_in_doubt() -> None:
    box = Postbox()
    async with serving(box):
        box.silent = 1
        with pytest.raises(InDoubt):
            await smtp(box.server()).send(letter(), ADDRESS, Steps())
        box.may_answer.clear()
        with pytest.raises(InDoubt, match="does not answer in time"):
            await smtp(box.server(), timeouts=HASTY).send(letter(), ADDRESS, Steps())
        box.may_answer.set()
    assert len(box.received) == 2


async def test_a_server_that_is_not_there_or_says_nothing_is_none() -> None:
    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        with pytest.raises(NoServer, match="does not answer in time"):
            await smtp(MailServer("127.0.0.1", port, "", "", "none"), timeouts=Timeouts(0.1, 0.1)).check()
    with pytest.raises(NoServer, match="127"):
        await smtp(MailServer("127.0.0.1", port, "", "", "none")).check()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.lab.org", ("mail.lab.org", 587, "", "", "starttls")),
        (
            "smtp://ada%40lab:p%2Fw@mail.lab.org:2525?starttls",
            ("mail.lab.org", 2525, "ada@lab", "p/w", "starttls"),
        ),
        ("smtps://u:p@mail.lab.org", ("mail.lab.org", 465, "u", "p", "tls")),
        ("smtp://mail.lab.org?starttls=off", ("mail.lab.org", 25, "", "", "none")),
        ("smtp://localhost:1025", ("localhost", 1025, "", "", "none")),
        ("smtp://u:p@127.0.0.1:1025", ("127.0.0.1", 1025, "u", "p", "none")),
        ("smtp://[::1]?starttls=on", ("::1", 587, "", "", "starttls")),
    ],
)
def test_a_server_is_read_from_its_url(url: str, server: tuple[object, ...]) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mail.lab.org", "no SMTP URL"),
        ("http://mail.lab.org", "no SMTP URL"),
        ("smtp://", "no SMTP URL"),
        ("smtp://u:secret@mail.lab.org:99999", "port"),
        ("smtp://u:secret@mail.lab.org?starttls=off", "unencrypted"),
        ("smtp://mail.lab.org?tls=1", "option"),
        ("smtp://mail.lab.org?starttls=maybe", "takes starttls"),
        ("smtps://mail.lab.org?starttls", "no place"),
    ],
)
def test_a_url_that_can_not_serve_is_refused_without_its_password(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        mail_server(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["ada@lab.org", "a.b+papers@sub.lab.org", "o'neil@x-y.example", "root@localhost"]
)
def test_addresses_are_known(address: str) -> None:
    assert is_address(address)


@examples(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_what_is_taken_for_an_address_can_not_end_its_line(before: str, after: str) -> None:
    text = f"{before}@{after}"
    assert not is_address(text) or (
        text.isascii() and text.isprintable() and not set(text) & set(' <>,;:"\\()')
    )


def test_the_sender_is_an_address_with_or_without_a_name() -> None:
    assert mail_from("papers@lab.org") == "papers@lab.org"
    assert mail_from("Papers <papers@lab.org>") == "Papers <papers@lab.org>"
    for wrong in ("Papers", "papers@", "a@b@c"):
        with pytest.raises(ValueError, match="no address"):
            mail_from(wrong)
