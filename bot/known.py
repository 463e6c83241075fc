"""The paper that a button names."""

from __future__ import annotations

from bot.errors import UsageError
from storage import Store
from storage.models import Paper


async def known_paper(store: Store, id: str) -> Paper:
    """The stored paper. Raises UsageError when there is none: a client can send any value for a button's."""
    papers = await store.papers([id])
    if not papers:
        raise UsageError("I don't know this paper any more. Search for it again with `/papers`.")
    return papers[0]
