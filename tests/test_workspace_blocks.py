"""Block Kit's limits: what is just allowed passes, one more does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace import message_problems, problems, view_problems

Json = dict[str, Any]


def plain(length: int = 1) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int = 1) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def button(number: int = 0, **more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": f"a{number}", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: int = 1, value: int = 1) -> Json:
    return {"text": plain(text), "value": "v" * value}


def select(count: int = 1, **more: Any) -> Json:
    return {"type": "static_select", "options": [option()] * count, **more}


def overflow(count: int) -> Json:
    return {"type": "overflow", "options": [option()] * count}


def entry(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": list(blocks), **more}


CONFIRM = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain()}
LIMITS: dict[str, tuple[int, Any]] = {
    "section text": (3000, lambda n: section(text=mrkdwn(n))),
    "section fields": (10, lambda n: {"type": "section", "fields": [plain()] * n}),
    "field text": (2000, lambda n: {"type": "section", "fields": [mrkdwn(n)]}),
    "header": (150, lambda n: {"type": "header", "text": plain(n)}),
    "context elements": (10, lambda n: {"type": "context", "elements": [mrkdwn()] * n}),
    "actions elements": (25, lambda n: actions(*map(button, range(n)))),
    "button text": (75, lambda n: actions(button(text=plain(n)))),
    "button value": (2000, lambda n: actions(button(value="v" * n))),
    "button url": (3000, lambda n: actions(button(url="https://x/".ljust(n, "x")))),
    "action_id": (255, lambda n: actions(button(action_id="a" * n))),
    "block_id": (255, lambda n: section(block_id="b" * n)),
    "options": (100, lambda n: actions(select(n))),
    "option text": (75, lambda n: actions(select(options=[option(text=n)]))),
    "option value": (150, lambda n: actions(select(options=[option(value=n)]))),
    "placeholder": (150, lambda n: actions(select(placeholder=plain(n)))),
    "overflow options": (5, lambda n: section(accessory=overflow(n))),
    "confirm title": (100, lambda n: actions(button(confirm={**CONFIRM, "title": plain(n)}))),
    "confirm text": (300, lambda n: actions(button(confirm={**CONFIRM, "text": mrkdwn(n)}))),
    "confirm button": (30, lambda n: actions(button(confirm={**CONFIRM, "confirm": plain(n)}))),
    "checkboxes": (10, lambda n: section(accessory={"type": "checkboxes", "options": [option()] * n})),
    "image alt text": (2000, lambda n: {"type": "image", "alt_text": "x" * n, "image_url": "https://x/y"}),
    "markdown": (12_000, lambda n: {"type": "markdown", "text": "x" * n}),
}


@pytest.mark.parametrize("name", LIMITS)
@given(data=st.data())
def test_up_to_a_limit_a_block_passes_and_beyond_it_does_not(name: str, data: st.DataObject) -> None:
    most, build = LIMITS[name]
    inside = data.draw(st.one_of(st.just(most), st.integers(10 if "url" in name else 1, most)))
    beyond = data.draw(st.integers(most + 1, most + 200))
    assert problems([build(inside)], "message") == []
    assert problems([build(beyond)], "message") != []
    assert "url" in name or problems([build(0)], "message") != []


VIEW_LIMITS: dict[str, tuple[int, Any]] = {
    "title": (24, lambda n: modal(title=plain(n))),
    "submit": (24, lambda n: modal(submit=plain(n))),
    "close": (24, lambda n: modal(close=plain(n))),
    "private_metadata": (3000, lambda n: modal(private_metadata="x" * n)),
    "callback_id": (255, lambda n: modal(callback_id="x" * n)),
    "blocks": (100, lambda n: modal(*[section()] * n)),
}


@pytest.mark.parametrize("name", VIEW_LIMITS)
@given(beyond=st.integers(1, 100))
def test_up_to_a_limit_a_modal_passes_and_beyond_it_does_not(name: str, beyond: int) -> None:
    most, build = VIEW_LIMITS[name]
    assert view_problems(build(most)) == []
    assert view_problems(build(most + beyond)) != []


@given(count=st.integers(0, 130))
def test_a_message_takes_50_blocks_and_a_view_100(count: int) -> None:
    blocks = [section()] * count
    assert (problems(blocks, "message") == []) == (count <= 50)
    assert (problems(blocks, "home") == []) == (count <= 100)


@given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=10))
def test_the_texts_of_all_blocks_together_are_limited(lengths: list[int]) -> None:
    payload = {"blocks": [section(text=mrkdwn(length)) for length in lengths]}
    too_long = any("msg_blocks_too_long" in problem for problem in message_problems(payload))
    assert too_long == (sum(lengths) > 13_200)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "confetti"},
        {},
        "section",
        {"type": "section"},
        {"type": "section", "text": "plain"},
        {"type": "header", "text": mrkdwn()},
        section(text={"type": "html", "text": "x"}),
        section(text=mrkdwn(0)),
        section(colour="red"),
        section(accessory={"type": "lever"}),
        section(accessory={"type": "plain_text_input"}),
        actions(button(style="rainbow")),
        actions(button(text=mrkdwn())),
        actions(button(url="javascript:alert(1)")),
        actions(button(1), button(1)),
        actions({"type": "image", "alt_text": "x", "image_url": "https://x"}),
        actions({"type": "static_select"}),
        actions(select(option_groups=[{"label": plain(), "options": [option()]}])),
        {"type": "context", "elements": [button()]},
        {"type": "image", "image_url": "https://x"},
        {"type": "image", "alt_text": "x"},
        entry({"type": "plain_text_input"}),
        {"type": "rich_text", "elements": [{"type": "poem"}]},
        {"type": ["section"]},
    ],
)
def test_a_malformed_block_is_a_problem_in_a_message(block: Any) -> None:
    assert problems([block], "message") != []


@pytest.mark.parametrize(
    "block",
    [
        {"type": "divider"},
        section(fields=[mrkdwn(), plain()], expand=True),
        actions(button(style="primary", value="v"), button(2, style="danger", confirm=CONFIRM)),
        actions({"type": "static_select", "option_groups": [{"label": plain(), "options": [option()]}]}),
        actions({"type": "datepicker", "initial_date": "2026-01-31"}, {"type": "users_select"}),
        {
            "type": "context",
            "elements": [{"type": "image", "alt_text": "x", "image_url": "https://x"}, plain()],
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
                }
            ],
        },
    ],
)
def test_a_proper_block_is_taken_on_every_surface(block: Json) -> None:
    assert problems([block], "message") == problems([block], "modal") == problems([block], "home") == []


def test_input_blocks_belong_in_views_and_need_a_submit_button() -> None:
    field = entry({"type": "plain_text_input", "multiline": True}, optional=True, hint=plain())
    assert view_problems(modal(field)) == []
    assert any("submit" in problem for problem in view_problems(modal(field, submit=None)))
    assert problems([{"type": "markdown", "text": "x"}], "modal") != []


def test_block_ids_are_unique_in_a_message() -> None:
    twice = [section(block_id="same"), section(block_id="same")]
    assert problems(twice, "message") == ["block_id `same` already exists [json-pointer:/blocks/1/block_id]"]
    assert problems([actions(button(1)), actions(button(1))], "message") == []


@pytest.mark.parametrize(
    "view", [None, [], {}, {"type": "home"}, {"type": "modal", "blocks": []}, modal(tab="x")]
)
def test_a_malformed_view_is_a_problem(view: Any) -> None:
    assert view_problems(view) != []


NAMES = st.sampled_from(
    ["type", "text", "elements", "blocks", "options", "accessory", "action_id", "fields", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
KINDS = st.sampled_from(
    ["section", "actions", "context", "rich_text", "input", "plain_text", "button", "modal"]
)


@given(blocks=st.lists(st.dictionaries(NAMES, JSON | KINDS, max_size=5), max_size=3) | JSON)
def test_no_payload_however_strange_breaks_the_checks(blocks: Any) -> None:
    assert isinstance(problems(blocks, "message"), list)
    assert isinstance(view_problems({"type": "modal", "blocks": blocks}), list)
    payload = {"text": "x", "blocks": blocks, "attachments": blocks, "metadata": blocks}
    assert isinstance(message_problems(payload), list)
