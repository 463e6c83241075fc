"""What an encoder adds to a ranking: papers it has read are compared by what it made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bot.search.static import Floats
from bot.search.transformer import Transformer

#: Candidates that are looked at again: beyond them nothing reaches the first ten.
RERANKED = 100
#: With fewer of them read by the encoder there is nothing to compare.
_FEWEST = 3


class Meaning(NamedTuple):
    """An encoder, and where the vectors are that it made: `vectors` answers bytes of half floats by paper number."""

    encoder: Transformer
    vectors: Callable[[str, Iterable[int]], Mapping[int, bytes]]

    def cosines(self, text: str, numbers: Iterable[int], static: Floats) -> Floats | None:
        """The encoder's cosines of these papers; None when it has read too few of them.

        Papers it has not read get their `static` cosine, moved and stretched so that over the papers that have
        both the two have the same mean and deviation.
        """
        wanted = list(numbers)
        known = self.vectors(self.encoder.name, wanted)
        read = np.array([number in known for number in wanted])
        if read.sum() < _FEWEST:
            return None
        rows = np.array([np.frombuffer(known[n], np.float16) for n in wanted if n in known], np.float32)
        mine = rows @ self.encoder.queries([text])[0]
        spread = static[read].std()
        scale = mine.std() / spread if spread > 0 else 0.0
        cosines: Floats = mine.mean() + (static - static[read].mean()) * scale
        cosines[read] = mine
        return cosines
