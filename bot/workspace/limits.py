"""Slack's rate limits: tiers per method, and messages per channel.

https://docs.slack.dev/apis/web-api/rate-limits/
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable

# Slack says one message a second and channel, "short bursts" allowed, without a number for the burst.
POSTS_PER_SECOND = 1.0
POST_BURST = 10
WINDOW = 60.0
# Whoever waits exactly as long as told must not be sent away again over a rounding error.
ROUNDING = 1e-6


class RateLimits:
    """Counts calls; the answer of `retry_after` is the seconds to wait, 0 when the call may go ahead."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._full_at: dict[str, float] = {}

    def call(self, method: str, per_minute: int | None) -> int:
        """Count a call to a method of a tier, in a window that slides over the last minute."""
        if per_minute is None:
            return 0
        now, calls = self._now(), self._calls[method]
        while calls and calls[0] + WINDOW <= now + ROUNDING:
            calls.popleft()
        if len(calls) >= per_minute:
            return max(1, math.ceil(calls[0] + WINDOW - now))
        calls.append(now)
        return 0

    def post(self, channel: str) -> int:
        """Count a message to a channel: a bucket of `POST_BURST` that fills again by one each second."""
        # One number says it all: the time at which the bucket will be full again.
        now = self._now()
        full_at = max(now, self._full_at.get(channel, now)) + 1 / POSTS_PER_SECOND
        wait = full_at - now - POST_BURST / POSTS_PER_SECOND
        if wait > ROUNDING:
            return max(1, math.ceil(wait))
        self._full_at[channel] = full_at
        return 0
