"""What the commands print: a line for people, or a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from bot.backfill import MINUTE, Harvest
from bot.doctor import Check
from bot.ingest import Kept
from bot.messages import Message
from bot.posting import Posted
from bot.reconcile import ReadBack
from storage.backup import Copied
from storage.models import Paper, Window


def posted(result: Posted, *, as_json: bool) -> str:
    if as_json:
        return _json({**result._asdict(), "day": result.day.isoformat()})
    where = f"{result.channel}, {result.day}"
    if result.error:
        return f"{where}: {result.error}"
    if result.messages:
        return "\n\n".join(text_of(message) for message in result.messages)
    if result.abandoned:
        return f"{where}: {result.new} messages posted, {result.abandoned} refused by Slack; the log says why"
    if result.open:
        return (
            f"{where}: {result.new} messages posted, {result.open} still to come; run this again in a minute"
        )
    if result.sent and not result.new:
        return f"{where}: nothing to do, all {result.sent} messages were posted before"
    return f"{where}: {result.new} messages posted" if result.sent else f"{where}: no papers to post"


def read_back(result: ReadBack, *, as_json: bool) -> str:
    if as_json:
        return _json(asdict(result))
    counts = f"{result.messages} messages read, {result.found} votes found, {result.gone} votes gone"
    deleted = f", {result.deleted} messages deleted" if result.deleted else ""
    return f"{result.channel}: {counts}{deleted}" + (f"; {result.error}" if result.error else "")


def reading(day: date, kept: Kept, *, as_json: bool) -> str:
    if as_json:
        return _json({**_kept(kept), "day": (kept.day or day).isoformat(), "asked": day.isoformat()})
    if kept.error and not kept.papers:
        return f"{day} {kept.source}: failed: {kept.error}"
    # arXiv's feed has one day only, whatever day is asked for.
    other = f" (announced {kept.day})" if kept.day and kept.day != day else ""
    incomplete = f"; incomplete: {kept.error}" if kept.error else ""
    return f"{day} {kept.source}: {_counts(kept)}{other}{incomplete}"


def imported(name: str, kept: Kept, *, as_json: bool) -> str:
    if as_json:
        return _json({"file": name, **_kept(kept), **({"unnamed": kept.unnamed} if kept.unnamed else {})})
    lines = [
        f"{name}: {_counts(kept)}",
        *(f"  {skipped.id}: {skipped.reason}" for skipped in kept.skipped[:20]),
    ]
    if (more := len(kept.skipped) + kept.unnamed - 20) > 0:
        lines.append(f"  and {more} more")
    return "\n".join(lines)


def harvested(harvest: Harvest, *, as_json: bool) -> str:
    """A window that was read."""
    first, last = (edge.isoformat(timespec="minutes") for edge in harvest.window.span)
    if as_json:
        skipped = [item._asdict() for item in harvest.skipped]
        counted = {"papers": harvest.papers, "new": harvest.new, "skipped": skipped, "total": harvest.total}
        categories = harvest.window.categories
        return _json(
            {"first": first, "last": last, "categories": categories, **counted, "missing": harvest.missing}
        )
    return (
        f"{first} to {last}: arXiv says there are {harvest.total} papers, and {harvest.missing} of them did not come; "
        "run this again later"
    )


def backfilled(wanted: Window, brought: Sequence[Harvest], error: str, *, as_json: bool) -> str:
    """All windows of a period that were read."""
    new, missing = (sum(getattr(one, name) for one in brought) for name in ("new", "missing"))
    if as_json:
        papers = sum(one.papers for one in brought)
        return _json(
            {"windows": len(brought), "papers": papers, "new": new, "missing": missing, "error": error}
        )
    days = f"{wanted.span.first:%Y-%m-%d} to {wanted.span.last - MINUTE:%Y-%m-%d}"
    if not brought and not error:
        return f"{days}: nothing to do, all of it was read before"
    return f"{days}: {so_far(brought)}, {new:,} new" + (f", {missing:,} missing" if missing else "")


def so_far(brought: Sequence[Harvest]) -> str:
    return f"{sum(one.papers for one in brought):,} papers of {len(brought):,} windows"


def stopped(why: str) -> str:
    """What to do after a backfill that did not get to its end."""
    return f"{why}. What was read until then is kept; the same command goes on from there."


def backed_up(copied: Copied, *, as_json: bool) -> str:
    counts = copied.counts._asdict()
    if as_json:
        return _json({"file": str(copied.file), **counts, "size": copied.size})
    counted = ", ".join(f"{value:,} {name}" for name, value in counts.items())
    return f"{copied.file}: {counted}, {copied.size / 1e6:,.1f} MB"


def checked(check: Check, *, as_json: bool) -> str:
    if as_json:
        return _json(check._asdict())
    mark = "ok  " if check.ok else "FAIL"
    return f"{mark}  {check.name}: {check.found}" + (f"\n      {check.advice}" if check.advice else "")


def found(paper: Paper, score: float, *, as_json: bool) -> str:
    """One result of a search; `score` is 1 at most, and 0 where results are sorted by something else."""
    if as_json:
        return _json({**paper.model_dump(mode="json"), "score": round(score, 4)})
    year = f"{paper.published:%Y}  " if paper.published else ""
    return f"{paper.id:<16}{year}{paper.title}"


def measured(measures: Mapping[str, float], of: str, count: int, *, as_json: bool) -> str:
    """Figures, a line each, and of how many `of` (queries, events) they are the means."""
    if as_json:
        return _json({**measures, of: count})
    lines = [f"{name:<12}{value:.4f}" for name, value in measures.items()]
    return "\n".join([*lines, f"{of:<12}{count:,}"])


def exported(paper: Paper, day: date | None) -> str:
    """A paper as `import` reads it; `day` is the day it was listed on."""
    return _json({**paper.model_dump(mode="json"), **({"day": day.isoformat()} if day else {})})


def text_of(message: Message) -> str:
    """A message as bare text, for a look before it is posted."""
    return "\n".join(text for block in message["blocks"] for text in _texts(block))


def _texts(block: dict[str, Any]) -> list[str]:
    whole = [block["text"]["text"]] if "text" in block else []
    parts = [block["accessory"]] if "accessory" in block else block.get("elements", [])
    for part in parts:
        if "text" not in part:
            # A menu has no words before it is opened.
            continue
        text = part["text"]["text"] if isinstance(part["text"], dict) else part["text"]
        whole.append(f"[{text}]" if part["type"] == "button" else text)
    return whole


def _counts(kept: Kept) -> str:
    skipped = f", {len(kept.skipped) + kept.unnamed} skipped" if kept.skipped else ""
    return f"{kept.papers} papers, {kept.new} new{skipped}"


def _kept(kept: Kept) -> dict[str, Any]:
    counted = {name: value for name, value in kept._asdict().items() if name not in ("day", "unnamed")}
    return {**counted, "skipped": [skipped._asdict() for skipped in kept.skipped]}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
