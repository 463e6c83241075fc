"""The remote services that papers come from. Bytes in, `storage.models.Batch` out; nothing here is stored."""

from __future__ import annotations

from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from bot.sources.arxiv import Arxiv
from bot.sources.http import Fetcher, client
from bot.sources.huggingface import HuggingFace

__all__ = ["Arxiv", "HuggingFace", "Sources", "open_sources"]

# The limiter counts at our end; on the way to arXiv two requests can drift towards each other.
_MARGIN = 1.05


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
    patience: float = 20.0,
    attempts: int = 3,
) -> Sources:
    """Sources on these addresses; `arxiv_pace` is the seconds between requests, `patience` those of one call.

    3 s over one connection is arXiv's rule for the API and the feeds together
    (https://info.arxiv.org/help/api/tou.html). Raises `SettingsError` for a token that can't be sent.
    """
    pace = AsyncLimiter(1, arxiv_pace * _MARGIN)
    to_huggingface = Fetcher(client(), source="huggingface", pace=None, attempts=attempts, patience=patience)
    to_arxiv = Fetcher(client(connections=1), source="arxiv", pace=pace, attempts=attempts, patience=patience)
    return Sources(
        HuggingFace(to_huggingface, huggingface_url, huggingface_token),
        Arxiv(to_arxiv, arxiv_url, arxiv_rss_url),
    )
