"""Reading groups: when they meet, who presents what, and what was noted of a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from storage.database import Connected, Row, as_json, iso, to_row
from storage.models import Discussed, GroupNote, Post, Presentation, ReadingGroup

#: The name of the agendas' series.
GROUP = "group"
_GROUP = ("team_id", "channel_id", "hour", "timezone", "papers", "active", "skipped")
_PRESENTATION = tuple(Presentation.model_fields)
_NOTE = tuple(GroupNote.model_fields)
_OF_CHANNEL = "team_id = :team AND channel_id = :channel"


def _into(table: str, columns: Sequence[str]) -> str:
    return f"INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"


class Groups(Connected):
    async def set_group(self, group: ReadingGroup) -> None:
        """Found a channel's reading group, or change it, rota and all."""
        key = {"team_id": group.team_id, "channel_id": group.channel_id}
        row = {name: value for name, value in to_row(group).items() if name in _GROUP}
        with self.writing() as connection:
            connection.execute(f"INSERT OR REPLACE {_into('reading_groups', _GROUP)}", row)
            connection.execute("DELETE FROM rota WHERE team_id = :team_id AND channel_id = :channel_id", key)
            connection.executemany(
                f"INSERT OR IGNORE {_into('rota', ('team_id', 'channel_id', 'user_id', 'place'))}",
                ({**key, "user_id": user, "place": place} for place, user in enumerate(group.rota)),
            )

    async def group(self, team_id: str, channel_id: str) -> ReadingGroup | None:
        """A channel's reading group, active or not."""
        rows = self.rows(
            f"SELECT * FROM reading_groups WHERE {_OF_CHANNEL}", {"team": team_id, "channel": channel_id}
        )
        return self._group(rows[0]) if rows else None

    async def groups(self, team_id: str) -> list[ReadingGroup]:
        """The active reading groups of a workspace."""
        rows = self.rows(
            "SELECT * FROM reading_groups WHERE team_id = :team AND active ORDER BY channel_id",
            {"team": team_id},
        )
        return [self._group(row) for row in rows]

    def _group(self, row: Row) -> ReadingGroup:
        rota = self.rows(f"SELECT user_id FROM rota WHERE {_OF_CHANNEL} ORDER BY place", _key(row))
        return ReadingGroup.model_validate({**row, "rota": tuple(one["user_id"] for one in rota)})

    async def plan_presentations(self, presentations: Sequence[Presentation]) -> list[Presentation]:
        """Write a meeting's papers and presenters down, unless that is done; returns those that hold."""
        first = presentations[0]
        with self.writing() as connection:
            known = connection.execute(
                "SELECT 1 FROM presentations WHERE team_id = ? AND channel_id = ? AND day = ?",
                (first.team_id, first.channel_id, iso(first.day)),
            ).fetchone()
            if known is None:
                connection.executemany(
                    f"INSERT {_into('presentations', _PRESENTATION)}", (to_row(one) for one in presentations)
                )
        return await self.presentations(first.team_id, first.channel_id, first.day)

    async def presentations(self, team_id: str, channel_id: str, day: date) -> list[Presentation]:
        """What is on the agenda of a meeting, in its order."""
        rows = self.rows(
            f"SELECT * FROM presentations WHERE {_OF_CHANNEL} AND day = :day ORDER BY position",
            {"team": team_id, "channel": channel_id, "day": iso(day)},
        )
        return [Presentation.model_validate(row) for row in rows]

    async def set_presenters(
        self, team_id: str, channel_id: str, day: date, presenters: Mapping[int, str]
    ) -> None:
        """Change who presents what, by position, and remember that the messages of the meeting say otherwise."""
        key = {"team": team_id, "channel": channel_id, "day": iso(day)}
        with self.writing() as connection:
            connection.executemany(
                f"UPDATE presentations SET user_id = :user WHERE {_OF_CHANNEL} AND day = :day AND position = :position",
                ({**key, "position": position, "user": user} for position, user in presenters.items()),
            )
            connection.execute(
                f"UPDATE posts SET drawn = 'stale' WHERE {_OF_CHANNEL} AND day = :day AND series = '{GROUP}'",
                key,
            )

    async def stale_agendas(self, team_id: str) -> list[Post]:
        """Messages of meetings that don't say who presents now."""
        rows = self.rows(
            f"SELECT * FROM posts WHERE team_id = :team AND series = '{GROUP}' AND drawn = 'stale' AND state = 'sent' "
            "ORDER BY channel_id, day, position",
            {"team": team_id},
        )
        return [Post.model_validate(row) for row in rows]

    async def last_presented(self, team_id: str, channel_id: str) -> dict[str, date]:
        """When each person presented last in a channel's meetings."""
        rows = self.rows(
            f"SELECT user_id, max(day) AS day FROM presentations WHERE {_OF_CHANNEL} AND user_id != '' "
            "GROUP BY user_id",
            {"team": team_id, "channel": channel_id},
        )
        return {row["user_id"]: date.fromisoformat(row["day"]) for row in rows}

    async def discussed_in(self, team_id: str, channel_id: str, paper_ids: Sequence[str]) -> set[str]:
        """Which of these papers were on an agenda of the channel."""
        rows = self.rows(
            f"SELECT DISTINCT paper_id FROM presentations WHERE {_OF_CHANNEL} "
            "AND paper_id IN (SELECT value FROM json_each(:ids))",
            {"team": team_id, "channel": channel_id, "ids": as_json(list(paper_ids))},
        )
        return {row["paper_id"] for row in rows}

    async def discussions(self, team_id: str, channel_id: str, paper_id: str) -> list[Discussed]:
        """The threads that a channel's meetings have about a paper, newest first."""
        return self._discussed(
            "presentations.paper_id = :about", {"team": team_id, "channel": channel_id, "about": paper_id}
        )

    async def discussion_at(self, team_id: str, channel_id: str, ts: str) -> Discussed | None:
        """What a thread is about, when a meeting has opened it."""
        found = self._discussed("posts.ts = :about", {"team": team_id, "channel": channel_id, "about": ts})
        return found[0] if found else None

    def _discussed(self, which: str, asked: Row) -> list[Discussed]:
        rows = self.rows(
            "SELECT presentations.paper_id, presentations.day, posts.channel_id, posts.ts FROM posts "
            "JOIN presentations USING (team_id, channel_id, day, position) WHERE posts.team_id = :team "
            f"AND posts.channel_id = :channel AND posts.series = '{GROUP}' AND posts.state = 'sent' AND {which} "
            "ORDER BY presentations.day DESC",
            asked,
        )
        return [
            Discussed(row["paper_id"], date.fromisoformat(row["day"]), row["channel_id"], row["ts"])
            for row in rows
        ]

    async def keep_note(self, note: GroupNote) -> bool:
        """Keep a note, or what it says now; False when it was known already, word for word."""
        changed = self.write(
            f"INSERT {_into('notes', _NOTE)} ON CONFLICT DO UPDATE SET text = excluded.text, kept = excluded.kept, "
            "noted_at = excluded.noted_at WHERE excluded.noted_at >= notes.noted_at "
            "AND (excluded.text, excluded.kept) != (notes.text, notes.kept)",
            to_row(note),
        )
        return changed > 0

    async def note(self, team_id: str, note_id: str) -> GroupNote | None:
        rows = self.rows(
            "SELECT * FROM notes WHERE team_id = :team AND note_id = :note",
            {"team": team_id, "note": note_id},
        )
        return GroupNote.model_validate(rows[0]) if rows else None

    async def group_notes(self, team_id: str, channel_id: str, paper_id: str) -> list[GroupNote]:
        """What was noted of a paper in a channel, oldest first."""
        rows = self.rows(
            f"SELECT * FROM notes WHERE {_OF_CHANNEL} AND paper_id = :paper AND kept ORDER BY noted_at, note_id",
            {"team": team_id, "channel": channel_id, "paper": paper_id},
        )
        return [GroupNote.model_validate(row) for row in rows]


def _key(row: Row) -> Row:
    return {"team": row["team_id"], "channel": row["channel_id"]}
