"""`python -m docs.screenshots`: the pictures of README.md, taken of the page that `papers-bot try` shows.

What stands in them is the bundled papers' first morning, so that they change only with the bot and the page.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, expect

from bot.mail.letter import Leaving, edition_letter
from bot.mail.mailing import items_of
from storage.mail_models import Mail, Rhythm
from tests.browser import CHROMIUM, MISSING, Trial, ask, messages, opened_browser, trial

IMAGES = Path(__file__).parent / "images"
SIZE: Any = {"width": 1100, "height": 760}
MAIL_SIZE: Any = {"width": 700, "height": 620}
#: Who reacts to the second paper, and how.
VOTES = {"Ada": "fire", "Ben": "+1", "Cleo": "rocket"}

Scene = Callable[[Page], Awaitable[None]]


async def edition(page: Page) -> None:
    await page.locator("#messages").evaluate("it => it.scrollTop = 0")


async def search(page: Page) -> None:
    answer = await ask(page, "/papers reasoning")
    await answer.evaluate("it => it.scrollIntoView()")


async def home(page: Page) -> None:
    """What is for somebody who has voted, and why."""
    await page.get_by_role("link", name="Home").click()
    await page.locator("[data-action-id=home_turn_for_you]").click()
    await expect(page.locator(".home-view h3")).to_have_text("For you")


async def hood(page: Page) -> None:
    """The panel of calls and deliveries, with one of them opened."""
    await edition(page)
    await page.locator("#tools-button").click()
    await page.locator("#panel-filter").fill("reaction_added rocket")
    await expect(page.locator("#entries summary")).to_have_count(1)
    await page.locator("#entries summary").click()


async def subscription(page: Page) -> None:
    """The modal of a topic, with the preview of what it would have brought."""
    await page.locator("#composer textarea").fill(
        "/papers subscribe language model -survey 08:30 Europe/Berlin"
    )
    await page.locator("#composer textarea").press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Preview").click()
    said = dialog.get_by_text("Over the last 14 days")
    await said.evaluate("it => it.scrollIntoView({block: 'center'})")


async def take() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with trial(Path(folder)) as here, opened_browser() as browser:
            await _vote(here)
            await _picture(here, browser, "edition-light", edition)
            await _picture(here, browser, "edition-dark", edition, "dark")
            await _picture(here, browser, "under-the-hood", hood)
            await _picture(here, browser, "home", home)
            await _picture(here, browser, "subscription", subscription)
            # Its answer stays in the channel.
            await _picture(here, browser, "search", search)
            await _mail(here, browser)


async def _vote(here: Trial) -> None:
    liked = here.slack.messages(here.channels["papers"])[1]
    for who, emoji in VOTES.items():
        await here.slack.react(here.people[who], liked.channel, liked.ts, emoji)
    await here.slack.wait_for(lambda: "3 upvotes here" in liked.plain(), timeout=30)


async def _picture(
    here: Trial, browser: Browser, name: str, scene: Scene, scheme: Literal["light", "dark"] = "light"
) -> None:
    window = await browser.new_context(viewport=SIZE, color_scheme=scheme)
    page = await window.new_page()
    await page.goto(here.address("Ada"))
    await expect(messages(page)).to_have_count(6)
    await scene(page)
    # Where the mouse and the cursor stand is no part of the picture.
    await page.mouse.move(0, 0)
    file = IMAGES / f"{name}.png"
    await page.screenshot(path=file, animations="disabled", caret="hide")
    await window.close()
    print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size / 1000:.0f} kB")


async def _mail(here: Trial, browser: Browser) -> None:
    """Ada's mail of the day, as a mail program shows it."""
    bot, day = here.bot, here.bot.clock().date()
    mail = Mail(
        team_id=bot.identity.team_id,
        user_id=here.people["Ada"],
        day=day,
        rhythm=Rhythm.DAILY,
        address="ada@example.org",
        planned_at=bot.clock(),
    )
    await bot.picking.pick(mail.user_id, mail.rhythm, day)
    items = await items_of(bot.library.store, bot.picking, mail)
    leaving = Leaving("Papers <papers@example.org>", "https://papers.example.org/mail/unsubscribe/secret")
    letter = edition_letter(mail, items, leaving, mail.planned_at, bot.identity.team)
    page = next(part for part in letter.walk() if part.get_content_type() == "text/html")
    window = await browser.new_context(viewport=MAIL_SIZE)
    shown = await window.new_page()
    await shown.set_content(page.get_content())
    file = IMAGES / "mail.png"
    await shown.screenshot(path=file, animations="disabled")
    await window.close()
    print(f"{file.relative_to(Path.cwd())}: {file.stat().st_size / 1000:.0f} kB")


def main() -> None:
    if CHROMIUM is None:
        sys.exit(f"No picture can be taken: {MISSING}.")
    asyncio.run(take())


if __name__ == "__main__":
    main()
