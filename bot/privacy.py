"""`/papers privacy`, `my-data` and `forget-me`: what is kept of a person, as a file, and no longer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from bot.asking import Answer, Asker
from bot.exporting import Exporting
from bot.ingest import Clock
from bot.messages import (
    Held,
    Message,
    Place,
    count,
    forget_message,
    forgotten_message,
    notice,
    privacy_message,
)
from storage import Store
from storage.personal import PERSONAL


class Privacy:
    """One workspace's people. `backups` is for how many days copies of the database are kept.

    `on_change` is told the papers that show something else without somebody, and `on_forgotten` who that is.
    """

    def __init__(
        self,
        store: Store,
        exporting: Exporting,
        team_id: str,
        backups: int,
        clock: Clock,
        on_change: Callable[[Iterable[str]], None],
        on_forgotten: Callable[[str], None],
    ) -> None:
        self.store = store
        self.exporting = exporting
        self.team_id = team_id
        self.backups = backups
        self.clock = clock
        self.on_change = on_change
        self.on_forgotten = on_forgotten

    def explaining(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers privacy`."""
        return None if rest else self._explain(asker)

    def sending(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers my-data`."""
        return None if rest else self._send(asker)

    def asking(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers forget-me`: what it would do, and a button."""
        return None if rest else self._ask(asker)

    async def forget(self, user_id: str, at: float) -> Message:
        """Delete what is kept of a person, and say how much that was. The time is Slack's, as of their reactions."""
        forgotten = await self.store.forget_person(self.team_id, user_id, at)
        self.on_change(forgotten.papers)
        self.on_forgotten(user_id)
        return forgotten_message(_held(forgotten.rows), self.backups)

    async def _explain(self, asker: Asker) -> Message:
        return privacy_message(await self._kept(asker), self.backups)

    async def _ask(self, asker: Asker) -> Message:
        held = await self._kept(asker)
        if not any(one.rows for one in held):
            return notice("I keep nothing of you. `/papers privacy` says what I would keep, and what for.")
        return forget_message(held, self.backups)

    async def _kept(self, asker: Asker) -> list[Held]:
        return _held(await self.store.kept_of(self.team_id, asker.user_id))

    async def _send(self, asker: Asker) -> Message | None:
        rows = await self.store.rows_of(self.team_id, asker.user_id)
        kept = {
            kept.table: {"what": kept.many, "purpose": kept.purpose, "rows": rows[kept.table]}
            for kept in PERSONAL
        }
        whole = {
            "format": "papers-bot person",
            "version": 1,
            "team_id": self.team_id,
            "user_id": asker.user_id,
            "made_at": self.clock().isoformat(timespec="seconds"),
            "kept": kept,
        }
        # A value that JSON has no form for, such as bytes, is there as Python writes it.
        text = json.dumps(whole, ensure_ascii=False, indent=2, default=repr) + "\n"
        said = f"All that I keep of you: {count(sum(map(len, rows.values())), 'row')}."
        return await self.exporting.send("my-data.json", text, said, asker)


def _held(rows: Mapping[str, int]) -> list[Held]:
    return [Held(rows[kept.table], kept.one, kept.many, kept.purpose, kept.seen_by) for kept in PERSONAL]
