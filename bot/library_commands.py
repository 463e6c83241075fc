"""The commands that read papers into the store and find them there; none of them needs Slack."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, get_args

import click
from rich.progress import DownloadColumn, TaskProgressColumn

from bot import config, terminal
from bot.answers import find
from bot.backfill import Backfill, Harvest, period
from bot.console import Day, command, days_between, not_ahead, progress_bar, remarks
from bot.errors import PapersError, StoreError, UsageError
from bot.files import open_lines
from bot.importing import import_papers
from bot.ingest import Kept
from bot.library import Library, embedding, now, open_library
from bot.messages import count
from bot.sources import UNHURRIED
from bot.sources.arxiv import is_category
from storage.models import SourceName, Window, unique

READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
SOURCES: tuple[SourceName, ...] = get_args(SourceName)


@click.command()
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
    days = days_between(not_ahead(day), not_ahead(first), not_ahead(last))
    failed = False
    async with open_library(settings) as library:
        with progress_bar() as progress:
            for of in progress.track(days, description="reading days"):
                sources = [source] if source else library.ingest.sources_for(of)
                for kept in await library.ingest.fetch_day(of, sources):
                    failed |= bool(kept.error)
                    click.echo(terminal.reading(of, kept, as_json=as_json))
    return int(failed)


@click.command()
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
    async with open_library(settings) as library:
        await _index(library)
        await library.search.open_encoder()
        found, failed = await find(library.search, library.ingest, query, limit, ask=not offline)
    for name in failed:
        remarks.print(f"{name} could not be asked; these are the papers in the store", style="yellow")
    for note in found.notes:
        remarks.print(note, style="yellow", markup=False)
    if found.unread:
        remarks.print(f"Not in the search index yet: {count(found.unread, 'paper')}.", style="yellow")
    for paper, score in zip(found.papers, found.scores, strict=True):
        click.echo(terminal.found(paper, score, as_json=as_json))
    if not found.papers:
        remarks.print("Nothing found. Fewer or other words may help.")
    if found.suggestion:
        remarks.print(f"Did you mean: {found.suggestion}", markup=False)


async def _index(library: Library) -> None:
    """Bring the search index up to the store, which takes a while only after many papers came at once."""
    with progress_bar() as progress:
        task = progress.add_task("reading papers into the search index", total=None)
        try:
            await library.search.update(
                lambda done, total: progress.update(task, completed=done, total=total)
            )
        except StoreError as error:
            remarks.print(str(error), style="yellow", markup=False, soft_wrap=True)


@click.group(invoke_without_command=True)
@click.option("--days", type=click.IntRange(1, 36_500), help="Only the editions of so many days.")
@click.option("--from", "first", type=Day, help="Only the editions from this day on.")
@click.option("--channel", default="", metavar="NAME-OR-ID", help="Only this channel's editions.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.pass_context
def evaluate(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - whatever click read
    """Measure whether the ranking helps: replay this workspace's own editions, and what was upvoted in them.

    Our order is that of today's ranking, knowing only what was known when an edition was planned; beside it stand
    Hugging Face's order, newest first, and shuffling. Upvotes far down count more, because few people look there.
    The commands below measure the search and the ranking on collections of your own.
    """
    if context.invoked_subcommand is None:
        evaluate_past(**options)
    elif any(options.values()):
        raise click.UsageError("Options belong behind the command that they are for.", context)


@command
async def evaluate_past(*, days: int | None, first: datetime | None, channel: str, as_json: bool) -> None:
    """The replay, as `evaluate` without a command does it."""
    # Imported here: SciPy takes longer to load than most commands to run.
    from bot import past, verdict

    if days and first:
        raise UsageError("Give either --days or --from.")
    since = not_ahead(first) or (now().date() - timedelta(days=days - 1) if days else date.min)
    click.echo(verdict.proven(await past.past_editions(config.load(), since, channel), as_json=as_json))


@evaluate.command("search")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--run", "run_file", type=click.File("w", encoding="utf-8"),
              help="Also write what was found to this file, as TREC's tools read it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@command
async def evaluate_search(*, folder: Path, run_file: IO[str] | None, as_json: bool) -> None:
    """Ask the queries of a collection in DIR, and print how good the answers are.

    DIR is laid out like BEIR's collections: corpus.jsonl (_id, title, text), queries.jsonl (_id, text) and
    qrels/*.tsv. Its documents are searched as `/papers` searches, with PAPERS_EMBEDDING as it is set.
    """
    # Imported here: SciPy, which the metrics use, takes longer to load than most commands to run.
    from bot.search import evaluate as evaluation

    settings = config.load()
    collection = evaluation.read_collection(folder)
    with progress_bar() as progress:
        task = progress.add_task("reading the collection", total=None)
        run = await evaluation.evaluate(
            collection,
            embedding(settings),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if run_file:
        run.write(run_file)
    click.echo(
        terminal.measured(evaluation.measured(collection, run), "queries", len(run.found), as_json=as_json)
    )


@evaluate.command("ranking")
@click.option("--papers", "papers_file", required=True, metavar="P.jsonl", type=READABLE,
              help="The papers, a line each: id, title, and maybe abstract and upvotes.")  # fmt: skip
@click.option("--events", "events_file", required=True, metavar="E.jsonl", type=READABLE,
              help="The events, a line each: user, day, history, positives, pool, and maybe disliked.")  # fmt: skip
@click.option("--run", "run_file", type=click.File("w", encoding="utf-8"),
              help="Also write the scores of each event to this file, a line of JSON each.")  # fmt: skip
@click.option(
    "--with", "also", type=click.Choice(["trend"]), help="Also rank by upvotes, not by taste alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@command
async def evaluate_ranking(
    *, papers_file: Path, events_file: Path, run_file: IO[str] | None, also: str | None, as_json: bool
) -> None:
    """Order what people could choose from by what they liked before, and print how good the order is.

    An event is a person on a day: `history` and `disliked` are ids of papers they liked and disliked before, `pool`
    those to order, and `positives` those of the pool that they wanted. Files may be compressed. PAPERS_EMBEDDING
    chooses whether an encoder reads the papers, too.
    """
    # Imported here: SciPy takes longer to load than most commands to run.
    from bot import replay
    from bot.ranking.library import Library

    settings = config.load()
    papers = replay.read_papers(papers_file)
    events = replay.read_events(events_file, (paper.id for paper in papers))
    with progress_bar() as progress:
        task = progress.add_task("reading the papers", total=None)
        vectors = replay.embeddings(
            papers,
            events,
            embedding(settings),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    results = list(replay.rank(Library(papers, vectors), events, trend=also == "trend"))
    if run_file:
        replay.write_run(results, run_file)
    click.echo(terminal.measured(replay.measured(results), "events", len(results), as_json=as_json))


@click.command("import")
@click.argument("files", nargs=-1, required=True,
                type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
@command
async def import_(*, files: tuple[str, ...], as_json: bool) -> int:
    """Merge papers from JSON Lines FILES into the store; - is standard input.

    Each line is an object with id and title and maybe abstract, authors, categories, published, upvotes,
    and day, the day it was listed on; or one of arXiv's metadata as Kaggle publishes it. A line that can't be
    read is named and skipped. Files may be compressed (gzip, xz, bzip2, or a zip of one file). An import
    that was interrupted keeps what it has read, and can be run again.
    """
    settings = config.load()
    skipped = 0
    async with open_library(settings) as library:
        for name in files:
            kept = await _import_file(library, name)
            skipped += len(kept.skipped)
            click.echo(terminal.imported("<stdin>" if name == "-" else name, kept, as_json=as_json))
        await _index(library)
    return int(skipped > 0)


async def _import_file(library: Library, name: str) -> Kept:
    with open_lines(name) as file, progress_bar(DownloadColumn()) as progress:
        task = progress.add_task(Path(name).name, total=file.size)
        return await import_papers(
            library.ingest, file.lines, lambda _: progress.update(task, completed=file.position())
        )


@click.command()
@click.option("--from", "first", type=Day, required=True, help="The first day of submission, in UTC.")
@click.option("--to", "last", type=Day, help="The last one; today unless given.")
@click.option("--categories", help="Like cs.CL,cs.LG; those of PAPERS_ARXIV_CATEGORIES unless given.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a line of JSON for each window, and for all of them."
)
@command
async def backfill(*, first: datetime, last: datetime | None, categories: str | None, as_json: bool) -> int:
    """Read every paper that was submitted to arXiv in a period into the store.

    It asks once in three seconds, as arXiv wants it, for up to 2,000 papers each time. Interrupted, it keeps what
    it has read, and the same command goes on. What was read before is not asked for again, but for the last week,
    in which papers still appear.
    """
    settings = config.load()
    names = _categories(categories) if categories else settings.papers_arxiv_categories
    days = days_between(None, not_ahead(first), not_ahead(last))
    async with open_library(settings, patience=UNHURRIED) as library:
        wanted = period(names, days[0], days[-1], library.ingest.clock())
        brought: list[Harvest] = []
        error = await _harvest(Backfill(library.ingest), wanted, brought, as_json=as_json)
        await _index(library)
    click.echo(terminal.backfilled(wanted, brought, error, as_json=as_json))
    if brought and not any(harvest.total for harvest in brought):
        remarks.print("Are the categories written as on arxiv.org, like cs.CL?", style="yellow")
    if error:
        remarks.print(terminal.stopped(error), style="bold red", markup=False, soft_wrap=True)
    return int(bool(error) or any(harvest.missing for harvest in brought))


async def _harvest(backfill: Backfill, wanted: Window, brought: list[Harvest], *, as_json: bool) -> str:
    """Read what is not harvested yet into `brought`; returns what went wrong, or nothing."""
    windows = await backfill.remaining(wanted)
    with progress_bar(TaskProgressColumn()) as progress:
        task = progress.add_task(
            "", total=sum((span.last - span.first).total_seconds() for _, span in windows)
        )
        try:
            async for harvest in backfill.harvest(windows):
                brought.append(harvest)
                if as_json or harvest.missing:
                    click.echo(terminal.harvested(harvest, as_json=as_json))
                seconds = harvest.length.total_seconds()
                progress.update(task, advance=seconds, description=terminal.so_far(brought))
        except PapersError as error:
            return str(error)
        except asyncio.CancelledError:
            remarks.print(terminal.stopped(f"Interrupted after {terminal.so_far(brought)}"), soft_wrap=True)
            raise
    return ""


def _categories(given: str) -> tuple[str, ...]:
    names = unique([name.strip() for name in given.split(",")])
    wrong = [name for name in names if not is_category(name)]
    if wrong or not names:
        raise UsageError(f"Write categories such as cs.CL, separated by commas, instead of {given!r}.")
    return names


@click.command()
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
@command
async def export(*, file: IO[str]) -> None:
    """Write every paper in the store as JSON Lines to FILE; standard output unless given."""
    async with open_library(config.load()) as library:
        with progress_bar() as progress:
            papers, days = await library.store.all_papers(), await library.store.days_listed()
            total = await library.store.count_papers()
            for paper in progress.track(papers, total=total, description="papers"):
                file.write(terminal.exported(paper, days.get(paper.id)) + "\n")


#: In the order of their use: what brings papers, what finds them, what takes them elsewhere.
COMMANDS: tuple[click.Command, ...] = (fetch, backfill, import_, search, evaluate, export)
