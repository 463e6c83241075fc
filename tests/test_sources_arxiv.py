from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import pytest
from aiolimiter import AsyncLimiter
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.ids import paper_id
from bot.sources.arxiv import Arxiv, parse_announcements, parse_answer, search_terms
from bot.sources.http import Fetcher, client
from storage.models import Batch, Paper
from tests.upstream import Upstream, announcements_feed, error_feed, query_feed, recorded

DAY = date(2026, 3, 10)
PAPER = Paper(
    id="2603.01234",
    title="An Invented Title",
    abstract="We made this up & wrote it down.",
    authors=("Ada Example", "Noor Sample"),
    categories=("cs.CL", "cs.AI"),
    comment="3 pages",
    published=datetime(2026, 3, 9, 17, tzinfo=UTC),
    updated=datetime(2026, 3, 9, 17, tzinfo=UTC),
)
# As rss.arxiv.org/rss/ writes it; the words are ours.
RSS = b"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>cs.AI updates on arXiv.org</title>
    <pubDate>Tue, 10 Mar 2026 00:00:00 -0400</pubDate>
    <item>
      <title>$a&lt;b$ &amp; &lt;b&gt;x&lt;/b&gt; &amp;amp;</title>
      <link>https://arxiv.org/abs/2603.01234</link>
      <description>arXiv:2603.01234v1 Announce Type: new
Abstract: We made &lt;i&gt;this&lt;/i&gt; up.</description>
      <guid isPermaLink="false">oai:arXiv.org:2603.01234v1</guid>
      <category>cs.CL</category>
      <category>cs.AI</category>
      <pubDate>Tue, 10 Mar 2026 00:00:00 -0400</pubDate>
      <arxiv:announce_type>new</arxiv:announce_type>
      <dc:creator>Ada Example (Lab, Town), Noor Sample</dc:creator>
    </item>
    <item>
      <title>Replaced</title>
      <link>https://arxiv.org/abs/2401.00001</link>
      <description>arXiv:2401.00001v4 Announce Type: replace \nAbstract: Older.</description>
      <guid isPermaLink="false">oai:arXiv.org:2401.00001v4</guid>
      <pubDate>Tue, 10 Mar 2026 00:00:00 -0400</pubDate>
    </item>
  </channel>
</rss>
"""


def parse_query(body: bytes) -> Batch:
    return parse_answer(body).batch


modern_ids = st.from_regex(r"[0-9]{4}\.[0-9]{4,5}", fullmatch=True)
old_ids = st.from_regex(r"(math|cs|quant-ph|hep-th|q-bio|cond-mat)/[0-9]{7}", fullmatch=True)
FORMS = (
    "{}",
    "{}v2",
    " arXiv:{} ",
    "arxiv: {}v11",
    "oai:arXiv.org:{}v1",
    "http://arxiv.org/abs/{}v3",
    "https://www.arxiv.org/abs/{}?context=cs#top",
    "https://arxiv.org/pdf/{}v1.pdf",
    "https://export.arxiv.org/html/{}/",
    "arxiv.org/abs/{}",
    "https://www.alphaxiv.org/abs/{}",
    "https://huggingface.co/papers/{}",
    "https://hf.co/papers/{}",
    "https://doi.org/10.48550/arXiv.{}",
    "<https://arxiv.org/abs/{}|the paper>",
    "https://arxiv.org/abs/{}.",
)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with Upstream() as serving:
        yield serving


@pytest.fixture
async def arxiv(upstream: Upstream) -> AsyncIterator[Arxiv]:
    fetcher = Fetcher(
        client(connections=1), source="arxiv", pace=AsyncLimiter(1, 0.01), patience=5, wait=0.01
    )
    source = Arxiv(fetcher, upstream.url + "/api/query", upstream.url + "/")
    yield source
    await source.aclose()


@given(id=modern_ids | old_ids, form=st.sampled_from(FORMS))
@settings(deadline=None)
def test_an_id_is_read_in_every_form(id: str, form: str) -> None:
    assert paper_id(form.format(id)) == id


@given(words=st.text())
@settings(deadline=None)
def test_any_text_has_an_id_that_reads_as_itself_or_none(words: str) -> None:
    found = paper_id(words)
    assert found is None or paper_id(found) == found


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("math.GT/0309136", "math/0309136"),
        ("arXiv:MATH.GT/0309136v2", "math/0309136"),
        ("http://arxiv.org/abs/cs.AI/0503050v1", "cs/0503050"),
        ("quant-ph/0201082v1", "quant-ph/0201082"),
    ],
)
def test_old_ids_take_their_canonical_form(text: str, id: str) -> None:
    assert paper_id(text) == id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "2403",
        "2403.123",
        "2403.0123456",
        "12403.01234",
        "2403.01234.5",
        "2403.01234 and more",
        "owner/1234567",
        "https://example.org/abs/2403.01234",
        "https://evilarxiv.org/abs/2403.01234",
        "https://arxiv.org/list/cs.AI",
        "https://arxiv.org/abs/../x",
        "٢٤٠٣.٠١٢٣٤",
        "2403.01234\n2403.01235",
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert paper_id(text) is None


@pytest.mark.parametrize(
    ("name", "papers"),
    [
        ("id_0000.0000_s0_m100", 0),
        ("id_0808.05394_1707.08567_s0_m100", 1),
        ("id_0808.05394_s0_m100", 0),
        ("id_1707.08567_s0_m100", 1),
        ("id_2104.12255v1_s0_m100", 1),
        ("id_quant-ph_0201082v1_s0_m100", 1),
        ("q_testing_s0_m10", 10),
        ("q_testing_s0_m100", 100),
        ("q_testing_s10_m10", 10),
        ("q_testing_s20_m10", 10),
        ("q_testing_s30_m10", 10),
        ("q_testing_s50_m10", 10),
        ("q_testing_s5_m10", 10),
        ("q_testing_s5_m15", 15),
    ],
)
def test_every_recorded_answer_is_read_whole(name: str, papers: int) -> None:
    batch = parse_query(recorded(f"upstream/arxiv/{name}.xml").read_bytes())
    assert (len(batch.papers), len(batch.listed), batch.skipped, batch.day) == (papers, papers, (), None)
    assert all(paper.abstract and paper.authors and paper.categories for paper in batch.papers)
    assert all(paper.published and paper.updated for paper in batch.papers)


def test_recorded_old_and_short_papers_keep_what_they_say() -> None:
    old = parse_query(recorded("upstream/arxiv/id_quant-ph_0201082v1_s0_m100.xml").read_bytes()).papers[0]
    assert (old.id, old.categories, old.comment) == ("quant-ph/0201082", ("quant-ph", "cs.PL"), "32 pages")
    assert (
        parse_query(recorded("upstream/arxiv/id_2104.12255v1_s0_m100.xml").read_bytes()).papers[0].title
        == "0"
    )


def test_the_recorded_error_is_an_error() -> None:
    body = recorded("upstream/arxiv/id_abc_s0_m100.xml").read_bytes()
    with pytest.raises(SourceError, match="incorrect id format for abc"):
        parse_query(body)


def test_the_recorded_announcements_are_read_whole() -> None:
    batch = parse_announcements(recorded("upstream/arxiv/rss-atom_cs.AI_2025-08-20.xml").read_bytes())
    assert (batch.day, len(batch.papers), len(batch.listed), batch.skipped) == (date(2025, 8, 20), 7, 7, ())
    assert all(paper.authors and paper.categories for paper in batch.papers)
    assert not any(
        "Announce Type" in paper.abstract or "Abstract:" in paper.abstract for paper in batch.papers
    )


def test_an_answer_is_read_field_by_field() -> None:
    assert parse_query(query_feed([PAPER])) == Batch(source="arxiv", papers=(PAPER,), listed=(PAPER.id,))


def test_the_primary_category_comes_first() -> None:
    body = query_feed([PAPER]).replace(b'primary_category term="cs.CL"', b'primary_category term="cs.AI"')
    assert parse_query(body).papers[0].categories == ("cs.AI", "cs.CL")


@pytest.mark.parametrize(
    "title",
    [
        "<!channel> & <b>x</b>",
        "$a<b$ and $b>c$",
        "&lt;b&gt; &amp; &eacute;",
        "AT&T",
        "caf\u00e9 \u2264 \U0001f600",
    ],
)
def test_a_title_comes_out_as_the_text_it_means(title: str) -> None:
    paper = PAPER.model_copy(update={"title": title, "abstract": f"On {title}", "authors": (title,)})
    assert parse_query(query_feed([paper])).papers == (paper,)
    announced = parse_announcements(announcements_feed([(paper, "new")], DAY)).papers[0]
    assert (announced.title, announced.abstract) == (title, f"On {title}")


def test_new_and_cross_listed_papers_are_the_day_and_replacements_are_kept() -> None:
    kinds = ("replace", "new", "replace-cross", "cross")
    papers = [PAPER.model_copy(update={"id": f"2603.0000{number}"}) for number in range(4)]
    batch = parse_announcements(announcements_feed(list(zip(papers, kinds, strict=True)), DAY))
    assert batch.day == DAY
    assert batch.listed == ("2603.00001", "2603.00003")
    assert [paper.id for paper in batch.papers] == [paper.id for paper in papers]
    # The feed's date is the announcement's, not the paper's.
    assert batch.papers[0] == papers[0].model_copy(update={"published": None, "updated": None, "comment": ""})


def test_the_rss_form_of_the_feed_says_the_same() -> None:
    batch = parse_announcements(RSS)
    assert (batch.day, batch.listed, len(batch.papers), batch.skipped) == (DAY, ("2603.01234",), 2, ())
    new, replaced = batch.papers
    assert (new.title, new.abstract) == ("$a<b$ & <b>x</b> &amp;", "We made <i>this</i> up.")
    assert (new.authors, new.categories) == (("Ada Example", "Noor Sample"), ("cs.CL", "cs.AI"))
    assert (replaced.id, replaced.abstract) == ("2401.00001", "Older.")


def test_an_empty_feed_is_a_day_without_announcements() -> None:
    assert parse_announcements(announcements_feed([], DAY)) == Batch(source="arxiv")


def test_an_entry_without_id_or_title_is_skipped_and_its_sibling_kept() -> None:
    body = announcements_feed([(PAPER, "new"), (PAPER.model_copy(update={"id": "2603.00002"}), "new")], DAY)
    titleless = parse_announcements(body.replace(b"An Invented Title", b" ", 1))
    assert titleless.skipped == (("2603.01234", "no title"),)
    assert titleless.listed == ("2603.00002",)
    nameless = parse_announcements(
        body.replace(b"arXiv.org:2603.01234v1", b"x").replace(b"abs/2603.01234", b"abs/x")
    )
    assert nameless.skipped == (("oai:x", "no arXiv id"),)
    assert nameless.listed == ("2603.00002",)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"hello", b"<html><body>Down</body></html>", b"<feed", b"/etc/hostname", b"\xff\xfe\x00"],
)
def test_what_is_not_a_feed_is_an_error_and_not_an_empty_day(body: bytes) -> None:
    for parse in (parse_query, parse_announcements):
        with pytest.raises(SourceError, match="not a feed"):
            parse(body)


def test_a_file_named_by_an_answer_is_never_opened(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_bytes(query_feed([PAPER]))
    with pytest.raises(SourceError):
        parse_query(str(feed).encode())


def test_a_cut_feed_keeps_its_whole_entries_and_says_so() -> None:
    papers = [PAPER.model_copy(update={"id": f"2603.0000{number}", "title": "T é"}) for number in range(3)]
    whole = announcements_feed([(paper, "new") for paper in papers], DAY)
    first = whole.index(b"</entry>") + len(b"</entry>")
    for end in range(first, len(whole) - len(b"</feed>") + 1, 3):
        batch = parse_announcements(whole[:end])
        assert batch.listed == tuple(f"2603.0000{number}" for number in range(whole[:end].count(b"</entry>")))
        assert batch.skipped[0].reason.startswith("the feed was cut")
        assert all(paper.title == "T é" and paper.abstract == PAPER.abstract for paper in batch.papers)
    with pytest.raises(SourceError):
        parse_announcements(whole[: first - 20])


@pytest.mark.parametrize(
    "noise", [b"\x00", b"\x0b", b"&#x0;", b"&#xD800;", b"&#55296;", b"&#99999999;", b"\xff"]
)
def test_a_character_that_xml_forbids_costs_no_paper(noise: bytes) -> None:
    batch = parse_query(query_feed([PAPER]).replace(b"Invented", b"Inv" + noise + b"ented&#233;&#x1F600;"))
    assert (batch.listed, batch.skipped) == ((PAPER.id,), ())
    assert batch.papers[0].title.replace("\ufffd", "") == "An Inventedé😀 Title"


@given(seed=st.integers(0, 2**32), body=st.sampled_from([query_feed([PAPER, PAPER]), RSS]))
@settings(max_examples=150, deadline=None)
def test_a_damaged_feed_is_read_or_a_source_error(seed: int, body: bytes) -> None:
    chance, damaged = random.Random(seed), bytearray(body)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(damaged))
        damaged[place : place + chance.randrange(40)] = chance.choice(
            [
                b"",
                b"<",
                b"&x;",
                b"<![CDATA[",
                b"<category/>",
                b"<author>x@y (z)",
                b"\xe9",
                b'<title type="base64">',
            ]
        )
    for parse in (parse_query, parse_announcements):
        with contextlib.suppress(SourceError):
            Batch.model_validate_json(parse(bytes(damaged)).model_dump_json())


async def test_words_are_searched_and_nothing_else_reaches_the_grammar(
    arxiv: Arxiv, upstream: Upstream
) -> None:
    upstream.arxiv_papers = [PAPER]
    assert await arxiv.search("invented title", 5) == Batch(
        source="arxiv", papers=(PAPER,), listed=(PAPER.id,)
    )
    await arxiv.search(
        'ti:"quantum" OR (au:bell) ANDNOT few-shot* and * Quantum \x00[2020 TO 2021] Schrödinger_', 5
    )
    asked = [request.query for request in upstream.requests]
    assert asked[0]["search_query"] == "all:invented AND all:title"
    assert asked[1]["search_query"] == (
        "all:ti AND all:Quantum AND all:au AND all:bell AND all:few AND all:shot"
        " AND all:2020 AND all:2021 AND all:Schrödinger"
    )
    assert (asked[0]["max_results"], asked[0]["sortBy"]) == ("5", "relevance")


@given(query=st.text())
@settings(deadline=None)
def test_a_query_is_bounded_whatever_a_person_types(query: str) -> None:
    terms = search_terms(query * 40)
    assert len(terms) <= 20
    assert all(term.isalnum() and len(term) <= 64 for term in terms)
    assert not {term.upper() for term in terms} & {"AND", "OR", "NOT", "ANDNOT", "TO"}


async def test_a_search_for_nothing_asks_nobody(arxiv: Arxiv, upstream: Upstream) -> None:
    for query, limit in (("", 5), ('"()" AND : or', 5), ("graph", 0)):
        assert await arxiv.search(query, limit) == Batch(source="arxiv")
    assert upstream.requests == []


async def test_a_search_without_results_is_an_empty_batch(arxiv: Arxiv, upstream: Upstream) -> None:
    assert await arxiv.search("graph", 5) == Batch(source="arxiv")
    assert len(upstream.requests) == 1


async def test_an_empty_page_of_more_is_asked_for_again(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.arxiv_papers = [PAPER]
    upstream.fail("/api/query", 200, times=2, body=query_feed([], total=7))
    assert (await arxiv.search("invented", 5)).listed == (PAPER.id,)
    assert len(upstream.requests) == 3


async def test_a_page_that_stays_empty_is_an_error(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.arxiv_answer = query_feed([], total=7)
    with pytest.raises(SourceError, match="an empty page though there are 7 results"):
        await arxiv.search("invented", 5)
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("status", [200, 400])
async def test_an_error_entry_is_an_error_in_arxivs_words(
    arxiv: Arxiv, upstream: Upstream, status: int
) -> None:
    upstream.fail("/api/query", status, body=error_feed("max_results must be <= 2000"))
    with pytest.raises(SourceError, match="arxiv: query: max_results must be <= 2000"):
        await arxiv.search("invented", 5)
    assert len(upstream.requests) == 1


async def test_a_refusal_without_a_feed_keeps_its_status(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.fail("/api/query", 403, body=b"Go away")
    with pytest.raises(SourceError, match="answered 403: Go away"):
        await arxiv.search("invented", 5)


async def test_papers_are_fetched_by_any_form_of_their_id_in_slices(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.arxiv_papers = [PAPER.model_copy(update={"id": f"2603.{number:05}"}) for number in range(130)]
    forms = [f"https://arxiv.org/abs/{paper.id}v1" for paper in upstream.arxiv_papers]
    batch = await arxiv.by_ids([*forms, "2603.00001", "2603.99999", "abc"])
    assert (len(batch.papers), batch.skipped) == (130, (("abc", "not an arXiv id"),))
    assert [request.query["max_results"] for request in upstream.requests] == ["100", "31"]


async def test_no_ids_ask_nobody(arxiv: Arxiv, upstream: Upstream) -> None:
    assert await arxiv.by_ids([]) == Batch(source="arxiv")
    assert upstream.requests == []


async def test_announcements_of_all_categories_are_one_request(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.announced = [(PAPER, "new"), (PAPER.model_copy(update={"id": "2603.00002"}), "replace")]
    batch = await arxiv.announcements(["cs.AI", " cs.CL", "cs.AI", "hep-th"])
    assert (batch.day, batch.listed, len(batch.papers)) == (upstream.announced_on, (PAPER.id,), 2)
    assert upstream.paths() == ["/atom/cs.AI+cs.CL+hep-th"]


async def test_categories_that_are_none_are_refused_by_name(arxiv: Arxiv, upstream: Upstream) -> None:
    for wrong in ("cs.AI/../x", "cs.AI+cs.CL", "?", "cs."):
        with pytest.raises(SourceError, match="is not an arXiv category"):
            await arxiv.announcements(["cs.CL", wrong])
    assert await arxiv.announcements([]) == Batch(source="arxiv")
    assert upstream.requests == []


async def test_an_error_in_place_of_announcements_is_no_weekend(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.feeds["cs.AI"] = error_feed("feed unavailable")
    with pytest.raises(SourceError, match="feed unavailable"):
        await arxiv.announcements(["cs.AI"])


def test_two_thousand_announcements_are_all_read() -> None:
    numbers = count(1)
    papers = [(PAPER.model_copy(update={"id": f"2603.{next(numbers):05}"}), "new") for _ in range(2000)]
    assert len(parse_announcements(announcements_feed(papers, DAY)).listed) == 2000


def test_a_feed_of_which_no_entry_can_be_read_is_a_failure_and_not_an_empty_day() -> None:
    feed = (
        announcements_feed([(PAPER, "new")], DAY).replace(b"2603.01234", b"unknown").replace(b"title", b"t")
    )
    with pytest.raises(SourceError, match="none of the 1 entries could be read: no arXiv id"):
        parse_announcements(feed)
    assert parse_announcements(announcements_feed([], DAY)).listed == ()


def test_a_feed_that_was_cut_says_that_papers_are_missing() -> None:
    whole = announcements_feed([(PAPER, "new"), (PAPER.model_copy(update={"id": "2603.01235"}), "new")], DAY)
    batch = parse_announcements(whole[: whole.rindex(b"<summary>")])
    assert (batch.listed, batch.missing[:16]) == (("2603.01234",), "the feed was cut")
    assert parse_announcements(whole).missing == ""


async def test_a_feed_that_has_not_changed_is_not_sent_again(arxiv: Arxiv, upstream: Upstream) -> None:
    upstream.tags = True
    upstream.announced = [(PAPER, "new")]
    first = await arxiv.announcements(["cs.CL"])
    assert await arxiv.announcements(["cs.CL"]) == first
    assert first.listed == (PAPER.id,)
    assert upstream.statuses == [200, 304]


def test_entities_that_swell_are_not_expanded() -> None:
    swelling = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    feed = announcements_feed([(PAPER, "new")], DAY).replace(b"An Invented Title", b"&e11;")
    start = f'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY e0 "ha">{swelling}]>'.encode()
    with contextlib.suppress(SourceError):
        batch = parse_announcements(start + feed.split(b"?>", 1)[1])
        assert all(len(paper.title) < 1000 for paper in batch.papers)
