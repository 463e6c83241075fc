"""The `papers-bot` commands: parse, call one function, print.

Exit status: 0 done; 1 something could not be done, and the output says what and why; 2 wrong settings or
arguments; 130 interrupted.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from bot import app, backups, config, posting, terminal, trial
from bot import doctor as doctor_checks
from bot.console import Day, command, not_ahead, remarks
from bot.library import now
from bot.library_commands import COMMANDS
from bot.logs import log_to_stderr
from bot.refresh import LOOK_BACK
from handlers.manifest import manifest as app_manifest

#: The second paragraph of this module, which the help ends with.
STATUSES = (__doc__ or "").partition("\n\n")[2].strip()


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=STATUSES)
@click.version_option(package_name="papers-bot")
@click.option("--log-level", default="info", show_default=True, help="How much is logged to standard error.",
              type=click.Choice(["debug", "info", "warning", "error"]))  # fmt: skip
def main(log_level: str) -> None:
    """Each day's papers in your Slack channels, ranked by what your team reacts to."""
    log_to_stderr(log_level, config.log_format())


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
    wanted = not_ahead(day)
    async with app.open_bot(settings) as bot:
        failed = False
        subscriptions = await bot.channels(channel)
        if not dry_run:
            await bot.recover(subscription.channel_id for subscription in subscriptions)
        for subscription in subscriptions:
            result = await posting.post_now(bot, subscription, wanted, dry_run=dry_run)
            failed |= bool(result.error or result.open or result.abandoned)
            click.echo(terminal.posted(result, as_json=as_json))
    return int(failed)


@main.command()
@click.option("--days", type=click.IntRange(1, 366), default=LOOK_BACK.days, show_default=True,
              help="How far back posts are read.")  # fmt: skip
@click.option("--channel", help="Only this channel, by id or name; every one with posts unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each channel.")
@command
async def reconcile(*, days: int, channel: str | None, as_json: bool) -> int:
    """Read the reactions of recent posts back from Slack, and correct the votes."""
    failed: list[bool] = []
    async with app.open_bot(config.load("posting")) as bot:
        channel_id = await bot.slack.channel_id(channel) if channel else ""
        async for read in bot.reconciler.read_back(bot.clock() - timedelta(days=days), channel_id):
            failed.append(bool(read.error))
            click.echo(terminal.read_back(read, as_json=as_json))
        await bot.refresher.flush()
    if not failed:
        remarks.print(f"Nothing was posted in the last {days} days; --days looks further back.")
    return int(any(failed))


for _command in COMMANDS:
    main.add_command(_command)


@main.command()
@click.option("--url", default="", help="The bot's public address, for HTTP instead of Socket Mode.")
def manifest(url: str) -> None:
    """Print the manifest to create the Slack app from."""
    click.echo(json.dumps(app_manifest(url), indent=2))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE when it is there already.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@command
async def backup(*, file: Path, force: bool, as_json: bool) -> None:
    """Copy the database to FILE, also while a bot runs, and verify the copy.

    FILE gets its name only when the copy is whole. Among what is counted, votes are the reactions and presses that
    votes are derived from. docs/operations.md tells how to restore a copy.
    """
    copied = await backups.copy(config.load().papers_database, file, now(), replace=force)
    click.echo(terminal.backed_up(copied, as_json=as_json))


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
