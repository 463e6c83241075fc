"""Mrkdwn as HTML: what each mark becomes, and that text never becomes a tag."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.web import emoji
from bot.workspace.web.dates import date_text
from bot.workspace.web.draw import Drawing
from bot.workspace.web.mrkdwn import Names, mrkdwn
from tests.web_html import TEXT_TAGS, Html

NAMES = Names({"U1": "Ada", "U2": "Ben <b>"}, {"C1": "papers"}, "U1")
NEW_TAB = 'target="_blank" rel="noopener noreferrer"'
MARKS = st.text("ab1 \n*_~`:<>|&;!@#^{}.-•/\"'", max_size=120)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<javascript:alert(1)|click>",
    "<JaVaScRiPt:alert(1)>",
    "<data:text/html,<script>|x>",
    "<vbscript:x> <//x.example> </c/C1|here> <file:///etc/passwd>",
    "</article></ol><h1>",
    '<https://x.example/" onmouseover="alert(1)|x>',
    '<@U1" onclick="x> <#C1"><script> <!here"><script>',
    "<!date^1^{date}^javascript:alert(1)|now>",
    "&lt;script&gt; &#60;script&#62; &lt;img/onerror=x&gt;",
    "```</pre><script>```",
    "`</code><script>`",
    "<https://x.example|</a><script>>",
    "\x00<\x00script>",
    "\ud83d",
    "a\r\n<b>",
]


def html(text: str, *, verbatim: bool = False) -> str:
    return str(mrkdwn(text, NAMES, verbatim=verbatim))


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (
            "*bold* _italic_ ~gone~ `code`",
            "<strong>bold</strong> <em>italic</em> <s>gone</s> <code>code</code>",
        ),
        ("*a _b ~c~ d_*", "<strong>a <em>b <s>c</s> d</em></strong>"),
        ("_*both*_", "<em><strong>both</strong></em>"),
        ("(*a*), *b*.", "(<strong>a</strong>), <strong>b</strong>."),
        ("2*3*4 snake_case_name * a * a* *b **c** _", "2*3*4 snake_case_name * a * a* *b **c** _"),
        ("*a\nb*", "*a<br>b*"),
        ("*a _b* c_", "<strong>a _b</strong> c_"),
        ("`*a* :fire: _b_`", "<code>*a* :fire: _b_</code>"),
        ("one\ntwo\n\nthree", "one<br>two<br><br>three"),
        ("```a *b*\n  c```", "<pre>a *b*\n  c</pre>"),
        ("x\n```\na\n```\ny", "x<pre>a</pre>y"),
        ("&gt; a\n&gt;*b*\nc", "<blockquote>a<br><strong>b</strong></blockquote>c"),
        ("> a", "<blockquote>a</blockquote>"),
        (">>> a\nb\n\nc", "<blockquote>a<br>b<br><br>c</blockquote>"),
        ("• a\n• *b*", "<ul><li>a</li><li><strong>b</strong></li></ul>"),
        ("to do\n- a\n- b\ndone", "to do<ul><li>a</li><li>b</li></ul>done"),
        ("2. a\n3. b", '<ol><li value="2">a</li><li value="3">b</li></ol>'),
        ("-a 1.5 2.", "-a 1.5 2."),
        ("&lt;b&gt; &amp;lt; &amp;amp; \" '", "&lt;b&gt; &amp;lt; &amp;amp; &#34; &#39;"),
        ("", ""),
    ],
)
def test_marks_become_what_they_look_like_in_slack(text: str, drawn: str) -> None:
    assert html(text) == drawn


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("<https://x.example/?a&amp;b|A *B*>", f'<a href="https://x.example/?a&amp;b" {NEW_TAB}>A *B*</a>'),
        ("*<http://x.example|a_b *>*", f'<strong><a href="http://x.example" {NEW_TAB}>a_b *</a></strong>'),
        ("<mailto:a@x.example|write>", f'<a href="mailto:a@x.example" {NEW_TAB}>write</a>'),
        ("<https://x.example>", f'<a href="https://x.example" {NEW_TAB}>https://x.example</a>'),
        ("<https://x.example|a\nb>", f'<a href="https://x.example" {NEW_TAB}>a b</a>'),
        ("`<https://x.example|a>`", f'<code><a href="https://x.example" {NEW_TAB}>a</a></code>'),
        ("<slack://x|open>", "open"),
        ("<javascript:alert(1)|open>", "open"),
        ("<javascript:alert(1)> <b>", "&lt;javascript:alert(1)&gt; &lt;b&gt;"),
        ("<x", "&lt;x"),
    ],
)
def test_only_addresses_of_the_web_and_of_mail_become_links(text: str, drawn: str) -> None:
    assert html(text) == drawn


def test_bare_addresses_become_links_unless_the_text_is_verbatim() -> None:
    text = "see (https://x.example/a_b?c=1&amp;d), then *http://y.example*."
    first = f'<a href="https://x.example/a_b?c=1&amp;d" {NEW_TAB}>https://x.example/a_b?c=1&amp;d</a>'
    second = f'<a href="http://y.example" {NEW_TAB}>http://y.example</a>'
    assert html(text) == f"see ({first}), then <strong>{second}</strong>."
    assert "<a" not in html(text, verbatim=True)
    assert "<a" in html("<https://x.example|x>", verbatim=True)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("<@U1>", '<span class="mention me">@Ada</span>'),
        ("<@U2|ben>", '<span class="mention">@Ben &lt;b&gt;</span>'),
        ("<@U9|cleo> <@U9>", '<span class="mention">@cleo</span> <span class="mention">@U9</span>'),
        ("<#C1|old-name>", '<a class="mention" href="/c/C1?as=U1" data-channel="C1">#papers</a>'),
        ("<#C9|secret>", '<span class="mention">#secret</span>'),
        (
            "<!here> <!channel|channel>",
            '<span class="mention me">@here</span> <span class="mention me">@channel</span>',
        ),
        ("<!subteam^S1|@readers>", '<span class="mention me">@readers</span>'),
    ],
)
def test_mentions_are_shown_by_name(text: str, drawn: str) -> None:
    assert html(text) == drawn


@pytest.mark.parametrize(
    ("target", "drawn"),
    [
        ("C1/p1392734382000100", '<a href="/c/C1?as=U1#m-1392734382-000100">here</a>'),
        (
            "C1/p1392734382000200?thread_ts=1392734382.000100&amp;cid=C1",
            '<a href="/c/C1?as=U1&amp;thread=1392734382.000100#t-1392734382-000200">here</a>',
        ),
        (
            "C9/p1392734382000100",
            f'<a href="https://lab.slack.com/archives/C9/p1392734382000100" {NEW_TAB}>here</a>',
        ),
    ],
)
def test_the_address_of_a_message_leads_to_it(target: str, drawn: str) -> None:
    assert html(f"<https://lab.slack.com/archives/{target}|here>") == drawn


def test_dates_are_told_in_the_zone_of_the_page() -> None:
    names = Names({}, {}, zone=timezone(timedelta(hours=2)))
    text = "<!date^1392734382^{date_long} at {time}|long ago>"
    moment = '<time datetime="2014-02-18T16:39:42+02:00">Tuesday 18 February 2014 at 16:39</time>'
    assert mrkdwn(text, names) == moment
    linked = mrkdwn("<!date^1392734382^{date_num}^https://x.example|x>", names)
    assert Html(linked).one("a").attributes["href"] == "https://x.example"
    assert Html(linked).text == "2014-02-18"


@pytest.mark.parametrize("timestamp", ["", "x", "nan", "inf", "1e99", "-1e99"])
def test_a_date_that_is_none_is_told_by_its_fallback(timestamp: str) -> None:
    assert html(f"<!date^{timestamp}^{{date}}|one day>") == "one day"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("{date_num} {time_secs}", "2014-02-18 14:39:42"),
        ("{date} {date_pretty}", "18 February 2014 18 February 2014"),
        ("{date_short} {date_short_pretty}", "18 Feb 2014 18 Feb 2014"),
        ("{date_slash} {ago}", "18/02/2014 on 18 Feb 2014 at 14:39"),
        ("{nothing} {", "{nothing} {"),
    ],
)
def test_every_form_of_a_date_has_words(form: str, told: str) -> None:
    said = date_text(1392734382, form, NAMES.zone)
    assert said is not None
    assert said.text == told


def test_emoji_become_characters_with_their_skin_tone() -> None:
    assert html(":+1: :thumbsup::skin-tone-4: (or :heart:, :fire: ...)") == "👍 👍🏽 (or ❤️, 🔥 ...)"
    assert html(":fire::fire: :nothing:heart: 10:30:00") == "🔥🔥 :nothing❤️ 10:30:00"
    assert emoji.character("fire::skin-tone-4") == "🔥"
    assert emoji.character("point_up::skin-tone-2") == "☝🏻"
    assert emoji.character("nothing") is None


def test_the_emoji_that_people_vote_with_are_known() -> None:
    votes = ("+1", "-1", "heart", "fire", "star", "rocket", "tada", "100", "raised_hands", "clap", "eyes")
    assert [name for name in votes if emoji.character(name) is None] == []


def test_every_emoji_has_one_character_and_no_name_has_two() -> None:
    names = [name for line in emoji.TABLE.strip().split("\n") for name in line.split()[1:]]
    assert len(names) == len(set(names)) == len(emoji.BY_NAME)
    assert all(not drawn.isascii() for drawn in emoji.BY_NAME.values())


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("verbatim", [True, False])
def test_hostile_text_stays_text(text: str, verbatim: bool) -> None:
    page = Html(Drawing(NAMES.users, NAMES.channels, "U1").mrkdwn(text, verbatim=verbatim), TEXT_TAGS)
    assert all("javascript" not in link.attributes["href"] for link in page.all("a"))


@given(MARKS | st.text(max_size=120), st.booleans())
def test_any_text_makes_tags_that_match(text: str, verbatim: bool) -> None:
    Html(Drawing(NAMES.users, NAMES.channels, "U1").mrkdwn(text, verbatim=verbatim), TEXT_TAGS)


@given(st.text("ab &<>\"'"))
def test_escaped_text_is_read_as_it_was_written(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert Html(html(f"x{escaped}")).text == f"x{text}"


@given(st.lists(st.sampled_from("*_~a "), max_size=12).map("".join))
def test_marks_that_mean_nothing_are_read_as_characters(text: str) -> None:
    page = Html(html(text), TEXT_TAGS)
    styled = sum(2 for each in page.elements if each.tag in ("strong", "em", "s"))
    assert len(page.text) == len(text) - styled


def test_text_as_long_as_slack_takes_is_drawn() -> None:
    for piece in ("*a", "_*~", "<", "<a", "a\n", "`", ":a", "<@", "```", "> ", "https://."):
        Html(html("<" + piece * (40_000 // len(piece))), TEXT_TAGS)
