"""What people did with papers, as the ranking learns from it: by person, and by channel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from storage.database import Connected, Row, as_json, iso
from storage.models import Signal, SignalKind, Standing

#: Before that, nobody had the time to pass over a paper that was shown.
UNSEEN_FOR = timedelta(days=1)
#: Papers below this position were hardly looked at, so that leaving them alone says nothing.
LOOKED_AT = 10

_MEANING = "meaning AS MATERIALIZED (SELECT key AS emoji, value FROM json_each(:emoji))"
# A reaction without its skin tone, on the paper of the post it stands on.
_REACTED = """
    SELECT posts.paper_id, user_id, meaning.value, event_ts AS at
    FROM reactions CROSS JOIN posts INDEXED BY one_post_per_message
        ON posts.team_id = :team AND posts.channel_id = reactions.channel_id AND posts.ts = reactions.ts
        AND posts.ts != '' AND posts.paper_id != ''
    JOIN meaning ON meaning.emoji = substr(reactions.emoji, 1, instr(reactions.emoji || '::', '::') - 1)
    WHERE reactions.team_id = :team AND reactions.present AND event_ts BETWEEN :since AND :until"""
# Of a person's presses on a paper the newest holds, wherever it was made.
_PRESSED = """
    SELECT paper_id, user_id, value, at FROM (
        SELECT paper_id, user_id, channel_id, value, max(clicked_at) AS at
        FROM clicks WHERE team_id = :team AND clicked_at <= :until AND {whose} GROUP BY paper_id, user_id
    ) WHERE value = 1 AND at >= :since"""
_VOTES = """
    WITH {meaning}, signals AS ({reacted} UNION ALL {pressed})
    SELECT paper_id, user_id, CASE value WHEN 1 THEN 'up' ELSE 'down' END AS kind, max(at) AS at, 1 AS position
    FROM signals GROUP BY paper_id, user_id"""
VOTES_OF_WORKSPACE = _VOTES.format(meaning=_MEANING, reacted=_REACTED, pressed=_PRESSED.format(whose="true"))
VOTES_OF_CHANNEL = _VOTES.format(
    meaning=_MEANING,
    reacted=f"{_REACTED} AND reactions.channel_id = :owner",
    pressed=_PRESSED.format(
        whose="(paper_id, user_id) IN (SELECT paper_id, user_id FROM clicks "
        "WHERE team_id = :team AND channel_id = :owner)"
    )
    + " AND channel_id = :owner",
)
_VOTES_OF_PERSON = _VOTES.format(
    meaning=_MEANING,
    reacted=f"{_REACTED} AND user_id = :owner",
    pressed=_PRESSED.format(whose="user_id = :owner"),
)
_KEPT_BY_PERSON = """
    SELECT paper_id, user_id, 'saved' AS kind, pressed_at AS at, 1 AS position FROM saves
    WHERE team_id = :team AND user_id = :owner AND saved AND pressed_at BETWEEN :since AND :until
    UNION ALL
    SELECT paper_id, user_id, 'opened', opened_at, 1 FROM openings
    WHERE team_id = :team AND user_id = :owner AND opened_at BETWEEN :since AND :until"""
# Papers that a person or a channel named as examples.
_NAMED = """
    SELECT value AS paper_id, owner_id AS user_id, CASE attitude WHEN 1 THEN 'up' ELSE 'down' END AS kind,
        stated_at AS at, 1 AS position
    FROM interests WHERE team_id = :team AND owner_id = :owner AND subject = 'paper' AND attitude != 0
        AND stated_at BETWEEN :since AND :until"""
_SHOWN = "SELECT paper_id, '' AS user_id, 'shown' AS kind, shown_at AS at, position FROM exposures"
_TIMELY = f"position <= {LOOKED_AT} AND shown_at BETWEEN :since AND :until"
_SHOWN_TO_CHANNEL = f"{_SHOWN} WHERE team_id = :team AND user_id = '' AND channel_id = :owner AND {_TIMELY}"
# What stood in their own answers, and beside a paper of an edition that they voted on.
_SHOWN_TO_PERSON = f"""
    {_SHOWN} WHERE team_id = :team AND user_id = :owner AND {_TIMELY}
    UNION ALL
    {_SHOWN} WHERE team_id = :team AND user_id = '' AND {_TIMELY} AND (channel_id, day, series) IN (
        SELECT posts.channel_id, posts.day, posts.series FROM reactions CROSS JOIN posts INDEXED BY one_post_per_message
            ON posts.team_id = :team AND posts.channel_id = reactions.channel_id AND posts.ts = reactions.ts
            AND posts.ts != ''
        WHERE reactions.team_id = :team AND reactions.user_id = :owner AND reactions.present
    )"""
_STANDINGS = """
    SELECT max(listings.day) AS day, papers.id, papers.title, max(source = 'huggingface') AS curated,
        (SELECT upvotes FROM upvotes WHERE paper_id = papers.id AND read_at <= :until
            ORDER BY read_at DESC LIMIT 1) AS upvotes,
        (SELECT min(read_at) FROM upvotes WHERE paper_id = papers.id) AS first_read,
        (SELECT max(read_at) FROM upvotes WHERE paper_id = papers.id AND read_at <= :until) AS last_read
    FROM json_each(:wanted) AS wanted CROSS JOIN listings ON {which} = wanted.value
    JOIN papers ON papers.id = listings.paper_id
    WHERE listings.day <= :until
    GROUP BY {together} papers.id"""
_OF_DAYS = _STANDINGS.format(which="listings.day", together="listings.day,")
_OF_PAPERS = _STANDINGS.format(which="listings.paper_id", together="")


class Signals(Connected):
    #: What each emoji says of a paper, set once at start: 1 up, -1 down.
    emoji: Mapping[str, int]

    async def signals_of_channel(
        self, team_id: str, channel_id: str, now: datetime, since: float = 0.0, until: float = math.inf
    ) -> list[Signal]:
        """Votes cast in a channel, papers it named, and what its editions showed a day ago and before.

        What people did counts from `since` to `until`, in seconds since 1970.
        """
        said, shown = (VOTES_OF_CHANNEL, _NAMED), _SHOWN_TO_CHANNEL
        return self._signals(said, shown, team_id, channel_id, now, (since, until))

    async def signals_of_person(
        self, team_id: str, user_id: str, now: datetime, since: float = 0.0, until: float = math.inf
    ) -> list[Signal]:
        """A person's votes anywhere, what they saved, opened and named, and what was shown to them, as above."""
        said, shown = (_VOTES_OF_PERSON, _KEPT_BY_PERSON, _NAMED), _SHOWN_TO_PERSON
        return self._signals(said, shown, team_id, user_id, now, (since, until))

    async def standings_on(self, days: Sequence[date], until: datetime | None = None) -> list[Standing]:
        """Every paper listed on these days, with its upvotes as they were read last, or last until then.

        A paper that was not there when its day was first read was listed when it was first read itself.
        """
        return self._standings(_OF_DAYS, [iso(day) for day in days], until)

    async def standings_of(self, paper_ids: Sequence[str], until: datetime | None = None) -> list[Standing]:
        """These papers on the newest days they were listed on; those that never were are left out."""
        return self._standings(_OF_PAPERS, list(paper_ids), until)

    def _standings(self, sql: str, wanted: list[str], until: datetime | None) -> list[Standing]:
        rows = self.rows(sql, {"wanted": as_json(wanted), "until": iso(until) if until else "9999"})
        begun: dict[str, str] = {}
        for row in rows:
            if row["first_read"]:
                begun[row["day"]] = min(begun.get(row["day"], row["first_read"]), row["first_read"])
        return [_standing(row, begun.get(row["day"], "")) for row in rows]

    async def usual_votes(self, team_id: str, since: datetime, until: datetime | None = None) -> float:
        """The mean of upvotes minus downvotes that a paper posted since then has got by reactions; 0 without any.

        With `until`, as it was at that time.
        """
        rows = self.rows(
            f"WITH {_MEANING}, votes AS ({_REACTED}) SELECT "
            "(SELECT coalesce(sum(value), 0) FROM votes) AS votes, (SELECT count(*) FROM posts "
            "WHERE team_id = :team AND planned_at BETWEEN :planned AND :end AND paper_id != '' AND state = 'sent') "
            "AS posts",
            {
                "team": team_id,
                "emoji": as_json(dict(self.emoji)),
                "since": since.timestamp(),
                "until": until.timestamp() if until else math.inf,
                "planned": iso(since),
                "end": iso(until) if until else "9999",
            },
        )
        return float(rows[0]["votes"]) / rows[0]["posts"] if rows[0]["posts"] else 0.0

    def _signals(
        self,
        said: Sequence[str],
        shown: str,
        team_id: str,
        owner_id: str,
        now: datetime,
        span: tuple[float, float],
    ) -> list[Signal]:
        asked = {"team": team_id, "owner": owner_id, "emoji": as_json(dict(self.emoji))}
        times = {"since": span[0], "until": span[1]}
        found = [_signal(row) for sql in said for row in self.rows(sql, {**asked, **times})]
        # ISO texts compare as times do.
        texts = {"since": iso(datetime.fromtimestamp(span[0], UTC)), "until": iso(now - UNSEEN_FOR)}
        return found + [_signal(row) for row in self.rows(shown, {**asked, **texts})]


def _signal(row: Row) -> Signal:
    at = row["at"]
    moment = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)
    return Signal(row["paper_id"], SignalKind(row["kind"]), moment, row["position"], row["user_id"])


def _standing(row: Row, begun: str) -> Standing:
    """The hours count from the beginning of the day for what was there when it was first read."""
    day = date.fromisoformat(row["day"])
    if not row["curated"] or row["last_read"] is None:
        return Standing(row["id"], day, row["title"], None, 0.0)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    listed = midnight if row["first_read"] <= begun else datetime.fromisoformat(row["first_read"])
    hours = (datetime.fromisoformat(row["last_read"]) - max(midnight, listed)).total_seconds() / 3600
    return Standing(row["id"], day, row["title"], row["upvotes"], max(0.0, hours))
