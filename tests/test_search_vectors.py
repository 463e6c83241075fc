"""Vectors on disk: the nearest are those that exact arithmetic gives, whatever rows there are."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.search import static
from bot.search.static import DIMENSIONS, Floats
from bot.search.vectors import SHORTLIST, Vectors, VectorWriter
from tests.upstream import recorded


def unit(count: int, seed: int = 1) -> Floats:
    made = np.random.default_rng(seed).standard_normal((count, DIMENSIONS)).astype(np.float32)
    vectors: Floats = made / np.linalg.norm(made, axis=1, keepdims=True)
    return vectors


def written(folder: Path, numbers: list[int], vectors: Floats) -> Vectors:
    writer = VectorWriter(folder)
    writer.put(numbers, vectors)
    writer.flush()
    writer.close()
    return Vectors(folder)


def exact(vector: Floats, vectors: Floats) -> NDArray[np.int64]:
    return np.argsort(-(vectors @ vector), kind="stable")


def test_with_fewer_papers_than_the_shortlist_nearest_is_exact(tmp_path: Path) -> None:
    vectors = unit(SHORTLIST // 2)
    kept = written(tmp_path, list(range(len(vectors))), vectors)
    for vector in unit(20, seed=2):
        near = kept.nearest(vector)
        # Eight bits a number leave a few thousandths of doubt.
        assert np.abs(near.cosines - vectors[near.numbers] @ vector).max() < 0.005
        assert set(near.numbers[:10]) <= set(exact(vector, vectors)[:14])
        assert sorted(near.numbers) == list(range(len(vectors)))


def real_texts(most: int) -> list[str]:
    with lzma.open(recorded("papers/arxiv-2025.jsonl.xz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(most), strict=False)]
    return [f"{row['title']}. {row['abstract']}" for row in rows]


def test_of_real_papers_the_nearest_ten_are_nearly_always_found(tmp_path: Path) -> None:
    # Of each ten, eight bits a number exchange about one in fifty with its neighbours.
    vectors = static.load().embed(real_texts(8_000))
    kept = written(tmp_path, list(range(len(vectors))), vectors)
    found = [
        len(set(kept.nearest(vector).numbers[:10]) & set(exact(vector, vectors)[:10])) / 10
        for vector in vectors[::200]
    ]
    assert np.mean(found) > 0.95


def test_a_paper_is_nearest_to_itself_and_its_row_is_its_number(tmp_path: Path) -> None:
    numbers, vectors = [3, 1, 70_000, 12], unit(4)
    kept = written(tmp_path, numbers, vectors)
    assert len(kept) == 70_001
    for number, vector in zip(numbers, vectors, strict=True):
        near = kept.nearest(vector)
        assert near.numbers[0] == number
        assert near.cosines[0] == pytest.approx(1, abs=0.001)


def test_rows_that_were_never_written_are_near_to_nothing(tmp_path: Path) -> None:
    kept = written(tmp_path, [5_000], unit(1))
    near = kept.nearest(unit(1, seed=9)[0])
    assert not near.cosines[near.numbers != 5_000].any()
    assert kept.cosines(unit(1)[0], np.array([0, 4_999, 5_001, 10**9])).tolist() == [0, 0, 0, 0]


def test_an_empty_index_has_nothing_near(tmp_path: Path) -> None:
    kept = written(tmp_path, [], np.zeros((0, DIMENSIONS), np.float32))
    assert len(kept) == 0
    assert len(kept.nearest(unit(1)[0]).numbers) == 0
    assert kept.cosines(unit(1)[0], np.array([0, 1])).tolist() == [0, 0]


def test_a_paper_without_words_is_near_to_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    vectors = np.concatenate([unit(2), np.zeros((1, DIMENSIONS), np.float32)])
    kept = written(tmp_path, [0, 1, 2], vectors)
    near = kept.nearest(vectors[0])
    assert near.cosines[near.numbers == 2].tolist() == [0]
    assert np.isfinite(kept.nearest(vectors[2]).cosines).all()


def test_equal_papers_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    count = SHORTLIST + 500
    kept = written(tmp_path, list(range(count)), np.repeat(unit(1), count, axis=0))
    found = kept.nearest(unit(1)[0]).numbers.tolist()
    assert found == sorted(found)
    assert len(found) >= SHORTLIST


def test_the_opposite_of_everything_is_the_farthest(tmp_path: Path) -> None:
    signs = np.ones((1, DIMENSIONS), np.float32) / np.float32(np.sqrt(DIMENSIONS))
    kept = written(tmp_path, [0, 1], np.concatenate([signs, -signs]))
    near = kept.nearest(signs[0])
    assert near.numbers.tolist() == [0, 1]
    assert near.cosines.tolist() == pytest.approx([1, -1], abs=0.001)


def test_what_is_written_later_is_found_by_the_next_reader_and_takes_the_place_of_what_was(
    tmp_path: Path,
) -> None:
    first, second = unit(2)
    before = written(tmp_path, [0], first[None])
    after = written(tmp_path, [0, 1], np.stack([second, first]))
    assert len(before) == 1
    assert after.nearest(first).numbers[0] == 1
    assert after.nearest(second).numbers[0] == 0


@given(st.lists(st.integers(0, 300), unique=True, min_size=1, max_size=40), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_any_rows_in_any_order_are_found_by_their_numbers(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], seed: int
) -> None:
    vectors = unit(len(numbers), seed)
    kept = written(tmp_path_factory.mktemp("rows"), numbers, vectors)
    assert [int(kept.nearest(vector).numbers[0]) for vector in vectors] == numbers
