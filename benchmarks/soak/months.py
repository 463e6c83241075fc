"""The months themselves: days of papers, a crowd of people, and lives of the bot that end too early."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from benchmarks.soak.check import Verdict
from benchmarks.soak.lives import Life, Nest, forkserver
from benchmarks.soak.moments import MOMENTS, STARTING, Killer
from benchmarks.soak.people import Crowd, Person
from benchmarks.soak.place import FIRST_DAY, Place
from benchmarks.soak.trouble import Trouble

#: Hours in UTC to which the clock is moved each day, soon after editions are due.
HOURS = (0.2, 9.2, 13.6)
#: Longer than a claim's lease, than a source's rest, and than a channel's pause after a refusal.
WAITS = (0, 31, 70, 661)
#: Days that pass between two evenings at which everything is left to come to rest.
WEEK = 7
#: Real seconds that an evening lasts at most, where no channel has anything new to come.
PLANNING_SECONDS = 20.0
#: Real seconds in which a process is connected, on a machine busy with other work.
CONNECTING_SECONDS = 10.0
#: Real seconds that a life lasts at most, on a machine that does nothing else.
LIFE_SECONDS = 0.9
#: How often somebody acts although no process of the bot is connected, and so hears of it.
OFFLINE = 0.05
#: Real seconds between two counts of the deliveries.
COUNT_EVERY = 0.2
#: Real seconds in which everything must have come to rest.
REST = 45.0


@dataclass
class Tally:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    lives: Counter[str] = field(default_factory=Counter)
    days: int = 0
    checks: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    exits: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Aim:
    """How long to go on, and how much must have happened by then."""

    minutes: float
    kills: int
    events: int


class Months:
    """One run. Its choices come from the seed; how the processes interleave does not."""

    def __init__(self, place: Place, seed: int, aim: Aim) -> None:
        self.place = place
        self.slack = place.slack
        self.aim = aim
        self.tally = Tally()
        # One for each, so that what one draws in a busy moment doesn't change what another draws.
        self.rng = random.Random(f"{seed} days")
        self.trouble = Trouble(place.slack, place.upstream, random.Random(f"{seed} trouble"))
        self.killer = Killer(place.slack, place.upstream, random.Random(f"{seed} killer"))
        self.crowd = Crowd(
            [
                Person(
                    place.slack,
                    user,
                    place.channels,
                    random.Random(f"{seed} {user}"),
                    presser=number % 2 == 0,
                )
                for number, user in enumerate(place.people)
            ],
            self._may_act,
        )
        self._offline = random.Random(f"{seed} crowd")
        self._nest = Nest(place.settings, place.clock, place.folder / "bot.log")
        self._context = forkserver()
        self._lives: list[Life] = []
        self._started = time.monotonic()
        self._counted = (0, 0.0)

    async def run(self) -> Verdict:
        """Live until the aim is reached or something is wrong."""
        self._started = time.monotonic()
        verdict = Verdict()
        try:
            async with self.crowd:
                while not verdict.all and not self._done():
                    await self._day()
                    if self.tally.days % WEEK == 0:
                        verdict = await self._rest()
                if not verdict.all:
                    await self._move_to(self._today(), 14)
                    verdict = await self._rest()
        finally:
            for life in self._lives:
                life.kill()
                await life.ended()
        self.tally.cpu = sum(life.cpu for life in self._lives)
        self.tally.seconds = time.monotonic() - self._started
        return verdict

    def _done(self) -> bool:
        """Whether all of the aim is reached; three times as long is the most that anybody waits for it."""
        minutes = (time.monotonic() - self._started) / 60
        reached = sum(self.tally.kills.values()) >= self.aim.kills and self.place.events() >= self.aim.events
        return minutes >= 3 * self.aim.minutes + 1 or (minutes >= self.aim.minutes and reached)

    def _may_act(self) -> bool:
        """The crowd is as busy as the aim has it, spread over the time, and mostly while somebody listens."""
        if not self.slack.connections and self._offline.random() > OFFLINE:
            return False
        share = min(1.0, (time.monotonic() - self._started) / (self.aim.minutes * 60))
        return self._events() < self.aim.events * share + 50

    def _events(self) -> int:
        """About how many events were acknowledged: counting them takes a while."""
        counted, at = self._counted
        if time.monotonic() - at > COUNT_EVERY:
            self._counted = counted, _ = self.place.events(), time.monotonic()
        return counted

    async def _day(self) -> None:
        """Three times of one day; papers come in the night, and a few more in the morning."""
        day = self._today()
        self.place.list_papers(day, self.rng.choice((0, 3, 6, 8)) if day.weekday() < 5 else 0, self.rng)
        for number, at in enumerate(HOURS):
            await self._move_to(day, at)
            if number == 1 and day.weekday() < 5:
                self.place.list_papers(day, self.rng.randint(0, 2), self.rng)
            for _ in range(self.rng.choice((0, 1, 1))):
                await self._life()
        if self.place.listed[day]:
            await self._evening(day)
        self.tally.days += 1

    async def _evening(self, day: date) -> None:
        """A life until the day's editions are planned, since a channel that gets none for days has lost papers."""
        self.trouble.end()
        life = self._start()
        with suppress(TimeoutError):
            await self.slack.wait_for(lambda: self.place.all_planned(day), PLANNING_SECONDS)
        await asyncio.sleep(self.rng.uniform(0, 0.1))
        self.tally.kills["after planning"] += life.kill()
        await life.ended()
        await self._pass(self.rng.choice(WAITS))

    def _today(self) -> date:
        return (FIRST_DAY + timedelta(days=self.tally.days)).date()

    async def _life(self) -> None:
        """A life that ends in a kill, sometimes beside another process on the same database."""
        self.trouble.sow()
        life = self._start()
        beside = self._start_beside()
        wanted, share = self.rng.choice(MOMENTS), self.rng.uniform(0.3, 1)
        patience = share * (LIFE_SECONDS if wanted == STARTING else await self._connected())
        moment = await self.killer.wait(wanted, life.kill, patience)
        self.tally.kills[moment] += life.killed
        await life.ended()
        if beside:
            await self._end(beside)
        elif self.rng.random() < 0.1:
            await self.trouble.cut_sockets()
        await self._pass(self.rng.choice(WAITS))

    async def _connected(self) -> float:
        """How long a life may last once it is connected: longer, where the machine took long for that."""
        started = time.monotonic()
        with suppress(TimeoutError):
            await self.slack.wait_for(lambda: self.slack.connections, CONNECTING_SECONDS)
        return max(LIFE_SECONDS, 2 * (time.monotonic() - started))

    def _start(self, post_to: str = "", kind: str = "run") -> Life:
        life = self._nest.start(self._context, post_to)
        self.tally.lives[kind] += 1
        self._lives.append(life)
        return life

    def _start_beside(self) -> Life | None:
        chosen = self.rng.random()
        if chosen < 0.2:
            return self._start(kind="run beside another")
        return self._start(self.rng.choice(self.place.channels), "post beside it") if chosen < 0.35 else None

    async def _end(self, beside: Life) -> None:
        """The other one is alone now and may find what the first left behind; then it is killed or asked to stop."""
        await self._pass(self.rng.choice(WAITS))
        await asyncio.sleep(self.rng.uniform(0, 0.4))
        if self.rng.random() < 0.7:
            if beside.kill():
                self.tally.kills["the one beside"] += 1
            await beside.ended()
        elif (status := await beside.stopped()) != 0:
            self.tally.exits.append(f"a process that was asked to stop ended with {status}")

    async def _pass(self, seconds: float) -> None:
        """Let time pass, with one process alive at most.

        With two of them a claim could run out under a call that takes milliseconds here. What a dead process had
        sent reaches Slack first: in the wild that takes no thirty seconds either.
        """
        alive = sum(life.alive for life in self._lives)
        if alive > 1:
            raise AssertionError(f"{alive} processes are alive while the clock moves")
        for _ in range(3):
            await asyncio.sleep(0.01)
        self.place.clock.move(seconds)
        if seconds >= 60:
            await self.slack.retry_now()

    async def _move_to(self, day: date, at: float) -> None:
        """Go to this hour of a day, unless it has passed. Slack repeats what it could not deliver, then gives up."""
        wanted = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=at)
        for step in (61.0, 301.0):
            await self._pass(step)
        await self._pass(max(0.0, wanted.timestamp() - self.place.clock()))

    async def _rest(self) -> Verdict:
        """Nothing goes wrong and nobody acts, until all is done or it is clear that it will not be.

        This is the evening of a Sunday, or of a day whose papers were listed before any channel's hour: so every
        channel has had every paper by then.
        """
        await self.crowd.pause()
        self.trouble.end()
        life = self._start(kind="run undisturbed")
        ends = time.monotonic() + REST
        while True:
            await self._pass(661)
            await asyncio.sleep(0.5)
            verdict = self.place.verdict()
            verdict.wrong += self.tally.exits
            if not verdict.all or time.monotonic() > ends:
                break
            # Which makes it read the reactions again.
            await self.slack.close_sockets()
        self.tally.checks += 1
        if (status := await life.stopped()) != 0:
            verdict.wrong.append(f"the undisturbed process ended with {status}")
        self.crowd.go_on()
        return verdict
