"""The root of every error of ours, and the errors of the store; the whole tree is drawn in `bot.errors`."""

from __future__ import annotations


class PapersError(Exception):
    """Anything that papers-bot raises on purpose; its text is a sentence that says what to do next."""


class StoreError(PapersError):
    """The database can't be opened, read, written or copied, or not by this version of the code or this process."""
