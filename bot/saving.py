"""Papers that people keep for themselves."""

from __future__ import annotations

from collections.abc import Callable

from bot.known import known_paper
from storage import Store
from storage.models import Save


class Saving:
    """Records who saved what in one workspace; `touch_home` is told of whoever did."""

    def __init__(self, store: Store, touch_home: Callable[[str], None]) -> None:
        self.store = store
        self.touch_home = touch_home

    async def pressed(self, save: Save) -> None:
        """A save button was pressed. Raises UsageError for a paper that is not in the store.

        The button says what it asks for, so that a press delivered twice, or made twice in a row, is as one.
        """
        await known_paper(self.store, save.paper_id)
        await self.store.record_save(save)
        self.touch_home(save.user_id)
