"""`/papers mail`, and the buttons of its answer: what a person wants by mail, and where to."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from email.message import EmailMessage

from bot.asking import Answer, Asker
from bot.errors import UsageError
from bot.ingest import Clock
from bot.mail.letter import Envelope, code_letter
from bot.mail.server import is_address
from bot.mail.smtp import InDoubt, NoServer, NotTaken, Refused, Smtp, Steps
from bot.messages import Message, Place, clip
from bot.messages.mail import MailPage, code_sent, mail_message
from bot.picking import Hours, following
from bot.profiles import Profile, Profiles
from bot.slack import Identity
from storage import Store
from storage.mail_models import MailCode, MailWish, Rhythm

#: Without letters and figures that look alike.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 8
_CODE_HOLDS = timedelta(days=1)
#: Nobody is to be flooded with codes, and none to be guessed.
MOST_CODES, MOST_TRIES = 3, 5
_RHYTHM = re.compile(r"(daily|weekly|off)(?: (\S+@\S+))?", re.IGNORECASE)
_CONFIRM = re.compile(r"confirm (\S+)", re.IGNORECASE)
# Some of Slack's clients make a link of an address that is typed.
_LINKED = re.compile(r"<mailto:([^|>]+)(?:\|[^>]*)?>")
NOT_SET_UP = (
    "I can't send mail here. Whoever runs me can turn it on with `PAPERS_SMTP_URL` and `PAPERS_MAIL_FROM`."
)
TOO_OLD = "This button is about an address that is no longer yours here. `/papers mail` shows how it stands."


class Choosing:
    """What the people of one workspace want by mail. Without `smtp` nobody can have any.

    Raises UsageError with the sentence a person reads.
    """

    def __init__(
        self,
        store: Store,
        smtp: Smtp | None,
        profiles: Profiles,
        identity: Identity,
        hours: Hours,
        clock: Clock,
    ) -> None:
        self.store = store
        self.smtp = smtp
        self.profiles = profiles
        self.team_id = identity.team_id
        self.team = identity.team
        self.hours = hours
        self.clock = clock

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers mail [daily|weekly [address] | off | confirm CODE]`."""
        if not rest:
            return self.page(asker.user_id)
        if confirmed := _CONFIRM.fullmatch(rest):
            return self._confirm_code(asker.user_id, confirmed[1])
        chosen = _RHYTHM.fullmatch(_LINKED.sub(r"\1", rest))
        if chosen is None:
            return None
        return self._choose(asker.user_id, Rhythm(chosen[1].lower()), chosen[2] or "")

    async def remember(self, user_id: str, rhythm: Rhythm) -> None:
        """Write down how often a person wants mail; where to, is found out by `page`."""
        self._set_up()
        wish = await self.store.mail_wish(self.team_id, user_id) or self._nothing(user_id)
        if wish.rhythm != rhythm:
            changed = wish.model_copy(update={"rhythm": rhythm, "since": self.clock()})
            await self.store.keep_mail_wish(changed)

    async def confirm(self, user_id: str, address: str) -> None:
        """A person says that this is where their papers go; it also ends a pause."""
        self._set_up()
        wish = await self.store.mail_wish(self.team_id, user_id)
        if wish is None or wish.address != address:
            raise UsageError(TOO_OLD)
        if not wish.confirmed or wish.paused:
            changed = {"confirmed": True, "paused": "", "since": self.clock()}
            await self.store.keep_mail_wish(wish.model_copy(update=changed))

    async def page(self, user_id: str, note: str = "") -> Message:
        """What a person gets by mail. Where their address is not known yet, it is looked up in their profile."""
        self._set_up()
        wish = await self.store.mail_wish(self.team_id, user_id) or self._nothing(user_id)
        if wish.rhythm is not Rhythm.OFF and not wish.address:
            wish = _at_home(wish, await self.profiles.of(user_id))
            await self.store.keep_mail_wish(wish)
        return mail_message(self._page(wish, note))

    async def standing(self, user_id: str) -> MailPage | None:
        """What a person gets by mail, as far as that is stored; None where nobody can have any."""
        if self.smtp is None:
            return None
        return self._page(await self.store.mail_wish(self.team_id, user_id) or self._nothing(user_id))

    def _page(self, wish: MailWish, note: str = "") -> MailPage:
        hour = self.hours.of(wish.timezone)
        rhythm = Rhythm.DAILY if wish.rhythm is Rhythm.OFF else wish.rhythm
        return MailPage(wish, following(rhythm, hour, self.clock()), hour.zone.key, note)

    async def leave(self, team_id: str, user_id: str) -> None:
        """No more mail, as the link in each of them asks for."""
        wish = await self.store.mail_wish(team_id, user_id)
        if wish and wish.rhythm is not Rhythm.OFF:
            await self.store.keep_mail_wish(wish.model_copy(update={"rhythm": Rhythm.OFF}))

    def _nothing(self, user_id: str) -> MailWish:
        return MailWish(team_id=self.team_id, user_id=user_id, rhythm=Rhythm.OFF, since=self.clock())

    def _set_up(self) -> Smtp:
        if self.smtp is None:
            raise UsageError(NOT_SET_UP)
        return self.smtp

    async def _choose(self, user_id: str, rhythm: Rhythm, address: str) -> Message:
        if not address or rhythm is Rhythm.OFF:
            await self.remember(user_id, rhythm)
            return await self.page(user_id)
        self._set_up()
        if not is_address(address):
            raise UsageError(f"I can't write to {clip(address, 100)}: an address looks like `you@lab.org`.")
        wish = await self.store.mail_wish(self.team_id, user_id)
        if wish and wish.confirmed and wish.address == address:
            await self.remember(user_id, rhythm)
            return await self.page(user_id)
        profile = await self.profiles.of(user_id)
        if profile.address.casefold() == address.casefold():
            # It is theirs, as Slack knows; a button is enough.
            wish = _at_home(self._nothing(user_id).model_copy(update={"rhythm": rhythm}), profile)
            await self.store.keep_mail_wish(wish)
            return await self.page(user_id)
        return await self._send_code(user_id, rhythm, address)

    async def _send_code(self, user_id: str, rhythm: Rhythm, address: str) -> Message:
        now, smtp = self.clock(), self._set_up()
        if len(await self.store.mail_codes(self.team_id, user_id, now - _CODE_HOLDS)) >= MOST_CODES:
            raise UsageError(
                f"I have mailed {MOST_CODES} codes for you within a day. Try again tomorrow, or type "
                "`/papers mail confirm` and the last code."
            )
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
        kept = MailCode(
            team_id=self.team_id,
            user_id=user_id,
            address=address,
            rhythm=rhythm,
            digest=_digest(code),
            sent_at=now,
        )
        # Before it is sent, because a code that arrives must be known.
        await self.store.keep_mail_code(kept, now - _CODE_HOLDS)
        await _send(smtp, code_letter(code, Envelope(smtp.sender, address, now), self.team), address)
        return code_sent(address)

    async def _confirm_code(self, user_id: str, code: str) -> Message:
        self._set_up()
        codes = await self.store.mail_codes(self.team_id, user_id, self.clock() - _CODE_HOLDS)
        if not codes:
            raise UsageError(
                "No code of the last day is waiting to be confirmed. `/papers mail daily you@lab.org` mails you one."
            )
        newest = codes[0]
        if not await self.store.try_mail_code(newest, MOST_TRIES):
            raise UsageError(
                "This code is used up, by you or by wrong ones. `/papers mail daily you@lab.org` mails you a new one."
            )
        if not hmac.compare_digest(newest.digest, _digest(code)):
            raise UsageError(
                "That is not the code that I mailed last. Look at the newest mail from me again."
            )
        before = await self.store.mail_wish(self.team_id, user_id) or self._nothing(user_id)
        changed = {"rhythm": newest.rhythm, "address": newest.address, "confirmed": True, "paused": ""}
        await self.store.keep_mail_wish(before.model_copy(update={**changed, "since": self.clock()}))
        await self.store.spend_mail_code(newest, MOST_TRIES)
        return await self.page(user_id, "Confirmed.")


async def _send(smtp: Smtp, letter: EmailMessage, address: str) -> None:
    try:
        await smtp.send(letter, address, Steps())
    except Refused as refused:
        raise UsageError(
            f"The mail server refuses {clip(address, 100)}: “{clip(str(refused), 200)}”. Check the address."
        ) from refused
    except (NoServer, NotTaken, InDoubt) as error:
        raise UsageError("The mail server can't be reached just now. Try again in a few minutes.") from error


def _at_home(wish: MailWish, profile: Profile) -> MailWish:
    """With the address and time zone of a profile; Slack has confirmed that address, the person has not."""
    address = profile.address if is_address(profile.address) else ""
    return wish.model_copy(update={"address": address, "timezone": profile.timezone, "confirmed": False})


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()
