"""A topic query and its answer, from the store's own papers."""

from bot.search.engine import FEW, MOST_MATCHES, Found, Search
from bot.search.models import Embedding
from bot.search.query import QUERY_LIMIT, parse
from bot.search.snippet import snippet

__all__ = ["FEW", "MOST_MATCHES", "QUERY_LIMIT", "Embedding", "Found", "Search", "parse", "snippet"]
