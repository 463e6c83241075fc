"""What a person reads of a message, as plain text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace import Message
from bot.workspace.render import unmarked

Json = dict[str, Any]


def shown(*blocks: Json, text: str = "") -> str:
    return Message(ts="1.000100", channel="C1", user="U1", text=text, blocks=list(blocks)).plain()


@pytest.mark.parametrize(
    ("marked", "read"),
    [
        ("*bold* _italic_ ~gone~", "bold italic gone"),
        ("<https://arxiv.org/abs/1|A *B* C>", "A B C"),
        ("<https://arxiv.org>", "https://arxiv.org"),
        ("<@U1> <@U1|ada> <#C1|papers> <!here> <!date^1^{date}|today>", "@U1 @ada #papers @here today"),
        ("a &lt;!channel&gt; &amp;amp; b", "a <!channel> &amp; b"),
        ("snake_case_name 2*3*4 _", "snake_case_name 2*3*4 _"),
    ],
)
def test_mrkdwn_is_read_without_its_marks(marked: str, read: str) -> None:
    assert unmarked(marked) == read


@given(text=st.text(alphabet="ab &<>"))
def test_escaped_text_is_read_as_it_was_written(text: str) -> None:
    assert unmarked(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) == text


def test_blocks_are_read_instead_of_the_text() -> None:
    plain = {"type": "plain_text", "text": "*as it is*"}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Upvote"}}
    select = {"type": "static_select", "placeholder": {"type": "plain_text", "text": "Choose"}, "options": []}
    image = {"type": "image", "alt_text": "a figure", "image_url": "https://x"}
    blocks: list[Json] = [
        {"type": "header", "text": plain},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*Title*"},
            "fields": [plain],
            "accessory": button,
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "12 votes"}, image]},
        {"type": "actions", "elements": [button, select, {"type": "overflow", "options": []}]},
        image,
        {"type": "confetti"},
    ]
    assert shown(*blocks, text="fallback").split("\n") == [
        "*as it is*",
        "Title",
        "*as it is*",
        "[ Upvote ]",
        "12 votes  a figure",
        "[ Upvote ] [ Choose v ] [ ... ]",
        "(a figure)",
    ]
    assert shown(text="<https://x|fallback>") == "fallback"


def test_rich_text_and_fields_are_read() -> None:
    def section(*elements: Json) -> Json:
        return {"type": "rich_text_section", "elements": list(elements)}

    words = section({"type": "text", "text": "see "}, {"type": "link", "url": "https://x"})
    emoji = section({"type": "emoji", "name": "tada"})
    listed = {"type": "rich_text_list", "style": "bullet", "elements": [words, emoji]}
    label = {"type": "plain_text", "text": "Query"}
    field = {"type": "plain_text_input", "action_id": "a", "initial_value": "diffusion"}
    options = [{"text": {"type": "plain_text", "text": "arXiv"}, "value": "a"}]
    radio = {"type": "radio_buttons", "options": options}
    blocks: list[Json] = [
        {"type": "rich_text", "elements": [words, listed]},
        {"type": "input", "label": label, "element": field},
        {"type": "input", "label": label, "element": radio},
    ]
    assert shown(*blocks).split("\n") == [
        "see https://x",
        "- see https://x",
        "- :tada:",
        "Query: [ diffusion ]",
        "Query: ( ) arXiv",
    ]
