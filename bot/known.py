"""The paper that a button or a person names."""

from __future__ import annotations

from bot.errors import SourceError, UsageError
from bot.ingest import Ingest
from storage import Store
from storage.models import Paper


async def known_paper(store: Store, id: str) -> Paper:
    """The stored paper. Raises UsageError when there is none: a client can send any value for a button's."""
    papers = await store.papers([id])
    if not papers:
        raise UsageError("I don't know this paper any more. Search for it again with `/papers`.")
    return papers[0]


async def sought_paper(ingest: Ingest, id: str) -> Paper:
    """A paper, from the sources if need be. Raises UsageError when there is none."""
    try:
        paper = await ingest.paper(id)
    except SourceError as error:
        raise UsageError(
            f"I don't have paper {id}, and arXiv and Hugging Face can't be asked just now. Try again in a minute."
        ) from error
    if paper is None:
        raise UsageError(
            f"Neither arXiv nor Hugging Face knows a paper {id}. Check the number, or search by title."
        )
    return paper
