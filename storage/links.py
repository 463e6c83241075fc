"""The secrets in the links of feeds and mails, and the days that a feed's pages are of."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

from storage.database import Connected, to_row
from storage.mail_models import Link, LinkKind


class Links(Connected):
    async def link(self, team_id: str, kind: LinkKind, owner_id: str) -> Link | None:
        rows = self.rows(
            "SELECT * FROM links WHERE team_id = :team AND kind = :kind AND owner_id = :owner",
            {"team": team_id, "kind": kind.value, "owner": owner_id},
        )
        return _link(rows[0]) if rows else None

    async def keep_link(self, link: Link, *, renew: bool = False) -> Link:
        """Write a link down; without `renew`, one that was there already stays. Returns the one that holds."""
        verb = "REPLACE" if renew else "IGNORE"
        self.write(
            f"INSERT OR {verb} INTO links (team_id, kind, owner_id, token, made_at, title, digest) "
            "VALUES (:team_id, :kind, :owner_id, :token, :made_at, :title, :digest)",
            {**to_row(link), "digest": _digest(link.token)},
        )
        return await self.link(link.team_id, link.kind, link.owner_id) or link

    async def link_of(self, kind: LinkKind, token: str) -> Link | None:
        """The link with this secret.

        Looked for by its hash, of which whoever guesses has no control, so that how long it takes says nothing about
        how much of a guess is right.
        """
        rows = self.rows(
            "SELECT * FROM links WHERE digest = :digest AND kind = :kind",
            {"digest": _digest(token), "kind": kind.value},
        )
        found = _link(rows[0]) if rows else None
        return found if found and hmac.compare_digest(found.token.encode(), token.encode()) else None

    async def edition_days(self, team_id: str, channel_id: str, limit: int) -> list[date]:
        """The newest days of which a channel has an edition with papers, newest first."""
        rows = self.rows(
            "SELECT day FROM editions WHERE team_id = :team AND channel_id = :channel AND series = '' AND why = '' "
            "ORDER BY day DESC LIMIT :limit",
            {"team": team_id, "channel": channel_id, "limit": limit},
        )
        return [date.fromisoformat(row["day"]) for row in rows]


def _link(row: dict[str, str]) -> Link:
    return Link.model_validate({name: row[name] for name in Link.model_fields})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
