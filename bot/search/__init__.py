"""A topic query and its answer, from the store's own papers."""

from bot.search.engine import FEW, MOST_MATCHES, Found, Search
from bot.search.matching import matches
from bot.search.models import Embedding
from bot.search.query import QUERY_LIMIT, Query, Term, parse
from bot.search.snippet import snippet
from bot.search.text import names, says_something

__all__ = [
    "FEW",
    "MOST_MATCHES",
    "QUERY_LIMIT",
    "Embedding",
    "Found",
    "Query",
    "Search",
    "Term",
    "matches",
    "names",
    "parse",
    "says_something",
    "snippet",
]
