"""The remote services that papers come from. Bytes in, `storage.models.Batch` out; nothing here is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aiolimiter import AsyncLimiter

from bot.sources.arxiv import IDS_A_REQUEST, Arxiv
from bot.sources.http import Fetcher, client
from bot.sources.huggingface import HuggingFace

__all__ = [
    "IDS_A_REQUEST",
    "PROMPT",
    "UNHURRIED",
    "Arxiv",
    "HuggingFace",
    "Patience",
    "Sources",
    "open_sources",
]

# The limiter counts at our end; on the way to arXiv two requests can drift towards each other.
_MARGIN = 1.05


class Patience(NamedTuple):
    """How long one call waits: `patience` seconds and `attempts` in all, `silence` seconds for an answer to go on."""

    patience: float = 20.0
    silence: float = 10.0
    attempts: int = 3


#: For people who wait for an answer, and for work that can wait: arXiv takes a while to put a large slice together
#: (its manual: 30,000 results in two minutes), and is sometimes down for some.
PROMPT, UNHURRIED = Patience(), Patience(patience=900.0, silence=120.0, attempts=7)


@dataclass(frozen=True)
class Sources:
    """Every source, opened once for the whole process: arXiv's pace holds only within one of these."""

    huggingface: HuggingFace
    arxiv: Arxiv

    async def aclose(self) -> None:
        try:
            await self.huggingface.aclose()
        finally:
            await self.arxiv.aclose()


def open_sources(
    *,
    huggingface_url: str,
    huggingface_token: str = "",
    arxiv_url: str,
    arxiv_rss_url: str,
    arxiv_pace: float = 3.0,
    patience: float = PROMPT.patience,
    silence: float = PROMPT.silence,
    attempts: int = PROMPT.attempts,
) -> Sources:
    """Sources on these addresses; `arxiv_pace` is the seconds between requests, the rest the `Patience` of a call.

    3 s over one connection is arXiv's rule for the API and the feeds together
    (https://info.arxiv.org/help/api/tou.html). Raises `SettingsError` for a token that can't be sent.
    """
    pace = AsyncLimiter(1, arxiv_pace * _MARGIN)
    to_huggingface = Fetcher(
        client(silence=silence), source="huggingface", pace=None, attempts=attempts, patience=patience
    )
    to_arxiv = Fetcher(
        client(connections=1, silence=silence),
        source="arxiv",
        pace=pace,
        attempts=attempts,
        patience=patience,
    )
    return Sources(
        HuggingFace(to_huggingface, huggingface_url, huggingface_token),
        Arxiv(to_arxiv, arxiv_url, arxiv_rss_url),
    )
