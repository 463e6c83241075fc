"""`/papers stats`: what was posted and voted on, and whether the ranking helps, in one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.messages.blocks import Block, Message, context, link, mention, section
from bot.messages.text import clip, count
from storage.models import Activity, Paper

BARS = "▁▂▃▄▅▆▇"
#: How sure is sure; an experiment's p-value is the other way round.
SURE = 0.95
TITLE_LIMIT = 150


class Comparison(NamedTuple):
    """The nDCG@n of our order and of Hugging Face's over some editions with so many upvotes.

    `sure` is the chance that ours is the better. `early`: it rests on too little, and has no figures.
    """

    n: int
    ours: float
    theirs: float
    sure: float
    editions: int
    upvotes: int
    early: bool


class Experiment(NamedTuple):
    """Editions won by the ranking with the channel's taste and by the one without it, ties, and the p-value."""

    taste: int
    plain: int
    ties: int
    p_value: float


class Stats(NamedTuple):
    """What `/papers stats` shows of a channel, or of the workspace where `channel` is None.

    `weeks` are the votes of each of the last weeks, oldest first; `note` says what was left out.
    """

    channel_id: str
    channel: Activity | None
    workspace: Activity
    weeks: Sequence[int]
    favourites: Sequence[tuple[Paper, int]]
    comparison: Comparison
    experiment: Experiment | None
    note: str = ""


def stats_message(stats: Stats) -> Message:
    whole = f"*This workspace*: {_activity(stats.workspace)}"
    here = [f"*{mention('#', stats.channel_id)}*: {_activity(stats.channel)}"] if stats.channel else []
    helps = [verdict(stats.comparison), *([tried(stats.experiment)] if stats.experiment else [])]
    blocks: list[Block] = [
        section("\n".join([*here, whole])),
        section(_weeks(stats.weeks)),
        *([section(_favourites(stats.favourites))] if stats.favourites else []),
        section("*Does the ranking help?* " + " ".join(helps)),
        context("`papers-bot evaluate` tells more.", stats.note),
    ]
    return {"text": whole, "blocks": blocks}


def verdict(found: Comparison) -> str:
    """Whether our order is better than Hugging Face's, and how sure that is: a sentence, escaped already."""
    rests = f"{count(found.editions, 'edition')}, {count(found.upvotes, 'upvote')}"
    if found.early:
        return (
            f"It is too early to tell whether our order is better than Hugging Face's ({rests}): "
            "it takes ten editions with upvotes, and twenty upvotes."
        )
    ours, theirs = f"{found.ours:.2f}", f"{found.theirs:.2f}"
    if found.sure >= SURE:
        return (
            f"Our order is better than Hugging Face's: nDCG@{found.n} {ours} to {theirs}, "
            f"{rests} ({_percent(found.sure)} sure)."
        )
    if found.sure <= 1 - SURE:
        return (
            f"Hugging Face's order is better than ours: nDCG@{found.n} {theirs} to {ours}, "
            f"{rests} ({_percent(1 - found.sure)} sure)."
        )
    return (
        f"Our order and Hugging Face's can't be told apart yet: nDCG@{found.n} {ours} to {theirs}, "
        f"{rests} (ours is better with a chance of {_percent(found.sure)})."
    )


def tried(experiment: Experiment) -> str:
    """Which of the two rankings of an experiment wins: a sentence, escaped already."""
    taste, plain = experiment.taste, experiment.plain
    winner = "with" if taste > plain else "without"
    wins = (
        f"the ranking {winner} the channel's taste wins"
        if experiment.p_value <= 1 - SURE
        else "nobody wins for sure yet"
    )
    return (
        f"Experiment: {wins}. {count(taste, 'edition')} went to the ranking with the channel's taste, {plain:,} to the "
        f"one without it, {count(experiment.ties, 'tie')} (p = {experiment.p_value:.2g})."
    )


def chart(numbers: Sequence[int]) -> str:
    """A bar for each number, the highest for the largest, the lowest for 0 alone."""
    most = max([*numbers, 1])
    return "".join(BARS[-(-number * (len(BARS) - 1) // most)] for number in numbers)


def _activity(activity: Activity) -> str:
    since = f" since {activity.since.day} {activity.since:%B %Y}" if activity.since else ""
    channels = f" in {count(activity.channels, 'channel')}" if activity.channels > 1 else ""
    voted = f"{count(activity.votes, 'vote')} by {_people(activity.people)}"
    return (
        f"{count(activity.editions, 'edition')}{channels}{since}, {count(activity.papers, 'paper')}, {voted}"
    )


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _weeks(weeks: Sequence[int]) -> str:
    numbers = ", ".join(f"{number:,}" for number in weeks)
    return f"Votes a week, the last {len(weeks)}: `{chart(weeks)}`  {numbers}"


def _favourites(favourites: Sequence[tuple[Paper, int]]) -> str:
    lines = [f"• {_named(paper)}: {count(upvotes, 'upvote')}" for paper, upvotes in favourites]
    return "\n".join(["*Most upvoted in the last 30 days*", *lines])


def _named(paper: Paper) -> str:
    title = clip(paper.title, TITLE_LIMIT)
    return link(paper.huggingface_url, title) or title


def _percent(share: float) -> str:
    """Never 100: samples can't be that sure."""
    return f"{share:.0%}".replace("%", " %") if share < 0.99 else "more than 99 %"
