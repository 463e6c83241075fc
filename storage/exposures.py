"""What was shown to whom, at which position and why: the ranking's log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime

from storage.database import Connected, Row, iso, to_row
from storage.models import Edition, Exposure, Showing

_COLUMNS = tuple(Exposure.model_fields)
# Shown twice on one day, a paper was seen where it stood first.
KEEP_EXPOSURE = (
    f"INSERT OR IGNORE INTO exposures ({', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
)


# A post that has a ts was sent, whatever became of it.
_SHOWINGS = """
    SELECT posts.paper_id, posts.position, papers.published, exposures.upvotes, exposures.team,
        CASE WHEN parts IS NOT NULL THEN (SELECT total(value) FROM json_each(parts)) END AS score
    FROM posts JOIN papers ON papers.id = posts.paper_id
    LEFT JOIN exposures ON exposures.team_id = :team_id AND exposures.user_id = ''
        AND exposures.channel_id = :channel_id AND exposures.day = :day AND exposures.series = :series
        AND exposures.paper_id = posts.paper_id
    WHERE posts.team_id = :team_id AND posts.channel_id = :channel_id AND posts.day = :day AND posts.series = :series
        AND posts.ts != '' AND posts.paper_id != ''
    ORDER BY posts.position"""


def _showing(row: Row) -> Showing:
    published = datetime.fromisoformat(row["published"]) if row["published"] else None
    return Showing(
        row["paper_id"], row["position"], published, row["upvotes"], row["score"], row["team"] or ""
    )


def _exposure(row: Row) -> Exposure:
    return Exposure.model_validate({**row, "parts": json.loads(row["parts"])})


def as_edition(row: Row) -> Edition:
    lists = {name: json.loads(row[name]) for name in ("listed", "missed")}
    return Edition.model_validate({**row, **lists})


class Exposures(Connected):
    async def record_exposures(self, exposures: Sequence[Exposure]) -> None:
        """Keep what was shown to a person; what an edition shows is kept when it is planned."""
        with self.writing() as connection:
            connection.executemany(KEEP_EXPOSURE, (to_row(exposure) for exposure in exposures))

    async def exposures(self, edition: Edition) -> list[Exposure]:
        """What an edition shows, in its order; empty for editions of before this was kept."""
        rows = self.rows(
            "SELECT * FROM exposures WHERE team_id = :team_id AND channel_id = :channel_id AND day = :day "
            "AND series = :series AND user_id = '' ORDER BY position",
            to_row(edition),
        )
        return [_exposure(row) for row in rows]

    async def showings(self, edition: Edition) -> list[Showing]:
        """The papers of an edition that were sent, in its order, with what was logged of them."""
        return [_showing(row) for row in self.rows(_SHOWINGS, to_row(edition))]

    async def exposure(self, team_id: str, channel_id: str, paper_id: str) -> Exposure | None:
        """How a channel's edition showed a paper, if one did."""
        rows = self.rows(
            "SELECT * FROM exposures WHERE team_id = :team AND channel_id = :channel AND paper_id = :paper "
            "AND user_id = '' ORDER BY day DESC LIMIT 1",
            {"team": team_id, "channel": channel_id, "paper": paper_id},
        )
        return _exposure(rows[0]) if rows else None

    async def editions_of(self, team_id: str, first: date, channel_id: str = "") -> list[Edition]:
        """A workspace's daily editions from a day on, oldest first; of one channel, where one is named."""
        rows = self.rows(
            "SELECT * FROM editions WHERE team_id = :team AND day >= :first AND series = '' AND why = '' "
            "AND (:channel = '' OR channel_id = :channel) ORDER BY planned_at, channel_id",
            {"team": team_id, "first": iso(first), "channel": channel_id},
        )
        return [as_edition(row) for row in rows]
