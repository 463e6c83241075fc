"""The header of a day's papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.messages.blocks import Block, Message, context, header, section
from bot.messages.papers import title as paper_title
from bot.messages.text import count
from storage.models import Edition, Paper

SOURCE_NAMES = {"huggingface": "Hugging Face Daily Papers", "arxiv": "arXiv"}
#: What stands behind a number of papers; `submitted` are those that no source had listed.
_FROM = {name: f"from {said}" for name, said in SOURCE_NAMES.items()} | {"submitted": "submitted here"}

#: So many missed days are named each.
_MISSED_NAMED = 3


def header_message(edition: Edition, papers: int, seed: str, best: Sequence[Paper] = ()) -> Message:
    """The first message of an edition: its date, how many papers, from where, and how to vote.

    With `best`, these are listed, and all papers are in the thread.
    """
    title = f"Papers of {_span(edition)}"
    rest = papers - edition.top
    where = f"the best {edition.top} below, {rest} more in this thread" if rest > 0 else "best first"
    where = "all in this thread, to vote on" if best else where
    lines = [f"{_from_where(edition.listed, papers)}  ·  {where}"]
    if edition.left_out:
        lines.append(f"{count(edition.left_out, 'other paper')} of the day: `/papers {edition.listed_day}`")
    if edition.missed:
        lines.append(f"In no edition: {_missed(edition.missed)}")
    lines.append(f"React with :{seed}: or press *Upvote*: this team's votes rank the papers.")
    return {
        "text": f"{title}: {count(papers, 'paper')}",
        "blocks": [header(f"📄 {title}"), *_list(best), *(context(line) for line in lines)],
    }


def _list(best: Sequence[Paper]) -> list[Block]:
    """The titles, numbered; a section for every ten, which is as much as one holds."""
    lines = [f"{number}. {paper_title(paper)}" for number, paper in enumerate(best, start=1)]
    return [section("\n".join(lines[start : start + 10])) for start in range(0, len(lines), 10)]


def note_message(edition: Edition) -> Message:
    """What stands in the channel in the place of an edition without papers."""
    return {"text": edition.why, "blocks": [section(edition.why)]}


def _missed(missed: dict[str, int]) -> str:
    """`3 papers of 11 August (`/papers 2026-08-11`)` and so on; of many days the number, the first and the last."""
    days = sorted(missed)
    if len(days) <= _MISSED_NAMED:
        return ", ".join(f"{count(missed[day], 'paper')} of {_asked(day)}" for day in days)
    papers = count(sum(missed.values()), "paper")
    return f"{papers} of {len(days)} days, from {_asked(days[0])} to {_asked(days[-1])}"


def _asked(day: str) -> str:
    """A day, and how to see its papers."""
    return f"{date.fromisoformat(day).day} {date.fromisoformat(day):%B} (`/papers {day}`)"


def _span(edition: Edition) -> str:
    """`Tuesday 24 November 2026`, with the first day before it where the papers come from several."""
    last = edition.listed_day
    whole = f"{last:%A} {last.day} {last:%B %Y}"
    first = edition.first_day or last
    return whole if first == last else f"{first:%A} {first.day} {first:%B} to {whole}"


def _from_where(listed: dict[str, int], papers: int) -> str:
    """`24 papers from Hugging Face Daily Papers`, or `31 papers: 24 from Hugging Face Daily Papers, 7 from arXiv`."""
    parts = [(_FROM[name], number) for name, number in listed.items() if number]
    if not parts:
        return count(papers, "paper")
    if len(parts) == 1:
        return f"{count(papers, 'paper')} {parts[0][0]}"
    return f"{count(papers, 'paper')}: " + ", ".join(f"{number:,} {origin}" for origin, number in parts)
