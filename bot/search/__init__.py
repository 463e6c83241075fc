"""A topic query and its answer, from the store's own papers."""

from bot.search.engine import FEW, MOST_MATCHES, Found, Search
from bot.search.query import QUERY_LIMIT, parse

__all__ = ["FEW", "MOST_MATCHES", "QUERY_LIMIT", "Found", "Search", "parse"]
