"""What must be true when everything is quiet: the ledger, the votes and the saves against what Slack has.

It reads the database with SQL of its own, so that a query of the bot's that is wrong can't hide what it did.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.messages import SAVE, SHARE, VOTE, press_of
from bot.workspace import Message, Workspace

Row = dict[str, Any]
_OPEN = ("planned", "sending")


@dataclass
class Verdict:
    """What is there twice, what is missing, and what else is wrong; a sentence each."""

    duplicates: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return [*self.duplicates, *self.losses, *self.wrong, *self.unfinished]


class Check:
    """One look at the database and the workspace, which must stand still."""

    def __init__(
        self, database: Path, slack: Workspace, emoji: Mapping[str, int], channels: Collection[str]
    ) -> None:
        self.slack = slack
        self.emoji = emoji
        self.channels = channels
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        self.posts = self._rows(connection, "posts")
        self.editions = self._rows(connection, "editions")
        self.reactions = self._rows(connection, "reactions")
        self.clicks = self._rows(connection, "clicks")
        self.saves = self._rows(connection, "saves")
        connection.close()

    def verdict(self, listed: Collection[str] = ()) -> Verdict:
        """`listed` are the papers that every channel must have had by now."""
        return Verdict(
            duplicates=[*self._twice()],
            losses=[*self._missing(listed), *self._lost_presses(), *self._lost_saves(), *self._lost_shares()],
            wrong=[*self._ledger(), *self._order(), *self._reactions(), *self._votes()],
            unfinished=[*self._open()],
        )

    def _rows(self, connection: sqlite3.Connection, table: str) -> list[Row]:
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]

    def _messages(self) -> Iterator[Message]:
        """What the bot wrote in channels."""
        for channel in self.channels:
            for message in self.slack.known_channel(channel).messages.values():
                if message.user == self.slack.bot_user_id and not message.deleted:
                    yield message

    def _twice(self) -> Iterator[str]:
        seen: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
        for message in self._messages():
            carried = _carried(message)
            # A header has no paper, and is one of its edition.
            key = (
                message.channel,
                carried.get("paper", ""),
                "" if carried.get("paper") else carried.get("edition", ""),
                "" if carried.get("paper") else f"{carried.get('series', '')} {carried.get('position', '')}",
            )
            seen[key].append(message.ts)
        for (channel, paper, edition, which), found in seen.items():
            if len(found) > 1:
                named = paper or f"post {which.strip()} of {edition}"
                yield f"{named} is in {channel} {len(found)} times: {', '.join(found)}"

    def _ledger(self) -> Iterator[str]:
        known = {(post["channel_id"], post["ts"]): post for post in self.posts if post["ts"]}
        there = {(message.channel, message.ts): message for message in self._messages()}
        for place, message in there.items():
            if place not in known:
                yield f"the message {place[1]} in {place[0]} ({_carried(message)}) is in no row of the ledger"
        for place, post in known.items():
            if post["state"] != "sent":
                yield f"{_named(post)} has a ts and is {post['state']} ({post['reason']})"
            elif place not in there:
                yield f"{_named(post)} is sent as {post['ts']}, which is not in the channel"
            elif _expected(post) != _carried(there[place]):
                yield f"{_named(post)} points to a message that carries {_carried(there[place])}"
        for post in self.posts:
            if post["state"] == "abandoned" and not post["reason"]:
                yield f"{_named(post)} is abandoned without a reason"
            if post["state"] == "sent" and not post["ts"]:
                yield f"{_named(post)} is sent without a ts"

    def _order(self) -> Iterator[str]:
        of: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for post in self.posts:
            if post["day"] and post["state"] == "sent":
                of[post["channel_id"], post["day"], post["series"]].append(post)
        for (channel, day, series), posts in of.items():
            posts.sort(key=lambda post: int(post["position"]))
            stamps = [post["ts"] for post in posts]
            if stamps != sorted(stamps):
                yield f"the edition of {day} in {channel} is out of order: {stamps}"
            # A day without papers has a note instead, and nothing after it.
            begins = posts[0]["kind"] == "header" or (posts[0]["kind"] == "note" and len(posts) == 1)
            if not series and not begins:
                yield f"the edition of {day} in {channel} begins with {_named(posts[0])}"
            for post in posts:
                message = self.slack.known_channel(channel).messages.get(post["ts"])
                wanted = stamps[0] if post["kind"] == "rest" else None
                if message and message.thread_ts != wanted:
                    yield f"{_named(post)} is in the thread {message.thread_ts} instead of {wanted}"

    def _open(self) -> Iterator[str]:
        for post in self.posts:
            if post["state"] in _OPEN:
                yield f"{_named(post)} is still {post['state']}"
            elif post["state"] == "sent" and not post["seeded"]:
                yield f"{_named(post)} has no reaction of the bot"

    def _missing(self, listed: Collection[str]) -> Iterator[str]:
        had = {(post["channel_id"], post["paper_id"]) for post in self.posts}
        told = self._told_as_missed()
        for channel in self.channels:
            lacking = [paper for paper in listed if (channel, paper) not in had]
            by_day = Counter(_day_of(paper) for paper in lacking)
            for paper in lacking:
                if by_day[_day_of(paper)] > told[channel, _day_of(paper)]:
                    yield f"{paper} never came to {channel}"

    def _told_as_missed(self) -> Counter[tuple[str, str]]:
        """How many papers of a day the header of a later edition says were in none, by channel and day.

        Whose posting broke off twice in a row can be too old for a third edition.
        """
        told: Counter[tuple[str, str]] = Counter()
        for edition in self.editions:
            for day, papers in json.loads(edition["missed"]).items():
                told[edition["channel_id"], day] += papers
        return told

    def _reactions(self) -> Iterator[str]:
        ours = {
            (row["channel_id"], row["ts"], row["user_id"], row["emoji"])
            for row in self.reactions
            if row["present"]
        }
        shown = {
            (message.channel, message.ts, user, emoji)
            for message in self._messages()
            for emoji, users in message.reactions.items()
            for user in users
            if user != self.slack.bot_user_id
        }
        for channel, ts, user, emoji in shown - ours:
            yield f"Slack shows {emoji} of {user} on {ts} in {channel}, and the store does not"
        for channel, ts, user, emoji in ours - shown:
            yield f"the store has {emoji} of {user} on {ts} in {channel}, and Slack does not show it"

    def votes(self) -> dict[tuple[str, str], set[int]]:
        """What each person may be counted as saying of each paper; several where they say different things."""
        paper_of = {(post["channel_id"], post["ts"]): post["paper_id"] for post in self.posts if post["ts"]}
        said: dict[tuple[str, str], set[int]] = defaultdict(set)
        for message in self._messages():
            for emoji, users in message.reactions.items():
                value, paper = (
                    self.emoji.get(emoji.partition("::")[0]),
                    paper_of.get((message.channel, message.ts)),
                )
                if value and paper:
                    for user in users:
                        said[user, paper].add(value)
        for (user, paper), presses in self._presses().items():
            if presses[-1]["value"] == 1:
                said[user, paper].add(1)
        return {key: values for key, values in said.items() if key[0] != self.slack.bot_user_id}

    def _presses(self) -> dict[tuple[str, str], list[Row]]:
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in sorted(self.clicks, key=lambda row: float(row["clicked_at"])):
            found[row["user_id"], row["paper_id"]].append(row)
        return found

    def _acked(self, action_id: str) -> Iterator[tuple[Row, Row, bool]]:
        """Every press of such a button, what was pressed, and whether Slack heard that it arrived."""
        for delivery in self.slack.deliveries:
            for action in delivery.payload.get("actions") or []:
                if delivery.kind == "interactive" and action["action_id"] == action_id:
                    yield delivery.payload, action, delivery.acked

    def _lost_presses(self) -> Iterator[str]:
        kept, reacting = (
            {row["click_id"] for row in self.clicks},
            {row["user_id"] for row in self._voting_rows()},
        )
        for body, action, acked in self._acked(VOTE):
            user = body["user"]["id"]
            # Beside a reaction that counts, a press changes nothing.
            if acked and user not in reacting and f"{action['action_ts']}:{body['trigger_id']}" not in kept:
                yield f"{user} pressed for {action['value']} at {action['action_ts']}, and it is not in the store"

    def _voting_rows(self) -> Iterator[Row]:
        return (row for row in self.reactions if row["emoji"].partition("::")[0] in self.emoji)

    def _votes(self) -> Iterator[str]:
        """Presses alternate, where all of somebody's presses were acknowledged and no reaction came between."""
        unsure = {
            (body["user"]["id"], action["value"]) for body, action, acked in self._acked(VOTE) if not acked
        }
        reacting = {row["user_id"] for row in self._voting_rows()}
        for (user, paper), presses in self._presses().items():
            values = [press["value"] for press in presses]
            expected = [1 - n % 2 for n in range(len(values))]
            if (user, paper) not in unsure and user not in reacting and values != expected:
                yield f"{user} pressed for {paper} {len(values)} times, which counted as {values}"

    def _lost_saves(self) -> Iterator[str]:
        pressed = {}
        for body, action, acked in self._acked(SAVE):
            press = press_of(action["value"])
            pressed[body["user"]["id"], press.paper_id, float(action["action_ts"])] = (press.save, acked)
        kept = {(row["user_id"], row["paper_id"]): row for row in self.saves}
        for (user, paper, at), (_, acked) in pressed.items():
            row = kept.get((user, paper))
            if acked and (row is None or row["pressed_at"] < at):
                yield f"{user} pressed Save of {paper} at {at}, and the store has nothing as late"
        for (user, paper), row in kept.items():
            if pressed.get((user, paper, row["pressed_at"]), (None, True))[0] != bool(row["saved"]):
                yield f"the store says of {user} and {paper} saved={row['saved']}, which nobody pressed"

    def _lost_shares(self) -> Iterator[str]:
        had = {(post["channel_id"], post["paper_id"]) for post in self.posts}
        for body, action, acked in self._acked(SHARE):
            channel = body["channel"]["id"]
            if acked and (channel, action["value"]) not in had:
                yield f"{body['user']['id']} shared {action['value']} in {channel}, and it never came"


def _day_of(paper: str) -> str:
    """The day on which a paper was listed, which its number tells: `2603.18004` is of 18 March 2026."""
    return f"20{paper[:2]}-{paper[2:4]}-{paper[5:7]}"


def _carried(message: Message) -> Row:
    return dict((message.metadata or {}).get("event_payload") or {})


def _expected(post: Row) -> Row:
    of = {"series": post["series"], "kind": post["kind"]} if post["series"] else {}
    return {"edition": post["day"] or "shared", "position": post["position"], "paper": post["paper_id"], **of}


def _named(post: Row) -> str:
    return (
        f"{post['kind']} {post['position']} of {post['day'] or 'no day'} in {post['channel_id']} "
        f"({post['paper_id'] or 'no paper'})"
    )


def digest(verdict: Verdict, most: int = 15) -> str:
    """The first of each kind of trouble, to be read."""
    lines = []
    for name in ("duplicates", "losses", "wrong", "unfinished"):
        found: list[str] = getattr(verdict, name)
        if found:
            lines += [f"{len(found)} {name}:", *(f"  - {line}" for line in found[:most])]
    return "\n".join(lines) or json.dumps("nothing")
