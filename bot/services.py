"""What Slack's handlers can call: one workspace's parts, put together by `bot.app`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.agenda import Agendas
from bot.allowance import Allowance
from bot.answers import Answers
from bot.conversing import Conversing
from bot.errands import Errands
from bot.explaining import Explaining
from bot.exporting import Exporting
from bot.greeting import Greeting
from bot.group import ReadingGroups
from bot.home import Homes
from bot.home_acts import HomeActs
from bot.linking import Linking
from bot.mail.choosing import Choosing
from bot.members import Members
from bot.metrics import Metrics
from bot.notes import Notes
from bot.pointing import Pointing
from bot.privacy import Privacy
from bot.saving import Saving
from bot.sharing import Sharing
from bot.slack import Identity, Slack
from bot.stating import Stating
from bot.submitting import Submitting
from bot.subscriptions import Subscriptions
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
    privacy: Privacy
    explaining: Explaining
    exporting: Exporting
    stating: Stating
    choosing: Choosing
    tasting: Tasting
    tasks: Tasks
    allowance: Allowance
    metrics: Metrics
    pointing: Pointing
    errands: Errands
    submitting: Submitting
    linking: Linking
    conversing: Conversing
    homes: Homes
    home_acts: HomeActs
    members: Members
    greeting: Greeting
    subscriptions: Subscriptions
    weekly: Weekly
    groups: ReadingGroups
    agendas: Agendas
    notes: Notes
