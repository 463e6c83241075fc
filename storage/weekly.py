"""What a week brought to a channel, and at which hour it wants to be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from storage.database import Connected, as_json
from storage.signals import VOTES_OF_CHANNEL


class Weekly(Connected):
    #: What each emoji says of a paper, set once at start: 1 up, -1 down.
    emoji: Mapping[str, int]

    async def set_weekly(self, team_id: str, channel_id: str, hour: str) -> None:
        """When a channel wants its round-up (`friday 16:00`), or `off`; empty for when the settings say."""
        asked = {"team": team_id, "channel": channel_id, "hour": hour}
        if hour:
            self.write(
                "INSERT OR REPLACE INTO weekly (team_id, channel_id, hour) VALUES (:team, :channel, :hour)",
                asked,
            )
        else:
            self.write("DELETE FROM weekly WHERE team_id = :team AND channel_id = :channel", asked)

    async def weekly_hour(self, team_id: str, channel_id: str) -> str:
        """What the people of a channel chose; empty where the settings hold."""
        rows = self.rows(
            "SELECT hour FROM weekly WHERE team_id = :team AND channel_id = :channel",
            {"team": team_id, "channel": channel_id},
        )
        return str(rows[0]["hour"]) if rows else ""

    async def voted_between(
        self, team_id: str, channel_id: str, since: datetime, until: datetime, limit: int
    ) -> dict[str, int]:
        """The papers with the most upvotes cast in a channel in that time, and how many; most first."""
        rows = self.rows(
            f"SELECT paper_id, count(*) AS upvotes, max(at) AS newest FROM ({VOTES_OF_CHANNEL}) "
            "WHERE kind = 'up' AND at < :until GROUP BY paper_id ORDER BY upvotes DESC, newest DESC LIMIT :limit",
            {
                "team": team_id,
                "owner": channel_id,
                "emoji": as_json(dict(self.emoji)),
                "since": since.timestamp(),
                "until": until.timestamp(),
                "limit": limit,
            },
        )
        return {row["paper_id"]: row["upvotes"] for row in rows}

    async def submitted_between(
        self, team_id: str, channel_id: str, since: datetime, until: datetime
    ) -> list[tuple[str, str]]:
        """Who brought which paper to a channel's editions in that time: user and paper ids, oldest first."""
        rows = self.rows(
            "SELECT user_id, paper_id FROM submissions WHERE team_id = :team AND channel_id = :channel AND submitted "
            "AND submitted_at >= :since AND submitted_at < :until ORDER BY submitted_at, user_id",
            {
                "team": team_id,
                "channel": channel_id,
                "since": since.timestamp(),
                "until": until.timestamp(),
            },
        )
        return [(row["user_id"], row["paper_id"]) for row in rows]
