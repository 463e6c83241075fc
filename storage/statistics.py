"""What was posted and voted on, in numbers; of one channel where one is named, otherwise of the workspace."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from storage.database import Connected, as_json
from storage.models import Activity
from storage.signals import VOTES_OF_CHANNEL, VOTES_OF_WORKSPACE

WEEK = timedelta(days=7)
# A post that has a ts was sent, whatever became of it.
_POSTED = """
    SELECT min(day) AS since, count(DISTINCT channel_id) AS channels,
        count(DISTINCT CASE WHEN series = '' THEN channel_id || day END) AS editions,
        count(DISTINCT nullif(paper_id, '')) AS papers
    FROM posts WHERE team_id = :team AND (:owner = '' OR channel_id = :owner) AND ts != ''"""


class Statistics(Connected):
    #: What each emoji says of a paper, set once at start: 1 up, -1 down.
    emoji: Mapping[str, int]

    async def teams(self) -> list[str]:
        """The workspaces that editions were planned for."""
        return [row["team_id"] for row in self.rows("SELECT DISTINCT team_id FROM editions ORDER BY team_id")]

    async def activity(self, team_id: str, channel_id: str = "") -> Activity:
        """What was posted, papers shared included, and how many votes of how many people stand."""
        asked = self._in(team_id, channel_id)
        posted = self.rows(_POSTED, asked)[0]
        voted = self.rows(
            f"SELECT count(*) AS votes, count(DISTINCT user_id) AS people FROM ({_votes(channel_id)})", asked
        )[0]
        since = date.fromisoformat(posted.pop("since")) if posted["since"] else posted.pop("since")
        return Activity(since, **posted, **voted)

    async def votes_by_week(
        self, team_id: str, first: datetime, weeks: int, channel_id: str = ""
    ) -> list[int]:
        """How many of the votes that stand were cast in each of so many weeks from `first` on."""
        asked = {
            **self._in(team_id, channel_id, first),
            "first": first.timestamp(),
            "seconds": WEEK.total_seconds(),
        }
        rows = self.rows(
            f"SELECT CAST((at - :first) / :seconds AS INTEGER) AS week, count(*) AS votes "
            f"FROM ({_votes(channel_id)}) GROUP BY week",
            asked,
        )
        found = {row["week"]: row["votes"] for row in rows}
        return [found.get(week, 0) for week in range(weeks)]

    async def favourites(
        self, team_id: str, since: datetime, limit: int, channel_id: str = ""
    ) -> dict[str, int]:
        """The papers with the most upvotes cast since then, and how many; most first."""
        rows = self.rows(
            f"SELECT paper_id, count(*) AS upvotes, max(at) AS newest FROM ({_votes(channel_id)}) "
            "WHERE kind = 'up' GROUP BY paper_id ORDER BY upvotes DESC, newest DESC LIMIT :limit",
            {**self._in(team_id, channel_id, since), "limit": limit},
        )
        return {row["paper_id"]: row["upvotes"] for row in rows}

    async def upvoted(self, team_id: str, channel_id: str, since: datetime) -> dict[str, list[float]]:
        """When people upvoted each paper in a channel, since then, in seconds since 1970."""
        rows = self.rows(
            f"SELECT paper_id, at FROM ({VOTES_OF_CHANNEL}) WHERE kind = 'up' ORDER BY at",
            self._in(team_id, channel_id, since),
        )
        found: dict[str, list[float]] = {}
        for row in rows:
            found.setdefault(row["paper_id"], []).append(row["at"])
        return found

    def _in(self, team_id: str, channel_id: str, since: datetime | None = None) -> dict[str, str | float]:
        return {
            "team": team_id,
            "owner": channel_id,
            "emoji": as_json(dict(self.emoji)),
            "since": since.timestamp() if since else 0.0,
            "until": math.inf,
        }


def _votes(channel_id: str) -> str:
    return VOTES_OF_CHANNEL if channel_id else VOTES_OF_WORKSPACE
