"""One `papers-bot run` to a database, unless several replicas are meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import StoreError


@contextmanager
def only_one(database: Path) -> Iterator[None]:
    """Hold the lock beside the database, which the system takes back from a process that is killed.

    Raises StoreError with what to do when another process holds it, or it can't be made.
    """
    # By its one true name, however the settings of the two spell it.
    path = database.resolve()
    file = path.with_name(f"{path.name}.lock")
    if not file.parent.is_dir():
        # The lock would make the folder, and hide a slip of the keyboard.
        raise StoreError(
            f"There is no folder {file.parent}. Make it, or choose another file with PAPERS_DATABASE."
        )
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout as held:
        raise StoreError(
            f"Another papers-bot runs on {path}: it holds {file}. Stop that one first (`fuser {file}` names its "
            "process), or set PAPERS_REPLICAS=on for both when several are meant."
        ) from held
    except OSError as error:
        raise StoreError(
            f"{file} can't be written to: {error.strerror}. Let the user that runs papers-bot write to the folder."
        ) from error
    try:
        yield
    finally:
        lock.release()
