"""Addresses in what people write, and the events by which an app hears of those on its domains.

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from bot.workspace.state import Json, Message, State

# In a message Slack has put what it takes for an address between angle brackets.
_WRITTEN = re.compile(r"<(https?://[^<>|\s]+)(?:\|[^<>]*)?>|(?<![\w<|])(https?://[^<>|\s]+)")
# Typed brackets are entities by then, which end an address as brackets do.
_TYPED = re.compile(r"(?<![\w<|])https?://(?:(?!&[lg]t;)[^<>|\s])*(?!&[lg]t;)[^<>|\s.,;:!?)\]}'\"”’]")


def wrapped(text: str) -> str:
    """What somebody typed with each address between angle brackets."""
    return _TYPED.sub(lambda found: f"<{found[0]}>", text)


def addresses(text: str) -> list[str]:
    """The addresses in a message as the app is told of them: entities of Slack's as the characters they stand for."""
    found = (match[1] or match[2] for match in _WRITTEN.finditer(text))
    return list(dict.fromkeys(address.replace("&amp;", "&") for address in found))


def links(text: str, domains: Collection[str]) -> list[Json]:
    """The links of a message on these domains or below them."""
    return [
        {"domain": domain, "url": address}
        for address in addresses(text)
        for domain in domains_of(address, domains)
    ]


def domains_of(address: str, domains: Collection[str]) -> Iterator[str]:
    """Which of the domains an address is on; one at most."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return
    yield from [domain for domain in domains if host == domain or host.endswith(f".{domain}")][:1]


def link_shared(state: State, message: Message, found: list[Json]) -> Json:
    """The event for a message that was written."""
    place = state.channels[message.channel]
    event: Json = {
        "type": "link_shared",
        "channel": message.channel,
        "is_bot_user_member": state.bot_is_in(place),
        "user": message.user,
        "message_ts": message.ts,
        "unfurl_id": f"{message.channel}.{message.ts}",
        "source": "conversations_history",
        "links": found,
        "event_ts": state.next_ts(),
    }
    return event | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def link_composed(state: State, user: str, found: list[Json]) -> Json:
    """The event for what somebody is still typing: no channel and no message yet, but an `unfurl_id`."""
    unfurl_id = state.next_id("Ux")
    state.composed[unfurl_id] = {link["url"]: {} for link in found}
    return {
        "type": "link_shared",
        "channel": "COMPOSER",
        "is_bot_user_member": True,
        "user": user,
        "message_ts": unfurl_id,
        "unfurl_id": unfurl_id,
        "source": "composer",
        "links": found,
        "event_ts": state.next_ts(),
    }
