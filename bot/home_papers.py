"""The papers of somebody's Home: a day's, those picked for them, and those they saved."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from bot.entries import Entries
from bot.for_you import UNTASTED, ForYou
from bot.ingest import Clock
from bot.messages import channel_mention, count, day_heading, quoted
from bot.messages.home.papers import PAGE_SIZE, Item
from bot.messages.home.place import Spot
from bot.messages.home.sections import Papers
from bot.recommend import Audience
from bot.search import matches, parse
from storage import Store
from storage.models import Paper

#: For so long an order that was computed holds while somebody leafs through it.
KEPT = timedelta(minutes=10)
MOST_KEPT = 500
_CHANNELS_NAMED = 5
_NOTHING_AT_ALL = (
    "No papers yet: I am reading today's list, which takes a minute. Each day's papers will stand here, the best "
    "first, and what is new since you last looked is marked 🆕."
)
_ALL_READ = "You have read all of it. *Settings* shows again what you have read."
_TASTED = "The last week's papers, by what you upvoted and saved."
_ALL_MUTED = "Nothing of this day for you: the authors and topics that you mute are left out."
_NO_PICKS = (
    "Nothing for you at the moment. Each day's papers are ordered here by what you upvote and save; "
    "`/papers taste add` takes papers you like, and `/papers taste follow` an author."
)
_NO_SAVED = (
    "You have saved no papers yet. Press *🔖 Save* below any paper, here or in an answer to `/papers`: "
    "it is kept here for you alone, to be searched, with a note if you write one."
)


class Kept(NamedTuple):
    """A list of papers in an order that was computed, and when that was.

    Where they were picked, `whys` says of each why, and `hidden` how many are left out because they were read.
    """

    at: datetime
    ids: Sequence[str]
    whys: Mapping[str, str]
    tasted: bool = False
    hidden: int = 0


class HomePapers:
    """Makes the pages of papers of one workspace's Homes, from what is stored alone."""

    def __init__(self, store: Store, for_you: ForYou, entries: Entries, team_id: str, clock: Clock) -> None:
        self.store = store
        self.for_you = for_you
        self.entries = entries
        self.team_id = team_id
        self.clock = clock
        self._kept: OrderedDict[tuple[str, date | None], Kept] = OrderedDict()
        self._outdated: set[str] = set()

    def changed(self, user_id: str) -> None:
        """Somebody has voted, saved or read since: their orders are good only until they ask anew."""
        if any(key[0] == user_id for key in self._kept):
            self._outdated.add(user_id)

    def renew(self, user_id: str) -> None:
        """Somebody asks anew: what is outdated by now is computed again."""
        if user_id in self._outdated:
            self.forget(user_id)

    def forget(self, user_id: str) -> None:
        """Compute this person's orders again the next time."""
        self._outdated.discard(user_id)
        for key in [key for key in self._kept if key[0] == user_id]:
            del self._kept[key]

    async def day(self, spot: Spot, user_id: str, channels: Collection[str]) -> Papers:
        """A day's papers: of the editions of this person's channels, or else the day's list as they should see it."""
        theirs = sorted(channels)
        day = spot.day or await self._beside(theirs, date.max, -1)
        if day is None:
            return Papers(spot, "Papers", empty=_NOTHING_AT_ALL)
        posted = await self.store.papers_of_editions(self.team_id, theirs, day)
        ids: Sequence[str] = list(posted)
        note = await self._where(theirs, day)
        if not posted:
            ids, note = (
                await self._listed(user_id, day),
                "No edition in your channels: the day's list, in your order.",
            )
        new = await self._new(user_id, ids, posted)
        page = await self._page(
            spot, user_id, ids, new=new, heading=_heading(day), notes=[note], empty=_ALL_MUTED
        )
        return page._replace(
            before=await self._beside(theirs, day, -1), after=await self._beside(theirs, day, 1)
        )

    async def picked(self, spot: Spot, user_id: str) -> Papers:
        """What this person may like best of the last week, each with why."""
        kept = await self.pick(user_id)
        note = _TASTED if kept.tasted else UNTASTED
        new = await self._new(user_id, kept.ids, {})
        page = await self._page(
            spot,
            user_id,
            kept.ids,
            new=new,
            heading="For you",
            notes=[note],
            empty=_NO_PICKS,
            hidden=kept.hidden,
        )
        items = [item._replace(why=kept.whys.get(item.entry.paper.id, "")) for item in page.items]
        return page._replace(items=items)

    async def pick(self, user_id: str) -> Kept:
        """What is picked for this person, as it was lately or as it is now."""
        kept = self._still(user_id, None)
        if kept is None:
            picks = await self.for_you.of(user_id)
            ids, whys = [paper.id for paper in picks.papers], await self.for_you.whys(picks)
            kept = self._keep(user_id, None, Kept(self.clock(), ids, whys, picks.tasted, picks.hidden))
        return kept

    async def saved(self, spot: Spot, user_id: str) -> Papers:
        """What this person saved, newest first, or what of it has the words searched for."""
        ids = await self.store.saved(self.team_id, user_id)
        notes = await self.store.notes(self.team_id, user_id)
        if not ids:
            return Papers(spot, "Saved papers", empty=_NO_SAVED)
        found = await self._found(spot.query, ids, notes) if spot.query else ids
        said = f"{len(found):,} of {count(len(ids), 'paper')} for {quoted(spot.query)}" if spot.query else ""
        page = await self._page(
            spot,
            user_id,
            found,
            heading="Saved papers",
            notes=[said],
            empty=f"None of your {count(len(ids), 'saved paper')} has these words. Fewer may help, or *Show all*.",
            own=notes,
            everything=True,
        )
        return page._replace(searchable=True)

    async def _page(
        self,
        spot: Spot,
        user_id: str,
        ids: Sequence[str],
        *,
        heading: str,
        notes: Sequence[str],
        empty: str,
        new: Collection[str] = (),
        own: Mapping[str, str] | None = None,
        everything: bool = False,
        hidden: int = 0,
    ) -> Papers:
        """One page; what the person hides because they have read it is left out, unless `everything` is wanted.

        `hidden` are left out already.
        """
        read = () if everything else await self.for_you.hidden(user_id, ids)
        shown = [id for id in ids if id not in read]
        hidden += len(read)
        # The list may have become shorter since the button was drawn.
        spot = spot if spot.offset < len(shown) else spot._replace(offset=0)
        papers = await self.store.papers(shown[spot.offset : spot.offset + PAGE_SIZE])
        fresh = len([id for id in shown if id in new])
        said = [*notes, f"🆕 {fresh:,} new since your last visit" if fresh else "", _hidden(hidden)]
        items = await self._items(papers, user_id, new, own)
        return Papers(
            spot, heading, [note for note in said if note], items, len(shown), _ALL_READ if hidden else empty
        )

    async def _items(
        self,
        papers: Sequence[Paper],
        user_id: str,
        new: Collection[str],
        own: Mapping[str, str] | None,
    ) -> list[Item]:
        notes = await self.store.notes(self.team_id, user_id) if own is None else own
        entries = await self.entries.of(papers, user_id, "", {})
        return [
            Item(
                entry,
                entry.paper.id in new,
                note=notes.get(entry.paper.id, "") if entry.saved else "",
            )
            for entry in entries
        ]

    async def _listed(self, user_id: str, day: date) -> Sequence[str]:
        """A day's list in this person's order."""
        kept = self._still(user_id, day)
        if kept is None:
            papers = await self.store.papers(list(await self.store.listed(day, day)))
            ranked = await self.for_you.recommender.rank(papers, Audience(user_id=user_id))
            kept = self._keep(user_id, day, Kept(self.clock(), [paper.id for paper in ranked.ordered], {}))
        return kept.ids

    async def _new(self, user_id: str, ids: Sequence[str], posted: Mapping[str, float]) -> Collection[str]:
        """What came after this person's last visit: by when it was posted, or else by when it was first read of."""
        since = await self.store.seen_until(self.team_id, user_id)
        if since is None:
            return ()
        if posted:
            return {id for id in ids if posted[id] > since}
        return await self.store.came_since(ids, datetime.fromtimestamp(since, UTC))

    async def _where(self, channels: Sequence[str], day: date) -> str:
        named = [
            channel_mention(id) for id in await self.store.channels_with_edition(self.team_id, channels, day)
        ]
        more = f" and {len(named) - _CHANNELS_NAMED} more" if len(named) > _CHANNELS_NAMED else ""
        return f"The edition of {', '.join(named[:_CHANNELS_NAMED])}{more}."

    async def _found(self, query: str, ids: Sequence[str], notes: Mapping[str, str]) -> list[str]:
        papers = await self.store.papers(ids)
        return await asyncio.to_thread(_matching, query, papers, notes)

    async def _beside(self, channels: Sequence[str], day: date, step: Literal[-1, 1]) -> date | None:
        today = self.clock().astimezone(UTC).date()
        return await self.store.day_beside(self.team_id, channels, day, step, today)

    def _still(self, user_id: str, day: date | None) -> Kept | None:
        kept = self._kept.get((user_id, day))
        return kept if kept and self.clock() - kept.at < KEPT else None

    def _keep(self, user_id: str, day: date | None, kept: Kept) -> Kept:
        self._kept[user_id, day] = kept
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept


def _heading(day: date) -> str:
    return day_heading(day).strip("*")


def _hidden(number: int) -> str:
    return f"{count(number, 'paper')} that you have read left out" if number else ""


def _matching(query: str, papers: Sequence[Paper], notes: Mapping[str, str]) -> list[str]:
    """The papers that a query finds, or whose notes have its words."""
    asked, words = parse(query), query.casefold().split()

    def noted(paper: Paper) -> bool:
        note = notes.get(paper.id, "").casefold()
        return bool(note) and all(word in note for word in words)

    return [paper.id for paper in papers if noted(paper) or matches(asked, paper)]
