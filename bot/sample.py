"""The bundled papers: five real days, for a trial without the sources.

Facts come from Hugging Face and arXiv; the summaries are our own.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import get_args

from bot.importing import import_papers
from bot.ingest import SETTLED, Ingest
from storage import Store
from storage.models import Reading, SourceName

#: Days around the sample's own of which it is known that they list nothing.
BEFORE, AFTER = timedelta(days=3), timedelta(days=14)


def lines() -> list[str]:
    return resources.files("bot").joinpath("sample.jsonl").read_text(encoding="utf-8").splitlines()


def days() -> list[date]:
    """The days that list papers, oldest first."""
    return sorted({date.fromisoformat(json.loads(line)["day"]) for line in lines()})


async def keep(store: Store, ingest: Ingest) -> None:
    """Have the sample in the store, every day of it as final, so that no source is asked for one.

    A day that lies ahead of the clock is listed already, and is seen by nobody before it comes.
    """
    await import_papers(ingest, lines(), lambda _: None)
    listed = days()
    day = listed[0] - BEFORE
    while day <= listed[-1] + AFTER:
        final = datetime.combine(day + SETTLED, time(), UTC)
        for source in get_args(SourceName):
            await store.record_reading(Reading(source=source, day=day, read_at=final))
        day += timedelta(days=1)
