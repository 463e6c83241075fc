"""Messages that ask the bot something: where it is mentioned, in direct messages, and in the assistant's pane."""

from __future__ import annotations

from typing import Any

from bot.conversing import Question
from bot.messages import notice
from bot.services import Services
from handlers.replies import TOO_MANY, sentence, unasked


async def mentioned(event: dict[str, Any], context: dict[str, Any]) -> None:
    """Somebody wrote `@papers ...` in a channel: answered in a thread below it."""
    services: Services = context["services"]
    # An edit mentions us again, and other bots would go on for ever.
    if event.get("bot_id") or event.get("edited") or event.get("user") in (None, services.identity.user_id):
        return
    await asked(event, services)


async def asked(event: dict[str, Any], services: Services) -> None:
    """Take the question before Bolt acknowledges, so that it is answered once; then answer it."""
    question = Question(
        user_id=event["user"],
        channel_id=event["channel"],
        ts=event["ts"],
        text=str(event.get("text") or ""),
        thread_ts=str(event.get("thread_ts") or ""),
    )
    if not await services.conversing.take(question):
        return

    async def failure(error: Exception) -> None:
        await services.conversing.tell(question, notice(sentence(error)))

    if not services.allowance.take(question.user_id):
        services.metrics.over_limit.inc()
        services.tasks.start(services.conversing.tell(question, notice(TOO_MANY)), failure)
        return
    services.tasks.start(services.conversing.answer(question), failure)


async def assistant_opened(event: dict[str, Any], context: dict[str, Any]) -> None:
    """Somebody begins to talk in the assistant's pane, or looks at another channel beside it: what they could ask."""
    services: Services = context["services"]
    thread = event["assistant_thread"]
    context_channel = str((thread.get("context") or {}).get("channel_id") or "")
    suggesting = services.conversing.suggest(thread["channel_id"], thread["thread_ts"], context_channel)
    services.tasks.start(suggesting, unasked)
