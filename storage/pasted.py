"""Messages of people that name papers by links: reactions on them are votes, and their previews show what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.database import Connected, as_json, to_row
from storage.models import PastedLink

_COLUMNS = tuple(PastedLink.model_fields)
_KEY = "team_id = :team_id AND channel_id = :channel_id AND ts = :ts AND paper_id = :paper_id"
_OF_MESSAGE = "team_id = :team AND channel_id = :channel AND ts = :ts"


class PastedLinks(Connected):
    async def record_pasted(self, links: Sequence[PastedLink]) -> list[PastedLink]:
        """Keep which papers one message names, and return all that it names now; an edit may have added some."""
        with self.writing() as connection:
            connection.executemany(
                f"INSERT OR IGNORE INTO pasted_links ({', '.join(_COLUMNS)}) "
                f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)})",
                (to_row(link) for link in links),
            )
            for link in links[:1]:
                # Of a message about several papers nobody knows which one a reaction means.
                connection.execute(
                    f"UPDATE pasted_links SET alone = (SELECT count(*) = 1 FROM pasted_links WHERE {_OF_MESSAGE}) "
                    f"WHERE {_OF_MESSAGE}",
                    {"team": link.team_id, "channel": link.channel_id, "ts": link.ts},
                )
        return [
            one for link in links[:1] for one in await self.pasted_at(link.team_id, link.channel_id, link.ts)
        ]

    async def pasted_at(self, team_id: str, channel_id: str, ts: str) -> list[PastedLink]:
        """The papers that a message names."""
        rows = self.rows(
            f"SELECT * FROM pasted_links WHERE {_OF_MESSAGE} ORDER BY paper_id",
            {"team": team_id, "channel": channel_id, "ts": ts},
        )
        return [PastedLink.model_validate(row) for row in rows]

    async def pasted_of(self, team_id: str, paper_ids: Sequence[str]) -> list[PastedLink]:
        """Every message that names one of these papers and has a preview, or lacks it yet; newest first."""
        rows = self.rows(
            "SELECT pasted_links.* FROM json_each(:ids) AS wanted "
            "CROSS JOIN pasted_links INDEXED BY pasted_links_of_paper "
            "ON team_id = :team AND paper_id = wanted.value WHERE url != '' AND NOT gone ORDER BY ts DESC",
            {"team": team_id, "ids": as_json(list(paper_ids))},
        )
        return [PastedLink.model_validate(row) for row in rows]

    async def pasted_since(self, team_id: str, moment: datetime, channel_id: str = "") -> list[PastedLink]:
        """The messages since then on which reactions are votes, by Slack's time; newest first within each channel."""
        rows = self.rows(
            "SELECT * FROM pasted_links WHERE team_id = :team AND ts >= :ts AND alone AND NOT gone "
            "AND :channel IN ('', channel_id) ORDER BY channel_id, ts DESC",
            # As long as Slack's own, so that text order is time order.
            {"team": team_id, "ts": f"{max(moment.timestamp(), 0):017.6f}", "channel": channel_id},
        )
        return [PastedLink.model_validate(row) for row in rows]

    async def pasted_drawn(self, link: PastedLink, drawn: str) -> None:
        """The preview of a link now shows `drawn`."""
        self.write(
            f"UPDATE pasted_links SET drawn = :now_drawn WHERE {_KEY}", {**to_row(link), "now_drawn": drawn}
        )

    async def pasted_gone(self, team_id: str, channel_id: str, ts: str) -> None:
        """Somebody deleted the message: it is neither read nor drawn again."""
        asked = {"team": team_id, "channel": channel_id, "ts": ts}
        self.write(f"UPDATE pasted_links SET gone = 1 WHERE {_OF_MESSAGE}", asked)
