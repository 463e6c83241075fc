"""`/papers feed`: where a person's or a channel's papers can be read as a feed."""

from __future__ import annotations

from bot.asking import Answer, Asker
from bot.errors import DeliveryError, UsageError
from bot.links import Links, feed_url
from bot.mail.words import clip_line
from bot.messages import Message, Place
from bot.messages.mail import feed_message
from bot.outcomes import repeatable
from bot.permission import Permission
from bot.slack import Slack
from storage.mail_models import LinkKind

_FORMS = {(): (False, False), ("here",): (True, False), ("renew",): (False, True)} | dict.fromkeys(
    (("here", "renew"), ("renew", "here")), (True, True)
)
_NOT_SET_UP = (
    "There are no feeds here, because browsers can't reach me. Whoever runs me can turn them on with "
    "`PAPERS_PUBLIC_URL`."
)


class FeedAsking:
    """Shows and renews the links of feeds. Raises UsageError with the sentence a person reads."""

    def __init__(self, links: Links, slack: Slack, permission: Permission, team: str) -> None:
        self.links = links
        self.client = slack.client
        self.permission = permission
        self.team = team

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers feed [here] [renew]`."""
        form = _FORMS.get(tuple(rest.lower().split()))
        return self._feed(asker, here=form[0], renew=form[1]) if form else None

    async def _feed(self, asker: Asker, *, here: bool, renew: bool) -> Message:
        if not self.links.url:
            raise UsageError(_NOT_SET_UP)
        if here and renew:
            # Everybody's feed readers would have to be told the new link.
            await self.permission.to_subscribe(asker.user_id)
        owner = asker.channel_id if here else asker.user_id
        title = await self._title(asker.channel_id) if here else f"Papers for you in {self.team}"
        link = await self.links.link(LinkKind.FEED, owner, title, renew=renew)
        what = "The papers of this channel" if here else "The papers chosen for you, each day"
        atom, json = (feed_url(self.links.url, link.token, form) for form in ("atom", "json"))
        return feed_message(what, atom, json, f"/papers feed {'here ' * here}renew", renewed=renew)

    async def _title(self, channel_id: str) -> str:
        try:
            with repeatable(channel_id):
                answer = await self.client.conversations_info(channel=channel_id)
        except DeliveryError:
            # A private channel that the bot is not in.
            return f"Papers in {self.team}"
        name = clip_line(str((answer.get("channel") or {}).get("name") or ""), 80)
        return f"Papers of #{name} in {self.team}" if name else f"Papers in {self.team}"
