"""Papers by mail and in feeds, as they are told of in Slack."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from bot.messages.answers import notice
from bot.messages.blocks import Block, Message, actions, button, context
from bot.messages.text import clip
from storage.mail_models import MailWish, Rhythm

#: Its value is what is wanted: `daily`, `weekly` or `off`. No two buttons of a block may have one name.
MAIL_SET = "mail_set"
MAIL_SETS = tuple(f"{MAIL_SET}_{rhythm}" for rhythm in Rhythm)
#: Its value is the address that is confirmed.
MAIL_CONFIRM = "mail_confirm"
_LABELS = {Rhythm.DAILY: "Every day", Rhythm.WEEKLY: "Every Monday", Rhythm.OFF: "No mail"}
_ADDRESS_LIMIT = 254
_WHY_LIMIT = 300
_OTHER = "Another address: `/papers mail daily you@lab.org`."


class MailPage(NamedTuple):
    """What a person gets by mail; `following` is when the next one comes, by their own clock."""

    wish: MailWish
    following: datetime
    timezone: str
    note: str = ""


def mail_message(page: MailPage) -> Message:
    """What a person gets by mail, and buttons that change it."""
    blocks = mail_blocks(page)
    return {"text": blocks[0]["text"]["text"], "blocks": blocks}


def mail_blocks(page: MailPage) -> list[Block]:
    """The same within something larger, such as the Home tab."""
    wish = page.wish
    asks = wish.rhythm is not Rhythm.OFF and wish.address and (wish.paused or not wish.confirmed)
    rhythms = [button(f"{MAIL_SET}_{one}", _LABELS[one], one.value) for one in Rhythm if one != wish.rhythm]
    return [
        *notice(" ".join(filter(None, [page.note, _state(page)])))["blocks"],
        actions(*([_confirm_button(wish)] if asks else []), *rhythms),
        *([context(_OTHER)] if wish.rhythm is not Rhythm.OFF else []),
    ]


def _state(page: MailPage) -> str:
    wish = page.wish
    to = f"*{clip(wish.address, _ADDRESS_LIMIT)}*"
    when = f"{page.following:%H:%M} ({page.timezone})"
    often = f"each day at {when}" if wish.rhythm is Rhythm.DAILY else f"on Mondays at {when}"
    if wish.rhythm is Rhythm.OFF:
        return "You get no papers by mail."
    if not wish.address:
        return (
            "Your profile shows me no mail address that I can write to. Name one: "
            f"`/papers mail {wish.rhythm} you@lab.org`."
        )
    if not wish.confirmed:
        return f"Papers for you, {often}. Is {to} the address to send them to? Nothing is sent before you say so."
    if wish.paused:
        return f"Mail to {to} is paused: {clip(wish.paused, _WHY_LIMIT)}"
    first = f"{page.following:%A} {page.following.day} {page.following:%B}"
    return f"You get papers by mail, chosen for you, {often}, to {to}. The next comes on {first}."


def _confirm_button(wish: MailWish) -> Block:
    label = "Try it again" if wish.paused else "Yes, send them there"
    return {**button(MAIL_CONFIRM, label, wish.address), "style": "primary"}


def code_sent(address: str) -> Message:
    return notice(
        f"I have mailed a code to *{clip(address, _ADDRESS_LIMIT)}*. Type `/papers mail confirm` and the code, "
        "within a day. Until then nothing changes."
    )


def paused_mail(address: str, why: str) -> Message:
    """An address refuses mail."""
    return notice(
        f"The mail server refuses your papers for {clip(address, _ADDRESS_LIMIT)}, so I have paused them. It says: "
        f"“{clip(why, _WHY_LIMIT)}”. `/papers mail` tries again, and "
        "`/papers mail daily you@lab.org` names another address."
    )


def doubtful_mail(day: date) -> Message:
    """A mail that may have been sent, or not."""
    return notice(
        f"Your mail of {day.day} {day:%B} may not have arrived: the connection broke while the mail server was taking "
        f"it. I don't send it again, so that you don't get it twice; `/papers {day}` shows that day's papers."
    )


def feed_message(what: str, atom: str, json: str, renew: str, *, renewed: bool = False) -> Message:
    """Where a feed is read. `what` it is and the command that renews it are ours."""
    begins = "These are the new links; the old ones lead nowhere now." if renewed else "Only you see this."
    return notice(
        f"{begins} {what}, for a feed reader:\n• Atom: {atom}\n• JSON Feed: {json}\n"
        f"Whoever has a link can read it without logging in, so keep it to yourself. `{renew}` makes new ones."
    )
