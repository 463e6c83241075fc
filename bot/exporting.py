"""`/papers export`: saved papers, a day or the best matches for a topic, as a file for one person alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import exports
from bot.answers import day_asked, find
from bot.asking import Answer, Asker
from bot.errors import UsageError
from bot.ingest import Clock, Ingest
from bot.known import known_paper
from bot.lists import PERIODS, Lists
from bot.messages import Message, Place, bibtex_message, clip, count, quoted, sent_message
from bot.outcomes import MaybeSent
from bot.recommend import Audience
from bot.search import Search
from bot.slack import Slack
from bot.surfaces import Surfaces
from storage import Store
from storage.models import Paper, Tally

_USAGE = (
    "Export as what? `/papers export bibtex`, `csv`, `json` or `ris` sends your saved papers as a file. "
    "Behind it may stand a day (`today`, `2026-08-20`), `top week`, `for me`, or a topic."
)
_NAME_LIMIT = 40

Tallies = Mapping[str, Tally]


class Chosen(NamedTuple):
    """The papers to put in a file: what they are (mrkdwn of ours), and what the file is called without its ending."""

    what: str
    name: str
    papers: Sequence[Paper]


class Exporting:
    """Makes one workspace's files. Raises UsageError with the sentence a person reads, and what Surfaces raises."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        search: Search,
        lists: Lists,
        slack: Slack,
        surfaces: Surfaces,
        team_id: str,
        url: str,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.search = search
        self.lists = lists
        self.slack = slack
        self.surfaces = surfaces
        self.team_id = team_id
        self.url = url
        self.zone = zone
        self.clock = clock

    def exporting(self, rest: str, __: Place, asker: Asker) -> Answer:
        """`/papers export <format> [what]`. Words of which the first is no format are a topic."""
        word, _, what = rest.partition(" ")
        if word.lower() in FORMATS:
            return self._export(word.lower(), what.strip(), asker)
        return None if what else self._unknown()

    async def copied(self, paper_id: str) -> Message:
        """A paper's BibTeX entry, to copy from a message."""
        paper = await known_paper(self.store, paper_id)
        return bibtex_message(paper, exports.entry(paper, brief=True))

    async def _unknown(self) -> Message:
        raise UsageError(_USAGE)

    async def _export(self, name: str, what: str, asker: Asker) -> Message | None:
        chosen = await self._chosen(what, asker)
        ending, written = FORMATS[name]
        tallies = await self.store.tallies(self.team_id, [paper.id for paper in chosen.papers])
        # In a thread, since thousands of papers take longer than anybody else should wait.
        text = await asyncio.to_thread(written, chosen, tallies, self.clock())
        said = f"{count(len(chosen.papers), 'paper')}: {chosen.what}."
        return await self.send(f"{chosen.name}.{ending}", text, said, asker)

    async def send(self, name: str, text: str, said: str, asker: Asker) -> Message | None:
        """Send a file to a person's direct messages with the bot, and tell them where they asked."""
        direct = await self.slack.direct(asker.user_id)
        try:
            await self.surfaces.upload(direct, name, text.encode(), title=name, comment=said)
        except MaybeSent as unsure:
            raise UsageError(
                f"Slack did not say whether it took *{clip(name, 100)}*. Look into our direct messages, "
                "and ask again if it is not there."
            ) from unsure
        if asker.channel_id == direct:
            return None
        return sent_message(f"I sent you *{clip(name, 100)}*. {said}", f"{self.url}archives/{direct}")

    async def _chosen(self, what: str, asker: Asker) -> Chosen:
        first, _, rest = what.lower().partition(" ")
        if first in ("", "saved") and not rest:
            return await self._saved(asker)
        if day := day_asked(what, self.clock().astimezone(self.zone).date()):
            return await self._day(day, asker, newest=first == "today")
        if first == "top" and (rest or "week") in PERIODS:
            listing = await self.lists.top(rest or "week")
            return Chosen(f"the top of the {rest or 'week'}", f"top-{rest or 'week'}", listing.papers)
        if (first, rest) == ("for", "me"):
            listing = await self.lists.recommended(asker.user_id)
            return Chosen("for you, of the last week", "for-me", listing.papers)
        return await self._topic(what)

    async def _saved(self, asker: Asker) -> Chosen:
        papers = await self.store.papers(await self.store.saved(self.team_id, asker.user_id))
        if not papers:
            raise UsageError(
                "You have saved no papers that I could export. *Save* stands under every paper that `/papers` finds."
            )
        return Chosen("those you saved", "saved-papers", papers)

    async def _day(self, day: date, asker: Asker, *, newest: bool) -> Chosen:
        """What the channel's edition of the day has shown; without one, all papers of the day."""
        if edition := await self.store.edition(self.team_id, asker.channel_id, day):
            shown = [showing.paper_id for showing in await self.store.showings(edition)]
            if papers := await self.store.papers(shown):
                return Chosen(f"this channel's edition of {day}", f"edition-{day}", papers)
        listing = await self.lists.day(day, Audience(asker.channel_id, asker.user_id), newest=newest)
        of = listing.asked or str(day)
        return Chosen(f"those of {of}", f"papers-{of}", listing.papers)

    async def _topic(self, topic: str) -> Chosen:
        found, _ = await find(self.search, self.ingest, topic)
        if not found.papers:
            raise UsageError(f"Nothing found for {quoted(topic)}, so there is nothing to export.")
        return Chosen(f"the best matches for {quoted(topic)}", _file_name(topic), found.papers)


def _file_name(topic: str) -> str:
    """The words of a topic as a name that every system takes for a file."""
    return re.sub(r"[^a-z0-9]+", "-", topic.lower())[:_NAME_LIMIT].strip("-") or "papers"


#: The ending of a file's name, and its text of the papers, their votes here and the time.
FORMATS: dict[str, tuple[str, Callable[..., str]]] = {
    "bibtex": ("bib", lambda chosen, _, __: exports.bibtex(chosen.papers)),
    "bib": ("bib", lambda chosen, _, __: exports.bibtex(chosen.papers)),
    "csv": ("csv", lambda chosen, tallies, _: exports.table(chosen.papers, tallies)),
    "json": (
        "json",
        lambda chosen, tallies, now: exports.document(chosen.papers, tallies, chosen.name, now),
    ),
    "ris": ("ris", lambda chosen, _, __: exports.ris(chosen.papers)),
}
