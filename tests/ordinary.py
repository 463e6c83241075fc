"""Being somebody for whom permissions hold: root may write everywhere."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """Act as a user without privileges, who owns a folder that is gone afterwards."""
    root = os.geteuid() == 0
    # Not in pytest's folder, which nobody but its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="papers-bot-test-"))
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)
