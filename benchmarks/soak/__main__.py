"""The test that runs all night: months of papers, people, faults and kills, and at the end nothing twice, nothing lost.

The bot is a process of its own that is killed and started again, sometimes two at once on one database. The workspace
and the sources play in this process, by a clock that is moved. Exits with 1 when something is wrong, and says what.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.soak.check import Verdict, digest
from benchmarks.soak.months import Aim, Months
from benchmarks.soak.place import opened


async def soak(seed: int, aim: Aim, folder: Path) -> bool:
    """Run, print what happened, and say whether all is well."""
    async with opened(folder) as place:
        months = Months(place, seed, aim)
        verdict = await months.run()
        short = shortfall(months)
        print(report(months, verdict, seed), *short, sep="\n")
        return not verdict.all and not short


def report(months: Months, verdict: Verdict, seed: int) -> str:
    tally, slack, check = months.tally, months.slack, months.place.check()
    states = Counter(str(post["state"]) for post in check.posts)
    attempts = sum(delivery.attempts for delivery in slack.deliveries if delivery.kind == "events_api")
    reactions, presses, saves = (f"{len(rows):,}" for rows in (check.reactions, check.clicks, check.saves))
    found = {name: len(getattr(verdict, name)) for name in ("duplicates", "losses", "wrong", "unfinished")}
    cpu = f"CPU: the bot {tally.cpu:.0f} s, its surroundings {time.process_time():.0f} s"
    lines = [
        f"seed {seed}: {tally.days} days in {tally.seconds:.0f} s, {tally.checks} times at rest and compared; {cpu}",
        f"{len(check.editions):,} editions, {len(check.posts):,} posts ({_counted(states)})",
        f"{len(check.votes()):,} votes by {reactions} reactions and {presses} presses, {saves} saves",
        f"{months.place.events():,} events acknowledged, in {attempts:,} deliveries; {len(slack.calls):,} calls",
        f"{sum(tally.lives.values())} processes: {_counted(tally.lives)}",
        f"{sum(tally.kills.values())} kills: {_counted(tally.kills)}",
        f"{sum(months.trouble.sown.values())} faults: {_counted(months.trouble.sown)}",
        ", ".join(f"{name}: {count}" for name, count in found.items()),
    ]
    if verdict.all:
        lines += ["", digest(verdict), f"The same choices again: python -m benchmarks.soak --seed {seed}"]
    return "\n".join(lines)


def shortfall(months: Months) -> list[str]:
    """What was asked for and not reached in time."""
    aim, kills, events = months.aim, sum(months.tally.kills.values()), months.place.events()
    counts = (("kills", kills, aim.kills), ("events", events, aim.events))
    return [f"only {reached:,} of {wanted:,} {name}" for name, reached, wanted in counts if reached < wanted]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=3.5, help="how long at least (3.5)")
    parser.add_argument("--kills", type=int, default=0, help="how many kills at least (50 a minute)")
    parser.add_argument("--events", type=int, default=0, help="how many events at least (5,500 a minute)")
    parser.add_argument("--seed", type=int, default=0, help="repeats a run's choices (a new one each time)")
    parser.add_argument("--folder", type=Path, help="where to leave the database and the log")
    given = parser.parse_args()
    seed = given.seed or random.randrange(1, 2**31)
    minutes = given.minutes
    aim = Aim(minutes, given.kills or int(50 * minutes), given.events or int(5500 * minutes))
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return 0 if asyncio.run(soak(seed, aim, folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
