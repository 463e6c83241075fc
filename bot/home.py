"""The Home tab of each person: what stands on it, and when it is drawn again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.errors import PapersError
from bot.home_channels import HomeChannels
from bot.home_papers import HomePapers
from bot.ingest import Clock, Ingest
from bot.mail.choosing import Choosing
from bot.members import Members
from bot.messages import Message
from bot.messages.home import sections
from bot.messages.home.channels import channels_blocks
from bot.messages.home.place import Spot, Tab
from bot.messages.home.sections import Numbers, Settings
from bot.messages.home.view import home_view, problem_view, shown_papers
from bot.outcomes import NotSent
from bot.surfaces import Surfaces, View
from bot.tasks import Tasks
from storage import Store
from storage.statistics import WEEK

log = logging.getLogger(__name__)

WEEKS = 8
#: A Home that was opened or used so long ago may still be looked at.
LATELY = timedelta(minutes=15)
#: When there are more of them, those who have not looked lately are forgotten.
MOST_WATCHED = 1_000


class Home:
    """Draws the Homes of one workspace; `zone` is the name of the time zone that days are told by."""

    def __init__(
        self,
        store: Store,
        papers: HomePapers,
        channels: HomeChannels,
        choosing: Choosing,
        members: Members,
        team_id: str,
        zone: str,
        clock: Clock,
    ) -> None:
        self.store = store
        self.papers = papers
        self.channels = channels
        self.choosing = choosing
        self.members = members
        self.team_id = team_id
        self.zone = zone
        self.clock = clock

    async def view(self, user_id: str, spot: Spot, said: Message | None = None) -> View:
        """What a person sees at a spot. Raises StoreError."""
        match spot.tab:
            case Tab.TODAY | Tab.FOR_YOU | Tab.SAVED:
                page = await self._papers(user_id, spot)
                return home_view(page.spot, sections.papers_blocks(page), said)
            case Tab.CHANNELS:
                blocks = channels_blocks(await self.channels.of(user_id))
            case Tab.STATS:
                blocks = sections.stats_blocks(await self._numbers(user_id))
            case Tab.SETTINGS:
                blocks = sections.settings_blocks(await self._settings(user_id))
        return home_view(spot, blocks, said)

    async def _papers(self, user_id: str, spot: Spot) -> sections.Papers:
        match spot.tab:
            case Tab.FOR_YOU:
                return await self.papers.picked(spot, user_id)
            case Tab.SAVED:
                return await self.papers.saved(spot, user_id)
        return await self.papers.day(spot, user_id, await self.members.channels_of(user_id))

    async def _numbers(self, user_id: str) -> Numbers:
        first = self.clock() - WEEKS * WEEK
        votes, weeks = await self.store.votes_of_person(self.team_id, user_id, first, WEEKS)
        return Numbers(
            votes,
            len(await self.store.saved(self.team_id, user_id)),
            await self.store.count_read(self.team_id, user_id),
            weeks,
            await self.store.votes_by_week(self.team_id, first, WEEKS),
        )

    async def _settings(self, user_id: str) -> Settings:
        learning = await self.store.learning(self.team_id, user_id)
        return Settings(
            await self.store.hides_read(self.team_id, user_id),
            learning.active,
            self.zone,
            await self.choosing.standing(user_id),
        )


class _Shown(NamedTuple):
    """What somebody's Home shows, since when they look at it, and the lock that has drawings follow one another.

    `said` is what was said there of their last press.
    """

    spot: Spot
    at: datetime
    drawing: asyncio.Lock
    said: Message | None = None


class Homes:
    """Publishes Homes: at once for whoever acts there, and soon after anything else of theirs has changed.

    Several changes within `coalesce` seconds are one drawing; of those who have not looked lately, none.
    """

    def __init__(
        self, home: Home, ingest: Ingest, surfaces: Surfaces, tasks: Tasks, clock: Clock, coalesce: float
    ) -> None:
        self.home = home
        self.ingest = ingest
        self.surfaces = surfaces
        self.tasks = tasks
        self.clock = clock
        self.coalesce = coalesce
        self._shown: dict[str, _Shown] = {}
        self._drawn: dict[str, View] = {}
        self._touched: set[str] = set()
        #: Those whose Home shows papers of which something may have changed; or nothing, and then it stays.
        self._perhaps: set[str] = set()
        self._wake = asyncio.Event()

    def touch(self, user_id: str) -> None:
        """Something that this person's Home shows may have changed. Costs nothing where nobody looks at it."""
        self.home.papers.changed(user_id)
        if self.spot_of(user_id):
            self._touched.add(user_id)
            self._wake.set()

    async def voted(self, paper_ids: Iterable[str]) -> None:
        """Somebody's votes on these papers may have changed: draw again the Homes that show one of them."""
        changed = set(paper_ids)
        self._look_again(
            user_id
            for user_id, view in self._drawn.items()
            if self.spot_of(user_id) and not changed.isdisjoint(shown_papers(view))
        )

    def posted(self) -> None:
        """A channel has got a paper: draw again the Homes that show the newest edition."""
        newest = Spot()
        self._look_again(user_id for user_id in self._shown if self.spot_of(user_id) == newest)

    def _look_again(self, user_ids: Iterable[str]) -> None:
        self._perhaps.update(user_ids)
        if self._perhaps:
            self._wake.set()

    def start_over(self, user_id: str) -> None:
        """Draw a person's Home from its beginning, whether they look or not: Slack keeps what it showed before."""
        self.home.papers.forget(user_id)
        before = self._shown.get(user_id)
        self._shown[user_id] = _Shown(Spot(), self.clock(), before.drawing if before else asyncio.Lock())
        self._touched.add(user_id)
        self._wake.set()

    def spot_of(self, user_id: str) -> Spot | None:
        """Where on their Home a person is, if they have looked at it lately."""
        shown = self._shown.get(user_id)
        return shown.spot if shown and self.clock() - shown.at < LATELY else None

    async def open(self, user_id: str) -> None:
        """Somebody looks at their Home: show what is stored, then read what is new today and show that.

        Raises StoreError, DeliveryError and NotSent.
        """
        await self.show(user_id, self.spot_of(user_id) or Spot(), anew=True)
        before = await self.home.store.revision()
        await self.ingest.ensure_day(self.ingest.today())
        if await self.home.store.revision() != before:
            self.home.papers.forget(user_id)
            self.touch(user_id)
        # So that it is there when they turn to it.
        await self.home.papers.pick(user_id)

    async def show(
        self, user_id: str, spot: Spot, said: Message | None = None, *, anew: bool = False
    ) -> None:
        """Publish a person's Home at this spot, with what is to be said; `anew` computes what is outdated, too.

        Raises StoreError, DeliveryError and NotSent.
        """
        if anew:
            self.home.papers.renew(user_id)
        await self._publish(user_id, spot, self.clock(), said)

    async def apologise(self, user_id: str, spot: Spot, sentence: str) -> None:
        """Publish a Home that says why it can't be drawn, which needs nothing of the store."""
        await self.surfaces.publish_home(user_id, problem_view(spot, sentence))

    async def run(self) -> None:
        """Draw again what is touched, for ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(self.coalesce)
            await self.flush()

    async def flush(self) -> None:
        """Begin to draw again what was touched until now, each by itself: what fails for one must not stop others."""
        touched, self._touched = self._touched, set()
        perhaps, self._perhaps = self._perhaps, set()
        self._wake.clear()
        for user_id in sorted(touched | perhaps):
            self.tasks.start(self._redraw(user_id, always=user_id in touched), _logged)

    async def _redraw(self, user_id: str, *, always: bool) -> None:
        if shown := self._shown.get(user_id):
            try:
                await self._publish(user_id, shown.spot, shown.at, shown.said, always=always)
            except NotSent as later:
                await asyncio.sleep(later.retry_after)
                self.touch(user_id)

    async def _publish(
        self, user_id: str, spot: Spot, at: datetime, said: Message | None = None, *, always: bool = True
    ) -> None:
        """One drawing after the other; one that a later press has made pointless by then is passed over.

        Unless `always`, so is one that would show what is there.
        """
        before = self._shown.get(user_id)
        shown = self._shown[user_id] = _Shown(spot, at, before.drawing if before else asyncio.Lock(), said)
        self._forget_the_gone()
        async with shown.drawing:
            if self._shown.get(user_id) is not shown:
                return
            # What changes from here on is drawn next.
            self._touched.discard(user_id)
            view = await self.home.view(user_id, spot, said)
            if always or view != self._drawn.get(user_id):
                await self.surfaces.publish_home(user_id, view)
                self._drawn[user_id] = view

    def _forget_the_gone(self) -> None:
        if len(self._shown) > MOST_WATCHED:
            now = self.clock()
            self._shown = {id: one for id, one in self._shown.items() if now - one.at < LATELY}
            self._touched &= set(self._shown)
            self._drawn = {id: view for id, view in self._drawn.items() if id in self._shown}


async def _logged(error: Exception) -> None:
    log.warning("a Home can't be drawn again: %s", error, exc_info=not isinstance(error, PapersError))
