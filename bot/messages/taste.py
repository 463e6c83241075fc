"""A taste in words one can check, what was added to it, and the buttons that take each of it back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from bot.messages.answers import notice, quoted
from bot.messages.blocks import Block, Message, actions, button, context, section
from bot.messages.papers import title
from bot.messages.text import clip, count
from storage.models import Paper, Subject

TASTE_DROP = "taste_drop"
TASTE_UNDO = "taste_undo"
TASTE_TURN = "taste_turn"
TASTE_RESET = "taste_reset"
#: Slack takes 50 blocks, and each wish is one.
MOST_WISHES = 15
_NAMES_LIMIT = 800
_RESET = (
    "Everything named, followed and muted is forgotten, and votes and saves until now teach me nothing more. "
    "Votes on posts stay and go on counting there."
)

Act = Literal["drop", "undo", "on", "off", "reset"]


class TastePress(NamedTuple):
    """What a button asks for: `value` is what to drop or, to undo, when it was stated."""

    act: Act
    here: bool
    subject: str = ""
    value: str = ""


class Wish(NamedTuple):
    """An author or topic that is followed (1) or muted (-1)."""

    subject: Subject
    value: str
    attitude: int


class TastePage(NamedTuple):
    """What is known of a taste; `rests_on` are parts of a sentence, `liked` and `disliked` what counts most."""

    here: bool
    active: bool
    note: str = ""
    rests_on: Sequence[str] = ()
    since: str = ""
    liked: Sequence[Paper] = ()
    disliked: Sequence[Paper] = ()
    terms: Sequence[str] = ()
    wishes: Sequence[Wish] = ()

    @property
    def empty(self) -> bool:
        return not (self.rests_on or self.wishes)


class Added(NamedTuple):
    """What came of naming papers; `stated_at` brings them back to an undo."""

    here: bool
    stated_at: float
    new: Sequence[Paper] = ()
    known: Sequence[Paper] = ()
    missing: Sequence[str] = ()
    broken: Sequence[str] = ()
    unasked: Sequence[str] = ()
    cut: int = 0
    active: bool = True


def taste_message(page: TastePage) -> Message:
    whose = "This channel's taste" if page.here else "Your taste"
    state = "" if page.active else " is switched off: nothing is learned, only what is muted stays away"
    blocks = [context(page.note)] if page.note else []
    blocks.append(section(f"*{whose}*{state}"))
    if page.empty and page.active:
        blocks.append(section(_teaching(here=page.here)))
    if page.active:
        blocks += [section(text) for text in _learned(page) if text]
    blocks += list(_wished(page))
    return {"text": whose, "blocks": [*blocks, _switches(page)]}


def added_message(added: Added) -> Message:
    whose = "this channel's taste" if added.here else "your taste"
    parts = [f"Added {count(len(added.new), 'paper')} to {whose}."]
    if len(added.new) == 1:
        parts = [f"Added {quoted(added.new[0].title)} to {whose}."]
    if not added.new:
        parts = [f"Added nothing to {whose}."]
    if added.known:
        parts.append(f"{count(len(added.known), 'paper')} of these {_were(added.known)} in it already.")
    parts += _problems(added)
    message = notice(" ".join(parts) + (off_remark(added.active, added.here) if added.new else ""))
    if added.new:
        press = TastePress("undo", added.here, value=repr(added.stated_at))
        message["blocks"].append(actions(button(TASTE_UNDO, "Undo", taste_value(press))))
    return message


def off_remark(active: bool, here: bool) -> str:
    """What to add to an answer while a taste is switched off."""
    return (
        "" if active else f" The taste is switched off; `/papers taste {'here ' * here}on` lets this count."
    )


def wished_message(said: str, wish: Wish, *, here: bool) -> Message:
    """An author or topic was followed or muted: what that means, and a button to undo it."""
    message = notice(said)
    message["blocks"].append(actions(_drop(wish, "Undo", here=here)))
    return message


def reset_message(*, here: bool) -> Message:
    whose = "this channel's taste" if here else "your taste"
    message = notice(f"Start {whose} anew? {_RESET}")
    message["blocks"].append(actions(_reset_button(here=here)))
    return message


def wish_name(subject: Subject, value: str) -> str:
    """`Ada Lovelace`, or `the topic “diffusion policy”`."""
    return clip(value, 200) if subject is Subject.AUTHOR else f"the topic {quoted(value, 200)}"


def taste_value(press: TastePress) -> str:
    return json.dumps(press, ensure_ascii=False)


def taste_press_of(value: str) -> TastePress:
    """What a button asks for; raises ValueError when the value is not one of ours."""
    match json.loads(value):
        case ["on" | "off" | "reset" | "undo" | "drop" as act, bool(here), str(subject), str(told)]:
            return TastePress(act, here, subject, told)
    raise ValueError("not a press")


def _teaching(*, here: bool) -> str:
    where = "here " if here else ""
    asked = "Vote on posts in this channel" if here else "Vote on papers or save them"
    return (
        f"{asked}, or name some: `/papers taste {where}add 2403.01234 https://arxiv.org/abs/2405.06789`"
        f"{'' if here else ' (or send me a BibTeX file in a direct message)'}.\n"
        f"`/papers taste {where}follow Ada Lovelace` lifts an author's papers, "
        f"`/papers taste {where}mute topic: survey` keeps a topic away."
    )


def _learned(page: TastePage) -> Iterator[str]:
    if page.rests_on:
        since = f", since {page.since}" if page.since else ""
        yield f"It rests on {_listed(page.rests_on)}{since}."
    if page.terms:
        yield f"*Typical words:* {clip(', '.join(page.terms), 500)}"
    if page.liked:
        yield "*What counts most:*\n" + "\n".join(f"• {title(paper)}" for paper in page.liked)
    if page.disliked:
        yield "*Against:*\n" + "\n".join(f"• {title(paper)}" for paper in page.disliked)


def _wished(page: TastePage) -> Iterator[Block]:
    for attitude, word, label in ((1, "Follows", "Unfollow"), (-1, "Mutes", "Unmute")):
        wishes = [wish for wish in page.wishes if wish.attitude == attitude]
        for wish in wishes[:MOST_WISHES]:
            yield section(f"{word} {wish_name(wish.subject, wish.value)}", _drop(wish, label, here=page.here))
        if (more := len(wishes) - MOST_WISHES) > 0:
            yield context(f"and {more:,} more; `/papers taste {label.lower()} NAME` takes one back")


def _drop(wish: Wish, label: str, *, here: bool) -> Block:
    return button(TASTE_DROP, label, taste_value(TastePress("drop", here, wish.subject, wish.value)))


def _switches(page: TastePage) -> Block:
    act: Act = "off" if page.active else "on"
    turn = button(TASTE_TURN, f"Switch {act}", taste_value(TastePress(act, page.here)))
    return actions(turn, *([] if page.empty else [_reset_button(here=page.here)]))


def _reset_button(*, here: bool) -> Block:
    confirm = {
        "title": {"type": "plain_text", "text": "Start anew?"},
        "text": {"type": "plain_text", "text": _RESET},
        "confirm": {"type": "plain_text", "text": "Reset"},
        "deny": {"type": "plain_text", "text": "Keep it"},
        "style": "danger",
    }
    made = button(TASTE_RESET, "Reset", taste_value(TastePress("reset", here)))
    return {**made, "style": "danger", "confirm": confirm}


def _problems(added: Added) -> Iterator[str]:
    if added.missing:
        yield f"Not found: {_named(added.missing)}."
    if added.unasked:
        names = _named(added.unasked)
        yield f"arXiv can't be asked just now, so these are left out: {names}. Try them again in a minute."
    if added.broken:
        yield f"I could not read these as papers: {_named(added.broken)}."
    if added.cut:
        yield f"The last {added.cut:,} were left out: that is too many at once."


def _named(names: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(quoted(name, 70) for name in names[:most])
    more = len(names) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


def _were(papers: Sequence[Paper]) -> str:
    return "was" if len(papers) == 1 else "were"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
