"""Why a paper is shown where it is: the parts of its score, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.messages.answers import notice, quoted
from bot.messages.blocks import (
    OPTION_VALUE_LIMIT,
    Block,
    Message,
    actions,
    button,
    context,
    link,
    section,
    select,
)
from bot.messages.menu import Statement, read_button, statement_value
from bot.messages.papers import title
from bot.messages.text import clip
from storage.models import Paper, Subject, plain

MORE_LIKE = "more_like"
LESS_LIKE = "less_like"
MUTE = "mute"
UNDO = "undo"
#: With these, the eight lines that there can be, two of them with three titles, fit into a section.
_TEXT_LIMIT = 200
_TITLE_LIMIT = 120
_ROLES = {
    "best": "one of the best",
    "bloomed": "its upvotes have grown since its day",
    "explored": "drawn to learn whether you like it here",
    "rest": "from the rest of the day",
    "topic": "it is of a topic that this channel follows",
}


class Line(NamedTuple):
    """A part of a score, in hundredths, and the plain words for it; `papers` are those that it rests on."""

    hundredths: int
    text: str
    papers: Sequence[Paper] = ()


class Explanation(NamedTuple):
    """Why a paper scores as it does. The lines add up to the score.

    `where` is mrkdwn of ours; `own` is what the person who asks thinks of it now, where the lines don't say it.
    """

    paper: Paper
    where: str
    lines: Sequence[Line]
    own: Sequence[Line] = ()
    muted: bool = False


def placed(position: int, of: int, when: str, role: str) -> str:
    """Where a paper stood in an edition, and in which role."""
    place = f"Number {position:,} of {of:,} in this channel's edition of {when}"
    return f"{place}: {_ROLES[role]}." if role in _ROLES else f"{place}."


def why_message(explained: Explanation, mutes: Sequence[Statement]) -> Message:
    """The explanation; `mutes` are what of the paper the person could mute."""
    paper, where, lines, own, muted = explained
    total = sum(line.hundredths for line in lines)
    score = [*map(_line, lines), f"`{_signed(total)}` in all; an average paper has 0."]
    below = [f"Your own taste now: {'; '.join(map(_line, own))}"] if own else []
    below += ["You muted an author or a topic of it, so your own lists leave it out."] if muted else []
    return {
        "text": f"Why {quoted(paper.title)}",
        "blocks": [
            section(f"*Why this paper?*\n{title(paper)}\n{where}"),
            section("\n".join(score)),
            *([context(*below)] if below else []),
            actions(
                button(MORE_LIKE, "More like this", statement_value(Statement(Subject.PAPER, paper.id, 1))),
                button(LESS_LIKE, "Less like this", statement_value(Statement(Subject.PAPER, paper.id, -1))),
                *_mute_select(mutes),
                *read_button(paper),
            ),
        ],
    }


def mute_message(paper: Paper, mutes: Sequence[Statement]) -> Message:
    """What of a paper can be muted."""
    message = notice(f"What of {quoted(paper.title)} do you not want to see again?")
    message["blocks"].append(actions(*_mute_select(mutes)))
    return message


def stated_message(
    statement: Statement, paper: Paper | None, undo: Statement | None = None, *, learning: bool = True
) -> Message:
    """What a person's press changed, for them alone, with a button that takes it back.

    `paper` is the one that the statement is about. Without `learning` their taste is switched off.
    """
    said = _of_paper(statement, paper) if paper else _of_words(statement)
    off = " Your taste is switched off, so it counts once it is on again: see `/papers taste`."
    message = notice(said if learning or not paper or not statement.attitude else said + off)
    if undo:
        message["blocks"].append(actions(button(UNDO, "Undo", statement_value(undo))))
    return message


def _of_paper(statement: Statement, paper: Paper) -> str:
    if not statement.attitude:
        return f"Taken back: what you asked for about {quoted(paper.title)} counts no longer."
    more = "More" if statement.attitude > 0 else "Less"
    return f"{more} like {quoted(paper.title)}: for you alone, in `/papers for me` and in a day's papers."


def _of_words(statement: Statement) -> str:
    kind, value = named_subject(statement)
    papers = f"papers {'by' if kind == 'Author' else 'in' if kind == 'Category' else 'on'} {quoted(value)}"
    match statement.attitude:
        case 1:
            return f"You follow {papers}: they come first in your lists."
        case 0:
            return f"Taken back: {papers} are neither muted nor followed by you."
    return (
        f"Muted: {papers} are left out of `/papers for me` and of a day's papers when you ask. "
        "The channel's editions stay as they are."
    )


def _mute_select(mutes: Sequence[Statement]) -> list[Block]:
    options = [(statement_value(one), ": ".join(named_subject(one))) for one in mutes]
    fitting = [option for option in options if len(option[0]) <= OPTION_VALUE_LIMIT]
    return [select(MUTE, "Mute…", fitting)] if fitting else []


def named_subject(statement: Statement) -> tuple[str, str]:
    """What a statement is about, and its value without the marks of a query."""
    value = statement.value
    if statement.subject is Subject.AUTHOR:
        return "Author", value
    if value.startswith("cat:"):
        return "Category", value.removeprefix("cat:")
    bare = value[1:-1] if value.startswith('"') and value.endswith('"') else value
    return "Topic", bare or value


def _line(line: Line) -> str:
    named = ", ".join(_named(paper) for paper in line.papers)
    text = clip(plain(line.text), _TEXT_LIMIT)
    return f"`{_signed(line.hundredths)}` {text}{f': {named}' if named else ''}"


def _named(paper: Paper) -> str:
    label = quoted(plain(paper.title), _TITLE_LIMIT)
    return link(paper.abstract_url, label) or label


def _signed(hundredths: int) -> str:
    """`+1.25`, `−0.40`, with the minus sign that is as wide as a plus."""
    sign = "−" if hundredths < 0 else "+"
    return f"{sign}{abs(hundredths) / 100:.2f}"
