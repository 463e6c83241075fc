"""When people look at the app's Home tab, and what they are greeted with once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from storage.database import Connected, as_json, iso

#: Somebody who comes back sooner is on the same visit: what was new stays so.
SAME_VISIT = timedelta(minutes=30)
# What a daily edition brings, and nothing else that is posted.
_SENT = "state = 'sent' AND kind IN ('paper', 'rest')"


class Visits(Connected):
    async def record_visit(self, team_id: str, user_id: str, at: float) -> float:
        """Somebody opened their Home; returns when the visit before this one ended, or this moment on the first."""
        asked = {"team": team_id, "user": user_id, "at": at, "pause": SAME_VISIT.total_seconds()}
        with self.writing() as connection:
            row = connection.execute(
                "INSERT INTO visits (team_id, user_id, since, seen_at) VALUES (:team, :user, :at, :at) "
                "ON CONFLICT DO UPDATE SET since = iif(:at - seen_at > :pause, seen_at, since), "
                "seen_at = max(seen_at, :at) RETURNING since",
                asked,
            ).fetchone()
        return float(row[0])

    async def seen_until(self, team_id: str, user_id: str) -> float | None:
        """When a person's visit before this one ended, in seconds since 1970; None for somebody who never came."""
        rows = self.rows(
            "SELECT since FROM visits WHERE team_id = :team AND user_id = :user",
            {"team": team_id, "user": user_id},
        )
        return float(rows[0]["since"]) if rows else None

    async def papers_of_editions(
        self, team_id: str, channel_ids: Sequence[str], day: date
    ) -> dict[str, float]:
        """The papers that the editions of these channels brought on a day, best first, and when: a `ts`."""
        rows = self.rows(
            "SELECT paper_id, min(position) AS place, max(CAST(ts AS REAL)) AS at FROM posts "
            f"WHERE team_id = :team AND channel_id IN (SELECT value FROM json_each(:channels)) AND day = :day "
            f"AND {_SENT} GROUP BY paper_id ORDER BY place, at, paper_id",
            {"team": team_id, "channels": as_json(list(channel_ids)), "day": iso(day)},
        )
        return {row["paper_id"]: row["at"] for row in rows}

    async def channels_with_edition(self, team_id: str, channel_ids: Sequence[str], day: date) -> list[str]:
        """Which of these channels had papers in an edition on a day."""
        rows = self.rows(
            f"SELECT DISTINCT channel_id FROM posts WHERE team_id = :team AND day = :day AND {_SENT} "
            "AND channel_id IN (SELECT value FROM json_each(:channels)) ORDER BY channel_id",
            {"team": team_id, "channels": as_json(list(channel_ids)), "day": iso(day)},
        )
        return [row["channel_id"] for row in rows]

    async def day_beside(
        self, team_id: str, channel_ids: Sequence[str], day: date, step: Literal[-1, 1], today: date
    ) -> date | None:
        """The next day before (-1) or after (1) that has papers, in an edition of these channels or in a list.

        Of lists only those until `today`; an edition can be of a day that has begun elsewhere.
        """
        pick, side = ("max", "<") if step < 0 else ("min", ">")
        rows = self.rows(
            f"SELECT {pick}(day) AS day FROM ("
            f"SELECT {pick}(day) AS day FROM listings WHERE day {side} :day AND day <= :today UNION ALL "
            f"SELECT {pick}(day) FROM editions WHERE team_id = :team AND day {side} :day AND why = '' "
            "AND series = '' AND channel_id IN (SELECT value FROM json_each(:channels)) "
            "AND EXISTS (SELECT 1 FROM posts "
            "WHERE posts.team_id = :team AND posts.channel_id = editions.channel_id AND posts.day = editions.day "
            f"AND {_SENT}))",
            {"team": team_id, "channels": as_json(list(channel_ids)), "day": iso(day), "today": iso(today)},
        )
        return date.fromisoformat(rows[0]["day"]) if rows[0]["day"] else None

    async def came_since(self, paper_ids: Sequence[str], moment: datetime) -> set[str]:
        """Which of these papers the store did not have before then."""
        rows = self.rows(
            "SELECT papers.id FROM json_each(:ids) AS wanted JOIN papers ON papers.id = wanted.value "
            "WHERE first_seen_at > :moment",
            {"ids": as_json(list(paper_ids)), "moment": iso(moment)},
        )
        return {row["id"] for row in rows}

    async def claim_greeting(
        self, team_id: str, channel_id: str, user_id: str, now: datetime, lease: timedelta
    ) -> datetime | None:
        """Take it upon oneself to greet a person, or a channel where `user_id` is empty; returns since when one tries.

        None when it was done, or another is at it. A time before `now` is that of somebody who took it and never said
        how it went, for longer than a `lease`: since then the greeting may have been sent.
        """
        key = {"team": team_id, "channel": channel_id, "user": user_id, "now": iso(now)}
        with self.writing() as connection:
            row = connection.execute(
                "INSERT INTO greetings (team_id, user_id, channel_id, sent, began_at, claimed_at) "
                "VALUES (:team, :user, :channel, 0, :now, :now) ON CONFLICT DO UPDATE SET claimed_at = :now "
                "WHERE NOT sent AND claimed_at < :before RETURNING began_at",
                {**key, "before": iso(now - lease)},
            ).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    async def greeted(self, team_id: str, channel_id: str, user_id: str) -> None:
        """The greeting is there."""
        key = {"team": team_id, "channel": channel_id, "user": user_id}
        self.write(f"UPDATE greetings SET sent = 1 WHERE {_GREETING}", key)

    async def not_greeted(self, team_id: str, channel_id: str, user_id: str) -> None:
        """The greeting was certainly not sent: the next occasion is the first again."""
        key = {"team": team_id, "channel": channel_id, "user": user_id}
        self.write(f"DELETE FROM greetings WHERE {_GREETING} AND NOT sent", key)


_GREETING = "team_id = :team AND user_id = :user AND channel_id = :channel"
