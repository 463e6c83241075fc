"""The help: what `/papers` can do, once in ten lines and once for each command, as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.messages.answers import SEARCH_HELP, notice
from bot.messages.blocks import Message


class Command(NamedTuple):
    """A command by its name, or what else may stand behind `/papers`, by a name of ours.

    `hint` is how Slack shows it while one types, `form` and `brief` are its part of a line of the overview, and `more`
    are its forms, each with a sentence. `named` tells whether Answers knows it by its name.
    """

    name: str
    hint: str
    form: str
    brief: str
    more: tuple[tuple[str, str], ...]
    named: bool = True


_OF_TASTE = (
    "what I know of your taste; `add` links or BibTeX, `follow` or `mute` an author (or `topic: survey`), `on`, `off`, "
    "`reset`"
)
#: Each group is a line of the overview, which together with the line on votes has ten at most.
GROUPS: tuple[tuple[Command, ...], ...] = (
    (
        Command(
            "today",
            "today | yesterday | 2026-08-20",
            "`/papers`, `/papers yesterday`, `/papers 2026-08-20`",
            "the papers of a day",
            (
                (
                    "`/papers` or `/papers today`, `/papers yesterday`, `/papers 2026-08-20`",
                    "the papers of a day",
                ),
            ),
            named=False,
        ),
        Command(
            "top",
            "top week",
            "`/papers top week`",
            "the best of a day, week, month or year",
            (
                (
                    "`/papers top week` (or `day`, `month`, `year`, `all`)",
                    "what this team and Hugging Face liked best",
                ),
            ),
        ),
    ),
    (
        Command(
            "topic",
            "[topic]",
            "`/papers diffusion policy`, a number or a link",
            "search, only you see the answer (`/papers help search`)",
            (
                (
                    "`/papers diffusion policy`",
                    "the best matches for a topic, only you see them (`/papers help search` for more)",
                ),
                ("`/papers 2403.01234` or a link", "one paper"),
            ),
            named=False,
        ),
        Command(
            "search", "", "", "", (("`/papers search today`", "search for a word that is also a command"),)
        ),
    ),
    (
        Command(
            "for",
            "for me",
            "`/papers for me`",
            "what you may like",
            (("`/papers for me`", "the last week's papers for you, by what you upvoted and saved"),),
        ),
        Command(
            "taste",
            "taste",
            "`/papers taste`",
            "what I know of your taste, and this channel's",
            (
                (
                    "`/papers taste`",
                    _OF_TASTE,
                ),
                ("`/papers taste here`", "the same for the channel you are in, as its editions follow it"),
            ),
        ),
        Command(
            "why",
            "why <paper>",
            "`/papers why 2403.01234`",
            "why a paper ranks where it does",
            (
                (
                    "`/papers why 2403.01234`, a link or words of a title",
                    "why a paper ranks where it does, and what you can change",
                ),
            ),
        ),
    ),
    (
        Command(
            "saved",
            "saved",
            "`/papers saved`",
            "what you saved",
            (("`/papers saved`", "the papers you saved"),),
        ),
        Command(
            "export",
            "export bibtex",
            "`/papers export bibtex`",
            "papers as a file (or `csv`, `json`, `ris`)",
            (
                (
                    "`/papers export bibtex` (or `csv`, `json`, `ris`)",
                    "the papers you saved, as a file in our direct messages",
                ),
                (
                    "`/papers export csv today`, a day, `top month`, `for me` or a topic",
                    "those papers instead: of a day, the channel's edition",
                ),
            ),
        ),
    ),
    (
        Command(
            "subscribe",
            "subscribe",
            "`/papers subscribe 08:30`",
            "the daily post in this channel",
            (
                (
                    "`/papers subscribe`, `/papers subscribe 08:30 Europe/Berlin`",
                    "the daily post in this channel",
                ),
                (
                    "`/papers subscribe diffusion policy`",
                    "papers of a topic, here or in our direct messages; a form opens",
                ),
            ),
        ),
        Command(
            "subscriptions",
            "subscriptions",
            "`/papers subscriptions`",
            "all of them, to change or pause",
            (
                (
                    "`/papers subscriptions`",
                    "what you and this channel are subscribed to: change, pause or end it",
                ),
            ),
        ),
        Command(
            "unsubscribe",
            "unsubscribe",
            "`/papers unsubscribe`",
            "no more of it",
            (("`/papers unsubscribe`", "no more daily posts in this channel"),),
        ),
        Command(
            "stats",
            "stats",
            "`/papers stats`",
            "what is voted on here",
            (("`/papers stats`", "what was posted and voted on here, and whether the ranking helps"),),
        ),
    ),
    (
        Command(
            "mail",
            "mail daily",
            "`/papers mail daily`",
            "papers in your mail (`weekly`, `off`)",
            (("`/papers mail daily` (or `weekly`, `off`)", "the papers chosen for you, in your mail"),),
        ),
        Command(
            "feed",
            "feed",
            "`/papers feed`",
            "as a feed for your reader",
            (("`/papers feed`", "secret addresses of this channel's feed and of yours"),),
        ),
    ),
    (
        Command(
            "group",
            "group",
            "`/papers group`",
            "the reading group of this channel",
            (
                (
                    "`/papers group`, `/papers group thursday 15:00 3`",
                    "the week's most voted as an agenda, with a presenter and a thread for each paper",
                ),
            ),
        ),
        Command(
            "weekly",
            "weekly",
            "`/papers weekly friday 16:00`",
            "when this channel's week is rounded up",
            (
                (
                    "`/papers weekly`, `/papers weekly friday 16:00`, `/papers weekly off`",
                    "the round-up of the week in this channel",
                ),
            ),
        ),
        Command(
            "submit",
            "submit <link>",
            "`/papers submit 2403.01234`",
            "a paper for the next edition",
            (
                (
                    "`/papers submit 2403.01234`, a link or a title",
                    "bring a paper to the next edition, under your name",
                ),
            ),
        ),
    ),
    (
        Command(
            "privacy",
            "privacy",
            "`/papers privacy`",
            "what I keep of you",
            (("`/papers privacy`", "what I keep of you, what for, and who sees it"),),
        ),
        Command(
            "my-data",
            "my-data",
            "`/papers my-data`",
            "all of it",
            (("`/papers my-data`", "all that I keep of you, as a file in our direct messages"),),
        ),
        Command(
            "forget-me",
            "forget-me",
            "`/papers forget-me`",
            "none of it any more",
            (("`/papers forget-me`", "delete all that I keep of you: I ask before, and it can't be undone"),),
        ),
        Command(
            "help",
            "help",
            "`/papers help export`",
            "more about one of these",
            (
                (
                    "`/papers help`, `/papers help export`",
                    "all of this in ten lines, and more about one command",
                ),
            ),
        ),
    ),
)
COMMANDS = {command.name: command for group in GROUPS for command in group}
_VOTES = (
    "React with :{seed}: or press *Upvote*: one vote per person and paper; votes rank what comes next. "
    "*Save* keeps a paper for you; the menu ⋯ has more."
)


def help_message(seed: str) -> Message:
    """All of it in ten lines."""
    lines = ["*Papers, every day*", *(_line(group) for group in GROUPS), _VOTES.format(seed=seed)]
    return notice("\n".join(lines))


def _line(group: tuple[Command, ...]) -> str:
    shown = [f"{command.form}: {command.brief}" for command in group if command.form]
    return f"• {'  ·  '.join(shown)}"


def command_help(name: str) -> Message | None:
    """What one command does, in a few lines; nothing for a name that there is not."""
    if name == "search":
        return notice(SEARCH_HELP)
    command = COMMANDS.get("for" if name == "for me" else name)
    if command is None:
        return None
    lines = [f"• {form}: {sentence}" for form, sentence in command.more]
    return notice("\n".join([f"*{command.form}*", *lines]))


def usage() -> str:
    """The forms that Slack shows while somebody types; a topic first, since that is what most ask."""
    hints = [command.hint for command in COMMANDS.values() if command.hint]
    return " | ".join(sorted(hints, key=lambda hint: not hint.startswith("[")))


def forms() -> Iterator[tuple[str, str]]:
    """Every form of every command, with its sentence."""
    for command in COMMANDS.values():
        yield from command.more
