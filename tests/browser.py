"""A real browser, and the bundled papers' bot in a local workspace for it to look at."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from bot import config, sample
from bot.app import Bot, open_bot
from bot.timing import Timing
from bot.trial import CHANNELS, MORNING, PEOPLE
from bot.workspace import MovableClock, Workspace
from handlers.manifest import manifest
from tests.conftest import QUICK, running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = "no Chromium is installed; on Debian `apt-get install chromium` brings one"
#: Without a sandbox, because that does not work for root, as which CI runs; nothing but our own page is opened.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: In milliseconds; much longer than anything takes.
PATIENCE = 30_000
_NOWHERE = "http://127.0.0.1:9"


@asynccontextmanager
async def opened_browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Trial(NamedTuple):
    """The bot with the bundled papers, and the workspace it is in."""

    slack: Workspace
    bot: Bot
    people: Mapping[str, str]
    channels: Mapping[str, str]

    def address(self, who: str, channel: str = "papers") -> str:
        return f"{self.slack.url}/c/{self.channels[channel]}?as={self.people[who]}"

    def next_morning(self) -> None:
        assert isinstance(self.slack.clock, MovableClock)
        self.slack.clock.to_next_morning()

    async def posted(self, day: date) -> None:
        """Wait until a day's edition is there to its last message."""
        listed = {json.loads(line)["id"] for line in sample.lines() if json.loads(line)["day"] == f"{day}"}
        await self.slack.wait_for(lambda: listed <= set(self.papers("papers")), PATIENCE / 1000)

    def papers(self, channel: str) -> list[str]:
        """The papers that were posted to a channel, in the order of posting; a header has an empty id."""
        found = self.slack.known_channel(self.channels[channel]).messages.values()
        return [message.metadata["event_payload"]["paper"] for message in found if message.metadata]


@asynccontextmanager
async def trial(folder: Path, timing: Timing = QUICK, *, limited: bool = False) -> AsyncIterator[Trial]:
    """What `papers-bot try` begins with where the sources are out of reach: the first edition is posted."""
    clock, app = MovableClock(datetime.combine(sample.days()[1], MORNING, UTC).timestamp()), manifest()
    async with Workspace(
        clock=clock,
        enforce_limits=limited,
        scopes=app["oauth_config"]["scopes"]["bot"],
        events=app["settings"]["event_subscriptions"]["bot_events"],
        slash_commands=app["features"]["slash_commands"],
        shortcuts=app["features"]["shortcuts"],
        unfurl_domains=app["features"]["unfurl_domains"],
        retry_delays=(0, 0.2),
    ) as slack:
        people = {name: slack.add_user(name.lower(), name) for name in PEOPLE}
        channels = {name: slack.add_channel(name, bot=bot) for name, _, bot in CHANNELS}
        for name, topic, _ in CHANNELS:
            slack.known_channel(channels[name]).topic = topic
        settings = _settings(slack, folder / "papers.db", channels["papers"])
        async with open_bot(settings, lambda: datetime.fromtimestamp(clock(), UTC), timing) as bot:
            await sample.keep(bot.library.store, bot.library.ingest)
            async with running(bot):
                here = Trial(slack, bot, people, channels)
                await here.posted(sample.days()[1])
                yield here


def _settings(slack: Workspace, database: Path, channel: str) -> config.Settings:
    return config.load(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
        huggingface_url=_NOWHERE,
        arxiv_url=_NOWHERE,
        arxiv_rss_url=_NOWHERE,
        papers_database=database,
        papers_channels=(channel,),
        papers_post_at=f"{MORNING:%H:%M}",
        papers_timezone="UTC",
        papers_embedding="static",
    )


def messages(page: Page) -> Locator:
    return page.locator("#messages article")


async def ask(page: Page, text: str) -> Locator:
    """Type into the channel's box and send; returns the answer that only this person sees."""
    before = await page.locator("#messages .ephemeral").count()
    box = page.locator("#composer textarea")
    await box.fill(text)
    # A form of the command may stand above the box; Enter sends what was typed.
    await box.press("Enter")
    answer = page.locator("#messages .ephemeral").nth(before)
    await answer.wait_for()
    return answer
