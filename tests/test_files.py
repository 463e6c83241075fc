"""Files as they come: plain or compressed, whole or damaged."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import FileError, UsageError
from bot.files import LONGEST_LINE, open_lines

TEXT = "one\ntwo, with an é\nand a third"


def zipped(data: bytes, *names: str, others: bytes = b"{}") -> bytes:
    """A zip of `data` under the first name, and of something else under the others."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("arxiv-metadata-oai-snapshot.json",):
            archive.writestr(name, others if name in names[1:] else data)
    return made.getvalue()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zip": zipped,
}
form = pytest.mark.parametrize("pack", FORMS.values(), ids=FORMS)


def written(folder: Path, data: bytes) -> str:
    # The name says nothing of what the file is.
    path = folder / "papers.dat"
    path.write_bytes(data)
    return str(path)


@form
def test_lines_are_read_whatever_the_file_is_packed_with(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    packed = pack(TEXT.encode())
    with open_lines(written(tmp_path, packed)) as file:
        assert list(file.lines) == TEXT.splitlines(keepends=True)
        assert file.size == len(packed)
        assert 0 < file.position() <= len(packed)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zipped])
@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_a_damaged_file_is_read_until_the_damage_or_refused(
    tmp_path_factory: pytest.TempPathFactory, pack: Callable[[bytes], bytes], seed: int
) -> None:
    chance = random.Random(seed)
    lines = [f"{chance.randbytes(40).hex()}\n" for _ in range(200)]
    packed = bytearray(pack("".join(lines).encode()))
    if chance.random() < 0.5:
        del packed[chance.randrange(6, len(packed)) :]
    else:
        packed[chance.randrange(6, len(packed))] ^= 1 << chance.randrange(8)
    folder = tmp_path_factory.mktemp("damaged")
    with (
        contextlib.suppress(FileError, UsageError),
        open_lines(written(folder, bytes(packed))) as file,
    ):
        # Only damage that nothing in the format could show may go unnoticed.
        assert list(file.lines) == lines


def test_the_one_file_of_json_in_a_zip_is_read(tmp_path: Path) -> None:
    packed = zipped(TEXT.encode(), "data/arxiv.json", "README.txt", "__MACOSX/._arxiv.json")
    with open_lines(written(tmp_path, packed)) as file:
        assert "".join(file.lines) == TEXT


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (zipped(b"{}", "a.json", "b.json"), "holds 2 files; unpack it"),
        (zipped(b"{}", "a.txt", "b.txt"), "holds 2 files; unpack it"),
        (zipped(b"{}", "folder/"), "holds 0 files"),
        # The flag of a password, at its two places.
        (zipped(b"{}").replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
         .replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"), "Unpack it first"),
    ],
)  # fmt: skip
def test_a_zip_that_leaves_open_what_to_read_is_refused(packed: bytes, said: str, tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=said),
        open_lines(written(tmp_path, packed)) as file,
    ):
        list(file.lines)


def test_a_zip_that_was_cut_off_is_damaged(tmp_path: Path) -> None:
    with (
        pytest.raises(FileError, match="damaged or cut off"),
        open_lines(written(tmp_path, zipped(TEXT.encode())[:60])) as file,
    ):
        list(file.lines)


def test_a_line_without_end_is_cut_and_the_next_one_read(tmp_path: Path) -> None:
    text = "x" * (2 * LONGEST_LINE + 1) + "\nnext\n"
    with open_lines(written(tmp_path, gzip.compress(text.encode(), 1))) as file:
        assert [len(line) for line in file.lines] == [LONGEST_LINE, len("next\n")]


def test_letters_that_are_no_utf_8_cost_no_line(tmp_path: Path) -> None:
    with open_lines(written(tmp_path, b"caf\xe9\nnext")) as file:
        assert list(file.lines) == ["caf\ufffd\n", "next"]
