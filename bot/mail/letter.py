"""A mail as it is sent: headers, a page for those who show HTML, and the same in plain text. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.mail.words import clip_line, one_line
from bot.messages.text import count, people, sentences
from storage.mail_models import Mail, Rhythm
from storage.models import Paper, Tally

#: So that a mail is shown whole: https://support.google.com/mail/thread/256009 has it cut after 102 kB.
_SUMMARY = 420
_TITLE = 300
_WHY = 180
#: ASCII only, whatever stands in it, because a server need not take more.
_POLICY = SMTP.clone(cte_type="7bit")

TEMPLATES = Environment(
    loader=PackageLoader("bot.mail"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Item(NamedTuple):
    """A paper in a mail: its votes here, and why this person gets it, in plain text."""

    paper: Paper
    tally: Tally
    why: str


class Leaving(NamedTuple):
    """How mail is stopped: by a page where there is one, otherwise by a mail to whoever sends it."""

    sender: str
    url: str = ""


class Envelope(NamedTuple):
    """Whom a mail is from and to, and when it is sent."""

    sender: str
    address: str
    at: datetime


def edition_letter(
    mail: Mail, items: Sequence[Item], leaving: Leaving, at: datetime, team: str
) -> EmailMessage:
    """The papers of a person's day or week. Drawn again, it is the same mail: its Message-ID says so."""
    when = f"{mail.day:%A} {mail.day.day} {mail.day:%B %Y}"
    heading = f"Papers of {when}" if mail.rhythm is Rhythm.DAILY else f"Papers of the week before {when}"
    first = clip_line(items[0].paper.title, 80)
    more = len(items) - 1
    subject = f"{first} and {count(more, 'more paper')}" if more else first
    shown = {
        "heading": heading,
        "rhythm": mail.rhythm.value,
        "team": one_line(team),
        "papers": [_shown(item) for item in items],
        "leaving": leaving,
    }
    letter = _letter(Envelope(leaving.sender, mail.address, at), subject, _id_of(mail, leaving.sender))
    _tell_how_to_leave(letter, leaving)
    letter.set_content(TEMPLATES.get_template("edition.txt").render(shown))
    letter.add_alternative(TEMPLATES.get_template("edition.html").render(shown), subtype="html")
    return letter


def code_letter(code: str, envelope: Envelope, team: str) -> EmailMessage:
    """A code for whoever reads this address."""
    unique = hashlib.sha256(f"{code} {envelope.address}".encode()).hexdigest()[:32]
    letter = _letter(envelope, f"{code} confirms your address for papers", f"code-{unique}")
    letter.set_content(TEMPLATES.get_template("code.txt").render(code=code, team=one_line(team)))
    return letter


def _letter(envelope: Envelope, subject: str, unique: str) -> EmailMessage:
    sender, address, at = envelope
    letter = EmailMessage(policy=_POLICY)
    letter["Date"] = format_datetime(at)
    letter["From"] = _address(sender)
    letter["To"] = Address(addr_spec=address)
    letter["Subject"] = subject
    letter["Message-ID"] = f"<{unique}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    # https://www.rfc-editor.org/rfc/rfc3834#section-5: nobody's holiday notice need answer it.
    letter["Auto-Submitted"] = "auto-generated"
    return letter


def _tell_how_to_leave(letter: EmailMessage, leaving: Leaving) -> None:
    """https://www.rfc-editor.org/rfc/rfc8058: a click in the mail program, and only where the page is encrypted."""
    mailto = f"<mailto:{parseaddr(leaving.sender)[1]}?subject=unsubscribe>"
    if leaving.url:
        letter["List-Unsubscribe"] = f"<{leaving.url}>"
        if leaving.url.startswith("https:"):
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        letter["List-Unsubscribe"] = mailto


def _address(sender: str) -> Address:
    name, address = parseaddr(sender)
    return Address(display_name=name, addr_spec=address)


def _id_of(mail: Mail, sender: str) -> str:
    """The same for the same mail, however often it is drawn; it tells nobody who gets it."""
    named = f"{mail.team_id} {mail.user_id} {mail.day} {sender}"
    return f"papers-{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _shown(item: Item) -> dict[str, object]:
    paper, tally = item.paper, item.tally
    links = {
        "arXiv": paper.abstract_url,
        "PDF": paper.pdf_url,
        "Hugging Face": paper.huggingface_url,
        "Code": paper.code_url if paper.code_url.startswith(("https://", "http://")) else "",
    }
    return {
        "title": clip_line(paper.title, _TITLE),
        "url": paper.abstract_url,
        "authors": one_line(people(paper.authors)),
        "summary": one_line(sentences(one_line(paper.summary or paper.abstract), 2, _SUMMARY)),
        "votes": " · ".join(_votes(paper, tally)),
        "why": clip_line(item.why, _WHY),
        "links": [(label, url) for label, url in links.items() if url and len(url) < 500],
    }


def _votes(paper: Paper, tally: Tally) -> list[str]:
    here = f"{count(tally.up, 'upvote')} here" if tally.up else ""
    there = f"{count(paper.upvotes, 'upvote')} on Hugging Face" if paper.upvotes is not None else ""
    return [votes for votes in (here, there) if votes]
