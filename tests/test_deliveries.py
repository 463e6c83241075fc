"""Deliveries are named in the log by what they are, and by nothing a person wrote."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliveries import Delivered, delivered

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["event", "item", "channel", "id", "type", "actions", "action_id", "team", "text"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"command": "/papers", "team_id": "T1", "channel_id": "C1", "text": "a secret interest"},
            Delivered("command", "/papers", "T1", "C1"),
        ),
        (
            {
                "type": "event_callback",
                "team_id": "T1",
                "event": {"type": "reaction_added", "item": {"channel": "C1"}},
            },
            Delivered("event", "reaction_added", "T1", "C1"),
        ),
        (
            {"type": "event_callback", "event": {"type": "message", "channel": "C2", "text": "hello"}},
            Delivered("event", "message", "", "C2"),
        ),
        (
            {
                "type": "block_actions",
                "actions": [{"action_id": "vote", "value": "2403.01234"}],
                "team": {"id": "T1"},
                "channel": {"id": "C1", "name": "papers"},
            },
            Delivered("action", "vote", "T1", "C1"),
        ),
        ({"type": "view_submission"}, Delivered("action", "view_submission", "", "")),
        ({}, Delivered("action", "", "", "")),
    ],
)
def test_a_delivery_says_what_it_is_and_where_from(body: dict[str, Any], expected: Delivered) -> None:
    assert delivered(body) == expected


@given(st.dictionaries(st.sampled_from(["command", "event", "type", "actions", "team", "channel"]), JSON))
def test_whatever_comes_can_be_named(body: dict[str, Any]) -> None:
    assert all(isinstance(word, str) and len(word) <= 60 for word in delivered(body))
