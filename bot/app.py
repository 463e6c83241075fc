"""Builds the whole bot from Settings, runs it and stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from zoneinfo import ZoneInfo

from aiohttp import web
from slack_bolt.async_app import AsyncApp

import handlers
from bot.agenda import Agendas
from bot.alerts import AlertDrawing, Alerts
from bot.allowance import Allowance
from bot.answers import Answers
from bot.attachments import Attachments
from bot.backups import Backups
from bot.config import Settings
from bot.conversing import Conversing
from bot.daily import Daily
from bot.deliveries import ObservedApp
from bot.delivery import Delivery
from bot.discussing import Discussing
from bot.drafting import Drafting
from bot.drawing import Drawing
from bot.entries import Entries
from bot.errands import Errands
from bot.errors import DeliveryError, PapersError, UsageError
from bot.examples import Finding
from bot.explaining import Explaining
from bot.exporting import Exporting
from bot.greeting import Greeting
from bot.group import ReadingGroups
from bot.health import Health, Line
from bot.home import Home, Homes
from bot.home_acts import HomeActs
from bot.home_channels import HomeChannels
from bot.home_papers import HomePapers
from bot.ingest import Clock
from bot.leftovers import Leftovers
from bot.library import DEFAULT_TIMING, Library, now, open_library
from bot.linking import Linking
from bot.links import Links
from bot.listening import MONITORING, PAGES, STOP_SECONDS, over_http, over_socket, web_app
from bot.lists import Lists
from bot.logs import BOLT
from bot.mail.choosing import Choosing
from bot.mail.mailing import Mailing
from bot.mail.server import mail_server
from bot.mail.smtp import Smtp
from bot.members import Members
from bot.monitoring import Monitoring, counting_calls
from bot.notes import Notes
from bot.outcomes import NotSent
from bot.permission import Permission
from bot.picking import Hours, Picking
from bot.picture import Picture
from bot.planning import Planning
from bot.pointing import Pointing
from bot.privacy import Privacy
from bot.profiles import Profiles
from bot.proving import Prover
from bot.public.asking import FeedAsking
from bot.public.reading import Reading
from bot.public.site import Site
from bot.recommend import Recommender
from bot.reconcile import Reconciler
from bot.recovery import Recovery
from bot.refresh import Refresher
from bot.replicas import only_one
from bot.roundup import RoundUps
from bot.saving import Saving
from bot.services import Services
from bot.sharing import Sharing
from bot.slack import Identity, Slack, session
from bot.stating import Stating
from bot.stats import Reporter
from bot.submitting import Submitting
from bot.subscribing import Subscribing
from bot.subscriptions import Subscriptions
from bot.surfaces import Surfaces
from bot.tasks import Tasks
from bot.tasting import Tasting
from bot.timing import Timing
from bot.troubles import Troubles
from bot.votes import Voting
from bot.weekly import Weekly
from storage.models import PostKind, Subscription

log = logging.getLogger(__name__)


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
        store, ingest, search, metrics = library
        self.tasks = Tasks(metrics)
        self.surfaces = Surfaces(slack)
        seed = settings.papers_upvote_emoji[0]
        self.drawing = Drawing(store, seed)
        self.refresher = Refresher(store, slack, self.drawing, identity.team_id, clock, timing.coalesce)
        delivery = Delivery(store, slack, self.drawing, clock, timing, self._sent, metrics)
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
        troubles = Troubles(store, slack, identity.team_id, clock)
        leftovers = Leftovers(store, slack, delivery, clock)
        until = settings.papers_post_until
        self.daily = Daily(
            store,
            drafting,
            delivery,
            troubles,
            leftovers,
            identity.team_id,
            clock,
            metrics,
            until,
            timing,
        )
        self.alerts = Alerts(drafting, delivery, until)
        self.daily.also.append(self.alerts.work)
        alert_drawing = AlertDrawing(store)
        self.drawing.add(PostKind.ALERT, alert_drawing.alert)
        self.drawing.add(PostKind.LIST, alert_drawing.list_)
        zone = ZoneInfo(settings.papers_timezone)
        entries = Entries(store, identity.team_id, identity.url, zone, clock)
        lists = Lists(store, ingest, self.recommender, identity.team_id, zone)
        self.explaining = Explaining(store, search, self.recommender, entries, identity.team_id)
        finding, attachments = Finding(ingest, search), Attachments(slack)
        self.tasting = Tasting(store, self.recommender, finding, attachments, identity.team_id, zone, clock)
        reporter = Reporter(Prover(self.recommender), clock)
        permission = Permission(slack, settings.papers_subscribers)
        self.submitting = Submitting(store, ingest, finding, slack, self.surfaces, identity.team_id, clock)
        self.exporting = Exporting(
            store, ingest, search, lists, slack, self.surfaces, identity.team_id, identity.url, zone, clock
        )
        self.privacy = Privacy(
            store,
            self.exporting,
            identity.team_id,
            settings.papers_backups,
            clock,
            self.refresher.touch,
            lambda user_id: self.homes.start_over(user_id),
        )
        hours, url = Hours(settings.papers_post_at, zone), settings.papers_public_url
        self.picking = Picking(store, ingest, self.recommender, identity.team_id, clock)
        self.links = Links(store, identity.team_id, url, clock)
        profiles, smtp = Profiles(slack), mail_by(settings)
        self.choosing = Choosing(store, smtp, profiles, identity, hours, clock)
        self.mailing = (
            Mailing(
                store, self.picking, smtp, self.links, profiles, slack, identity, hours, clock, timing.tick
            )
            if smtp
            else None
        )
        reading = Reading(store, self.picking, profiles, identity.team_id, url, hours, clock)
        self.site = Site(reading, self.choosing, url) if url else None
        feeds = FeedAsking(self.links, slack, permission, identity.team)
        self.subscriptions = Subscriptions(
            store,
            slack,
            self.surfaces,
            permission,
            self.subscription(""),
            identity.user_id,
            clock,
            timing.modal,
            lambda user_id: self.members.channels_of(user_id),
        )
        subscribing = Subscribing(store, permission, self.subscriptions, self.subscription(""))
        round_ups = RoundUps(store, identity.team_id, identity.url)
        self.weekly = Weekly(
            store, round_ups, delivery, permission, settings.papers_weekly, identity.team_id, clock
        )
        self.drawing.add(PostKind.ROUNDUP, self.weekly.draw)
        delivery.senders[PostKind.PICTURE] = Picture(store, slack, identity.user_id)
        self.agendas = Agendas(store, slack, self.drawing, identity.team_id, clock)
        self.notes = Notes(store, slack, self.surfaces, identity, zone, clock)
        self.groups = ReadingGroups(
            self.agendas, self.notes, self.surfaces, permission, settings.papers_timezone, identity.user_id
        )
        self.planning = Planning(store, {"round-ups": self.weekly.plan_due, "agendas": self.agendas.plan_due})
        self.answers = Answers(
            store,
            ingest,
            search,
            lists,
            entries,
            self.explaining,
            identity.team_id,
            seed,
            zone,
            clock,
            metrics,
            {
                "subscribe": subscribing.subscribing,
                "unsubscribe": subscribing.unsubscribing,
                "submit": self.submitting.submitting,
                "subscriptions": self.subscriptions.answering,
                "taste": self.tasting.answering,
                "stats": reporter.answering,
                "export": self.exporting.exporting,
                "privacy": self.privacy.explaining,
                "my-data": self.privacy.sending,
                "forget-me": self.privacy.asking,
                "mail": self.choosing.answering,
                "feed": feeds.answering,
                "weekly": self.weekly.answering,
                "group": self.groups.answering,
            },
            self.notes.talked,
        )
        self.members = Members(slack, lambda: clock().timestamp(), lambda user_id: self.homes.touch(user_id))
        papers = HomePapers(store, lists.for_you, entries, identity.team_id, clock)
        channels = HomeChannels(store, self.members, self.subscriptions, self.weekly, identity.team_id)
        home = Home(
            store,
            papers,
            channels,
            self.choosing,
            self.members,
            identity.team_id,
            settings.papers_timezone,
            clock,
        )
        self.homes = Homes(home, ingest, self.surfaces, self.tasks, clock, timing.coalesce)
        self.greeting = Greeting(store, slack, identity.team_id, seed, clock, timing)
        self.reconciler = Reconciler(store, slack, identity, clock, timing, self.refresher.touch)
        self.voting = Voting(store, self.refresher, identity.user_id, metrics, self.homes.touch)
        self.saving = Saving(store, self.homes.touch)
        self.home_acts = HomeActs(
            store, self.homes, self.saving, self.surfaces, self.explaining, identity.team_id
        )
        self.recovery = Recovery(store, ingest, slack, identity)
        self.backups = Backups(settings.papers_database, settings.papers_backups, clock)
        self.stating = Stating(store, identity.team_id, self.homes.touch)
        self.sharing = Sharing(store, slack, delivery, entries, identity, clock)
        self.pointing = Pointing(store, identity.team_id)
        discussing = Discussing(store, slack, identity, clock)
        self.errands = Errands(
            store, ingest, self.pointing, self.answers, self.saving, discussing, identity.team_id
        )
        touch = self.refresher.touch
        self.linking = Linking(store, ingest, slack, entries, identity, zone, clock, touch)
        self.refresher.followers += [self.linking.redraw, self.homes.voted]
        self.conversing = Conversing(store, slack, self.answers, identity, clock)
        self.allowance = Allowance(settings.papers_burst, lambda: clock().timestamp())
        self.line = Line(timing.socket) if settings.slack_app_token.get_secret_value() else None
        health = Health(store, settings.papers_database, identity.team_id, clock, timing, self.line)
        self.monitoring = Monitoring(health, metrics)

    def _sent(self, paper_ids: list[str]) -> None:
        """A channel has got these papers."""
        self.refresher.touch(paper_ids)
        self.homes.posted()

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

    async def recover(self, channels: Iterable[str]) -> None:
        """Know again what these channels had since a copy was made that was put back; nothing may be posted before.

        Raises DeliveryError, NotSent or SourceError when that can't be done now.
        """
        if await self.library.store.copied_at() is None:
            return
        named = [one.channel_id for one in await self.named_channels()]
        await self.recovery.recover([*channels, *named, *await self._subscribed()])

    async def _subscribed(self) -> list[str]:
        store, team_id = self.library.store, self.identity.team_id
        daily = [one.channel_id for one in await store.subscriptions(team_id)]
        return list(dict.fromkeys([*daily, *(one.channel_id for one in await store.topics(team_id))]))

    async def _post(self) -> None:
        """Post what is due, for ever."""
        await self.recovery.insist(await self._subscribed(), self.timing.tick)
        await self.daily.run()

    async def _work_until(self, stop: asyncio.Event) -> None:
        forever = (
            self._post(),
            self.refresher.run(),
            self.homes.run(),
            self.library.ingest.keep_fresh(self.timing.refresh),
            self.library.ingest.keep_asking(self.timing.tick),
            self.library.search.keep_fresh(self.timing.tick, self.clock),
            self._find_channels(),
            self.reconciler.run(),
            self.backups.keep_fresh(self.timing.tick),
            *([self.mailing.run()] if self.mailing else []),
            self.planning.run(self.timing.tick),
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
            mailing = [self.mailing.stop(STOP_SECONDS)] if self.mailing else []
            await asyncio.gather(self.daily.stop(STOP_SECONDS), *mailing)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        app, settings = self.bolt_app(), self.settings
        async with AsyncExitStack() as listening:
            if self.line is None:
                server = self.web_app(app)
                await listening.enter_async_context(
                    over_http(server, settings.papers_host, settings.papers_port)
                )
            else:
                for pages, where in self._pages():
                    site = over_http(pages, settings.papers_host, settings.papers_port, where)
                    await listening.enter_async_context(site)
                token = settings.slack_app_token.get_secret_value()
                socket = over_socket(
                    app, self.slack, token, self.line, self.timing.tick, self.reconciler.wake
                )
                await listening.enter_async_context(socket)
            yield

    def _pages(self) -> Iterable[tuple[web.Application, str]]:
        """What browsers and monitors are served in Socket Mode, if anything, and how the log tells of it."""
        monitored, pages = self.settings.papers_monitoring == "on", web.Application()
        if self.site:
            self.site.add_to(pages)
        if monitored:
            self.monitoring.add_to(pages)
        if self.site or monitored:
            yield pages, MONITORING if monitored else PAGES

    def bolt_app(self) -> ObservedApp:
        """Slack's events, commands and actions, wired to the handlers.

        `process_before_response` makes Bolt answer as soon as a handler returns; its default polls every
        10 ms for the ack. Handlers therefore ack, leave slow work to `tasks`, and return.
        """
        app = ObservedApp(
            self.library.metrics,
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
            self.identity,
            self.slack,
            self.surfaces,
            self.answers,
            self.voting,
            self.saving,
            self.sharing,
            self.privacy,
            self.explaining,
            self.exporting,
            self.stating,
            self.choosing,
            self.tasting,
            self.tasks,
            self.allowance,
            self.library.metrics,
            self.pointing,
            self.errands,
            self.submitting,
            self.linking,
            self.conversing,
            self.homes,
            self.home_acts,
            self.members,
            self.greeting,
            self.subscriptions,
            self.weekly,
            self.groups,
            self.agendas,
            self.notes,
        )

    def web_app(self, app: AsyncApp) -> web.Application:
        """The bot over HTTP."""
        secret = self.settings.slack_signing_secret.get_secret_value()
        server = self.monitoring.add_to(web_app(app, secret, self.library.metrics))
        return self.site.add_to(server) if self.site else server


def mail_by(settings: Settings) -> Smtp | None:
    """How mail is sent; None where it is not."""
    url = settings.papers_smtp_url.get_secret_value()
    return Smtp(mail_server(url), settings.papers_mail_from) if url else None


@asynccontextmanager
async def open_bot(
    settings: Settings, clock: Clock = now, timing: Timing = DEFAULT_TIMING
) -> AsyncIterator[Bot]:
    """Open the library and connect to Slack's Web API.

    Raises DeliveryError when Slack doesn't accept the token, NotSent when Slack can't be reached.
    Without a token nothing is asked of Slack, which is enough to draw an edition but not to post it.
    """
    token, api_url = settings.slack_bot_token.get_secret_value(), str(settings.slack_api_url)
    async with open_library(settings, clock, timing) as library:
        traces = [counting_calls(library.metrics, api_url)]
        async with session(timing.call, traces) as connections:
            slack = Slack(token, api_url, connections)
            identity = await slack.identity() if token else Identity("", "", "", "", "")
            bot = Bot(settings, library, slack, identity, clock, timing)
            try:
                yield bot
            finally:
                await bot.members.aclose()
                await bot.recommender.aclose()


async def run(settings: Settings, clock: Clock = now) -> None:
    """Run until SIGTERM or SIGINT; wait for Slack when it can't be reached at the start.

    Raises StoreError when another process runs on the same database and no replicas are meant.
    """
    with nullcontext() if settings.papers_replicas else only_one(settings.papers_database):
        await _run_until_asked(settings, clock)


async def _run_until_asked(settings: Settings, clock: Clock) -> None:
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
