"""What people say of papers for themselves alone: more or less like one, who or what is muted, what they opened."""

from __future__ import annotations

from collections.abc import Callable

from bot.asking import Asker
from bot.errors import UsageError
from bot.explaining import mutes_of
from bot.known import known_paper
from bot.messages import Message, Statement, mute_message, quoted, stated_message
from storage import Store
from storage.models import Interest, Opening, Subject


class Stating:
    """Records what is stated in one workspace. Every method raises UsageError with the sentence a person reads.

    `touch_home` is told of whoever stated something.
    """

    def __init__(self, store: Store, team_id: str, touch_home: Callable[[str], None]) -> None:
        self.store = store
        self.team_id = team_id
        self.touch_home = touch_home

    async def state(
        self, statement: Statement, asker: Asker, at: float, *, undoing: bool = False
    ) -> Message | None:
        """Keep what a press at this time states, and say what it changed; nothing where a later press holds."""
        paper = await known_paper(self.store, statement.value) if statement.subject is Subject.PAPER else None
        before = await self._stated(statement, asker)
        stated = Interest(
            team_id=self.team_id,
            owner_id=asker.user_id,
            subject=statement.subject,
            value=statement.value,
            attitude=statement.attitude,
            stated_at=at,
        )
        if before == stated:
            # One press, delivered twice.
            return None
        await self.store.record_interests([stated])
        self.touch_home(asker.user_id)
        after = await self._stated(statement, asker)
        if (after.attitude if after else 0) != statement.attitude:
            return None
        learning = await self.store.learning(self.team_id, asker.user_id)
        undo = None if undoing else _back(statement, before)
        return stated_message(statement, paper, undo, learning=learning.active)

    async def mutable(self, paper_id: str) -> Message:
        """What of a paper a person may mute, to choose from."""
        paper = await known_paper(self.store, paper_id)
        if mutes := mutes_of(paper):
            return mute_message(paper, mutes)
        raise UsageError(f"{quoted(paper.title)} names neither authors nor topics that could be muted.")

    async def opened(self, paper_id: str, user_id: str, at: float) -> None:
        """Somebody followed the link to a paper."""
        paper = await known_paper(self.store, paper_id)
        await self.store.record_opening(
            Opening(team_id=self.team_id, user_id=user_id, paper_id=paper.id, opened_at=at)
        )
        self.touch_home(user_id)

    async def _stated(self, statement: Statement, asker: Asker) -> Interest | None:
        """What a person wants of the same now, if anything."""
        known = await self.store.interests(self.team_id, asker.user_id)
        same = (one for one in known if (one.subject, one.value) == (statement.subject, statement.value))
        return next(same, None)


def _back(statement: Statement, before: Interest | None) -> Statement:
    """What takes a statement back: what held before, unless that was the same."""
    held = before.attitude if before else 0
    return statement._replace(attitude=held if held != statement.attitude else 0)
