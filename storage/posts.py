"""The ledger of posts: planned, then sending, then sent.

A post is claimed before it is sent, by a conditional update that one process wins, and only when nothing
before it in its edition is still open: so an edition comes out once and in order however many processes try.
A share is a post without a day. It goes the same way, before and after nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from storage.database import Connected, as_json, iso, to_row
from storage.exposures import KEEP_EXPOSURE, as_edition
from storage.models import Edition, Exposure, Paper, Post

_EDITION = tuple(Edition.model_fields)
_POST = tuple(Post.model_fields)
# A paper that another edition or a share has brought to the channel in the meantime is left to it.
_INSERT = (
    f"INSERT INTO posts ({', '.join(_POST)}) VALUES ({', '.join(f':{name}' for name in _POST)}) "
    "ON CONFLICT (team_id, channel_id, paper_id) WHERE paper_id != '' DO NOTHING"
)
_OF_DAY = (
    "SELECT * FROM editions WHERE team_id = :team_id AND channel_id = :channel_id AND day = :day "
    "AND series = :series"
)
# Without a day, the paper says which of a channel's shares it is.
_KEY = (
    "team_id = :team_id AND channel_id = :channel_id AND day IS :day AND series = :series "
    "AND position = :position AND paper_id = :paper_id"
)


class Posts(Connected):
    async def plan(self, edition: Edition, posts: Sequence[Post], exposures: Sequence[Exposure] = ()) -> bool:
        """Write an edition, all its posts and why each paper is in down.

        False, with nothing written, when that day is planned already.
        """
        with self.writing() as connection:
            new = connection.execute(
                f"INSERT OR IGNORE INTO editions ({', '.join(_EDITION)}) "
                f"VALUES ({', '.join(f':{name}' for name in _EDITION)})",
                to_row(edition),
            )
            if new.rowcount:
                connection.executemany(_INSERT, (to_row(post) for post in posts))
                connection.executemany(KEEP_EXPOSURE, (to_row(exposure) for exposure in exposures))
        return new.rowcount > 0

    async def adopt(self, edition: Edition | None, posts: Sequence[Post]) -> int:
        """Enter posts that were found in Slack, of an edition or shares; returns how many the ledger did not have."""
        with self.writing() as connection:
            before = connection.total_changes
            # Planned before the copy and sent after it: what is known of them is only older.
            connection.executemany(
                "UPDATE posts SET state = 'sent', ts = :ts, drawn = '', claimed_at = NULL WHERE team_id = :team_id AND "
                "channel_id = :channel_id AND paper_id = :paper_id AND (paper_id != '' OR day = :day "
                "AND series = :series AND position = :position) AND state IN ('planned', 'sending')",
                (to_row(post) for post in posts),
            )
            changed = connection.total_changes - before
            if edition:
                connection.execute(
                    f"INSERT OR IGNORE INTO editions ({', '.join(_EDITION)}) "
                    f"VALUES ({', '.join(f':{name}' for name in _EDITION)})",
                    to_row(edition),
                )
            before = connection.total_changes
            connection.executemany(
                f"INSERT OR IGNORE INTO posts ({', '.join(_POST)}) VALUES ({', '.join(f':{name}' for name in _POST)})",
                (to_row(post) for post in posts),
            )
            return changed + connection.total_changes - before

    async def channels_posted_to(self, team_id: str) -> list[str]:
        rows = self.rows("SELECT DISTINCT channel_id FROM posts WHERE team_id = :team", {"team": team_id})
        return [row["channel_id"] for row in rows]

    async def forget_unsent(
        self, team_id: str, channel_id: str, day: date, series: str = "", *, but_why: str = ""
    ) -> None:
        """Take back the plan of an edition of which nothing was sent.

        With `but_why` an edition without posts stays that says so, since a channel's editions begin with its first.
        """
        key = (team_id, channel_id, iso(day), series)
        same = "team_id = ? AND channel_id = ? AND day = ? AND series = ?"
        with self.writing() as connection:
            begun = connection.execute(
                f"SELECT 1 FROM posts WHERE {same} AND state != 'planned'", key
            ).fetchone()
            if begun is None:
                connection.execute(f"DELETE FROM posts WHERE {same}", key)
                connection.execute(f"DELETE FROM exposures WHERE {same} AND user_id = ''", key)
                if but_why:
                    connection.execute(f"UPDATE editions SET why = ? WHERE {same}", (but_why, *key))
                else:
                    connection.execute(f"DELETE FROM editions WHERE {same}", key)

    async def withdraw(self, edition: Edition) -> int:
        """Take back the posts of an edition that were not sent yet; returns how many. Their papers are free again."""
        key = to_row(edition)
        same = "team_id = :team_id AND channel_id = :channel_id AND day = :day AND series = :series"
        with self.writing() as connection:
            connection.execute(
                f"DELETE FROM exposures WHERE {same} AND user_id = '' AND paper_id IN "
                f"(SELECT paper_id FROM posts WHERE {same} AND state = 'planned')",
                key,
            )
            gone = connection.execute(f"DELETE FROM posts WHERE {same} AND state = 'planned'", key)
        return gone.rowcount

    async def plan_share(self, share: Post) -> Post:
        """Write a share down, unless the channel had its paper; returns the channel's post of the paper."""
        self.write(_INSERT, to_row(share))
        return await self.post_about(share.paper_id, share.team_id, share.channel_id) or share

    async def post_about(self, paper_id: str, team_id: str, channel_id: str) -> Post | None:
        """A channel's post of a paper, whatever its state."""
        rows = self.rows(
            "SELECT * FROM posts WHERE team_id = :team AND channel_id = :channel AND paper_id = :paper "
            "AND paper_id != ''",
            {"team": team_id, "channel": channel_id, "paper": paper_id},
        )
        return Post.model_validate(rows[0]) if rows else None

    async def forget_share(self, share: Post) -> None:
        """Take back a share that was certainly not sent."""
        self._change(f"DELETE FROM posts WHERE {_KEY} AND kind = 'share' AND state = 'planned'", share)

    async def unfinished_shares(self, team_id: str, before: datetime) -> list[Post]:
        """Shares planned before then that are neither sent nor abandoned, or not seeded yet; oldest first."""
        rows = self.rows(
            "SELECT * FROM posts WHERE team_id = :team AND day IS NULL AND planned_at < :before "
            "AND state IN ('planned', 'sending') UNION ALL SELECT * FROM posts WHERE team_id = :team "
            "AND day IS NULL AND planned_at < :before AND state = 'sent' AND seeded = 0 ORDER BY planned_at",
            {"team": team_id, "before": iso(before)},
        )
        return [Post.model_validate(row) for row in rows]

    async def edition(self, team_id: str, channel_id: str, day: date, series: str = "") -> Edition | None:
        key = {"team_id": team_id, "channel_id": channel_id, "day": iso(day), "series": series}
        rows = self.rows(_OF_DAY, key)
        return as_edition(rows[0]) if rows else None

    async def edition_of(self, post: Post) -> Edition:
        """The edition that a post is of, which must not be a share."""
        return as_edition(self.rows(_OF_DAY, to_row(post))[0])

    async def last_edition(self, team_id: str, channel_id: str) -> Edition | None:
        """A channel's newest daily edition with papers."""
        rows = self.rows(
            "SELECT * FROM editions WHERE team_id = :team AND channel_id = :channel AND series = '' AND why = '' "
            "ORDER BY day DESC LIMIT 1",
            {"team": team_id, "channel": channel_id},
        )
        return as_edition(rows[0]) if rows else None

    async def editions_began(self, team_id: str, channel_id: str) -> date | None:
        """The first day that any of a channel's daily editions is about, be it one that had no papers."""
        rows = self.rows(
            "SELECT min(listed_day) AS day FROM editions WHERE team_id = :team AND channel_id = :channel "
            "AND series = ''",
            {"team": team_id, "channel": channel_id},
        )
        return date.fromisoformat(rows[0]["day"]) if rows[0]["day"] else None

    async def unfinished_editions(self, team_id: str) -> list[Edition]:
        """Editions with a post that is neither sent nor abandoned, or a reaction still to be seeded; oldest first.

        Channels that were unsubscribed in the meantime get nothing more, nor does a topic that was paused or deleted.
        """
        rows = self.rows(
            "SELECT * FROM editions WHERE team_id = :team AND (channel_id, day, series) IN ("
            "SELECT channel_id, day, series FROM posts WHERE team_id = :team AND state IN ('planned', 'sending') "
            "UNION SELECT channel_id, day, series FROM posts WHERE team_id = :team AND state = 'sent' AND seeded = 0) "
            "AND NOT (series = '' AND channel_id IN "
            "(SELECT channel_id FROM subscriptions WHERE team_id = :team AND NOT active)) "
            "AND series NOT IN (SELECT 'topic:' || id FROM topics WHERE team_id = :team AND (deleted OR NOT active)) "
            "ORDER BY planned_at, channel_id, series",
            {"team": team_id},
        )
        return [as_edition(row) for row in rows]

    async def waiting(self, team_id: str, before: datetime) -> list[Post]:
        """Posts that may have been sent, and were claimed before then: the channel's history is yet to tell."""
        rows = self.rows(
            "SELECT * FROM posts WHERE team_id = :team AND state = 'sending' AND claimed_at < :before "
            "ORDER BY channel_id, planned_at, position",
            {"team": team_id, "before": iso(before)},
        )
        return [Post.model_validate(row) for row in rows]

    async def posts(self, edition: Edition) -> list[Post]:
        """An edition's posts in their order: the header, then the papers, best first."""
        rows = self.rows(
            "SELECT * FROM posts WHERE team_id = :team_id AND channel_id = :channel_id AND day = :day "
            "AND series = :series ORDER BY position",
            to_row(edition),
        )
        return [Post.model_validate(row) for row in rows]

    async def papers_posted(self, team_id: str, channel_id: str, ids: Sequence[str]) -> set[str]:
        """Which of these papers this channel had, or is about to have."""
        rows = self.rows(
            "SELECT paper_id FROM json_each(:ids) AS wanted CROSS JOIN posts INDEXED BY one_post_per_paper "
            "ON team_id = :team AND channel_id = :channel AND paper_id = wanted.value AND paper_id != ''",
            {"team": team_id, "channel": channel_id, "ids": as_json(list(ids))},
        )
        return {row["paper_id"] for row in rows}

    async def titles_posted(self, team_id: str, channel_id: str, since: datetime) -> list[Paper]:
        """The papers a channel had in posts that were planned since then, of which only id and title are read."""
        rows = self.rows(
            "SELECT papers.id, papers.title FROM posts JOIN papers ON papers.id = posts.paper_id "
            "WHERE posts.team_id = :team AND channel_id = :channel AND planned_at >= :since AND paper_id != ''",
            {"team": team_id, "channel": channel_id, "since": iso(since)},
        )
        return [Paper(id=row["id"], title=row["title"]) for row in rows]

    async def posts_of(self, team_id: str, paper_ids: Sequence[str]) -> list[Post]:
        """Every sent post of these papers in the workspace, newest first."""
        rows = self.rows(
            # In this order, because the planner would rather read every post there is.
            "SELECT posts.* FROM json_each(:ids) AS wanted CROSS JOIN posts INDEXED BY posts_of_paper "
            "ON team_id = :team AND paper_id = wanted.value AND paper_id != '' "
            "WHERE state = 'sent' ORDER BY ts DESC",
            {"team": team_id, "ids": as_json(list(paper_ids))},
        )
        return [Post.model_validate(row) for row in rows]

    async def lists_of(self, team_id: str, paper_ids: Sequence[str], since: datetime) -> list[Post]:
        """The lists planned since then in which any of these papers stands, and that were sent."""
        rows = self.rows(
            "SELECT * FROM posts WHERE team_id = :team AND kind = 'list' AND state = 'sent' AND planned_at >= :since "
            "AND EXISTS (SELECT 1 FROM exposures WHERE exposures.team_id = :team AND user_id = '' "
            "AND exposures.channel_id = posts.channel_id AND exposures.day = posts.day "
            "AND exposures.series = posts.series AND exposures.paper_id IN (SELECT value FROM json_each(:ids)))",
            {"team": team_id, "since": iso(since), "ids": as_json(list(paper_ids))},
        )
        return [Post.model_validate(row) for row in rows]

    async def current(self, post: Post) -> Post:
        """The post as the ledger has it now; as it was, where it was withdrawn in the meantime."""
        rows = self.rows(f"SELECT * FROM posts WHERE {_KEY}", to_row(post))
        return Post.model_validate(rows[0]) if rows else post

    async def header_ts(self, post: Post) -> str:
        """The `ts` of the header of a post's edition; empty for a share, and while the header is not sent."""
        rows = self.rows(
            "SELECT ts FROM posts WHERE team_id = :team_id AND channel_id = :channel_id AND day = :day "
            "AND series = :series AND position = 0",
            to_row(post),
        )
        return str(rows[0]["ts"]) if rows else ""

    async def paper_at(self, team_id: str, channel_id: str, ts: str) -> str | None:
        """The paper that the message `ts` is about: empty for a header, None where none was posted or linked alone."""
        rows = self.rows(
            "SELECT paper_id FROM posts WHERE team_id = :team AND channel_id = :channel AND ts = :ts AND ts != '' "
            "UNION ALL SELECT paper_id FROM pasted_links WHERE team_id = :team AND channel_id = :channel AND ts = :ts "
            "AND alone",
            {"team": team_id, "channel": channel_id, "ts": ts},
        )
        return str(rows[0]["paper_id"]) if rows else None

    async def papers_posted_since(self, team_id: str, moment: datetime) -> list[str]:
        """The papers of all posts that were planned since then, and sent; and of the links that people pasted."""
        rows = self.rows(
            "SELECT paper_id FROM posts WHERE team_id = :team AND planned_at >= :moment "
            "AND paper_id != '' AND state = 'sent' "
            "UNION SELECT paper_id FROM pasted_links WHERE team_id = :team AND ts >= :ts AND url != ''",
            {"team": team_id, "moment": iso(moment), "ts": f"{max(moment.timestamp(), 0):017.6f}"},
        )
        return [row["paper_id"] for row in rows]

    async def posts_sent_since(self, team_id: str, moment: datetime, channel_id: str = "") -> list[Post]:
        """The posts that Slack has had since then, by its own time; newest first within each channel."""
        rows = self.rows(
            "SELECT * FROM posts WHERE team_id = :team AND ts >= :ts AND ts != '' AND state = 'sent' "
            "AND :channel IN ('', channel_id) ORDER BY channel_id, ts DESC",
            # As long as Slack's own, so that text order is time order.
            {"team": team_id, "ts": f"{max(moment.timestamp(), 0):017.6f}", "channel": channel_id},
        )
        return [Post.model_validate(row) for row in rows]

    async def claim(self, post: Post, now: datetime) -> bool:
        """Take a planned post for sending; False when another has it, or an earlier one of its edition is open."""
        return self._change(
            f"UPDATE posts SET state = 'sending', claimed_at = :now WHERE {_KEY} AND state = 'planned' "
            "AND NOT EXISTS (SELECT 1 FROM posts AS earlier WHERE earlier.team_id = :team_id "
            "AND earlier.channel_id = :channel_id AND earlier.day = :day AND earlier.series = :series "
            "AND earlier.position < :position AND earlier.state IN ('planned', 'sending'))",
            post,
            now=iso(now),
        )

    async def confirm(self, post: Post, ts: str, drawn: str) -> bool:
        """Slack has the message: store its `ts` and what was drawn on it."""
        return self._change(
            f"UPDATE posts SET state = 'sent', ts = :sent_ts, drawn = :now_drawn, claimed_at = NULL "
            f"WHERE {_KEY} AND state = 'sending'",
            post,
            sent_ts=ts,
            now_drawn=drawn,
        )

    async def release(self, post: Post) -> bool:
        """Slack certainly does not have the message: back to planned.

        False when the claim is no longer this one: another process that looked for the message, too, is
        sending it by now.
        """
        return self._change(
            f"UPDATE posts SET state = 'planned', claimed_at = NULL WHERE {_KEY} AND state = 'sending' "
            "AND claimed_at IS :claimed_at",
            post,
        )

    async def abandon(self, post: Post, reason: str) -> bool:
        """Slack will never take this message: say why, and let the next one go on."""
        return self._change(
            f"UPDATE posts SET state = 'abandoned', reason = :why, claimed_at = NULL "
            f"WHERE {_KEY} AND state IN ('planned', 'sending')",
            post,
            why=reason,
        )

    async def seeded(self, post: Post) -> None:
        self._change(f"UPDATE posts SET seeded = 1 WHERE {_KEY}", post)

    async def drawn(self, post: Post, drawn: str) -> None:
        """The message now shows `drawn`."""
        self._change(f"UPDATE posts SET drawn = :now_drawn WHERE {_KEY}", post, now_drawn=drawn)

    async def lost(self, post: Post, reason: str) -> None:
        """Somebody deleted the message in Slack: it is not drawn again, and its paper is not posted again."""
        self._change(f"UPDATE posts SET state = 'abandoned', reason = :why WHERE {_KEY}", post, why=reason)

    def _change(self, sql: str, post: Post, **values: str) -> bool:
        return self.write(sql, {**to_row(post), **values}) > 0
