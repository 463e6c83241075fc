"""Channels that want papers, and which of them want an edition."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from storage.database import Connected, Row, as_json, iso, to_row
from storage.models import Subscription, Trouble

_COLUMNS = tuple(Subscription.model_fields)
_VALUES = f"INTO subscriptions ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"


def _subscription(row: Row) -> Subscription:
    lists = {name: json.loads(row[name]) for name in ("weekdays", "sources")}
    return Subscription.model_validate({**row, **lists})


class Channels(Connected):
    async def subscribe(self, subscription: Subscription) -> None:
        """Add a channel, or change what it asked for."""
        self.write(f"INSERT OR REPLACE {_VALUES}", to_row(subscription))

    async def follow_settings(self, team_id: str, named: Sequence[Subscription], *, complete: bool) -> None:
        """Subscribe the channels named in the settings, wherever people have not decided for themselves.

        When `named` is `complete`, channels that are no longer named are dropped.
        """
        with self.writing() as connection:
            if complete:
                connection.execute(
                    "UPDATE subscriptions SET active = 0 WHERE team_id = ? AND created_by = '' "
                    "AND channel_id NOT IN (SELECT value FROM json_each(?))",
                    (team_id, as_json([subscription.channel_id for subscription in named])),
                )
            connection.executemany(
                f"INSERT {_VALUES} ON CONFLICT DO UPDATE SET post_at = excluded.post_at, "
                "timezone = excluded.timezone, top = excluded.top, active = 1 WHERE subscriptions.created_by = ''",
                (to_row(subscription) for subscription in named),
            )

    async def unsubscribe(self, team_id: str, channel_id: str, user_id: str) -> bool:
        """Stop posting to a channel because this person said so; False when it had no subscription."""
        sql = (
            "UPDATE subscriptions SET active = 0, created_by = :user "
            "WHERE team_id = :team AND channel_id = :channel AND active"
        )
        return self.write(sql, {"team": team_id, "channel": channel_id, "user": user_id}) > 0

    async def subscription(self, team_id: str, channel_id: str) -> Subscription | None:
        rows = self.rows(
            "SELECT * FROM subscriptions WHERE team_id = :team AND channel_id = :channel",
            {"team": team_id, "channel": channel_id},
        )
        return _subscription(rows[0]) if rows else None

    async def subscriptions(self, team_id: str) -> list[Subscription]:
        """The active subscriptions of a workspace."""
        rows = self.rows(
            "SELECT * FROM subscriptions WHERE team_id = :team AND active ORDER BY channel_id",
            {"team": team_id},
        )
        return [_subscription(row) for row in rows]

    async def subscriptions_in(self, team_id: str, channel_ids: Sequence[str]) -> list[Subscription]:
        """The day's papers of these channels, paused ones too."""
        rows = self.rows(
            "SELECT * FROM subscriptions WHERE team_id = :team "
            "AND channel_id IN (SELECT value FROM json_each(:channels)) ORDER BY channel_id",
            {"team": team_id, "channels": as_json(list(channel_ids))},
        )
        return [_subscription(row) for row in rows]

    async def direct_subscriptions(self, team_id: str, user_id: str) -> list[Subscription]:
        """The day's papers that a person gets in their messages with the bot, be they paused."""
        rows = self.rows(
            "SELECT * FROM subscriptions WHERE team_id = :team AND channel_id LIKE 'D%' AND created_by = :user",
            {"team": team_id, "user": user_id},
        )
        return [_subscription(row) for row in rows]

    async def record_trouble(self, team_id: str, channel_id: str, code: str, at: datetime) -> bool:
        """A channel refuses the bot for this reason; returns whether somebody was told of it already."""
        asked = {"team": team_id, "channel": channel_id, "code": code, "since": iso(at)}
        self.write(
            "INSERT INTO troubles (team_id, channel_id, code, since, told) VALUES (:team, :channel, :code, :since, 0) "
            "ON CONFLICT DO UPDATE SET code = excluded.code, since = excluded.since, told = 0 "
            "WHERE troubles.code != excluded.code",
            asked,
        )
        rows = self.rows(
            "SELECT told FROM troubles WHERE team_id = :team AND channel_id = :channel",
            {"team": team_id, "channel": channel_id},
        )
        return bool(rows and rows[0]["told"])

    async def told_of_trouble(self, team_id: str, channel_id: str) -> None:
        self.write(
            "UPDATE troubles SET told = 1 WHERE team_id = :team AND channel_id = :channel",
            {"team": team_id, "channel": channel_id},
        )

    async def clear_trouble(self, team_id: str, channel_id: str) -> None:
        """A channel takes posts (again)."""
        asked = {"team": team_id, "channel": channel_id}
        if self.rows("SELECT 1 FROM troubles WHERE team_id = :team AND channel_id = :channel", asked):
            self.write("DELETE FROM troubles WHERE team_id = :team AND channel_id = :channel", asked)

    async def troubles(self, team_id: str) -> list[Trouble]:
        """The channels that refuse the bot now."""
        rows = self.rows(
            "SELECT channel_id, code, since FROM troubles WHERE team_id = :team ORDER BY channel_id",
            {"team": team_id},
        )
        return [Trouble(row["channel_id"], row["code"], datetime.fromisoformat(row["since"])) for row in rows]
