"""What Slack's handlers can call: one workspace's parts, put together by `bot.app`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.agenda import Agendas
from bot.allowance import Allowance
from bot.answers import Answers
from bot.explaining import Explaining
from bot.group import ReadingGroups
from bot.metrics import Metrics
from bot.notes import Notes
from bot.saving import Saving
from bot.sharing import Sharing
from bot.slack import Identity, Slack
from bot.stating import Stating
from bot.surfaces import Surfaces
from bot.tasks import Tasks
from bot.tasting import Tasting
from bot.votes import Voting
from bot.weekly import Weekly


@dataclass(frozen=True)
class Services:
    identity: Identity
    slack: Slack
    surfaces: Surfaces
    answers: Answers
    voting: Voting
    saving: Saving
    sharing: Sharing
    explaining: Explaining
    stating: Stating
    tasting: Tasting
    tasks: Tasks
    allowance: Allowance
    metrics: Metrics
    weekly: Weekly
    groups: ReadingGroups
    agendas: Agendas
    notes: Notes
