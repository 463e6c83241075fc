"""Everything the bot remembers, in one SQLite file, behind one Store."""

from storage.store import Store

__all__ = ["Store"]
