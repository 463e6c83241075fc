"""What stands on each post: the one place that knows how every kind of post is drawn, for sending and for redrawing.

A part with a series of its own adds its kinds of posts to `PostKind`, and how each is drawn with `Drawing.add`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.messages import (
    Message,
    drawn,
    header_message,
    note_message,
    paper_message,
    rest_message,
    shared_message,
    submitted_message,
)
from storage import Store
from storage.models import Edition, Mode, Paper, Post, PostKind, Tally

#: Draws a post from what the store knows; the same again, however often it is asked, as long as that is the same.
Drawer = Callable[[Post], Awaitable[Message]]


class Drawing:
    """Draws the posts of one workspace; `seed` is the emoji that people are told to react with."""

    def __init__(self, store: Store, seed: str) -> None:
        self.store = store
        self.seed = seed
        self._drawers: dict[PostKind, Drawer] = {}

    def add(self, kind: PostKind, drawer: Drawer) -> None:
        """Have posts of this kind drawn by this function from now on."""
        self._drawers[kind] = drawer

    async def message(self, post: Post) -> tuple[Message, str]:
        """The message of a post, and what of the votes it shows."""
        if drawer := self._drawers.get(post.kind):
            # The votes first: one that comes in between makes the post stale, and it is drawn again.
            shown = await self.shown(post)
            return await drawer(post), shown
        match post.kind:
            case PostKind.NOTE:
                return note_message(await self.store.edition_of(post)), ""
            case PostKind.HEADER:
                return await self._header(post), ""
        (paper,) = await self.store.papers([post.paper_id])
        tally = await self._tally(post)
        return draw(post, paper, tally), drawn(tally)

    async def shown(self, post: Post) -> str:
        """The votes that a post would show now, so that it is known when it is stale."""
        ids = await self._papers_on(post)
        tallies = await self.store.tallies(post.team_id, ids)
        return " ".join(drawn(tallies[id]) for id in ids)

    async def _papers_on(self, post: Post) -> list[str]:
        if post.kind is PostKind.LIST:
            return [one.paper_id for one in await self.store.exposures(await self.store.edition_of(post))]
        return [post.paper_id] if post.paper_id else []

    async def _tally(self, post: Post) -> Tally:
        return (await self.store.tallies(post.team_id, [post.paper_id]))[post.paper_id]

    async def _header(self, post: Post) -> Message:
        return await self.header(await self.store.edition_of(post))

    async def header(self, edition: Edition) -> Message:
        """The header of an edition with the papers it has by now."""
        ids = [post.paper_id for post in await self.store.posts(edition) if post.paper_id]
        best = await self.store.papers(ids[: edition.top]) if edition.about == Mode.LIST else []
        return header_message(edition, len(ids), self.seed, best)


def draw(post: Post, paper: Paper, tally: Tally) -> Message:
    """A paper's message as this post shows it: whole in the channel, short in the thread."""
    if post.kind is PostKind.SHARE:
        return shared_message(paper, tally, post.shared_by)
    drawing = rest_message if post.kind is PostKind.REST else paper_message
    return submitted_message(drawing(paper, tally), post.shared_by)
