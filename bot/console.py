"""What every command shares: how it is run, what it says of its errors, and its progress bar."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from bot.errors import PapersError, SettingsError, UsageError
from bot.logs import in_json
from bot.outcomes import NotSent

log = logging.getLogger(__name__)

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
    if in_json():
        # Standard error is read by a program, which expects nothing else there.
        log.error("%s", text)
    else:
        remarks.print(text, style="bold red", markup=False, soft_wrap=True)
    return status


def not_ahead(day: datetime | None) -> date | None:
    today = datetime.now(UTC).date()
    # The calendar's day begins up to fourteen hours earlier in the east.
    if day and day.date() > today + timedelta(days=1):
        raise UsageError(f"{day.date()} lies ahead; today is {today}.")
    return day.date() if day else None


def days_between(day: date | None, first: date | None, last: date | None) -> list[date]:
    if day and (first or last):
        raise UsageError("Give either --date, or --from and --to.")
    if last and not first:
        raise UsageError("--to needs --from.")
    today = datetime.now(UTC).date()
    start, end = (first, last or today) if first else (day or today, day or today)
    if start > end:
        raise UsageError(f"--from {start} is after --to {end}.")
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def progress_bar(counted: ProgressColumn | None = None) -> Progress:
    """A bar with the time left; `counted` says how far it is, in units of its own."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        counted or MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # The time left from the speed of the last minutes: a single step can take half of one.
    return Progress(
        *columns, console=remarks, transient=True, disable=not sys.stderr.isatty(), speed_estimate_period=300
    )
