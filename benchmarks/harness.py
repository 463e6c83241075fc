"""Rounds, medians and ratios, and the processes that a benchmark starts."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.workspace import Workspace

Figures = dict[str, float]
#: The figures of every round, by side.
Results = dict[str, list[Figures]]
Side = Callable[[], Awaitable[Figures]]

ROOT = Path(__file__).parent.parent
#: Nothing listens there, so that a source asked by mistake fails at once instead of being measured.
NOWHERE = "http://127.0.0.1:9"
_SETTINGS = ("SLACK_", "PAPERS_", "HUGGINGFACE_", "ARXIV_")


async def alternate(sides: Mapping[str, Side], rounds: int) -> Results:
    """Run every side once a round, in turning order, so that none always has the machine as another left it."""
    results: Results = {name: [] for name in sides}
    for number in range(rounds):
        names = list(sides)[:: -1 if number % 2 else 1]
        for name in names:
            results[name].append(await sides[name]())
    return results


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def latencies(milliseconds: Sequence[float]) -> Figures:
    return {"p50 ms": median(milliseconds), "p99 ms": percentile(milliseconds, 99)}


def timed(call: Callable[[], object], times: int) -> Figures:
    """How long a plain call takes."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return latencies(taken)


async def timed_async(call: Callable[[], Awaitable[object]], times: int) -> Figures:
    """How long a call takes that is awaited."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - started) * 1000)
    return latencies(taken)


def ratios(results: Results, side: str, baseline: str, column: str) -> list[float]:
    """A side's figure over the baseline's, round by round."""
    pairs = zip(results[side], results[baseline], strict=True)
    return [ours[column] / theirs[column] for ours, theirs in pairs if theirs.get(column)]


def show(title: str, results: Results, baseline: str, *compared: str) -> None:
    """Print the medians of all rounds and, of the `compared` columns, the ratio to the baseline with its range."""
    columns = list(dict.fromkeys(name for rounds in results.values() for name in rounds[0]))
    print(
        f"\n{title}\n(medians of {len(results[baseline])} rounds; ratios to {baseline!r} of the same round)"
    )
    heads = [*(f"{name:>12}" for name in columns), *(f"{f'{name} ratio (range)':>27}" for name in compared)]
    print("".join([f"{'':33}", *heads]))
    for side, rounds in results.items():
        cells = [_median_of(rounds, name) for name in columns]
        cells += [f"{_ratio(ratios(results, side, baseline, name)):>27}" for name in compared]
        print("".join([f"{side:33}", *cells]))


def _median_of(rounds: Sequence[Figures], column: str) -> str:
    return f"{median([figures[column] for figures in rounds]):12,.3f}" if column in rounds[0] else f"{'':12}"


def _ratio(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})" if values else "-"


def main(measure: Callable[..., Coroutine[Any, Any, None]]) -> None:
    """Run a benchmark with its keyword arguments as options."""
    parser = argparse.ArgumentParser(
        description=sys.modules[measure.__module__].__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, parameter in inspect.signature(measure).parameters.items():
        default = parameter.default
        parser.add_argument(f"--{name}", type=type(default), default=default, help=str(default))
    asyncio.run(measure(**vars(parser.parse_args())))


def environment(**settings: object) -> dict[str, str]:
    """The environment of this process with these settings of the bot and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return kept | {"PYTHONPATH": str(ROOT)} | {name: str(value) for name, value in settings.items()}


def slack_environment(slack: Workspace, **settings: object) -> dict[str, str]:
    """What a process needs to reach this workspace over HTTP, and no source."""
    sources = dict.fromkeys(("HUGGINGFACE_URL", "ARXIV_URL", "ARXIV_RSS_URL"), NOWHERE)
    return environment(
        **sources,
        PAPERS_ARXIV_CATEGORIES="none",
        PAPERS_EMBEDDING="static",
        # One person asks for thousands of things.
        PAPERS_BURST=0,
        SLACK_API_URL=slack.api_url,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_SIGNING_SECRET=slack.signing_secret,
        **settings,
    )


@asynccontextmanager
async def started(
    *arguments: str, env: Mapping[str, str], cwd: Path = ROOT
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process that is stopped at the end."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=env, cwd=cwd, stdin=pipe, stdout=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def first_line(process: asyncio.subprocess.Process) -> str:
    """What a process prints once it is ready. Raises RuntimeError when it ends before that."""
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode().strip()
    if not line:
        raise RuntimeError(f"a process of the benchmark ended early, with status {await process.wait()}")
    return line


async def output_of(*arguments: str, env: Mapping[str, str], given: str = "", cwd: Path = ROOT) -> str:
    """What a Python process prints, run to its end. Raises RuntimeError when it fails."""
    async with started(*arguments, env=env, cwd=cwd) as process:
        printed, _ = await process.communicate(given.encode())
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed with status {process.returncode}")
    return printed.decode()


def cpu_seconds(pid: int) -> float:
    """The processor time a process has had so far.

    From the clock that clock_getcpuclockid(3) makes of a process id on Linux (CPUCLOCK_SCHED), in nanoseconds:
    /proc counts in hundredths of a second, in which a short run may have had nothing.
    """
    return time.clock_gettime((~pid << 3) | 2)


def memory_mib(pid: int) -> Figures:
    """A process's resident memory now (RSS) and at its highest (HWM)."""
    known = _status(pid)
    return {name: known[f"Vm{name}"] for name in ("RSS", "HWM")}


def resident_mib(pid: int) -> Figures:
    """A process's resident memory, and how it is made up: of its own, and of files that are mapped."""
    known = _status(pid)
    return {"RSS": known["VmRSS"], "own": known["RssAnon"], "mapped": known["RssFile"]}


def _status(pid: int) -> Figures:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    known = dict(line.split(":", 1) for line in lines)
    return {name: int(value.split()[0]) / 1024 for name, value in known.items() if value.endswith(" kB")}
