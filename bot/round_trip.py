"""The day that `papers-bot try` plays in the terminal when it begins."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from bot.app import Bot
from bot.messages import VOTE
from bot.workspace import Message, Workspace

#: A whole edition takes about a second a message.
EDITION_PATIENCE = 180.0
TOPIC = "reasoning"


async def play(console: Console, slack: Workspace, bot: Bot, people: Sequence[str]) -> None:
    """What a team sees in a day: the edition, an answer, votes, and what they change; `people` are three user ids."""
    await slack.wait_for(lambda: slack.connections, timeout=30)
    (channel,) = bot.settings.papers_channels
    ada, ben, cleo = people

    console.rule("The morning's post in #papers")
    try:
        posts = await _edition(slack, bot, channel)
    except TimeoutError:
        console.print("No papers are listed for this morning; there is nothing to show.")
        return
    for post in posts:
        _show(console, slack, post)
    console.print(f"  ... and {len(slack.thread(channel, posts[0].ts))} more papers in the header's thread")

    console.rule(f"Ada types: /papers {TOPIC}")
    run = await slack.command(ada, channel, "/papers", TOPIC)
    _show(console, slack, await run.reply(timeout=30))

    liked = posts[-2:][0]
    console.rule("Ada reacts with fire, Ben with thumbs up, and Cleo presses Upvote")
    await slack.react(ada, channel, liked.ts, "fire")
    await slack.react(ben, channel, liked.ts, "+1::skin-tone-4")
    await slack.click(cleo, channel, liked.ts, VOTE)
    await slack.wait_for(lambda: "3 upvotes here" in liked.plain(), timeout=30)
    _show(console, slack, liked)

    console.rule("Ben types: /papers top week")
    run = await slack.command(ben, channel, "/papers", "top week")
    _show(console, slack, await run.reply(timeout=30))
    console.print(
        "Three votes here outweigh dozens on Hugging Face: the paper they liked is near the top now."
    )


async def _edition(slack: Workspace, bot: Bot, channel: str) -> list[Message]:
    """The channel's messages, once the whole edition is there."""
    await slack.wait_for(lambda: slack.messages(channel), timeout=30)
    edition = await bot.library.store.last_edition(slack.team_id, channel)
    planned = len(await bot.library.store.posts(edition)) if edition else 0
    header = slack.messages(channel)[0].ts
    await slack.wait_for(
        lambda: len(slack.messages(channel)) + len(slack.thread(channel, header)) == planned, EDITION_PATIENCE
    )
    return slack.messages(channel)


def _show(console: Console, slack: Workspace, message: Message) -> None:
    shown = message.plain()
    for channel in slack.state.channels.values():
        shown = shown.replace(f"#{channel.id}", f"#{channel.name}")
    console.print(Panel(Text(shown), width=min(console.width, 110)))
