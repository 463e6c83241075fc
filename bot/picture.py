"""The picture of a round-up: a file of the bot's, shown once in the channel.

Slack answers before a file it was told to show is in the channel, and a file carries no metadata. So what became of one
is always read from the history, where it is known by its name, which has the week in it.
"""

from __future__ import annotations

import asyncio

from bot.chart import topics_alt, topics_png
from bot.errors import DeliveryError
from bot.messages import week_told
from bot.outcomes import PAUSE, TOKEN_ERRORS, BadMessage, MaybeSent, NotSent
from bot.roundup import RoundUp
from bot.slack import Slack
from bot.uploads import Uploads
from storage import Store
from storage.models import Post

#: Drawing and sending the bytes may take so long, in seconds; showing the file must fit into the post's lease, too.
PATIENCE = 8.0


class Picture:
    """Sends the pictures of one workspace's round-ups. It is a `bot.delivery.Sender`."""

    def __init__(self, store: Store, slack: Slack, bot_user_id: str) -> None:
        self.store = store
        self.slack = slack
        self.uploads = Uploads(slack)
        self.bot_user_id = bot_user_id

    async def send(self, post: Post) -> str:
        """Upload the picture and show it. A round-up is whole without one, so what is refused is given up."""
        try:
            return await self._send(post)
        except DeliveryError as refused:
            if refused.code in TOKEN_ERRORS:
                raise
            raise BadMessage(str(refused)) from refused

    async def _send(self, post: Post) -> str:
        if ts := await self.find(post):
            # The plan comes from a copy that was put back, of before it was sent.
            return ts
        found = RoundUp.model_validate_json((await self.store.edition_of(post)).about)
        title = f"Topics of {week_told(found.first, found.last)}"
        try:
            async with asyncio.timeout(PATIENCE):
                drawn = await asyncio.to_thread(topics_png, found.topics, title)
                # Nobody sees it yet, so this can be repeated without harm.
                file_id = await self.uploads.send(
                    post.channel_id, file_name(post), drawn, alt_text=topics_alt(found.topics)
                )
        except TimeoutError as late:
            raise NotSent(PAUSE) from late
        try:
            await self.uploads.share(file_id, post.channel_id, title=title)
        except MaybeSent as unsure:
            # Even where Slack has answered, the file may come into the channel later.
            raise MaybeSent(str(unsure), answered=False) from unsure
        if ts := await self.find(post):
            return ts
        raise MaybeSent("Slack has taken the picture and does not show it yet", answered=False)

    async def find(self, post: Post) -> str | None:
        """The message with the picture, which is after the round-up."""
        since = await self.store.header_ts(post)
        return await self.slack.find_file(post.channel_id, file_name(post), self.bot_user_id, since=since)


def file_name(post: Post) -> str:
    """`topics-2026-08-17.png`: the week's Monday."""
    return f"topics-{post.day}.png"
