"""`papers-bot doctor`: what works, what doesn't, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.app import Bot, mail_by, open_bot
from bot.backups import Backups
from bot.config import Settings
from bot.delivery import LEASE
from bot.errors import DeliveryError, PapersError, UsageError
from bot.library import Library, open_library
from bot.mail.smtp import NoServer, Smtp
from bot.messages import SOURCE_NAMES, count
from bot.outcomes import CHANNEL_ERRORS, NotSent
from handlers.manifest import SCOPES
from storage.models import SOURCES, Health

#: How long the bar is that shows how far the search index has come, in characters.
_BAR = 20
#: Only where admins alone may subscribe, and where mail is sent.
_FOR_ADMINS = frozenset({"users:read"})
_FOR_MAIL = frozenset({"users:read", "users:read.email"})
#: Without a backup for longer, something keeps it from being made.
_BACKUP_LATE = timedelta(days=1)
_WHILE_FAILING = "Check the network and the address in the settings; stored papers are served meanwhile."


class Check(NamedTuple):
    """One thing examined: `advice` says what to do when it is not `ok`."""

    name: str
    ok: bool
    found: str
    advice: str = ""


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Every check, one after the other; a failure ends only what depends on it."""
    missing = settings.missing("serving")
    yield Check("settings", not missing, "incomplete" if missing else "complete", "; ".join(missing))
    try:
        async with open_library(settings) as library:
            papers = await library.store.count_papers()
            yield Check("database", True, f"{settings.papers_database}: {papers:,} papers")
            yield await _backups(library, settings)
            yield await _index(library)
            yield Check("embedding", True, await library.search.open_encoder())
            zone = ZoneInfo(settings.papers_timezone)
            async for check in _lists(library, zone):
                yield check
            async for check in _searches(library, zone):
                yield check
    except PapersError as error:
        yield Check("database", False, str(settings.papers_database), str(error))
        return
    if smtp := mail_by(settings):
        yield await _mail(smtp)
    if settings.slack_bot_token.get_secret_value():
        async for check in _slack(settings):
            yield check


async def _backups(library: Library, settings: Settings) -> Check:
    backups = Backups(settings.papers_database, settings.papers_backups, library.ingest.clock)
    if not settings.papers_backups:
        return Check("backup", True, "none is made, as PAPERS_BACKUPS says")
    newest, today = backups.newest(), library.ingest.today()
    since = newest or (await library.store.created_at()).date()
    found = f"the newest in {backups.folder} is of {newest}" if newest else f"none in {backups.folder} yet"
    late = today - since > _BACKUP_LATE
    advice = (
        "papers-bot run makes one each day, and its log says why it can't; papers-bot backup makes one now."
    )
    return Check("backup", not late, found, advice if late else "")


async def _index(library: Library) -> Check:
    papers, unread = await library.store.count_papers(), await library.search.pending()
    if not unread:
        return Check("search index", True, f"{library.search.index.folder}: up to date")
    part = (papers - unread) / papers
    bar = ("█" * round(part * _BAR)).ljust(_BAR, "░")
    found = f"{bar} {part:.0%}: {unread:,} of {papers:,} papers are still to be read"
    return Check("search index", True, found, "A running bot goes on with it, and so does papers-bot search.")


async def _lists(library: Library, zone: ZoneInfo) -> AsyncIterator[Check]:
    """Today's lists, read for this."""
    today = library.ingest.today()
    for kept in await library.ingest.fetch_day(today, library.ingest.sources_for(today)):
        found = kept.error or f"{kept.papers} papers listed for {today}"
        health = await library.store.health(kept.source, "days")
        advice = _WHILE_FAILING if kept.error else ""
        yield Check(SOURCE_NAMES[kept.source], not kept.error, f"{found}; {_history(health, zone)}", advice)


async def _searches(library: Library, zone: ZoneInfo) -> AsyncIterator[Check]:
    """The sources' own searches, as they were when somebody needed them last."""
    for source in SOURCES:
        health = await library.store.health(source, "search")
        found = "; ".join(filter(None, [health.error, _history(health, zone)]))
        yield Check(
            f"{SOURCE_NAMES[source]}: search", not health.error, found, _WHILE_FAILING if health.error else ""
        )


def _history(health: Health, zone: ZoneInfo) -> str:
    """When a service was last read well; of one that fails also since when, and when it is asked next."""
    if health.read_at is None and health.failing_since is None:
        return "not asked yet"
    said = f"last read well {_when(health.read_at, zone)}" if health.read_at else "never read well"
    if health.failing_since is None or health.ask_at is None:
        return said
    since, until = _when(health.failing_since, zone), _when(health.ask_at, zone)
    return f"{said}, failing since {since}, asked next {until}"


def _when(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


async def _mail(smtp: Smtp) -> Check:
    try:
        return Check("mail", True, await smtp.check())
    except NoServer as error:
        advice = "Check PAPERS_SMTP_URL, and that this machine may reach the server; mail waits until it can be sent."
        return Check("mail", False, str(error), advice)


async def _slack(settings: Settings) -> AsyncIterator[Check]:
    try:
        async with open_bot(settings) as bot:
            yield Check(
                "Slack", True, f"{bot.identity.team} ({bot.identity.team_id}) as {bot.identity.user_id}"
            )
            yield await _scopes(bot)
            if app_token := settings.slack_app_token.get_secret_value():
                await bot.slack.socket_url(app_token)
                yield Check("socket", True, "can be opened")
            async for check in _channels(bot):
                yield check
            async for check in _ledger(bot):
                yield check
    except DeliveryError as error:
        yield Check("Slack", False, error.code, str(error))
    except NotSent:
        yield Check(
            "Slack", False, "no answer", f"Check the network and SLACK_API_URL ({settings.slack_api_url})."
        )


async def _scopes(bot: Bot) -> Check:
    granted = await bot.slack.scopes()
    needed = set(SCOPES) - _FOR_ADMINS - _FOR_MAIL
    needed |= _FOR_ADMINS if bot.settings.papers_subscribers == "admins" else frozenset()
    needed |= _FOR_MAIL if bot.mailing else frozenset()
    missing = sorted(needed - granted) if granted else []
    if missing:
        advice = "Update the app from `papers-bot manifest` and install it again."
        return Check("scopes", False, f"missing: {', '.join(missing)}", advice)
    return Check("scopes", True, f"{len(granted)} granted" if granted else "Slack did not say")


async def _channels(bot: Bot) -> AsyncIterator[Check]:
    try:
        subscriptions = await bot.channels()
    except UsageError as error:
        yield Check("channels", False, "none", f"{error} Or type /papers subscribe in a channel.")
        return
    for subscription in subscriptions:
        channel = subscription.channel_id
        try:
            member = await bot.slack.is_member(channel)
        except DeliveryError as error:
            yield Check(f"channel {channel}", False, error.code, str(error))
            continue
        when = f"posts at {subscription.post_at:%H:%M} {subscription.timezone}"
        advice = "" if member else "Type /invite @papers in the channel."
        yield Check(f"channel {channel}", member, when if member else "the bot is not in it", advice)


async def _ledger(bot: Bot) -> AsyncIterator[Check]:
    """What keeps posts from being sent: channels that refuse them, and messages whose fate is unknown."""
    store, team_id = bot.library.store, bot.identity.team_id
    for trouble in await store.troubles(team_id):
        advice = CHANNEL_ERRORS.get(trouble.code, "Slack refuses posts to {channel}")
        yield Check(
            f"posts to {trouble.channel_id}",
            False,
            f"refused since {trouble.since:%Y-%m-%d %H:%M} UTC ({trouble.code})",
            advice.format(channel=trouble.channel_id) + ". A running bot tries again every ten minutes.",
        )
    waiting = Counter(post.channel_id for post in await store.waiting(team_id, bot.clock() - 2 * LEASE))
    for channel_id, posts in waiting.items():
        yield Check(
            f"posts to {channel_id}",
            False,
            f"{count(posts, 'message')} may have been sent, and the history that would tell can't be read",
            f"Give the app channels:history and groups:history, and keep the bot in {channel_id}. "
            "What follows waits for it, so that nothing is posted twice.",
        )
