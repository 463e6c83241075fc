"""The app's manifest, made from what is registered, so that the two can't drift apart.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any

import handlers
from bot.messages.help import usage
from handlers import shortcuts

#: Each scope and the Web API methods it is asked for.
SCOPES: dict[str, tuple[str, ...]] = {
    "app_mentions:read": (),
    "assistant:write": ("assistant.threads.setStatus", "assistant.threads.setSuggestedPrompts"),
    "channels:history": ("conversations.history", "conversations.replies"),
    "channels:read": (
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "users.conversations",
    ),
    "chat:write": ("chat.postEphemeral", "chat.postMessage", "chat.update"),
    "commands": (),
    # And for the address that a file's own object names.
    "files:read": ("files.info",),
    "files:write": ("files.getUploadURLExternal", "files.completeUploadExternal"),
    "groups:history": ("conversations.history", "conversations.replies"),
    "groups:read": (
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "users.conversations",
    ),
    "im:history": ("conversations.history", "conversations.replies"),
    "im:read": ("conversations.info",),
    # A file can't be sent to a person, only to the conversation with them.
    "im:write": ("conversations.open",),
    "links:read": (),
    "links:write": ("chat.unfurl",),
    "reactions:read": ("reactions.get",),
    "reactions:write": ("reactions.add",),
    # Who is an admin; asked only where PAPERS_SUBSCRIBERS is "admins". And who `@ada` is in `/papers group rota @ada`.
    "users:read": ("users.info", "users.list"),
    # Where papers are mailed to, and at what hour; only where PAPERS_SMTP_URL is set.
    "users:read.email": ("users.info",),
}
#: Where papers are that `bot.ids` knows by their addresses. Slack takes five; OpenReview's say nothing about arXiv's.
UNFURL_DOMAINS = ("alphaxiv.org", "arxiv.org", "doi.org", "hf.co", "huggingface.co")
USAGE = usage()


def manifest(url: str = "") -> dict[str, Any]:
    """The manifest for Socket Mode or, with the bot's public address, for HTTP."""
    endpoint = f"{url.rstrip('/')}/slack/events"
    over_http = {"request_url": endpoint} if url else {}
    commands = [
        {
            "command": name,
            "description": "The day's papers, and search by topic",
            "usage_hint": USAGE,
            "should_escape": False,
            **({"url": endpoint} if url else {}),
        }
        for name in handlers.COMMANDS
    ]
    return {
        "display_information": {
            "name": "Papers",
            "description": "Each day's papers, ranked by what your team reacts to",
            "background_color": "#1f3a5f",
        },
        "features": {
            "bot_user": {"display_name": "papers", "always_online": True},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "slash_commands": commands,
            "shortcuts": [
                {"callback_id": callback_id, "type": kind, "name": name, "description": description}
                for callback_id, (kind, name, description) in shortcuts.ENTRIES.items()
            ],
            "unfurl_domains": list(UNFURL_DOMAINS),
            "assistant_view": {"assistant_description": "Ask for papers by topic, by day, or for you."},
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**over_http, "bot_events": sorted(handlers.EVENTS)},
            "interactivity": {"is_enabled": True, **over_http},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }
