"""Who wants mail, what was chosen for them, and the ledger of what was sent.

A mail is planned, claimed (sending), handed over, and sent. SMTP can't be asked afterwards, so what was interrupted
after it was handed over is abandoned: it may have arrived, and must not come twice. What was interrupted before that
is planned again.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from pydantic import BaseModel

from storage.database import Connected, Row, iso, to_row
from storage.mail_models import Mail, MailCode, MailWish, Pick, Rhythm

_OF_PERSON = "team_id = :team_id AND user_id = :user_id"
_MAIL = f"{_OF_PERSON} AND day = :day"


def _insert(model: type[BaseModel], table: str, verb: str = "INSERT OR IGNORE") -> str:
    names = tuple(model.model_fields)
    return f"{verb} INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"


class Mails(Connected):
    async def mail_wish(self, team_id: str, user_id: str) -> MailWish | None:
        rows = self.rows(
            f"SELECT * FROM mail_wishes WHERE {_OF_PERSON}", {"team_id": team_id, "user_id": user_id}
        )
        return MailWish.model_validate(rows[0]) if rows else None

    async def mail_wishes(self, team_id: str) -> list[MailWish]:
        """Those who are to get mail: who confirmed an address that takes it."""
        rows = self.rows(
            "SELECT * FROM mail_wishes WHERE team_id = :team AND rhythm != 'off' AND confirmed AND paused = '' "
            "ORDER BY user_id",
            {"team": team_id},
        )
        return [MailWish.model_validate(row) for row in rows]

    async def keep_mail_wish(self, wish: MailWish) -> None:
        """Write down what a person wants now. What is planned for another address, or no longer wanted, is dropped."""
        with self.writing() as connection:
            connection.execute(_insert(MailWish, "mail_wishes", "INSERT OR REPLACE"), to_row(wish))
            connection.execute(
                f"DELETE FROM mails WHERE {_OF_PERSON} AND state = 'planned' AND "
                "(:rhythm != rhythm OR :address != address OR NOT :confirmed)",
                to_row(wish),
            )

    async def pause_mail(self, mail: Mail, reason: str) -> bool:
        """Send nothing more to an address that refused a mail; False when the person has another by now."""
        sql = (
            f"UPDATE mail_wishes SET paused = :why WHERE {_OF_PERSON} AND address = :address AND paused = ''"
        )
        return self.write(sql, {**to_row(mail), "why": reason}) > 0

    async def keep_mail_code(self, code: MailCode, since: datetime) -> None:
        """Write down a code that is mailed; the person's codes of before `since` are forgotten."""
        with self.writing() as connection:
            connection.execute(
                f"DELETE FROM mail_codes WHERE {_OF_PERSON} AND sent_at < :since",
                {**to_row(code), "since": iso(since)},
            )
            connection.execute(_insert(MailCode, "mail_codes"), to_row(code))

    async def mail_codes(self, team_id: str, user_id: str, since: datetime) -> list[MailCode]:
        """The codes that were mailed for a person since then, newest first."""
        rows = self.rows(
            f"SELECT * FROM mail_codes WHERE {_OF_PERSON} AND sent_at >= :since ORDER BY sent_at DESC",
            {"team_id": team_id, "user_id": user_id, "since": iso(since)},
        )
        return [MailCode.model_validate(row) for row in rows]

    async def try_mail_code(self, code: MailCode, most: int) -> bool:
        """Count one more guess at a code; False when there were too many."""
        sql = (
            f"UPDATE mail_codes SET tries = tries + 1 WHERE {_OF_PERSON} AND sent_at = :sent_at "
            "AND tries < :most"
        )
        return self.write(sql, {**to_row(code), "most": most}) > 0

    async def spend_mail_code(self, code: MailCode, most: int) -> None:
        """The code was right, once; it stays, so that the day's codes can be counted."""
        self.write(
            f"UPDATE mail_codes SET tries = :most WHERE {_OF_PERSON} AND sent_at = :sent_at",
            {**to_row(code), "most": most},
        )

    async def keep_pick(self, pick: Pick) -> Pick:
        """Write down what was chosen for a person; returns what another process chose, where it was faster."""
        self.write(_insert(Pick, "picks"), to_row(pick))
        return await self.pick(pick.team_id, pick.user_id, pick.rhythm, pick.day) or pick

    async def pick(self, team_id: str, user_id: str, rhythm: Rhythm, day: date) -> Pick | None:
        rows = self.rows(
            f"SELECT * FROM picks WHERE {_OF_PERSON} AND rhythm = :rhythm AND day = :day",
            {"team_id": team_id, "user_id": user_id, "rhythm": rhythm.value, "day": iso(day)},
        )
        return _pick(rows[0]) if rows else None

    async def picks(self, team_id: str, user_id: str, rhythm: Rhythm, limit: int) -> list[Pick]:
        """What was chosen for a person, newest first."""
        rows = self.rows(
            f"SELECT * FROM picks WHERE {_OF_PERSON} AND rhythm = :rhythm ORDER BY day DESC LIMIT :limit",
            {"team_id": team_id, "user_id": user_id, "rhythm": rhythm.value, "limit": limit},
        )
        return [_pick(row) for row in rows]

    async def withdraw_mails(self, team_id: str, user_id: str, before: date) -> None:
        """Take back what was planned before a day and not sent; its papers are free for a newer mail."""
        older = f"{_OF_PERSON} AND day < :before"
        values = {"team_id": team_id, "user_id": user_id, "before": iso(before)}
        with self.writing() as connection:
            # Not deleted, because it tells that there were papers for this person before.
            connection.execute(
                f"UPDATE picks SET papers = '[]', passed = '[]', announced_day = NULL WHERE {older} "
                "AND EXISTS (SELECT 1 FROM mails WHERE mails.team_id = picks.team_id "
                "AND mails.user_id = picks.user_id AND mails.day = picks.day AND mails.rhythm = picks.rhythm "
                "AND mails.state = 'planned')",
                values,
            )
            connection.execute(f"DELETE FROM mails WHERE {older} AND state = 'planned'", values)

    async def plan_mail(self, mail: Mail) -> bool:
        """Write down that a mail is to be sent; False where the person has one of that day."""
        return self.write(_insert(Mail, "mails"), to_row(mail)) > 0

    async def mail(self, team_id: str, user_id: str, day: date) -> Mail | None:
        rows = self.rows(
            f"SELECT * FROM mails WHERE {_MAIL}",
            {"team_id": team_id, "user_id": user_id, "day": iso(day)},
        )
        return Mail.model_validate(rows[0]) if rows else None

    async def open_mails(self, team_id: str, now: datetime) -> list[Mail]:
        """Mails that can be sent now, or are being sent; oldest first."""
        rows = self.rows(
            "SELECT * FROM mails WHERE team_id = :team AND (state = 'sending' OR state = 'planned' "
            "AND (try_at IS NULL OR try_at <= :now)) ORDER BY planned_at, user_id",
            {"team": team_id, "now": iso(now)},
        )
        return [Mail.model_validate(row) for row in rows]

    async def claim_mail(self, mail: Mail, now: datetime) -> Mail | None:
        """Take a planned mail for sending; None when another process has it, or it is not wanted any more."""
        claimed = self.write(
            f"UPDATE mails SET state = 'sending', claimed_at = :now, handed_at = NULL WHERE {_MAIL} "
            "AND state = 'planned'",
            {**to_row(mail), "now": iso(now)},
        )
        return await self.mail(mail.team_id, mail.user_id, mail.day) if claimed else None

    async def hand_mail_over(self, mail: Mail, now: datetime) -> bool:
        """From now on the mail may have been sent. False when the claim is no longer this one: it must not be sent."""
        return self._settle(mail, "handed_at = :now", now=iso(now))

    async def confirm_mail(self, mail: Mail) -> bool:
        return self._settle(mail, "state = 'sent', claimed_at = NULL")

    async def release_mail(self, mail: Mail, reason: str, try_at: datetime) -> bool:
        """The server certainly does not have it: back to planned, for a later time."""
        return self._settle(
            mail,
            "state = 'planned', claimed_at = NULL, handed_at = NULL, attempts = attempts + 1, "
            "reason = :why, try_at = :again",
            why=reason,
            again=iso(try_at),
        )

    async def abandon_mail(self, mail: Mail, reason: str) -> bool:
        return self._settle(mail, "state = 'abandoned', claimed_at = NULL, reason = :why", why=reason)

    async def begin_mail_anew(self, now: datetime) -> None:
        """After a backup was put back: nobody knows what was mailed since, so only what comes is mailed."""
        with self.writing() as connection:
            connection.execute("UPDATE mail_wishes SET since = :now WHERE since < :now", {"now": iso(now)})
            connection.execute(
                "UPDATE mails SET state = 'abandoned', claimed_at = NULL, "
                "reason = 'A backup was put back, and it may have been sent since.' "
                "WHERE state IN ('planned', 'sending')"
            )

    def _settle(self, mail: Mail, change: str, **values: str) -> bool:
        """Change a mail that this process has claimed."""
        sql = f"UPDATE mails SET {change} WHERE {_MAIL} AND state = 'sending' AND claimed_at IS :claimed_at"
        return self.write(sql, {**to_row(mail), **values}) > 0


def _pick(row: Row) -> Pick:
    return Pick.model_validate({**row, **{name: json.loads(row[name]) for name in ("papers", "passed")}})
