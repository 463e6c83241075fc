"""Reactions on messages."""

from __future__ import annotations

from typing import Any

from bot.services import Services
from storage.models import Reaction


async def added(event: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    await _record(event, body, context["services"], present=True)


async def removed(event: dict[str, Any], body: dict[str, Any], context: dict[str, Any]) -> None:
    await _record(event, body, context["services"], present=False)


async def _record(event: dict[str, Any], body: dict[str, Any], services: Services, *, present: bool) -> None:
    """Store before Bolt acknowledges: a delivery whose storing fails is delivered again."""
    item = event.get("item") or {}
    named = (item.get("channel"), item.get("ts"), event.get("user"), event.get("reaction"))
    if item.get("type") != "message" or not all(named):
        # A file's reaction, or a delivery that says too little: no later one would say more.
        return
    reaction = Reaction(
        team_id=services.identity.team_id,
        channel_id=item["channel"],
        ts=item["ts"],
        user_id=event["user"],
        emoji=event["reaction"],
        present=present,
        event_ts=float(event.get("event_ts") or body.get("event_time") or 0),
    )
    await services.voting.reacted(reaction, author=event.get("item_user") or "")
