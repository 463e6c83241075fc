"""What of Slack is not a message: modals and the Home tab."""

from __future__ import annotations

from typing import Any

from bot.outcomes import repeatable
from bot.slack import Slack

#: A modal or a Home tab as Block Kit has it: https://docs.slack.dev/reference/views
View = dict[str, Any]


class Surfaces:
    """The modals and Home tabs of one workspace.

    Every method raises DeliveryError when Slack refuses, and NotSent when it can't be reached.
    """

    def __init__(self, slack: Slack) -> None:
        self.client = slack.client

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
