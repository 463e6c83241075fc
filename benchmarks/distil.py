"""How `bot/search/static.npz` was made: a vector for every word, learned from what a sentence encoder makes of texts.

    python -m benchmarks.distil --teacher FOLDER --out bot/search/static.npz PAPERS.jsonl.xz ...

The teacher reads titles, some sentences of each abstract and some whole abstracts; the student is a table of word
vectors whose sum for a text shall point where the teacher does (in its first 256 principal components), and tell a
paper's title from other titles by its abstract. Needs PyTorch (`pip install torch`), which nothing else here does;
with 52,000 papers the teacher takes half an hour on one core, and the student two minutes.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from bot.search.static import DIMENSIONS, Floats, unit
from bot.search.text import content, names
from bot.search.transformer import Transformer

EPOCHS = 8
BATCH = 1_024
PAIRS = 512
RATE = 2e-3
#: How much telling titles apart counts beside pointing where the teacher does, and its softmax's temperature.
CONTRAST, TEMPERATURE = 0.1, 0.05
SENTENCES = 3
WHOLE = 12_000
#: A word in fewer papers has no vector of its own, unless it is one of the teacher's own words.
FEWEST_PAPERS = 3
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class Bags(NamedTuple):
    """Texts as bags of words: the rows of all words one after another, their weights, and where each text begins."""

    rows: NDArray[np.int64]
    weights: Floats
    starts: NDArray[np.int64]

    def take(self, texts: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Some texts as PyTorch's EmbeddingBag takes them: rows, starts, weights."""
        lengths = self.starts[texts + 1] - self.starts[texts]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        places = np.repeat(self.starts[texts] - starts, lengths) + np.arange(lengths.sum())
        return tuple(map(torch.from_numpy, (self.rows[places], starts, self.weights[places])))


def papers(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Title and abstract of every paper in JSON Lines files, each once."""
    found = []
    for file in files:
        with lzma.open(file, "rt") if file.suffix == ".xz" else file.open(encoding="utf-8") as lines:
            for line in lines:
                read = json.loads(line)
                found.append(
                    tuple(" ".join((read.get(name) or "").split()) for name in ("title", "abstract"))
                )
    return list(dict.fromkeys(found))  # type: ignore[arg-type]


def lessons(known: Sequence[tuple[str, str]], chance: random.Random) -> list[str]:
    """What the teacher reads."""
    texts = [title for title, _ in known]
    for _, abstract in known:
        sentences = [sentence for sentence in _SENTENCE.split(abstract) if 30 < len(sentence) < 400]
        texts += chance.sample(sentences, min(SENTENCES, len(sentences)))
    whole = chance.sample(list(known), min(WHOLE, len(known)))
    return list(dict.fromkeys([*texts, *(f"{title}. {abstract}" for title, abstract in whole)]))


class Vocabulary(NamedTuple):
    """Every stem that gets a vector: its commonest form, which the teacher is shown, and its idf to begin with."""

    forms: dict[str, str]
    idf: Floats


def vocabulary(known: Sequence[tuple[str, str]], tokens: Iterable[str]) -> Vocabulary:
    papers_with: Counter[str] = Counter()
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for title, abstract in known:
        text = f"{title}. {abstract}"
        papers_with.update(set(content(text)))
        for name in names(text):
            forms["".join(content(name))][name] += 1
    of_teacher = {"".join(content(token)): token for token in tokens if re.fullmatch("[a-z0-9]{2,}", token)}
    often = [stem for stem, count in papers_with.items() if count >= FEWEST_PAPERS]
    common = {stem: counted.most_common(1)[0][0] for stem, counted in forms.items()}
    chosen = {stem: common.get(stem) or of_teacher[stem] for stem in [*often, *of_teacher]}
    rarity = [math.log((len(known) + 1) / (papers_with[stem] + 1)) for stem in chosen]
    return Vocabulary(chosen, np.clip(np.array(rarity, np.float32), 0.5, 9))


def bags(texts: Iterable[str], rows: dict[str, int]) -> Bags:
    found: list[int] = []
    weights: list[float] = []
    starts = [0]
    for text in texts:
        counted = Counter(row for word in content(text) if (row := rows.get(word)) is not None)
        found += counted
        weights += (1 + math.log(times) for times in counted.values())
        starts.append(len(found))
    return Bags(np.array(found), np.array(weights, np.float32), np.array(starts))


def taught(table: torch.nn.EmbeddingBag, texts: Bags, aims: torch.Tensor, pairs: tuple[Bags, Bags]) -> None:
    """Train the table in place."""
    chance = np.random.default_rng(0)
    optimizer = torch.optim.Adam(table.parameters(), lr=RATE)
    steps = EPOCHS * (len(aims) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1, pct_start=0.1)
    for epoch in range(EPOCHS):
        order = chance.permutation(len(aims))
        losses = []
        for start in range(0, len(order) - BATCH + 1, BATCH):
            part = order[start : start + BATCH]
            loss = 1 - (_embedded(table, texts, part) * aims[part]).sum(1).mean()
            loss = loss + CONTRAST * _contrast(
                table, pairs, chance.integers(0, len(pairs[0].starts) - 1, PAIRS)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: {np.mean(losses):.4f}", flush=True)


def _embedded(table: torch.nn.EmbeddingBag, texts: Bags, which: NDArray[np.int64]) -> torch.Tensor:
    rows, starts, weights = texts.take(which)
    return functional.normalize(table(rows, starts, per_sample_weights=weights), dim=1)


def _contrast(
    table: torch.nn.EmbeddingBag, pairs: tuple[Bags, Bags], which: NDArray[np.int64]
) -> torch.Tensor:
    """InfoNCE both ways: each title belongs to its own abstract, and to none of the others."""
    titles, abstracts = (_embedded(table, side, which) for side in pairs)
    alike = titles @ abstracts.T / TEMPERATURE
    own = torch.arange(len(which))
    return (functional.cross_entropy(alike, own) + functional.cross_entropy(alike.T, own)) / 2


def main() -> None:
    arguments = _arguments()
    known = papers(arguments.papers)
    teacher = Transformer(arguments.teacher)
    tokens = json.loads((arguments.teacher / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    forms, idf = vocabulary(known, tokens)
    rows = {stem: row for row, stem in enumerate(forms)}
    texts = [text for text in lessons(known, random.Random(0)) if any(word in rows for word in content(text))]
    print(f"{len(known):,} papers, {len(texts):,} texts, {len(rows):,} words", flush=True)
    read = teacher.papers(texts)
    axes = np.linalg.svd(read[:20_000], full_matrices=False)[2][:DIMENSIONS].T
    table = torch.nn.EmbeddingBag(len(rows), DIMENSIONS, mode="sum")
    with torch.no_grad():
        first = unit(teacher.papers(list(forms.values())) @ axes) * idf[:, None] / 10
        table.weight.copy_(torch.from_numpy(first))
    pairs = [(title, abstract) for title, abstract in known if content(title) and content(abstract)]
    sides = (bags((title for title, _ in pairs), rows), bags((abstract for _, abstract in pairs), rows))
    taught(table, bags(texts, rows), torch.from_numpy(unit(read @ axes)), sides)
    save(arguments.out, list(rows), table.weight.detach().numpy())


def save(out: Path, words: Sequence[str], table: Floats) -> None:
    """Eight bits a number, and a scale for each word."""
    scales = np.abs(table).max(axis=1) / 127
    values = np.round(table / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    text = np.frombuffer("\n".join(words).encode(), np.uint8)
    np.savez(out, words=text, table=values, scales=scales.astype(np.float16))


def _arguments() -> Any:  # noqa: ANN401 - argparse's namespace
    parser = argparse.ArgumentParser(description="Make the static vectors anew.")
    parser.add_argument("papers", nargs="+", type=Path, help="JSON Lines with title and abstract, maybe .xz")
    parser.add_argument(
        "--teacher", type=Path, required=True, help="a folder with an ONNX model and tokenizer.json"
    )
    parser.add_argument("--out", type=Path, default=Path("bot/search/static.npz"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
