"""The sections of the Home tab: a page of papers, channels and their hours, numbers, and settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from bot.messages.blocks import (
    Block,
    actions,
    button,
    context,
    divider,
    header,
    section,
    typed,
)
from bot.messages.home import place
from bot.messages.home.papers import PAGE_SIZE, Item, item_blocks
from bot.messages.home.place import Spot, Tab, spot_value
from bot.messages.mail import MailPage, mail_blocks
from bot.messages.stats import chart
from bot.messages.text import clip, count


class Papers(NamedTuple):
    """A page of papers. `heading` is plain text, the `notes` are mrkdwn of ours; without items, `empty` teaches.

    `before` and `after` are the days to leaf to. With `searchable` there is a box to search in.
    """

    spot: Spot
    heading: str
    notes: Sequence[str] = ()
    items: Sequence[Item] = ()
    total: int = 0
    empty: str = ""
    before: date | None = None
    after: date | None = None
    searchable: bool = False


class Numbers(NamedTuple):
    """What one person did here, and their votes and everybody's of each of the last weeks, oldest first."""

    votes: int
    saved: int
    read: int
    weeks: Sequence[int]
    everybody: Sequence[int]


class Settings(NamedTuple):
    """What a person has set for themselves, and by which time zone days are told here.

    `mail` is what they get by mail, where this bot can send any.
    """

    hides_read: bool
    taste: bool
    zone: str
    mail: MailPage | None = None


def papers_blocks(page: Papers) -> list[Block]:
    blocks = [header(page.heading), *([context(*page.notes)] if any(page.notes) else [])]
    if page.searchable:
        blocks += _search(page.spot)
    for item in page.items:
        blocks += [divider(), *item_blocks(item)]
    if not page.items:
        blocks.append(section(page.empty))
    turns = _turns(page)
    return [*blocks, *([divider(), actions(*turns)] if turns else [])]


def _search(spot: Spot) -> list[Block]:
    box = typed(
        # Another name for other words: Slack keeps what was typed in a field that stays the same.
        f"search {spot.query}",
        place.SEARCH,
        "Search your saved papers and notes",
        hint="Words, author:hinton, cat:cs.CL… and Enter",
        initial=spot.query,
        most=place.QUERY_LIMIT,
    )
    everything = button(f"{place.TURN}_all", "Show all", spot_value(Spot(Tab.SAVED)))
    return [box, *([actions(everything)] if spot.query else [])]


def _turns(page: Papers) -> list[Block]:
    """Leafing by days, and by pages where there are several."""
    spot, rest = page.spot, page.total - page.spot.offset - len(page.items)
    ways: list[tuple[str, str, Spot]] = []
    if page.before:
        ways.append(("before", f"◀ {_short(page.before)}", Spot(spot.tab, day=page.before)))
    if spot.offset:
        ways.append(("back", "Back", spot._replace(offset=max(0, spot.offset - PAGE_SIZE))))
    if rest > 0:
        ways.append(("more", f"More ({rest:,})", spot._replace(offset=spot.offset + PAGE_SIZE)))
    if page.after:
        ways.append(("after", f"{_short(page.after)} ▶", Spot(spot.tab, day=page.after)))
    return [button(f"{place.TURN}_{way}", label, spot_value(there)) for way, label, there in ways]


def _short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def stats_blocks(numbers: Numbers) -> list[Block]:
    """A person's numbers with a chart, beside everybody's."""
    votes, saved, read, weeks, everybody = numbers
    if not (votes or saved or read or any(everybody)):
        return [header("Your numbers"), section(_NO_NUMBERS)]
    yours = f"*{count(votes, 'vote')}*, *{count(saved, 'paper')}* saved, *{count(read, 'paper')}* read"
    return [
        header("Your numbers"),
        section(yours),
        section(f"Your votes a week, the last {len(weeks)}:\n{_chart(weeks)}"),
        section(f"Everybody's here:\n{_chart(everybody)}"),
        context("`/papers stats` has a channel's numbers, and whether the ranking helps."),
    ]


_NO_NUMBERS = (
    "Nothing to count yet. Press *Upvote* below a paper, here or in a channel: after some votes a chart of the last "
    "eight weeks stands here."
)


def _chart(weeks: Sequence[int]) -> str:
    return f"`{chart(weeks)}`  {', '.join(f'{number:,}' for number in weeks)}"


def settings_blocks(settings: Settings) -> list[Block]:
    """Each setting with the button that turns it."""
    hides, taste, zone, mail = settings
    read = "left out of your own lists" if hides else "shown in your own lists, marked ✓"
    learned = "on: votes, saves and what you open teach me what comes first for you" if taste else "off"
    return [
        header("Settings"),
        section(
            f"*Papers you have read* are {read}. Your own lists are this tab and `/papers for me`.",
            button(
                place.HIDE, "Show what I have read" if hides else "Hide what I have read", _act(on=not hides)
            ),
        ),
        section(
            f"*Your taste* is {learned}. `/papers taste` shows and changes all of it.",
            button(place.TASTE, "Switch off" if taste else "Switch on", _act(on=not taste)),
        ),
        *(mail_blocks(mail._replace(note="*Papers by mail*:")) if mail else []),
        section(
            f"*Time zone*: days are told by {clip(zone, 60)}, each channel's hour by the zone beside it."
        ),
    ]


def _act(*, on: bool) -> str:
    return "on" if on else "off"
