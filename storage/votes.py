"""Reactions and button presses as they came, and the votes that follow from them.

No vote is stored. A person's vote on a paper is read from all their signals on it, over every post of the
paper in the workspace and every message that links to it alone: the newest of their reactions still there and their
button, if it is pressed.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from storage.database import Connected, Row, as_json, to_row
from storage.models import Click, Reaction, Shown, Tally
from storage.personal import digests_of

# :emoji maps an emoji without its skin tone to 1 or -1; what it doesn't map is no vote.
# max(at) makes SQLite take `value` from the row with the newest signal.
# CROSS JOIN keeps the order written here: from a few papers, over their posts, to the reactions on those.
# Left to itself the planner reads every reaction of the workspace.
_VOTES = """
    WITH wanted AS MATERIALIZED (SELECT DISTINCT value AS paper_id FROM json_each(:papers)),
    meaning AS MATERIALIZED (SELECT key AS emoji, value FROM json_each(:emoji)),
    signals AS (
        SELECT posts.paper_id, user_id, meaning.value, event_ts AS at
        FROM wanted CROSS JOIN posts INDEXED BY posts_of_paper
            ON posts.team_id = :team AND posts.paper_id = wanted.paper_id AND posts.paper_id != ''
        CROSS JOIN reactions ON reactions.team_id = :team AND reactions.channel_id = posts.channel_id
            AND reactions.ts = posts.ts AND reactions.present AND event_ts <= :until
        JOIN meaning ON meaning.emoji = substr(reactions.emoji, 1, instr(reactions.emoji || '::', '::') - 1)
        UNION ALL
        SELECT pasted_links.paper_id, user_id, meaning.value, event_ts AS at
        FROM wanted CROSS JOIN pasted_links INDEXED BY pasted_links_of_paper
            ON pasted_links.team_id = :team AND pasted_links.paper_id = wanted.paper_id AND pasted_links.alone
        CROSS JOIN reactions ON reactions.team_id = :team AND reactions.channel_id = pasted_links.channel_id
            AND reactions.ts = pasted_links.ts AND reactions.present AND event_ts <= :until
        JOIN meaning ON meaning.emoji = substr(reactions.emoji, 1, instr(reactions.emoji || '::', '::') - 1)
        UNION ALL
        SELECT paper_id, user_id, value, at FROM (
            SELECT clicks.paper_id, user_id, clicks.value, max(clicked_at) AS at
            FROM wanted CROSS JOIN clicks ON clicks.team_id = :team AND clicks.paper_id = wanted.paper_id
                AND clicked_at <= :until
            GROUP BY clicks.paper_id, user_id
        ) WHERE value = 1
    ),
    votes AS (SELECT paper_id, user_id, value, max(at) AS at FROM signals GROUP BY paper_id, user_id)"""

#: Slack delivers an event again for minutes, and where that is switched on, for a day; in seconds.
LATEST_DELIVERY = 90_000
_REACTION = tuple(Reaction.model_fields)
_COLUMNS = ", ".join(_REACTION)
_READ = (
    "INSERT INTO reads (team_id, channel_id, ts, read_at) VALUES (:team, :channel, :ts, :at) "
    "ON CONFLICT DO UPDATE SET read_at = excluded.read_at WHERE excluded.read_at >= reads.read_at"
)
_OUTDATED = (
    "SELECT 1 FROM reads WHERE team_id = :team AND channel_id = :channel AND ts = :ts AND read_at > :at"
)
_FOUND = f"""
    INSERT INTO reactions ({_COLUMNS})
    SELECT :team, :channel, :ts, json_extract(value, '$[0]'), json_extract(value, '$[1]'), 1, :at
    FROM json_each(:shown) WHERE json_extract(value, '$[0]') NOT IN (SELECT value FROM json_each(:forgotten))
        OR EXISTS (SELECT 1 FROM reactions WHERE team_id = :team AND channel_id = :channel AND ts = :ts
            AND user_id = json_extract(value, '$[0]') AND emoji = json_extract(value, '$[1]'))
    ON CONFLICT DO UPDATE SET present = 1, event_ts = excluded.event_ts
    WHERE NOT reactions.present AND reactions.event_ts <= excluded.event_ts
    RETURNING {_COLUMNS}"""
_GONE = f"""
    UPDATE reactions SET present = 0, event_ts = :at
    WHERE team_id = :team AND channel_id = :channel AND ts = :ts AND present AND event_ts <= :at
    AND :complete AND emoji NOT IN (SELECT value FROM json_each(:partial))
    AND (user_id, emoji) NOT IN (
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:shown))
    RETURNING {_COLUMNS}"""


class Votes(Connected):
    #: What each emoji says of a paper, set once at start: 1 up, -1 down.
    emoji: Mapping[str, int]

    async def record_reaction(self, reaction: Reaction) -> None:
        """Keep what Slack reported, unless something newer is known of the same reaction or of its message.

        A message that was read lately has nothing to learn from an event of the hours before, however late it comes.

        Reactions on messages that are not known (yet) are kept too: an event can overtake the answer
        to the call that posted its message. Of an addition and a removal at one instant the removal holds,
        whichever comes first, until the message is read. What somebody did before they were forgotten is not kept.
        """
        forgotten = digests_of(self, reaction.team_id, [reaction.user_id])
        if any(reaction.event_ts <= person.at for person in forgotten.values()):
            return
        self.write(
            "INSERT INTO reactions (team_id, channel_id, ts, user_id, emoji, present, event_ts) "
            "SELECT :team_id, :channel_id, :ts, :user_id, :emoji, :present, :event_ts "
            "WHERE NOT EXISTS (SELECT 1 FROM reads WHERE team_id = :team_id AND channel_id = :channel_id "
            f"AND ts = :ts AND :event_ts BETWEEN read_at - {LATEST_DELIVERY} AND read_at) "
            "ON CONFLICT DO UPDATE SET present = excluded.present, event_ts = excluded.event_ts "
            "WHERE excluded.event_ts > reactions.event_ts "
            "OR (excluded.event_ts = reactions.event_ts AND NOT excluded.present)",
            to_row(reaction),
        )

    async def reconcile(self, team_id: str, channel_id: str, shown: Sequence[Shown]) -> list[Reaction]:
        """Make the reactions of a channel's messages what Slack showed, and return those that changed.

        What Slack reported of a later moment is left alone, and so is a message that was read later already. A reaction
        that somebody may have made before they were forgotten is taken for one of before.
        """
        people = sorted({user_id for one in shown for user_id, _ in one.reactions})
        forgotten = {id: person.at for id, person in digests_of(self, team_id, people).items()}
        changed: list[Row] = []
        with self.writing() as connection:
            for one in shown:
                asked = _asked_of(team_id, channel_id, one)
                asked["forgotten"] = as_json([id for id, at in forgotten.items() if float(one.ts) <= at])
                changed += _as_shown(connection, asked)
        return [Reaction.model_validate(row) for row in changed]

    async def record_click(self, click: Click) -> bool:
        """Keep a press of the button; False when this one is known already."""
        changed = self.write(
            "INSERT OR IGNORE INTO clicks (team_id, paper_id, user_id, click_id, clicked_at, value, channel_id) "
            "VALUES (:team_id, :paper_id, :user_id, :click_id, :clicked_at, :value, :channel_id)",
            to_row(click),
        )
        return changed > 0

    async def clicks_of(self, team_id: str, user_id: str, paper_id: str) -> list[Click]:
        """One person's presses of one paper's button, newest first."""
        rows = self.rows(
            "SELECT * FROM clicks WHERE team_id = :team AND paper_id = :paper AND user_id = :user "
            "ORDER BY clicked_at DESC",
            {"team": team_id, "paper": paper_id, "user": user_id},
        )
        return [Click.model_validate(row) for row in rows]

    async def tallies(
        self, team_id: str, paper_ids: Sequence[str], until: float = math.inf
    ) -> dict[str, Tally]:
        """The workspace's votes on each of these papers, cast until a time; papers without any have an empty tally."""
        rows = self.rows(
            f"{_VOTES} SELECT paper_id, sum(value = 1) AS up, sum(value = -1) AS down FROM votes GROUP BY paper_id",
            self._asked(team_id, paper_ids, until),
        )
        return {id: Tally() for id in paper_ids} | {
            row["paper_id"]: Tally(row["up"], row["down"]) for row in rows
        }

    async def vote_of(self, team_id: str, user_id: str, paper_id: str) -> int:
        """One person's vote: 1, 0 or -1."""
        rows = self.rows(
            f"{_VOTES} SELECT value FROM votes WHERE user_id = :user",
            {**self._asked(team_id, [paper_id]), "user": user_id},
        )
        return int(rows[0]["value"]) if rows else 0

    async def papers_voted(self, team_id: str, since: datetime) -> list[str]:
        """Every paper that anyone here reacted to since then."""
        rows = self.rows(
            "SELECT paper_id FROM clicks WHERE team_id = :team AND clicked_at >= :since UNION "
            "SELECT posts.paper_id FROM reactions CROSS JOIN posts INDEXED BY one_post_per_message "
            "ON posts.team_id = :team AND posts.channel_id = reactions.channel_id "
            "AND posts.ts = reactions.ts AND posts.ts != '' AND posts.paper_id != '' "
            "WHERE reactions.team_id = :team AND reactions.present AND reactions.event_ts >= :since UNION "
            "SELECT pasted_links.paper_id FROM reactions CROSS JOIN pasted_links ON pasted_links.team_id = :team "
            "AND pasted_links.channel_id = reactions.channel_id AND pasted_links.ts = reactions.ts "
            "AND pasted_links.alone "
            "WHERE reactions.team_id = :team AND reactions.present AND reactions.event_ts >= :since",
            {"team": team_id, "since": since.timestamp()},
        )
        return [row["paper_id"] for row in rows]

    def _asked(
        self, team_id: str, paper_ids: Sequence[str], until: float = math.inf
    ) -> dict[str, str | float]:
        return {
            "team": team_id,
            "papers": as_json(list(paper_ids)),
            "emoji": as_json(dict(self.emoji)),
            "until": until,
        }


def _asked_of(team_id: str, channel_id: str, shown: Shown) -> Row:
    pairs, partial = as_json(sorted(shown.reactions)), as_json(sorted(shown.partial))
    message = {"team": team_id, "channel": channel_id, "ts": shown.ts}
    return {**message, "at": shown.read_at, "shown": pairs, "partial": partial, "complete": shown.complete}


def _as_shown(connection: sqlite3.Connection, asked: Row) -> list[Row]:
    """The rows of one message that had to change."""
    if connection.execute(_OUTDATED, asked).fetchone():
        return []
    changed = [row for sql in (_FOUND, _GONE) for row in connection.execute(sql, asked).fetchall()]
    if asked["complete"] and asked["partial"] == "[]":
        # Otherwise somebody who was not named may have reacted before then.
        connection.execute(_READ, asked)
    return [dict(zip(_REACTION, row, strict=True)) for row in changed]
