"""Links to papers that people paste: previews of what is known here, and reactions on them as votes.

Only the ids in the addresses are read, and asked for at the sources; no address that somebody typed is ever opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from bot.entries import Entries
from bot.errors import DeliveryError, SourceError
from bot.ids import paper_id, version_of
from bot.ingest import Clock, Ingest
from bot.messages import Posted, Preview, drawn, unfurl_blocks
from bot.outcomes import NotSent, repeatable
from bot.slack import Identity, Slack
from storage import Store
from storage.models import Paper, PastedLink, Tally

log = logging.getLogger(__name__)

#: Previews in one message; a list of more papers is read, not looked at.
MOST_PREVIEWS = 5
#: A channel's being public is remembered for so long.
REMEMBERED = timedelta(minutes=10)
_GONE = frozenset(
    {"cannot_find_message", "cannot_unfurl_message", "cannot_unfurl_url", "cannot_find_channel"}
)
_COMPOSER = "composer"


class Pasted(NamedTuple):
    """What Slack says of a message with links, or of one that is still being written (`source` "composer")."""

    channel_id: str
    ts: str
    thread_ts: str
    urls: tuple[str, ...]
    user_id: str
    #: Whether the bot is in the channel, and so hears of reactions.
    member: bool
    source: str = ""
    unfurl_id: str = ""


class Linking:
    """Previews links in one workspace; `on_change` is told whose votes could not be drawn yet."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        slack: Slack,
        entries: Entries,
        identity: Identity,
        zone: tzinfo,
        clock: Clock,
        on_change: Callable[[Iterable[str]], None],
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.slack = slack
        self.client = slack.client
        self.entries = entries
        self.identity = identity
        self.zone = zone
        self.clock = clock
        self.on_change = on_change
        self._public: dict[str, tuple[bool, datetime]] = {}

    async def record(self, pasted: Pasted) -> list[PastedLink]:
        """The papers that a message names; where the bot hears of its reactions they are kept, so that those count."""
        links = list(self._links(pasted))
        if not pasted.member or pasted.source == _COMPOSER:
            return links
        return await self.store.record_pasted(links)

    def concerns(self, pasted: Pasted) -> bool:
        """Whether there is something to preview: not for our own messages, and what people write to us is answered."""
        ours = pasted.user_id == self.identity.user_id
        return not ours and not (pasted.member and pasted.channel_id.startswith("D"))

    async def preview(self, pasted: Pasted, links: Sequence[PastedLink]) -> None:
        """Draw the previews of these papers. Raises NotSent and DeliveryError; what no source knows has none."""
        shown = [link for link in links if link.url][:MOST_PREVIEWS]
        papers = await asyncio.gather(*(self._paper(link.paper_id) for link in shown))
        known = [(link, paper) for link, paper in zip(shown, papers, strict=True) if paper]
        if not known:
            return
        counted = pasted.member and pasted.source != _COMPOSER
        tallies = await self.store.tallies(self.identity.team_id, [paper.id for _, paper in known])
        unfurls = {
            link.url: await self._unfurl(link, paper, tallies[paper.id], counted=counted)
            for link, paper in known
        }
        if pasted.source == _COMPOSER:
            with repeatable():
                await self.client.chat_unfurl(
                    unfurl_id=pasted.unfurl_id, source=pasted.source, unfurls=unfurls
                )
            return
        try:
            if await self._draw(pasted.channel_id, pasted.ts, unfurls) and counted:
                for link, paper in known:
                    await self.store.pasted_drawn(link, drawn(tallies[paper.id]))
        finally:
            # Somebody may have voted meanwhile; and what Slack was too busy to take is drawn then.
            self.on_change([paper.id for _, paper in known])

    async def redraw(self, paper_ids: list[str]) -> None:
        """Bring the previews of these papers up to the votes. Raises StoreError."""
        tallies = await self.store.tallies(self.identity.team_id, paper_ids)
        for link in await self.store.pasted_of(self.identity.team_id, paper_ids):
            tally = tallies[link.paper_id]
            if link.drawn == drawn(tally):
                continue
            try:
                await self._redraw(link, tally)
            except NotSent as later:
                await asyncio.sleep(later.retry_after)
                self.on_change([link.paper_id])
            except DeliveryError as refused:
                log.warning(
                    "the votes on %s in %s are not shown: %s", link.paper_id, link.channel_id, refused
                )

    async def _redraw(self, link: PastedLink, tally: Tally) -> None:
        papers = await self.store.papers([link.paper_id])
        if not papers:
            # Nobody knew it when it was pasted, so there is no preview.
            return
        unfurls = {link.url: await self._unfurl(link, papers[0], tally, counted=True)}
        if await self._draw(link.channel_id, link.ts, unfurls):
            await self.store.pasted_drawn(link, drawn(tally))

    async def _draw(self, channel_id: str, ts: str, unfurls: dict[str, dict[str, object]]) -> bool:
        """Show previews; False where the message is gone."""
        try:
            with repeatable(channel_id):
                await self.client.chat_unfurl(channel=channel_id, ts=ts, unfurls=unfurls)
        except DeliveryError as refused:
            if refused.code not in _GONE:
                raise
            await self.store.pasted_gone(self.identity.team_id, channel_id, ts)
            return False
        return True

    def _links(self, pasted: Pasted) -> Iterable[PastedLink]:
        """A link for each paper, by the first of its addresses; those beyond the last preview carry none."""
        named = {id: url for url in reversed(pasted.urls) if (id := paper_id(url))}
        for number, (id, url) in enumerate(reversed(named.items())):
            yield PastedLink(
                team_id=self.identity.team_id,
                channel_id=pasted.channel_id,
                ts=pasted.ts,
                paper_id=id,
                thread_ts=pasted.thread_ts,
                url=url if number < MOST_PREVIEWS else "",
                alone=len(named) == 1,
            )

    async def _paper(self, id: str) -> Paper | None:
        try:
            return await self.ingest.paper(id)
        except SourceError as error:
            log.info("no preview: %s", error)
            return None

    async def _unfurl(
        self, link: PastedLink, paper: Paper, tally: Tally, *, counted: bool
    ) -> dict[str, object]:
        preview = Preview(
            tally,
            await self.store.count_saves(self.identity.team_id, paper.id),
            await self._posted(paper.id, link.channel_id),
            version_of(link.url),
            link.alone if counted else None,
        )
        return {"blocks": unfurl_blocks(paper, preview, self.clock().astimezone(self.zone).date())}

    async def _posted(self, id: str, channel_id: str) -> Posted | None:
        """The newest post of a paper in this channel or in one that everybody may know of."""
        for post in await self.store.posts_of(self.identity.team_id, [id]):
            if post.channel_id == channel_id or await self._is_public(post.channel_id):
                return self.entries.where(post)
        return None

    async def _is_public(self, channel_id: str) -> bool:
        now = self.clock()
        public, asked_at = self._public.get(channel_id, (False, None))
        if asked_at is None or not timedelta() <= now - asked_at < REMEMBERED:
            public = not channel_id.startswith("D") and await self.slack.is_public(channel_id)
            self._public[channel_id] = (public, now)
        return public
