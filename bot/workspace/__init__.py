"""A small real Slack on loopback, behind `papers-bot try` and behind the tests.

It shares no code with the bot but the wire: a bot built on slack-bolt and slack_sdk cannot tell it from Slack.
"""

from bot.workspace.blocks import message_problems, problems, view_problems
from bot.workspace.clock import MovableClock
from bot.workspace.delivery import Delivery
from bot.workspace.runs import CommandRun
from bot.workspace.saved import InUseError, forget, set_aside
from bot.workspace.server import Workspace
from bot.workspace.state import Call, Channel, Message, User

__all__ = [
    "Call",
    "Channel",
    "CommandRun",
    "Delivery",
    "InUseError",
    "Message",
    "MovableClock",
    "User",
    "Workspace",
    "forget",
    "message_problems",
    "problems",
    "set_aside",
    "view_problems",
]
