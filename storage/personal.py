"""What is kept of each person: where it stands, what it is, and what becomes of it when they want to be forgotten."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from storage.database import Connected, Row
from storage.groups import GROUP

#: Stands where a person stood who was forgotten, and where nobody at all would mean something else.
NOBODY = "-"


class Kept(NamedTuple):
    """A table that has rows of a person, whose Slack id is in `column`.

    `one` and `many` are what its rows are called; `purpose` and `seen_by` say in plain words what they are for and who
    sees them. To forget somebody, their rows are deleted; or, with `without`, what names them is set to something else.
    """

    table: str
    column: str
    one: str
    many: str
    purpose: str
    seen_by: str = "only you"
    without: str = ""


_VOTES, _TASTE = "your votes", "your taste"
#: Every table with a column of a person's: a test compares it with the schema.
PERSONAL = (
    Kept(
        "reactions", "user_id", "reaction", "reactions", _VOTES, "everybody in the channel, in Slack itself"
    ),
    Kept(
        "clicks",
        "user_id",
        "press of *Upvote*",
        "presses of *Upvote*",
        _VOTES,
        "only as a number, without a name",
    ),
    Kept("saves", "user_id", "saved paper", "saved papers", "`/papers saved`, and your taste"),
    Kept("openings", "user_id", "opened paper", "opened papers", _TASTE),
    Kept(
        "exposures",
        "user_id",
        "paper shown to you",
        "papers shown to you",
        "what you passed over, and your taste",
    ),
    Kept("interests", "owner_id", "wish", "wishes", "what you follow, mute and named as examples"),
    Kept("learning", "owner_id", "setting", "settings", "whether your taste is learned"),
    Kept(
        "subscriptions",
        "created_by",
        "subscribed channel",
        "subscribed channels",
        "telling you when a channel takes no posts",
        # What comes to their own direct messages ends; other channels keep what they have.
        without=f"created_by = '{NOBODY}', active = active AND channel_id NOT GLOB 'D*'",
    ),
    Kept(
        "posts",
        "shared_by",
        "shared paper",
        "shared papers",
        "saying who shared it",
        "everybody in the channel",
        # Drawn anew, it names nobody.
        "shared_by = '', drawn = ''",
    ),
    # subscriptions: a channel keeps its topic, one to oneself ends. `deleted` as the part itself writes it.
    Kept(
        "topics",
        "user_id",
        "subscribed topic",
        "subscribed topics",
        "posting its papers where you asked",
        "everybody in the channel",
        "user_id = '', active = active AND channel_id NOT GLOB 'D*', deleted = deleted OR channel_id GLOB 'D*', "
        "typed = CASE WHEN channel_id GLOB 'D*' THEN '' ELSE typed END",
    ),
    # home
    Kept("visits", "user_id", "visit of the Home tab", "visits of the Home tab", "what is new to you"),
    Kept("greetings", "user_id", "greeting", "greetings", "greeting you once"),
    Kept("read_marks", "user_id", "read mark", "read marks", "what you have read"),
    Kept(
        "reading_settings",
        "user_id",
        "setting for reading",
        "settings for reading",
        "hiding what you have read",
    ),
    Kept("private_notes", "user_id", "note of yours", "notes of yours", "your notes on papers"),
    # links
    Kept(
        "submissions",
        "user_id",
        "submitted paper",
        "submitted papers",
        "saying who brought it",
        "everybody in the channel",
        "user_id = ''",
    ),
    # mail and feeds
    Kept("mail_wishes", "user_id", "mail address", "mail addresses", "mailing you papers"),
    Kept(
        "mail_codes",
        "user_id",
        "code to confirm an address",
        "codes to confirm an address",
        "knowing that the address is yours",
    ),
    Kept("picks", "user_id", "list of papers for you", "lists of papers for you", "mail and your feed"),
    Kept("mails", "user_id", "mail", "mails", "mailing each paper once"),
    Kept("links", "owner_id", "secret link", "secret links", "your feed", "whoever has the link"),
    # weekly and group
    Kept(
        "rota",
        "user_id",
        "place in a rota",
        "places in a rota",
        "whose turn it is to present",
        "everybody in the channel",
    ),
    Kept(
        "presentations",
        "user_id",
        "paper you presented",
        "papers you presented",
        "saying who presents",
        "everybody in the channel",
        "user_id = ''",
    ),
    Kept(
        "notes",
        "user_id",
        "note in a reading group",
        "notes in a reading group",
        "keeping what was said with the paper",
        "everybody in the channel",
    ),
)
_SHOWN = """
    SELECT paper_id FROM clicks WHERE team_id = :team AND user_id = :user
    UNION SELECT posts.paper_id FROM reactions CROSS JOIN posts INDEXED BY one_post_per_message
        ON posts.team_id = :team AND posts.channel_id = reactions.channel_id AND posts.ts = reactions.ts
        AND posts.ts != '' AND posts.paper_id != ''
        WHERE reactions.team_id = :team AND reactions.user_id = :user
    UNION SELECT paper_id FROM posts WHERE team_id = :team AND shared_by = :user
    UNION SELECT paper_id FROM pasted_links JOIN reactions USING (team_id, channel_id, ts)
        WHERE team_id = :team AND user_id = :user
    UNION SELECT paper_id FROM saves WHERE team_id = :team AND user_id = :user"""
#: What shows more of a person than the votes: who presents, and in the previews of links how many saved a paper.
_STALE_AGENDAS = f"""
    UPDATE posts SET drawn = 'stale' WHERE series = '{GROUP}' AND (team_id, channel_id, day) IN
        (SELECT team_id, channel_id, day FROM presentations WHERE team_id = :team AND user_id = :user)"""
_STALE_PREVIEWS = """
    UPDATE pasted_links SET drawn = '' WHERE team_id = :team AND paper_id IN
        (SELECT paper_id FROM saves WHERE team_id = :team AND user_id = :user)"""


class Forgotten(NamedTuple):
    """How many rows of each table became nobody's, and the papers whose posts show something else now."""

    rows: Mapping[str, int]
    papers: Sequence[str]


class Personal(Connected):
    async def kept_of(self, team_id: str, user_id: str) -> dict[str, int]:
        """How many rows of each table are a person's."""
        asked = {"team": team_id, "user": user_id}
        return {
            kept.table: self.rows(f"SELECT count(*) AS rows FROM {_theirs(kept)}", asked)[0]["rows"]
            for kept in PERSONAL
        }

    async def rows_of(self, team_id: str, user_id: str) -> dict[str, list[Row]]:
        """All rows that are a person's, by table."""
        asked = {"team": team_id, "user": user_id}
        return {kept.table: self.rows(f"SELECT * FROM {_theirs(kept)}", asked) for kept in PERSONAL}

    async def forget_person(self, team_id: str, user_id: str, at: float) -> Forgotten:
        """Delete what is kept of a person, all or nothing.

        What stays is a salted hash of their id with the moment, in seconds since 1970: the reactions that they made
        before are still in Slack, and would be found there again.
        """
        asked = {"team": team_id, "user": user_id}
        papers = [row["paper_id"] for row in self.rows(_SHOWN, asked)]
        with self.writing() as connection:
            for stale in (_STALE_AGENDAS, _STALE_PREVIEWS):
                connection.execute(stale, asked)
            rows = {kept.table: connection.execute(_forgetting(kept), asked).rowcount for kept in PERSONAL}
            for before in digests_of(self, team_id, [user_id]).values():
                connection.execute("DELETE FROM forgotten WHERE digest = ?", (before.digest,))
            salt = secrets.token_bytes(16)
            connection.execute(
                "INSERT INTO forgotten (team_id, salt, digest, at) VALUES (?, ?, ?, ?)",
                (team_id, salt, _digest(user_id, salt), at),
            )
        return Forgotten(rows, papers)


class Digest(NamedTuple):
    """What is left of a person who was forgotten, last at that moment."""

    digest: bytes
    at: float


def digests_of(database: Connected, team_id: str, user_ids: Sequence[str]) -> dict[str, Digest]:
    """Those of these people who were forgotten. There are few of them, each with a salt of their own."""
    rows = database.rows("SELECT salt, digest, at FROM forgotten WHERE team_id = :team", {"team": team_id})
    return {
        user_id: Digest(row["digest"], row["at"])
        for row in rows
        for user_id in user_ids
        if _digest(user_id, row["salt"]) == row["digest"]
    }


def _digest(user_id: str, salt: bytes) -> bytes:
    return hashlib.blake2b(user_id.encode(), key=salt, digest_size=16).digest()


def _theirs(kept: Kept) -> str:
    return f"{kept.table} WHERE team_id = :team AND {kept.column} = :user"


def _forgetting(kept: Kept) -> str:
    if not kept.without:
        return f"DELETE FROM {_theirs(kept)}"
    # Where two people who were forgotten did the same, one row says it.
    return (
        f"UPDATE OR REPLACE {kept.table} SET {kept.without} WHERE team_id = :team AND {kept.column} = :user"
    )
