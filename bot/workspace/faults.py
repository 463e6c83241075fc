"""Trouble on demand: what a test or a rehearsal wants to go wrong, and how often."""

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["rate_limit", "fail", "fail_after_work", "hang"]


@dataclass
class Fault:
    """Trouble for the next `times` calls of a method (of one channel, when named)."""

    kind: FaultKind
    method: str
    times: int
    channel: str | None = None
    error: str = ""
    seconds: float = 0.0
    work: bool = True


class Faults:
    """What shall go wrong next. Each fault is used up by the calls it hits, in the order they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._dropped_acks = 0
        self._redelivered = 0
        self._held_back = 0

    def rate_limit(
        self, method: str, *, retry_after: int = 1, times: int = 1, channel: str | None = None
    ) -> None:
        """Answer HTTP 429 with `Retry-After`; the work is not done."""
        self._faults.append(Fault("rate_limit", method, times, channel, seconds=retry_after))

    def fail(self, method: str, error: str, *, times: int = 1, channel: str | None = None) -> None:
        """Answer `ok: false` with `error`; the work is not done."""
        self._faults.append(Fault("fail", method, times, channel, error=error))

    def fail_after_work(self, method: str, *, times: int = 1, channel: str | None = None) -> None:
        """Do the work, then answer HTTP 500: the case that makes blind repeating post twice."""
        self._faults.append(Fault("fail_after_work", method, times, channel))

    def hang(
        self, method: str, *, seconds: float, times: int = 1, channel: str | None = None, work: bool = True
    ) -> None:
        """Answer only after `seconds`; the work is done before that, or never with `work=False` (then HTTP 500)."""
        self._faults.append(Fault("hang", method, times, channel, seconds=seconds, work=work))

    def drop_ack(self, *, times: int = 1) -> None:
        """Lose the bot's acknowledgement of the next deliveries, as if it had come too late."""
        self._dropped_acks += times

    def redeliver(self, *, times: int = 1) -> None:
        """Deliver the next events a second time although the bot acknowledged them."""
        self._redelivered += times

    def hold_back(self, *, times: int = 1) -> None:
        """Bring the next events only with their first retry, so that later ones overtake them."""
        self._held_back += times

    def pending(self) -> list[str]:
        """What has not happened yet, in words."""
        kinds = {
            "rate_limit": "429",
            "fail": "an error",
            "fail_after_work": "500 after work",
            "hang": "a delay",
        }
        calls = [f"{kinds[fault.kind]} for {fault.method} ({fault.times}x)" for fault in self._faults]
        acks = f"a lost ack ({self._dropped_acks}x)" if self._dropped_acks else ""
        twice = f"an event delivered twice ({self._redelivered}x)" if self._redelivered else ""
        late = f"an event held back ({self._held_back}x)" if self._held_back else ""
        return [*calls, *filter(None, (acks, twice, late))]

    def clear(self) -> None:
        """Forget all trouble that has not happened yet."""
        self._faults.clear()
        self._dropped_acks = self._redelivered = self._held_back = 0

    def take(self, method: str, channel: str | None) -> Fault | None:
        """The fault this call meets, if any; counts it as used."""
        for fault in self._faults:
            if fault.method == method and fault.channel in (None, channel):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def take_dropped_ack(self) -> bool:
        """Whether the acknowledgement that just came is to be lost."""
        self._dropped_acks -= (taken := self._dropped_acks > 0)
        return taken

    def take_redelivery(self) -> bool:
        """Whether the event that was just acknowledged is to be delivered again."""
        self._redelivered -= (taken := self._redelivered > 0)
        return taken

    def take_holding_back(self) -> bool:
        """Whether the event that is about to be delivered is to wait for its first retry."""
        self._held_back -= (taken := self._held_back > 0)
        return taken
