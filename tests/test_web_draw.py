"""Messages, blocks and views as HTML: every element drawn, nothing dropped, nothing that runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.messages import (
    Entry,
    Page,
    header_message,
    help_message,
    notice,
    page_message,
    paper_message,
    rest_message,
    subscribed_message,
    voted_message,
)
from bot.messages import Message as Sent
from bot.workspace import Message, elements
from bot.workspace.blocks import problems
from bot.workspace.methods.chat import put
from bot.workspace.web.draw import Drawing, element_id
from storage.models import Edition, Paper, Subscription, Tally
from tests.test_messages import LARGEST, MANY, NOW, PAPERS, TALLIES
from tests.web_html import Html

Json = dict[str, Any]

USERS = {"U1": "Ada Lovelace", "U2": "Ben", "UB": "Papers"}
DRAWING = Drawing(USERS, {"C1": "papers", "C2": "general"}, "U1")
NEW_TAB = {"target": "_blank", "rel": "noopener noreferrer"}
MANY_EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text(said: str) -> Json:
    return {"type": "plain_text", "text": said}


def mrkdwn(said: str) -> Json:
    return {"type": "mrkdwn", "text": said}


def option(said: str, **more: Any) -> Json:
    return {"text": text(said), "value": said.lower(), **more}


def field(label: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": f"block {label}", "label": text(label), "element": element, **more}


OPTIONS = {"options": [option("One"), option("Two", description=text("the second"))]}
#: One of every element that can be clicked or filled in.
ELEMENTS: list[Json] = [
    {"type": "button", "text": text("Up"), "value": "2403.01234", "style": "primary"},
    {"type": "overflow", "options": [option("Hide"), option("Read", url="https://x.example/a")]},
    {"type": "checkboxes", **OPTIONS, "initial_options": [option("One")]},
    {"type": "radio_buttons", **OPTIONS, "initial_option": option("One")},
    {"type": "static_select", **OPTIONS, "placeholder": text("Choose"), "initial_option": option("One")},
    {"type": "external_select", "placeholder": text("Type"), "initial_option": option("One")},
    {"type": "users_select", "initial_user": "U2"},
    {"type": "channels_select", "initial_channel": "C2"},
    {"type": "conversations_select", "initial_conversation": "C2"},
    {"type": "multi_static_select", **OPTIONS, "initial_options": [option("One")]},
    {"type": "multi_external_select", "initial_options": [option("One"), option("Two")]},
    {"type": "multi_users_select", "initial_users": ["U2"]},
    {"type": "multi_channels_select", "initial_channels": ["C1", "C2"]},
    {"type": "multi_conversations_select", "initial_conversations": ["C2"]},
    {"type": "datepicker", "initial_date": "2026-08-18"},
    {"type": "timepicker", "initial_time": "08:30"},
    {"type": "datetimepicker", "initial_date_time": 1392734382},
    {"type": "plain_text_input", "initial_value": "words", "min_length": 2, "max_length": 9},
    {"type": "email_text_input", "initial_value": "a@x.example", "placeholder": text("Mail")},
    {"type": "url_text_input", "initial_value": "https://x.example", "focus_on_load": True},
    {"type": "number_input", "is_decimal_allowed": True, "initial_value": "1.5", "max_value": "9"},
]
VALUES = {
    "button": "2403.01234",
    "channels_select": "C2",
    "conversations_select": "C2",
    "multi_channels_select": "C1,C2",
    "multi_conversations_select": "C2",
    "multi_external_select": "one,two",
    "users_select": "U2",
    "multi_users_select": "U2",
    "datepicker": "2026-08-18",
    "timepicker": "08:30",
    "datetimepicker": "2014-02-18T14:39",
    "plain_text_input": "words",
    "email_text_input": "a@x.example",
    "url_text_input": "https://x.example",
    "number_input": "1.5",
}
STYLED = {"style": {"bold": True, "italic": True, "strike": True, "underline": True, "code": True}}
INLINE: list[Json] = [
    {"type": "text", "text": "a\nb", **STYLED},
    {"type": "link", "url": "https://x.example", "text": "label"},
    {"type": "link", "url": "https://y.example"},
    {"type": "emoji", "name": "wave", "skin_tone": 3},
    {"type": "emoji", "name": "of-our-own", "unicode": "1f99c"},
    {"type": "emoji", "name": "missing"},
    {"type": "user", "user_id": "U2"},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "channel", "channel_id": "C2"},
    {"type": "broadcast", "range": "here"},
    {"type": "color", "value": "#ff0000"},
    {"type": "date", "timestamp": 1392734382, "format": "{date_num}", "fallback": "x"},
]
SECTION: Json = {"type": "rich_text_section", "elements": INLINE}
RICH_TEXT: Json = {
    "type": "rich_text",
    "elements": [
        SECTION,
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [SECTION]},
        {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [SECTION, SECTION]},
        {"type": "rich_text_quote", "elements": INLINE},
        {"type": "rich_text_preformatted", "elements": INLINE},
    ],
}
IMAGE: Json = {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a figure"}
#: One of every block, without those inputs that stand in `ELEMENTS`.
BLOCKS: list[Json] = [
    {"type": "header", "text": text("Papers :fire:")},
    {"type": "divider"},
    {"type": "section", "text": mrkdwn("*Title*"), "fields": [mrkdwn("_a_"), text("b")], "accessory": IMAGE},
    {"type": "section", "text": text("*as it is*")},
    {"type": "context", "elements": [mrkdwn("12 votes"), text("plain"), IMAGE]},
    {**IMAGE, "title": text("Figure 1")},
    RICH_TEXT,
    {"type": "actions", "elements": [ELEMENTS[0], ELEMENTS[1]]},
]


def fillable(element: Json) -> bool:
    return element["type"] not in ("button", "overflow")


EXAMPLES = BLOCKS + [field("Query", each) for each in ELEMENTS if fillable(each)]


def drawn(*blocks: object) -> Html:
    return Html(DRAWING.blocks(blocks))


def message(**fields: Any) -> Message:
    return Message(**({"ts": "1392734382.000100", "channel": "C1", "user": "U2"} | fields))


def shown(sent: Sent) -> Html:
    kept = message(user="UB", bot_id="B1")
    put(kept, dict(sent))
    return Html(DRAWING.message(kept))


def test_every_kind_of_element_is_among_the_examples() -> None:
    """The examples are only worth something as long as they are complete."""
    groups = (elements.CHOICES, elements.PICKERS, elements.SELECTS, elements.MULTI_SELECTS, elements.FIELDS)
    kinds = {"button", "overflow"}.union(*groups)
    assert {each["type"] for each in ELEMENTS} == kinds
    assert [problem for each in EXAMPLES for problem in problems([each], "modal")] == []


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: str(element["type"]))
def test_every_element_says_which_action_it_is_and_what_it_holds(element: Json) -> None:
    element = {"action_id": "act", **element}
    if fillable(element):
        page = drawn(field("Query", element, optional=True))
        blocks = {"data-block-id": "block Query"}
    else:
        page = drawn({"type": "actions", "block_id": "b1", "elements": [element]})
        blocks = {"data-block-id": "b1"}
    found = page.all(data_kind=element["type"])
    assert found
    for each in found:
        assert each.attributes.items() >= {"data-action-id": "act", **blocks}.items()
    value = VALUES.get(element["type"], "hide" if element["type"] == "overflow" else "one")
    assert found[0].attributes["data-value"] == value
    assert not page.all(class_="unknown")


def test_a_choice_that_is_made_already_is_shown() -> None:
    for element in ELEMENTS:
        page = drawn(field("Query", {**element, "action_id": "a"})) if fillable(element) else Html("")
        chosen = [
            each.attributes["value"]
            for each in page.elements
            if each.attributes.keys() & {"checked", "selected"}
        ]
        if page.all("option") or page.all("input", type="checkbox") or page.all("input", type="radio"):
            assert chosen == VALUES.get(element["type"], "one").split(",")


def test_a_menu_offers_its_groups_people_or_channels() -> None:
    grouped = {"type": "static_select", "option_groups": [{"label": text("G"), "options": [option("One")]}]}
    page = drawn(field("Q", grouped))
    assert page.one("optgroup", label="G").text.strip() == "One"
    several = drawn(field("Q", {**grouped, "type": "multi_static_select"}))
    assert several.one("input", type="checkbox").attributes["value"] == "one"
    people = drawn(field("Q", {"type": "users_select"}))
    assert [each.text for each in people.all("option")][1:] == ["@Ada Lovelace", "@Ben", "@Papers"]
    channels = drawn(field("Q", {"type": "conversations_select"}))
    assert [each.text for each in channels.all("option")][1:] == ["#papers", "#general"]


def test_fields_carry_their_label_their_hint_and_their_rules() -> None:
    element = {
        "type": "plain_text_input",
        "multiline": True,
        "placeholder": text("diffusion"),
        "max_length": 9,
    }
    page = drawn(field("Query", element, hint=text("Words :fire:"), dispatch_action=True))
    entry = page.one("textarea")
    assert entry.attributes.items() >= {"maxlength": "9", "placeholder": "diffusion", "required": ""}.items()
    assert entry.attributes["aria-label"] == "Query"
    assert "data-dispatch" in page.one("div", class_="input").attributes
    assert page.one("div", class_="hint").text == "Words 🔥"
    assert page.one("p", data_error="block Query").attributes["hidden"] == ""
    optional = drawn(field("Query", {"type": "number_input", "is_decimal_allowed": False}, optional=True))
    assert "required" not in optional.one("input", type="number").attributes
    assert "(optional)" in optional.text
    assert "data-dispatch" not in optional.one("div", class_="input").attributes


def test_blocks_look_as_they_are_meant() -> None:
    page = drawn(*BLOCKS)
    assert page.one("h3").text == "Papers 🔥"
    assert len(page.all("hr")) == 1
    assert page.all("strong")[0].text == "Title"
    assert "*as it is*" in page.text
    assert [image.attributes["alt"] for image in page.all("img")] == ["a figure"] * 3
    assert page.one("figcaption").text == "Figure 1"
    assert not page.all(class_="unknown")


def test_rich_text_has_its_lists_styles_and_mentions() -> None:
    page = drawn(RICH_TEXT)
    assert len(page.all("li")) == 3
    assert page.one("ol").attributes["start"] == "3"
    assert page.one("ul").classes == {"indent-1"}
    for tag in ("strong", "em", "s", "u", "code"):
        assert [each.text for each in page.all(tag)] == ["a\nb"] * 6
    said = "a\nblabelhttps://y.example👋🏼🦜:missing:@Ben@S1#general@here#ff00002014-02-18"
    assert page.one("blockquote").text == page.one("pre").text == said


def test_a_button_with_an_address_is_a_link_and_still_an_action() -> None:
    link = {"type": "button", "action_id": "open", "text": text("PDF"), "url": "https://x.example/1"}
    found = drawn({"type": "actions", "elements": [link]}).one(data_action_id="open")
    assert found.tag == "a"
    assert found.attributes.items() >= {"href": "https://x.example/1", **NEW_TAB}.items()
    other = drawn({"type": "actions", "elements": [{**link, "url": "slack://open"}]}).one(
        data_action_id="open"
    )
    assert other.tag == "button"


def test_a_confirmation_does_not_hide_its_button() -> None:
    confirm = {"title": text("Sure?"), "text": text("Really?"), "confirm": text("Yes"), "deny": text("No")}
    page = drawn(
        {"type": "actions", "elements": [{"type": "button", "text": text("Go"), "confirm": confirm}]}
    )
    assert page.one("button").text == "Go"


def test_an_unknown_block_is_a_box_with_its_json() -> None:
    for block in (
        {"type": "confetti", "pieces": [1, "<b>"]},
        {"no": "type"},
        {"type": ["x"]},
        "words",
        None,
        3.5,
    ):
        box = drawn(block, {"type": "divider"})
        assert json.loads(box.one("pre").text) == block
        assert box.one("details", class_="unknown")
        assert box.all("hr")
    assert drawn({"type": "confetti"}).one("summary").text == "confetti"


def test_an_unknown_element_is_a_box_beside_those_that_are_known() -> None:
    odd = {"type": "slider", "from": 1}
    button = {"type": "button", "text": text("Up")}
    for block in (
        {"type": "actions", "elements": [button, odd]},
        {"type": "section", "text": mrkdwn("Up"), "accessory": odd},
        {"type": "context", "elements": [text("Up"), odd]},
        field("Up", odd),
        {"type": "rich_text", "elements": [{**SECTION, "elements": [{"type": "text", "text": "Up"}]}, odd]},
    ):
        page = drawn(block)
        assert json.loads(page.one("pre").text) == odd
        assert page.text.strip().startswith("Up")


def test_a_block_that_slack_would_refuse_is_a_box() -> None:
    for block in (
        {"type": "section"},
        {"type": "section", "text": "words"},
        {"type": "header", "text": mrkdwn("*x*")},
        {"type": "actions", "elements": "button"},
        {"type": "actions"},
        {"type": "divider", "colour": "red"},
        {"type": "divider [json-pointer:/blocks/0/accessory]"},
    ):
        assert json.loads(drawn(block).one("pre").text) == block


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "url", "value"]) | st.text(max_size=5), inner
        )
    ),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*path, name)
        yield from places(each, (*path, name))


def replaced(block: Json, path: tuple[Any, ...], value: object) -> Json:
    changed: Any = copy.deepcopy(block)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return dict(changed)


PLACES = [(block, path) for block in EXAMPLES for path in places(block)]


@given(st.lists(JSON, max_size=3))
@MANY_EXAMPLES
def test_any_json_is_drawn(blocks: list[Any]) -> None:
    drawn(*blocks)


@given(st.sampled_from(PLACES), JSON | st.sampled_from(["<script>", '"><img src=x onerror=y>', "</article>"]))
@MANY_EXAMPLES
def test_blocks_with_anything_in_any_place_are_drawn(place: tuple[Json, tuple[Any, ...]], value: Any) -> None:
    drawn(replaced(*place, value))


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: str(block.get("element", block)["type"]))
def test_nothing_unknown_in_a_block_is_dropped_silently(block: Json) -> None:
    unseen = [
        path
        for path in places(block)
        if "unheard of" not in drawn(replaced(block, path, {"type": "unheard of"})).text
    ]
    assert unseen == []


@given(JSON, JSON)
@MANY_EXAMPLES
def test_any_view_is_drawn(title: Any, blocks: Any) -> None:
    for kind in ("home", "modal", title):
        view = {"id": "V1", "type": kind, "title": title, "blocks": blocks, "submit": blocks, "close": title}
        assert Html(DRAWING.view(view)).one(data_view_id="V1")


@given(JSON, st.text())
@MANY_EXAMPLES
def test_any_message_is_drawn(attachment: Any, said: str) -> None:
    reactions = {said: ["U1"]}
    made = message(
        text=said, attachments=[attachment, {"text": said}], reactions=reactions, user=said, ts=said
    )
    Html(DRAWING.message(made, [made]))


def test_a_modal_has_its_title_its_fields_and_its_buttons() -> None:
    view = {
        "id": "V1",
        "type": "modal",
        "title": text("Topics"),
        "submit": text("Save"),
        "close": text("Cancel"),
        "blocks": [field("Query", ELEMENTS[-1])],
    }
    page = Html(DRAWING.view(view))
    assert page.one("form", data_view_id="V1").classes == {"view", "modal-view"}
    assert page.one("h2").text == "Topics"
    assert page.one("button", type="submit").text == "Save"
    assert [each.text for each in page.all("button", data_close="")] == ["Cancel", "×"]
    without = Html(DRAWING.view({"id": "V1", "type": "modal", "title": text("Look"), "blocks": []}))
    assert not without.all("button", type="submit")
    assert without.all("button", data_close="")[0].text == "Close"


def test_a_home_tab_has_its_blocks_and_no_buttons_of_ours() -> None:
    page = Html(DRAWING.view({"id": "V2", "type": "home", "blocks": [BLOCKS[0]]}))
    assert page.one("section", data_view_id="V2").text.strip() == "Papers 🔥"
    assert not page.all("button")


def test_a_message_says_who_wrote_it_and_when() -> None:
    page = Html(DRAWING.message(message(text="*hello* <@U1>")))
    article = page.one("article")
    assert article.attributes["id"] == element_id("1392734382.000100") == "m-1392734382-000100"
    assert article.attributes.items() >= {"data-ts": "1392734382.000100", "data-channel": "C1"}.items()
    assert page.one(class_="name").text == "Ben"
    assert page.one(class_="avatar").text == "B"
    assert page.one("time").text == "14:39"
    assert page.one("time").attributes["title"] == "Tuesday 18 February 2014 at 14:39:42"
    assert page.one("strong").text == "hello"
    assert not page.all(class_="badge")
    assert not page.all(class_="edited")
    assert not page.all(class_="reaction")
    assert not page.all(class_="thread-link")


def test_a_message_of_the_bot_is_marked_and_shows_its_blocks_instead_of_its_text() -> None:
    page = Html(DRAWING.message(message(user="UB", bot_id="B1", text="fallback", blocks=[BLOCKS[0]])))
    assert page.one(class_="badge").text == "APP"
    assert page.one("h3")
    assert "fallback" not in page.text


def test_reactions_say_how_many_who_and_whether_it_was_me() -> None:
    page = Html(
        DRAWING.message(message(reactions={"+1": ["U2", "U1"], "fire": ["U2"], "our-own": ["U9"], "x": []}))
    )
    up, fire, own = page.all(class_="reaction")
    assert (
        up.attributes.items() >= {"data-react": "+1", "aria-pressed": "true", "title": "Ben and you"}.items()
    )
    assert up.text.split() == ["👍2"]
    assert fire.attributes["aria-pressed"] == "false"
    assert own.text.split() == [":our-own:1"]
    assert own.attributes["title"] == "U9"


def test_a_thread_is_announced_with_its_replies() -> None:
    replies = [message(ts=f"139273440{n}.000100", user=user) for n, user in enumerate(["U1", "U2", "U1"])]
    page = Html(DRAWING.message(message(text="x"), replies))
    link = page.one(class_="thread-link")
    assert link.attributes["data-thread"] == "1392734382.000100"
    assert link.text.split() == ["AB", "3", "replies", "last", "at", "14:40"]
    one = Html(DRAWING.message(message(text="x"), replies[:1]))
    assert "1 reply" in one.one(class_="thread-link").text


def test_a_message_that_only_one_person_sees_says_so_and_takes_no_reactions() -> None:
    page = Html(DRAWING.message(message(text="psst", ephemeral_to="U1")))
    assert page.one(class_="note").text == "Only visible to you"
    assert "ephemeral" in page.one("article").classes
    assert not page.all("button")


def test_an_edited_message_says_so() -> None:
    page = Html(DRAWING.message(message(text="x", edited="1392734482.000100")))
    assert page.one(class_="edited").attributes["title"] == "Edited Tuesday 18 February 2014 at 14:41:22"


def test_a_message_above_its_thread_has_an_id_of_its_own() -> None:
    page = Html(DRAWING.message(message(text="x", thread_ts="1392734382.000001"), prefix="t"))
    assert page.one("article").attributes["id"] == "t-1392734382-000100"
    assert page.one("button", title="Reply in thread").attributes["data-thread"] == "1392734382.000001"


def test_attachments_are_drawn_or_boxed() -> None:
    old = {"title": "Paper", "title_link": "https://x.example", "text": "*good*", "color": "#fff"}
    odd = {"text": "x", "fields": [{"title": "a", "value": "b"}]}
    page = Html(DRAWING.message(message(attachments=[old, {"blocks": [BLOCKS[0]], "fallback": "f"}, odd, 7])))
    assert page.one("a").attributes["href"] == "https://x.example"
    assert page.one("strong").text == "good"
    assert page.one("h3").text == "Papers 🔥"
    assert [json.loads(box.text) for box in page.all("pre")] == [odd, 7]


@given(PAPERS, TALLIES)
@example(LARGEST, MANY)
@MANY_EXAMPLES
def test_any_message_of_the_bot_is_drawn_without_a_box(of: Paper, tally: Tally) -> None:
    page = Page("*Papers*", [Entry(of, tally)] * 2, 20, 5, "asked")
    found = (paper_message(of, tally), rest_message(of, tally), voted_message(of, 1, tally))
    for sent in (*found, page_message(page)):
        html = shown(sent)
        assert not html.all(class_="unknown")
        assert {link.attributes["href"][:4] for link in html.all("a")} <= {"http"}
        assert not html.all(class_="mention")


def test_the_other_messages_of_the_bot_are_drawn_without_a_box() -> None:
    edition = Edition(
        team_id="T1",
        channel_id="C1",
        day=date(2026, 8, 18),
        listed_day=date(2026, 8, 18),
        planned_at=NOW,
        top=5,
        listed={"huggingface": 24, "arxiv": 7},
        left_out=3,
    )
    subscription = Subscription(team_id="T1", channel_id="C1", post_at=time(9), timezone="UTC", top=5)
    for sent in (
        header_message(edition, 31, "+1"),
        help_message("+1"),
        notice("x"),
        subscribed_message(subscription),
    ):
        assert not shown(sent).all(class_="unknown")
    assert shown(header_message(edition, 31, "+1")).one("h3").text == "📄 Papers of Tuesday 18 August 2026"
    assert shown(help_message("+1")).all("li")


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</article></main><h1>gone",
        "{{ 7 * 7 }} {% raw %} {# x #}",
        "javascript:alert(1)",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_a_hostile_title_is_read_letter_for_letter(title: str) -> None:
    paper = Paper(
        id="2403.01234", title=title, abstract=title, authors=(title,), code_url=f"https://x.example/{title}"
    )
    page = shown(paper_message(paper, Tally()))
    assert page.text.count(title) == 3
    assert Html(DRAWING.message(message(text=title.replace("&", "&amp;")))).text.count(title) == 1
    assert title in drawn({"type": "header", "text": text(title)}).text
    assert title in Html(DRAWING.view({"id": "V1", "type": "modal", "title": text(title), "blocks": []})).text
    button = {"type": "button", "text": text(title), "value": title, "action_id": title}
    found = drawn({"type": "actions", "block_id": title, "elements": [button]}).one("button")
    assert (found.text, found.attributes["data-value"], found.attributes["data-block-id"]) == (title,) * 3


def test_hostile_names_are_read_letter_for_letter() -> None:
    name = '<img src=x onerror="alert(1)">'
    drawing = Drawing({"U1": name, "U2": name}, {"C1": name}, "U1")
    page = Html(drawing.message(message(text="<@U2> <#C1>", reactions={name: ["U2"]})))
    assert page.text.count(name) == 4
    assert page.one(class_="reaction").attributes["title"] == name


def test_what_a_page_cannot_hold_is_replaced() -> None:
    html = DRAWING.message(message(text="a\x00b\ud83dc", user="\udfff"))
    html.encode()
    assert "a\ufffdb\ufffdc" in html
    assert "\r" not in DRAWING.blocks([{"type": "header", "text": text("a\rb")}])
