"""The one tree of exceptions.

PapersError             anything raised on purpose; str() is a sentence a person can act on
├── StoreError          the database can't be opened, read, written or copied (storage.errors)
├── SettingsError       settings are missing or wrong: all of them named together; exit status 2
├── UsageError          a person asked for something that can't be done; the text is the answer they read
├── SearchError         the encoder that the settings name can't be read or downloaded
├── SourceError         a remote source failed or answered something that can't be read
│   └── RefusedError    it answered a status that trying again won't change (bot.sources.http)
├── FileError        a file that papers are imported from is damaged
└── DeliveryError       Slack refused a message for good: the channel is gone, the bot not in it, the token revoked
"""

from __future__ import annotations

from storage.errors import PapersError, StoreError

__all__ = [
    "DeliveryError",
    "FileError",
    "PapersError",
    "SearchError",
    "SettingsError",
    "SourceError",
    "StoreError",
    "UsageError",
]


class SettingsError(PapersError):
    """Settings are missing or wrong; the text names every one of them, a line each."""


class UsageError(PapersError):
    """What a person asked for can't be done; the text is the answer they read, in Slack or on the terminal."""


class SearchError(PapersError):
    """The encoder that PAPERS_EMBEDDING names can't be read or downloaded; static vectors serve meanwhile."""


class SourceError(PapersError):
    """A remote source failed, or answered something that can't be read.

    The text names the service and what was asked of it, so that a log line alone says what to look at.
    `after` is how long the service wants to be left alone, in seconds, where it says.
    """

    def __init__(self, source: str, asked: str, problem: str, after: float | None = None) -> None:
        self.source = source
        self.after = after
        self.asked = asked
        self.problem = problem
        super().__init__(f"{source}: {asked}: {problem}")


class FileError(PapersError):
    """A file that papers are imported from is damaged, or ends before its end; what came before can be used."""


class DeliveryError(PapersError):
    """Slack refused a call for good, so trying again can't help until a person acts."""

    def __init__(self, code: str, advice: str) -> None:
        self.code = code
        super().__init__(f"{advice} (Slack said: {code})")
