"""Ordering papers for a channel or a person: pure functions over plain data."""

from bot.ranking.trend import Score, rank, score

__all__ = ["Score", "rank", "score"]
