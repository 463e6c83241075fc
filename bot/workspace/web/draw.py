"""Messages and views as HTML, drawn for the person who looks at them.

What a script needs stands in attributes. A message is an `<article>` with `data-ts` and `data-channel`; in it
`[data-react]` is an emoji to add or take back, `[data-picker]` asks for another one, `[data-thread]` is a thread to
open. Whatever can be clicked or filled in carries `data-kind` (the type of the element), `data-action-id`,
`data-block-id` and `data-value` (what a button says, what a field starts with). A view is an element with
`data-view-id`; fields of `.block.input` are sent when it is submitted, and at once only where `data-dispatch` is set.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

from bot.workspace.state import Json, Message
from bot.workspace.web import emoji, fields, mrkdwn
from bot.workspace.web.dates import DateText, date_text
from bot.workspace.web.known import attachment, known

#: What a person reaches for first, shown when the pointer is over a message.
QUICK_REACTIONS = ("+1", "heart", "fire", "-1")
#: Shown where they stand; whatever else is a file to be saved, since a browser runs what some pictures hold.
PICTURES = frozenset(("image/gif", "image/jpeg", "image/png", "image/webp"))
_HUES = 8
# Characters that no page can hold (or, of a carriage return, that none would keep).
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")
#: Everything that draws for the page; what is put in is escaped unless it is Markup.
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "chosen": fields.chosen,
    "initial": fields.initial,
    "input_type": fields.input_type,
    "is_web": mrkdwn.is_linked,
    "emoji": lambda name: emoji.character(name) or f":{name}:",
    "quick_reactions": QUICK_REACTIONS,
}


class Attached(NamedTuple):
    """A file: what it is called, its address on this server, its kind and size in words, and if it is a picture."""

    name: str
    title: str
    address: str
    said: str
    picture: bool


class Drawing:
    """Draws for one person, `me`. `users` and `channels` are names by id; times are told in `zone`."""

    def __init__(
        self, users: Mapping[str, str], channels: Mapping[str, str], me: str, zone: tzinfo = UTC
    ) -> None:
        self.users = users
        self.channels = channels
        self.me = me
        self.names = mrkdwn.Names(users, channels, me, zone)

    def mrkdwn(self, text: str, *, verbatim: bool = False) -> Markup:
        """A mrkdwn text."""
        return sendable(mrkdwn.mrkdwn(text, self.names, verbatim=verbatim))

    def plain(self, text: str, *, emoji_codes: bool = True) -> Markup:
        """A text without markup, its `:name:` codes as characters."""
        return sendable(escape(emoji.with_characters(text) if emoji_codes else text))

    def text(self, text: Json) -> Markup:
        """A text object of either type."""
        if text["type"] == "mrkdwn":
            return self.mrkdwn(text["text"], verbatim=bool(text.get("verbatim")))
        return self.plain(text["text"], emoji_codes=text.get("emoji") is not False)

    def blocks(self, blocks: Sequence[object]) -> Markup:
        """Blocks, one below the other; what is not known as a box with its JSON."""
        return _macro("blocks.html", "blocks", self, [known(block) for block in blocks])

    def message(self, message: Message, replies: Sequence[Message] = (), *, prefix: str = "m") -> Markup:
        """A message, with a way to its thread when it has `replies`.

        A page that shows a message twice (in its channel and above its thread) gives one of them another `prefix`.
        """
        return _macro("message.html", "message", self, message, replies, element_id(message.ts, prefix))

    def view(self, view: Json) -> Markup:
        """A modal or a Home tab."""
        return _macro("view.html", "view", self, view)

    def attachments(self, attachments: Iterable[object]) -> list[Json]:
        """Attachments that the templates can draw."""
        return [attachment(each) for each in attachments]

    def title(self, text: object, otherwise: str = "") -> Markup:
        """The title or the button of a view, which is none of its blocks."""
        said = text.get("text") if isinstance(text, dict) else None
        return self.plain(said if isinstance(said, str) else otherwise)

    def list_of(self, blocks: object) -> list[object]:
        """The blocks of a view, whatever stands in their place."""
        return blocks if isinstance(blocks, list) else [] if blocks is None else [blocks]

    def name(self, user: str) -> str:
        """What a person is called."""
        return self.users.get(user) or user

    def people(self, users: Iterable[str]) -> str:
        """`Ada, Ben and you`, of those who reacted."""
        names = ["you" if user == self.me else self.name(user) for user in users]
        return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)

    def hue(self, user: str) -> int:
        """Which of the colours of the stylesheet a person's letter has, always the same one."""
        return sum(map(ord, user)) % _HUES

    def letter(self, user: str) -> str:
        """The first letter or figure of somebody's name."""
        return next((sign for sign in self.name(user) if sign.isalnum()), "?").upper()

    def rich_emoji(self, element: Json) -> str:
        """An emoji of a rich text, which may say its code points itself."""
        toned = f"::skin-tone-{element['skin_tone']}" if element.get("skin_tone") else ""
        by_name = emoji.character(element["name"] + toned)
        return by_name or emoji.from_code_points(element.get("unicode") or "") or f":{element['name']}:"

    def inline(self, element: Json) -> Markup:
        """What a mention, a link or a date of a rich text says."""
        match element["type"]:
            case "link":
                return mrkdwn.link(element["url"], element.get("text") or element["url"])
            case "user":
                return mrkdwn.user(element["user_id"], self.names)
            case "channel":
                return mrkdwn.channel(element["channel_id"], self.names)
            case "usergroup":
                return mrkdwn.group(element["usergroup_id"])
            case "broadcast":
                return mrkdwn.group(element["range"])
            case "date":
                more = (element.get("url") or "", element.get("fallback") or "")
                return mrkdwn.date(element["timestamp"], element["format"], self.names, *more)
            case "emoji":
                return escape(self.rich_emoji(element))
            case _:
                return escape(element.get("text") or element.get("value") or "")

    def file(self, file: Json) -> Attached:
        """A file of a message, as its card or its picture shows it."""
        name, picture = str(file["name"]), file["mimetype"] in PICTURES
        address = f"/files/{file['id']}/{quote(name, safe='')}?as={self.me}"
        kind = name.rpartition(".")[2].upper() if "." in name else "File"
        return Attached(name, str(file["title"]), address, f"{kind}, {_told(file['size'])}", picture)

    def time(self, ts: str, form: str = "{time}") -> DateText:
        """When a message was written."""
        return date_text(ts, form, self.names.zone) or DateText("", "")

    def options(self, element: Json) -> list[tuple[str, Json]]:
        """What a menu offers, with the value of each."""
        return fields.options(element, self.users, self.channels)

    def titled(self, attachment: Json) -> Markup:
        """The title of an attachment, linked when it says where to."""
        return mrkdwn.link(attachment.get("title_link", ""), attachment["title"])


def _told(size: int) -> str:
    """A number of bytes, as a person reads it."""
    units = ((1_000_000, "MB"), (1_000, "KB"))
    return next((f"{size / of:.1f} {unit}" for of, unit in units if size >= of), f"{size} bytes")


def element_id(ts: str, prefix: str = "m") -> str:
    """The id of the element that shows a message."""
    return f"{prefix}-{ts.replace('.', '-')}"


def sendable(html: Markup) -> Markup:
    """The same without what cannot be sent as UTF-8 or does not survive a browser's parser."""
    return Markup(_UNSENDABLE.sub("\ufffd", html).replace("\r", "&#13;"))  # noqa: S704


def _macro(template: str, name: str, *args: Any) -> Markup:  # noqa: ANN401
    macro = getattr(TEMPLATES.get_template(template).module, name)
    return sendable(cast("Markup", macro(*args)))
