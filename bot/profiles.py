"""What Slack knows of a person that the bot needs: where they read mail, and what time it is there."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.errors import DeliveryError
from bot.outcomes import repeatable
from bot.slack import Slack


class Profile(NamedTuple):
    """A person's mail address and IANA time zone, empty where Slack does not say; `here` while they are a member."""

    address: str = ""
    timezone: str = ""
    here: bool = True


class Profiles:
    """Looks people of one workspace up."""

    def __init__(self, slack: Slack) -> None:
        self.client = slack.client

    async def of(self, user_id: str) -> Profile:
        """A person's profile. Raises DeliveryError where the app may not ask, NotSent when Slack can't be reached."""
        try:
            with repeatable():
                answer = await self.client.users_info(user=user_id)
        except DeliveryError as error:
            if error.code in ("user_not_found", "user_not_visible"):
                return Profile(here=False)
            raise
        user = answer.get("user") or {}
        address = str((user.get("profile") or {}).get("email") or "")
        zone = str(user.get("tz") or "")
        return Profile(address, zone if _is_zone(zone) else "", not user.get("deleted"))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
