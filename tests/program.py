"""The program as a person starts it: a process of its own, with nothing in its environment but what is given."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bot.workspace import Workspace
from tests.upstream import Upstream

#: Long enough for a busy machine; nothing passes or fails by being quick.
PATIENCE = 60.0
#: The program of this checkout, which another one's may be installed beside.
OURS = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).resolve().parents[1])}


async def until(holds: Callable[[], bool]) -> None:
    """Wait until this holds of what a thread or another process does, which sends no word of it."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


class Program:
    """A started `python -m bot`: what it printed until now, and how it ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.output = ""
        self.errors = ""
        self._more = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(stream, name))
            for stream, name in ((process.stdout, "output"), (process.stderr, "errors"))
        ]

    async def says(self, words: str) -> None:
        """Wait until it printed these words, anywhere."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.output + self.errors:
                assert self.process.returncode is None, f"ended without {words!r}: {self.errors}"
                self._more.clear()
                await self._more.wait()

    async def ended(self) -> int:
        """Its exit status, when it is gone and everything it printed is read."""
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._readers)
            return await self.process.wait()

    async def stopped(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        return await self.ended()

    async def _read(self, stream: asyncio.StreamReader | None, name: str) -> None:
        assert stream
        while chunk := await stream.read(65_536):
            setattr(self, name, getattr(self, name) + chunk.decode())
            self._more.set()
        self._more.set()


@asynccontextmanager
async def started(*arguments: str, folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Program]:
    """Run `python -m bot` with these arguments in `folder`; whatever is left of it at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=folder,
        env={**OURS, "PYTHONUNBUFFERED": "1", "COLUMNS": "120", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    program = Program(process)
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
        await program.ended()


def environment(slack: Workspace, upstream: Upstream, **more: str) -> dict[str, str]:
    """Settings for a bot in this workspace whose editions are due at any time of the day."""
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "HUGGINGFACE_URL": upstream.url,
        "HUGGINGFACE_TOKEN": "hf_abcdefghijklmnop",
        "ARXIV_URL": upstream.url,
        "ARXIV_RSS_URL": upstream.url,
        "PAPERS_ARXIV_CATEGORIES": "none",
        "PAPERS_EMBEDDING": "static",
        "PAPERS_POST_AT": "00:00",
        **more,
    }


def secrets_of(settings: Mapping[str, str]) -> list[str]:
    return [value for name, value in settings.items() if name.endswith(("TOKEN", "SECRET"))]
