"""Questions that people write in messages instead of commands: mentions of the bot, and what they write to it alone.

A message is taken for answering before it is answered, in the store: however often Slack delivers it, and wherever the
process ends, it is answered once at most.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from typing import NamedTuple

from bot.answers import Answers
from bot.asking import Asker
from bot.errors import DeliveryError
from bot.ingest import Clock
from bot.messages import Message, quoted
from bot.outcomes import NotSent, repeatable
from bot.slack import Identity, Slack
from storage import Store

log = logging.getLogger(__name__)

#: What the assistant's pane says while an answer is looked for.
SEARCHING = "is searching…"
_MENTION = r"<@{}(?:\|[^<>]*)?>"


class Question(NamedTuple):
    """A message to the bot; `thread_ts` is the thread it stands in, empty outside of one."""

    user_id: str
    channel_id: str
    ts: str
    text: str
    thread_ts: str = ""

    @property
    def direct(self) -> bool:
        """Whether nobody else reads it."""
        return self.channel_id.startswith("D")


class Conversing:
    """Answers messages in one workspace."""

    def __init__(
        self, store: Store, slack: Slack, answers: Answers, identity: Identity, clock: Clock
    ) -> None:
        self.store = store
        self.slack = slack
        self.client = slack.client
        self.answers = answers
        self.identity = identity
        self.clock = clock
        self._mention = re.compile(_MENTION.format(re.escape(identity.user_id)))

    async def take(self, question: Question) -> bool:
        """Whether this message is to be answered now: it was not before, and nobody else is at it."""
        return await self.store.hear(self.identity.team_id, question.channel_id, question.ts, self.clock())

    async def answer(self, question: Question) -> None:
        """Answer where it was asked: for everybody in a thread, or for the person alone what is theirs alone.

        Raises UsageError with the sentence a person reads, NotSent, MaybeSent and DeliveryError.
        """
        words = " ".join(self._mention.sub(" ", question.text).split())
        if question.direct:
            await self._searching(question)
        if question.direct or self.answers.is_for_one(words):
            await self._say(
                question, self.answers.answer(words, Asker(question.user_id, question.channel_id))
            )
        else:
            # Asked by nobody: what a channel reads tells nothing of a person's taste and saved papers.
            await self._say(question, self.answers.answer(words, Asker("", question.channel_id)), to_all=True)

    async def tell(self, question: Question, message: Message) -> None:
        """Say something to whoever asked, where they did. Raises as `answer` does."""
        if question.direct:
            await self.slack.post(question.channel_id, message, thread_ts=question.thread_ts)
        else:
            await self.slack.whisper(question.channel_id, question.user_id, message, question.thread_ts)

    async def _say(
        self, question: Question, answer: Awaitable[Message | None], *, to_all: bool = False
    ) -> None:
        message = await answer
        if message is None:
            return
        if to_all:
            await self.slack.post(question.channel_id, message, thread_ts=question.thread_ts or question.ts)
        else:
            await self.tell(question, message)

    async def _searching(self, question: Question) -> None:
        """Say so in the assistant's pane; in any other thread there is no place for it."""
        if not question.thread_ts:
            return
        try:
            with repeatable():
                await self.client.assistant_threads_setStatus(
                    channel_id=question.channel_id, thread_ts=question.thread_ts, status=SEARCHING
                )
        except (DeliveryError, NotSent) as error:
            log.debug("no status is shown: %s", error)

    async def suggest(self, channel_id: str, thread_ts: str, context_channel: str) -> None:
        """Offer questions in the assistant's pane, by the channel that the person looks at beside it.

        Raises NotSent and DeliveryError.
        """
        prompts = [
            {"title": "What is new today?", "message": "today"},
            {"title": "What may I like?", "message": "for me"},
            {"title": "What did my team like best this week?", "message": "top week"},
        ]
        if context_channel and (best := await self._best_of(context_channel)):
            prompts.append(best)
        with repeatable():
            await self.client.assistant_threads_setSuggestedPrompts(
                channel_id=channel_id, thread_ts=thread_ts, prompts=prompts, title="Ask for papers"
            )

    async def _best_of(self, channel_id: str) -> dict[str, str] | None:
        """What is like the first paper of a channel's newest edition."""
        edition = await self.store.last_edition(self.identity.team_id, channel_id)
        shown = await self.store.showings(edition) if edition else []
        papers = await self.store.papers([shown[0].paper_id]) if shown else []
        if not papers:
            return None
        return {
            "title": f"What is like {quoted(papers[0].title, 60)}?",
            "message": f"like:{papers[0].id}",
        }
