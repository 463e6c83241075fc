"""A clock that runs like any other and can be moved ahead."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: When a morning begins, the hour at which the story's people come to work.
MORNING = 9


class MovableClock:
    """Gives seconds since 1970, beginning at `start` (now, unless given) and running as fast as the real time.

    Like Slack's own it never goes back.
    """

    def __init__(self, start: float | None = None, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._ahead = 0.0 if start is None else start - real()

    def __call__(self) -> float:
        return self._real() + self._ahead

    def move(self, seconds: float) -> None:
        """Go ahead by so many seconds; `ValueError` when that would be backwards."""
        if seconds < 0:
            raise ValueError("The clock only goes forward.")
        self._ahead += seconds

    def to_next_morning(self) -> None:
        """Go ahead to the next time it is nine o'clock in UTC."""
        now = datetime.fromtimestamp(self(), UTC)
        morning = now.replace(hour=MORNING, minute=0, second=0, microsecond=0)
        if morning <= now:
            morning += timedelta(days=1)
        self.move((morning - now).total_seconds())

    def set(self, at: float) -> None:
        """Go on from a moment at which the clock stood before, such as that of a saved workspace."""
        self._ahead = at - self._real()
