"""Messages that people write to the bot alone."""

from __future__ import annotations

from typing import Any

from bot.attachments import Attachment
from bot.errors import UsageError
from bot.messages import Message
from bot.services import Services
from handlers.replies import Conversation

#: Of the kinds of messages (https://docs.slack.dev/reference/events/message), those that a person writes.
_WRITTEN = (None, "file_share")


async def message(event: dict[str, Any], context: dict[str, Any]) -> None:
    """A BibTeX file sent to the bot: its papers become examples of what that person likes."""
    files = [_attachment(file) for file in event.get("files") or []]
    services: Services = context["services"]
    ours = event.get("bot_id") or event.get("user") in (None, services.identity.user_id)
    if ours or not files or event.get("subtype") not in _WRITTEN or event.get("channel_type") != "im":
        # Our own answers and files, edits, deletions, and words without a file.
        return
    conversation = Conversation(services.slack, event["channel"])
    services.tasks.start(conversation(_answer(services, files, event["user"])), conversation.failure)


async def _answer(services: Services, files: list[Attachment], user_id: str) -> Message:
    bibtex = [file for file in files if file.name.lower().endswith(".bib")]
    if not bibtex:
        raise UsageError("Of files I read BibTeX only: send me one whose name ends in `.bib`.")
    return await services.tasting.add_files(bibtex, user_id)


def _attachment(file: dict[str, Any]) -> Attachment:
    return Attachment(
        str(file.get("name") or ""), str(file.get("url_private_download") or ""), int(file.get("size") or 0)
    )
