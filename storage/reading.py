"""What people have read, whether they want to see it again, and the notes they write on papers."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Connected, as_json, to_row
from storage.models import Note, ReadMark

# The later of the two holds: a link that was followed, or what the person marked themselves.
_READ = """
    FROM {papers}
    LEFT JOIN openings ON openings.team_id = :team AND openings.user_id = :user AND openings.paper_id = wanted.value
    LEFT JOIN read_marks ON read_marks.team_id = :team AND read_marks.user_id = :user
        AND read_marks.paper_id = wanted.value
    WHERE iif(marked_at >= coalesce(opened_at, 0), read_marks.read, opened_at IS NOT NULL)"""
_AMONG = f"SELECT wanted.value AS paper_id {_READ.format(papers='json_each(:ids) AS wanted')}"
_TOUCHED = """(
    SELECT paper_id AS value FROM openings WHERE team_id = :team AND user_id = :user UNION
    SELECT paper_id FROM read_marks WHERE team_id = :team AND user_id = :user) AS wanted"""
_COUNT = f"SELECT count(*) AS papers {_READ.format(papers=_TOUCHED)}"


class Reading(Connected):
    async def mark_read(self, mark: ReadMark) -> None:
        """Keep that a person marked a paper as read or as unread, unless something later is known."""
        self.write(
            "INSERT INTO read_marks (team_id, user_id, paper_id, read, marked_at) "
            "VALUES (:team_id, :user_id, :paper_id, :read, :marked_at) "
            "ON CONFLICT DO UPDATE SET read = excluded.read, marked_at = excluded.marked_at "
            "WHERE excluded.marked_at >= read_marks.marked_at",
            to_row(mark),
        )

    async def read_among(self, team_id: str, user_id: str, paper_ids: Sequence[str]) -> set[str]:
        """Which of these papers a person has read."""
        asked = {"team": team_id, "user": user_id, "ids": as_json(list(paper_ids))}
        return {row["paper_id"] for row in self.rows(_AMONG, asked)}

    async def count_read(self, team_id: str, user_id: str) -> int:
        """How many papers a person has read."""
        return int(self.rows(_COUNT, {"team": team_id, "user": user_id})[0]["papers"])

    async def hides_read(self, team_id: str, user_id: str) -> bool:
        """Whether a person's own lists leave out what they have read."""
        rows = self.rows(
            "SELECT hide_read FROM reading_settings WHERE team_id = :team AND user_id = :user",
            {"team": team_id, "user": user_id},
        )
        return bool(rows and rows[0]["hide_read"])

    async def set_hides_read(self, team_id: str, user_id: str, *, hide: bool) -> None:
        self.write(
            "INSERT OR REPLACE INTO reading_settings (team_id, user_id, hide_read) VALUES (:team, :user, :hide)",
            {"team": team_id, "user": user_id, "hide": int(hide)},
        )

    async def write_note(self, note: Note) -> None:
        """Keep a note, or that it was taken away, unless a later one is known; what it said before stays beside it."""
        self.write(
            "INSERT INTO private_notes (team_id, user_id, paper_id, text, before, written_at) "
            "VALUES (:team_id, :user_id, :paper_id, :text, '', :written_at) "
            "ON CONFLICT DO UPDATE SET before = text, text = excluded.text, written_at = excluded.written_at "
            "WHERE excluded.written_at > private_notes.written_at",
            to_row(note),
        )

    async def undo_note(self, team_id: str, user_id: str, paper_id: str, written_at: float) -> bool:
        """Have a note say what it said before it was written then; False where it has been written anew since."""
        sql = (
            "UPDATE private_notes SET text = before, before = text, written_at = written_at + 0.000001 "
            "WHERE team_id = :team AND user_id = :user AND paper_id = :paper AND written_at = :at"
        )
        return self.write(sql, {"team": team_id, "user": user_id, "paper": paper_id, "at": written_at}) > 0

    async def notes(self, team_id: str, user_id: str) -> dict[str, str]:
        """A person's notes, by paper."""
        rows = self.rows(
            "SELECT paper_id, text FROM private_notes WHERE team_id = :team AND user_id = :user AND text != ''",
            {"team": team_id, "user": user_id},
        )
        return {row["paper_id"]: row["text"] for row in rows}
