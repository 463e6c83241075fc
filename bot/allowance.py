"""How much one person may ask for: a few things at once, then one a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

#: So many people are remembered; whoever has rested long enough to have all their tokens back is forgotten first.
MOST_PEOPLE = 10_000
PER_SECOND = 1.0


class _Bucket(NamedTuple):
    tokens: float
    at: float


class Allowance:
    """A token bucket for each person, in memory: after a restart everybody begins with a full one.

    `burst` is how many there are in a full one, and 0 means no limit. `clock` gives seconds.
    """

    def __init__(self, burst: int, clock: Callable[[], float]) -> None:
        self.burst = burst
        self.clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, user_id: str) -> bool:
        """Whether this person may ask for one thing more now."""
        if not self.burst:
            return True
        now = self.clock()
        tokens = self._tokens(user_id, now)
        if tokens < 1:
            return False
        if len(self._buckets) >= MOST_PEOPLE and user_id not in self._buckets:
            self._forget(now)
        self._buckets[user_id] = _Bucket(tokens - 1, now)
        return True

    def _tokens(self, user_id: str, now: float) -> float:
        tokens, at = self._buckets.get(user_id, _Bucket(self.burst, now))
        # A clock that was set back gives nothing, and takes nothing.
        return min(float(self.burst), tokens + max(0.0, now - at) * PER_SECOND)

    def _forget(self, now: float) -> None:
        full = [user for user in self._buckets if self._tokens(user, now) >= self.burst]
        for user in full:
            del self._buckets[user]
        if not full:
            # Everybody is busy at once: the one who asked least recently begins anew.
            del self._buckets[min(self._buckets, key=lambda user: self._buckets[user].at)]
