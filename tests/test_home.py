"""The Home tab, over the wire: what it shows, and what each press on it does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.app import Bot
from bot.messages import (
    EDIT_SUBSCRIPTION,
    NEW_SUBSCRIPTION,
    SUBSCRIPTION_DELETE,
    SUBSCRIPTION_TURN,
    SUBSCRIPTION_UNDO,
    VOTE,
)
from bot.messages.home import place
from bot.messages.home.place import Spot, Tab, switch_value
from bot.workspace import Workspace
from storage.models import Click, ReadingGroup, Save
from tests.conftest import TUESDAY, running
from tests.editions import list_day, papers_in, posted, subscribe, tick
from tests.looking import Looking
from tests.test_alerts import follow
from tests.upstream import Upstream

TODAY = TUESDAY.date()
PUBLISH = "views.publish"


@pytest.fixture
def reading(slack: Workspace) -> str:
    return slack.add_channel("reading")


@pytest.fixture
def ada(slack: Workspace, reading: str) -> Looking:
    return Looking(slack, slack.add_user("ada"))


@pytest.fixture
async def listed(bot: Bot, upstream: Upstream) -> list[str]:
    """Three papers of today, known to the bot; no channel wants an edition."""
    ids = list_day(upstream, TODAY, 3)
    await bot.library.ingest.ensure_day(TODAY)
    return ids


@pytest.fixture
async def here(bot: Bot, ada: Looking, listed: list[str]) -> AsyncIterator[list[str]]:
    """The bot listening, and Ada looking at her Home with today's three papers."""
    async with running(bot):
        await ada.open()
        yield listed


# --- what it shows ----------------------------------------------------------------------------------------------


async def test_it_shows_todays_edition_of_ones_own_channels_in_its_order(
    bot: Bot, slack: Workspace, ada: Looking, reading: str, upstream: Upstream
) -> None:
    list_day(upstream, TODAY, 3)
    await subscribe(bot, reading, created_by=ada.user_id)
    await tick(bot)
    async with running(bot):
        text = await ada.open()
    assert "Papers of Tuesday 18 August 2026" in text
    assert f"The edition of <#{reading}>" in json.dumps(ada.blocks)
    assert ada.papers() == papers_in(slack, reading)[1:]


async def test_it_says_nothing_of_channels_that_one_is_not_in(
    bot: Bot, slack: Workspace, ada: Looking, listed: list[str]
) -> None:
    ben = slack.add_user("ben")
    secret = slack.add_channel("secret", private=True, members=[ben])
    await subscribe(bot, secret, created_by=ben)
    await tick(bot)
    async with running(bot):
        text = await ada.open()
        assert "No edition in your channels" in text
        assert ada.papers() == listed
        assert "None of your channels" in await ada.turn("channels")
    assert secret not in json.dumps(slack.home(ada.user_id))


async def test_what_came_since_the_last_visit_is_marked_as_new_until_the_visit_after(
    bot: Bot, slack: Workspace, ada: Looking, reading: str, upstream: Upstream
) -> None:
    list_day(upstream, TODAY, 2)
    await subscribe(bot, reading, created_by=ada.user_id)
    async with running(bot):
        await slack.wait_for(lambda: len(papers_in(slack, reading)) == 3)
        assert "new since" not in await ada.open()
        await bot.library.store.record_visit(slack.team_id, ada.user_id, 0)
        bot.library.store.write("UPDATE visits SET since = 5, seen_at = 5", {})
        text = await ada.open()
        assert "🆕 2 new since your last visit" in text
        assert text.count("🆕 Paper") == 2
        # Coming back a minute later is the same visit.
        assert "🆕 2 new" in await ada.open()


async def test_days_are_leafed_through(bot: Bot, ada: Looking, here: list[str], upstream: Upstream) -> None:
    before = list_day(upstream, TODAY - timedelta(days=3), 2)
    await bot.library.ingest.ensure_day(TODAY - timedelta(days=3))
    await ada.open()
    assert ada.labels(f"{place.TURN}_after") == []
    text = await ada.turn("before")
    assert "Papers of Saturday 15 August 2026" in text
    assert ada.papers() == before
    assert ada.labels(f"{place.TURN}_before") == []
    await ada.turn("after")
    assert ada.papers() == here


async def test_pages_are_leafed_through_and_keep_their_order(
    bot: Bot, ada: Looking, upstream: Upstream
) -> None:
    ids = list_day(upstream, TODAY, 23)
    await bot.library.ingest.ensure_day(TODAY)
    async with running(bot):
        await ada.open()
        first = ada.papers()
        await ada.press(place.VOTE, first[3])
        await ada.turn("more")
        second = ada.papers()
        await ada.turn("more")
        assert sorted([*first, *second, *ada.papers()]) == sorted(ids)
        await ada.turn("back")
        assert ada.papers() == second


async def test_the_first_day_is_read_for_whoever_looks_before_there_is_anything(
    bot: Bot, ada: Looking, upstream: Upstream
) -> None:
    ids = list_day(upstream, TODAY, 2)
    async with running(bot):
        await ada.open()
        await ada.shows("Papers of Tuesday")
        assert ada.papers() == ids


async def test_each_empty_section_says_how_to_fill_it(bot: Bot, ada: Looking) -> None:
    async with running(bot):
        assert "I am reading today's list" in await ada.open()
        assert "Nothing for you at the moment" in await ada.turn("for_you")
        assert "You have saved no papers yet" in await ada.turn("saved")
        assert "None of your channels" in await ada.turn("channels")
        assert "Nothing to count yet" in await ada.turn("stats")
        assert "Papers you have read" in await ada.turn("settings")


async def test_for_you_says_why_and_keeps_its_order_while_one_votes_in_it(
    ada: Looking, here: list[str]
) -> None:
    text = await ada.turn("for_you")
    assert "I don't know your taste yet" in text
    assert "Why: " in text.replace("_", "")
    order = ada.papers()
    await ada.press(place.VOTE, order[1])
    assert ada.papers() == order
    await ada.turn("for_you")
    assert order[1] not in ada.papers()
    assert "by what you upvoted and saved" in ada.text


async def test_channels_and_numbers_are_told(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    await subscribe(bot, reading, created_by=ada.user_id)
    await bot.library.store.set_weekly(slack.team_id, reading, "friday 16:00")
    bot.members.forget(ada.user_id)
    text = await ada.turn("channels")
    assert "every day at 09:00" in text
    assert "Round-up of the week: Friday, 16:00" in text
    store, at = bot.library.store, TUESDAY.timestamp() - 5
    await store.record_click(
        Click(team_id=slack.team_id, paper_id=here[0], user_id=ada.user_id, click_id="1", clicked_at=at)
    )
    await store.record_click(
        Click(team_id=slack.team_id, paper_id=here[1], user_id=ada.user_id, click_id="1", clicked_at=5)
    )
    text = await ada.turn("stats")
    assert "2 votes" in text
    assert "▁▁▁▁▁▁▁▇  0, 0, 0, 0, 0, 0, 0, 1" in text.replace("`", "")


# --- what is pressed --------------------------------------------------------------------------------------------


async def test_a_vote_is_stored_shown_and_taken_back_by_the_same_button(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    await ada.press(place.VOTE, here[1])
    assert ada.labels(place.VOTE) == ["👍 Upvote", "👍 Upvote  1", "👍 Upvote"]
    assert await bot.library.store.vote_of(slack.team_id, ada.user_id, here[1]) == 1
    await ada.press(place.VOTE, here[1])
    assert ada.labels(place.VOTE)[1] == "👍 Upvote"
    assert await bot.library.store.vote_of(slack.team_id, ada.user_id, here[1]) == 0


async def test_a_vote_beside_ones_reaction_says_that_the_reaction_counts(
    bot: Bot, slack: Workspace, ada: Looking, reading: str, upstream: Upstream
) -> None:
    list_day(upstream, TODAY, 1)
    await subscribe(bot, reading, created_by=ada.user_id)
    await tick(bot)
    async with running(bot):
        await ada.open()
        await slack.react(ada.user_id, reading, posted(slack, reading)[1].ts, "+1")
        await ada.shows("Upvote  1")
        assert "Your reaction in a channel counts already" in await ada.press(place.VOTE)


async def test_a_paper_is_saved_found_by_words_and_given_a_note(ada: Looking, here: list[str]) -> None:
    for id in here[:2]:
        await ada.press(place.SAVE, switch_value(id, on=True))
    await ada.turn("saved")
    assert ada.papers() == [here[1], here[0]]
    await ada.run(place.NOTE, here[0])
    assert "Note kept on" in await ada.submit(place.NOTE, "for <Friday> & *all*")
    assert "📝 for <Friday> & ∗all∗" in ada.text.replace("&lt;", "<").replace("&gt;", ">").replace(
        "&amp;", "&"
    )
    text = await ada.press(place.SEARCH, "FRIDAY all")
    assert "1 of 2 papers" in text
    assert ada.papers() == [here[0]]
    assert "None of your 2 saved papers has these words" in await ada.press(place.SEARCH, "zeppelin")
    await ada.turn("all")
    assert len(ada.papers()) == 2


async def test_a_note_is_changed_taken_away_and_each_of_it_undone(ada: Looking, here: list[str]) -> None:
    await ada.press(place.SAVE, switch_value(here[0], on=True))
    for text in ("first", "second"):
        await ada.run(place.NOTE, here[0])
        await ada.submit(place.NOTE, text)
    assert "📝 second" in ada.text
    assert "📝 first" in await ada.press(place.UNDO_NOTE)
    await ada.run(place.NOTE, here[0])
    assert "Note taken away" in await ada.submit(place.NOTE, "")
    assert "📝 first" not in ada.text
    stale = next(each["value"] for each in ada.buttons if each["action_id"] == place.UNDO_NOTE)
    assert "📝 first" in await ada.press(place.UNDO_NOTE, stale)


async def test_a_link_that_is_followed_marks_a_paper_as_read_here_and_in_answers(
    slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    assert "✓ read" in await ada.press(place.READ, here[0])
    answer = await (await slack.command(ada.user_id, reading, "/papers", here[0])).reply()
    assert "✓ read" in answer.plain()
    assert "✓ read" not in await ada.press(place.MARK, switch_value(here[0], on=False))
    assert "✓ read" in await ada.press(place.MARK, switch_value(here[0], on=True))


async def test_what_was_read_is_hidden_on_demand_and_brought_back(
    slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    await ada.turn("settings")
    assert "leave out what you have read" in await ada.press(place.HIDE, "on")
    await ada.turn("today")
    text = await ada.press(place.MARK, switch_value(here[0], on=True))
    assert "as read, so your lists leave it out" in text
    assert "1 paper that you have read left out" in text
    assert ada.papers() == here[1:]
    mine = await (await slack.command(ada.user_id, reading, "/papers", "for me")).reply()
    assert here[0] not in json.dumps(mine.blocks)
    assert "1 paper that you have read left out" in mine.plain()
    # The Undo of the notice, which is the first of its name.
    await ada.press(place.MARK, switch_value(here[0], on=False))
    assert ada.papers() == here
    for id in here:
        await ada.press(place.MARK, switch_value(id, on=True))
    assert "You have read all of it" in ada.text
    none = await (await slack.command(ada.user_id, reading, "/papers", "for me")).reply()
    assert "You have read all papers of the last week" in none.plain()
    await ada.turn("settings")
    await ada.press(place.HIDE, "off")
    await ada.turn("today")
    assert ada.papers() == here


async def test_more_and_less_and_mute_are_stated_and_undone(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    async def stated() -> list[tuple[str, int]]:
        interests = await bot.library.store.interests(slack.team_id, ada.user_id)
        return [(one.value, one.attitude) for one in interests]

    assert "Less like “Paper" in await ada.press(place.MENU, f"less {here[0]}")
    assert await stated() == [(here[0], -1)]
    assert "Taken back" in await ada.press(place.UNDO)
    assert await stated() == []
    await ada.run(place.MENU, f"mute {here[0]}")
    modal = await slack.wait_for(lambda: slack.open_view(ada.user_id))
    options = [each["value"] for each in modal["blocks"][1]["element"]["options"]]
    assert "Muted: papers by “Ada Example”" in await ada.submit(place.MUTE, options[0])
    assert await stated() == [("Ada Example", -1)]
    await ada.press(place.UNDO)
    assert await stated() == []


async def test_why_opens_a_modal(slack: Workspace, ada: Looking, here: list[str]) -> None:
    await ada.run(place.MENU, f"why {here[0]}")
    modal = await slack.wait_for(lambda: slack.open_view(ada.user_id))
    assert "Ranked now, for you:" in json.dumps(modal)
    assert not [block for block in modal["blocks"] if block["type"] == "actions"]


async def test_a_taste_is_switched_off_and_on_again(bot: Bot, ada: Looking, here: list[str]) -> None:
    await ada.turn("settings")
    await ada.press(place.TASTE, "off")
    assert ada.labels(place.TASTE) == ["Switch on"]
    await ada.press(place.TASTE, "on")
    assert ada.labels(place.TASTE) == ["Switch off"]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (place.SAVE, "This button is too old"),
        (place.MARK, "This button is too old"),
        (place.VOTE, "I don't know this paper any more"),
        (place.READ, "I don't know this paper any more"),
    ],
)
async def test_a_forged_press_gets_a_sentence_and_the_tab_stays(
    slack: Workspace, ada: Looking, here: list[str], action: str, said: str
) -> None:
    for each in ada.buttons:
        if each["action_id"] == action:
            each["value"] = "9999.99999"
    assert said in await ada.press(action, "9999.99999")
    assert ada.papers()[-1] == here[-1]


async def test_a_forged_turn_leads_to_the_beginning(slack: Workspace, ada: Looking, here: list[str]) -> None:
    for each in ada.buttons:
        if each["action_id"] == f"{place.TURN}_stats":
            each["value"] = '["nowhere", -1, null, ""]'
    await ada.turn("stats")
    assert ada.papers() == here


# --- subscriptions and mail -------------------------------------------------------------------------------------


async def test_subscriptions_are_made_paused_deleted_and_brought_back_here(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    await follow(bot, reading, "whales", user_id="U9")
    assert "“whales”" in await ada.turn("channels")
    await ada.run(NEW_SUBSCRIPTION)
    await ada.submit("typed", "robots")
    assert "To you, as direct messages" in await ada.shows("“robots”")
    (mine,) = await bot.library.store.topics_of(slack.team_id, "", ada.user_id)
    assert "“robots” is paused." in await ada.press(SUBSCRIPTION_TURN, f"pause topic:{mine.id}")
    assert "·  paused" in ada.text
    assert "“robots” goes on." in await ada.press(SUBSCRIPTION_UNDO) + await ada.turn("channels")
    assert "“robots” is deleted." in await ada.press(SUBSCRIPTION_DELETE, f"delete topic:{mine.id}")
    assert await bot.library.store.topics_of(slack.team_id, "", ada.user_id) == []
    await ada.press(SUBSCRIPTION_UNDO)
    assert await bot.library.store.topics_of(slack.team_id, "", ada.user_id) == [mine]


async def test_those_of_ones_channels_are_edited_here_and_those_of_others_are_not(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    ben = slack.add_user("ben")
    secret = slack.add_channel("secret", private=True, members=[ben])
    await follow(bot, reading, "whales", user_id=ben)
    other = await follow(bot, secret, "moles", user_id=ben)
    assert "moles" not in await ada.turn("channels")
    await ada.run(EDIT_SUBSCRIPTION)
    assert "“walruses”" in await ada.submit("typed", "walruses") + await ada.shows("walruses")
    for each in ada.buttons:
        if each["action_id"] == EDIT_SUBSCRIPTION:
            each["value"] = f"topic:{other.id}"
    assert "Only who is in its channel changes this" in await ada.press(EDIT_SUBSCRIPTION)


async def test_a_reading_groups_hour_stands_below_its_channel(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    group = ReadingGroup(team_id=slack.team_id, channel_id=reading, hour="thursday 15:00", timezone="UTC")
    await bot.library.store.set_group(group)
    assert "Reading group: Thursday, 15:00 (UTC)" in await ada.turn("channels")
    assert "Round-up" not in ada.text
    assert "Papers by mail" not in await ada.turn("settings")


# --- when it is drawn -------------------------------------------------------------------------------------------


async def test_it_follows_what_one_does_elsewhere_and_only_for_whoever_looks(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    ben = Looking(slack, slack.add_user("ben"))
    page = await (await slack.command(ada.user_id, reading, "/papers", here[0])).reply()
    await slack.click_reply(ada.user_id, page, VOTE, here[0])
    await ada.shows("Upvote  1")
    hers = await (await slack.command(ben.user_id, reading, "/papers", here[0])).reply()
    await (await slack.click_reply(ben.user_id, hers, VOTE, here[0])).reply()
    await bot.homes.flush()
    await bot.tasks.finish(5)
    assert ben.drawings == 0


async def test_others_votes_reach_a_home_that_shows_the_paper_and_what_was_said_stays(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    ben = slack.add_user("ben")
    await ada.press(place.MENU, f"less {here[1]}")
    page = await (await slack.command(ben, reading, "/papers", here[0])).reply()
    await slack.click_reply(ben, page, VOTE, here[0])
    assert "Less like" in await ada.shows("Upvote  1")
    await ada.turn("settings")
    before = ada.drawings
    await bot.homes.voted(here)
    await bot.homes.flush()
    await bot.tasks.finish(5)
    assert ada.drawings == before


async def test_an_edition_reaches_the_homes_of_those_who_look(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], reading: str
) -> None:
    assert "No edition in your channels" in ada.text
    await subscribe(bot, reading, created_by=ada.user_id)
    await slack.wait_for(lambda: f"The edition of <#{reading}>" in json.dumps(ada.blocks))
    await slack.wait_for(lambda: ada.papers() == papers_in(slack, reading)[1:] != [])


async def test_many_changes_at_once_are_one_drawing(bot: Bot, ada: Looking, here: list[str]) -> None:
    before = ada.drawings
    for _ in range(20):
        bot.homes.touch(ada.user_id)
    await ada.slack.wait_for(lambda: ada.drawings == before + 1)
    await bot.homes.flush()
    await bot.tasks.finish(5)
    assert ada.drawings == before + 1


async def test_a_home_that_cant_be_drawn_again_leaves_the_bot_and_the_next_one_alone(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.fail(PUBLISH, "internal_error")
    bot.homes.touch(ada.user_id)
    await bot.homes.flush()
    await bot.tasks.finish(5)
    slack.faults.fail(PUBLISH, "not_enabled")
    bot.homes.touch(ada.user_id)
    await bot.homes.flush()
    await bot.tasks.finish(5)
    assert "a Home can't be drawn again" in caplog.text
    before = ada.drawings
    bot.homes.touch(ada.user_id)
    await slack.wait_for(lambda: ada.drawings > before)


async def test_a_home_that_nobody_has_looked_at_for_a_while_is_left_alone(
    bot: Bot, ada: Looking, here: list[str]
) -> None:
    bot.homes.clock = lambda: TUESDAY + timedelta(minutes=16)
    before = ada.drawings
    bot.homes.touch(ada.user_id)
    await bot.homes.flush()
    await bot.tasks.finish(5)
    assert ada.drawings == before
    assert bot.homes.spot_of(ada.user_id) is None


async def test_of_several_presses_in_a_row_the_last_holds(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    slack.faults.hang(PUBLISH, seconds=0.2)
    before = ada.drawings
    for where in ("stats", "saved", "channels", "settings"):
        assert (await ada.run(f"{place.TURN}_{where}")).acked
    await ada.shows("Settings\n")
    await ada.shows("Papers you have read")
    assert ada.drawings - before <= 2


async def test_a_slow_slack_slows_no_acknowledgement(slack: Workspace, ada: Looking, here: list[str]) -> None:
    slack.faults.hang(PUBLISH, seconds=0.4)
    run = await ada.run(place.VOTE, here[0])
    assert run.acked
    assert run.ack_ms < 350


async def test_a_press_that_could_not_be_stored_says_so_and_is_delivered_again(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    slack.courier.ack_timeout = 0.3
    bot.library.store.db.conn.execute("PRAGMA query_only = on")
    run = await ada.run(place.VOTE, here[0])
    bot.library.store.db.conn.execute("PRAGMA query_only = off")
    assert not run.acked
    assert await bot.library.store.vote_of(slack.team_id, ada.user_id, here[0]) == 0


async def test_a_home_that_cant_be_drawn_says_so_and_how_to_try_again(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    store = bot.library.store
    store.db.conn.execute("ALTER TABLE saves RENAME TO gone")
    text = await ada.turn("saved")
    assert "Something went wrong on my side" in text
    store.db.conn.execute("ALTER TABLE gone RENAME TO saves")
    assert "You have saved no papers yet" in await ada.turn("saved")


async def test_channels_that_slack_is_slow_to_name_are_shown_as_soon_as_they_are_known(
    bot: Bot, slack: Workspace, ada: Looking, reading: str, upstream: Upstream
) -> None:
    list_day(upstream, TODAY, 2)
    await subscribe(bot, reading, created_by=ada.user_id)
    await tick(bot)
    bot.members.patience = 0.05
    slack.faults.hang("users.conversations", seconds=0.2)
    async with running(bot):
        assert "No edition in your channels" in await ada.open()
        await ada.shows("The edition of")


async def test_where_slack_does_not_name_the_channels_the_days_list_serves(
    bot: Bot, slack: Workspace, ada: Looking, reading: str, upstream: Upstream
) -> None:
    ids = list_day(upstream, TODAY, 2)
    await subscribe(bot, reading, created_by=ada.user_id)
    await tick(bot)
    slack.faults.fail("users.conversations", "missing_scope")
    async with running(bot):
        assert "No edition in your channels" in await ada.open()
        assert ada.papers() == ids


async def test_whoever_asks_for_too_much_at_once_is_told(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    bot.allowance.burst = 1
    for _ in range(3):
        await ada.run(f"{place.TURN}_stats")
    assert "That was a lot at once" in await ada.shows("That was a lot")


async def test_it_opens_where_one_left_it_a_moment_ago(ada: Looking, here: list[str]) -> None:
    await ada.turn("settings")
    await ada.open()
    assert "Papers you have read" in ada.text


async def test_saved_papers_that_are_taken_back_leave_the_list_and_come_again(
    bot: Bot, slack: Workspace, ada: Looking, here: list[str]
) -> None:
    save = Save(team_id=slack.team_id, user_id=ada.user_id, paper_id=here[0], saved=True, pressed_at=1)
    await bot.library.store.record_save(save)
    await ada.turn("saved")
    text = await ada.press(place.SAVE, switch_value(here[0], on=False))
    assert "is no longer among your saved papers" in text
    assert "You have saved no papers yet" in text
    await ada.press(place.SAVE, switch_value(here[0], on=True))
    assert ada.papers() == [here[0]]


def test_a_spot_is_read_as_it_was_written() -> None:
    spot = Spot(Tab.SAVED, 20, TODAY, 'a "query"')
    assert place.spot_of(place.spot_value(spot)) == spot
