"""Every message the bot can send: within Slack's limits, and outside text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock

from bot.messages import (
    BACK,
    LESS_LIKE,
    MENU,
    MORE,
    MORE_LIKE,
    PAGE_SIZE,
    READ,
    SAVE,
    SHARE,
    SIMILAR,
    UNDO,
    VOTE,
    Deed,
    Entry,
    Explanation,
    Line,
    Message,
    Page,
    Place,
    Posted,
    Press,
    Snippet,
    Statement,
    already_message,
    day_heading,
    deed_of,
    drawn,
    header_message,
    help_message,
    mute_message,
    notice,
    page_message,
    paper_message,
    placed,
    press_of,
    quoted,
    rest_message,
    shared_message,
    short_date,
    stated_message,
    statement_of,
    subscribed_message,
    turn_of,
    voted_message,
    why_message,
)
from bot.messages.entry import press_value
from bot.messages.menu import statement_value
from bot.messages.text import clip, clip_plain, highlighted, people, sentences
from bot.workspace import message_problems
from bot.workspace.blocks import text_length
from storage.models import Edition, Paper, Subject, Subscription, Tally

NOW = datetime(2026, 8, 18, 9, 30, tzinfo=UTC)
TUESDAY = date(2026, 8, 18)
#: Slack refuses messages of more than this, see the notes on `msg_blocks_too_long`.
MOST_TEXT = 11_000

HOSTILE = [
    "<!channel> & <http://x|y>",
    "<@U012AB3CD> <#C012AB3CD|general> <!here|here> <!subteam^S1>",
    "&lt;!channel&gt; &amp;amp;",
    "*bold* _italic_ ~struck~ `code` ```block``` :fire:",
    "\u202eright to left\u202c \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e9\u05dc\u05d5\u05dd",
    "\x00\x07\x1b[31mcontrols\x7f\r\n\ttabs",
    "\u202e\u2066",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 " * 40,
    "T" * 10_000,
    "<" * 10_000,
    "& " * 5_000,
    '"' * 3_000,
    "a. " * 7_000,
    "Word word. " * 1_800,
    "x" * 599 + "&" * 500 + "." * 30,
    "\ud83d",
    ">quote\n>another\n• list",
    "]]>--><script>alert(1)</script>",
    "javascript:alert(1)",
    "https://x.example/a|b>c<!channel>",
    "https://x.example/" + "&" * 230,
    "https://x.example/" + "u" * 232,
    "https://x.example/\x07",
    "http://",
]
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=80) | st.text("<>&|!@# *_`~.\n\u202e", max_size=400)
URLS = TEXTS | st.text("abc/?&=%|<> ", max_size=300).map(lambda path: f"https://example.org/{path}")
NAMES = st.lists(TEXTS, max_size=6).map(tuple) | st.just(tuple(f"Author & {n}" for n in range(3000)))
COUNTS = st.none() | st.integers(0, 2**63 - 1)
PAPERS = st.builds(
    Paper,
    id=st.sampled_from(["2403.01234", "quant-ph/0201082", "local-1", "<!channel>", "x" * 200]),
    title=TEXTS,
    abstract=TEXTS,
    summary=TEXTS,
    authors=NAMES,
    categories=NAMES,
    keywords=NAMES,
    withdrawn=st.none() | st.just(NOW),
    code_url=URLS,
    code_stars=COUNTS,
    project_url=URLS,
    upvotes=COUNTS,
)
SNIPPETS = st.lists(st.tuples(TEXTS, st.booleans()), max_size=8)
TALLIES = st.builds(Tally, st.integers(0, 10**9), st.integers(0, 10**9))
#: The longest of everything at once.
LARGEST = Paper(
    id="quant-ph/0201082",
    title="T" * 10_000,
    abstract="& " * 10_000,
    summary="& " * 10_000,
    authors=("A" * 500,) * 3000,
    categories=("c" * 500,) * 9,
    keywords=("k" * 500,) * 9,
    withdrawn=NOW,
    code_url="https://example.org/" + "c" * 230,
    code_stars=2**63 - 1,
    project_url="https://example.org/" + "p" * 230,
    upvotes=2**63 - 1,
)
MANY = Tally(10**9, 10**9)
#: Ids of Slack's that no hostile text has.
CHANNEL, PERSON = "C0POSTED1", "U0SHARED1"
ARCHIVE = f"https://lab.slack.com/archives/{CHANNEL}/p1392734382000100"
ENTRIES = st.builds(
    Entry,
    PAPERS,
    TALLIES,
    st.none() | SNIPPETS,
    st.none()
    | st.builds(
        Posted, st.sampled_from([CHANNEL, ""]), st.just("12 Mar 2024"), st.sampled_from([ARCHIVE, ""])
    ),
    st.booleans(),
)
LARGEST_ENTRY = Entry(
    LARGEST, MANY, [("& " * 10_000, True)], Posted(CHANNEL, "12 Mar 2024", ARCHIVE), saved=True
)

_OURS = re.compile(rf"<https?://[^<>|\s]+\|[^<>]*>|<#{CHANNEL}>|<@{PERSON}>")
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def mrkdwn(value: Any) -> Iterator[str]:
    """Every text of a message that Slack reads for mentions and links."""
    if isinstance(value, list):
        for item in value:
            yield from mrkdwn(item)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            assert value["verbatim"] is True
            yield value["text"]
        for item in value.values():
            yield from mrkdwn(item)


def check(message: Message) -> None:
    """What holds for anything the bot sends."""
    assert message_problems(dict(message)) == []
    for block in message["blocks"]:
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        assert parsed.to_dict()["type"] == block["type"]
    assert message["text"].strip()
    assert text_length(message["blocks"]) < MOST_TEXT
    for text in (message["text"], *mrkdwn(message["blocks"])):
        assert "<" not in _OURS.sub("", text), text
        assert not _ENTITY.search(_OURS.sub("", text)), text
        assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
        text.encode()


def body(message: Message) -> str:
    return "\n".join(mrkdwn(message["blocks"]))


def buttons(message: Message) -> dict[str, str]:
    """The value of each button by its action."""
    found: dict[str, str] = {}
    for block in message["blocks"]:
        elements = [block.get("accessory"), *(block.get("elements") or [])]
        found |= {each["action_id"]: each["value"] for each in elements if each and each["type"] == "button"}
    return found


def menu_values(message: Message) -> list[str]:
    """The values that an overflow menu or a select offers."""
    return [
        option["value"]
        for block in message["blocks"]
        for each in block.get("elements", [])
        for option in each.get("options", [])
    ]


def paper(**fields: Any) -> Paper:
    return Paper(**({"id": "2403.01234", "title": "A title"} | fields))


EVERY_TEXT = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(PAPERS, TALLIES)
@example(LARGEST, MANY)
@EVERY_TEXT
def test_any_paper_makes_messages_that_slack_takes(of: Paper, tally: Tally) -> None:
    posts = (paper_message(of, tally), rest_message(of, tally), shared_message(of, tally, PERSON))
    for message in (*posts, voted_message(of, 1, tally), already_message(of, "12 Mar", ARCHIVE)):
        check(message)
    read = {READ: of.id} if of.abstract_url else {}
    assert [buttons(message) for message in posts] == [{VOTE: of.id} | read] * 3
    menus = [menu_values(message) for message in posts]
    assert menus == [[] if len(of.id) > 140 else [f"{deed} {of.id}" for deed in Deed]] * 3


@given(st.lists(ENTRIES, min_size=1, max_size=PAGE_SIZE), TEXTS, TEXTS)
@example([LARGEST_ENTRY] * PAGE_SIZE, "&" * 1000, "&" * 1000)
@example([LARGEST_ENTRY._replace(snippet=None)] * PAGE_SIZE, "&" * 1000, "&" * 1000)
@EVERY_TEXT
def test_any_page_of_papers_is_a_message_that_slack_takes(
    entries: list[Entry], asked: str, noted: str
) -> None:
    heading, note = f"*Best matches for {quoted(asked, 100)}*", f"Nothing of {quoted(noted)}."
    message = page_message(Page(heading, entries, 2000, 5, clip_plain(asked, 1010), note))
    check(message)
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    assert [[each["action_id"] for each in row] for row in rows] == [
        *(
            [
                VOTE,
                SAVE,
                SIMILAR,
                SHARE,
                *([READ] if entry.paper.abstract_url else []),
                *([MENU] if len(entry.paper.id) <= 140 else []),
            ]
            for entry in entries
        ),
        [BACK, MORE],
    ]


@given(TEXTS)
@EVERY_TEXT
def test_any_words_can_be_quoted_in_a_notice(words: str) -> None:
    check(notice(f"Nothing found for {quoted(words)}."))


@given(
    st.dates(),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.dictionaries(st.sampled_from(["huggingface", "arxiv"]), st.integers(0, 10_000)),
)
def test_any_edition_has_a_header_that_slack_takes(
    day: date, papers: int, left_out: int, listed: dict[str, int]
) -> None:
    edition = Edition(
        team_id="T1",
        channel_id="C1",
        day=day,
        listed_day=day,
        planned_at=NOW,
        top=5,
        listed=listed,
        left_out=left_out,
    )
    check(header_message(edition, papers, "+1"))


def test_the_other_messages_are_taken_too() -> None:
    check(help_message("+1"))
    subscription = Subscription(
        team_id="T1", channel_id="C1", post_at=time(8, 5), timezone="Europe/Berlin", top=5
    )
    check(subscribed_message(subscription))
    assert "*08:05* (Europe/Berlin)" in body(subscribed_message(subscription))
    for vote in (1, 0, -1):
        check(voted_message(paper(), vote, Tally(1, 0)))
    assert day_heading(TUESDAY) == "*Papers of Tuesday 18 August 2026*"


def test_a_header_says_when_how_many_and_from_where() -> None:
    edition = Edition(
        team_id="T1",
        channel_id="C1",
        day=TUESDAY,
        listed_day=TUESDAY,
        planned_at=NOW,
        top=5,
        listed={"huggingface": 24, "arxiv": 7},
        left_out=1,
    )
    message = header_message(edition, 31, "+1")
    assert message["text"] == "Papers of Tuesday 18 August 2026: 31 papers"
    assert message["blocks"][0]["text"]["text"] == "📄 Papers of Tuesday 18 August 2026"
    for said in (
        "24 from Hugging Face Daily Papers, 7 from arXiv",
        "the best 5 below, 26 more",
        "1 other paper",
    ):
        assert said in body(message)


def test_a_title_that_would_ring_everyone_is_only_a_title() -> None:
    message = paper_message(paper(title="<!channel> & <http://x|y>"), Tally())
    escaped = "&lt;!channel&gt; &amp; &lt;http://x|y&gt;"
    assert message["text"] == escaped
    assert f"*<https://arxiv.org/abs/2403.01234|{escaped}>*" in body(message)


def test_a_paper_message_has_all_one_needs() -> None:
    of = paper(
        title="Gliding robots",
        summary="They glide. Far.",
        abstract="Something else.",
        authors=("Ada Example", "Noor Sample"),
        categories=("cs.RO",),
        keywords=("gliding",),
        upvotes=1,
        code_url="https://example.org/code?a=1&b=2",
        code_stars=1200,
        project_url="https://example.org/",
    )
    text = body(paper_message(of, Tally(2, 1)))
    for part in (
        "*<https://arxiv.org/abs/2403.01234|Gliding robots>*",
        "Ada Example, Noor Sample",
        "They glide. Far.",
        "*2 upvotes here*  ·  1 downvote here  ·  1 upvote on Hugging Face  ·  cs.RO  ·  gliding",
        "<https://arxiv.org/abs/2403.01234|Abstract>",
        "<https://arxiv.org/pdf/2403.01234|PDF>",
        "<https://example.org/code?a=1&amp;b=2|Code (1,200 stars)>",
        "<https://example.org/|Project page>",
        "<https://huggingface.co/papers/2403.01234|Hugging Face>",
    ):
        assert part in text
    assert "Something else" not in text


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({}, ["Abstract", "PDF"]),
        ({"upvotes": 0}, ["Abstract", "PDF", "Hugging Face"]),
        ({"code_url": "https://example.org/c"}, ["Abstract", "PDF", "Code"]),
        ({"project_url": "http://example.org/p"}, ["Abstract", "PDF", "Project page"]),
        ({"id": "local-1"}, []),
        ({"id": "local-1", "upvotes": 3, "project_url": "https://example.org"}, ["Project page"]),
        ({"code_url": "javascript:alert(1)"}, ["Abstract", "PDF"]),
        ({"code_url": "https://example.org/|<!channel>"}, ["Abstract", "PDF"]),
        ({"code_url": "https://example.org/a b"}, ["Abstract", "PDF"]),
        ({"code_url": "https://example.org/" + "x" * 3000}, ["Abstract", "PDF"]),
    ],
)
def test_links_are_there_exactly_when_there_is_an_address(fields: dict[str, Any], labels: list[str]) -> None:
    of = paper(**fields)
    for message in (paper_message(of, Tally()), rest_message(of, Tally())):
        check(message)
        assert [label for label in re.findall(r"\|([^<>|]+)>", body(message)) if label != of.title] == labels


def test_a_paper_from_a_file_with_nothing_but_a_title_is_a_message() -> None:
    message = paper_message(Paper(id="local-1", title="Only a title"), Tally())
    check(message)
    assert body(message) == "*Only a title*"


def test_a_title_of_which_nothing_can_be_shown_gives_way_to_the_id() -> None:
    message = rest_message(Paper(id="local-1", title="\u202e\x07"), Tally())
    check(message)
    assert message["text"] == "local-1"


def test_the_summary_is_preferred_to_the_abstract_and_a_withdrawal_is_said() -> None:
    both = paper(summary="The summary.", abstract="The abstract.")
    assert "The summary." in body(paper_message(both, Tally()))
    assert "The abstract." not in body(paper_message(both, Tally()))
    assert "The abstract." in body(paper_message(paper(abstract="The abstract."), Tally()))
    withdrawn = body(paper_message(both.model_copy(update={"withdrawn": NOW}), Tally()))
    assert "Withdrawn by its authors. The summary." in withdrawn


def test_a_message_shows_three_sentences_and_a_list_two() -> None:
    of = paper(abstract="One here. Two here. Three here. Four here.")
    assert body(paper_message(of, Tally())).splitlines()[1] == "One here. Two here. Three here."
    page = page_message(Page("*Found*", [Entry(of)], 1, 0, "one"))
    assert "\nOne here. Two here.\n" in body(page)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "We follow Smith et al. Their work is good. So is ours.",
            "We follow Smith et al. Their work is good.",
        ),
        ("Robots, e.g. Gliders, fly. They land.", "Robots, e.g. Gliders, fly."),
        ("We thank J. Smith and A. B. Jones. They helped.", "We thank J. Smith and A. B. Jones."),
        ("See Fig. 3 and Eq. 4 for more. It shows.", "See Fig. 3 and Eq. 4 for more."),
        ("Is it so? Yes. No.", "Is it so?"),
        ("It is so! Yes.", "It is so!"),
        ("They said “stop.” We did.", "They said “stop.”"),
        ('They said "stop." We did.', 'They said "stop."'),
        ("It works (on paper.) We tried.", "It works (on paper.)"),
        ("It gains 3.5 points on v2.0 of it. More follows.", "It gains 3.5 points on v2.0 of it."),
        ("No end in sight", "No end in sight"),
        ("  Padded.  Text.  ", "Padded."),
        ("Ends (Fig. 2). Then more.", "Ends (Fig. 2)."),
        ("$O(n)$ is reached. $N$ is large.", "$O(n)$ is reached."),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_sentence_ends_where_a_reader_would_say(text: str, expected: str) -> None:
    assert sentences(text, 1) == expected


def test_a_text_is_cut_at_the_last_sentence_that_fits_or_else_between_words() -> None:
    two = f"{'Short words. ' * 3}Long{' and longer' * 99}."
    assert sentences(two, 9, 60) == "Short words. Short words. Short words."
    assert sentences("wordy " * 50, 3, 20) == "wordy wordy wordy…"
    assert sentences("w" * 50, 3, 20) == "w" * 19 + "…"


@given(st.text("aB. !?\"')(&<", max_size=300) | TEXTS, st.integers(1, 4), st.integers(10, 700))
def test_a_summary_is_a_beginning_of_its_text(text: str, most: int, limit: int) -> None:
    shown = sentences(text, most, limit)
    assert len(shown) <= limit
    begin = "".join(shown.removesuffix("…").split())
    assert "".join(text.split()).startswith(begin)
    assert bool(shown) == bool(text.strip())


@given(TEXTS, st.integers(2, 400))
def test_clipped_text_is_within_its_limit_and_has_no_half_entity(text: str, limit: int) -> None:
    shown = clip(text, limit)
    assert len(shown) <= limit
    assert not _ENTITY.search(shown)
    assert "<" not in shown
    assert ">" not in shown


def test_clipped_text_ends_between_words_and_says_so() -> None:
    assert clip("one two three", 13) == "one two three"
    assert clip("one two three", 12) == "one two…"
    assert clip("one two, three", 13) == "one two…"
    assert clip("fish & chips & more", 22) == "fish &amp; chips…"
    assert clip("a" * 20 + "&" * 20, 30) == "a" * 20 + "&amp;…"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ""),
        (("Ada",), "Ada"),
        (("Ada", "Ben", "Cleo", "Dan"), "Ada, Ben, Cleo, Dan"),
        (("Ada", "Ben", "Cleo", "Dan", "Eve"), "Ada, Ben, Cleo and 2 others"),
        (tuple(f"A{n}" for n in range(3000)), "A0, A1, A2 and 2,997 others"),
    ],
)
def test_authors_are_shortened(names: tuple[str, ...], expected: str) -> None:
    assert people(names) == expected


def test_what_a_post_shows_of_the_votes_is_known() -> None:
    assert drawn(Tally(2, 1)) != drawn(Tally(1, 2)) != drawn(Tally(2, 1))
    assert drawn(Tally(1, 1)) != drawn(Tally(11, 0))


def page(total: int, offset: int, asked: str = "gliders") -> Message:
    shown = [Entry(paper(id=f"2403.{n:05d}")) for n in range(offset, min(total, offset + PAGE_SIZE))]
    return page_message(Page("*Found*", shown, total, offset, asked))


def test_more_and_back_lead_through_all_pages_and_carry_the_question() -> None:
    assert buttons(page(5, 0)).keys() == {VOTE, SAVE, SIMILAR, SHARE, READ}
    first, second, last = page(12, 0), page(12, 5), page(12, 10)
    assert turn_of(buttons(first)[MORE]) == ("gliders", 5)
    assert BACK not in buttons(first)
    assert turn_of(buttons(second)[BACK]) == ("gliders", 0)
    assert turn_of(buttons(second)[MORE]) == ("gliders", 10)
    assert turn_of(buttons(last)[BACK]) == ("gliders", 5)
    assert MORE not in buttons(last)
    assert "1–5 of 12" in body(first)
    assert "11–12 of 12" in body(last)


@given(st.text(max_size=300), st.integers(0, 10**6))
def test_the_question_survives_its_button(asked: str, pages: int) -> None:
    offset = pages * PAGE_SIZE
    message = page_message(Page("*Found*", [Entry(paper())], offset + 100, offset, asked))
    check(message)
    assert turn_of(buttons(message)[MORE]) == (asked, offset + PAGE_SIZE)


def test_a_question_too_long_for_a_button_is_carried_as_far_as_it_fits() -> None:
    entries = [Entry(Paper(id=f"2501.0000{n}", title="T")) for n in range(5)]
    question = '"' * 1500
    message = page_message(Page("H", entries, 9, 0, question))
    (turn,) = message["blocks"][-1]["elements"]
    asked, offset = turn_of(turn["value"])
    assert question.startswith(asked)
    assert (len(asked) > 500, offset) == (True, 5)


@pytest.mark.parametrize(
    "value", ["", "5", "null", "[]", '["a"]', '["a", -1]', '["a", "5"]', "[1, 2]", '{"a": 1}', "no"]
)
def test_a_value_that_is_not_ours_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        turn_of(value)


def entry_text(entry: Entry) -> str:
    return body(page_message(Page("*Found*", [entry], 1, 0, "one")))


def test_an_entry_says_what_a_paper_is_and_what_is_known_of_it_here() -> None:
    of = paper(
        title="Gliding robots",
        summary="They glide. Far. Very far.",
        authors=("Ada Example", "Noor Sample"),
        published=datetime(2025, 3, 9, tzinfo=UTC),
        categories=("cs.RO", "cs.LG"),
        upvotes=7,
        code_url="https://example.org/code",
    )
    posted = Posted(CHANNEL, "12 Mar", ARCHIVE)
    upstream = "<https://huggingface.co/papers/2403.01234|7 upvotes on Hugging Face>"
    lines = entry_text(Entry(of, Tally(4, 1), None, posted, saved=True)).splitlines()
    assert lines[1:] == [
        "*<https://arxiv.org/abs/2403.01234|Gliding robots>*",
        "Ada Example, Noor Sample  ·  2025  ·  cs.RO",
        "They glide. Far.",
        f"posted in <#{CHANNEL}> on <{ARCHIVE}|12 Mar>, *4 upvotes*, 1 downvote  ·  {upstream}  ·  saved by you",
        "<https://arxiv.org/pdf/2403.01234|PDF>  ·  <https://example.org/code|Code>",
    ]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Entry(paper(), Tally(1, 0)), "*1 upvote here*"),
        (Entry(paper(), Tally(2, 1)), "*2 upvotes here*, 1 downvote here"),
        (Entry(paper(), posted=Posted(CHANNEL, "12 Mar")), f"posted in <#{CHANNEL}> on 12 Mar"),
        (Entry(paper(), posted=Posted("", "12 Mar", ARCHIVE)), f"posted here on <{ARCHIVE}|12 Mar>"),
        (Entry(paper(), saved=True), "saved by you"),
    ],
)
def test_an_entry_tells_only_what_there_is(entry: Entry, said: str) -> None:
    assert entry_text(entry).splitlines()[2:] == [said, "<https://arxiv.org/pdf/2403.01234|PDF>"]


def test_a_date_has_its_year_when_it_is_another_one() -> None:
    assert short_date(date(2026, 3, 12), TUESDAY) == "12 Mar"
    assert short_date(date(2024, 3, 12), TUESDAY) == "12 Mar 2024"


@pytest.mark.parametrize(
    ("snippet", "shown"),
    [
        ([("We train a ", False), ("diffusion", True), (" model.", False)], "We train a *diffusion* model."),
        (
            [("Diffusion", True), (" ", False), ("policies", True), (" act", False)],
            "*Diffusion policies* act",
        ),
        ([("two ", False), ("diffusion", True), ("s meet", False)], "two *diffusions* meet"),
        ([("pre", False), ("train", True), ("ed-", False), ("model", True)], "*pretrained*-*model*"),
        ([(" spaced ", True), ("out", False)], "*spaced* out"),
        ([("(", False), ("A*", True), (")", False)], "(*A*∗)"),
        ([("*all* of ", False), ("it", True)], "∗all∗ of *it*"),
        ([("_so_ ", False), ("`it`", True), (" is", False)], "＿so＿ *ˋitˋ* is"),
        ([("a\nb", True), ("\x00\u202e c", True)], "*a b c*"),
        ([("Cafe\u0301s", True)], "*Cafe\u0301s*"),
        ([("x < y & ", False), ("<!channel>", True)], "x &lt; y &amp; &lt;!*channel*&gt;"),
        ([("nothing matched", False)], "nothing matched"),
        ([("…", True), (" ", True)], "…"),
        ([], ""),
    ],
)
def test_words_that_matched_are_bold_as_slack_takes_it(snippet: Snippet, shown: str) -> None:
    assert highlighted(snippet, 300) == shown


@given(SNIPPETS, st.integers(2, 400))
def test_a_snippet_is_within_its_limit_and_only_words_of_it_are_bold(snippet: Snippet, limit: int) -> None:
    shown = highlighted(snippet, limit)
    assert len(shown) <= limit
    assert not _ENTITY.search(shown)
    assert not {"<", ">"} & set(shown)
    bold = re.findall(r"\*([^*]*)\*", shown)
    assert shown.count("*") == 2 * len(bold)
    assert all(part[0].isalnum() and part == part.strip() for part in bold)
    assert all(re.search(rf"(?<!\w)\*{re.escape(part)}\*(?!\w)", shown) for part in bold)


def test_a_snippet_too_long_is_cut_between_words() -> None:
    assert highlighted([("one two ", False), ("three", True)], 14) == "one two…"
    assert highlighted([("x" * 50, True)], 20) == "x" * 19 + "…"


def test_a_snippet_takes_the_place_of_the_summary_but_not_of_a_warning() -> None:
    of = paper(summary="The summary.", withdrawn=NOW)
    text = entry_text(Entry(of, snippet=[("We ", False), ("glide", True)]))
    assert "Withdrawn by its authors. We *glide*" in text
    assert "The summary" not in text
    assert "The summary" in entry_text(Entry(of, snippet=[]))


@pytest.mark.parametrize("saved", [False, True])
def test_a_save_button_says_what_it_does_and_carries_the_answer_it_stands_in(saved: bool) -> None:
    entries = [Entry(paper(id="a"), saved=saved), Entry(paper(id="b"))]
    message = page_message(Page("*Found*", entries, 9, 5, "gliders"))
    first = next(block for block in message["blocks"] if block["type"] == "actions")["elements"][1]
    assert first["text"]["text"] == ("🔖 Saved" if saved else "🔖 Save")
    assert press_of(first["value"]) == Press("a", not saved, Place("gliders", 5, ("a", "b")))


@given(st.text(max_size=1200), st.lists(st.text(max_size=300), max_size=5))
@example('"' * 1010, ["x" * 250] * 5)
def test_a_press_is_carried_as_far_as_it_fits(asked: str, shown: list[str]) -> None:
    value = press_value(Press("2403.01234", True, Place(asked, 10, tuple(shown))))
    assert len(value) <= 2000
    paper_id, save, place = press_of(value)
    assert (paper_id, save, place.offset) == ("2403.01234", True, 10)
    assert asked.startswith(place.asked)
    assert place.shown in (tuple(shown), ())


@pytest.mark.parametrize(
    "value",
    [
        "",
        "5",
        "null",
        "[]",
        '["a", true]',
        '["a", 1, "b", 0, []]',
        '["a", true, "b", -1, []]',
        "no",
    ],
)
def test_a_press_that_is_not_ours_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        press_of(value)


def test_what_was_shared_says_by_whom_until_that_person_is_forgotten() -> None:
    assert f"↗ shared by <@{PERSON}>" in body(shared_message(paper(), Tally(), PERSON))
    assert shared_message(paper(), Tally(), "") == paper_message(paper(), Tally())
    assert "<" not in _OURS.sub("", body(shared_message(paper(), Tally(), "U1><!channel")))


def test_where_a_paper_left_the_list_the_next_page_misses_none() -> None:
    shown = [Entry(paper(id=f"2403.{n:05d}")) for n in range(5)]
    message = page_message(Page("*Saved*", shown, 8, 0, "saved", gone=2))
    assert turn_of(buttons(message)[MORE]) == ("saved", 3)
    assert "More (3)" in str(message["blocks"][-1])


TITLED = st.tuples(st.sampled_from(["2403.01234", "<!channel>", "x" * 200]), TEXTS).map(
    lambda known: Paper(id=known[0], title=known[1])
)
POINTS = st.integers(-10_000, 10_000)
MUTES = st.lists(
    st.builds(Statement, st.sampled_from([Subject.AUTHOR, Subject.TOPIC]), TEXTS.filter(bool), st.just(-1)),
    max_size=15,
)


@st.composite
def explanations(draw: st.DrawFn) -> Explanation:
    """Two tastes name papers, and six other lines don't; of one's own there is one taste."""
    tastes = st.builds(Line, POINTS, TEXTS, st.lists(TITLED, max_size=3))
    others = st.builds(Line, POINTS, TEXTS, st.just(()))
    lines = draw(st.lists(tastes, min_size=1, max_size=2)) + draw(st.lists(others, max_size=6))
    own = draw(st.lists(tastes, max_size=1)) + draw(st.lists(others, max_size=2))
    return Explanation(draw(TITLED), placed(2, 24, "12 Mar", "best"), lines, own, draw(st.booleans()))


LONGEST = Paper(id="quant-ph/0201082", title="& " * 500)
LONG_LINES = [Line(-999_999, "& " * 500, [LONGEST] * 3)] * 2 + [Line(999_999, "& " * 500)] * 6
LARGEST_EXPLANATION = Explanation(
    LONGEST, placed(2, 24, "12 Mar", "explored"), LONG_LINES, LONG_LINES[1:4], muted=True
)


@given(explanations(), MUTES)
@example(LARGEST_EXPLANATION, [Statement(Subject.AUTHOR, "&" * 500, -1)] * 15)
@EVERY_TEXT
def test_any_explanation_is_a_message_that_slack_takes_and_adds_up(
    explained: Explanation, mutes: list[Statement]
) -> None:
    message = why_message(explained, mutes)
    check(message)
    values = [line.split("`")[1] for line in message["blocks"][1]["text"]["text"].split("\n")]
    shown = [round(100 * float(value.replace("−", "-"))) for value in values]
    assert sum(shown[:-1]) == shown[-1]
    assert {MORE_LIKE, LESS_LIKE} <= buttons(message).keys()
    offered = [statement_of(value) for value in menu_values(message)]
    assert offered == [one for one in mutes if len(statement_value(one)) <= 150]
    if offered:
        check(mute_message(explained.paper, mutes))


@given(
    TITLED, st.builds(Statement, st.sampled_from(Subject), TEXTS.filter(bool), st.sampled_from([-1, 0, 1]))
)
@EVERY_TEXT
def test_whatever_is_stated_is_told_and_can_be_taken_back(of: Paper, statement: Statement) -> None:
    about = of if statement.subject is Subject.PAPER else None
    for learning in (True, False):
        check(stated_message(statement, about, learning=learning))
    assert statement_of(statement_value(statement)) == statement
    if len(statement_value(statement)) <= 2000:
        message = stated_message(statement, about, statement)
        check(message)
        assert statement_of(buttons(message)[UNDO]) == statement


@pytest.mark.parametrize(
    "value",
    ["", "x", "[]", "null", '["paper", "1", 2]', '["x", "1", 1]', '["paper", "", 1]', '["paper", 1, 1]'],
)
def test_a_statement_that_is_not_ours_is_refused(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of JSON, or of ours
        statement_of(value)


@pytest.mark.parametrize(
    ("subject", "value", "said"),
    [
        (Subject.AUTHOR, "Ada", "papers by “Ada”"),
        (Subject.TOPIC, "grasp", "papers on “grasp”"),
        (Subject.TOPIC, '"soft hands"', "papers on “soft hands”"),
        (Subject.TOPIC, "cat:cs.CL", "papers in “cs.CL”"),
    ],
)
def test_what_is_muted_is_named_without_the_marks_of_a_query(subject: Subject, value: str, said: str) -> None:
    muted = Statement(subject, value, -1)
    assert f"Muted: {said} are left out" in body(stated_message(muted, None))
    assert f"You follow {said}: " in body(stated_message(muted._replace(attitude=1), None))
    assert f"Taken back: {said} are neither" in body(stated_message(muted._replace(attitude=0), None))
    [chosen] = mute_message(paper(), [muted])["blocks"][-1]["elements"]
    assert chosen["options"][0]["text"]["text"].endswith(said.split("“")[1].rstrip("”"))


def test_a_choice_in_a_menu_names_what_to_do_and_the_paper() -> None:
    assert deed_of("less quant-ph/0201082") == (Deed.LESS, "quant-ph/0201082")
    with pytest.raises(ValueError, match="sing"):
        deed_of("sing 2403.01234")


def test_an_explanation_says_where_a_paper_stood_and_what_its_parts_are_worth() -> None:
    other = paper(id="2403.09999", title="Another")
    lines = [
        Line(123, "close to 1 paper upvoted here", [other]),
        Line(-40, "a long title"),
        Line(2, "everything else"),
    ]
    where = placed(2, 24, "12 Mar", "bloomed")
    message = why_message(Explanation(paper(), where, lines, [Line(80, "by Ada")]), [])
    assert body(message) == (
        "*Why this paper?*\n*<https://arxiv.org/abs/2403.01234|A title>*\n"
        "Number 2 of 24 in this channel's edition of 12 Mar: its upvotes have grown since its day.\n"
        "`+1.23` close to 1 paper upvoted here: <https://arxiv.org/abs/2403.09999|“Another”>\n"
        "`−0.40` a long title\n`+0.02` everything else\n`+0.85` in all; an average paper has 0.\n"
        "Your own taste now: `+0.80` by Ada"
    )
