"""Slack's surface: the one table from Slack's names to functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.messages import (
    BACK,
    CHOICE,
    EDIT_SUBSCRIPTION,
    FORGET,
    GROUP_FORM,
    GROUP_SKIP,
    GROUP_UNDO,
    GROUP_VIEW,
    LESS_LIKE,
    MENU,
    MORE,
    MORE_LIKE,
    MUTE,
    NEW_SUBSCRIPTION,
    NOTE_FORM,
    NOTE_TURN,
    NOTE_VIEW,
    PASS_ON,
    PRESENT,
    PRESENTER_UNDO,
    READ,
    SAVE,
    SAVED_UNDO,
    SHARE,
    SIMILAR,
    SUBMIT_UNDO,
    SUBMIT_VIEW,
    SUBSCRIPTION,
    SUBSCRIPTION_DELETE,
    SUBSCRIPTION_PREVIEW,
    SUBSCRIPTION_TURN,
    SUBSCRIPTION_UNDO,
    SUGGESTION,
    TASTE_DROP,
    TASTE_RESET,
    TASTE_TURN,
    TASTE_UNDO,
    UNDO,
    VOTE,
    WEEKLY_SET,
)
from bot.messages.home import place
from bot.messages.mail import MAIL_CONFIRM, MAIL_SETS
from bot.services import Services
from handlers import (
    actions,
    commands,
    direct,
    errors,
    group,
    home,
    links,
    mail,
    mentions,
    menus,
    privacy,
    reactions,
    shortcuts,
    submissions,
    subscriptions,
    weekly,
)

Handler = Callable[..., Awaitable[Any]]

COMMANDS: dict[str, Handler] = {"/papers": commands.papers}
#: By the names that the manifest subscribes to.
EVENTS: dict[str, Handler] = {
    "app_home_opened": home.opened,
    "app_mention": mentions.mentioned,
    **dict.fromkeys(
        ("assistant_thread_started", "assistant_thread_context_changed"), mentions.assistant_opened
    ),
    "link_shared": links.shared,
    "member_joined_channel": home.joined,
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
    FORGET: privacy.forget,
    **dict.fromkeys((MORE, BACK, SUGGESTION), actions.turn_page),
    CHOICE: shortcuts.choose,
    SAVED_UNDO: shortcuts.unsave,
    SUBMIT_UNDO: submissions.undo,
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
    NEW_SUBSCRIPTION: subscriptions.new,
    EDIT_SUBSCRIPTION: subscriptions.edit,
    SUBSCRIPTION_PREVIEW: subscriptions.preview,
    **dict.fromkeys((SUBSCRIPTION_TURN, SUBSCRIPTION_DELETE, SUBSCRIPTION_UNDO), subscriptions.change),
    **dict.fromkeys(MAIL_SETS, mail.choose),
    MAIL_CONFIRM: mail.confirm,
}
#: On the Home tab, where nothing has a `response_url`.
ACTIONS |= {
    **dict.fromkeys(place.TURNS, home.turn),
    place.SEARCH: home.search,
    place.VOTE: home.vote,
    place.SAVE: home.save,
    place.READ: home.read,
    place.MARK: home.mark,
    place.MENU: home.menu,
    place.UNDO: home.undo,
    place.NOTE: home.note,
    place.UNDO_NOTE: home.undo_note,
    place.HIDE: home.hide,
    place.TASTE: home.taste,
}
#: Message and global shortcuts, by their callback ids.
SHORTCUTS: dict[str, Handler] = {
    **dict.fromkeys((shortcuts.SAVE_PAPER, shortcuts.FIND_SIMILAR, shortcuts.DISCUSS), shortcuts.errand),
    **dict.fromkeys((shortcuts.SUBMIT_FROM_MESSAGE, shortcuts.SUBMIT), submissions.open_form),
}
#: What is done when a modal is submitted, by its callback id.
VIEWS: dict[str, Handler] = {
    SUBMIT_VIEW: submissions.submit,
    SUBSCRIPTION: subscriptions.submit,
    GROUP_VIEW: group.submit,
    NOTE_VIEW: group.keep_note,
    place.WRITE_NOTE: home.write_note,
    place.MUTE: home.mute,
}
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
