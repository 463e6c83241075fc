"""The page of the local workspace in a real browser, with the real bot behind it: what a person does there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, FilePayload, Locator, Page, expect

from bot import sample
from storage.models import Batch, Paper
from tests.browser import CHROMIUM, MISSING, Trial, ask, messages, opened_browser, trial

# One loop for the module, because a browser belongs to the loop that started it.
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason=MISSING),
    pytest.mark.asyncio(loop_scope="module"),
]

Opener = Callable[..., Awaitable[Page]]
HOSTILE = "<img src=x onerror=\"window.ran='img'\"><script>window.ran='script'</script>"
LINK = "<https://example.org|<svg/onload=alert(1)>> <javascript:alert(2)|press me>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with opened_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def here(tmp_path: Path) -> AsyncIterator[Trial]:
    async with trial(tmp_path) as started:
        yield started


@asynccontextmanager
async def watched(browser: Browser, **options: Any) -> AsyncIterator[tuple[BrowserContext, list[str]]]:
    """A browser's window, and what went wrong in it: errors of the script, broken rules, a dialog."""
    context, wrong = await browser.new_context(**options), []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(message.text)

    context.on("console", heard)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("dialog", lambda dialog: wrong.append(dialog.message))
    try:
        yield context, wrong
    finally:
        await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, here: Trial) -> AsyncIterator[Opener]:
    """Opens a channel as somebody, in a tab of one window; in the end nothing may have gone wrong in any."""
    async with watched(browser, viewport={"width": 1200, "height": 900}) as (context, wrong):

        async def opened(who: str = "Ada", channel: str = "papers") -> Page:
            page = await context.new_page()
            await page.goto(here.address(who, channel))
            return page

        yield opened
    assert wrong == []


def first_paper(page: Page) -> Locator:
    """The first message after the edition's header."""
    return messages(page).nth(1)


def reaction(message: Locator, emoji: str) -> Locator:
    return message.locator(f".reaction[data-react='{emoji}']")


def title(message: Locator) -> Locator:
    return message.locator(".block.section strong, .block.section a").first


async def add_reaction(message: Locator, emoji: str) -> None:
    await message.hover()
    await message.locator(f".tools [data-react='{emoji}']").click()


async def switch_to(page: Page, who: str) -> None:
    await page.get_by_title(f"Act as {who}").click()
    await expect(page.get_by_title(f"Act as {who}")).to_have_attribute("aria-current", "true")


async def trouble(page: Page, button: str, method: str = "chat.postMessage") -> None:
    """Ask for a fault under the hood."""
    if await page.locator("#tools").is_hidden():
        await page.locator("#tools-button").click()
    await page.locator("#faults select").select_option(method)
    await page.get_by_role("button", name=button).click()


async def test_the_edition_is_there_to_read(here: Trial, visit: Opener) -> None:
    page = await visit()
    await expect(messages(page)).to_have_count(6)
    await expect(messages(page).first).to_contain_text("Papers of Monday 22 December 2025")
    await expect(first_paper(page)).to_contain_text("upvotes on Hugging Face")
    await expect(first_paper(page).get_by_role("link", name="PDF")).to_have_attribute(
        "href", re.compile("^https://arxiv.org/pdf/")
    )


async def test_the_thread_of_the_header_has_the_other_papers(here: Trial, visit: Opener) -> None:
    page = await visit()
    replies = len(here.papers("papers")) - 6
    await messages(page).first.get_by_role("button", name=f"{replies} replies").click()
    await expect(page.locator("#replies article")).to_have_count(1 + replies)
    await page.locator("#reply-composer textarea").fill("which of these first?")
    await page.keyboard.press("Enter")
    await expect(page.locator("#replies article").last).to_contain_text("which of these first?")
    await expect(messages(page)).to_have_count(6)
    await page.get_by_label("Close the thread").click()
    await expect(page.locator("#thread")).to_have_count(0)


async def test_two_people_react_and_both_count(here: Trial, visit: Opener) -> None:
    page = await visit()
    await add_reaction(first_paper(page), "fire")
    await expect(reaction(first_paper(page), "fire")).to_have_text(re.compile(r"1\s*$"))
    await expect(first_paper(page)).to_contain_text("1 upvote here")
    await switch_to(page, "Ben")
    fire = reaction(first_paper(page), "fire")
    await expect(fire).to_have_attribute("aria-pressed", "false")
    await fire.click()
    await expect(fire).to_have_text(re.compile(r"2\s*$"))
    await expect(fire).to_have_attribute("title", "Ada and you")
    await expect(first_paper(page)).to_contain_text("2 upvotes here")
    await fire.click()
    await expect(first_paper(page)).to_contain_text("1 upvote here")


async def test_several_reactions_of_one_person_are_one_vote(visit: Opener) -> None:
    page = await visit()
    await add_reaction(first_paper(page), "fire")
    await first_paper(page).hover()
    await first_paper(page).get_by_label("Another reaction").click()
    await page.locator("#picker [data-pick='rocket']").click()
    await expect(reaction(first_paper(page), "rocket")).to_have_text(re.compile(r"1\s*$"))
    await first_paper(page).get_by_role("button", name="Upvote").click()
    await expect(first_paper(page)).to_contain_text("1 upvote here")


async def test_a_search_is_answered_and_pages_through_its_results(visit: Opener) -> None:
    page = await visit()
    answer = await ask(page, "/papers video")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer).to_contain_text("1–5 of")
    first = await title(answer).inner_text()
    await answer.get_by_role("button", name="More").click()
    await expect(answer).to_contain_text("6–10 of")
    assert await title(answer).inner_text() != first
    await answer.get_by_role("button", name="Back").click()
    await expect(answer).to_contain_text("1–5 of")
    assert await title(answer).inner_text() == first
    await switch_to(page, "Ben")
    await expect(messages(page)).to_have_count(6)


async def test_a_paper_is_saved_and_shared_and_its_message_found_again(visit: Opener) -> None:
    page = await visit(channel="reading-group")
    answer = await ask(page, "/papers today")
    await answer.get_by_role("button", name="Save").first.click()
    await expect(answer.get_by_role("button", name="Saved")).to_have_count(1)
    await answer.get_by_role("button", name="Share").first.click()
    shared = messages(page).filter(has_text="shared by @Ada")
    await expect(shared).to_have_count(1)
    for _ in range(3):
        saved = await ask(page, "/papers saved")
    await expect(shared).not_to_be_in_viewport()
    await saved.get_by_role("link", name="22 Dec").click()
    await expect(shared).to_be_in_viewport()
    await page.reload()
    await expect(shared).to_be_in_viewport()


async def test_the_menu_of_a_paper_says_why_and_what_is_asked_there_is_undone(
    here: Trial, visit: Opener
) -> None:
    page = await visit()
    await first_paper(page).get_by_label("More actions").click()
    await first_paper(page).get_by_role("button", name="Why this paper?").click()
    why = messages(page).filter(has_text="in all; an average paper has 0.")
    await expect(why).to_contain_text("in this channel's edition of 22 Dec: one of the best.")
    await expect(first_paper(page).get_by_role("button", name="Why this paper?")).to_be_hidden()
    await why.get_by_role("button", name="Less like this").click()
    said = messages(page).filter(has_text="Less like “")
    await said.get_by_role("button", name="Undo").click()
    await expect(messages(page).filter(has_text="Taken back")).to_have_count(1)
    await expect(said).to_have_count(0)
    await why.get_by_label("Mute…").select_option(index=1)
    await expect(messages(page).filter(has_text="are left out of /papers for me")).to_have_count(1)


async def test_a_pasted_link_is_previewed_and_a_reaction_on_it_is_a_vote_on_the_post(
    here: Trial, visit: Opener
) -> None:
    page, paper = await visit(channel="reading-group"), here.papers("papers")[1]
    box = page.locator("#composer textarea")
    await box.fill(f"did you read https://huggingface.co/papers/{paper}?")
    await box.press("Enter")
    linked = messages(page).filter(has_text="did you read")
    await expect(linked.locator(".attachment")).to_contain_text("posted in #papers on 22 Dec")
    await expect(linked.locator(".attachment")).to_contain_text("Reactions on this message count as votes")
    await add_reaction(linked, "fire")
    await expect(linked.locator(".attachment")).to_contain_text("1 upvote here")
    await linked.get_by_role("button", name="Upvote").click()
    post = await visit()
    await expect(first_paper(post)).to_contain_text("1 upvote here")


async def test_a_paper_is_submitted_from_the_composers_menu_and_taken_back(
    here: Trial, visit: Opener
) -> None:
    page, paper = await visit(), "2512.99999"
    known = Paper(id=paper, title="A paper nobody had listed")
    await here.bot.library.store.keep(Batch(source="arxiv", papers=(known,)), here.bot.clock())
    await page.locator("#composer").get_by_label("Shortcuts").click()
    await page.locator("#composer").get_by_role("button", name="Submit a paper").click()
    form = page.locator("dialog.modal")
    await expect(form).to_contain_text("Joins the next edition of")
    await form.get_by_role("button", name="Submit", exact=True).click()
    await expect(form.get_by_role("alert").first).to_be_visible()
    await form.get_by_label("Paper", exact=True).last.fill(f"arxiv.org/abs/{paper}")
    await form.get_by_role("button", name="Submit", exact=True).click()
    await expect(form).to_contain_text("“A paper nobody had listed” joins the next edition of #papers")
    await form.get_by_role("button", name="Undo").click()
    await expect(form).to_contain_text("Taken back")


async def test_a_posts_menu_saves_it_and_opens_its_discussion(visit: Opener) -> None:
    page = await visit()

    async def choose(shortcut: str) -> None:
        await first_paper(page).hover()
        await first_paper(page).get_by_label("Shortcuts").click()
        await first_paper(page).locator(".tools").get_by_role("button", name=shortcut).click()

    await choose("Save paper")
    await messages(page).filter(has_text="for you alone").get_by_role("button", name="Undo").click()
    await choose("Discuss")
    await expect(messages(page).filter(has_text="begins in the thread of this message")).to_have_count(1)
    await first_paper(page).get_by_role("button", name="1 reply").click()
    await expect(page.locator("#replies article").last).to_contain_text("To begin with")


async def test_the_menu_of_the_last_paper_of_a_page_can_be_reached(visit: Opener) -> None:
    page = await visit(channel="reading-group")
    answer = await ask(page, "/papers today")
    await answer.get_by_label("More actions").last.click()
    last = answer.get_by_role("button", name="Mute an author or a topic…").last
    await last.click()
    await expect(messages(page).last).to_contain_text("do you not want to see again?")


async def test_a_link_to_a_paper_opens_it_and_is_told_to_the_bot(here: Trial, visit: Opener) -> None:
    page = await visit()
    # Nothing outside this machine is asked.
    await page.context.route("https://arxiv.org/**", lambda route: route.fulfill(body="the paper"))
    link = first_paper(page).get_by_role("link", name="Read")
    async with page.context.expect_page() as opened:
        await link.click()
    assert (await opened.value).url == await link.get_attribute("href")
    team, ada, now = here.bot.identity.team_id, here.people["Ada"], here.bot.clock()
    [paper] = here.papers("papers")[1:2]
    await here.slack.wait_for(
        lambda: any(it.kind == "interactive" and it.acked for it in here.slack.deliveries)
    )
    signals = await here.bot.library.store.signals_of_person(team, ada, now)
    assert [signal.paper_id for signal in signals if signal.kind == "opened"] == [paper]


async def test_a_bibtex_file_is_sent_to_the_bot_and_saved_papers_come_back_as_one(visit: Opener) -> None:
    page = await visit()
    answer = await ask(page, "/papers today")
    await answer.locator("[data-action-id='save']").first.click()
    await expect(answer.locator("[data-action-id='save']").first).to_contain_text("Saved")
    await ask(page, "/papers export bibtex")
    await page.locator(".sidebar a", has_text="Messages").click()
    card = messages(page).locator("a.file")
    await expect(card).to_contain_text("saved-papers.bib")
    async with page.expect_download() as downloading:
        await card.click()
    saved = await asyncio.to_thread(Path(await (await downloading.value).path()).read_bytes)
    assert (await downloading.value).suggested_filename == "saved-papers.bib"
    assert saved.startswith(b"@misc{")
    file = FilePayload(name="mine.bib", mimeType="text/plain", buffer=saved)
    await page.locator("#composer input[type='file']").set_input_files(file)
    await expect(messages(page).locator("a.file").nth(1)).to_contain_text("mine.bib")
    await expect(messages(page).last).to_contain_text("to your taste")


async def test_a_picture_of_the_bot_is_seen_with_its_description(here: Trial, visit: Opener) -> None:
    picture = (Path(__file__).parent.parent / "docs" / "images" / "search.png").read_bytes()
    page = await visit()
    await here.bot.surfaces.upload(
        here.channels["papers"], "week.png", picture, title="The week", alt_text="Three lines that rise"
    )
    image = messages(page).last.get_by_role("img", name="Three lines that rise")
    await image.scroll_into_view_if_needed()
    await expect(image).to_be_visible()
    await page.wait_for_function("document.querySelector('.picture img').naturalWidth > 100")


async def test_forget_me_asks_twice_and_then_forgets(browser: Browser, here: Trial) -> None:
    async with watched(browser) as (context, told):
        page = await context.new_page()
        await page.goto(here.address("Ada"))
        await add_reaction(first_paper(page), "fire")
        await expect(first_paper(page)).to_contain_text("1 upvote here")
        question = await ask(page, "/papers forget-me")
        page.once("dialog", lambda dialog: dialog.dismiss())
        await question.locator("[data-action-id='forget_me']").click()
        page.once("dialog", lambda dialog: dialog.accept())
        await question.locator("[data-action-id='forget_me']").click()
        await expect(question).to_contain_text("Forgotten: 1 reaction")
        await expect(first_paper(page)).not_to_contain_text("1 upvote here")
    assert told == ["Your votes, saved papers and taste are deleted. It can't be undone."] * 2


async def test_the_app_has_a_home_tab(visit: Opener) -> None:
    page = await visit()
    await page.get_by_role("link", name="Home").click()
    await expect(page.locator("h1")).to_have_text("Papers · Home")
    await expect(page.locator("#home-view")).to_be_visible()
    await expect(page.locator("form.composer")).to_have_count(0)


async def test_home_is_read_voted_on_and_searched(visit: Opener) -> None:
    page = await visit()
    await page.get_by_role("link", name="Home").click()
    home = page.locator(".home-view")
    await expect(home.locator("h3")).to_have_text("Papers of Monday 22 December 2025")
    await expect(home).to_contain_text("The edition of #papers")
    await home.locator("[data-action-id=home_vote]").first.click()
    await expect(home.locator("[data-action-id=home_vote]").first).to_have_text("👍 Upvote  1")
    await home.locator("[data-action-id=home_save]").first.click()
    await home.get_by_role("button", name="📝 Note").click()
    modal = page.locator("dialog.modal")
    await modal.locator("textarea").fill("for Friday")
    await modal.get_by_role("button", name="Save").click()
    await expect(home).to_contain_text("📝 for Friday")
    await home.locator("[data-action-id=home_turn_saved]").click()
    box = home.get_by_label("Search your saved papers and notes").locator("input")
    await box.fill("friday")
    await box.press("Enter")
    await expect(home).to_contain_text("1 of 1 paper for “friday”")
    await home.get_by_role("button", name="Show all").click()
    await expect(home.locator("[data-action-id=home_search]")).to_have_value("")
    await expect(home.locator("[data-action-id=home_vote]")).to_have_count(1)


async def test_home_follows_a_reaction_in_another_page(visit: Opener) -> None:
    page, channel = await visit(), await visit()
    await page.get_by_role("link", name="Home").click()
    votes = page.locator("[data-action-id=home_vote]")
    await expect(votes.first).to_have_text("👍 Upvote")
    await add_reaction(first_paper(channel), "+1")
    await expect(votes.first).to_have_text("👍 Upvote  1")


async def test_why_and_settings_stand_on_home(visit: Opener) -> None:
    page = await visit()
    await page.get_by_role("link", name="Home").click()
    home = page.locator(".home-view")
    await home.locator("details.menu summary").first.click()
    await home.get_by_role("button", name="Why this paper?").first.click()
    modal = page.locator("dialog.modal")
    await expect(modal).to_contain_text("in this channel's edition of")
    await modal.get_by_role("button", name="Close").first.click()
    await expect(modal).to_have_count(0)
    await home.locator("[data-action-id=home_turn_settings]").click()
    await home.get_by_role("button", name="Hide what I have read").click()
    await expect(home).to_contain_text("From now on your lists leave out what you have read")
    await expect(home.get_by_role("button", name="Show what I have read")).to_be_visible()


async def test_a_vote_shows_in_every_open_page(browser: Browser, here: Trial, visit: Opener) -> None:
    ada = await visit()
    async with watched(browser) as (window, wrong):
        ben = await window.new_page()
        await ben.goto(here.address("Ben"))
        await ada.bring_to_front()
        await first_paper(ada).get_by_role("button", name="Upvote").click()
        for page in (ada, ben):
            await expect(first_paper(page)).to_contain_text("1 upvote here")
            await expect(first_paper(page).get_by_role("button", name="Upvote")).to_contain_text("1")
    assert wrong == []


async def test_no_vote_is_lost_or_doubled_by_faults(here: Trial, visit: Opener) -> None:
    page = await visit()
    await trouble(page, "Deliver twice")
    await expect(page.locator("#trouble")).to_contain_text("delivered twice")
    await add_reaction(first_paper(page), "fire")
    await expect(first_paper(page)).to_contain_text("1 upvote here")
    await trouble(page, "Drop an ack")
    await trouble(page, "Drop the socket")
    await switch_to(page, "Ben")
    await first_paper(page).get_by_role("button", name="Upvote").click()
    await switch_to(page, "Cleo")
    await reaction(first_paper(page), "fire").click()
    await expect(first_paper(page)).to_contain_text("3 upvotes here")
    await expect(page.locator("#trouble")).to_have_text(re.compile(r"^\s*The bot has 1 socket open\.\s*$"))


async def test_an_edition_is_whole_although_posting_is_rate_limited(here: Trial, visit: Opener) -> None:
    page = await visit()
    before = here.papers("papers")
    await trouble(page, "Rate-limit 3 calls")
    await trouble(page, "500 after work")
    await page.get_by_role("button", name="Next morning").click()
    await expect(page.locator("#messages")).to_contain_text("Papers of Tuesday 23 December 2025")
    await here.posted(sample.days()[2])
    posted = here.papers("papers")[len(before) :]
    assert len(posted) == len(set(posted)) > 6
    await expect(messages(page)).to_have_count(12)
    await expect(page.locator("#entries")).to_contain_text("429")


async def test_votes_change_the_order_of_the_next_days(here: Trial, visit: Opener) -> None:
    page = await visit()
    liked = messages(page).nth(5)
    name = await title(liked).inner_text()
    for count, who in enumerate(here.people, 1):
        await switch_to(page, who)
        await add_reaction(liked, "fire")
        await expect(reaction(liked, "fire")).to_have_text(re.compile(rf"{count}\s*$"))
    await expect(liked).to_contain_text("3 upvotes here")
    await page.get_by_role("button", name="Next morning").click()
    await expect(page.locator("#clock")).to_contain_text("Tue 23 Dec 2025, 09:0")
    await expect(page.locator("#messages")).to_contain_text("Papers of Tuesday 23 December 2025")
    answer = await ask(page, "/papers top week")
    await expect(answer).to_contain_text("Top papers of the week")
    shown = await answer.locator(".content").inner_text()
    known = "posted in #papers on 22 Dec, 3 upvotes"
    assert shown.index(name) < shown.index(known) < shown.index("upvotes on Hugging Face")


async def test_arrows_choose_among_the_forms_of_the_command(visit: Opener) -> None:
    page = await visit(channel="reading-group")
    box, forms = page.locator("#composer textarea"), page.locator("#composer .completion")
    await expect(box).to_be_focused()
    await page.keyboard.type("/papers to")
    await expect(forms.locator("li:visible")).to_have_text(
        [re.compile("/papers today"), re.compile("top week")]
    )
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(box).to_have_attribute("aria-activedescendant", re.compile("form"))
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("/papers top week")
    await expect(forms).to_be_hidden()
    await expect(messages(page)).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(messages(page)).to_have_count(1)
    await expect(box).to_have_value("")


async def test_escape_closes_the_completion_and_keeps_what_was_typed(visit: Opener) -> None:
    page = await visit(channel="reading-group")
    await page.keyboard.type("/papers to")
    await expect(page.locator("#composer .completion")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#composer .completion")).to_be_hidden()
    await expect(page.locator("#composer textarea")).to_have_value("/papers to")


async def test_shift_and_enter_is_a_new_line(visit: Opener) -> None:
    page = await visit(channel="reading-group")
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await expect(messages(page)).to_have_count(1)
    await expect(messages(page)).to_contain_text(re.compile(r"one\s*two"))


async def call(here: Trial, method: str, **arguments: Any) -> dict[str, Any]:
    """What another app with the bot's token would do."""
    headers, address = {"Authorization": f"Bearer {here.slack.bot_token}"}, here.slack.api_url + method
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(address, json=arguments) as response,
    ):
        answer: dict[str, Any] = await response.json()
    assert answer["ok"], answer
    return answer


def said(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": text}


async def test_escape_closes_a_modal(here: Trial, visit: Opener) -> None:
    page = await visit()
    ada = here.people["Ada"]
    words = {"type": "plain_text_input", "action_id": "words"}
    view = {
        "type": "modal",
        "title": said("plain_text", "A topic"),
        "blocks": [{"type": "input", "label": said("plain_text", "Words"), "element": words}],
        "submit": said("plain_text", "Save"),
    }
    await call(here, "views.open", trigger_id=here.slack.state.new_trigger(ada), view=view)
    await expect(page.get_by_role("dialog")).to_contain_text("A topic")
    await expect(page.get_by_role("textbox", name="Words")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert here.slack.open_view(ada) is None


async def test_a_topic_is_subscribed_in_a_modal_that_shows_what_it_would_have_brought(
    here: Trial, visit: Opener
) -> None:
    page = await visit(channel="reading-group")
    box = page.locator("#composer textarea")
    await box.fill("/papers subscribe diffusion")
    await box.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("New subscription")
    await expect(dialog.get_by_role("textbox", name="Topic")).to_have_value("diffusion")
    await dialog.get_by_role("textbox", name="Topic").fill("language model")
    await dialog.get_by_label("Sunday").uncheck()
    await dialog.get_by_role("button", name="Preview").click()
    await expect(dialog).to_contain_text("Over the last 14 days this would have posted")
    await expect(dialog).to_contain_text(re.compile(r"about [0-9.]+ a week"))
    # What was filled in stays as it was.
    await expect(dialog.get_by_role("textbox", name="Topic")).to_have_value("language model")
    await expect(dialog.get_by_label("Sunday")).not_to_be_checked()
    await dialog.get_by_role("textbox", name="Time zone").fill("Mars")
    await dialog.get_by_role("button", name="Subscribe").click()
    await expect(dialog).to_contain_text("I don't know this time zone.")
    await dialog.get_by_role("textbox", name="Time zone").fill("Europe/Berlin")
    await dialog.get_by_role("button", name="Subscribe").click()
    await expect(dialog).to_have_count(0)
    await expect(messages(page).filter(has_text="Subscribed: “language model”")).to_have_count(1)
    answer = await ask(page, "/papers subscriptions")
    await expect(answer).to_contain_text("“language model”")
    await answer.get_by_role("button", name="Delete").click()
    note = messages(page).filter(has_text="“language model” is deleted.")
    await expect(note).to_have_count(1)
    assert await here.bot.library.store.topics(here.bot.identity.team_id) == []


async def test_a_hostile_title_runs_nothing(here: Trial, visit: Opener) -> None:
    page = await visit()
    where = here.channels["papers"]
    blocks = [
        {"type": "header", "text": said("plain_text", HOSTILE)},
        {"type": "section", "text": said("mrkdwn", f"{HOSTILE} {LINK}")},
        {"type": "section", "text": said("mrkdwn", f"*{HOSTILE}*"), "fields": [said("plain_text", HOSTILE)]},
        {"type": "actions", "elements": [{"type": "button", "text": said("plain_text", HOSTILE[:75])}]},
    ]
    await call(here, "chat.postMessage", channel=where, text=HOSTILE, blocks=blocks)
    await page.locator("#composer textarea").fill(HOSTILE)
    await page.keyboard.press("Enter")
    await expect(messages(page)).to_have_count(8)
    for _ in ("as it came", "as a page is drawn"):
        await expect(messages(page).nth(6)).to_contain_text(HOSTILE)
        await expect(messages(page).nth(7)).to_contain_text(HOSTILE)
        assert await page.evaluate("window.ran") is None
        assert await page.locator("#messages script, #messages img[src='x'], #messages svg").count() == 0
        assert await page.locator("#messages a[href^='javascript']").count() == 0
        await page.reload()


async def test_a_reload_keeps_the_votes_the_answers_and_the_draft(visit: Opener) -> None:
    page = await visit("Ben")
    await add_reaction(first_paper(page), "heart")
    await expect(first_paper(page)).to_contain_text("1 upvote here")
    await ask(page, "/papers video")
    await page.locator("#composer textarea").fill("half a thought")
    await page.reload()
    await expect(page.get_by_title("Act as Ben")).to_have_attribute("aria-current", "true")
    await expect(first_paper(page)).to_contain_text("1 upvote here")
    await expect(messages(page)).to_have_count(7)
    await expect(page.locator("#composer textarea")).to_have_value("half a thought")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_is_wider_than_a_phone(browser: Browser, here: Trial, scheme: str) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    async with watched(browser, **phone) as (window, wrong):
        page = await window.new_page()
        await page.goto(here.address("Ada"))
        await ask(page, "/papers video")
        for path in ("", f"&thread={here.slack.messages(here.channels['papers'])[0].ts}"):
            await page.goto(here.address("Ada") + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360
            lists = "[...document.querySelectorAll('.scroll')].filter(it => it.scrollWidth > it.clientWidth)"
            assert await page.evaluate(f"{lists}.map(it => it.id)") == []
        await page.goto(here.address("Ada"))
        await page.locator("#menu-button").click()
        await page.get_by_role("link", name="reading-group").click()
        await expect(page.locator("h1")).to_have_text("#reading-group")
    assert wrong == []


async def test_messages_that_arrive_leave_the_reader_where_they_are(here: Trial, visit: Opener) -> None:
    page = await visit()
    await page.locator("#messages").evaluate("it => it.scrollTop = 0")
    top = await messages(page).first.bounding_box()
    await here.slack.say(here.people["Ben"], here.channels["papers"], "look at this")
    await expect(messages(page)).to_have_count(7)
    assert await messages(page).first.bounding_box() == top
