"""Papers by mail, from the question in Slack to a real mail server, and what becomes of them when something breaks."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.app import Bot, open_bot
from bot.config import Settings
from bot.mail.mailing import LEASE, REST, WAITS, Mailing
from bot.messages.mail import MAIL_CONFIRM, MAIL_SET
from bot.workspace import Message, Workspace, message_problems
from storage.mail_models import Mail, MailWish, Rhythm
from storage.models import PostState
from tests.conftest import QUICK, TUESDAY, MovedClock, running
from tests.editions import list_day, move
from tests.looking import Looking
from tests.mailserver import Postbox, serving
from tests.upstream import Upstream

NINE = datetime(2026, 8, 19, 9, 0, tzinfo=UTC)
WEDNESDAY = date(2026, 8, 19)
MONDAY = datetime(2026, 8, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
async def box() -> AsyncIterator[Postbox]:
    async with serving(Postbox()) as served:
        yield served


@pytest.fixture
def settings(settings: Settings, box: Postbox) -> Settings:
    url = SecretStr(f"smtp://{box.host}:{box.port}")
    return settings.model_copy(
        update={"papers_smtp_url": url, "papers_mail_from": "Papers <papers@lab.example>"}
    )


@pytest.fixture
def ada(slack: Workspace) -> str:
    slack.add_channel("papers")
    return slack.add_user("ada", email="ada@lab.example")


def mailing(bot: Bot) -> Mailing:
    assert bot.mailing
    return bot.mailing


async def asks(slack: Workspace, who: str, text: str) -> Message:
    answer = await (await slack.command(who, slack.known_channel("papers").id, "/papers", text)).reply()
    assert message_problems({"text": answer.text, "blocks": answer.blocks}) == []
    return answer


async def wants(bot: Bot, who: str, rhythm: Rhythm = Rhythm.DAILY, timezone: str = "Etc/UTC") -> MailWish:
    """Somebody who has confirmed their address on Tuesday morning."""
    wish = MailWish(
        team_id=bot.identity.team_id,
        user_id=who,
        rhythm=rhythm,
        since=TUESDAY,
        address="ada@lab.example",
        confirmed=True,
        timezone=timezone,
    )
    await bot.library.store.keep_mail_wish(wish)
    return wish


async def mail_of(bot: Bot, who: str, day: date = WEDNESDAY) -> Mail:
    mail = await bot.library.store.mail(bot.identity.team_id, who, day)
    assert mail
    return mail


async def wish_of(bot: Bot, who: str) -> MailWish:
    wish = await bot.library.store.mail_wish(bot.identity.team_id, who)
    assert wish
    return wish


def told(slack: Workspace, who: str) -> list[str]:
    return [message.plain() for message in slack.messages(slack.dm(who))]


@pytest.fixture
async def due(bot: Bot, ada: str, upstream: Upstream, clock: MovedClock) -> list[str]:
    """Wednesday at nine: Ada's mail is due, and there are papers for it."""
    await wants(bot, ada)
    move(clock, upstream, NINE)
    return list_day(upstream, WEDNESDAY, 4)


async def test_mail_is_asked_for_confirmed_and_sent_at_the_persons_hour(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, upstream: Upstream, clock: MovedClock
) -> None:
    async with running(bot):
        offered = await asks(slack, ada, "mail daily")
        assert "Is *ada@lab.example* the address" in offered.text
        move(clock, upstream, NINE)
        ids = list_day(upstream, WEDNESDAY, 3)
        await mailing(bot).tick()
        assert box.received == []
        clock.at = TUESDAY
        pressed = await slack.click_reply(ada, offered, MAIL_CONFIRM)
        confirmed = await pressed.reply()
        assert "each day at 09:00 (Etc/UTC), to *ada@lab.example*" in confirmed.text
        assert "The next comes on Wednesday 19 August." in confirmed.text
        move(clock, upstream, NINE)
        await mailing(bot).tick()
        await mailing(bot).tick()
    [mail] = box.received
    assert (mail.sender, mail.recipients) == ("papers@lab.example", ["ada@lab.example"])
    assert mail.mail["Subject"] == f"Paper {ids[0]} and 2 more papers"
    assert [id for id in ids if f"Paper {id}" in mail.text()] == ids
    assert "upvotes on Hugging Face" in mail.text("html")
    assert "Why: " in mail.text()
    assert "You get papers by mail" in (await asks_status(bot, ada))


async def asks_status(bot: Bot, who: str) -> str:
    return (await bot.choosing.page(who))["text"]


async def test_buttons_change_how_often(bot: Bot, slack: Workspace, ada: str) -> None:
    await wants(bot, ada)
    async with running(bot):
        answer = await asks(slack, ada, "mail")
        weekly = await (await slack.click_reply(ada, answer, f"{MAIL_SET}_weekly")).reply()
        assert "on Mondays at 09:00" in weekly.text
        off = await (await slack.click_reply(ada, weekly, f"{MAIL_SET}_off")).reply()
        assert "You get no papers by mail." in off.text
        back = await (await slack.click_reply(ada, off, f"{MAIL_SET}_daily")).reply()
        assert "each day at 09:00 (Etc/UTC), to *ada@lab.example*" in back.text
    assert (await wish_of(bot, ada)).rhythm is Rhythm.DAILY


async def test_another_address_is_confirmed_by_a_code_that_is_mailed_to_it(
    bot: Bot, slack: Workspace, box: Postbox, ada: str
) -> None:
    async with running(bot):
        asked = await asks(slack, ada, "mail weekly <mailto:me@home.example|me@home.example>")
        assert "I have mailed a code to *me@home.example*" in asked.text
        [mail] = box.received
        assert mail.recipients == ["me@home.example"]
        found = re.search(r"/papers mail confirm (\w+)", mail.text())
        assert found
        wrong = await asks(slack, ada, "mail confirm WRONGONE")
        assert "That is not the code" in wrong.text
        right = await asks(slack, ada, f"mail confirm {found[1].lower()}")
        assert "Confirmed." in right.text
        assert "on Mondays at 09:00 (UTC), to *me@home.example*" in right.text
        again = await asks(slack, ada, f"mail confirm {found[1]}")
        assert "This code is used up" in again.text


async def test_codes_are_neither_guessed_nor_a_way_to_flood_anybody(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, clock: MovedClock
) -> None:
    async with running(bot):
        assert "No code of the last day" in (await asks(slack, ada, "mail confirm ABCDEFGH")).text
        for _ in range(3):
            clock.forward(minutes=1)
            await asks(slack, ada, "mail daily me@home.example")
        refused = await asks(slack, ada, "mail daily me@home.example")
        assert "I have mailed 3 codes for you within a day" in refused.text
        said = [(await asks(slack, ada, "mail confirm WRONGONE")).text for _ in range(6)]
    assert "not the code" in said[4]
    assert "used up" in said[5]
    assert len(box.received) == 3


async def test_an_address_that_is_refused_or_none_is_said_at_once(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, clock: MovedClock
) -> None:
    box.says("RCPT", "550 5.1.1 No such user")
    async with running(bot):
        assert "No such user" in (await asks(slack, ada, "mail daily me@home.example")).text
        assert "an address looks like" in (await asks(slack, ada, "mail daily me@home@example")).text
        nobody = slack.add_user("nobody", email="")
        assert "Your profile shows me no mail address" in (await asks(slack, nobody, "mail daily")).text
        topic = await asks(slack, ada, "mail routing in networks")
    assert "mail routing in networks" in topic.text


async def test_a_mail_server_that_is_down_sends_no_code_and_the_person_is_told(
    bot: Bot, slack: Workspace, box: Postbox, ada: str
) -> None:
    good, mailing(bot).smtp.server = mailing(bot).smtp.server, box.server()._replace(port=1)
    async with running(bot):
        down = await asks(slack, ada, "mail daily me@home.example")
        mailing(bot).smtp.server = good
        assert down.text == "The mail server can't be reached just now. Try again in a few minutes."
        assert "I have mailed a code" in (await asks(slack, ada, "mail daily me@home.example")).text
    assert [mail.recipients for mail in box.received] == [["me@home.example"]]


async def test_a_button_about_an_address_of_before_confirms_nothing(
    bot: Bot, slack: Workspace, ada: str
) -> None:
    async with running(bot):
        offered = await asks(slack, ada, "mail daily")
        moved = (await wish_of(bot, ada)).model_copy(update={"address": "me@home.example"})
        await bot.library.store.keep_mail_wish(moved)
        said = await (await slack.click_reply(ada, offered, MAIL_CONFIRM)).reply()
    assert said.text == (
        "This button is about an address that is no longer yours here. `/papers mail` shows how it stands."
    )
    assert await wish_of(bot, ada) == moved


async def test_without_a_mail_server_the_command_says_so(
    settings: Settings, slack: Workspace, ada: str, clock: MovedClock
) -> None:
    without = settings.model_copy(update={"papers_smtp_url": SecretStr("")})
    async with open_bot(without, clock, QUICK) as bot, running(bot):
        answer = await asks(slack, ada, "mail daily")
    assert "I can't send mail here. Whoever runs me can turn it on with `PAPERS_SMTP_URL`" in answer.text


async def test_weekly_mail_comes_on_mondays_with_the_whole_week(
    bot: Bot, box: Postbox, ada: str, upstream: Upstream, clock: MovedClock
) -> None:
    await wants(bot, ada, Rhythm.WEEKLY)
    ids = list_day(upstream, date(2026, 8, 20), 2) + list_day(upstream, date(2026, 8, 21), 2)
    move(clock, upstream, MONDAY - timedelta(minutes=1))
    await mailing(bot).tick()
    assert box.received == []
    move(clock, upstream, MONDAY)
    await mailing(bot).tick()
    [mail] = box.received
    assert [id for id in ids if id in mail.text()] == ids
    assert "Papers of the week before Monday 24 August 2026" in mail.text()


async def test_the_hour_is_that_of_the_persons_time_zone_as_slack_knows_it(
    bot: Bot, box: Postbox, slack: Workspace, upstream: Upstream, clock: MovedClock
) -> None:
    ben = slack.add_user("ben", tz="Asia/Tokyo", tz_offset=32400)
    await wants(bot, ben)
    list_day(upstream, date(2026, 8, 18), 2)
    move(clock, upstream, datetime(2026, 8, 18, 23, 59, tzinfo=UTC))
    await mailing(bot).tick()
    # Known as UTC until the profile is read, which happens when the mail is due.
    await bot.library.store.keep_mail_wish(
        (await wish_of(bot, ben)).model_copy(update={"timezone": "Asia/Tokyo"})
    )
    await mailing(bot).tick()
    assert box.received == []
    move(clock, upstream, datetime(2026, 8, 19, 0, 0, tzinfo=UTC))
    await mailing(bot).tick()
    assert len(box.received) == 1


async def test_a_day_without_papers_has_no_mail_and_the_next_one_brings_no_leftovers(
    bot: Bot, box: Postbox, ada: str, due: list[str], upstream: Upstream, clock: MovedClock
) -> None:
    list_day(upstream, WEDNESDAY, 12, first=50)
    await mailing(bot).tick()
    move(clock, upstream, NINE + timedelta(days=1))
    await mailing(bot).tick()
    assert len(box.received) == 1
    clock.forward(hours=1)
    late = list_day(upstream, date(2026, 8, 20), 1)
    upstream.today = date(2026, 8, 20)
    await mailing(bot).tick()
    assert box.received[1].mail["Subject"] == f"Paper {late[0]}"


async def test_a_mail_that_is_drawn_again_is_the_same_mail(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    box.says("DATA", "451 4.3.0 Try again later")
    await mailing(bot).tick()
    assert (await mail_of(bot, ada)).state is PostState.PLANNED
    first = (await mail_of(bot, ada)).try_at
    assert first == NINE + timedelta(minutes=WAITS[0])
    await mailing(bot).tick()
    assert box.received == []
    clock.forward(minutes=WAITS[0])
    await mailing(bot).tick()
    [mail] = box.received
    assert re.fullmatch(r"<papers-[0-9a-f]{32}@lab\.example>", mail.mail["Message-ID"])
    assert (await mail_of(bot, ada)).state is PostState.SENT


async def test_a_passing_trouble_that_does_not_pass_is_given_up(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    box.says("RCPT", *["450 4.2.1 Busy"] * (len(WAITS) + 1))
    for wait in (*WAITS, 1):
        await mailing(bot).tick()
        clock.forward(minutes=wait)
    mail = await mail_of(bot, ada)
    assert (mail.state, mail.reason) == (PostState.ABANDONED, "450 4.2.1 Busy")
    assert not (await wish_of(bot, ada)).paused


async def test_a_refused_address_pauses_that_persons_mail_and_they_are_told(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, due: list[str], upstream: Upstream, clock: MovedClock
) -> None:
    box.says("RCPT", "550 5.1.1 <ada@lab.example> is unknown & gone")
    await mailing(bot).tick()
    assert (await mail_of(bot, ada)).state is PostState.ABANDONED
    [message] = told(slack, ada)
    assert "I have paused them" in message
    assert "is unknown & gone" in message
    move(clock, upstream, NINE + timedelta(days=1))
    list_day(upstream, date(2026, 8, 20), 2)
    await mailing(bot).tick()
    assert box.received == []
    async with running(bot):
        page = await asks(slack, ada, "mail")
        assert "is paused" in page.text
        resumed = await (await slack.click_reply(ada, page, MAIL_CONFIRM)).reply()
    assert "The next comes on Friday 21 August" in resumed.text


@pytest.mark.parametrize(
    ("step", "answer"), [("MAIL", "553 5.7.1 Sender not allowed"), ("MAIL", "421 4.3.2 Shutting down")]
)
async def test_a_server_that_takes_nothing_is_left_alone_for_a_while(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock, step: str, answer: str
) -> None:
    box.says(step, answer)
    await mailing(bot).tick()
    await mailing(bot).tick()
    assert box.received == []
    clock.at += REST
    await mailing(bot).tick()
    assert len(box.received) == 1


async def test_a_server_that_is_down_delays_the_mail(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    good, mailing(bot).smtp.server = mailing(bot).smtp.server, box.server()._replace(port=1)
    await mailing(bot).tick()
    assert (await mail_of(bot, ada)).state is PostState.PLANNED
    mailing(bot).smtp.server = good
    clock.at += REST
    await mailing(bot).tick()
    assert len(box.received) == 1


async def test_after_days_without_a_server_one_mail_has_the_papers_of_all(
    bot: Bot, box: Postbox, ada: str, due: list[str], upstream: Upstream, clock: MovedClock
) -> None:
    box.says("MAIL", *["451 4.3.0 Out of order"] * 2)
    await mailing(bot).tick()
    thursday = NINE + timedelta(days=1)
    move(clock, upstream, thursday)
    newer = list_day(upstream, thursday.date(), 2)
    await mailing(bot).tick()
    clock.at += REST
    await mailing(bot).tick()
    [mail] = box.received
    assert sorted(set(re.findall(r"2608\.\d{5}", mail.text()))) == sorted([*due, *newer])
    assert "Papers of Thursday 20 August 2026" in mail.text()


async def test_a_connection_that_breaks_while_a_mail_is_taken_never_sends_it_twice(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    box.silent = 1
    await mailing(bot).tick()
    assert (await mail_of(bot, ada)).state is PostState.ABANDONED
    for _ in range(3):
        clock.at += LEASE
        await mailing(bot).tick()
    assert len(box.received) == 1
    assert "may not have arrived" in told(slack, ada)[0]
    assert "`/papers 2026-08-19`" in slack.messages(slack.dm(ada))[0].text


async def killed_while_taking(bot: Bot, box: Postbox) -> None:
    """The process ends after the server has the mail and before its answer is stored."""
    box.may_answer.clear()
    sending = asyncio.create_task(mailing(bot).tick())
    await box.took.wait()
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    box.may_answer.set()


async def test_a_kill_between_data_and_the_stored_answer_never_sends_twice(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    await killed_while_taking(bot, box)
    mail = await mail_of(bot, ada)
    assert (mail.state, mail.handed_at) == (PostState.SENDING, NINE)
    await mailing(bot).tick()
    assert (await mail_of(bot, ada)).state is PostState.SENDING
    clock.at += LEASE
    await mailing(bot).tick()
    await mailing(bot).tick()
    assert (await mail_of(bot, ada)).state is PostState.ABANDONED
    assert len(box.received) == 1
    assert len(told(slack, ada)) == 1


async def test_a_kill_before_data_only_delays_the_mail(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    store = bot.library.store
    pick = await mailing(bot).picking.pick(ada, Rhythm.DAILY, WEDNESDAY)
    assert pick
    planned = Mail(
        team_id=bot.identity.team_id, user_id=ada, day=WEDNESDAY, rhythm=Rhythm.DAILY,
        address="ada@lab.example", planned_at=NINE,
    )  # fmt: skip
    assert await store.plan_mail(planned)
    claimed = await store.claim_mail(planned, NINE)
    assert claimed
    await mailing(bot).tick()
    assert box.received == []
    clock.at += LEASE
    await mailing(bot).tick()
    # The process of before wakes up, and finds that the mail is no longer its own.
    assert not await store.hand_mail_over(claimed, clock())
    await mailing(bot).tick()
    assert len(box.received) == 1


async def test_two_processes_send_one_mail(
    bot: Bot, settings: Settings, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    async with open_bot(settings, clock, QUICK) as other:
        await asyncio.gather(mailing(bot).tick(), mailing(other).tick())
        await asyncio.gather(mailing(bot).tick(), mailing(other).tick())
    assert len(box.received) == 1


async def test_stopping_finishes_the_mail_under_way(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    box.may_answer.clear()
    async with running(bot):
        await box.took.wait()
        asyncio.get_running_loop().call_later(0.1, box.may_answer.set)
    assert (await mail_of(bot, ada)).state is PostState.SENT


async def test_who_stops_mail_before_it_is_sent_gets_none(
    bot: Bot, box: Postbox, ada: str, due: list[str], clock: MovedClock
) -> None:
    box.says("RCPT", "450 Busy")
    await mailing(bot).tick()
    await bot.choosing.remember(ada, Rhythm.OFF)
    await bot.choosing.remember(ada, Rhythm.DAILY)
    clock.forward(hours=1)
    await mailing(bot).tick()
    assert box.received == []


async def test_who_left_the_workspace_gets_no_more_mail(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, due: list[str]
) -> None:
    slack.deactivate(ada)
    await mailing(bot).tick()
    assert box.received == []
    assert "not a member" in (await wish_of(bot, ada)).paused


async def test_after_a_backup_was_put_back_what_was_due_since_is_not_mailed(
    bot: Bot, slack: Workspace, box: Postbox, ada: str, due: list[str], upstream: Upstream, clock: MovedClock
) -> None:
    store = bot.library.store
    store.write(f"PRAGMA user_version = {int(TUESDAY.timestamp() / 60)}", {})
    await mailing(bot).tick()
    assert box.received == []
    await bot.recover([])
    await mailing(bot).tick()
    assert box.received == []
    move(clock, upstream, NINE + timedelta(days=1))
    list_day(upstream, date(2026, 8, 20), 2)
    await mailing(bot).tick()
    assert len(box.received) == 1


async def test_mail_is_set_on_home_and_its_settings_say_how_it_stands(
    bot: Bot, slack: Workspace, ada: str
) -> None:
    home = Looking(slack, ada)
    async with running(bot):
        await home.open()
        assert "Papers by mail: You get no papers by mail." in await home.turn("settings")
        assert "Is ada@lab.example the address to send them to?" in await home.press(f"{MAIL_SET}_weekly")
        text = await home.press(MAIL_CONFIRM)
        assert "You get papers by mail, chosen for you, on Mondays at" in text
        assert "You get no papers by mail." in await home.press(f"{MAIL_SET}_off")
        assert not any("You get" in message.plain() for message in slack.messages(slack.dm(ada)))
