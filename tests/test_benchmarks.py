"""Each benchmark runs, in a form so small that its figures mean nothing, and prints them."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import (
    harness,
    home,
    page,
    post,
    ranking,
    reaction,
    search,
    slash_command,
    start,
    taste,
    votes,
)
from benchmarks.search_corpus import Varied
from benchmarks.search_queries import LIKE, PLAIN, QUESTION
from storage.models import Paper
from tests.browser import CHROMIUM, MISSING
from tests.upstream import recorded

_NUMBER = r"[\d,]+\.\d{3}"


def sides_of(report: str) -> dict[str, list[str]]:
    """The figures of each line of a report's tables; `-` where a ratio can't be taken."""
    rows = (re.split(r"  +", line.strip()) for line in report.splitlines())
    return {cells[0]: cells[1:] for cells in rows if len(cells) > 1 and re.fullmatch(_NUMBER, cells[1])}


async def test_the_slash_command_benchmark_prints_the_bot_beside_its_baselines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await slash_command.measure(rounds=1, requests=4)
    sides = sides_of(capsys.readouterr().out)
    assert set(sides) == {
        "papers-bot, /papers help",
        "papers-bot, /papers diffusion",
        "empty AsyncApp, default",
        "AsyncApp that answers",
        "empty AsyncApp, before_response",
        "bare aiohttp server",
    }
    assert sides["empty AsyncApp, before_response"][-1] == "1.00 (1.00-1.00)"


async def test_the_reaction_benchmark_finds_every_vote_in_the_database(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await reaction.measure(rounds=1, requests=4, votes=5)
    report = capsys.readouterr().out
    assert "all 14 votes are in the database" in report
    assert {"papers-bot", "Store.record_reaction", "sqlite-utils upsert"} <= set(sides_of(report))
    assert sides_of(report)["prepared statement"][-1] == "1.00 (1.00-1.00)"


async def test_the_start_benchmark_prints_time_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    await start.measure(rounds=1, editions=1, papers=2)
    report = capsys.readouterr().out
    assert "Memory after 3 messages" in report
    assert {"papers-bot", "empty AsyncApp", "papers-bot --help", "python -c pass"} <= set(sides_of(report))


async def test_the_post_benchmark_prints_what_a_message_costs(capsys: pytest.CaptureFixture[str]) -> None:
    await post.measure(rounds=1, papers=6)
    report = capsys.readouterr().out
    assert "Each of 7 messages" in report
    assert set(sides_of(report)) == {"papers-bot", "bare AsyncWebClient calls"}
    # A message is at least claimed and confirmed.
    counted = re.search(r"([\d.]+) transactions, ([\d.]+) statements", report)
    assert counted is not None
    assert 2 <= float(counted[1]) < float(counted[2])


async def test_the_votes_benchmark_prints_reads_and_flushes(capsys: pytest.CaptureFixture[str]) -> None:
    await votes.measure(rounds=1, times=2, people=20, papers=4, days=2)
    report = capsys.readouterr().out
    assert "Reading votes from 60 reactions" in report
    assert {"votes on 4 papers", "papers-bot, 4 posts redrawn", "SELECT count(*)"} <= set(sides_of(report))


async def test_the_search_benchmark_prints_each_side_and_what_to_expect_of_more_papers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await search.measure(papers=40, queries=1)
    report = capsys.readouterr().out
    assert "=== 10 papers ===" in report
    assert "Adding 500 papers" in report
    assert "To expect of 3,000,000 papers" in report
    assert {PLAIN, LIKE, search.FTS, search.TANTIVY, "words", "8 at once"} <= set(sides_of(report))
    # Among so few papers, nothing is missed.
    assert sides_of(report)[QUESTION][:2] == ["1.000", "1.000"]


def test_papers_are_made_anew_where_there_are_no_real_ones(tmp_path: Path) -> None:
    papers = list(Varied(50, tmp_path / "missing.jsonl.xz"))
    assert len({paper.id for paper in papers}) == len({paper.abstract for paper in papers}) == 50
    assert papers == list(Varied(50, tmp_path / "missing.jsonl.xz"))


@pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
async def test_the_page_benchmark_prints_paints_and_votes(capsys: pytest.CaptureFixture[str]) -> None:
    await page.measure(rounds=1, messages=14, votes=2)
    report = capsys.readouterr().out
    assert "First paint of a channel with 14 messages" in report
    assert "From a vote to 3 open pages" in report
    assert {page.PAGE, page.ALL, page.REACTION, page.VOTE} <= set(sides_of(report))
    assert sides_of(report)[page.STATIC][-1] == sides_of(report)[page.ECHO][-1] == "1.00 (1.00-1.00)"


async def test_the_ranking_benchmark_prints_its_times_and_what_tastes_take(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await ranking.measure(rounds=1, times=1, papers=60, votes=20, candidates=30, people=3)
    report = capsys.readouterr().out
    assert set(sides_of(report)) == {
        "taste from 20 votes",
        ranking.MEAN,
        "30 candidates",
        "reasons for one of them",
        "edition of 5 from 30",
        ranking.PRODUCTS,
    }
    assert "3 people's tastes of 20 votes: " in report


async def test_the_home_benchmark_prints_every_section_and_how_long_the_loop_stood_still(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await home.measure(rounds=1, times=1, votes=30, saved=10, read=5, listed=3)
    report = capsys.readouterr().out
    assert set(sides_of(report)) == {
        home.EDITION,
        home.LIST,
        home.PICKS,
        home.KEPT,
        home.SAVED,
        home.SEARCHED,
        home.NUMBERS,
        home.CHANNELS,
        home.SETTINGS,
        home.TEN,
    }
    assert "the loop stood still for" in report


async def test_a_benchmark_is_a_command_whose_help_says_what_it_measures() -> None:
    help_page = await harness.output_of("-m", "benchmarks.post", "--help", env=harness.environment())
    assert "What a posted message costs" in help_page
    assert "--rounds" in help_page


async def test_sides_take_turns_and_the_order_turns_round() -> None:
    ran: list[str] = []

    async def side(name: str) -> harness.Figures:
        ran.append(name)
        return {"ms": float(len(ran))}

    results = await harness.alternate({"a": lambda: side("a"), "b": lambda: side("b")}, rounds=3)
    assert ran == ["a", "b", "b", "a", "a", "b"]
    assert harness.ratios(results, "b", "a", "ms") == [2 / 1, 3 / 4, 6 / 5]


@pytest.mark.parametrize(("percent", "value"), [(50, 51), (99, 100), (100, 100), (0, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert harness.percentile(list(range(100, 0, -1)), percent) == value


async def test_the_taste_benchmark_plays_days_and_draws_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    recorded("editions")
    await taste.measure(days=3, people=2, picture_file=str(tmp_path / "taste.svg"))
    report = capsys.readouterr().out
    assert "3 days from" in report
    assert "its editions had followed not before the end" in report
    drawn = ElementTree.parse(tmp_path / "taste.svg").getroot()
    assert len(drawn.findall(".//{http://www.w3.org/2000/svg}path")) > 6


def test_an_edition_is_worth_what_its_first_papers_are_to_the_team() -> None:
    papers = [Paper(id=id, title=id, upvotes=upvotes) for id, upvotes in (("a", 1), ("b", 9), ("c", 5))]
    found = taste.judged(papers, {"a": 2.0, "b": 0.0, "c": 1.0})
    best = 2 + 1 / math.log2(3)
    assert found == pytest.approx(((2 + 1 / 2) / best, (1 / math.log2(3) + 2 / 2) / best))
    assert math.isnan(taste.judged(papers, {"a": 0.0, "b": 0.0, "c": 0.0}).ours)


def test_a_change_is_followed_when_a_weeks_lead_is_what_it_was() -> None:
    ahead, behind = taste.Score(0.8, 0.4), taste.Score(0.2, 0.4)
    assert taste.days_to_follow([ahead] * 14 + [behind] * 5 + [ahead] * 20, 14) == 12
    assert taste.days_to_follow([ahead] * 14 + [behind] * 20, 14) is None
