"""The modal in which a subscription is made or changed: its fields, what they hold, and the preview below them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from bot.messages.blocks import Block, actions, button, context, divider, section
from bot.messages.fields import (
    TITLE_LIMIT,
    choice,
    choices,
    field,
    number_field,
    plain,
    text_field,
    time_field,
    value_of,
    values_of,
)
from bot.messages.papers import title
from bot.messages.text import clip, count
from storage.models import SOURCES, Mode, Paper

#: The modal's callback id, and its button.
SUBSCRIPTION = "subscription"
SUBSCRIPTION_PREVIEW = "subscription_preview"
#: Where the papers go: to the channel that the modal was opened in, or to the person.
HERE, ME = "here", "me"
TOPIC_LIMIT = 500
MOST_PAPERS = 30
MOST_UPVOTES = 100_000
_CATEGORIES_LIMIT = 200
_ZONE_LIMIT = 60
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SOURCE_LABELS = {"huggingface": "Hugging Face Daily Papers", "arxiv": "arXiv's announcements"}
_MODES = ((Mode.MESSAGES, "One message per paper"), (Mode.LIST, "One list"))
#: So many days of a preview are shown, and so many titles of each.
_DAYS_SHOWN, _TITLES_SHOWN = 10, 5


class Form(NamedTuple):
    """What the fields hold, as text: nothing of it is checked."""

    typed: str = ""
    where: str = HERE
    sources: tuple[str, ...] = SOURCES
    categories: str = ""
    post_at: str = ""
    timezone: str = ""
    weekdays: tuple[str, ...] = tuple("0123456")
    top: str = ""
    minimum: str = ""
    mode: str = Mode.MESSAGES


class Opened(NamedTuple):
    """What a modal is about: `edits` is the key of a subscription, or empty for a new one.

    Opened outside a channel, or in one where this person can't subscribe, it has no `channel_id`; `note` says why.
    """

    channel_id: str = ""
    edits: str = ""
    note: str = ""


class Shown(NamedTuple):
    """A preview: papers by day, newest day first; `notes` say how the topic was understood."""

    days: Sequence[tuple[date, Sequence[Paper]]]
    papers: int
    per_week: float
    notes: Sequence[str] = ()


def subscription_view(form: Form, opened: Opened, below: Sequence[Block] = ()) -> dict[str, Any]:
    """The modal, as `views.open` takes it."""
    return {
        "type": "modal",
        "callback_id": SUBSCRIPTION,
        "private_metadata": json.dumps(opened),
        "title": plain("Edit subscription" if opened.edits else "New subscription", TITLE_LIMIT),
        "submit": plain("Save" if opened.edits else "Subscribe", TITLE_LIMIT),
        "close": plain("Cancel", TITLE_LIMIT),
        "blocks": [
            *_fields(form, opened),
            actions(button(SUBSCRIPTION_PREVIEW, "Preview", "preview")),
            *below,
        ],
    }


def opened_of(view: Mapping[str, Any]) -> Opened:
    """What a modal is about; raises ValueError where that is not one of ours."""
    match json.loads(view.get("private_metadata") or "null"):
        case [str(channel_id), str(edits), str(note)]:
            return Opened(channel_id, edits, note)
    raise ValueError("not a modal of ours")


def form_of(view: Mapping[str, Any]) -> Form:
    """What was filled in."""
    values = (view.get("state") or {}).get("values") or {}
    return Form(
        typed=value_of(values, "typed"),
        where=value_of(values, "where"),
        sources=values_of(values, "sources"),
        categories=value_of(values, "categories"),
        post_at=value_of(values, "post_at"),
        timezone=value_of(values, "timezone"),
        weekdays=values_of(values, "weekdays"),
        top=value_of(values, "top"),
        minimum=value_of(values, "minimum"),
        mode=value_of(values, "mode"),
    )


def preview_blocks(shown: Shown) -> list[Block]:
    """What a subscription would have posted."""
    if not shown.papers:
        said = "*Over the last 14 days* this would have posted nothing: no paper that I have matches."
    else:
        rate = f"{shown.per_week:.1f}".removesuffix(".0")
        said = f"*Over the last 14 days* this would have posted {count(shown.papers, 'paper')}, about {rate} a week."
    days = [section(_day(day, papers)) for day, papers in shown.days[:_DAYS_SHOWN]]
    more = len(shown.days) - len(days)
    rest = [context(f"…and {count(more, 'earlier day')}")] if more > 0 else []
    notes = [context(clip(note, 300)) for note in shown.notes]
    return [divider(), section(said), *notes, *days, *rest]


def notice_blocks(text: str) -> list[Block]:
    """A sentence in the place of a preview."""
    return [divider(), section(text)]


def weekday_names(weekdays: Sequence[int]) -> str:
    """`every day`, `Monday to Friday`, or the days."""
    days = sorted(set(weekdays))
    if days == list(range(7)):
        return "every day"
    if days == list(range(5)):
        return "Monday to Friday"
    return ", ".join(_DAYS[day] for day in days)


def _fields(form: Form, opened: Opened) -> list[Block]:
    daily = opened.edits.startswith("daily:")
    note = [context(opened.note)] if opened.note else []
    return [
        *note,
        *([] if daily else [_topic(form, optional=not opened.edits)]),
        *([] if opened.edits else [_where(form, opened)]),
        field("sources", "Sources", choices(list(_SOURCE_LABELS.items()), form.sources)),
        *([] if daily else [_categories(form)]),
        field("post_at", "At", time_field(form.post_at)),
        field(
            "timezone",
            "Time zone",
            text_field(form.timezone, "Europe/Berlin", _ZONE_LIMIT),
            hint="Its name as in Europe/Berlin, America/New_York, Asia/Tokyo or UTC",
        ),
        field("weekdays", "On", choices([(str(n), name) for n, name in enumerate(_DAYS)], form.weekdays)),
        field("top", "At most so many papers", number_field(form.top, 1, MOST_PAPERS)),
        field(
            "minimum",
            "Upvotes on Hugging Face, at least",
            number_field(form.minimum, 0, MOST_UPVOTES),
            hint="A paper comes once it has as many; papers that only arXiv lists have none.",
            optional=True,
        ),
        field("mode", "Posted as", choice([(str(mode), label) for mode, label in _MODES], form.mode)),
    ]


def _topic(form: Form, *, optional: bool) -> Block:
    hint = 'As in a search: words, "a phrase", -without, author:name, title:word, has:code.'
    return field(
        "typed",
        "Topic",
        text_field(form.typed, "diffusion policy -survey", TOPIC_LIMIT),
        hint=f"{hint} Leave it empty for the day's papers of all topics." if optional else hint,
        optional=optional,
    )


def _where(form: Form, opened: Opened) -> Block:
    here = [(HERE, "To this channel")] if opened.channel_id else []
    options = [*here, (ME, "To me, as a direct message")]
    known = form.where if form.where in dict(options) else options[0][0]
    return field("where", "Where", choice(options, known))


def _categories(form: Form) -> Block:
    return field(
        "categories",
        "arXiv categories",
        text_field(form.categories, "cs.LG, cs.RO or cs.*", _CATEGORIES_LIMIT),
        hint="Papers in any of them; empty for all.",
        optional=True,
    )


def _day(day: date, papers: Sequence[Paper]) -> str:
    lines = [f"• {title(paper)}" for paper in papers[:_TITLES_SHOWN]]
    more = len(papers) - len(lines)
    return "\n".join([f"*{day:%A} {day.day} {day:%B}*", *lines, *([f"…and {more} more"] if more else [])])
