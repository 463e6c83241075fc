"""A process that only answers queries, so that its memory is the search's: prints it as JSON, in MiB.

Reads from standard input which database, and what to ask.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.harness import Figures, resident_mib
from bot.search import Search
from storage import Store


async def answer(database: Path, queries: list[str]) -> dict[str, Figures]:
    """Memory before the index is opened, after the first answer, and at its most while the others are given."""
    with Store.open(database) as store:
        before = resident_mib(os.getpid())
        began = time.perf_counter()
        search = Search(database, store)
        await search.catch_up()
        opened = {**resident_mib(os.getpid()), "seconds": time.perf_counter() - began}
        began = time.perf_counter()
        await search.search(queries[0])
        first = {**resident_mib(os.getpid()), "seconds": time.perf_counter() - began}
        most = first
        for query in queries:
            await search.search(query)
            most = max(most, resident_mib(os.getpid()), key=lambda memory: memory["RSS"])
        await search.aclose()
    return {"before it is opened": before, "opened": opened, "after one query": first, "during queries": most}


def main() -> None:
    wanted = json.load(sys.stdin)
    print(json.dumps(asyncio.run(answer(Path(wanted["database"]), wanted["queries"]))))


if __name__ == "__main__":
    main()
