"""Ordering papers for a channel or a person: pure functions over plain data."""

from bot.ranking.hot import HALF_LIFE_DAYS, Score, rank, score

__all__ = ["HALF_LIFE_DAYS", "Score", "rank", "score"]
