"""Builds the whole bot from Settings, runs it and stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web
from slack_bolt.async_app import AsyncApp

import handlers
from bot.answers import Answers
from bot.config import Settings
from bot.daily import Daily
from bot.delivery import Delivery
from bot.drafting import Drafting
from bot.entries import Entries
from bot.errors import DeliveryError, PapersError, StoreError, UsageError
from bot.ingest import Clock, Ingest
from bot.leftovers import Leftovers
from bot.listening import STOP_SECONDS, over_http, over_socket, web_app
from bot.lists import Lists
from bot.logs import BOLT
from bot.outcomes import NotSent
from bot.recommend import Recommender
from bot.reconcile import Reconciler
from bot.refresh import Refresher
from bot.saving import Saving
from bot.search import Embedding, Search
from bot.services import Services
from bot.sharing import Sharing
from bot.slack import Identity, Slack, session
from bot.sources import PROMPT, Patience, open_sources
from bot.tasks import Tasks
from bot.timing import Timing
from bot.votes import Voting
from storage import Store
from storage.models import Subscription

log = logging.getLogger(__name__)

DEFAULT_TIMING = Timing()


def now() -> datetime:
    """The time, in UTC: the clock that everything is given unless a test or a trial gives another."""
    return datetime.now(UTC)


class Library(NamedTuple):
    """The store, what fills it and what finds in it: all that a command without Slack needs."""

    store: Store
    ingest: Ingest
    search: Search


@asynccontextmanager
async def open_library(
    settings: Settings, clock: Clock = now, timing: Timing = DEFAULT_TIMING, patience: Patience = PROMPT
) -> AsyncIterator[Library]:
    """Open the database and the sources. Raises StoreError when the database can't be used."""
    store = Store.open(settings.papers_database, settings.emoji)
    sources = open_sources(
        huggingface_url=str(settings.huggingface_url),
        huggingface_token=settings.huggingface_token.get_secret_value(),
        arxiv_url=str(settings.arxiv_url),
        arxiv_rss_url=str(settings.arxiv_rss_url),
        arxiv_pace=timing.arxiv,
        **patience._asdict(),
    )
    ingest = Ingest(store, sources, settings.papers_arxiv_categories, clock)
    search = Search(settings.papers_database, store, embedding(settings))
    try:
        yield Library(store, ingest, search)
    finally:
        await ingest.aclose()
        await sources.aclose()
        await search.aclose()
        store.close()


def embedding(settings: Settings) -> Embedding:
    """What the settings say of encoders, and where they are downloaded."""
    hub = str(settings.huggingface_url).rstrip("/")
    return Embedding(settings.papers_embedding, hub, settings.huggingface_token.get_secret_value())


class Bot:
    """One workspace's bot, connected to Slack's Web API; `run` makes it listen as well."""

    def __init__(
        self,
        settings: Settings,
        library: Library,
        slack: Slack,
        identity: Identity,
        clock: Clock,
        timing: Timing,
    ) -> None:
        self.settings = settings
        self.library = library
        self.slack = slack
        self.identity = identity
        self.clock = clock
        self.timing = timing
        store, ingest, search = library
        self.tasks = Tasks()
        self.refresher = Refresher(store, slack, identity.team_id, clock, timing.coalesce)
        seed = settings.papers_upvote_emoji[0]
        delivery = Delivery(store, slack, seed, clock, timing, self.refresher.touch)
        self.recommender = Recommender(
            store, search, settings.papers_database, identity.team_id, clock, settings.papers_diversity
        )
        drafting = Drafting(
            store,
            ingest,
            self.recommender,
            identity.team_id,
            clock,
            experiment=settings.papers_experiment,
        )
        leftovers = Leftovers(store, slack, delivery, seed, clock)
        until = settings.papers_post_until
        self.daily = Daily(store, drafting, delivery, leftovers, identity.team_id, clock, until, timing)
        zone = ZoneInfo(settings.papers_timezone)
        entries = Entries(store, identity.team_id, identity.url, zone, clock)
        lists = Lists(store, ingest, self.recommender, identity.team_id, zone)
        self.answers = Answers(
            store, ingest, search, lists, slack, self.subscription(""), identity.user_id, seed, clock, entries
        )
        self.reconciler = Reconciler(store, slack, identity, clock, timing, self.refresher.touch)
        self.voting = Voting(store, self.refresher, identity.user_id)
        self.saving = Saving(store)
        self.sharing = Sharing(store, slack, delivery, entries, identity, clock)

    def subscription(self, channel_id: str) -> Subscription:
        """What a channel gets unless people there ask for something else."""
        return Subscription(
            team_id=self.identity.team_id,
            channel_id=channel_id,
            post_at=self.settings.papers_post_at,
            timezone=self.settings.papers_timezone,
            top=self.settings.papers_top,
        )

    async def named_channels(self) -> list[Subscription]:
        """The channels named in the settings. One that can't be found is logged and left out."""
        found = []
        for name in self.settings.papers_channels:
            try:
                found.append(self.subscription(await self.slack.channel_id(name)))
            except DeliveryError as error:
                log.error("PAPERS_CHANNELS: %s", error)
        return found

    async def subscribe_channels(self) -> bool:
        """Let the channels follow the settings, wherever people have not decided for themselves.

        False when one of them could not be found.
        """
        named = await self.named_channels()
        # With one of them out of sight, another could look as if it were no longer named.
        complete = len(named) == len(self.settings.papers_channels)
        await self.library.store.follow_settings(self.identity.team_id, named, complete=complete)
        return complete

    async def _find_channels(self) -> None:
        """Look again for channels that could not be found, for ever: a private one appears when the bot is invited."""
        while True:
            await asyncio.sleep(self.timing.refresh)
            try:
                await self.subscribe_channels()
            except PapersError as error:
                log.error("the channels of the settings can't be looked up: %s", error)
            except NotSent:
                log.warning("Slack can't be reached to look up the channels of the settings")

    async def channels(self, name: str | None = None) -> list[Subscription]:
        """The channel of this name or id, subscribed or not; without one, every channel that wants papers.

        Raises UsageError when there is none at all, DeliveryError when the bot can see none of that name.
        """
        store, team_id = self.library.store, self.identity.team_id
        if name is not None:
            channel_id = await self.slack.channel_id(name)
            return [await store.subscription(team_id, channel_id) or self.subscription(channel_id)]
        wanted = {one.channel_id: one for one in await store.subscriptions(team_id)}
        for one in await self.named_channels():
            if await store.subscription(team_id, one.channel_id) is None:
                wanted[one.channel_id] = one
        if not wanted:
            raise UsageError("No channel to post to: name one with --channel, or set PAPERS_CHANNELS.")
        return list(wanted.values())

    async def run(self, stop: asyncio.Event, ready: asyncio.Event | None = None) -> None:
        """Post, answer and count votes until `stop` is set; then finish what is under way.

        `ready` is set once Slack can reach the bot.
        """
        await self.subscribe_channels()
        try:
            async with self._listening():
                if ready:
                    ready.set()
                await self._work_until(stop)
        finally:
            # Last, when nothing new can come in any more.
            await self.tasks.finish(STOP_SECONDS)

    async def _work_until(self, stop: asyncio.Event) -> None:
        forever = (
            self.daily.run(),
            self.refresher.run(),
            self.library.ingest.keep_fresh(self.timing.refresh),
            self.library.search.keep_fresh(self.timing.tick, self.clock),
            self._find_channels(),
            self.reconciler.run(),
        )
        loops = [asyncio.create_task(loop) for loop in forever]
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*loops, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            for task in (*loops, stopped):
                task.cancel()
            await asyncio.gather(*loops, stopped, return_exceptions=True)
            await self.daily.stop(STOP_SECONDS)

    def _listening(self) -> AbstractAsyncContextManager[None]:
        app = self.bolt_app()
        app_token = self.settings.slack_app_token.get_secret_value()
        if app_token:
            return over_socket(app, self.slack, app_token, self.reconciler.wake)
        return over_http(self.web_app(app), self.settings.papers_host, self.settings.papers_port)

    def bolt_app(self) -> AsyncApp:
        """Slack's events, commands and actions, wired to the handlers.

        `process_before_response` makes Bolt answer as soon as a handler returns; its default polls every
        10 ms for the ack. Handlers therefore ack, leave slow work to `tasks`, and return.
        """
        app = AsyncApp(
            # Without a name Bolt would look for one in the stack, for 36 ms.
            name="papers-bot",
            logger=logging.getLogger(BOLT),
            client=self.slack.client,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
            # Checked before Bolt sees a request, in bot.listening; a socket needs no signatures.
            request_verification_enabled=False,
        )
        handlers.register(app, self.services())
        return app

    def services(self) -> Services:
        return Services(
            self.identity, self.slack, self.answers, self.voting, self.saving, self.sharing, self.tasks
        )

    def web_app(self, app: AsyncApp) -> web.Application:
        """The bot over HTTP."""
        return web_app(app, self.settings.slack_signing_secret.get_secret_value(), self._health)

    async def _health(self, _: web.Request) -> web.Response:
        try:
            papers = await self.library.store.count_papers()
        except StoreError as error:
            return web.json_response({"ok": False, "database": str(error)}, status=503)
        return web.json_response({"ok": True, "team": self.identity.team_id, "papers": papers})


@asynccontextmanager
async def open_bot(
    settings: Settings, clock: Clock = now, timing: Timing = DEFAULT_TIMING
) -> AsyncIterator[Bot]:
    """Open the library and connect to Slack's Web API.

    Raises DeliveryError when Slack doesn't accept the token, NotSent when Slack can't be reached.
    Without a token nothing is asked of Slack, which is enough to draw an edition but not to post it.
    """
    async with open_library(settings, clock, timing) as library, session(timing.call) as connections:
        token = settings.slack_bot_token.get_secret_value()
        slack = Slack(token, str(settings.slack_api_url), connections)
        identity = await slack.identity() if token else Identity("", "", "", "", "")
        bot = Bot(settings, library, slack, identity, clock, timing)
        try:
            yield bot
        finally:
            await bot.recommender.aclose()


async def run(settings: Settings, clock: Clock = now) -> None:
    """Run until SIGTERM or SIGINT; wait for Slack when it can't be reached at the start."""
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(_run(settings, clock, stop, ready))

    def ask_to_stop() -> None:
        stop.set()
        if not ready.is_set():
            # Nothing is under way yet that would have to be finished.
            running.cancel()

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ask_to_stop)
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()


async def _run(settings: Settings, clock: Clock, stop: asyncio.Event, ready: asyncio.Event) -> None:
    while True:
        try:
            async with open_bot(settings, clock) as bot:
                log.info("connected to %s as %s", bot.identity.team, bot.identity.user_id)
                await bot.run(stop, ready)
                return
        except NotSent as later:
            log.warning("Slack can't be reached; trying again in %.0f s", later.retry_after)
            await asyncio.sleep(later.retry_after)
