"""Slack's mrkdwn as HTML. Text is never trusted: every character that is not a mark of mrkdwn is escaped.

https://docs.slack.dev/messaging/formatting-message-text/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from urllib.parse import quote

from markupsafe import Markup, escape

from bot.workspace.web import emoji
from bot.workspace.web.dates import date_text

_PREFORMATTED = re.compile(r"```(.+?)```\n?", re.DOTALL)
_ANGLED = re.compile(r"<[^<>|\n]+(?:\|[^<>\n]*)?>")
_IN_ANGLES = re.compile(r"<[^<>]*>")
_LINE = re.compile(
    r"(?P<quote>(?:>|&gt;) ?)|(?P<bullet>[ \t]*[•◦‣-][ \t]+)|(?P<number>[ \t]*\d{1,4}[.)][ \t]+)"
)
_TOKEN = re.compile(
    rf"(?P<angled>{_ANGLED.pattern})|(?P<code>`[^`\n]+`)|(?P<emoji>{emoji.CODE.pattern})"
    # Two of a kind mean nothing, and what ends a sentence is not part of an address.
    r"|(?P<mark>(?<!\*)\*(?!\*)|(?<!_)_(?!_)|(?<!~)~(?!~))"
    r"""|(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)'"*_~])"""
)
_TAGS = {"*": Markup("<strong>{}</strong>"), "_": Markup("<em>{}</em>"), "~": Markup("<s>{}</s>")}
_LINKED = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
_LINK = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
_MENTION = Markup('<span class="mention">{}</span>')
_MY_MENTION = Markup('<span class="mention me">{}</span>')
_CHANNEL = Markup('<a class="mention" href="/c/{}?as={}" data-channel="{}">#{}</a>')
# The address of a message in a browser, as chat.getPermalink gives it.
_PERMALINK = re.compile(
    r"https://[\w-]+\.slack\.com/archives/(\w+)/p(\d{10})(\d{6})(?:\?thread_ts=([\d.]+)&cid=\w+)?"
)
_MESSAGE = Markup('<a href="/c/{}?as={}{}#{}-{}-{}">{}</a>')
_TIME = Markup('<time datetime="{}">{}</time>')


@dataclass(frozen=True)
class Names:
    """Who and what mentions stand for, who reads them, and in which time zone dates are told."""

    users: Mapping[str, str]
    channels: Mapping[str, str]
    me: str = ""
    zone: tzinfo = field(default=UTC)


def mrkdwn(text: str, names: Names, *, verbatim: bool = False) -> Markup:
    """A mrkdwn text as HTML. `verbatim` text has no links but those written as `<...>`."""
    text = _IN_ANGLES.sub(lambda found: found[0].replace("\n", " "), text)
    parts = _PREFORMATTED.split(text)
    drawn = [
        _code(part, names) if index % 2 else _lines(part, names, verbatim) for index, part in enumerate(parts)
    ]
    return Markup("").join(drawn)


def unescaped(text: str) -> str:
    """The characters behind the three entities that mrkdwn has."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link(url: str, label: str | Markup) -> Markup:
    """A link, when the address is one of the web or of mail; only its label otherwise."""
    return _LINK.format(url, label) if is_linked(url) else escape(label)


def is_linked(url: str) -> bool:
    """Whether an address may become a link: nothing that runs in the page."""
    return _LINKED.fullmatch(url) is not None


def user(user_id: str, names: Names, label: str = "") -> Markup:
    """A mention of a person, who may be the one who reads it."""
    shown = names.users.get(user_id) or label or user_id
    return (_MY_MENTION if user_id == names.me else _MENTION).format(f"@{shown}")


def channel(channel_id: str, names: Names, label: str = "") -> Markup:
    """A mention of a channel: a way to go there, when it is one of the workspace."""
    name = names.channels.get(channel_id)
    if name is None:
        return _MENTION.format(f"#{label or channel_id}")
    return _CHANNEL.format(quote(channel_id, safe=""), quote(names.me, safe=""), channel_id, name)


def message(channel_id: str, ts: tuple[str, str], thread: str, names: Names, label: str | Markup) -> Markup:
    """A link to a message of the workspace: a way to go there."""
    prefix, more = ("t", f"&thread={thread}") if thread else ("m", "")
    return _MESSAGE.format(channel_id, quote(names.me, safe=""), more, prefix, *ts, label)


def group(name: str) -> Markup:
    """A mention of several people at once, such as `here`."""
    return _MY_MENTION.format(f"@{name}")


def date(timestamp: str | int, form: str, names: Names, url: str = "", fallback: str = "") -> Markup:
    """A moment in the words of `form` (`{date} at {time}`), or the fallback when it is none."""
    said = date_text(timestamp, form, names.zone)
    drawn = _TIME.format(said.moment, said.text) if said else escape(fallback or form)
    return link(url, drawn) if url else drawn


def _code(text: str, names: Names) -> Markup:
    return Markup("<pre>{}</pre>").format(_with_links(text.strip("\n"), names))


def _lines(text: str, names: Names, verbatim: bool) -> Markup:
    """Lines, with those of a quote or a list that follow each other put together."""
    drawn, kind, run = Markup(""), "", list[Markup]()
    everything_quoted = False
    for line in text.removesuffix("\n").split("\n") if text else []:
        everything_quoted = everything_quoted or line.startswith((">>>", "&gt;&gt;&gt;"))
        line_kind, rest = _line_kind(line, everything_quoted)
        if line_kind != kind and run:
            drawn, run = drawn + _together(kind, run), []
        kind = line_kind
        run.append(_item(kind, line, _inline(rest, names, verbatim)))
    return drawn + _together(kind, run)


def _line_kind(line: str, quoted: bool) -> tuple[str, str]:
    if quoted:
        return "quote", re.sub(r"\A(?:>>>|&gt;&gt;&gt;) ?", "", line)
    found = _LINE.match(line)
    return (found.lastgroup or "", line[found.end() :]) if found else ("", line)


def _item(kind: str, line: str, drawn: Markup) -> Markup:
    if kind == "number":
        return Markup('<li value="{}">{}</li>').format(int(re.split(r"[.)]", line)[0]), drawn)
    return Markup("<li>{}</li>").format(drawn) if kind == "bullet" else drawn


def _together(kind: str, lines: list[Markup]) -> Markup:
    if kind == "quote":
        return Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(lines))
    if kind in ("bullet", "number"):
        around = Markup("<ul>{}</ul>") if kind == "bullet" else Markup("<ol>{}</ol>")
        return around.format(Markup("").join(lines))
    return Markup("<br>").join(lines)


def _inline(line: str, names: Names, verbatim: bool) -> Markup:
    """One line: marks are put in pairs as they close, and one that stays alone is a character like any other."""
    drawn: list[Markup] = []
    opened: list[tuple[str, int]] = []
    for kind, token, opens, closes in _tokens(line):
        at = next((place for mark, place in opened if mark == token), None) if kind == "mark" else None
        if at is not None and closes:
            inner = Markup("").join(drawn[at + 1 :])
            drawn[at:] = [_TAGS[token].format(inner)]
            opened = [(mark, place) for mark, place in opened if place < at]
            continue
        if kind == "mark" and opens and at is None:
            opened.append((token, len(drawn)))
        drawn.append(_token(kind, token, names, verbatim))
    return Markup("").join(drawn)


def _tokens(line: str) -> Iterator[tuple[str, str, bool, bool]]:
    """Kind, text, and whether a mark may open or close here: at the edge of a word, not beside a space."""
    end = 0
    for found in _TOKEN.finditer(line):
        if found.start() > end:
            yield "", line[end : found.start()], False, False
        end = found.end()
        before, after = line[found.start() - 1 : found.start()], line[end : end + 1]
        opens = not before.isalnum() and bool(after.strip())
        closes = not after.isalnum() and bool(before.strip())
        yield found.lastgroup or "", found[0], opens, closes
    if end < len(line):
        yield "", line[end:], False, False


def _token(kind: str, token: str, names: Names, verbatim: bool) -> Markup:
    if kind == "angled":
        return _angled(token, names)
    if kind == "code":
        return Markup("<code>{}</code>").format(_with_links(token[1:-1], names))
    if kind == "emoji":
        return escape(emoji.character(token[1:-1]) or token)
    if kind == "url" and not verbatim:
        return link(unescaped(token), unescaped(token))
    return escape(unescaped(token))


def _with_links(text: str, names: Names) -> Markup:
    """Code: nothing but what stands in angle brackets means anything."""
    drawn, end = Markup(""), 0
    for found in _ANGLED.finditer(text):
        drawn += escape(unescaped(text[end : found.start()])) + _angled(found[0], names)
        end = found.end()
    return drawn + escape(unescaped(text[end:]))


def _angled(token: str, names: Names) -> Markup:
    """What `<...>` stands for: a person, a channel, everybody, a date or a link."""
    target, _, label = (unescaped(part) for part in token[1:-1].partition("|"))
    if target.startswith("@"):
        return user(target[1:], names, label)
    if target.startswith("#"):
        return channel(target[1:], names, label)
    if target.startswith("!date^"):
        timestamp, form, url, *_ = [*target.split("^")[1:], "", ""]
        return date(timestamp, form, names, url, label)
    if target.startswith("!"):
        return group(label.removeprefix("@") or target[1:].split("^")[0])
    found = _PERMALINK.fullmatch(target)
    if found and found[1] in names.channels:
        return message(found[1], (found[2], found[3]), found[4] or "", names, label or target)
    # What is no address was meant as it stands, by somebody who did not escape it.
    return link(target, emoji.with_characters(label) or (target if is_linked(target) else unescaped(token)))
