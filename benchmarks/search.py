"""The search over a million papers: building its index, adding a day to it, and answering, beside other engines.

The papers are put together from sentences of real ones, as long as those are at hand. They are kept in `--folder`,
which the next run uses again, or else in a temporary one. Every query is put to each side in turn: to the whole of
`Search.search`, to its part that looks for words, to tantivy alone with one any-word query on the same index, and
some to SQLite's FTS5 over the same papers. CPU is that of the process, which tells more than the clock where
others use the processors, too. Recall is that of the vectors, against full cosines with every paper. `--papers` is
measured after a quarter of it, and the two tell what to expect of three million.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import Figures, environment, main, median, output_of, percentile
from benchmarks.search_corpus import Varied, fill
from benchmarks.search_queries import LIKE, PLAIN, QUESTION, kinds
from benchmarks.search_recall import recall
from benchmarks.search_rivals import FullText, raw_tantivy
from bot.search import FEW, Search, parse
from bot.search.index import Snapshot
from bot.search.lexical import Lexical
from bot.search.query import Query
from bot.search.rank import CANDIDATES, NOTHING
from storage import Store

EXPECTED = 3_000_000
DAY = 500
AT_ONCE = 8
BOT, WORDS, TANTIVY, FTS = "papers-bot", "its words alone", "tantivy alone", "FTS5"


class Asked(NamedTuple):
    """What somebody typed, as it was understood, and the text of the paper that others should be like."""

    typed: str
    query: Query
    like: str


class Corpora(NamedTuple):
    """One filled and indexed store, and what is asked of it."""

    database: Path
    store: Store
    search: Search
    varied: Varied
    asked: Mapping[str, Sequence[Asked]]

    @property
    def mixed(self) -> list[Asked]:
        """Queries of every kind in turn."""
        return [asked for some in zip(*self.asked.values(), strict=True) for asked in some]

    @property
    def snapshot(self) -> Snapshot:
        snapshot = self.search.index.snapshot()
        if snapshot is None:
            raise RuntimeError("the index can't be read")
        return snapshot


Taken = list[Figures]
Side = Callable[[Asked], Awaitable[object]]


async def measure(*, papers: int = 1_000_000, queries: int = 200, folder: str = "") -> None:
    """Measure and print; `queries` are asked of each kind."""
    sizes = (max(1, papers // 4), papers)
    with _kept(folder) as place:
        taken = [await _measure(_made(place / str(size)), size, queries) for size in sizes]
        await _against(place / str(papers), papers, queries)
    _expect(sizes, taken)


@contextmanager
def _kept(folder: str) -> Iterator[Path]:
    if folder:
        yield Path(folder)
    else:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _measure(folder: Path, papers: int, queries: int) -> Figures:
    """Everything about one size; returns what is expected to grow with it."""
    print(f"\n=== {papers:,} papers ===")
    async with _corpora(folder / "papers.db", papers, queries) as corpora:
        await _build(corpora)
        await _add_a_day(corpora)
        slowest = await _answers(corpora)
        await _load(corpora)
        return slowest | await _memory(corpora)


async def _against(folder: Path, papers: int, queries: int) -> None:
    """What takes longest, for the larger size alone."""
    async with _corpora(folder / "papers.db", papers, queries) as corpora:
        await corpora.search.catch_up()
        await _full_text(corpora)
        _recall(corpora)


@asynccontextmanager
async def _corpora(database: Path, papers: int, queries: int) -> AsyncIterator[Corpora]:
    varied = Varied(papers)
    with Store.open(database) as store:
        if await store.count_papers() < papers:
            seconds = await fill(store, iter(varied))
            print(f"filled the store in {seconds:,.0f} s, {papers / seconds:,.0f} papers/s")
        search = Search(database, store)
        asked = {
            kind: [await _asked(store, typed) for typed in typed_ones]
            for kind, typed_ones in kinds(varied, queries).items()
        }
        yield Corpora(database, store, search, varied, asked)
        await search.aclose()


async def _asked(store: Store, typed: str) -> Asked:
    query = parse(typed)
    papers = await store.papers([query.like]) if query.like else []
    return Asked(typed, query, f"{papers[0].title}. {papers[0].abstract}" if papers else "")


# --- the index ---------------------------------------------------------------------------------------------------


async def _build(corpora: Corpora) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    papers = await corpora.search.update()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if papers >= corpora.varied.papers:
        print(
            f"built the index in {wall:,.0f} s: {papers / wall:,.0f} papers/s, {papers / cpu:,.0f}/s of CPU"
        )
    generation = (
        corpora.database.with_name(f"{corpora.database.name}.index") / corpora.snapshot.state.generation
    )
    parts = {
        "the store": corpora.database,
        "words": generation / "words",
        "signs": generation / "codes.bin",
        "8-bit numbers": generation / "values.bin",
    }
    _table("Size on disk, MiB", {name: {"MiB": _mib(path)} for name, path in parts.items()})
    print(f"{len(list((generation / 'words').glob('*.store')))} segments")


def _mib(path: Path) -> float:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 2**20


async def _add_a_day(corpora: Corpora) -> None:
    """A day's papers more, until they are in the index, and until a search gives the last of them."""
    search, store, varied = corpora.search, corpora.store, corpora.varied
    known = await store.count_papers()
    await search.search("papers")
    await fill(store, map(varied.paper, range(known, known + DAY)))
    wall, cpu = time.perf_counter(), time.process_time()
    added = await search.update()
    updated, cpu = time.perf_counter() - wall, time.process_time() - cpu
    newest = varied.paper(known + DAY - 1).id
    found = await search.search(newest)
    if not found.papers or found.papers[0].id != newest:
        raise RuntimeError(f"{newest} is not found")
    until = time.perf_counter() - wall
    _table(f"Adding {added} papers", {"s": {"update": updated, "until found": until, "CPU": cpu}})


# --- answers -----------------------------------------------------------------------------------------------------


async def _answers(corpora: Corpora) -> Figures:
    """Each kind of query put to each side; returns the 99th percentiles of whole searches."""
    snapshot = corpora.snapshot
    sides: dict[str, Side] = {
        BOT: lambda asked: corpora.search.search(asked.typed),
        WORDS: lambda asked: _aside(_words, snapshot, asked),
        TANTIVY: lambda asked: _aside(raw_tantivy, snapshot.words.searcher, asked.query.text or asked.like),
    }
    for asked in corpora.mixed:
        await corpora.search.search(asked.typed)
    whole, words = {}, {}
    for kind, queries in corpora.asked.items():
        taken = await _in_turn(sides, queries)
        whole[kind] = _figures(taken[BOT])
        words[kind] = _beside(taken)
    _table("A whole search, by kind of query", whole)
    _table("Its words alone, beside tantivy alone", words)
    return {
        f"{column} of {kind}": figures[column]
        for column in ("p99 ms", "p99 CPU ms")
        for kind, figures in whole.items()
    }


async def _in_turn(sides: Mapping[str, Side], queries: Sequence[Asked]) -> dict[str, Taken]:
    """Each query on every side; the order turns round, because the first reads what the others then find read."""
    taken: dict[str, Taken] = {name: [] for name in sides}
    for number, asked in enumerate(queries):
        for name in list(sides)[:: -1 if number % 2 else 1]:
            taken[name].append(await _timed(sides[name], asked))
    return taken


async def _timed(side: Side, asked: Asked) -> Figures:
    wall, cpu = time.perf_counter(), time.process_time()
    await side(asked)
    return {"ms": (time.perf_counter() - wall) * 1000, "CPU ms": (time.process_time() - cpu) * 1000}


async def _aside(function: Callable[..., object], *arguments: object) -> object:
    return await asyncio.to_thread(function, *arguments)


def _words(snapshot: Snapshot, asked: Asked) -> None:
    """What `rank` does with words."""
    lexical = Lexical(snapshot.words, asked.query, asked.like)
    clause = lexical.any_word()
    best = snapshot.words.best(clause, CANDIDATES)[0] if clause else NOTHING.numbers
    lexical.count_every_word(FEW, best)


def _figures(taken: Taken) -> Figures:
    return {
        f"{name} {column}": pick([figures[column] for figures in taken])
        for column in ("ms", "CPU ms")
        for name, pick in (("p50", median), ("p99", lambda values: percentile(values, 99)))
    }


def _beside(taken: Mapping[str, Taken]) -> Figures:
    """The words and tantivy alone, and the ratio of their CPU: of the queries' median, and of their sum."""
    words, raw = taken[WORDS], taken[TANTIVY]
    pairs = [(ours["CPU ms"], theirs["CPU ms"]) for ours, theirs in zip(words, raw, strict=True)]
    return {
        "p50 ms": _figures(words)["p50 ms"],
        "p99 ms": _figures(words)["p99 ms"],
        "tantivy p50": _figures(raw)["p50 ms"],
        "tantivy p99": _figures(raw)["p99 ms"],
        "CPU ratio": median([ours / theirs for ours, theirs in pairs]),
        "of sums": sum(ours for ours, _ in pairs) / sum(theirs for _, theirs in pairs),
    }


async def _full_text(corpora: Corpora) -> None:
    full = FullText(corpora.database)
    if full.seconds:
        print(f"\nbuilt FTS5 in {full.seconds:,.0f} s: {corpora.varied.papers / full.seconds:,.0f} papers/s")
    print(f"FTS5 takes {full.size / 2**20:,.0f} MiB")
    snapshot = corpora.snapshot

    async def fts(asked: Asked) -> None:
        full.search(asked.query.text)

    sides: dict[str, Side] = {
        FTS: fts,
        BOT: lambda asked: corpora.search.search(asked.typed),
        TANTIVY: lambda asked: _aside(raw_tantivy, snapshot.words.searcher, asked.query.text),
    }
    for kind in (PLAIN, QUESTION):
        some = corpora.asked[kind]
        taken = await _in_turn(sides, some[: max(1, len(some) // 5)])
        _table(f"Beside FTS5: {kind}", {name: _figures(one) for name, one in taken.items()})
    full.close()


async def _load(corpora: Corpora) -> None:
    """One search after the other and several at once, with what else on the event loop has to wait meanwhile."""
    rows = {}
    for workers in (0, 1, AT_ONCE):
        waiting = iter(corpora.mixed)
        milliseconds: list[float] = []
        delays: list[float] = []
        ticking = asyncio.create_task(_tick(delays))
        began = time.perf_counter()
        await asyncio.gather(*(_work(corpora.search, waiting, milliseconds) for _ in range(workers)))
        if not workers:
            await asyncio.sleep(1)
        seconds = time.perf_counter() - began
        ticking.cancel()
        rows[f"{workers} at once" if workers else "no search"] = {
            "p50 ms": median(milliseconds or [0]),
            "p99 ms": percentile(milliseconds or [0], 99),
            "searches/s": len(milliseconds) / seconds,
            "loop p99": percentile(delays, 99),
            "loop worst": max(delays),
        }
    _table("Queries of every kind, and the delays of the event loop meanwhile, ms", rows)


async def _work(search: Search, waiting: Iterator[Asked], milliseconds: list[float]) -> None:
    for asked in waiting:
        began = time.perf_counter()
        await search.search(asked.typed)
        milliseconds.append((time.perf_counter() - began) * 1000)


async def _tick(delays: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.002)
        delays.append((time.perf_counter() - began - 0.002) * 1000)


def _recall(corpora: Corpora) -> None:
    some = {
        kind: [asked.query.text or asked.like for asked in corpora.asked[kind]] for kind in (QUESTION, LIKE)
    }
    rows = {
        kind: {f"at {depth}": share for depth, share in found.items()}
        for kind, found in recall(corpora.database, corpora.snapshot.vectors, some).items()
    }
    _table("Of the nearest papers by full cosines, the share found", rows)


async def _memory(corpora: Corpora) -> Figures:
    wanted = {"database": str(corpora.database), "queries": [asked.typed for asked in corpora.mixed]}
    printed = await output_of(
        "-m", "benchmarks.search_answering", env=environment(), given=json.dumps(wanted)
    )
    memory: dict[str, Figures] = json.loads(printed)
    _table("Memory of a process that answers, MiB", memory)
    return {"resident MiB": memory["during queries"]["RSS"], "own MiB": memory["during queries"]["own"]}


# --- what it looks like ------------------------------------------------------------------------------------------


def _expect(sizes: Sequence[int], taken: Sequence[Figures]) -> None:
    """On the line through both sizes: what every paper more adds, all of them add."""
    (small, large), (few, many) = sizes, taken
    rows = {
        name: {
            f"{small:,}": few[name],
            f"{large:,}": many[name],
            f"{EXPECTED:,}": many[name]
            + (many[name] - few[name]) * (EXPECTED - large) / max(1, large - small),
        }
        for name in many
    }
    _table(f"To expect of {EXPECTED:,} papers", rows)


def _table(title: str, rows: Mapping[str, Figures]) -> None:
    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    print(f"\n{title}\n{'':33}" + "".join(f"{name:>13}" for name in columns))
    for name, figures in rows.items():
        print(f"{name:33}" + "".join(f"{figures.get(column, 0):13,.3f}" for column in columns), flush=True)


if __name__ == "__main__":
    main(measure)
