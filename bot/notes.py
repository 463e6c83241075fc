"""What people note of a paper that a reading group talks about: kept with the paper, in the channel it was noted in."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.asking import Asker
from bot.errors import DeliveryError, UsageError
from bot.ingest import Clock
from bot.known import known_paper
from bot.messages import (
    NOTE_LIMIT,
    Message,
    Noted,
    note_form,
    note_kept_message,
    notes_message,
    quoted,
    short_date,
)
from bot.outcomes import NotSent
from bot.slack import Identity, Slack
from bot.surfaces import Surfaces
from storage import Store
from storage.models import Discussed, GroupNote

_NOTE = re.compile(r"\s*note:\s*(\S.*)", re.IGNORECASE | re.DOTALL)


class Said(NamedTuple):
    """A reply of somebody's in a thread, as it reads now; no text once it was deleted. `at` is when, in seconds."""

    channel_id: str
    thread_ts: str
    ts: str
    user_id: str
    text: str
    at: float


class Notes:
    """Keeps the notes of one workspace. Raises UsageError with the sentence a person reads."""

    def __init__(
        self, store: Store, slack: Slack, surfaces: Surfaces, identity: Identity, zone: ZoneInfo, clock: Clock
    ) -> None:
        self.store = store
        self.slack = slack
        self.surfaces = surfaces
        self.team_id = identity.team_id
        self.url = identity.url
        self.zone = zone
        self.clock = clock

    async def heard(self, said: Said) -> Message | None:
        """Keep a reply that begins with `note:`, changed or taken away with its message; what to tell its author.

        None for all else that is said: in other threads, without the word, or delivered again.
        """
        note_id = f"{said.channel_id}:{said.ts}"
        found = _NOTE.fullmatch(said.text)
        known = await self.store.note(self.team_id, note_id)
        if not found and not known:
            return None
        about = await self.store.discussion_at(self.team_id, said.channel_id, said.thread_ts)
        if about is None:
            return None
        text = found[1].strip()[:NOTE_LIMIT] if found else (known.text if known else "")
        note = GroupNote(
            team_id=self.team_id,
            note_id=note_id,
            channel_id=said.channel_id,
            thread_ts=said.thread_ts,
            ts=said.ts,
            paper_id=about.paper_id,
            user_id=known.user_id if known else said.user_id,
            text=text,
            noted_at=said.at,
            kept=bool(found),
        )
        if not await self.store.keep_note(note) or not said.text:
            return None
        return note_kept_message(await known_paper(self.store, note.paper_id), text, note_id, kept=note.kept)

    async def open_form(self, paper_id: str, thread_ts: str, asker: Asker) -> None:
        """Open the form for a note, for whoever pressed the button."""
        paper = await known_paper(self.store, paper_id)
        carried = json.dumps([asker.channel_id, thread_ts, paper.id])
        await self.surfaces.open_modal(asker.trigger_id, note_form(paper, carried))

    async def written(self, carried: str, text: str, view_id: str, user_id: str) -> tuple[GroupNote, Message]:
        """Keep what somebody wrote in the form; `view_id` makes it one note, however often it is delivered."""
        try:
            channel_id, thread_ts, paper_id = map(str, json.loads(carried))
        except ValueError as error:
            raise UsageError("This form is too old to work. Press *Keep a note* again.") from error
        paper = await known_paper(self.store, paper_id)
        note = GroupNote(
            team_id=self.team_id,
            note_id=view_id,
            channel_id=channel_id,
            thread_ts=thread_ts,
            ts=thread_ts,
            paper_id=paper.id,
            user_id=user_id,
            text=text.strip()[:NOTE_LIMIT],
            noted_at=self.clock().timestamp(),
        )
        await self.store.keep_note(note)
        return note, note_kept_message(paper, note.text, note.note_id, kept=True)

    async def turn(self, note_id: str, asker: Asker, *, kept: bool) -> Message:
        """Take one's own note back, or keep it after all."""
        note = await self.store.note(self.team_id, note_id)
        if note is None or note.user_id != asker.user_id:
            raise UsageError("Only who wrote a note can take it back.")
        # Never before what was said of it already, whatever our clock says.
        at = max(self.clock().timestamp(), note.noted_at + 0.001)
        await self.store.keep_note(note.model_copy(update={"kept": kept, "noted_at": at}))
        return note_kept_message(await known_paper(self.store, note.paper_id), note.text, note_id, kept=kept)

    async def listing(self, paper_id: str, asker: Asker) -> Message:
        """`/papers group notes <paper>`: what was noted in this channel, and where it was talked about."""
        papers = await self.store.papers([paper_id])
        threads = await self.store.discussions(self.team_id, asker.channel_id, paper_id)
        if not papers or not threads:
            raise UsageError(
                f"The reading group of this channel has not talked about {quoted(paper_id)}. Its agendas have the "
                "week's most voted papers."
            )
        for thread in threads:
            await self._catch_up(thread)
        notes = await self.store.group_notes(self.team_id, asker.channel_id, paper_id)
        told = [f"<{self._address(one.channel_id, one.ts)}|{self._told(one)}>" for one in threads]
        return notes_message(papers[0], told, [self._noted(note, asker.user_id) for note in notes])

    async def talked(self, paper_id: str, channel_id: str) -> str:
        """Where a channel's reading group talks about a paper, in a sentence; empty where it does not."""
        threads = await self.store.discussions(self.team_id, channel_id, paper_id)
        if not threads:
            return ""
        notes = await self.store.group_notes(self.team_id, channel_id, paper_id)
        told = ", ".join(
            f"<{self._address(one.channel_id, one.ts)}|{self._told(one)}>" for one in threads[:3]
        )
        more = f" `/papers group notes {paper_id}` has what was noted." if notes else ""
        return f"The reading group talks about it here: {told}.{more}"

    async def _catch_up(self, thread: Discussed) -> None:
        """Keep what was noted while the bot was away; where the thread can't be read now, what is known serves."""
        try:
            answer = await self.slack.page(thread.channel_id, ts=thread.ts)
        except (DeliveryError, NotSent):
            return
        for reply in answer.get("messages") or []:
            note_id = f"{thread.channel_id}:{reply['ts']}"
            if reply.get("bot_id") or await self.store.note(self.team_id, note_id):
                continue
            at = float(reply["ts"])
            await self.heard(
                Said(
                    thread.channel_id,
                    thread.ts,
                    reply["ts"],
                    str(reply.get("user")),
                    html.unescape(reply["text"]),
                    at,
                )
            )

    def _noted(self, note: GroupNote, user_id: str) -> Noted:
        thread_ts = note.thread_ts if note.ts != note.thread_ts else ""
        when = short_date(self._day(note.noted_at), self.clock().astimezone(self.zone).date())
        mine = note.note_id if note.user_id == user_id else ""
        return Noted(note.text, note.user_id, when, self._address(note.channel_id, note.ts, thread_ts), mine)

    def _told(self, one: Discussed) -> str:
        return short_date(one.day, self.clock().astimezone(self.zone).date())

    def _day(self, at: float) -> date:
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).date()

    def _address(self, channel_id: str, ts: str, thread_ts: str = "") -> str:
        """Where a message is, in its thread or out of it."""
        base = f"{self.url}archives/{channel_id}/p{ts.replace('.', '')}"
        return f"{base}?thread_ts={thread_ts}&cid={channel_id}" if thread_ts else base
