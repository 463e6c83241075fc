"""Secret links: made when they are first shown, and anew when somebody wants the old ones dead."""

from __future__ import annotations

import secrets

from bot.ingest import Clock
from storage import Store
from storage.mail_models import Link, LinkKind

#: 192 bits: nobody guesses one.
_BYTES = 24


class Links:
    """The links of one workspace, below `url`, where browsers reach the bot; empty where they don't."""

    def __init__(self, store: Store, team_id: str, url: str, clock: Clock) -> None:
        self.store = store
        self.team_id = team_id
        self.url = url
        self.clock = clock

    async def link(self, kind: LinkKind, owner_id: str, title: str = "", *, renew: bool = False) -> Link:
        """The link of a person or a channel; with `renew` a new one, and the old one leads nowhere."""
        known = None if renew else await self.store.link(self.team_id, kind, owner_id)
        if known:
            return known
        made = Link(
            team_id=self.team_id,
            kind=kind,
            owner_id=owner_id,
            token=secrets.token_urlsafe(_BYTES),
            made_at=self.clock(),
            title=title,
        )
        return await self.store.keep_link(made, renew=renew)

    async def unsubscribing(self, user_id: str) -> str:
        """Where a person's mail can be stopped without logging in; empty where browsers don't reach the bot."""
        if not self.url:
            return ""
        return unsubscribe_url(self.url, (await self.link(LinkKind.MAIL, user_id)).token)


def feed_url(url: str, token: str, form: str) -> str:
    """Where a feed is read; `form` is `atom` or `json`."""
    return f"{url}/feeds/{token}.{form}"


def edition_url(url: str, token: str, day: str) -> str:
    return f"{url}/editions/{token}/{day}"


def paper_url(url: str, token: str, paper_id: str) -> str:
    return f"{url}/papers/{token}/{paper_id}"


def unsubscribe_url(url: str, token: str) -> str:
    return f"{url}/mail/unsubscribe/{token}"
