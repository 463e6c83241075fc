"""Links to papers in people's messages."""

from __future__ import annotations

from typing import Any

from bot.linking import Pasted
from bot.services import Services
from handlers.replies import unasked


async def shared(event: dict[str, Any], context: dict[str, Any]) -> None:
    """A message with links, sent or still being written: kept before Bolt acknowledges, then previewed."""
    services: Services = context["services"]
    pasted = _pasted(event)
    if not services.linking.concerns(pasted):
        return
    links = await services.linking.record(pasted)
    if links:
        services.tasks.start(services.linking.preview(pasted, links), unasked)


def _pasted(event: dict[str, Any]) -> Pasted:
    return Pasted(
        channel_id=str(event.get("channel") or ""),
        ts=str(event.get("message_ts") or ""),
        thread_ts=str(event.get("thread_ts") or ""),
        urls=tuple(str(link.get("url") or "") for link in event.get("links") or []),
        user_id=str(event.get("user") or ""),
        member=bool(event.get("is_bot_user_member")),
        source=str(event.get("source") or ""),
        unfurl_id=str(event.get("unfurl_id") or ""),
    )
