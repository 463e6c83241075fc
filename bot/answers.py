"""What `/papers ...` asks for, and the answer to it."""

from __future__ import annotations

import html
import logging
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import messages, ranking
from bot.entries import Entries
from bot.errors import DeliveryError, SourceError, UsageError
from bot.ids import paper_id
from bot.ingest import SEARCH_PATIENCE, Clock, Ingest
from bot.logs import event
from bot.messages import SOURCE_NAMES, Message, Page, Place, clip, quoted
from bot.metrics import Metrics
from bot.permission import Permission
from bot.search import FEW, MOST_MATCHES, QUERY_LIMIT, Found, Search, parse, snippet
from bot.slack import Slack
from storage import Store
from storage.models import Paper, SourceName, Subscription

log = logging.getLogger(__name__)

PERIODS = {"day": 1, "today": 1, "week": 7, "month": 30, "year": 365, "all": 36_500}
#: The first days on Hugging Face's page.
FIRST_DAY = date(2023, 5, 4)
_TOP_CANDIDATES = 300
_TOP_SHOWN = 50
#: Longer questions are answered from the store alone: the sources want every word of them in a paper.
MOST_ASKED = 20
NOTE_LIMIT = 300
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Asker(NamedTuple):
    """Who asks, and where."""

    user_id: str
    channel_id: str


class Answers:
    """Answers one workspace's questions. Every method raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        search: Search,
        slack: Slack,
        defaults: Subscription,
        bot_user_id: str,
        seed: str,
        clock: Clock,
        entries: Entries,
        permission: Permission,
        metrics: Metrics,
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.search = search
        self.slack = slack
        self.defaults = defaults
        self.bot_user_id = bot_user_id
        self.seed = seed
        self.clock = clock
        self.entries = entries
        self.permission = permission
        self.metrics = metrics

    async def answer(self, text: str, asker: Asker, offset: int = 0) -> Message:
        """The answer to what stands after `/papers`, from the result number `offset` on."""
        # Slack sends &, < and > as entities.
        return await self.answer_at(Place(" ".join(html.unescape(text).split()), offset), asker)

    async def answer_at(self, place: Place, asker: Asker) -> Message:
        """The answer as it is at a place: of a page that is shown already, the same papers as they are now."""
        asked = place.asked
        word, _, rest = asked.partition(" ")
        match word.lower():
            case "help" if rest.lower() == "search":
                return messages.search_help()
            case "help":
                return messages.help_message(self.seed)
            case "subscribe":
                return await self._subscribe(rest, asker)
            case "unsubscribe" if not rest:
                return await self._unsubscribe(asker)
            case "top" if rest.lower() in PERIODS or not rest:
                return await self._top(rest.lower() or "week", place, asker)
            case "search" if not rest:
                raise UsageError("Search for what? For example `/papers search diffusion policy`.")
            case "search":
                return await self._search(rest, place, asker)
            case "saved" if not rest:
                return await self._saved(place, asker)
        day = self._day(asked)
        if day:
            return await self._day_page(day, place, asker)
        id = paper_id(asked) if " " not in asked else None
        return await self._paper(id, place, asker) if id else await self._search(asked, place, asker)

    def _day(self, asked: str) -> date | None:
        today = self.clock().astimezone(ZoneInfo(self.defaults.timezone)).date()
        if asked.lower() in ("", "today", "yesterday"):
            return today - timedelta(days=asked.lower() == "yesterday")
        if not _DATE.fullmatch(asked):
            return None
        try:
            day = date(*(int(part) for part in asked.split("-")))
        except ValueError as error:
            raise UsageError(
                f"There is no day {asked} in the calendar. Dates are written 2026-08-20."
            ) from error
        if day > today:
            raise UsageError(f"{asked} lies ahead; today is {today}. `/papers today` has the newest papers.")
        if day < FIRST_DAY:
            raise UsageError(f"Hugging Face's daily papers begin on {FIRST_DAY}; there are none for {asked}.")
        return day

    async def _day_page(self, day: date, place: Place, asker: Asker) -> Message:
        read = await self.ingest.ensure_day(min(day, self.ingest.today()), SEARCH_PATIENCE)
        listed = await self.store.listed(day, day)
        shown, note = day, ""
        if not listed:
            why = (
                await self._why_empty(day)
                if read
                else " yet: Hugging Face is slow to answer; ask again in a minute"
            )
            newest = await self.store.newest_day(day)
            if newest is None or place.asked.lower() not in ("", "today"):
                raise UsageError(f"No papers are listed for {day:%A} {day}{why}.")
            shown, note = newest, f"Nothing is listed for today yet{why}; this is the newest day I have."
            listed = await self.store.listed(shown, shown)
        papers = await self._ranked(list(listed))
        # The buttons name the day: "today" is another one after midnight.
        place = place._replace(asked=str(shown))
        return await self._page(messages.day_heading(shown), papers, place, asker, note)

    async def _why_empty(self, day: date) -> str:
        reading = await self.store.reading("huggingface", day)
        if reading and reading.error:
            return " because Hugging Face could not be read; I try again every minute"
        return ": Hugging Face lists few papers or none at weekends" if day.weekday() >= 5 else ""

    async def _top(self, period: str, place: Place, asker: Asker) -> Message:
        today = self.ingest.today()
        first = today - timedelta(days=PERIODS[period] - 1)
        ids = await self.store.most_upvoted(first, today, _TOP_CANDIDATES)
        voted = await self.store.papers_voted(
            self.defaults.team_id, datetime.combine(max(first, FIRST_DAY), datetime.min.time(), UTC)
        )
        # Over a month or a year, a half-life of days would leave only the newest.
        half_life = max(ranking.HALF_LIFE_DAYS, PERIODS[period])
        papers = await self._ranked(list(dict.fromkeys(ids + voted)), half_life)
        if not papers:
            raise UsageError(f"I have no papers for this {period} yet. `/papers today` reads today's.")
        names = {"all": "of all time", "day": "of the day", "today": "of the day"}
        heading = f"*Top papers {names.get(period, f'of the {period}')}*"
        return await self._page(heading, papers[:_TOP_SHOWN], place, asker)

    async def _search(self, typed: str, place: Place, asker: Asker) -> Message:
        if like := parse(typed).like:
            await self._known(like)
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
        return await self._page(heading, found.papers, place, asker, " ".join(notes), found)

    def _searched(self, seconds: float, found: int) -> None:
        """What was searched for is the person's, and stays out of the log."""
        self.metrics.searches.observe(seconds)
        event(log, "search answered", ms=round(seconds * 1000, 1), found=found)

    async def _saved(self, place: Place, asker: Asker) -> Message:
        ids = await self.store.saved(self.defaults.team_id, asker.user_id)
        if not ids and not place.shown:
            raise UsageError(
                "You have saved no papers yet. *Save* stands under every paper that `/papers` finds."
            )
        return await self._page("*Papers you saved*", await self.store.papers(ids), place, asker)

    async def _paper(self, id: str, place: Place, asker: Asker) -> Message:
        return await self._page(f"*Paper {id}*", [await self._known(id)], place, asker)

    async def _known(self, id: str) -> Paper:
        """A paper, from the sources if need be. Raises UsageError when there is none."""
        try:
            paper = await self.ingest.paper(id)
        except SourceError as error:
            raise UsageError(
                f"I don't have paper {id}, and arXiv and Hugging Face can't be asked just now. Try again in a minute."
            ) from error
        if paper is None:
            raise UsageError(
                f"Neither arXiv nor Hugging Face knows a paper {id}. Check the number, or search by title."
            )
        return paper

    async def _subscribe(self, rest: str, asker: Asker) -> Message:
        subscription = self.defaults.model_copy(
            update={"channel_id": asker.channel_id, "created_by": asker.user_id, **_schedule(rest)}
        )
        await self.permission.to_subscribe(asker.user_id)
        await self._check_member(asker.channel_id)
        await self.store.subscribe(subscription)
        return messages.subscribed_message(subscription)

    async def _unsubscribe(self, asker: Asker) -> Message:
        await self.permission.to_subscribe(asker.user_id)
        if not await self.store.unsubscribe(self.defaults.team_id, asker.channel_id, asker.user_id):
            raise UsageError("This channel gets no daily papers. `/papers subscribe` turns them on.")
        return messages.notice(
            "No more daily papers in this channel. `/papers subscribe` turns them on again."
        )

    async def _check_member(self, channel_id: str) -> None:
        try:
            member = await self.slack.is_member(channel_id)
        except DeliveryError as error:
            # A private channel the bot is not in does not exist for it; any other error is not about the channel.
            member = error.code not in ("channel_not_found", "not_in_channel")
        if not member:
            raise UsageError(
                f"I am not in this channel, so I can't post here. Type `/invite` <@{self.bot_user_id}> "
                "and then `/papers subscribe` again."
            )

    async def _ranked(self, ids: Sequence[str], half_life: float = ranking.HALF_LIFE_DAYS) -> list[Paper]:
        papers = await self.store.papers(ids)
        tallies = await self.store.tallies(self.defaults.team_id, [paper.id for paper in papers])
        return ranking.rank(papers, tallies, self.clock(), half_life)

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


def _schedule(words: str) -> dict[str, object]:
    """An hour and a time zone, in any order, from what stands after `subscribe`."""
    changed: dict[str, object] = {}
    for word in words.split():
        clock = _TIME.fullmatch(word)
        if clock:
            changed["post_at"] = datetime.min.time().replace(hour=int(clock[1]), minute=int(clock[2]))
        elif _is_zone(word):
            changed["timezone"] = word
        else:
            raise UsageError(
                f"I don't understand {quoted(word)}: write an hour and a time zone, such as "
                "`/papers subscribe 08:30 Europe/Berlin`, or neither. "
                f"To search for it: `/papers search subscribe {messages.quoted(words, 60)}`."
            )
    return changed


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
