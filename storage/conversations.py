"""What the bot says where people talk, so that it says it once: answers to messages, and openings of discussions."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.database import Connected, iso, to_row
from storage.models import Discussion

_COLUMNS = tuple(Discussion.model_fields)
_KEY = "team_id = :team_id AND channel_id = :channel_id AND ts = :ts AND paper_id = :paper_id"
#: Slack delivers a message again for a day at most.
_KEPT = timedelta(days=2)


class Conversations(Connected):
    async def hear(self, team_id: str, channel_id: str, ts: str, now: datetime) -> bool:
        """Take a message for answering; False when it was taken before, by whichever process."""
        key = {"team": team_id, "channel": channel_id, "ts": ts, "now": iso(now), "old": iso(now - _KEPT)}
        with self.writing() as connection:
            connection.execute("DELETE FROM heard WHERE team_id = :team AND heard_at < :old", key)
            new = connection.execute(
                "INSERT OR IGNORE INTO heard (team_id, channel_id, ts, heard_at) "
                "VALUES (:team, :channel, :ts, :now)",
                key,
            )
        return new.rowcount > 0

    async def claim_discussion(self, discussion: Discussion, lease: timedelta) -> bool:
        """Take the opening of a discussion for posting; False when it is there, or another has it for `lease` yet."""
        changed = self.write(
            f"INSERT INTO discussions ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) "
            "ON CONFLICT DO UPDATE SET claimed_at = excluded.claimed_at "
            "WHERE discussions.opening_ts = '' AND discussions.claimed_at <= :stale",
            {**to_row(discussion), "stale": iso(discussion.claimed_at - lease)},
        )
        return changed > 0

    async def discussion(self, discussion: Discussion) -> Discussion | None:
        """What is known of the discussion of the same paper at the same message."""
        rows = self.rows(f"SELECT * FROM discussions WHERE {_KEY}", to_row(discussion))
        return Discussion.model_validate(rows[0]) if rows else None

    async def discussion_opened(self, discussion: Discussion, opening_ts: str) -> None:
        """Slack has the opening."""
        self.write(
            f"UPDATE discussions SET opening_ts = :opened WHERE {_KEY}",
            {**to_row(discussion), "opened": opening_ts},
        )

    async def forget_discussion(self, discussion: Discussion) -> None:
        """Slack certainly does not have the opening, or somebody deleted it."""
        self.write(f"DELETE FROM discussions WHERE {_KEY} AND opening_ts = :opening_ts", to_row(discussion))
