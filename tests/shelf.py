"""A shelf of made-up papers in a few fields, for tests of the ranking."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from bot.ranking.library import Library
from storage.models import Paper

#: What papers of each field are about.
FIELDS = {
    "robots": ("robot", "gripper", "grasping", "manipulation", "arm", "torque"),
    "proteins": ("protein", "folding", "residue", "enzyme", "peptide", "ligand"),
    "speech": ("speech", "phoneme", "acoustic", "speaker", "microphone", "prosody"),
    "graphs": ("graph", "vertex", "edge", "clique", "colouring", "subgraph"),
}
EACH = 10


def paper(field: str, number: int) -> Paper:
    """Paper `number` of a field: four of its words in a sentence that papers of every field have."""
    words = list(itertools.combinations(FIELDS[field], 4))[number % 15]
    text = f"We look at {words[0]} and {words[1]}, then at {words[2]} with {words[3]}, and measure what it costs."
    return Paper(id=f"{field}-{number}", title=f"On {words[0]} {words[3]} number {number}", abstract=text)


def papers() -> list[Paper]:
    return [paper(field, number) for field in FIELDS for number in range(EACH)]


def vectors(noise: float = 0.3) -> dict[str, NDArray[np.float32]]:
    """A vector for each paper that points towards its field's."""
    rng = np.random.default_rng(0)
    fields = dict(zip(FIELDS, np.eye(8, dtype=np.float32), strict=False))
    return {
        one.id: (fields[one.id.partition("-")[0]] + noise * rng.standard_normal(8)).astype(np.float32)
        for one in papers()
    }


def library() -> Library:
    return Library(papers(), [vectors()])


def ids(field: str, first: int = 0, last: int = EACH) -> list[str]:
    return [f"{field}-{number}" for number in range(first, last)]
