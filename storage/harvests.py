"""Which of arXiv's papers are all here: for each category, the spans of time that were harvested whole."""

from __future__ import annotations

from datetime import datetime

from storage.database import Connected, iso
from storage.models import Span, Window

_TOUCHING = "category = :category AND first <= :last AND last >= :first"


class Harvests(Connected):
    async def record_harvest(self, window: Window) -> None:
        """Every paper of the window is in the store, and no other will be submitted in it.

        A category's spans that overlap or touch become one.
        """
        with self.writing() as connection:
            for category in window.categories:
                values = {
                    "category": category,
                    "first": iso(window.span.first),
                    "last": iso(window.span.last),
                }
                [joined] = connection.execute(
                    "SELECT :category AS category, min(:first, coalesce(min(first), :first)) AS first, "
                    f"max(:last, coalesce(max(last), :last)) AS last FROM harvests WHERE {_TOUCHING}",
                    values,
                )
                connection.execute(f"DELETE FROM harvests WHERE {_TOUCHING}", values)
                connection.execute("INSERT INTO harvests (category, first, last) VALUES (?, ?, ?)", joined)

    async def harvested(self, category: str) -> list[Span]:
        """The spans of which every paper of the category is in the store, oldest first, with gaps between them."""
        rows = self.rows(
            "SELECT first, last FROM harvests WHERE category = :category ORDER BY first",
            {"category": category},
        )
        return [
            Span(datetime.fromisoformat(row["first"]), datetime.fromisoformat(row["last"])) for row in rows
        ]
