"""The manifest asks for what the code registers and calls: all of it, and nothing else."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

import handlers
from bot.app import Bot
from bot.ids import paper_id
from handlers.manifest import SCOPES, manifest

ROOT = Path(__file__).resolve().parents[1]
#: Called without a scope of the bot token: they need none, or a token of their own.
FREE = {
    *("auth.test", "chat.getPermalink", "apps.connections.open"),
    *("views.open", "views.publish", "views.update"),
}
#: An app's own Home tab needs none either.
FREE_EVENTS = {"app_home_opened"}
#: https://docs.slack.dev/reference/events: what has to be granted before Slack sends an event.
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "assistant_thread_context_changed": "assistant:write",
    "assistant_thread_started": "assistant:write",
    "link_shared": "links:read",
    "member_joined_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}


def web_api_methods() -> set[str]:
    """Every Web API method called anywhere in the app, found as `client.chat_update(...)` is written."""
    known = {name for name in dir(AsyncWebClient) if not name.startswith("_")}
    called = set()
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]:
        if "workspace" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(
                    value=ast.Attribute(attr="client" | "_once") | ast.Name(id="client"), attr=name
                ):
                    called |= {name} & known
    return {name.replace("_", ".") for name in called}


def test_the_search_for_called_methods_finds_some() -> None:
    assert {"chat.postMessage", "chat.update", "auth.test"} <= web_api_methods()


def test_every_method_called_has_a_scope() -> None:
    assert web_api_methods() - FREE <= {name for names in SCOPES.values() for name in names}


def test_every_method_named_with_a_scope_is_called() -> None:
    assert {name for names in SCOPES.values() for name in names} <= web_api_methods()


def test_a_scope_without_a_method_is_there_for_a_command_or_an_event() -> None:
    bare = {scope for scope, names in SCOPES.items() if not names}
    for_events = {EVENT_SCOPES[name] for name in set(handlers.EVENTS) - FREE_EVENTS}
    assert for_events <= set(SCOPES)
    assert {"commands"} <= bare <= {"commands"} | for_events


def test_the_manifest_has_the_commands_events_and_scopes_of_the_code() -> None:
    made = manifest()
    assert [command["command"] for command in made["features"]["slash_commands"]] == list(handlers.COMMANDS)
    assert made["settings"]["event_subscriptions"]["bot_events"] == sorted(handlers.EVENTS)
    assert made["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)
    assert set(made["oauth_config"]["scopes"]) == {"bot"}


async def test_what_is_in_the_tables_is_what_bolt_listens_to(bot: Bot) -> None:
    listening = len(bot.bolt_app()._async_listeners)
    tables = (handlers.COMMANDS, handlers.EVENTS, handlers.ACTIONS, handlers.SHORTCUTS, handlers.VIEWS)
    assert listening == sum(map(len, tables))


def test_the_manifests_shortcuts_are_those_that_are_listened_to() -> None:
    shortcuts = manifest()["features"]["shortcuts"]
    assert sorted(each["callback_id"] for each in shortcuts) == sorted(handlers.SHORTCUTS)
    assert len({(each["type"], each["name"]) for each in shortcuts}) == len(shortcuts)
    assert {each["type"] for each in shortcuts} == {"message", "global"}


def test_every_domain_whose_links_are_previewed_is_one_that_ids_are_read_from() -> None:
    domains = manifest()["features"]["unfurl_domains"]
    assert len(domains) <= 5
    paths = ("abs/2403.01234", "papers/2403.01234", "10.48550/arXiv.2403.01234")
    assert all(any(paper_id(f"https://{domain}/{path}") for path in paths) for domain in domains)


def test_interactivity_is_on_because_there_are_buttons() -> None:
    assert handlers.ACTIONS
    assert manifest()["settings"]["interactivity"] == {"is_enabled": True}


def test_without_an_address_the_app_uses_socket_mode_and_names_no_url() -> None:
    made = manifest()
    assert made["settings"]["socket_mode_enabled"] is True
    assert not re.search(r'url"', json.dumps(made))


@pytest.mark.parametrize("address", ["https://papers.example.org", "https://papers.example.org/"])
def test_with_an_address_everything_is_sent_there(address: str) -> None:
    made = manifest(address)
    endpoint = "https://papers.example.org/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == endpoint
    assert made["settings"]["interactivity"]["request_url"] == endpoint
    assert {command["url"] for command in made["features"]["slash_commands"]} == {endpoint}


#: https://docs.slack.dev/reference/app-manifest: the fields that the bot could use, with their types and limits.
SCHEMA: dict[str, Any] = {
    "display_information": {"name": 35, "description": 140, "background_color": 7, "long_description": 4000},
    "features": {
        "bot_user": {"display_name": 80, "always_online": bool},
        "app_home": {
            "home_tab_enabled": bool,
            "messages_tab_enabled": bool,
            "messages_tab_read_only_enabled": bool,
        },
        "shortcuts": [{"callback_id": 255, "type": 10, "name": 24, "description": 150}],
        "unfurl_domains": [255],
        "assistant_view": {"assistant_description": 300},
        "slash_commands": [
            {"command": 32, "description": 2000, "usage_hint": 1000, "should_escape": bool, "url": 3000}
        ],
    },
    "oauth_config": {"scopes": {"bot": [100]}},
    "settings": {
        "event_subscriptions": {"request_url": 3000, "bot_events": [100]},
        "interactivity": {"is_enabled": bool, "request_url": 3000},
        "org_deploy_enabled": bool,
        "socket_mode_enabled": bool,
        "token_rotation_enabled": bool,
    },
}


def problems(value: Any, allowed: Any, path: str = "") -> list[str]:
    match allowed:
        case dict():
            unknown = [f"{path}/{name}" for name in set(value) - set(allowed)]
            return unknown + [
                p
                for name in set(value) & set(allowed)
                for p in problems(value[name], allowed[name], f"{path}/{name}")
            ]
        case list():
            return [p for n, item in enumerate(value) for p in problems(item, allowed[0], f"{path}/{n}")]
        case int():
            return [] if isinstance(value, str) and 0 < len(value) <= allowed else [path]
        case _:
            return [] if isinstance(value, allowed) else [path]


@pytest.mark.parametrize("address", ["", "https://papers.example.org"])
def test_every_field_is_one_that_slack_knows_and_within_its_limits(address: str) -> None:
    made = manifest(address)
    assert problems(made, SCHEMA) == []
    assert json.loads(json.dumps(made)) == made
    assert re.fullmatch("#[0-9a-f]{6}", made["display_information"]["background_color"])
    assert all(
        re.fullmatch(r"[a-z_]+(:[a-z]+(\.[a-z]+)?)?", scope)
        for scope in made["oauth_config"]["scopes"]["bot"]
    )
    assert len(made["settings"]["event_subscriptions"]["bot_events"]) <= 100
