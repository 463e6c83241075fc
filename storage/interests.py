"""What people and channels said they want more or less of, and whether a taste is to be learned at all."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Connected, to_row
from storage.models import Interest, Learning, Opening

_COLUMNS = tuple(Interest.model_fields)
_KEEP = (
    f"INSERT INTO interests ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "
    "ON CONFLICT DO UPDATE SET attitude = excluded.attitude, stated_at = excluded.stated_at "
    "WHERE excluded.stated_at >= interests.stated_at"
)


class Interests(Connected):
    async def record_interests(self, interests: Sequence[Interest]) -> None:
        """Keep what was said, all or nothing, unless something later is known of the same."""
        with self.writing() as connection:
            connection.executemany(_KEEP, (to_row(interest) for interest in interests))

    async def interests(self, team_id: str, owner_id: str) -> list[Interest]:
        """What a person or a channel wants more or less of now, oldest first."""
        rows = self.rows(
            "SELECT * FROM interests WHERE team_id = :team AND owner_id = :owner AND attitude != 0 "
            "ORDER BY stated_at, subject, value",
            {"team": team_id, "owner": owner_id},
        )
        return [Interest.model_validate(row) for row in rows]

    async def learning(self, team_id: str, owner_id: str) -> Learning:
        """Whether a person's or a channel's taste is learned, and since when."""
        rows = self.rows(
            "SELECT active, since FROM learning WHERE team_id = :team AND owner_id = :owner",
            {"team": team_id, "owner": owner_id},
        )
        return Learning(bool(rows[0]["active"]), rows[0]["since"]) if rows else Learning()

    async def set_learning(self, team_id: str, owner_id: str, learning: Learning) -> None:
        self.write(
            "INSERT OR REPLACE INTO learning (team_id, owner_id, active, since) "
            "VALUES (:team, :owner, :active, :since)",
            {"team": team_id, "owner": owner_id, "active": int(learning.active), "since": learning.since},
        )

    async def forget_interests(self, team_id: str, owner_id: str) -> None:
        """Take back all that a person or a channel said."""
        self.write(
            "DELETE FROM interests WHERE team_id = :team AND owner_id = :owner",
            {"team": team_id, "owner": owner_id},
        )

    async def record_opening(self, opening: Opening) -> None:
        self.write(
            "INSERT INTO openings (team_id, user_id, paper_id, opened_at) "
            "VALUES (:team_id, :user_id, :paper_id, :opened_at) "
            "ON CONFLICT DO UPDATE SET opened_at = max(opened_at, excluded.opened_at)",
            to_row(opening),
        )
