"""What a person does on their Home for themselves alone: read marks, notes, and settings."""

from __future__ import annotations

from bot.explaining import Explaining, mutes_of
from bot.home import Homes
from bot.known import known_paper
from bot.messages import Message, notice, quoted
from bot.messages.home import place
from bot.messages.home.place import NOTE_LIMIT, Spot, Tab, switch_value, written_value
from bot.messages.home.view import mute_modal, note_modal, undoable, why_modal
from bot.recommend import Audience
from bot.saving import Saving
from bot.surfaces import Surfaces
from storage import Store
from storage.models import Note, ReadMark, Save

_OVERWRITTEN = "The note has been written anew since, so it stays as it is. *Edit note* changes it."


class HomeActs:
    """Records what is done on the Homes of one workspace. Raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        store: Store,
        homes: Homes,
        saving: Saving,
        surfaces: Surfaces,
        explaining: Explaining,
        team_id: str,
    ) -> None:
        self.store = store
        self.saving = saving
        self.homes = homes
        self.surfaces = surfaces
        self.explaining = explaining
        self.team_id = team_id

    async def visit(self, user_id: str, at: float) -> None:
        """Somebody opened their Home at this time, of Slack's clock."""
        await self.store.record_visit(self.team_id, user_id, at)

    async def save(self, save: Save, spot: Spot) -> Message | None:
        """Save a paper or no longer; something to say only where that takes it out of sight."""
        await self.saving.pressed(save)
        if save.saved or spot.tab is not Tab.SAVED:
            return None
        paper = await known_paper(self.store, save.paper_id)
        return undoable(
            f"{quoted(paper.title)} is no longer among your saved papers.",
            place.SAVE,
            switch_value(paper.id, on=True),
        )

    async def mark(self, user_id: str, paper_id: str, at: float, *, read: bool) -> Message | None:
        """Mark a paper as read or unread; something to say only where that takes it out of sight."""
        paper = await known_paper(self.store, paper_id)
        mark = ReadMark(team_id=self.team_id, user_id=user_id, paper_id=paper.id, read=read, marked_at=at)
        await self.store.mark_read(mark)
        if not read or not await self.store.hides_read(self.team_id, user_id):
            return None
        return undoable(
            f"Marked {quoted(paper.title)} as read, so your lists leave it out.",
            place.MARK,
            switch_value(paper.id, on=False),
        )

    async def write(self, user_id: str, paper_id: str, text: str, at: float) -> Message | None:
        """Keep a note, or take it away where nothing is left of it; nothing to say where it stays as it was."""
        paper = await known_paper(self.store, paper_id)
        before = (await self.store.notes(self.team_id, user_id)).get(paper.id, "")
        text = text.strip()[:NOTE_LIMIT]
        if text == before:
            return None
        note = Note(team_id=self.team_id, user_id=user_id, paper_id=paper.id, text=text, written_at=at)
        await self.store.write_note(note)
        return undoable(
            f"{'Note kept on' if text else 'Note taken away from'} {quoted(paper.title)}.",
            place.UNDO_NOTE,
            written_value(paper.id, at),
        )

    async def unwrite(self, user_id: str, paper_id: str, written_at: float) -> Message:
        """Have a note say again what it said before."""
        paper = await known_paper(self.store, paper_id)
        undone = await self.store.undo_note(self.team_id, user_id, paper.id, written_at)
        return notice(
            f"Taken back: your note on {quoted(paper.title)} is as it was." if undone else _OVERWRITTEN
        )

    async def hide(self, user_id: str, *, hide: bool) -> Message:
        """Whether this person's lists leave out what they have read."""
        await self.store.set_hides_read(self.team_id, user_id, hide=hide)
        self.homes.home.papers.forget(user_id)
        return notice(
            "From now on your lists leave out what you have read: this tab and `/papers for me`."
            if hide
            else "Your lists show again what you have read, marked ✓."
        )

    async def ask_note(self, user_id: str, paper_id: str, trigger_id: str) -> None:
        """Open the modal to write a note in."""
        paper = await known_paper(self.store, paper_id)
        note = (await self.store.notes(self.team_id, user_id)).get(paper.id, "")
        await self.surfaces.open_modal(trigger_id, note_modal(paper, note))

    async def ask_mute(self, paper_id: str, trigger_id: str) -> None:
        """Open the modal to choose in what of a paper is to be muted."""
        paper = await known_paper(self.store, paper_id)
        await self.surfaces.open_modal(trigger_id, mute_modal(paper, mutes_of(paper)))

    async def explain(self, user_id: str, paper_id: str, trigger_id: str) -> None:
        """Open a modal that says why a paper ranks as it does: in their channel that had it, or for them."""
        paper = await known_paper(self.store, paper_id)
        channels = await self.homes.home.members.channels_of(user_id)
        posts = await self.store.posts_of(self.team_id, [paper.id])
        where = next((post.channel_id for post in posts if post.channel_id in channels), "")
        told = await self.explaining.explain(paper, Audience(where, user_id))
        await self.surfaces.open_modal(trigger_id, why_modal(told))
