"""What Slack's handlers can call: one workspace's parts, put together by `bot.app`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers import Answers
from bot.saving import Saving
from bot.sharing import Sharing
from bot.slack import Identity, Slack
from bot.tasks import Tasks
from bot.tasting import Tasting
from bot.votes import Voting


@dataclass(frozen=True)
class Services:
    identity: Identity
    slack: Slack
    answers: Answers
    voting: Voting
    saving: Saving
    sharing: Sharing
    tasting: Tasting
    tasks: Tasks
