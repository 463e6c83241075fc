"""A mail as it is sent, whatever the papers in it are called."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.mail.letter import Envelope, Item, Leaving, code_letter, edition_letter
from bot.mail.words import clip_line, one_line
from storage.mail_models import Mail, Rhythm
from storage.models import Paper, Tally

AT = datetime(2026, 8, 19, 9, tzinfo=UTC)
MAIL = Mail(
    team_id="T1", user_id="U1", day=date(2026, 8, 19), rhythm=Rhythm.DAILY, address="ada@lab.example", planned_at=AT
)  # fmt: skip
LEAVING = Leaving("Papers <papers@lab.example>", "https://papers.example.org/mail/unsubscribe/abc")
#: 102 kB is where Gmail cuts a mail.
CUT = 102_000


class Seen(HTMLParser):
    """What a mail program would show or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [
            f"{name}={value}" for name, value in attrs if name in ("src", "background", "srcset")
        ]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def paper(**more: object) -> Paper:
    return Paper.model_validate({"id": "2608.00001", "title": "Attention", "upvotes": 42, **more})


def drawn(*papers: Paper, why: str = "by Ada", leaving: Leaving = LEAVING, team: str = "Lab") -> EmailMessage:
    items = [Item(one, Tally(3, 0), why) for one in papers]
    return read(edition_letter(MAIL, items, leaving, AT, team))


def read(letter: EmailMessage) -> EmailMessage:
    """As it arrives: written, and read by another program's rules."""
    raw = letter.as_bytes()
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    arrived = message_from_bytes(raw, policy=default)
    assert isinstance(arrived, EmailMessage)
    assert arrived.defects == []
    return arrived


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


def seen(letter: EmailMessage) -> Seen:
    parser = Seen()
    parser.feed(body(letter, "html"))
    return parser


def test_a_mail_has_votes_a_reason_and_links_in_both_forms() -> None:
    letter = drawn(paper(authors=("Ada", "Ben"), summary="It attends.", code_url="https://github.com/a/b"))
    for kind in ("plain", "html"):
        text = body(letter, kind)
        assert "3 upvotes here · 42 upvotes on Hugging Face" in text
        assert "Why: by Ada" in text
        assert "It attends." in text
        assert "https://arxiv.org/abs/2608.00001" in text
        assert "https://github.com/a/b" in text
    assert letter["To"] == "ada@lab.example"
    assert letter["From"] == "Papers <papers@lab.example>"
    assert letter["Auto-Submitted"] == "auto-generated"


def test_one_click_unsubscribing_needs_an_encrypted_page() -> None:
    one_click = drawn(paper())
    assert one_click["List-Unsubscribe"] == f"<{LEAVING.url}>"
    assert one_click["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert LEAVING.url in seen(one_click).links
    plain = drawn(paper(), leaving=LEAVING._replace(url="http://127.0.0.1:3000/mail/unsubscribe/abc"))
    assert plain["List-Unsubscribe-Post"] is None
    by_mail = drawn(paper(), leaving=Leaving(LEAVING.sender))
    assert by_mail["List-Unsubscribe"] == "<mailto:papers@lab.example?subject=unsubscribe>"
    assert "/papers mail off" in body(by_mail, "plain")


def test_the_same_mail_has_the_same_id_and_another_ones_differs() -> None:
    one, other = drawn(paper()), drawn(paper(), paper(id="2608.00002"))
    assert one["Message-ID"] == other["Message-ID"]
    items = [Item(paper(), Tally(), "")]
    tomorrow = MAIL.model_copy(update={"day": date(2026, 8, 20)})
    assert edition_letter(tomorrow, items, LEAVING, AT, "Lab")["Message-ID"] != one["Message-ID"]


def test_a_long_week_is_shown_whole() -> None:
    papers = [
        paper(id=f"2608.{n:05}", title="é" * 2000, summary="ü. " * 3000, authors=("Å" * 300,) * 50)
        for n in range(20)
    ]
    letter = drawn(*papers, why="because " * 200)
    assert len(body(letter, "html").encode()) < CUT


@examples(max_examples=40, deadline=None)
@given(st.text(), st.text(), st.text(), st.text(max_size=30))
def test_nothing_in_a_paper_becomes_a_header_a_tag_or_something_to_fetch(
    title: str, summary: str, why: str, team: str
) -> None:
    letter = drawn(
        paper(title=title, summary=summary, authors=(title,), code_url=summary), why=why, team=team
    )
    expected = {"Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "List-Unsubscribe"}
    assert set(letter.keys()) == expected | {"List-Unsubscribe-Post", "MIME-Version", "Content-Type"}
    shown = seen(letter)
    known = {"html", "head", "meta", "title", "style", "body", "table", "tr", "td", "h1", "h2", "p", "a"}
    assert shown.tags <= known | {"strong", "code"}
    assert shown.fetched == []
    assert all(link.startswith(("https://", "http://")) for link in shown.links)


def test_markup_in_a_title_is_shown_as_it_is_written() -> None:
    letter = drawn(paper(title="<img src=x onerror=alert(1)> & <b>bold</b>"))
    assert "<img" not in body(letter, "html")
    assert "<img src=x onerror=alert(1)> & <b>bold</b>" in "".join(seen(letter).words)
    assert "<b>bold</b>" in body(letter, "plain")


def test_a_code_says_what_to_do_with_it() -> None:
    letter = read(
        code_letter("ABCD2345", Envelope(LEAVING.sender, "me@home.example", AT), "Lab\r\nBcc: x@y.z")
    )
    assert letter["To"] == "me@home.example"
    assert letter["Bcc"] is None
    assert "/papers mail confirm ABCD2345" in body(letter, "plain")


@examples(max_examples=60)
@given(st.text(), st.integers(2, 40))
def test_a_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = clip_line(text, limit)
    assert len(line) <= limit
    assert one_line(line) == line
    assert not re.search(r"[\x00-\x1f\x7f]", line)
