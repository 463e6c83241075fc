"""The commands as they are typed, in processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import os
import re
import signal
import sys
import threading
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.importing import LINES
from bot.workspace import Workspace
from storage import Store
from storage.models import Paper
from tests import history
from tests.mailserver import Postbox, serving
from tests.program import started
from tests.upstream import Upstream, daily_item

ROOT = Path(__file__).parent.parent


class Ran(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Awaitable[Ran]]


@pytest.fixture
def cli(slack: Workspace, upstream: Upstream, tmp_path: Path) -> Cli:
    """Run a command in an empty folder, with settings for the local workspace and sources; `set` changes them."""
    base = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "PAPERS_"))}
    base |= {
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "HUGGINGFACE_URL": upstream.url,
        "PAPERS_EMBEDDING": "static",
        "ARXIV_URL": upstream.url,
        "ARXIV_RSS_URL": upstream.url,
        "PAPERS_DATABASE": "here.db",
    }

    async def run(*arguments: str, stdin: str = "", **changed: str) -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments, cwd=tmp_path, env=base | changed,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin.encode())
        assert "Traceback" not in err.decode()
        return Ran(process.returncode or 0, out.decode(), err.decode())

    return run


def lines(*papers: dict[str, Any]) -> str:
    return "".join(json.dumps(paper) + "\n" for paper in papers)


async def test_imported_papers_are_found_and_exported_again(cli: Cli, tmp_path: Path) -> None:
    papers = lines(
        {
            "id": "2501.00001v2",
            "title": "Diffusion\n  Policy",
            "abstract": "Robots.",
            "authors": ["Ada", "Ben"],
        },
        {"id": "math/0309136", "title": "Primes", "categories": "math.NT cs.CC", "published": "2003-09-08"},
    )
    (tmp_path / "papers.jsonl").write_text(papers)
    imported = await cli("import", "papers.jsonl", "--json")
    assert imported.status == 0
    assert imported.lines == [
        {"file": "papers.jsonl", "source": "huggingface", "papers": 2, "new": 2, "skipped": [], "error": ""}
    ]
    found = await cli("search", "diffusion", "--json", "--offline")
    assert [(paper["id"], paper["title"], paper["authors"]) for paper in found.lines] == [
        ("2501.00001", "Diffusion Policy", ["Ada", "Ben"])
    ]
    exported = await cli("export")
    assert [paper["id"] for paper in exported.lines] == ["2501.00001", "math/0309136"]
    assert exported.lines[1]["categories"] == ["math.NT", "cs.CC"]
    again = await cli("import", "-", stdin=exported.out, PAPERS_DATABASE="other.db")
    assert (again.status, again.out) == (0, "<stdin>: 2 papers, 2 new\n")
    assert (await cli("export", PAPERS_DATABASE="other.db")).out == exported.out


async def test_lines_that_cannot_be_read_are_named_and_the_others_kept(cli: Cli) -> None:
    ran = await cli(
        "import", "-", stdin='{"id":"2501.00001","title":"Good"}\nnot json\n[1]\n{"id":"x"}\n{"title":"T"}\n'
    )
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "<stdin>: 1 papers, 1 new, 4 skipped"
    assert [line.split(":")[0].strip() for line in ran.out.splitlines()[1:]] == [
        "line 2",
        "line 3",
        "line 4",
        "line 5",
    ]


async def test_fetch_reads_days_and_names_what_failed(cli: Cli, upstream: Upstream) -> None:
    upstream.days = {
        "2026-08-13": [daily_item("2608.00001", "One"), {"paper": {"id": "2608.00002"}}],
        "2026-08-14": [daily_item("2608.00003", "Two")],
    }
    ran = await cli("fetch", "--from", "2026-08-13", "--to", "2026-08-14", "--json")
    assert ran.status == 0
    assert [
        (line["day"], line["papers"], [skipped["id"] for skipped in line["skipped"]]) for line in ran.lines
    ] == [
        ("2026-08-13", 1, ["2608.00002"]),
        ("2026-08-14", 1, []),
    ]
    upstream.fail("/api/daily_papers", status=404, times=9)
    failed = await cli("fetch", "--date", "2026-08-14", "--source", "huggingface")
    assert failed.status == 1
    assert "2026-08-14 huggingface: failed" in failed.out
    assert (await cli("search", "two", "--offline")).out.startswith("2608.00003")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fetch", "--date", "2026-02-30"], "2026-02-30"),
        (["fetch", "--date", "2999-01-01"], "2999-01-01 lies ahead"),
        (["fetch", "--to", "2026-01-01"], "--to needs --from"),
        (["fetch", "--date", "2026-01-01", "--from", "2026-01-01"], "either --date, or --from and --to"),
        (["fetch", "--from", "2026-01-02", "--to", "2026-01-01"], "is after"),
        (["post"], "No channel to post to"),
        (["import", "nowhere.jsonl"], "nowhere.jsonl"),
        (["import"], "Missing argument"),
        (["search", "x", "--limit", "0"], "0 is not in the range"),
        (["backfill"], "Missing option '--from'"),
        (["backfill", "--from", "1991-08-13"], "1991-08-13 is before arXiv began, on 1991-08-14"),
        (["backfill", "--from", "2999-01-01"], "2999-01-01 lies ahead"),
        (["backfill", "--from", "2026-01-01", "--to", "2999-01-01"], "2999-01-01 lies ahead"),
        (["backfill", "--from", "2026-01-02", "--to", "2026-01-01"], "is after"),
        (["backfill", "--from", "2026-01-01", "--categories", "cs.CL,cs/LG"], "instead of 'cs.CL,cs/LG'"),
        (["nonsense"], "No such command"),
    ],
)
async def test_wrong_arguments_get_a_sentence_and_status_2(cli: Cli, arguments: list[str], said: str) -> None:
    ran = await cli(*arguments)
    assert ran.status == 2
    assert said in " ".join(ran.err.split())


async def test_every_wrong_setting_is_named_at_once(cli: Cli) -> None:
    ran = await cli("run", SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="")
    assert ran.status == 2
    assert "SLACK_BOT_TOKEN" in ran.err
    assert "SLACK_SIGNING_SECRET" in ran.err
    wrong = {"PAPERS_TIMEZONE": "Mars/Base", "PAPERS_POST_AT": "25:00", "PAPERS_TOP": "many"}
    ran = await cli("run", SLACK_BOT_TOKEN="", **wrong)
    assert ran.status == 2
    assert [name for name in ("SLACK_BOT_TOKEN", *wrong) if name not in ran.err] == []


async def test_a_database_that_cannot_be_opened_gets_a_sentence(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
    ran = await cli("export", PAPERS_DATABASE="broken.db")
    assert ran.status == 1
    assert "broken.db" in ran.err
    assert (await cli("export", PAPERS_DATABASE="no/such/folder/x.db")).status == 1


async def test_post_posts_once_and_says_so(cli: Cli, slack: Workspace, upstream: Upstream) -> None:
    channel = slack.add_channel("reading")
    upstream.days["2026-08-14"] = [daily_item(f"2608.0000{n}", f"Paper {n}") for n in range(3)]
    shown = await cli("post", "--date", "2026-08-14", "--channel", "reading", "--dry-run")
    assert "Papers of Friday 14 August 2026" in shown.out
    assert slack.messages(channel) == []
    first = await cli("post", "--date", "2026-08-14", "--channel", "#reading")
    assert (first.status, first.out) == (0, f"{channel}, 2026-08-14: 4 messages posted\n")
    second = await cli("post", "--date", "2026-08-14", PAPERS_CHANNELS=channel)
    assert "nothing to do, all 4 messages were posted before" in second.out
    empty = await cli("post", "--date", "2026-08-15", "--channel", channel)
    assert (empty.status, "no papers to post" in empty.out) == (0, True)
    assert len(slack.messages(channel)) == 4


async def test_a_dry_run_needs_no_slack(cli: Cli, upstream: Upstream) -> None:
    upstream.days["2026-08-14"] = [daily_item("2608.00001", "The Paper")]
    ran = await cli("post", "--date", "2026-08-14", "--channel", "C12345", "--dry-run", SLACK_BOT_TOKEN="")
    assert (ran.status, "The Paper" in ran.out) == (0, True)


async def test_posting_where_the_bot_is_not_says_how_to_invite_it(
    cli: Cli, slack: Workspace, upstream: Upstream
) -> None:
    slack.add_channel("reading", bot=False)
    upstream.days["2026-08-14"] = [daily_item("2608.00001", "The Paper")]
    ran = await cli("post", "--date", "2026-08-14", "--channel", "reading", "--json")
    assert ran.status == 1
    assert "/invite @papers" in ran.lines[0]["error"]
    assert "nowhere" in (await cli("post", "--channel", "nowhere")).err


async def test_doctor_finds_nothing_wrong_with_a_good_set_up(
    cli: Cli, slack: Workspace, upstream: Upstream
) -> None:
    upstream.today = datetime.now(UTC).date()
    ran = await cli("doctor", "--json", PAPERS_CHANNELS=slack.add_channel("reading"))
    assert [check["name"] for check in ran.lines if not check["ok"]] == []
    assert ran.status == 0


async def test_doctor_says_what_to_do_about_each_failure(
    cli: Cli, slack: Workspace, upstream: Upstream
) -> None:
    upstream.fail("/api/daily_papers", status=500, times=99)
    slack.state.team.scopes = slack.state.team.scopes - {"reactions:write"}
    ran = await cli("doctor", "--json", PAPERS_CHANNELS=slack.add_channel("reading", bot=False))
    failed = {check["name"]: check for check in ran.lines if not check["ok"]}
    assert ran.status == 1
    assert "reactions:write" in failed["scopes"]["found"]
    assert "/invite" in failed[f"channel {slack.state.channels.popitem()[0]}"]["advice"]
    assert failed["Hugging Face Daily Papers"]["advice"]
    assert "answered 500; never read well, failing since 20" in failed["Hugging Face Daily Papers"]["found"]
    slack.revoke()
    revoked = await cli("doctor")
    assert revoked.status == 1
    assert "install the app again" in revoked.out


async def test_doctor_logs_in_to_the_mail_server_and_asks_for_the_scopes_of_mail(
    cli: Cli, slack: Workspace, upstream: Upstream
) -> None:
    upstream.today = datetime.now(UTC).date()
    channel = slack.add_channel("reading")
    async with serving(Postbox()) as box:
        mail = {"PAPERS_SMTP_URL": f"smtp://{box.host}:{box.port}", "PAPERS_MAIL_FROM": "papers@lab.example"}
        checks = {
            it["name"]: it for it in (await cli("doctor", "--json", PAPERS_CHANNELS=channel, **mail)).lines
        }
    assert checks["mail"]["found"] == f"127.0.0.1:{box.port}, not encrypted, without a user name"
    slack.state.team.scopes = slack.state.team.scopes - {"users:read.email"}
    again = await cli("doctor", "--json", PAPERS_CHANNELS=channel, **mail)
    assert [check["name"] for check in again.lines if not check["ok"]] == ["mail", "scopes"]


async def test_doctor_tells_how_each_source_fared(cli: Cli, slack: Workspace, upstream: Upstream) -> None:
    upstream.today = datetime.now(UTC).date()
    upstream.fail("/api/papers/search", status=503, times=99)
    await cli("search", "gliders")
    checks = {check["name"]: check["found"] for check in (await cli("doctor", "--json")).lines}
    assert re.search(
        r"0 papers listed for \S+; last read well 20\S+ [\d:]+ UTC$", checks["Hugging Face Daily Papers"]
    )
    assert re.search(
        r"answered 503; never read well, failing since 20\S+ [\d:]+ UTC, asked next 20\S+ [\d:]+ UTC$",
        checks["Hugging Face Daily Papers: search"],
    )
    assert checks["arXiv: search"].startswith("last read well 20")


async def test_no_secret_is_printed(cli: Cli, slack: Workspace) -> None:
    slack.revoke()
    for arguments in (
        ["--log-level", "debug", "doctor"],
        ["--log-level", "debug", "post", "--channel", "C12345"],
    ):
        ran = await cli(*arguments)
        assert slack.bot_token not in ran.out + ran.err
        assert slack.app_token not in ran.out + ran.err


async def test_the_manifest_is_json(cli: Cli) -> None:
    assert json.loads((await cli("manifest")).out)["settings"]["socket_mode_enabled"] is True
    over_http = json.loads((await cli("manifest", "--url", "https://papers.example/")).out)
    assert over_http["features"]["slash_commands"][0]["url"] == "https://papers.example/slack/events"


JANUARY = ("backfill", "--from", "2026-01-01", "--to", "2026-01-01")


def on_arxiv(id: str, *categories: str) -> Paper:
    published = datetime(2026, 1, 1, 12, tzinfo=UTC)
    return Paper(id=id, title=f"Title of {id}", categories=categories, published=published)


async def test_a_backfill_reads_a_period_once(cli: Cli, upstream: Upstream) -> None:
    upstream.arxiv_papers = [on_arxiv("2601.00001", "cs.CL"), on_arxiv("2601.00002", "hep-th")]
    ran = await cli(*JANUARY, PAPERS_ARXIV_CATEGORIES="cs.CL,cs.LG")
    assert (ran.status, ran.out) == (0, "2026-01-01 to 2026-01-01: 1 papers of 1 windows, 1 new\n")
    again = await cli(*JANUARY, PAPERS_ARXIV_CATEGORIES="cs.LG,cs.CL")
    assert (again.status, len(upstream.requests)) == (0, 1)
    assert again.out == "2026-01-01 to 2026-01-01: nothing to do, all of it was read before\n"
    other = await cli(*JANUARY, "--categories", "hep-th", "--json")
    assert other.lines == [
        {
            "first": "2026-01-01T00:00+00:00", "last": "2026-01-02T00:00+00:00", "categories": ["hep-th"],
            "papers": 1, "new": 1, "skipped": [], "total": 1, "missing": 0,
        },
        {"windows": 1, "papers": 1, "new": 1, "missing": 0, "error": ""},
    ]  # fmt: skip


async def test_a_backfill_that_fails_says_what_is_kept_and_how_to_go_on(cli: Cli, upstream: Upstream) -> None:
    upstream.fail("/api/query", status=403, body=b"Go away")
    ran = await cli(*JANUARY)
    assert ran.status == 1
    assert "answered 403: Go away. What was read until then is kept; the same command goes on" in ran.err


async def test_a_backfill_without_any_paper_wonders_about_the_categories(cli: Cli) -> None:
    ran = await cli(*JANUARY, "--categories", "cs.XX")
    assert (ran.status, ran.out) == (0, "2026-01-01 to 2026-01-01: 0 papers of 1 windows, 0 new\n")
    assert "Are the categories written as on arxiv.org" in ran.err
    assert "Name categories" in (await cli(*JANUARY, PAPERS_ARXIV_CATEGORIES="none")).err


async def test_compressed_files_are_imported_and_a_damaged_one_is_named(cli: Cli, tmp_path: Path) -> None:
    item = {"id": 704.0001, "title": "Of arXiv", "categories": "hep-ph", "update_date": "2008-11-26"}
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("arxiv-metadata-oai-snapshot.json", lines(item))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines({"id": "1", "title": "Cut"}).encode())[:-4])
    ran = await cli("import", "archive.zip", "cut.gz")
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "archive.zip: 1 papers, 1 new"
    assert "cut.gz: 1 papers, 1 new, 1 skipped\n  line 2: the file is damaged or cut off here" in ran.out
    assert [paper["id"] for paper in (await cli("export")).lines] == ["0704.0001", "1"]


def feed(path: Path, written: threading.Event) -> None:
    """Write lines into a pipe until nobody reads it any more, and tell when they are several transactions."""
    with contextlib.suppress(BrokenPipeError), path.open("w") as pipe:
        for number in itertools.count(1):
            pipe.write(lines({"id": str(number), "title": "x" * 100}))
            if number == 2 * LINES:
                written.set()


async def test_an_interrupted_import_keeps_what_it_has_read(tmp_path: Path) -> None:
    endless, written = tmp_path / "endless", threading.Event()
    os.mkfifo(endless)
    here = {"PAPERS_DATABASE": "here.db"}
    async with started("import", "endless", folder=tmp_path, environment=here) as program:
        feeding = asyncio.create_task(asyncio.to_thread(feed, endless, written))
        await asyncio.to_thread(written.wait, 60)
        assert await program.stopped(signal.SIGINT) == 130
        await feeding
    assert "Traceback" not in program.errors
    with Store.open(tmp_path / "here.db") as store:
        assert await store.count_papers() >= LINES


async def test_evaluate_without_a_command_replays_the_history_of_the_database(
    cli: Cli, tmp_path: Path
) -> None:
    empty = await cli("evaluate", SLACK_BOT_TOKEN="")
    assert empty.status == 0
    assert "Nothing to evaluate: no editions were posted" in empty.out
    with Store.open(tmp_path / "here.db") as store:
        planned = datetime(2026, 3, 2, 9, tzinfo=UTC)
        made = await history.edition(store, planned, [Paper(id="2603.00001", title="Whales", upvotes=3)])
        await history.react(store, made, 1)
    ran = await cli("evaluate", "--from", "2026-03-01", "--channel", "C1", SLACK_BOT_TOKEN="")
    assert ran.status == 0
    assert "1 edition since 2026-03-02, 1 of them with upvotes; 1 upvote." in ran.out
    assert "It is too early to tell" in ran.out
    assert (await cli("evaluate", "--json")).lines[0]["upvotes"] == 1


async def test_evaluate_wants_its_options_where_they_belong(cli: Cli) -> None:
    both = await cli("evaluate", "--days", "3", "--from", "2026-03-01")
    assert (both.status, "Give either --days or --from." in both.err) == (2, True)
    before = await cli("evaluate", "--json", "search", ".")
    assert (before.status, "belong behind the command" in before.err) == (2, True)
    unknown = await cli("evaluate", "--channel", "nowhere")
    assert unknown.status == 1
    assert "nowhere" in unknown.err
