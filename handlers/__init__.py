"""Slack's surface: the one table from Slack's names to functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.messages import (
    BACK,
    GROUP_FORM,
    GROUP_SKIP,
    GROUP_UNDO,
    GROUP_VIEW,
    LESS_LIKE,
    MENU,
    MORE,
    MORE_LIKE,
    MUTE,
    NOTE_FORM,
    NOTE_TURN,
    NOTE_VIEW,
    PASS_ON,
    PRESENT,
    PRESENTER_UNDO,
    READ,
    SAVE,
    SHARE,
    SIMILAR,
    SUGGESTION,
    TASTE_DROP,
    TASTE_RESET,
    TASTE_TURN,
    TASTE_UNDO,
    UNDO,
    VOTE,
    WEEKLY_SET,
)
from bot.services import Services
from handlers import actions, commands, direct, errors, group, menus, reactions, weekly

Handler = Callable[..., Awaitable[Any]]

COMMANDS: dict[str, Handler] = {"/papers": commands.papers}
#: By the names that the manifest subscribes to.
EVENTS: dict[str, Handler] = {
    **dict.fromkeys(("message.channels", "message.groups"), group.said),
    "message.im": direct.message,
    "reaction_added": reactions.added,
    "reaction_removed": reactions.removed,
}
ACTIONS: dict[str, Handler] = {
    VOTE: actions.vote,
    SAVE: actions.save,
    SIMILAR: actions.similar,
    SHARE: actions.share,
    READ: menus.read,
    MENU: menus.menu,
    **dict.fromkeys((MORE_LIKE, LESS_LIKE, MUTE), menus.state),
    UNDO: menus.undo,
    **dict.fromkeys((MORE, BACK, SUGGESTION), actions.turn_page),
    **dict.fromkeys((TASTE_DROP, TASTE_RESET, TASTE_TURN, TASTE_UNDO), actions.taste),
    WEEKLY_SET: weekly.put_back,
    GROUP_FORM: group.open_form,
    GROUP_SKIP: group.skip,
    GROUP_UNDO: group.put_back,
    PRESENT: group.present,
    PASS_ON: group.pass_on,
    PRESENTER_UNDO: group.put_presenter_back,
    NOTE_FORM: group.open_note,
    NOTE_TURN: group.turn_note,
}
#: Message and global shortcuts, by their callback ids.
SHORTCUTS: dict[str, Handler] = {}
#: What is done when a modal is submitted, by its callback id.
VIEWS: dict[str, Handler] = {GROUP_VIEW: group.submit, NOTE_VIEW: group.keep_note}
#: Slack calls them all `message`, and says in them where they were written.
_CHANNEL_TYPES = {"message.channels": "channel", "message.groups": "group", "message.im": "im"}


def register(app: AsyncApp, services: Services) -> None:
    """Connect every name to its function, and give the functions `services` in their context."""

    async def offer_services(context: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> None:
        context["services"] = services
        await next_()

    app.middleware(offer_services)
    for name, handler in COMMANDS.items():
        app.command(name)(handler)
    for name, handler in EVENTS.items():
        # What is subscribed to as `message.im` arrives as `message`.
        app.event(name.partition(".")[0], matchers=_matchers(name))(handler)
    for name, handler in ACTIONS.items():
        app.action(name)(handler)
    for name, handler in SHORTCUTS.items():
        app.shortcut(name)(handler)
    for name, handler in VIEWS.items():
        app.view(name)(handler)
    app.error(errors.failed)


def _matchers(name: str) -> list[Callable[..., Awaitable[bool]]]:
    """What tells an event from others that arrive by the same name."""
    if name not in _CHANNEL_TYPES:
        return []

    async def is_there(event: dict[str, Any]) -> bool:
        return bool(event.get("channel_type") == _CHANNEL_TYPES[name])

    return [is_there]
