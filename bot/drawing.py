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
)
from storage import Store
from storage.models import Paper, Post, PostKind, Tally

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
            shown = drawn(await self._tally(post)) if post.paper_id else ""
            return await drawer(post), shown
        match post.kind:
            case PostKind.NOTE:
                return note_message(await self.store.edition_of(post)), ""
            case PostKind.HEADER:
                return await self._header(post), ""
        (paper,) = await self.store.papers([post.paper_id])
        tally = await self._tally(post)
        return draw(post, paper, tally), drawn(tally)

    async def _tally(self, post: Post) -> Tally:
        return (await self.store.tallies(post.team_id, [post.paper_id]))[post.paper_id]

    async def _header(self, post: Post) -> Message:
        edition = await self.store.edition_of(post)
        papers = sum(1 for other in await self.store.posts(edition) if other.paper_id)
        return header_message(edition, papers, self.seed)


def draw(post: Post, paper: Paper, tally: Tally) -> Message:
    """A paper's message as this post shows it: whole in the channel, short in the thread."""
    if post.kind is PostKind.SHARE:
        return shared_message(paper, tally, post.shared_by)
    return (rest_message if post.kind is PostKind.REST else paper_message)(paper, tally)
