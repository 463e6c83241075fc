"""Files read line by line, compressed or not; none is ever held whole."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple, cast

from bot.errors import FileError, UsageError

#: In bytes; a longer line is no paper, and must not fill the memory.
LONGEST_LINE = 10_000_000
#: What the decompressors raise for data that is damaged or ends too early. OSError is gzip's and bz2's, and the disk's.
_DAMAGE = (EOFError, OSError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)


class Lines(NamedTuple):
    """A file being read: its lines; its size in bytes, compressed as it is, None for a pipe; and how many are read."""

    lines: Iterator[str]
    size: int | None
    position: Callable[[], int]


@contextmanager
def open_lines(path: str) -> Iterator[Lines]:
    """Open a file, or standard input for `-`; what it begins with, and not its name, says whether it is compressed.

    Raises OSError when it can't be opened. From `lines` come FileError where it is damaged, and UsageError for an
    archive that does not hold exactly one file of JSON.
    """
    with ExitStack() as closing:
        # Standard input stays open: it may be named twice.
        raw = sys.stdin.buffer if path == "-" else closing.enter_context(Path(path).open("rb"))
        raw = cast("io.BufferedReader", raw)
        size = _size(raw)
        yield Lines(_lines(raw), size, int if size is None else raw.tell)


def read_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The object on each line of JSON Lines that is not empty, and where it stands, for a person.

    Raises UsageError with that place for a line that holds no object, and where the file is damaged.
    """
    number = 0
    try:
        with open_lines(str(path)) as file:
            for number, line in enumerate(file.lines, start=1):
                if line.strip():
                    yield f"{path}, line {number}", _object(line, f"{path}, line {number}")
    except FileError as error:
        raise UsageError(f"{path}, line {number + 1}: {error}.") from error


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        # Some editors begin a file with a byte order mark.
        value = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise UsageError(f"{where}: not a JSON object.")
    return value


def _size(raw: io.BufferedReader) -> int | None:
    status = os.fstat(raw.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _lines(raw: io.BufferedReader) -> Iterator[str]:
    try:
        first = raw.peek(6)
        opener = next(opener for begins, opener in _OPENERS.items() if first.startswith(begins))
        with opener(raw) as file:
            while line := file.readline(LONGEST_LINE):
                yield line.decode("utf-8", "replace")
                # Of a line that is too long the beginning is enough, to say that it can't be read.
                while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
    except _DAMAGE as error:
        raise FileError(f"the file is damaged or cut off here ({error}); get it again") from error


def _member(raw: io.BufferedReader) -> io.BufferedIOBase:
    """The one file of a zip, or the only one of JSON in it."""
    if not raw.seekable():
        raise UsageError(
            "A zip can't be read from a pipe, because its table stands at its end; name the file."
        )
    try:
        archive = zipfile.ZipFile(raw)
        return cast("io.BufferedIOBase", archive.open(_only(archive.namelist())))
    except RuntimeError as error:  # a password, or a compression that Python lacks
        raise UsageError(f"The zip can't be opened: {error}. Unpack it first.") from error


def _only(names: Iterable[str]) -> str:
    # macOS adds a folder of its own.
    files = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
    found = [name for name in files if name.endswith((".json", ".jsonl"))] or files
    if len(found) != 1:
        raise UsageError(f"The zip holds {len(found)} files; unpack it and name the one to read.")
    return found[0]


#: What a compressed file begins with (RFC 1952, the .xz file format, bzip2, APPNOTE.TXT), and what opens it.
_OPENERS: dict[bytes, Callable[[io.BufferedReader], AbstractContextManager[io.BufferedIOBase]]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"\xfd7zXZ\x00": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
    b"PK": _member,
    b"": nullcontext,
}
