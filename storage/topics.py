"""Topics that channels and people subscribed to."""

from __future__ import annotations

import json
from collections.abc import Sequence

from storage.database import Connected, Row, as_json, to_row
from storage.models import Topic

_COLUMNS = tuple(Topic.model_fields)
_LISTS = ("sources", "categories", "weekdays")


def _topic(row: Row) -> Topic:
    return Topic.model_validate({**row, **{name: json.loads(row[name]) for name in _LISTS}})


class Topics(Connected):
    async def keep_topic(self, topic: Topic) -> None:
        """Add a topic, or change what it asks for."""
        self.write(
            f"INSERT OR REPLACE INTO topics ({', '.join(_COLUMNS)}) "
            f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
            to_row(topic),
        )

    async def topic(self, team_id: str, id: str) -> Topic | None:
        """A topic, be it paused or deleted."""
        rows = self.rows(
            "SELECT * FROM topics WHERE team_id = :team AND id = :id", {"team": team_id, "id": id}
        )
        return _topic(rows[0]) if rows else None

    async def topics(self, team_id: str) -> list[Topic]:
        """All topics of a workspace that are neither paused nor deleted, oldest first."""
        rows = self.rows(
            "SELECT * FROM topics WHERE team_id = :team AND active AND NOT deleted ORDER BY created_at, id",
            {"team": team_id},
        )
        return [_topic(row) for row in rows]

    async def topics_of(self, team_id: str, channel_id: str, user_id: str = "") -> list[Topic]:
        """The topics of a channel, and those of a person in their messages with the bot; oldest first."""
        rows = self.rows(
            "SELECT * FROM topics WHERE team_id = :team AND NOT deleted AND "
            "(channel_id = :channel OR channel_id LIKE 'D%' AND user_id = :user) ORDER BY created_at, id",
            {"team": team_id, "channel": channel_id, "user": user_id},
        )
        return [_topic(row) for row in rows]

    async def topics_in(self, team_id: str, channel_ids: Sequence[str]) -> list[Topic]:
        """The topics of these channels, paused ones too; oldest first."""
        rows = self.rows(
            "SELECT * FROM topics WHERE team_id = :team AND NOT deleted "
            "AND channel_id IN (SELECT value FROM json_each(:channels)) ORDER BY created_at, id",
            {"team": team_id, "channels": as_json(list(channel_ids))},
        )
        return [_topic(row) for row in rows]

    async def papers_of_series(
        self, team_id: str, channel_id: str, series: str, ids: Sequence[str]
    ) -> set[str]:
        """Which of these papers a series has shown in a channel, be it in a list."""
        rows = self.rows(
            "SELECT paper_id FROM exposures WHERE team_id = :team AND user_id = '' AND channel_id = :channel "
            "AND series = :series AND paper_id IN (SELECT value FROM json_each(:ids))",
            {
                "team": team_id,
                "channel": channel_id,
                "series": series,
                "ids": as_json(list(ids)),
            },
        )
        return {row["paper_id"] for row in rows}
