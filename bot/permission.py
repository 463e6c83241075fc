"""Who may change what a channel gets every day."""

from __future__ import annotations

from bot.config import Subscribers
from bot.errors import DeliveryError, UsageError
from bot.outcomes import NotSent
from bot.slack import Slack


class Permission:
    """Asks Slack who somebody is, and only where the settings want admins."""

    def __init__(self, slack: Slack, subscribers: Subscribers) -> None:
        self.slack = slack
        self.subscribers = subscribers

    async def to_subscribe(self, user_id: str) -> None:
        """Raises UsageError when this person may not change a subscription, or when that can't be told."""
        if self.subscribers == "members":
            return
        try:
            admin = await self.slack.is_admin(user_id)
        except (DeliveryError, NotSent) as error:
            # Not a guess: who can't be known is let through nowhere.
            why = " The app needs the scope users:read; install it again from `papers-bot manifest`."
            scope = isinstance(error, DeliveryError) and error.code == "missing_scope"
            raise UsageError(
                "Only admins change the daily papers here, and Slack did not say whether you are one."
                + (why if scope else " Try again in a minute.")
            ) from error
        if not admin:
            raise UsageError(
                "Only admins of this workspace change the daily papers of a channel here. Ask one of them."
            )
