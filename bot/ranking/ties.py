"""Search results that match about equally well, in the order of a taste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Scores of a search lie between 0 and 1; closer than this, which comes first is chance.
TIE = 0.01


def break_ties(ids: Sequence[str], scores: Sequence[float], liked: Mapping[str, float]) -> list[str]:
    """The ids, best first, as they are, but in runs of equal matches by how much each is `liked`.

    A run goes on as long as scores are within TIE of its first. What is liked equally stays in its order.
    """
    ordered: list[str] = []
    run: list[str] = []
    first = 0.0
    for id, score in zip(ids, scores, strict=True):
        if run and first - score >= TIE:
            ordered += sorted(run, key=lambda one: -liked.get(one, 0.0))
            run = []
        first = first if run else score
        run.append(id)
    return ordered + sorted(run, key=lambda one: -liked.get(one, 0.0))
