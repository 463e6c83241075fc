"""What is kept of a person, in plain words, and the way to have it deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.messages.answers import notice
from bot.messages.blocks import Block, Message, actions, button, section

FORGET = "forget_me"
#: So many lines fit into a section, however long they are.
_LINES = 8
_ON_IT = "`/papers my-data` sends you all of it as a file, `/papers forget-me` deletes it."


class Held(NamedTuple):
    """One kind of what is kept: how many rows, what one and several are called, what for, and who sees them."""

    rows: int
    one: str
    many: str
    purpose: str
    seen_by: str

    @property
    def counted(self) -> str:
        return f"{self.rows:,} {self.one if self.rows == 1 else self.many}"


def privacy_message(held: Sequence[Held], backups: int) -> Message:
    """`backups` is for how many days copies of the database are kept; 0 for none."""
    intro = (
        "*What I keep of you*, by your Slack id, in a database of this workspace's own, until you delete it; "
        "I read no other messages, and send none of it anywhere:"
    )
    lines = [f"• {one.counted}: for {one.purpose}; seen by {one.seen_by}" for one in held]
    parts = ["\n".join(lines[start : start + _LINES]) for start in range(0, len(lines), _LINES)]
    outro = (
        f"{_ON_IT} {_backed_up(backups)}Whoever runs me can read the database. "
        "My log names no person and nothing that people wrote."
    )
    return {"text": intro, "blocks": [section(text) for text in (intro, *parts, outro)]}


def forget_message(held: Sequence[Held], backups: int) -> Message:
    """What would be deleted, and the button that does it."""
    text = (
        f"*Shall I forget you?* I would delete {_counted(held)}; what belongs to a channel stays there without your "
        "name. Your votes count no longer, daily papers in our direct messages end, and I learn your taste anew. "
        f"It can't be undone; `/papers my-data` sends you a copy before. {_backed_up(backups)}"
        "What you wrote in Slack, and your reactions there, stay in Slack; reactions of before count no longer."
    )
    return {"text": text, "blocks": [section(text), actions(_button())]}


def _button() -> Block:
    return {
        **button(FORGET, "Forget me", "all"),
        "style": "danger",
        "confirm": {
            "title": _plain("Forget you?"),
            "text": _plain("Your votes, saved papers and taste are deleted. It can't be undone."),
            "confirm": _plain("Forget me"),
            "deny": _plain("Keep all"),
            "style": "danger",
        },
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def forgotten_message(held: Sequence[Held], backups: int) -> Message:
    return notice(
        f"Forgotten: {_counted(held)}. {_backed_up(backups)}A salted hash of your id and this moment stay, so that "
        "I don't take the reactions that you left in Slack for new ones: on what was posted before now, only those "
        "count that I see you add. You can go on as somebody new, or not."
    )


def _counted(held: Sequence[Held]) -> str:
    return ", ".join(one.counted for one in held if one.rows) or "nothing, because I keep nothing"


def _backed_up(days: int) -> str:
    if not days:
        return ""
    kept = "day" if days == 1 else f"{days} days"
    return f"Backups of the last {kept} still have it, until they are replaced. "
