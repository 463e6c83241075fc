"""Sending each person's papers once: whose hour has come, and what became of every mail.

It goes the way of the posts: planned, claimed, sent. The one thing that can't be done as with Slack is to look
afterwards whether a mail arrived. So what is interrupted before the server is given the mail is sent later, and what
is interrupted after that never again.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bot.errors import DeliveryError, PapersError, StoreError
from bot.ingest import Clock
from bot.links import Links
from bot.logs import event
from bot.mail.letter import Item, Leaving, edition_letter
from bot.mail.smtp import InDoubt, NoServer, NotTaken, Refused, Smtp, Steps
from bot.messages import Message
from bot.messages.mail import doubtful_mail, paused_mail
from bot.outcomes import NotSent
from bot.picking import LATE, Hours, Picking, slot
from bot.profiles import Profiles
from bot.slack import Identity, Slack
from storage import Store
from storage.mail_models import Mail, MailWish
from storage.models import PostState

log = logging.getLogger(__name__)

#: A claim older than this belongs to a process that is gone: all steps of sending take less together.
LEASE = timedelta(minutes=5)
#: Without a server that takes mail, nobody's is tried for so long.
REST = timedelta(minutes=5)
#: After a passing trouble with one mail it waits, longer each time, and is given up in the end.
WAITS = (5, 15, 60, 120, 240, 480)
#: A person without papers, or with a failure of ours, is looked at again after so long.
LOOK_AGAIN = timedelta(minutes=10)
DOUBT = (
    "The connection ended while the mail server was taking it, so it may have arrived, and is not sent again."
)


class Due(NamedTuple):
    """Somebody whose hour has come, and the day their papers are of."""

    wish: MailWish
    day: date


class Mailing:
    """The mail of one workspace."""

    def __init__(
        self,
        store: Store,
        picking: Picking,
        smtp: Smtp,
        links: Links,
        profiles: Profiles,
        slack: Slack,
        identity: Identity,
        hours: Hours,
        clock: Clock,
        tick: float,
    ) -> None:
        self.store = store
        self.picking = picking
        self.smtp = smtp
        self.links = links
        self.profiles = profiles
        self.slack = slack
        self.team_id = identity.team_id
        self.team = identity.team
        self.hours = hours
        self.clock = clock
        self.every = tick
        self.stopping = False
        self._under_way: asyncio.Task[None] | None = None
        self._rests_until: datetime | None = None
        self._looked_at: dict[str, datetime] = {}

    async def run(self) -> None:
        """Send what is due, for ever."""
        while not self.stopping:
            self._under_way = asyncio.create_task(self.tick())
            try:
                # Being cancelled must not end a mail in the middle: nobody could know whether it was sent.
                await asyncio.shield(self._under_way)
            except StoreError as error:
                log.error("what mail is due can't be read: %s", error)
            await asyncio.sleep(self.every)

    async def stop(self, seconds: float) -> None:
        """Finish the mail under way, and leave the rest."""
        self.stopping = True
        if self._under_way and not self._under_way.done():
            _, late = await asyncio.wait([self._under_way], timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def tick(self) -> None:
        """Plan what is due, then send or settle all that is open, one mail after the other. Raises StoreError."""
        if await self.store.copied_at() is not None:
            # What was mailed since the backup is not known before it is settled.
            return
        for due in await self._due():
            if not self.stopping:
                await self._guarded(due.wish.user_id, self._plan(due))
        for mail in await self.store.open_mails(self.team_id, self.clock()):
            if self._may_look_at(mail.user_id):
                await self._guarded(mail.user_id, self._go_on(mail))

    def _may_go_on(self) -> bool:
        rested = self._rests_until is None or self.clock() >= self._rests_until
        return rested and not self.stopping

    async def _due(self) -> list[Due]:
        """Those whose hour has come since they asked for mail, and who have no mail of it."""
        now, due = self.clock(), []
        for wish in await self.store.mail_wishes(self.team_id):
            moment = slot(wish.rhythm, self.hours.of(wish.timezone), now)
            fresh = wish.since < moment and now - moment < LATE[wish.rhythm]
            if not fresh or not self._may_look_at(wish.user_id):
                continue
            if await self.store.mail(self.team_id, wish.user_id, moment.date()) is None:
                due.append(Due(wish, moment.date()))
        return due

    def _may_look_at(self, user_id: str) -> bool:
        looked = self._looked_at.get(user_id)
        return looked is None or self.clock() - looked >= LOOK_AGAIN

    async def _guarded(self, user_id: str, mailing: Awaitable[None]) -> None:
        """One person's trouble is their own: it is logged, and they are left alone for a while."""
        try:
            await mailing
        except StoreError:
            raise
        except PapersError as error:
            log.error("somebody's mail is left for %s: %s", LOOK_AGAIN, error)
            self._looked_at[user_id] = self.clock()
        except Exception:
            log.exception("somebody's mail is left for %s", LOOK_AGAIN)
            self._looked_at[user_id] = self.clock()

    async def _plan(self, due: Due) -> None:
        """Write down what a person gets, unless they are gone, have moved to another hour, or have no papers."""
        wish, day = due
        if not await self._is_up_to_date(wish):
            return
        # Whoever opens their mail after days wants one, with the best of all of them.
        await self.store.withdraw_mails(self.team_id, wish.user_id, day)
        pick = await self.picking.pick(wish.user_id, wish.rhythm, day)
        if pick is None:
            self._looked_at[wish.user_id] = self.clock()
            return
        mail = Mail(
            team_id=self.team_id,
            user_id=wish.user_id,
            day=day,
            rhythm=wish.rhythm,
            address=wish.address,
            planned_at=self.clock(),
        )
        # Where another process was faster, its plan is the mail.
        await self.store.plan_mail(mail)

    async def _is_up_to_date(self, wish: MailWish) -> bool:
        """Whether a person is still a member, in the time zone that is known; otherwise what is known is mended."""
        try:
            profile = await self.profiles.of(wish.user_id)
        except (DeliveryError, NotSent) as error:
            log.warning("a profile can't be read, so it counts as it was: %s", error)
            return True
        if not profile.here:
            gone = wish.model_copy(update={"paused": "You are not a member of this workspace any more."})
            await self.store.keep_mail_wish(gone)
            return False
        if profile.timezone and profile.timezone != wish.timezone:
            await self.store.keep_mail_wish(wish.model_copy(update={"timezone": profile.timezone}))
            return False
        return True

    async def _go_on(self, mail: Mail) -> None:
        """A mail of before: sent now, or settled when the process that had it is gone."""
        if mail.state is PostState.PLANNED:
            if self._may_go_on():
                await self._send(mail)
        elif mail.claimed_at is None or self.clock() - mail.claimed_at >= LEASE:
            if mail.handed_at is None:
                await self.store.release_mail(mail, "It was interrupted before it was sent.", self.clock())
            else:
                await self._doubt(mail)

    async def _send(self, mail: Mail) -> None:
        claimed = await self.store.claim_mail(mail, self.clock())
        if claimed is None:
            return
        try:
            letter = edition_letter(
                claimed,
                await items_of(self.store, self.picking, claimed),
                await self._leaving(claimed),
                claimed.planned_at,
                self.team,
            )
            steps = Steps(lambda: self._hand_over(claimed), lambda: self._sent(claimed))
            await self.smtp.send(letter, claimed.address, steps)
        except NotTaken as later:
            await self._try_later(claimed, str(later))
        except NoServer as trouble:
            log.error("the mail server can't be used, so mail rests for %s: %s", REST, trouble)
            self._rests_until = self.clock() + REST
            await self.store.release_mail(claimed, str(trouble), self._rests_until)
        except Refused as refused:
            await self._refuse(claimed, str(refused))
        except InDoubt as unknown:
            log.warning("whether a mail of %s was sent is not known: %s", claimed.day, unknown)
            await self._doubt(claimed)

    async def _sent(self, mail: Mail) -> None:
        await self.store.confirm_mail(mail)
        event(log, "mail sent", day=mail.day)

    async def _hand_over(self, mail: Mail) -> bool:
        """The last look: whether the claim is still ours and the mail still wanted, from now on it may be sent."""
        wish = await self.store.mail_wish(self.team_id, mail.user_id)
        wanted = (mail.address, mail.rhythm, True, "")
        if wish is None or (wish.address, wish.rhythm, wish.confirmed, wish.paused) != wanted:
            await self.store.abandon_mail(mail, "It was no longer wanted.")
            return False
        return await self.store.hand_mail_over(mail, self.clock())

    async def _leaving(self, mail: Mail) -> Leaving:
        return Leaving(self.smtp.sender, await self.links.unsubscribing(mail.user_id))

    async def _try_later(self, mail: Mail, why: str) -> None:
        """A passing trouble with this mail alone; after a day of them there is a newer one."""
        if mail.attempts >= len(WAITS):
            await self.store.abandon_mail(mail, why)
            log.error("a mail of %s is abandoned: %s", mail.day, _code(why))
            return
        again = self.clock() + timedelta(minutes=WAITS[mail.attempts])
        await self.store.release_mail(mail, why, again)
        log.info("a mail of %s is tried again at %s: %s", mail.day, again, _code(why))

    async def _refuse(self, mail: Mail, why: str) -> None:
        await self.store.abandon_mail(mail, why)
        log.error("a mail of %s is abandoned, and its person's mail paused: %s", mail.day, _code(why))
        if await self.store.pause_mail(mail, why):
            await self._tell(mail, paused_mail(mail.address, why))

    async def _doubt(self, mail: Mail) -> None:
        if await self.store.abandon_mail(mail, DOUBT):
            await self._tell(mail, doubtful_mail(mail.day))

    async def _tell(self, mail: Mail, message: Message) -> None:
        try:
            await self.slack.tell(mail.user_id, message)
        except (DeliveryError, NotSent) as error:
            log.warning("somebody can't be told about their mail: %s", error)


async def items_of(store: Store, picking: Picking, mail: Mail) -> list[Item]:
    """The papers of a mail as they are now, each with its votes and why this person gets it."""
    pick = await store.pick(mail.team_id, mail.user_id, mail.rhythm, mail.day)
    papers = await store.papers(pick.papers if pick else ())
    tallies = await store.tallies(mail.team_id, [paper.id for paper in papers])
    return [Item(paper, tallies[paper.id], await picking.why(paper, mail.user_id)) for paper in papers]


def _code(why: str) -> str:
    """What of a server's answer the log may hold: the rest of it can name a person's address."""
    code = re.match(r"\d{3}( \d\.\d+\.\d+)?", why)
    return code[0] if code else why
