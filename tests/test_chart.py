"""The picture of the topics: a PNG that is readable where Slack shows it, and the same in words."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.chart import WIDTH, shares, topics_alt, topics_png
from bot.ranking.topics import Topic, Topics

RISING = Topic("world models", 12, 112, 17, 568)
FALLING = Topic("GRPO", 0, 112, 43, 568)
TOPICS = Topics((RISING,), (FALLING,), 197)


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    found = image.convert("RGB").getcolors(maxcolors=2**24) or []
    return {colour for count, colour in found if count > 50 and isinstance(colour, tuple)}


def test_the_picture_is_as_wide_as_twice_what_slack_shows_and_has_a_line_for_each_topic() -> None:
    one, two = (
        Image.open(io.BytesIO(topics_png(it, "Topics of 17 to 23 August")))
        for it in (Topics((RISING,)), TOPICS)
    )
    assert one.format == "PNG"
    assert one.width == two.width == WIDTH == 2 * 720
    assert two.height > one.height


def test_rising_and_falling_have_colours_of_their_own() -> None:
    blue, vermilion = (0, 0x72, 0xB2), (0xD5, 0x5E, 0)
    assert {blue, vermilion} <= colours(Image.open(io.BytesIO(topics_png(TOPICS, "T"))))
    assert vermilion not in colours(Image.open(io.BytesIO(topics_png(Topics((RISING,)), "T"))))


def test_the_words_say_what_the_picture_shows() -> None:
    assert topics_alt(TOPICS) == (
        "Topics, by the share of 112 papers this week (dot) and 568 of the four weeks before (ring). "
        "Rising: world models from 3 % to 11 %. Falling: GRPO from 7.6 % to 0 %."
    )
    assert shares(RISING) == "3 % to 11 %"


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=2000), min_size=1, max_size=3))
def test_any_words_can_be_drawn_without_a_warning_and_are_told_within_slacks_limit(terms: list[str]) -> None:
    many = Topics(tuple(Topic(term, 3, 40, 1, 160) for term in terms), (), 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert topics_png(many, "T").startswith(b"\x89PNG")
    assert len(topics_alt(many)) <= 1000


@pytest.mark.parametrize("term", ["世界模型", "$x_1$ and $", "a\nb", "☃" * 40])
def test_letters_that_the_font_lacks_and_markup_are_drawn_as_text(term: str) -> None:
    assert topics_png(Topics((Topic(term, 3, 40, 1, 160),), (), 9), "T").startswith(b"\x89PNG")


def test_matplotlib_is_not_loaded_before_a_picture_is_drawn() -> None:
    loaded = "import sys, bot.app; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
