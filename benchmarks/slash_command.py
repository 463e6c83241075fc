"""A signed slash command over HTTP, from its first byte to the last of its ack.

The bot's own web app answers `/papers help` (the cheapest answer) and `/papers diffusion` (a search of the bundled
sample). Beside it stand an empty AsyncApp in its default mode, one with `process_before_response`, one of these
that answers each command with a sentence, and a bare aiohttp server. Each server is a process, the client is
another, and this one plays Slack: it takes every answer on its own `response_url`, and the run fails when one is
missing. One kept-alive connection, loaded in two ways: back to back, where the work after one ack competes with
the next command for the loop; and 20 ms apart, where the ack stands alone. CPU is the server's, for each command,
with its answer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.harness import Figures, Side, alternate, main, show
from benchmarks.load import (
    ANSWERING,
    BARE,
    BEFORE,
    BOT,
    DEFAULT,
    FORM,
    WARMUP,
    Server,
    filled_bot,
    load,
    servers,
    settings,
)
from bot.workspace import CommandRun, Workspace
from bot.workspace.payloads import command_payload

PAUSE = 0.02
PATIENCE = 60.0
SAMPLE = 60


class Commands:
    """Slash commands of one person in one channel."""

    def __init__(self, slack: Workspace) -> None:
        self.slack = slack
        self.user = slack.add_user("ada")
        self.channel = slack.add_channel("papers")

    def body(self, run: CommandRun, text: str) -> str:
        state = self.slack.state
        place, person = state.channels[self.channel], state.users[self.user]
        payload = command_payload(state, place, person, "/papers", text)
        return urlencode({**payload, "response_url": run.response_url, "trigger_id": run.trigger_id})

    async def send(
        self, server: Server, text: str, count: int, pause: float = 0.0, *, answers: bool = False
    ) -> Figures:
        runs = [self.slack.responses.start(self.user, self.channel) for _ in range(count + WARMUP)]
        bodies = [self.body(run, text) for run in runs]
        answered = partial(self.slack.wait_for, partial(all_answered, runs), PATIENCE) if answers else None
        figures = await load(server, bodies, FORM, pause, answered)
        self.slack.state.ephemerals.clear()
        return figures


def all_answered(runs: Sequence[CommandRun]) -> bool:
    refused = [reason for run in runs for reason in run.refused]
    if refused:
        raise RuntimeError(f"an answer was refused: {refused[0]}")
    return all(run.replies for run in runs)


async def measure(*, rounds: int = 9, requests: int = 300) -> None:
    """Measure and print; `requests` are those of each side in each round."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "papers.db"
        async with Workspace(enforce_limits=False) as slack:
            async with filled_bot(settings(slack.api_url, slack.bot_token, database), SAMPLE):
                pass
            commands = Commands(slack)
            async with servers(slack, database) as running:
                await _back_to_back(commands, running, rounds, requests)
                await _apart(commands, running, rounds, max(requests // 4, 1))


async def _back_to_back(commands: Commands, running: dict[str, Server], rounds: int, count: int) -> None:
    sides: dict[str, Side] = {
        f"{BOT}, /papers help": partial(commands.send, running[BOT], "help", count, answers=True),
        f"{BOT}, /papers diffusion": partial(commands.send, running[BOT], "diffusion", count, answers=True),
        # It waits 10 ms for every ack: fewer say as much.
        DEFAULT: partial(commands.send, running[DEFAULT], "help", max(count // 4, 1)),
        ANSWERING: partial(commands.send, running[ANSWERING], "help", count, answers=True),
        BEFORE: partial(commands.send, running[BEFORE], "help", count),
        BARE: partial(commands.send, running[BARE], "help", count),
    }
    show("Slash command to ack, back to back", await alternate(sides, rounds), BEFORE, "requests/s", "CPU ms")


async def _apart(commands: Commands, running: dict[str, Server], rounds: int, count: int) -> None:
    sides: dict[str, Side] = {
        f"{BOT}, /papers help": partial(commands.send, running[BOT], "help", count, PAUSE, answers=True),
        f"{BOT}, /papers diffusion": partial(
            commands.send, running[BOT], "diffusion", count, PAUSE, answers=True
        ),
        ANSWERING: partial(commands.send, running[ANSWERING], "help", count, PAUSE, answers=True),
        BEFORE: partial(commands.send, running[BEFORE], "help", count, PAUSE),
        BARE: partial(commands.send, running[BARE], "help", count, PAUSE),
    }
    show("Slash command to ack, 20 ms apart", await alternate(sides, rounds), BEFORE, "p50 ms", "CPU ms")


if __name__ == "__main__":
    main(measure)
