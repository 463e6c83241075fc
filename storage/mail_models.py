"""What the store keeps of mail and feeds, as frozen values."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from storage.models import Moment, PostState, _Value


class Rhythm(StrEnum):
    """How often somebody wants mail."""

    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class MailWish(_Value):
    """Whether and where a person wants mail.

    Nothing is sent before the address is `confirmed`, nor while it is `paused`, which says why in a sentence.
    `address` is empty while it is not looked up. Editions of before `since` are not sent. `timezone` is the person's
    own in Slack, empty where that is not known.
    """

    team_id: str
    user_id: str
    rhythm: Rhythm
    since: Moment
    address: str = ""
    confirmed: bool = False
    timezone: str = ""
    paused: str = ""


class MailCode(_Value):
    """A code that was mailed to an address, to show that whoever named it reads it; only its hash is kept."""

    team_id: str
    user_id: str
    address: str
    rhythm: Rhythm
    digest: str
    sent_at: Moment
    tries: int = 0


class Pick(_Value):
    """The papers that were chosen for a person, best first: of a day, or of the week before a day.

    `passed` are those of Hugging Face's that were looked at and not chosen. `announced_day` is the newest of arXiv's
    announcements that was looked at.
    """

    team_id: str
    user_id: str
    rhythm: Rhythm
    day: date
    picked_at: Moment
    papers: tuple[str, ...]
    passed: tuple[str, ...] = ()
    announced_day: date | None = None


class Mail(_Value):
    """One mail of a person's pick of `day`: a row of the ledger, with the states of a post.

    `handed_at` is set right before the server is given the mail itself: what is interrupted later may have been sent.
    `attempts` counts those that ended in a passing trouble, after which it is not tried before `try_at`.
    """

    team_id: str
    user_id: str
    day: date
    rhythm: Rhythm
    address: str
    planned_at: Moment
    state: PostState = PostState.PLANNED
    reason: str = ""
    attempts: int = 0
    claimed_at: Moment | None = None
    handed_at: Moment | None = None
    try_at: Moment | None = None


class LinkKind(StrEnum):
    """What a secret link is for: the feed of a person or channel, or a person's mail to be stopped."""

    FEED = "feed"
    MAIL = "mail"


class Link(_Value):
    """The secret in a link: whoever knows it needs no other right. `owner_id` is a person's or a channel's.

    `title` is what the link shows, in plain text.
    """

    team_id: str
    kind: LinkKind
    owner_id: str
    token: str
    made_at: Moment
    title: str = ""
