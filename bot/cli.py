"""The `papers-bot` commands: parse, call one function, print.

Exit status: 0 done; 1 something could not be done, and the output says what and why; 2 wrong settings or
arguments; 130 interrupted.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import IO, Any, get_args

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import app, config, posting, terminal, trial
from bot import doctor as doctor_checks
from bot.answers import find
from bot.errors import PapersError, SettingsError, StoreError, UsageError
from bot.ingest import Kept, import_papers
from bot.logs import log_to_stderr
from bot.messages import count
from bot.outcomes import NotSent
from handlers.manifest import manifest as app_manifest
from storage.models import SourceName

SOURCES: tuple[SourceName, ...] = get_args(SourceName)
#: Progress and remarks; what a command answers goes to standard output.
remarks = Console(stderr=True, highlight=False)
Day = click.DateTime(formats=["%Y-%m-%d"])


def command(function: Callable[..., Coroutine[Any, Any, int | None]]) -> Callable[..., None]:
    """Run an async command; turn our errors into a sentence and an exit status."""

    @wraps(function)
    def run_it(**arguments: Any) -> None:  # noqa: ANN401
        try:
            status = asyncio.run(function(**arguments))
        except (SettingsError, UsageError) as error:
            raise SystemExit(_complain(error, 2)) from None
        except BrokenPipeError:
            # Whoever read has had enough; click ends quietly.
            raise
        except (PapersError, NotSent, OSError) as error:
            raise SystemExit(_complain(error, 1)) from None
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        raise SystemExit(status or 0)

    return run_it


def _complain(error: Exception, status: int) -> int:
    text = (
        "Slack can't be reached; check the network and SLACK_API_URL."
        if isinstance(error, NotSent)
        else str(error)
    )
    remarks.print(text, style="bold red", markup=False, soft_wrap=True)
    return status


#: The second paragraph of this module, which the help ends with.
STATUSES = (__doc__ or "").partition("\n\n")[2].strip()


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=STATUSES)
@click.version_option(package_name="papers-bot")
@click.option("--log-level", default="info", show_default=True, help="How much is logged to standard error.",
              type=click.Choice(["debug", "info", "warning", "error"]))  # fmt: skip
def main(log_level: str) -> None:
    """Each day's papers in your Slack channels, ranked by what your team reacts to."""
    log_to_stderr(log_level)


@main.command()
@command
async def run() -> None:
    """Post, answer and count votes until stopped."""
    await app.run(config.load("serving"))


@main.command("try")
@click.option(
    "--once", is_flag=True, help="Play one round trip in the terminal instead, and leave nothing behind."
)
@click.option("--fresh", is_flag=True, help="Forget the last trial and start anew.")
@click.option("--port", type=click.IntRange(1, 65535),
              help=f"Port of the page; {trial.PORT}, or a free one, unless given.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--no-browser", is_flag=True, help="Don't open the page in a browser.")
@command
async def try_it(*, once: bool, fresh: bool, port: int | None, host: str, no_browser: bool) -> None:
    """Try the bot without Slack: a local workspace in the browser, with sample papers and people to act as.

    The trial is kept in the folder .papers-try of the current directory, and goes on the next time.
    """
    console = Console(highlight=False)
    if once:
        await trial.play(console)
    else:
        await trial.stay(console, trial.Where(host, port, not no_browser), fresh=fresh)


@main.command()
@click.option("--date", "day", type=Day, help="Whose papers to post; today's unless given.")
@click.option("--channel", help="Only this channel, by id or name; every subscribed one unless given.")
@click.option("--dry-run", is_flag=True, help="Show the messages and post nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each channel.")
@command
async def post(*, day: datetime | None, channel: str | None, dry_run: bool, as_json: bool) -> int:
    """Post a day's papers now, or go on with a post that was interrupted."""
    settings = config.load("library" if dry_run else "posting")
    wanted = _not_ahead(day)
    async with app.open_bot(settings) as bot:
        failed = False
        for subscription in await bot.channels(channel):
            result = await posting.post_now(bot, subscription, wanted, dry_run=dry_run)
            failed |= bool(result.error or result.open or result.abandoned)
            click.echo(terminal.posted(result, as_json=as_json))
    return int(failed)


@main.command()
@click.option("--date", "day", type=Day, help="The day to read; today unless given.")
@click.option("--from", "first", type=Day, help="The first of several days.")
@click.option("--to", "last", type=Day, help="The last of them; today unless given.")
@click.option("--source", type=click.Choice(SOURCES), help="Only this source; all unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each reading.")
@command
async def fetch(
    *,
    day: datetime | None,
    first: datetime | None,
    last: datetime | None,
    source: SourceName | None,
    as_json: bool,
) -> int:
    """Read days from the sources into the store."""
    settings = config.load()
    days = _days(_not_ahead(day), _not_ahead(first), _not_ahead(last))
    failed = False
    async with app.open_library(settings) as library:
        with _progress() as progress:
            for of in progress.track(days, description="reading days"):
                sources = [source] if source else library.ingest.sources_for(of)
                for kept in await library.ingest.fetch_day(of, sources):
                    failed |= bool(kept.error)
                    click.echo(terminal.reading(of, kept, as_json=as_json))
    return int(failed)


@main.command()
@click.argument("query")
@click.option(
    "--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many papers at most."
)
@click.option("--offline", is_flag=True, help="Don't ask the sources when the store has few papers.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each paper.")
@command
async def search(*, query: str, limit: int, offline: bool, as_json: bool) -> None:
    """Search the papers in the store, as /papers does."""
    settings = config.load()
    async with app.open_library(settings) as library:
        await _index(library)
        found, failed = await find(library.search, library.ingest, query, limit, ask=not offline)
    for name in failed:
        remarks.print(f"{name} could not be asked; these are the papers in the store", style="yellow")
    for note in found.notes:
        remarks.print(note, style="yellow", markup=False)
    if found.unread:
        remarks.print(f"Not in the search index yet: {count(found.unread, 'paper')}.", style="yellow")
    for paper in found.papers:
        click.echo(terminal.found(paper, as_json=as_json))
    if not found.papers:
        meant = f"Did you mean: {found.suggestion}" if found.suggestion else "Fewer or other words may help."
        remarks.print(f"Nothing found. {meant}", markup=False)


async def _index(library: app.Library) -> None:
    """Bring the search index up to the store, which takes a while only after many papers came at once."""
    with _progress() as progress:
        task = progress.add_task("reading papers into the search index", total=None)
        try:
            await library.search.update(
                lambda done, total: progress.update(task, completed=done, total=total)
            )
        except StoreError as error:
            remarks.print(str(error), style="yellow", markup=False, soft_wrap=True)


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.File("r", encoding="utf-8", errors="replace"))
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
@command
async def import_(*, files: tuple[IO[str], ...], as_json: bool) -> int:
    """Merge papers from JSON Lines FILES into the store; - is standard input.

    Each line is an object with id and title and maybe abstract, authors, categories, published, upvotes,
    and day, the day it was listed on. A line that can't be read is named and skipped.
    """
    settings = config.load()
    skipped = 0
    async with app.open_library(settings) as library:
        for file in files:
            kept = await _import_file(library, file)
            skipped += len(kept.skipped)
            click.echo(terminal.imported(file.name, kept, as_json=as_json))
        await _index(library)
    return int(skipped > 0)


async def _import_file(library: app.Library, file: IO[str]) -> Kept:
    with _progress() as progress:
        task = progress.add_task(Path(file.name).name, total=None)
        return await import_papers(library.ingest, file, lambda lines: progress.advance(task, lines))


@main.command()
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
@command
async def export(*, file: IO[str]) -> None:
    """Write every paper in the store as JSON Lines to FILE; standard output unless given."""
    async with app.open_library(config.load()) as library:
        with _progress() as progress:
            papers, days = await library.store.all_papers(), await library.store.days_listed()
            total = await library.store.count_papers()
            for paper in progress.track(papers, total=total, description="papers"):
                file.write(terminal.exported(paper, days.get(paper.id)) + "\n")


@main.command()
@click.option("--url", default="", help="The bot's public address, for HTTP instead of Socket Mode.")
def manifest(url: str) -> None:
    """Print the manifest to create the Slack app from."""
    click.echo(json.dumps(app_manifest(url), indent=2))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each check.")
@command
async def doctor(*, as_json: bool) -> int:
    """Check tokens, scopes, channels, database and sources, and say what to do about each failure."""
    failed = False
    async for check in doctor_checks.examine(config.load()):
        failed |= not check.ok
        click.echo(terminal.checked(check, as_json=as_json))
    return int(failed)


def _not_ahead(day: datetime | None) -> date | None:
    today = datetime.now(UTC).date()
    # The calendar's day begins up to fourteen hours earlier in the east.
    if day and day.date() > today + timedelta(days=1):
        raise UsageError(f"{day.date()} lies ahead; today is {today}.")
    return day.date() if day else None


def _days(day: date | None, first: date | None, last: date | None) -> list[date]:
    if day and (first or last):
        raise UsageError("Give either --date, or --from and --to.")
    if last and not first:
        raise UsageError("--to needs --from.")
    today = datetime.now(UTC).date()
    start, end = (first, last or today) if first else (day or today, day or today)
    if start > end:
        raise UsageError(f"--from {start} is after --to {end}.")
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=remarks, transient=True, disable=not sys.stderr.isatty())
