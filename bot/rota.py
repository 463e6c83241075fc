"""Who presents next: whoever presented longest ago."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from storage.models import Presentation


def turns(rota: Sequence[str], presented: Mapping[str, date], here: Collection[str]) -> list[str]:
    """The people of a rota in the order of their turns; who is not `here` any more is passed over.

    Who never presented comes first; of those alike, the rota's order decides.
    """
    known = [user for user in dict.fromkeys(rota) if user in here]
    return sorted(known, key=lambda user: presented.get(user, date.min))


def taken_over(agenda: Sequence[Presentation], position: int, user_id: str) -> dict[int, str]:
    """Who presents what once this person has taken a paper over: what they had goes to whom they took it from."""
    before = next(one.user_id for one in agenda if one.position == position)
    changed = {one.position: before for one in agenda if one.user_id == user_id}
    return {**changed, position: user_id}


def stand_in(order: Sequence[str], agenda: Sequence[Presentation], leaving: str) -> str:
    """The first in turn who has no paper on the agenda, besides who is leaving; empty without anybody."""
    busy = {one.user_id for one in agenda} | {leaving}
    return next((user for user in order if user not in busy), "")
