"""The subscriptions of a channel and a person as a list that can be changed, and what is said of each change."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.messages.answers import notice, quoted
from bot.messages.blocks import Block, Message, actions, button, channel_mention, context, section
from bot.messages.edition import SOURCE_NAMES
from bot.messages.subscription_modal import weekday_names
from bot.messages.text import clip, count
from storage.models import Mode, Subscription, Topic

NEW_SUBSCRIPTION = "subscription_new"
EDIT_SUBSCRIPTION = "subscription_edit"
#: Pauses a subscription, or goes on with it; deletes one, or brings it back.
SUBSCRIPTION_TURN = "subscription_turn"
SUBSCRIPTION_DELETE = "subscription_delete"
SUBSCRIPTION_UNDO = "subscription_undo"
#: A channel can follow so many topics, and so can a person: Slack takes 50 blocks, and each is two.
MOST_TOPICS = 10
_MOST_SHOWN = MOST_TOPICS + 1
_NAME_LIMIT, _CATEGORIES_LIMIT = 100, 80


class Change(StrEnum):
    """What a button does to a subscription."""

    PAUSE = "pause"
    RESUME = "resume"
    DELETE = "delete"
    RESTORE = "restore"


_OPPOSITES = {
    Change.PAUSE: Change.RESUME,
    Change.RESUME: Change.PAUSE,
    Change.DELETE: Change.RESTORE,
    Change.RESTORE: Change.DELETE,
}


class Subscribed(NamedTuple):
    """The subscriptions that somebody sees: of the channel they are in, and their own."""

    here: Sequence[Subscription | Topic] = ()
    mine: Sequence[Subscription | Topic] = ()


def key_of(held: Subscription | Topic) -> str:
    """What a button carries to name a subscription."""
    return f"topic:{held.id}" if isinstance(held, Topic) else f"daily:{held.channel_id}"


def change_of(value: str) -> tuple[Change, str]:
    """What a button asks for, and of which subscription; raises ValueError when the value is not one of ours."""
    change, _, key = value.partition(" ")
    return Change(change), key


def subscription_name(held: Subscription | Topic) -> str:
    return quoted(held.name, _NAME_LIMIT) if isinstance(held, Topic) else "The day's papers"


def subscription_text(held: Subscription | Topic) -> str:
    """What a subscription brings and when, in one line: `every day at 08:30 (Europe/Berlin), at most 5, ...`."""
    form = "as one list" if held.mode is Mode.LIST else "each as a message"
    most = f"the best {held.top}" if isinstance(held, Subscription) else f"at most {count(held.top, 'paper')}"
    parts = [
        f"{weekday_names(held.weekdays)} at *{held.post_at:%H:%M}* ({clip(held.timezone, 60)})",
        f"{most} {form}",
        *([f"from {' and '.join(SOURCE_NAMES[name] for name in held.sources)}"] if held.sources else []),
        *(
            [f"in {clip(', '.join(held.categories), _CATEGORIES_LIMIT)}"]
            if isinstance(held, Topic) and held.categories
            else []
        ),
        *([f"with {count(held.minimum, 'upvote')} or more on Hugging Face"] if held.minimum else []),
    ]
    return ", ".join(parts)


def kept_message(held: Subscription | Topic, *, direct: bool, changed: bool) -> Message:
    """What somebody reads once a subscription is stored."""
    where = "here, as direct messages" if direct else f"in {channel_mention(held.channel_id)}"
    said = "Changed" if changed else "Subscribed"
    return notice(
        f"{said}: {subscription_name(held)} {where}, {subscription_text(held)}. "
        "`/papers subscriptions` lists, changes and pauses."
    )


def subscriptions_message(held: Subscribed, note: str = "", undo: str = "") -> Message:
    """The list; `undo` is what takes back what the `note` says was done."""
    back = button(SUBSCRIPTION_UNDO, "Undo", undo) if undo else None
    noted = [section(note, back)] if note else []
    groups = [("*In this channel*", held.here), ("*To you, as direct messages*", held.mine)]
    listed = [block for heading, of in groups if of for block in [section(heading), *subscription_rows(of)]]
    if not listed:
        listed = [section("Nothing is subscribed to here, and nothing by you.")]
    new = actions(button(NEW_SUBSCRIPTION, "New subscription", "new"))
    return {"text": note or "Subscriptions", "blocks": [*noted, *listed, new]}


def undo_of(change: Change, key: str) -> str:
    return f"{_OPPOSITES[change]} {key}"


def changed_note(change: Change, held: Subscription | Topic) -> str:
    said = {
        Change.PAUSE: "is paused",
        Change.RESUME: "goes on",
        Change.DELETE: "is deleted",
        Change.RESTORE: "is back",
    }
    return f"{subscription_name(held)} {said[change]}."


def subscription_rows(of: Sequence[Subscription | Topic]) -> list[Block]:
    """Each subscription with the buttons that change it."""
    rows = [block for held in of[:_MOST_SHOWN] for block in _row(held)]
    more = len(of) - _MOST_SHOWN
    return [*rows, context(f"…and {more} more")] if more > 0 else rows


def _row(held: Subscription | Topic) -> list[Block]:
    key = key_of(held)
    turn, label = (Change.PAUSE, "Pause") if held.active else (Change.RESUME, "Resume")
    paused = "" if held.active else "  ·  paused"
    # The day's papers are deleted by `unsubscribe`, which is the same as to pause them.
    delete = (
        [button(SUBSCRIPTION_DELETE, "Delete", f"{Change.DELETE} {key}")] if isinstance(held, Topic) else []
    )
    return [
        section(f"*{subscription_name(held)}*{paused}\n{subscription_text(held)}"),
        actions(
            button(EDIT_SUBSCRIPTION, "Edit", key),
            button(SUBSCRIPTION_TURN, label, f"{turn} {key}"),
            *delete,
        ),
    ]
