"""What people want done with the paper of a message: save it, find similar ones, talk about it."""

from __future__ import annotations

from contextlib import suppress

from bot.answers import Answers
from bot.asking import Asker
from bot.discussing import Discussing
from bot.errors import UsageError
from bot.ingest import Ingest
from bot.known import known_paper, sought_paper
from bot.messages import Choice, Errand, Message, choice_message, saved_message, unsaved_message
from bot.pointing import Pointing, Spot
from bot.saving import Saving
from storage import Store
from storage.models import Save


class Errands:
    """Runs errands in one workspace. Every method raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        pointing: Pointing,
        answers: Answers,
        saving: Saving,
        discussing: Discussing,
        team_id: str,
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.pointing = pointing
        self.answers = answers
        self.saving = saving
        self.discussing = discussing
        self.team_id = team_id

    async def only_choice(self, errand: Errand, spot: Spot) -> Choice | None:
        """The one paper of a message, with what to do; None where it names several, or none at all."""
        with suppress(UsageError):
            ids = await self.pointing.papers(spot)
            return Choice(errand, ids[0], spot.ts, spot.thread_ts) if len(ids) == 1 else None
        return None

    async def save_stored(self, choice: Choice | None, user_id: str, at: float) -> Message | None:
        """Save a paper that is in the store already, which takes no time; nothing otherwise."""
        if (
            choice is None
            or choice.errand is not Errand.SAVE
            or not await self.store.papers([choice.paper_id])
        ):
            return None
        return await self._save(choice.paper_id, user_id, at)

    async def begin(self, errand: Errand, spot: Spot, asker: Asker, at: float) -> Message | None:
        """Do it with the paper of a message, or ask which of several is meant."""
        choices = [Choice(errand, id, spot.ts, spot.thread_ts) for id in await self.pointing.papers(spot)]
        if len(choices) == 1:
            return await self.run(choices[0], asker, at)
        papers = {paper.id: paper for paper in await self.store.papers([one.paper_id for one in choices])}
        known = [(one, papers[one.paper_id]) for one in choices if one.paper_id in papers]
        if len(known) < 2:
            # Too many to ask the sources for: the first one that is known, or the first.
            return await self.run(known[0][0] if known else choices[0], asker, at)
        return choice_message(known)

    async def run(self, choice: Choice, asker: Asker, at: float) -> Message | None:
        """Do it with this paper."""
        match choice.errand:
            case Errand.SAVE:
                await sought_paper(self.ingest, choice.paper_id)
                return await self._save(choice.paper_id, asker.user_id, at)
            case Errand.SIMILAR:
                return await self.answers.answer(f"like:{choice.paper_id}", asker)
        paper = await sought_paper(self.ingest, choice.paper_id)
        return await self.discussing.discuss(paper, Spot(asker.channel_id, choice.ts, choice.thread_ts, ""))

    async def saved(self, paper_id: str) -> Message:
        """What to say of a paper that somebody has saved."""
        return saved_message(await known_paper(self.store, paper_id))

    async def unsave(self, paper_id: str, user_id: str, at: float) -> Message:
        """Take a save back."""
        await self.saving.pressed(self._press(paper_id, user_id, at, saved=False))
        return unsaved_message(await known_paper(self.store, paper_id))

    async def _save(self, paper_id: str, user_id: str, at: float) -> Message:
        await self.saving.pressed(self._press(paper_id, user_id, at, saved=True))
        return await self.saved(paper_id)

    def _press(self, paper_id: str, user_id: str, at: float, *, saved: bool) -> Save:
        return Save(team_id=self.team_id, user_id=user_id, paper_id=paper_id, saved=saved, pressed_at=at)
