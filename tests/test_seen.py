"""What can be seen of the real program from outside: its log, `/healthz` and `/metrics`."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.messages import VOTE
from bot.workspace import Workspace
from tests.editions import list_day, posted
from tests.program import PATIENCE, Program, environment, secrets_of, started
from tests.upstream import Upstream

#: Words that only a person wrote, nowhere in a paper.
PRIVATE = "zugzwang vexillology"


@pytest.fixture
def papers(slack: Workspace) -> str:
    return slack.add_channel("papers")


@pytest.fixture
def listed(upstream: Upstream) -> list[str]:
    upstream.today = datetime.now(UTC).date()
    return list_day(upstream, upstream.today, 3)


async def a_day(slack: Workspace, papers: str) -> None:
    """An edition, a vote by reaction and one by button, a search and a question that fails."""
    ada, ben = slack.add_user("ada"), slack.add_user("ben")
    await slack.wait_for(lambda: len(posted(slack, papers)) == 4, PATIENCE)
    message = posted(slack, papers)[1]
    await slack.react(ada, papers, message.ts, "+1")
    await slack.click(ben, papers, message.ts, VOTE)
    for text in (PRIVATE, f"subscribe {PRIVATE} 25:00"):
        run = await slack.command(ada, papers, "/papers", text)
        await run.reply(PATIENCE)


def lines_of(program: Program) -> list[dict[str, Any]]:
    """Every line of the log, each of which must be an object of JSON."""
    return [json.loads(line) for line in program.errors.splitlines()]


def events(lines: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == name]


async def test_each_line_of_the_log_is_an_event_that_names_the_delivery_and_no_secret(
    slack: Workspace, upstream: Upstream, papers: str, listed: list[str], tmp_path: Path
) -> None:
    settings = environment(slack, upstream, PAPERS_CHANNELS=papers, PAPERS_LOG="json")
    async with started("run", folder=tmp_path, environment=settings) as program:
        await a_day(slack, papers)
        assert await program.stopped() == 0
    lines = lines_of(program)
    (planned,) = events(lines, "edition planned")
    assert (planned["channel"], planned["papers"]) == (papers, 3)
    assert [line["sent"] for line in events(lines, "edition posted")] == [4]
    assert {"huggingface"} == {line["source"] for line in events(lines, "source read")}
    votes, (searched,) = events(lines, "vote stored"), events(lines, "search answered")
    assert [(line["by"], line["type"]) for line in votes] == [
        ("reaction", "reaction_added"),
        ("button", VOTE),
    ]
    assert (searched["type"], searched["team"], searched["channel"]) == ("/papers", slack.team_id, papers)
    assert searched["ms"] > 0
    requests = [line["request"] for line in (*votes, searched)]
    assert len(set(requests)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{8}", request) for request in requests)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_token_no_person_and_nothing_that_people_wrote_is_in_the_log(
    slack: Workspace, upstream: Upstream, papers: str, listed: list[str], tmp_path: Path, form: str
) -> None:
    settings = environment(slack, upstream, PAPERS_CHANNELS=papers, PAPERS_LOG=form)
    # What goes wrong is where texts slip out: the sources fail, and so does an answer.
    upstream.fail("/api/papers/search", status=500, times=100)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await a_day(slack, papers)
        assert await program.stopped() == 0
    said = program.errors + program.output
    assert "search answered" in said
    assert not [secret for secret in secrets_of(settings) if secret in said]
    assert not [word for word in PRIVATE.split() if word in said]
    assert not [user for user in slack.state.users if user in said and not slack.state.users[user].is_bot]
    assert "/response/" not in said


def metric(page: str, name: str) -> float:
    """The value of one series, named with its labels."""
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(value)


async def asked(address: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        return answer.status, await answer.text(), answer.headers["Content-Type"]


async def test_in_socket_mode_nothing_is_served_unless_a_setting_says_so(
    slack: Workspace, upstream: Upstream, papers: str, listed: list[str], tmp_path: Path
) -> None:
    settings = environment(slack, upstream, PAPERS_CHANNELS=papers)
    async with started("run", folder=tmp_path, environment=settings) as program:
        await slack.wait_for(lambda: len(posted(slack, papers)) == 4, PATIENCE)
        assert await program.stopped() == 0
    assert "http://127.0.0.1" not in program.errors


async def test_a_running_program_can_be_asked_how_it_is_and_what_it_did(
    slack: Workspace, upstream: Upstream, papers: str, listed: list[str], tmp_path: Path
) -> None:
    more = {"PAPERS_CHANNELS": papers, "PAPERS_MONITORING": "on", "PAPERS_PORT": "0"}
    async with started("run", folder=tmp_path, environment=environment(slack, upstream, **more)) as program:
        await a_day(slack, papers)
        (address,) = re.findall(r"monitored at (http://\S+)/healthz", program.errors)
        status, health, _ = await asked(f"{address}/healthz")
        _, page, content_type = await asked(f"{address}/metrics")
        nothing, _, _ = await asked(f"{address}/slack/events")
        assert await program.stopped() == 0
    assert status == 200
    assert json.loads(health)["checks"].keys() == {"socket", "database", "editions"}
    assert nothing == 404
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert metric(page, 'papers_posts_total{outcome="sent"}') == 4
    assert metric(page, 'papers_posts_total{outcome="abandoned"}') == 0
    assert metric(page, 'papers_votes_total{by="reaction"}') == 1
    assert metric(page, 'papers_votes_total{by="button"}') == 1
    assert metric(page, "papers_editions_total") == 1
    assert metric(page, "papers_unfinished_posts") == 0
    assert metric(page, "papers_search_seconds_count") == 1
    assert metric(page, 'papers_ack_seconds_count{kind="command"}') == 2
    assert metric(page, 'papers_ack_seconds_count{kind="action"}') == 1
    assert metric(page, 'papers_source_reads_total{outcome="read",source="huggingface"}') > 0
    assert 0 <= metric(page, 'papers_source_age_seconds{source="huggingface"}') < PATIENCE
    assert metric(page, "papers_task_failures_total") == 0
    assert metric(page, 'papers_slack_calls_total{method="chat.postMessage",status="200"}') == 4
    assert metric(page, 'papers_healthy{check="socket"}') == 1
    assert "xox" not in page


async def test_a_database_that_is_locked_for_good_is_told(
    slack: Workspace, upstream: Upstream, tmp_path: Path
) -> None:
    more = {"PAPERS_MONITORING": "on", "PAPERS_PORT": "0"}
    async with started("run", folder=tmp_path, environment=environment(slack, upstream, **more)) as program:
        await slack.wait_for(lambda: slack.connections, PATIENCE)
        (address,) = re.findall(r"monitored at (http://\S+)/healthz", program.errors)
        holder = sqlite3.connect(tmp_path / "papers.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        status, health, _ = await asked(f"{address}/healthz")
        holder.execute("ROLLBACK")
        holder.close()
        assert await program.stopped() == 0
    assert status == 503
    assert "can't be written" in json.loads(health)["reason"]


async def test_what_ends_the_program_is_an_object_of_json_too(tmp_path: Path) -> None:
    async with started("run", folder=tmp_path, environment={"PAPERS_LOG": "json"}) as program:
        assert await program.ended() == 2
    (line,) = lines_of(program)
    assert line["level"] == "error"
    assert "SLACK_BOT_TOKEN is missing" in line["event"]


async def test_the_form_of_the_log_can_stand_in_the_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PAPERS_LOG=json\nPAPERS_TOPP=3\n", encoding="utf-8")
    async with started("run", folder=tmp_path, environment={}) as program:
        assert await program.ended() == 2
    assert "PAPERS_TOPP is no setting" in lines_of(program)[0]["event"]


async def test_a_form_that_there_is_not_is_named_with_what_there_is(tmp_path: Path) -> None:
    async with started("run", folder=tmp_path, environment={"PAPERS_LOG": "xml"}) as program:
        assert await program.ended() == 2
    assert "PAPERS_LOG: Input should be 'text' or 'json'" in program.errors


async def test_what_goes_wrong_is_counted(
    slack: Workspace, upstream: Upstream, papers: str, listed: list[str], tmp_path: Path
) -> None:
    ada = slack.add_user("ada")
    slack.faults.rate_limit("chat.postMessage", retry_after=0)
    slack.faults.fail("chat.postMessage", "msg_too_long")
    more = {"PAPERS_CHANNELS": papers, "PAPERS_MONITORING": "on", "PAPERS_PORT": "0"}
    async with started("run", folder=tmp_path, environment=environment(slack, upstream, **more)) as program:
        # The header is abandoned: what is left is the top.
        await slack.wait_for(lambda: len(posted(slack, papers)) == 3, PATIENCE)
        slack.faults.drop_ack()
        await slack.react(ada, papers, posted(slack, papers)[0].ts, "+1")
        upstream.fail("/", status=404, times=1000)
        await (await slack.command(ada, papers, "/papers", PRIVATE)).reply(PATIENCE)
        (address,) = re.findall(r"monitored at (http://\S+)/healthz", program.errors)
        _, page, _ = await asked(f"{address}/metrics")
        assert await program.stopped() == 0
    assert metric(page, 'papers_posts_total{outcome="abandoned"}') == 1
    assert metric(page, "papers_slack_rate_limited_total") == 1
    assert metric(page, 'papers_slack_calls_total{method="chat.postMessage",status="429"}') == 1
    assert metric(page, "papers_slack_redeliveries_total") >= 1
    assert metric(page, 'papers_source_reads_total{outcome="failed",source="huggingface"}') >= 1
    assert "Slack asks to wait method=chat.postMessage seconds=0" in program.errors
    # The reaction's, or that of a message that came before it.
    assert re.search(r"delivered again request=[0-9a-f]{8} type=\w+ .*retry=1", program.errors)
