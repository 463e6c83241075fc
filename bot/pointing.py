"""The papers that a message is about: by the ledger, by its links, or by what stands in it."""

from __future__ import annotations

from typing import NamedTuple

from bot.errors import UsageError
from bot.ids import named_ids, names_openreview
from storage import Store


class Spot(NamedTuple):
    """A message that somebody points at; `thread_ts` is the thread it belongs to, `text` what it says."""

    channel_id: str
    ts: str
    thread_ts: str
    text: str

    @property
    def thread(self) -> str:
        """Where replies to it go."""
        return self.thread_ts or self.ts


class Pointing:
    """Knows what people point at in one workspace."""

    def __init__(self, store: Store, team_id: str) -> None:
        self.store = store
        self.team_id = team_id

    async def papers(self, spot: Spot) -> list[str]:
        """The ids of the papers of a message; they need not be in the store.

        Raises UsageError with what to do where there is none.
        """
        at = await self.store.paper_at(self.team_id, spot.channel_id, spot.ts)
        if at:
            return [at]
        links = await self.store.pasted_at(self.team_id, spot.channel_id, spot.ts)
        if ids := list(dict.fromkeys([*(link.paper_id for link in links), *named_ids(spot.text)])):
            return ids
        if at == "":
            raise UsageError(
                "This is the head of an edition. Choose one of the papers below it, or in its thread."
            )
        if names_openreview(spot.text):
            raise UsageError(
                "An OpenReview link does not say which paper of arXiv it is. Look for its title with `/papers`."
            )
        raise UsageError(
            "I see no paper in this message: neither one that I posted nor a link to arXiv, Hugging Face or alphaXiv."
        )
