"""What `papers-bot evaluate` prints: a table and a verdict for people, or a line of JSON."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from bot.messages import count, tried, verdict
from bot.proving import Order, Proof
from bot.ranking.evaluate import Interval

TITLES = {
    Order.OURS: "ours",
    Order.HUGGINGFACE: "Hugging Face's",
    Order.NEWEST: "newest first",
    Order.RANDOM: "shuffled",
}


def proven(proof: Proof, *, as_json: bool) -> str:
    """Whether the ranking helped: a table, what it rests on, and the verdict in a sentence."""
    if as_json:
        return json.dumps(_values(proof))
    if not proof.editions:
        return (
            "Nothing to evaluate: no editions were posted in the days and channels asked for. `papers-bot run` posts "
            "them, once a channel wants papers (PAPERS_CHANNELS, or /papers subscribe in it)."
        )
    counted = (
        f"{count(proof.editions, 'edition')} since {proof.since}, {proof.counted:,} of them with upvotes"
    )
    lines = [f"{counted}; {count(proof.upvotes, 'upvote')}.", *([_table(proof)] if proof.replays else [])]
    lines += [verdict(proof.comparison), *([tried(proof.tried)] if proof.tried else [])]
    return "\n".join(lines)


def _table(proof: Proof) -> str:
    table = Table(
        box=SIMPLE_HEAD, title="Means, and the intervals that hold them with 95 %", title_justify="left"
    )
    for head in ("order", f"nDCG@{proof.n}", "MRR", "upvote's position"):
        table.add_column(head)
    for order, replay in proof.replays.items():
        ndcg, mrr, position = replay
        table.add_row(TITLES[order], _interval(ndcg, 3), _interval(mrr, 3), _interval(position, 1))
    console = Console(file=StringIO(), width=100)
    with console.capture() as capture:
        console.print(table)
    return capture.get().rstrip()


def _interval(interval: Interval, digits: int) -> str:
    mean, low, high = (f"{value:.{digits}f}" for value in interval)
    return f"{mean} ({low} to {high})"


def _values(proof: Proof) -> dict[str, Any]:
    difference, tried = proof.difference, proof.experiment
    return {
        "since": proof.since.isoformat() if proof.since else None,
        "editions": proof.editions,
        "with_upvotes": proof.counted,
        "upvotes": proof.upvotes,
        "n": proof.n,
        "early": proof.comparison.early,
        "orders": {
            order: {measure: interval._asdict() for measure, interval in replay._asdict().items()}
            for order, replay in proof.replays.items()
        },
        "difference": difference._asdict() if proof.replays else None,
        "experiment": tried._asdict() if tried else None,
    }
