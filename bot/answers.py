"""What `/papers ...` asks for, and the answer to it."""

from __future__ import annotations

import html
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot import messages
from bot.asking import Answer, Asker, Command, at_once
from bot.entries import Entries
from bot.errors import UsageError
from bot.explaining import Explaining
from bot.ids import paper_id
from bot.ingest import Clock, Ingest
from bot.known import sought_paper
from bot.lists import FIRST_DAY, PERIODS, Listing, Lists
from bot.logs import event
from bot.messages import SOURCE_NAMES, Message, Page, Place, clip, quoted
from bot.metrics import Metrics
from bot.recommend import Audience
from bot.search import FEW, MOST_MATCHES, QUERY_LIMIT, Found, Search, parse, snippet
from storage import Store
from storage.models import Paper, SourceName

log = logging.getLogger(__name__)

#: Longer questions are answered from the store alone: the sources want every word of them in a paper.
MOST_ASKED = 20
NOTE_LIMIT = 300
#: The commands whose answers a channel may read.
_FOR_ALL = frozenset({"help", "top", "search"})
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


class Answers:
    """Answers one workspace's questions. Every method raises UsageError with the sentence a person reads.

    `commands` are those of other parts, by their names. `talked` says where a paper is talked about in a channel, by
    the ids of the two.
    """

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        search: Search,
        lists: Lists,
        entries: Entries,
        explaining: Explaining,
        team_id: str,
        seed: str,
        zone: ZoneInfo,
        clock: Clock,
        metrics: Metrics,
        commands: Mapping[str, Command],
        talked: Callable[[str, str], Awaitable[str]],
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.search = search
        self.lists = lists
        self.entries = entries
        self.explaining = explaining
        self.team_id = team_id
        self.seed = seed
        self.zone = zone
        self.clock = clock
        self.metrics = metrics
        self.talked = talked
        self._commands: dict[str, Command] = {
            "help": self._help,
            "top": self._top,
            "for": self._for_me,
            "search": self._searching,
            "saved": self._saved,
            "why": self._why,
            **commands,
        }

    def is_for_one(self, text: str) -> bool:
        """Whether the answer is for whoever asks alone: of all commands, only a few say the same to everybody."""
        word = text.strip().partition(" ")[0].lower()
        return word in self._commands and word not in _FOR_ALL

    @property
    def names(self) -> frozenset[str]:
        """The names of the commands."""
        return frozenset(self._commands)

    async def answer(self, text: str, asker: Asker, offset: int = 0) -> Message | None:
        """The answer to what stands after `/papers`, from the result number `offset` on."""
        # Slack sends &, < and > as entities.
        return await self.answer_at(Place(" ".join(html.unescape(text).split()), offset), asker)

    async def answer_at(self, place: Place, asker: Asker) -> Message | None:
        """The answer as it is at a place: of a page that is shown already, the same papers as they are now."""
        asked = place.asked
        word, _, rest = asked.partition(" ")
        if (command := self._commands.get(word.lower())) and (answer := command(rest, place, asker)):
            return await answer
        if day := self._day(asked):
            newest = asked.lower() in ("", "today")
            audience = Audience(asker.channel_id, asker.user_id)
            return await self._listing(self.lists.day(day, audience, newest=newest), place, asker)
        id = paper_id(asked) if " " not in asked else None
        return await self._paper(id, place, asker) if id else await self._search(asked, place, asker)

    # Each command gets what stands behind its name, and answers None when that makes a topic of the two.

    def _help(self, rest: str, _: Place, __: Asker) -> Answer:
        told = messages.command_help(rest.lower()) if rest else messages.help_message(self.seed)
        return at_once(told) if told else None

    def _top(self, rest: str, place: Place, asker: Asker) -> Answer:
        period = rest.lower() or "week"
        return self._listing(self.lists.top(period), place, asker) if period in PERIODS else None

    def _for_me(self, rest: str, place: Place, asker: Asker) -> Answer:
        if rest.lower() != "me":
            return None
        return self._listing(self.lists.recommended(asker.user_id), place, asker)

    def _searching(self, rest: str, place: Place, asker: Asker) -> Answer:
        if not rest:
            raise UsageError("Search for what? For example `/papers search diffusion policy`.")
        return self._search(rest, place, asker)

    def _saved(self, rest: str, place: Place, asker: Asker) -> Answer:
        return None if rest else self._saved_page(place, asker)

    def _why(self, rest: str, place: Place, asker: Asker) -> Answer:
        if not rest:
            raise UsageError(
                "Why which paper? Write its number, a link to it or words of its title: `/papers why 2403.01234`."
            )
        return self._explained(rest, place, asker)

    def _day(self, asked: str) -> date | None:
        return day_asked(asked, self.clock().astimezone(self.zone).date())

    async def _listing(self, listing: Awaitable[Listing], place: Place, asker: Asker) -> Message:
        """A page of a list, remembered as shown to whoever asked."""
        heading, papers, note, asked = await listing
        place = place._replace(asked=asked or place.asked)
        if not place.shown:
            shown = papers[place.offset : place.offset + messages.PAGE_SIZE]
            await self.lists.record(shown, place.offset, Audience(asker.channel_id, asker.user_id))
        return await self._page(heading, papers, place, asker, note)

    async def _search(self, typed: str, place: Place, asker: Asker) -> Message:
        if like := parse(typed).like:
            await sought_paper(self.ingest, like)
        # What was answered before has asked the sources already.
        ask = place.offset == 0 and not place.shown
        started = time.perf_counter()
        found, failed = await find(self.search, self.ingest, typed, ask=ask)
        self._searched(time.perf_counter() - started, len(found.papers))
        if found.query.empty:
            raise UsageError(
                f"There is no word in {quoted(typed)} that I can search for. Try `/papers robot learning`, "
                "or `/papers help search`."
            )
        notes = [*(clip(note, NOTE_LIMIT) for note in found.notes), *_remarks(found, failed)]
        if not found.papers and not place.shown:
            return messages.nothing_found(typed, notes, found.suggestion)
        heading = f"*Best matches for {quoted(typed, 100)}*"
        # A button's value is short; what was not searched need not be carried from page to page.
        place = place._replace(asked=place.asked[: QUERY_LIMIT + 10])
        papers = found.papers
        if found.query.sort == "relevance":
            audience = Audience(asker.channel_id, asker.user_id)
            papers = await self.lists.recommender.untied(papers, found.scores, audience)
        return await self._page(heading, papers, place, asker, " ".join(notes), found)

    def _searched(self, seconds: float, found: int) -> None:
        """What was searched for is the person's, and stays out of the log."""
        self.metrics.searches.observe(seconds)
        event(log, "search answered", ms=round(seconds * 1000, 1), found=found)

    async def _saved_page(self, place: Place, asker: Asker) -> Message:
        ids = await self.store.saved(self.team_id, asker.user_id)
        if not ids and not place.shown:
            raise UsageError(
                "You have saved no papers yet. *Save* stands under every paper that `/papers` finds."
            )
        return await self._page("*Papers you saved*", await self.store.papers(ids), place, asker)

    async def _paper(self, id: str, place: Place, asker: Asker) -> Message:
        paper = await sought_paper(self.ingest, id)
        talked = await self.talked(id, asker.channel_id)
        return await self._page(f"*Paper {id}*", [paper], place, asker, talked)

    async def _explained(self, words: str, place: Place, asker: Asker) -> Message:
        """Why a paper ranks as it does; where no title has these words, they were a question that begins with "why"."""
        id = paper_id(words)
        if paper := await (
            sought_paper(self.ingest, id) if id else self.explaining.titled(words, asker.channel_id)
        ):
            return await self.explaining.explain(paper, Audience(asker.channel_id, asker.user_id))
        return await self._search(place.asked, place, asker)

    async def _page(
        self,
        heading: str,
        papers: Sequence[Paper],
        place: Place,
        asker: Asker,
        note: str = "",
        found: Found | None = None,
    ) -> Message:
        # Drawn again, an answer keeps its papers in their order, whatever became of the list.
        shown = await self.store.papers(place.shown[: messages.PAGE_SIZE])
        # The list may have become shorter since the button was drawn.
        start = place.offset if place.offset < len(papers) or shown else 0
        shown = shown or list(papers[start : start + messages.PAGE_SIZE])
        gone = len({paper.id for paper in shown} - {paper.id for paper in papers})
        snippets = {paper.id: snippet(found.query, paper) for paper in shown} if found else {}
        entries = await self.entries.of(shown, asker.user_id, asker.channel_id, snippets)
        suggestion = found.suggestion if found else ""
        return messages.page_message(
            Page(heading, entries, len(papers) + gone, start, place.asked, note, gone, suggestion)
        )


def day_asked(asked: str, today: date) -> date | None:
    """The day that these words mean, if they mean one. Raises UsageError for one that there are no papers of."""
    if asked.lower() in ("", "today", "yesterday"):
        return today - timedelta(days=asked.lower() == "yesterday")
    if not _DATE.fullmatch(asked):
        return None
    try:
        day = date(*(int(part) for part in asked.split("-")))
    except ValueError as error:
        raise UsageError(f"There is no day {asked} in the calendar. Dates are written 2026-08-20.") from error
    if day > today:
        raise UsageError(f"{asked} lies ahead; today is {today}. `/papers today` has the newest papers.")
    if day < FIRST_DAY:
        raise UsageError(f"Hugging Face's daily papers begin on {FIRST_DAY}; there are none for {asked}.")
    return day


async def find(
    search: Search, ingest: Ingest, typed: str, limit: int = MOST_MATCHES, *, ask: bool = True
) -> tuple[Found, list[SourceName]]:
    """The best matches for a topic, and the sources that should have been asked but could not be.

    With `ask`, sources are asked when the store has fewer than FEW papers with every word; what they know
    of the topic is kept.
    """
    found = await search.search(typed, limit)
    words = " ".join(found.query.of("word", "phrase", "title", "author"))
    if not ask or found.every_word >= FEW or not words or len(words.split()) > MOST_ASKED:
        return found, []
    asked = await ingest.search(words)
    failed = [kept.source for kept in asked if kept.error]
    new = any(kept.new for kept in asked)
    return (await search.search(typed, limit) if new else found), failed


def _remarks(found: Found, failed: Sequence[SourceName]) -> Iterator[str]:
    """What a person should know of an answer to a search."""
    if failed:
        names = " and ".join(SOURCE_NAMES[name] for name in failed)
        yield f"{names} could not be asked just now; these are the papers I have."
    if found.unread:
        yield f"I am still reading {messages.count(found.unread, 'paper')} into my index, so there may be more."
    if found.papers and not found.every_word and len(found.query.of("word")) <= MOST_ASKED:
        yield "No paper has all of these words; these come closest."
