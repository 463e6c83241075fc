"""The waits that tests shorten: they are passed in, and nothing is patched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How long to wait, in seconds.

    `tick`: between two looks at what is due.
    `per_message`: between messages to one channel; Slack takes about one a second, and short bursts.
    `per_workspace`: between messages to all channels together; Slack takes several hundred a minute.
    `coalesce`: votes that come within this time of the first are shown by one update.
    `look_again`: before a message whose fate is unknown is looked for a second time.
    `look_for_papers`: before a bot that was started late in the day says that there are none.
    `arxiv`: between requests to arXiv, which asks for three seconds.
    `call`: before a call to Slack has failed, which answers within a few seconds or not at all; less than
    a claim's lease.
    `refresh`: between two readings of the last days.
    `per_read`: between calls that read reactions back, which leaves others some of Slack's 50 a minute.
    `per_seed`: between reactions of the bot's own, of which Slack takes 50 a minute from all channels together.
    `reconcile`: between two readings of the reactions on recent posts.
    `socket`: before a socket that is down makes the bot unhealthy; Slack moves one within a second or two.
    `health`: for which a report of health is kept.
    `modal`: for what a submitted modal asks of Slack, which itself gives it up after three seconds.
    """

    tick: float = 15.0
    per_message: float = 1.0
    per_workspace: float = 0.2
    coalesce: float = 1.0
    look_again: float = 3.0
    look_for_papers: float = 3600.0
    arxiv: float = 3.0
    call: float = 20.0
    refresh: float = 1800.0
    per_read: float = 2.0
    per_seed: float = 1.5
    reconcile: float = 3 * 3600.0
    socket: float = 60.0
    health: float = 5.0
    modal: float = 2.0
