"""What a person reads when something fails, and what the log keeps."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.errors import DeliveryError, SourceError, UsageError
from bot.messages import notice
from bot.tasks import OnError

log = logging.getLogger(__name__)


def tell(respond: AsyncRespond) -> OnError:
    """For work that goes on after the ack: answers the person, to them alone."""

    async def on_error(error: Exception) -> None:
        await respond(**notice(sentence(error)), replace_original=False, response_type="ephemeral")

    return on_error


def sentence(error: Exception) -> str:
    """The sentence for an error: its own when it was meant for the person, otherwise one with a number to look up."""
    match error:
        case UsageError():
            return str(error)
        case SourceError(source=source):
            return f"{source} could not be read just now. Try again in a minute."
        case DeliveryError():
            return f"Slack refused: {error}."
    number = secrets.token_hex(4)
    log.error("failure %s", number, exc_info=error)
    return f"Something went wrong on my side, and I have written it down as {number}. Please try again."


async def failed(error: Exception, respond: AsyncRespond, body: dict[str, Any]) -> BoltResponse:
    """Bolt's handler of last resort.

    The answer 500 leaves a delivery unacknowledged, so that Slack delivers it again. What nobody here
    listens to is acknowledged: it would be no better understood the next time.
    """
    if isinstance(error, BoltUnhandledRequestError):
        log.debug("nobody listens to %s", body.get("type"))
        return BoltResponse(status=200, body="")
    log.error("a delivery of type %s failed", body.get("type") or body.get("command"), exc_info=error)
    if body.get("response_url"):
        await tell(respond)(error)
    return BoltResponse(status=500, body="")
