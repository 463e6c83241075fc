"""The encoder: found or downloaded, read, and what it changes in an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bot.errors import SearchError
from bot.search import Embedding, Search
from bot.search.models import AUTO, local
from bot.search.transformer import Transformer, best_onnx
from storage import Store
from storage.corpus import Corpus
from storage.models import Batch, Paper
from tests.conftest import TUESDAY, MovedClock
from tests.encoder import make_encoder

SHARED = Path(__file__).parents[2] / "shared" / "data" / "models" / "all-MiniLM-L6-v2-int8"
PAPERS = (
    Paper(id="same", title="Automobile collision avoidance"),
    Paper(id="word", title="Wheat, grain, more wheat and one car"),
    Paper(id="grain", title="Grain and wheat"),
    Paper(id="sheaf", title="Sheaf, grain, wheat and a car"),
)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "encoder")


@pytest.fixture
async def search(tmp_path: Path, encoder: Path) -> AsyncIterator[Search]:
    with Store.open(tmp_path / "papers.db") as store:
        await store.keep(Batch(source="arxiv", papers=PAPERS), TUESDAY)
        made = Search(tmp_path / "papers.db", store, Embedding(str(encoder)))
        yield made
        await made.aclose()


@pytest.mark.parametrize(("pooled", "first_token"), [(False, False), (True, False), (False, True)])
def test_texts_that_mean_the_same_have_the_same_vector(
    tmp_path: Path, pooled: bool, first_token: bool
) -> None:
    read = Transformer(make_encoder(tmp_path / "made", pooled=pooled, first_token=first_token))
    rows = read.papers(["car crash", "automobile collision", "wheat"])
    assert rows[0] @ rows[1] == pytest.approx(1)
    assert rows[0] @ rows[2] == pytest.approx(0, abs=0.01)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1])


def test_texts_of_any_lengths_come_back_in_their_order(encoder: Path) -> None:
    read = Transformer(encoder)
    texts = [" ".join(["car", "wheat", "sheaf"][n % 3] for _ in range(1 + n % 7)) for n in range(50)]
    together = read.papers(texts)
    assert together.shape == (50, 6)
    for text, row in zip(texts, together, strict=True):
        assert read.queries([text])[0] @ row == pytest.approx(1, abs=1e-3)


def test_a_longer_text_than_the_encoder_reads_is_cut(encoder: Path) -> None:
    read = Transformer(encoder)
    assert read.papers(["car " * 10_000])[0] @ read.papers(["car"])[0] == pytest.approx(1)


async def test_the_encoder_orders_the_best_again_once_it_has_read_them(search: Search) -> None:
    await search.open_encoder()
    before = [paper.id for paper in (await search.search("car crash prevention")).papers]
    assert await search.encode(None) == len(PAPERS)
    after = [paper.id for paper in (await search.search("car crash prevention")).papers]
    assert before[0] != "same"
    assert after[0] == "same"


async def test_only_papers_that_matter_are_read_unless_all_are_asked_for(search: Search) -> None:
    day = date(2026, 8, 18)
    await search.store.keep(
        Batch(source="huggingface", papers=PAPERS[:1], day=day, listed=("same",)), TUESDAY
    )
    await search.open_encoder()
    assert await search.encode(day) == 1
    assert await search.encode(day) == 0
    assert await search.encode(None) == len(PAPERS) - 1


async def test_what_was_read_is_kept_and_read_again_only_when_the_words_change(search: Search) -> None:
    await search.open_encoder()
    await search.encode(None)
    await search.store.keep(
        Batch(source="arxiv", papers=(PAPERS[0].model_copy(update={"upvotes": 3}),)), TUESDAY
    )
    assert await search.encode(None) == 0
    changed = PAPERS[0].model_copy(update={"abstract": "Now with an abstract."})
    await search.store.keep(Batch(source="arxiv", papers=(changed,)), TUESDAY)
    assert await search.encode(None) == 1


async def test_another_model_reads_for_itself(search: Search, tmp_path: Path) -> None:
    await search.open_encoder()
    await search.encode(None)
    other = Transformer(make_encoder(tmp_path / "other", pooled=True))
    with Corpus.open(search.database) as corpus:
        assert corpus.count_without_vector(other.name, None) == len(PAPERS)


async def test_papers_the_encoder_has_not_read_stay_in_the_answer(search: Search) -> None:
    await search.open_encoder()
    await search.encode(None)
    late = Paper(id="late", title="A car crash on film")
    await search.store.keep(Batch(source="arxiv", papers=(late,)), TUESDAY)
    assert "late" in [paper.id for paper in (await search.search("car crash")).papers]


async def test_a_running_search_opens_its_encoder_and_reads_by_itself(
    search: Search, clock: MovedClock
) -> None:
    listed = Batch(
        source="huggingface", papers=PAPERS, day=TUESDAY.date(), listed=tuple(paper.id for paper in PAPERS)
    )
    await search.store.keep(listed, TUESDAY)
    running = asyncio.create_task(search.keep_fresh(0.02, clock))
    async with asyncio.timeout(60):
        while (await search.search("car crash prevention")).papers[0].id != "same":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await search.encode(None) == 0


def test_a_folder_without_a_model_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"tokenizer\.json and an ONNX model"):
        Transformer(tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_damaged_file_is_named_by_its_folder(encoder: Path, name: str) -> None:
    (encoder / name).write_bytes(b"not what it says")
    with pytest.raises(SearchError, match="can't be read"):
        Transformer(encoder)


async def test_an_encoder_that_cannot_be_had_leaves_static_vectors(tmp_path: Path) -> None:
    with Store.open(tmp_path / "papers.db") as store:
        await store.keep(Batch(source="arxiv", papers=PAPERS), TUESDAY)
        search = Search(tmp_path / "papers.db", store, Embedding(str(tmp_path / "nowhere")))
        assert "there is no folder" in await search.open_encoder()
        assert (await search.search("car")).papers
        await search.aclose()


async def test_a_model_that_the_hub_does_not_have_leaves_static_vectors(tmp_path: Path) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with Store.open(tmp_path / "papers.db") as store:
        search = Search(tmp_path / "papers.db", store, Embedding("nobody/nothing", address))
        assert "not on this machine" in await search.open_encoder()
        assert "can't be downloaded" in await search.open_encoder(fetch=True)
        await search.aclose()
    server.close()
    await server.wait_closed()


async def test_nothing_waits_for_a_download_that_hangs_not_even_the_end(tmp_path: Path) -> None:
    held: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.put_nowait(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with Store.open(tmp_path / "papers.db") as store:
        search = Search(tmp_path / "papers.db", store, Embedding("nobody/nothing", address))
        opening = asyncio.create_task(search.open_encoder(fetch=True))
        connection = await held.get()
        await store.keep(Batch(source="arxiv", papers=PAPERS), TUESDAY)
        assert (await search.search("car")).papers
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await search.aclose()
    connection.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            ["onnx/model.onnx", "onnx/model_O4.onnx", "onnx/model_quint8_avx2.onnx"],
            "onnx/model_quint8_avx2.onnx",
        ),
        (
            ["onnx/model.onnx", "onnx/model_qint8_avx512_vnni.onnx", "onnx/model_qint8_arm64.onnx"],
            "onnx/model.onnx",
        ),
        (["onnx/model.onnx", "onnx/model_quantized.onnx"], "onnx/model_quantized.onnx"),
        (["model_O2.onnx", "model.onnx"], "model.onnx"),
        (["decoder.onnx"], "decoder.onnx"),
        ([], None),
    ],
)
def test_the_smallest_model_that_every_processor_runs_is_used(files: list[str], expected: str | None) -> None:
    found = best_onnx([Path(name) for name in files])
    assert (found.as_posix() if found else None) == expected


def test_static_vectors_need_no_model_and_auto_names_one() -> None:
    assert Embedding("static").model == ""
    assert Embedding(AUTO).model == "sentence-transformers/all-MiniLM-L6-v2"


def test_a_folder_may_be_named_as_it_is(encoder: Path) -> None:
    assert local(Embedding(str(encoder))) == encoder


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_a_real_encoder_knows_what_means_the_same() -> None:
    rows = Transformer(SHARED).papers(
        ["Teaching robots to grasp", "Robotic manipulation by imitation", "Sheaf cohomology of schemes"]
    )
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
