"""Channels that want papers, and which of them want an edition."""

from __future__ import annotations

from storage.database import Connected, to_row
from storage.models import Subscription

_COLUMNS = tuple(Subscription.model_fields)
_VALUES = f"INTO subscriptions ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"


class Channels(Connected):
    async def subscribe(self, subscription: Subscription) -> None:
        """Add a channel, or change what it asked for."""
        self.write(f"INSERT OR REPLACE {_VALUES}", to_row(subscription))

    async def subscribe_once(self, subscription: Subscription) -> None:
        """Add a channel named in the settings, unless people there have decided for themselves since."""
        self.write(f"INSERT OR IGNORE {_VALUES}", to_row(subscription))

    async def unsubscribe(self, team_id: str, channel_id: str) -> bool:
        """Stop posting to a channel; False when it had no subscription."""
        sql = "UPDATE subscriptions SET active = 0 WHERE team_id = :team AND channel_id = :channel AND active"
        return self.write(sql, {"team": team_id, "channel": channel_id}) > 0

    async def subscription(self, team_id: str, channel_id: str) -> Subscription | None:
        rows = self.rows(
            "SELECT * FROM subscriptions WHERE team_id = :team AND channel_id = :channel",
            {"team": team_id, "channel": channel_id},
        )
        return Subscription.model_validate(rows[0]) if rows else None

    async def subscriptions(self, team_id: str) -> list[Subscription]:
        """The active subscriptions of a workspace."""
        rows = self.rows(
            "SELECT * FROM subscriptions WHERE team_id = :team AND active ORDER BY channel_id",
            {"team": team_id},
        )
        return [Subscription.model_validate(row) for row in rows]
