"""What of Slack is not a message: modals, the Home tab and files."""

from __future__ import annotations

from typing import Any

from bot.outcomes import repeatable
from bot.slack import Slack
from bot.uploads import Uploaded, Uploads

#: A modal or a Home tab as Block Kit has it: https://docs.slack.dev/reference/views
View = dict[str, Any]


class Surfaces:
    """The modals, Home tabs and files of one workspace.

    Every method raises DeliveryError when Slack refuses, and NotSent when it can't be reached.
    """

    def __init__(self, slack: Slack) -> None:
        self.client = slack.client
        self.uploads = Uploads(slack)

    async def open_modal(self, trigger_id: str, view: View) -> str:
        """Open a modal for whoever did what gave the trigger, within three seconds of it; returns the modal's id."""
        with repeatable():
            answer = await self.client.views_open(trigger_id=trigger_id, view=view)
        return str(answer["view"]["id"])

    async def update_modal(self, view_id: str, view: View) -> None:
        """Draw a modal anew, wherever its window is open still."""
        with repeatable():
            await self.client.views_update(view_id=view_id, view=view)

    async def publish_home(self, user_id: str, view: View) -> None:
        """What a person sees on the app's Home tab from now on."""
        with repeatable():
            await self.client.views_publish(user_id=user_id, view=view)

    async def upload(
        self,
        channel_id: str,
        name: str,
        content: bytes,
        *,
        title: str,
        alt_text: str = "",
        comment: str = "",
        thread_ts: str = "",
        snippet_type: str = "",
    ) -> Uploaded:
        """Show a file in a channel, or in its thread; `alt_text` says what is on a picture.

        `snippet_type` makes it a text that can be read where it stands. Raises MaybeSent, too, where nobody
        knows whether the file is there.
        """
        id = await self.uploads.send(channel_id, name, content, alt_text=alt_text, snippet_type=snippet_type)
        return await self.uploads.share(id, channel_id, title=title, comment=comment, thread_ts=thread_ts)
