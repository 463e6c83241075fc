"""The papers that each person saved for themselves."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Connected, as_json, to_row
from storage.models import Save


class Saves(Connected):
    async def record_save(self, save: Save) -> None:
        """Keep what a press of the button asked for, unless a later one is known."""
        self.write(
            "INSERT INTO saves (team_id, user_id, paper_id, saved, pressed_at) "
            "VALUES (:team_id, :user_id, :paper_id, :saved, :pressed_at) "
            "ON CONFLICT DO UPDATE SET saved = excluded.saved, pressed_at = excluded.pressed_at "
            "WHERE excluded.pressed_at >= saves.pressed_at",
            to_row(save),
        )

    async def saved(self, team_id: str, user_id: str) -> list[str]:
        """The papers a person has saved, newest first."""
        rows = self.rows(
            "SELECT paper_id FROM saves WHERE team_id = :team AND user_id = :user AND saved "
            "ORDER BY pressed_at DESC, paper_id",
            {"team": team_id, "user": user_id},
        )
        return [row["paper_id"] for row in rows]

    async def count_saves(self, team_id: str, paper_id: str) -> int:
        """How many people have saved a paper."""
        rows = self.rows(
            "SELECT count(*) AS saves FROM saves WHERE team_id = :team AND paper_id = :paper AND saved",
            {"team": team_id, "paper": paper_id},
        )
        return int(rows[0]["saves"])

    async def saved_among(self, team_id: str, user_id: str, paper_ids: Sequence[str]) -> set[str]:
        """Which of these papers a person has saved."""
        rows = self.rows(
            "SELECT paper_id FROM saves WHERE team_id = :team AND user_id = :user AND saved "
            "AND paper_id IN (SELECT value FROM json_each(:ids))",
            {"team": team_id, "user": user_id, "ids": as_json(list(paper_ids))},
        )
        return {row["paper_id"] for row in rows}
