"""What a secret link shows: the papers of a channel, or those that were chosen for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from bot.errors import DeliveryError
from bot.ingest import SEARCH_PATIENCE, Clock
from bot.links import paper_url
from bot.outcomes import NotSent
from bot.picking import Hours, Picking, slot
from bot.profiles import Profiles
from bot.public.feeds import Entry
from bot.recommend import is_channel
from storage import Store
from storage.mail_models import Link, LinkKind, Pick, Rhythm
from storage.models import Paper, PostState, Tally

#: How far back a feed and the list of days go.
_FEED_DAYS = timedelta(days=30)
_MOST_ENTRIES = 100
_DAYS = 14
#: Papers of a person's picks stay readable for about a year.
_KEPT = 400


class Shelved(NamedTuple):
    """A paper as a page shows it: what it is, and its votes here."""

    paper: Paper
    tally: Tally


class Reading:
    """Reads for the links of one workspace, whose pages are below `url`."""

    def __init__(
        self,
        store: Store,
        picking: Picking,
        profiles: Profiles,
        team_id: str,
        url: str,
        hours: Hours,
        clock: Clock,
    ) -> None:
        self.store = store
        self.picking = picking
        self.profiles = profiles
        self.team_id = team_id
        self.url = url
        self.hours = hours
        self.clock = clock

    async def link(self, kind: LinkKind, token: str) -> Link | None:
        """The link with this secret; None when nothing, or nobody who is still a member, has it."""
        link = await self.store.link_of(kind, token)
        return link if link and link.team_id == self.team_id else None

    async def entries(self, link: Link) -> list[Entry] | None:
        """What a feed holds, newest first; None when it is of somebody who has left the workspace."""
        if is_channel(link.owner_id):
            return await self._posted(link)
        if not await self._up_to_date(link.owner_id):
            return None
        picks = await self._picks(link.owner_id, _DAYS)
        shown = [(id, pick.picked_at) for pick in picks for id in pick.papers]
        return await self._entries(link, shown)

    async def days(self, link: Link) -> list[date]:
        """The newest days that have a page, newest first."""
        if is_channel(link.owner_id):
            return await self.store.edition_days(self.team_id, link.owner_id, _DAYS)
        return [pick.day for pick in await self._picks(link.owner_id, _DAYS)]

    async def edition(self, link: Link, day: date) -> list[Shelved]:
        """The papers of a day, in their order; none where the day has no page."""
        return await self._shelved(await self._of_day(link, day))

    async def paper(self, link: Link, id: str) -> Shelved | None:
        """One of the papers that the link has shown."""
        found = await self._shelved([id] if await self._has_shown(link, id) else [])
        return found[0] if found else None

    async def _posted(self, link: Link) -> list[Entry]:
        posts = await self.store.posts_sent_since(self.team_id, self.clock() - _FEED_DAYS, link.owner_id)
        shown = [
            (post.paper_id, datetime.fromtimestamp(float(post.ts), UTC)) for post in posts if post.paper_id
        ]
        return await self._entries(link, shown)

    async def _entries(self, link: Link, shown: Sequence[tuple[str, datetime]]) -> list[Entry]:
        newest = shown[:_MOST_ENTRIES]
        papers = {paper.id: paper for paper in await self.store.papers([id for id, _ in newest])}
        return [
            Entry(papers[id], at, paper_url(self.url, link.token, id)) for id, at in newest if id in papers
        ]

    async def _of_day(self, link: Link, day: date) -> list[str]:
        if not is_channel(link.owner_id):
            pick = await self.store.pick(self.team_id, link.owner_id, Rhythm.DAILY, day)
            return list(pick.papers) if pick else []
        edition = await self.store.edition(self.team_id, link.owner_id, day)
        posts = await self.store.posts(edition) if edition else []
        return [post.paper_id for post in posts if post.paper_id and post.state is PostState.SENT]

    async def _has_shown(self, link: Link, id: str) -> bool:
        if is_channel(link.owner_id):
            post = await self.store.post_about(id, self.team_id, link.owner_id)
            return post is not None and post.state is PostState.SENT
        return any(id in pick.papers for pick in await self._picks(link.owner_id, _KEPT))

    async def _shelved(self, ids: Sequence[str]) -> list[Shelved]:
        papers = await self.store.papers(ids)
        tallies = await self.store.tallies(self.team_id, [paper.id for paper in papers])
        return [Shelved(paper, tallies[paper.id]) for paper in papers]

    async def _picks(self, user_id: str, limit: int) -> list[Pick]:
        return await self.store.picks(self.team_id, user_id, Rhythm.DAILY, limit)

    async def _up_to_date(self, user_id: str) -> bool:
        """Have the newest papers chosen for a person; False when they are not a member any more."""
        wish = await self.store.mail_wish(self.team_id, user_id)
        day = slot(Rhythm.DAILY, self.hours.of(wish.timezone if wish else ""), self.clock()).date()
        if await self.store.pick(self.team_id, user_id, Rhythm.DAILY, day):
            return True
        if not await self._is_here(user_id):
            return False
        await self.picking.pick(user_id, Rhythm.DAILY, day, SEARCH_PATIENCE)
        return True

    async def _is_here(self, user_id: str) -> bool:
        try:
            return (await self.profiles.of(user_id)).here
        except (DeliveryError, NotSent):
            # What Slack can't say just now is as it was.
            return True
