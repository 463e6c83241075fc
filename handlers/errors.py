"""Bolt's handler of last resort."""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.services import Services
from handlers.replies import Reply

log = logging.getLogger(__name__)


async def failed(error: Exception, context: dict[str, Any], body: dict[str, Any]) -> BoltResponse:
    """What no handler expected.

    The answer 500 leaves a delivery unacknowledged, so that Slack delivers it again. What nobody here
    listens to is acknowledged: it would be no better understood the next time.
    """
    if isinstance(error, BoltUnhandledRequestError):
        log.debug("nobody listens to %s", body.get("type"))
        return BoltResponse(status=200, body="")
    log.error("a delivery of type %s failed", body.get("type") or body.get("command"), exc_info=error)
    services: Services | None = context.get("services")
    if services and body.get("response_url"):
        await Reply(services.slack, body).failure(error)
    return BoltResponse(status=500, body="")
