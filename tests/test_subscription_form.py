"""Reading what people ask of a subscription: whatever is typed or filled in has a value or a sentence."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import (
    Form,
    Opened,
    Shown,
    Subscribed,
    change_of,
    form_of,
    kept_message,
    key_of,
    opened_of,
    preview_blocks,
    subscription_text,
    subscription_view,
    subscriptions_message,
)
from bot.search import parse
from bot.subscription_form import Checked, Words, check, words_of
from bot.topics import is_searchable
from bot.workspace import message_problems, view_problems
from bot.workspace.interactions import view_values
from storage.models import EVERY_DAY, SOURCES, Mode, Paper, Subscription, Topic

WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["8:30", "25:00", "Europe/Berlin", "UTC", "Japan", "robots", "-survey", "cat:cs.RO", "é"]
    ),
)
FORM = Form("robots", "here", SOURCES, "", "08:30", "UTC", tuple("0123456"), "5", "", "messages")
CATEGORIES = st.sampled_from(["cs.LG", "q-bio.*", "hep-th", "cs", "x.y"])
ZONES = st.sampled_from(["UTC", "europe/berlin", "America/New York", "../x", "/etc/passwd"])
CREATED = datetime(2026, 8, 18, tzinfo=UTC)
FORMS = st.builds(
    Form,
    typed=st.lists(WORDS, max_size=8).map(" ".join),
    where=st.sampled_from(["here", "me", "", "?"]),
    sources=st.lists(st.sampled_from([*SOURCES, "?"]), max_size=3).map(tuple),
    categories=st.lists(CATEGORIES | st.text(max_size=9)).map(", ".join),
    post_at=st.sampled_from(["08:30", "24:00", "", "8"]) | st.text(max_size=5),
    timezone=ZONES | st.text(max_size=9),
    weekdays=st.lists(st.sampled_from("0123456789"), max_size=9).map(tuple),
    top=st.sampled_from(["1", "30", "31", "-1", "٣"]) | st.text(max_size=12),
    minimum=st.sampled_from(["", "0", "7", "1e3"]) | st.text(max_size=12),
    mode=st.sampled_from(["messages", "list", "?"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", Words()),
        ("8:30", Words("", time(8, 30))),
        ("08:30 Europe/Berlin", Words("", time(8, 30), "Europe/Berlin")),
        ("Asia/Tokyo 7:15", Words("", time(7, 15), "Asia/Tokyo")),
        ("Japan", Words("", None, "Japan")),
        ("economy of Japan", Words("economy of Japan")),
        ("diffusion policy -survey", Words("diffusion policy -survey")),
        ("diffusion policy 08:30 Europe/Berlin", Words("diffusion policy", time(8, 30), "Europe/Berlin")),
        ("9:00 UTC robots", Words("robots", time(9), "UTC")),
        ('"at 12:30 sharp" robots', Words('"at 12:30 sharp" robots')),
        ("robots 25:00", Words("robots 25:00")),
    ],
)
def test_hours_and_zones_at_the_ends_are_taken_out_of_a_topic(typed: str, expected: Words) -> None:
    assert words_of(typed) == expected


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_of_what_is_typed_nothing_is_lost_but_hours_and_zones(typed: str) -> None:
    words = words_of(typed)
    assert f" {' '.join(typed.split())} ".count(f" {words.topic} ") >= 1 or not words.topic
    if words.timezone:
        ZoneInfo(words.timezone)


@settings(max_examples=200)
@given(FORMS)
def test_a_form_has_values_that_can_be_kept_or_a_sentence_for_each_wrong_field(form: Form) -> None:
    checked = check(form)
    if isinstance(checked, Checked):
        ids = {"id": "1", "team_id": "T1", "channel_id": "C1", "user_id": "U1"}
        topic = Topic(**ids, created_at=CREATED, **checked._asdict())
        ZoneInfo(topic.timezone)
        assert not topic.typed or is_searchable(parse(topic.typed))
        assert all(parse(f"cat:{name}").of("cat") for name in topic.categories)
        assert 1 <= topic.top <= 30
        assert set(topic.weekdays) <= set(EVERY_DAY)
        assert message_problems(dict(kept_message(topic, direct=False, changed=True))) == []
    else:
        assert checked
        assert set(checked) <= set(Form._fields)
        assert all(len(sentence) > 10 for sentence in checked.values())


@settings(max_examples=60, deadline=None)
@given(FORMS, st.sampled_from(["", "topic:1", "daily:C1"]), st.sampled_from(["", "C1"]))
def test_whatever_was_filled_in_can_be_drawn_again_and_is_read_the_same(
    form: Form, edits: str, channel: str
) -> None:
    opened = Opened(channel, edits, "note" if edits else "")
    view = subscription_view(form, opened)
    assert view_problems(view) == []
    assert opened_of(view) == opened
    blocks = [{"block_id": f"b{n}", **block} for n, block in enumerate(view["blocks"])]
    state = {"values": view_values(blocks, {}, whole=False)}
    read = form_of({**view, "state": state})
    again = subscription_view(read, opened)
    assert form_of({**again, "state": state}) == read


def test_a_form_that_is_right_reads_back_as_it_was() -> None:
    view = subscription_view(FORM, Opened("C1"))
    state = {"values": view_values([{"block_id": "row", **block} for block in view["blocks"]], {})}
    assert form_of({**view, "state": state}) == FORM


@pytest.mark.parametrize("carried", ["", "null", "[]", "{}", "[1, 2, 3]", '["a", "b"]'])
def test_a_modal_that_is_not_ours_is_refused(carried: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        opened_of({"private_metadata": carried})


@pytest.mark.parametrize("value", ["", "explode topic:1", "topic:1"])
def test_a_button_that_is_not_ours_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        change_of(value)


def test_a_preview_of_everything_stays_within_slacks_limits() -> None:
    papers = [Paper(id=str(n), title="<!channel> & " * 40) for n in range(30)]
    shown = Shown([(date(2026, 8, n), papers) for n in range(1, 15)], 420, 210.0, ["<!here>"] * 5)
    view = subscription_view(FORM._replace(typed="w" * 900), Opened("C1"), preview_blocks(shown))
    assert view_problems(view) == []
    assert "<!" not in json.dumps(view["blocks"])
    assert "…and 4 earlier days" in str(view["blocks"])


def test_a_long_list_of_hostile_subscriptions_stays_within_slacks_limits() -> None:
    fields: dict[str, Any] = {"team_id": "T1", "post_at": time(8), "timezone": "UTC", "top": 5}
    topics = [
        Topic(
            id=str(n),
            channel_id="C1",
            user_id="U1",
            typed="<!channel> *x* " * 30,
            categories=("cs.LG",) * 60,
            weekdays=(0, 1, 2, 3, 4),
            sources=("arxiv",),
            minimum=3,
            mode=Mode.LIST,
            created_at=CREATED,
            **fields,
        )
        for n in range(30)
    ]
    daily = Subscription(channel_id="C1", **fields)
    message = subscriptions_message(Subscribed([daily, *topics], topics), "note", "restore topic:1")
    assert message_problems(dict(message)) == []
    assert "<!" not in json.dumps(message)
    assert key_of(daily) == "daily:C1"
    assert subscription_text(topics[0]).startswith(
        "Monday to Friday at *08:00* (UTC), at most 5 papers as one list"
    )
