"""What the Home tab and its modals are drawn as: within Slack's limits, whatever stands in a paper or a note."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.explaining import mutes_of
from bot.messages import SUBSCRIPTION_UNDO, Entry, Statement, notice, stated_message, statement_of
from bot.messages.home import place, sections
from bot.messages.home.channels import Channel, Channels, Hour, channels_blocks
from bot.messages.home.papers import PAGE_SIZE, Item
from bot.messages.home.place import Spot, Tab
from bot.messages.home.sections import Numbers, Papers, Settings
from bot.messages.home.view import home_view, mute_modal, note_modal, problem_view, undoable, why_modal
from bot.messages.mail import MailPage
from bot.workspace.blocks import view_problems
from storage.mail_models import MailWish, Rhythm
from storage.models import Paper, Subject, Subscription, Tally

TEXTS = st.text(max_size=3_000) | st.sampled_from(
    ["<!channel> *bold* `x` <http://evil|a>", "\x00\u202e", "& " * 800]
)
DAYS = st.none() | st.dates(date(2023, 1, 1), date(2030, 1, 1))
PAPERS = st.builds(
    Paper,
    id=st.sampled_from(["2608.18001", "quant-ph/0201082", "x" * 200]),
    title=TEXTS,
    abstract=TEXTS,
    authors=st.lists(TEXTS, max_size=8).map(tuple),
    keywords=st.lists(TEXTS, max_size=8).map(tuple),
    categories=st.lists(TEXTS, max_size=3).map(tuple),
    code_url=st.sampled_from(["", "https://example.org/code", "javascript:alert(1)"]),
    upvotes=st.none() | st.integers(0, 10**6),
)
ENTRIES = st.builds(
    Entry,
    paper=PAPERS,
    tally=st.builds(Tally, up=st.integers(0, 99)),
    saved=st.booleans(),
    read=st.booleans(),
)
ITEMS = st.builds(Item, entry=ENTRIES, new=st.booleans(), why=st.just("close to one you liked"), note=TEXTS)
SPOTS = st.builds(Spot, st.sampled_from(Tab), st.integers(0, 999_999), DAYS, TEXTS)
PAGES = st.builds(
    Papers,
    spot=SPOTS,
    heading=st.just("For you"),
    notes=st.lists(st.just("a note"), max_size=3),
    items=st.lists(ITEMS, max_size=PAGE_SIZE),
    total=st.integers(0, 500),
    empty=st.just("Nothing here."),
    before=DAYS,
    after=DAYS,
    searchable=st.booleans(),
)
NOON = datetime(2026, 8, 18, 12, tzinfo=UTC)
SUBSCRIPTION = Subscription(team_id="T1", channel_id="C1", post_at=time(9), timezone="UTC", top=5)


@examples(max_examples=60, deadline=None)
@given(PAGES)
def test_a_page_of_papers_is_within_slacks_limits(page: Papers) -> None:
    said = stated_message(Statement(Subject.PAPER, "1", 1), Paper(id="1", title="<&>"), None)
    view = home_view(page.spot, sections.papers_blocks(page), said)
    assert view_problems(view) == []
    assert "<!channel>" not in json.dumps(view["blocks"]).replace(json.dumps(page.spot.query)[1:-1], "")


def test_a_page_of_the_longest_items_needs_no_cutting() -> None:
    paper = Paper(id="2608.18001", title="t" * 400, abstract="a" * 4_000, upvotes=3)
    entry = Entry(paper, Tally(3, 1), saved=True, read=True)
    items = [Item(entry, new=True, why="w" * 300, note="n" * 1_500)] * PAGE_SIZE
    page = Papers(
        Spot(Tab.SAVED, 10, query="words"), "Saved", ["note"], items, 99, before=date.max, searchable=True
    )
    blocks = sections.papers_blocks(page)
    view = home_view(page.spot, blocks, undoable("Done.", place.MARK, "x"))
    assert view["blocks"][-len(blocks) :] == blocks
    assert view_problems(view) == []


@examples(max_examples=60, deadline=None)
@given(SPOTS)
def test_a_spot_is_read_as_it_was_written_but_for_a_query_that_is_too_long(spot: Spot) -> None:
    value = place.spot_value(spot)
    assert len(value) <= 2_000
    assert place.spot_of(value) == spot._replace(query=spot.query[: place.QUERY_LIMIT])


@pytest.mark.parametrize("read", [place.spot_of, place.switch_of, place.written_of])
@examples(max_examples=40, deadline=None)
@given(value=st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_a_value_that_is_none_of_ours_is_refused_as_such(read: object, value: str) -> None:
    assert callable(read)
    try:
        read(value)
    except ValueError:
        return
    assert json.loads(value)


@pytest.mark.parametrize(
    "value", ["null", "[]", '["nowhere",0,null,""]', '["saved",-1,null,""]', '["today",0,"x",""]']
)
def test_a_spot_that_is_nowhere_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        place.spot_of(value)


def test_switches_and_notes_come_back_as_they_went() -> None:
    assert place.switch_of(place.switch_value("2608.18001", on=False)) == ("2608.18001", False)
    assert place.written_of(place.written_value("2608.18001", 1_766_394_000.123456)) == (
        "2608.18001",
        1_766_394_000.123456,
    )


@pytest.mark.parametrize("tab", Tab)
def test_the_section_one_is_in_is_the_marked_one(tab: Tab) -> None:
    view = home_view(Spot(tab), [])
    marked = [each["action_id"] for each in view["blocks"][0]["elements"] if each.get("style") == "primary"]
    assert marked == [f"{place.TURN}_{tab}"]
    assert set(place.TURNS) >= {each["action_id"] for each in view["blocks"][0]["elements"]}


def test_an_undo_in_what_is_said_is_the_homes_own() -> None:
    undo = Statement(Subject.PAPER, "2608.18001", 0)
    said = stated_message(
        Statement(Subject.PAPER, "2608.18001", 1), Paper(id="2608.18001", title="Gliders"), undo
    )
    row = home_view(Spot(), [], said)["blocks"][2]
    assert [each["action_id"] for each in row["elements"]] == [place.UNDO]
    assert statement_of(row["elements"][0]["value"]) == undo


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 300])
@pytest.mark.parametrize("mine", [0, 11])
def test_any_number_of_channels_fits_with_what_is_said(count: int, mine: int) -> None:
    hour = Hour("Friday, 16:00", "& " * 200)
    channels = [Channel(f"C{number}", [SUBSCRIPTION], hour, hour) for number in range(count)]
    blocks = channels_blocks(Channels([SUBSCRIPTION] * mine, channels))
    said = undoable("“robots” is paused.", SUBSCRIPTION_UNDO, "resume topic:1")
    view = home_view(Spot(Tab.CHANNELS), blocks, said)
    assert view_problems(view) == []
    assert view["blocks"][-1] == blocks[-1]
    shown = sum(f"<#C{number}>" in json.dumps(view) for number in range(count))
    assert (f"and {count - shown} " in json.dumps(view)) == (shown < count)
    assert shown == count or len(view["blocks"]) > 95


def test_mail_is_a_setting_where_there_is_any() -> None:
    wish = MailWish(
        team_id="T1", user_id="U1", rhythm=Rhythm.DAILY, since=NOON, address="a@lab.org", confirmed=True
    )
    view = home_view(
        Spot(Tab.SETTINGS),
        sections.settings_blocks(Settings(False, True, "UTC", MailPage(wish, NOON, "UTC"))),
    )
    assert view_problems(view) == []
    assert "*Papers by mail*: You get papers by mail, chosen for you, each day at 12:00 (UTC)" in json.dumps(
        view
    )
    assert "mail_set_off" in json.dumps(view)


@pytest.mark.parametrize("hides", [True, False])
@pytest.mark.parametrize("taste", [True, False])
def test_settings_offer_the_other_of_each(hides: bool, taste: bool) -> None:
    blocks = sections.settings_blocks(Settings(hides, taste, "Europe/Berlin"))
    offered = {
        block["accessory"]["action_id"]: block["accessory"]["value"]
        for block in blocks
        if "accessory" in block
    }
    assert offered == {place.HIDE: "off" if hides else "on", place.TASTE: "off" if taste else "on"}
    assert "Europe/Berlin" in json.dumps(blocks)
    assert view_problems(home_view(Spot(Tab.SETTINGS), blocks)) == []


def test_numbers_are_drawn_as_a_chart() -> None:
    blocks = sections.stats_blocks(Numbers(3, 1, 2, [0, 1, 2], [0, 4, 8]))
    text = json.dumps(blocks, ensure_ascii=False)
    assert "*3 votes*, *1 paper* saved, *2 papers* read" in text
    assert "`▁▄▇`  0, 1, 2" in text
    assert view_problems(home_view(Spot(Tab.STATS), blocks)) == []


@examples(max_examples=40, deadline=None)
@given(PAPERS, TEXTS)
def test_modals_are_within_slacks_limits(paper: Paper, note: str) -> None:
    for modal in (
        note_modal(paper, note[: place.NOTE_LIMIT]),
        mute_modal(paper, mutes_of(paper)),
        why_modal(notice("Because.")),
    ):
        assert view_problems(modal) == []


def test_a_home_that_failed_keeps_its_buttons() -> None:
    view = problem_view(Spot(Tab.STATS), "Something went wrong.")
    assert view_problems(view) == []
    assert len(view["blocks"][0]["elements"]) == len(Tab)
