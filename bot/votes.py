"""Reactions and button presses become votes: stored first, shown soon after."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from bot.known import known_paper
from bot.logs import event
from bot.metrics import Metrics
from bot.refresh import Refresher
from storage import Store
from storage.models import Click, Paper, Reaction, Tally

log = logging.getLogger(__name__)


class Voted(NamedTuple):
    """What a press of the button did; `new` is False for one that Slack delivered again."""

    paper: Paper
    new: bool
    before: int
    after: int
    tally: Tally


class Voting:
    """Records what people say of papers in one workspace; `touch_home` is told of whoever did."""

    def __init__(
        self,
        store: Store,
        refresher: Refresher,
        bot_user_id: str,
        metrics: Metrics,
        touch_home: Callable[[str], None],
    ) -> None:
        self.store = store
        self.refresher = refresher
        self.bot_user_id = bot_user_id
        self.metrics = metrics
        self.touch_home = touch_home

    async def reacted(self, reaction: Reaction, author: str = "") -> None:
        """A reaction was added or removed; `author` is who wrote the message, where Slack says so.

        Kept even when the message is not known (yet), unless somebody else wrote it: then it is none of ours.
        """
        if reaction.user_id == self.bot_user_id:
            return
        paper_id = await self.store.paper_at(reaction.team_id, reaction.channel_id, reaction.ts)
        if paper_id is None and author not in ("", self.bot_user_id):
            return
        await self.store.record_reaction(reaction)
        if paper_id:
            self._stored("reaction")
            self.refresher.touch([paper_id])
            self.touch_home(reaction.user_id)

    async def clicked(self, click: Click) -> Voted:
        """A paper's button was pressed. Raises UsageError for a paper that is not in the store."""
        paper = await known_paper(self.store, click.paper_id)
        before = await self.store.vote_of(click.team_id, click.user_id, click.paper_id)
        presses = await self.store.clicks_of(click.team_id, click.user_id, click.paper_id)
        new = all(press.click_id != click.click_id for press in presses)
        pressed = bool(presses) and presses[0].value == 1
        if new and (before != 1 or pressed):
            # An upvote unless there is one, which is then taken back. One that rests on a reaction alone is
            # left to the reaction: a press that counted besides would outlive it.
            await self.store.record_click(click.model_copy(update={"value": int(before != 1)}))
            self._stored("button")
        self.refresher.touch([click.paper_id])
        self.touch_home(click.user_id)
        after = await self.store.vote_of(click.team_id, click.user_id, click.paper_id)
        tally = (await self.store.tallies(click.team_id, [click.paper_id]))[click.paper_id]
        return Voted(paper, new, before, after, tally)

    def _stored(self, by: str) -> None:
        """Who voted, and on what, is nobody's who reads the log."""
        self.metrics.votes.labels(by).inc()
        event(log, "vote stored", by=by)
