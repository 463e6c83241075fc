"""The agendas of reading groups: planned from the week's votes, and who presents what."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.drawing import Drawing
from bot.errors import DeliveryError, UsageError
from bot.ingest import Clock
from bot.messages import (
    Message,
    OnAgenda,
    agenda_message,
    group_paper_message,
    notice,
    presenter_message,
    presenter_value,
    quoted,
)
from bot.outcomes import NotSent
from bot.planning import posts_without_votes
from bot.rota import stand_in, taken_over, turns
from bot.slack import Slack
from bot.weektime import WeekTime
from storage import Store
from storage.groups import GROUP
from storage.models import Edition, Post, PostKind, Presentation, ReadingGroup

log = logging.getLogger(__name__)

WEEK = timedelta(days=7)
#: An agenda that could not come in time does not come hours after the meeting.
GRACE = timedelta(hours=6)
#: So many of the week's most voted are looked at for papers that were not on an agenda before.
_LOOKED_AT = 60


class Agendas:
    """Plans and draws the agendas of one workspace, and changes who presents."""

    def __init__(self, store: Store, slack: Slack, drawing: Drawing, team_id: str, clock: Clock) -> None:
        self.store = store
        self.slack = slack
        self.drawing = drawing
        self.team_id = team_id
        self.clock = clock
        drawing.add(PostKind.AGENDA, self.draw)
        drawing.add(PostKind.DISCUSSION, self.draw_paper)

    async def plan_due(self) -> None:
        """Plan the agenda of each group whose hour has come, and redraw what a crash has left stale."""
        for group in await self.store.groups(self.team_id):
            zone = ZoneInfo(group.timezone)
            at = WeekTime.parse(group.hour).last(self.clock(), zone)
            day = at.astimezone(zone).date()
            if self.clock() - at >= GRACE or day == group.skipped:
                continue
            try:
                if not await self.store.edition(self.team_id, group.channel_id, day, GROUP):
                    await self._plan(group, at, day)
            except (DeliveryError, NotSent) as error:
                log.warning("the agenda of %s waits: %s", group.channel_id, error)
        await self.redraw_stale()

    async def _plan(self, group: ReadingGroup, at: datetime, day: date) -> None:
        votes = await self.most_voted(group, at)
        edition = Edition(
            team_id=self.team_id,
            channel_id=group.channel_id,
            day=day,
            listed_day=day,
            planned_at=self.clock(),
            top=len(votes),
            why="" if votes else "A week without votes on papers that were not on an agenda yet.",
            series=GROUP,
            about=json.dumps(votes),
        )
        if votes:
            # Written down first: of two processes, the presenters of one hold, and the other plans with them.
            people = await self.in_turn(group)
            agenda = [
                Presentation(
                    team_id=self.team_id,
                    channel_id=group.channel_id,
                    day=day,
                    position=position,
                    paper_id=paper_id,
                    user_id=people[position - 1] if position <= len(people) else "",
                )
                for position, paper_id in enumerate(votes, 1)
            ]
            planned = await self.store.plan_presentations(agenda)
            edition = edition.model_copy(update={"top": len(planned)})
        if await self.store.plan(edition, _posts(edition)):
            log.info("agenda of %s planned for %s: %d papers", day, group.channel_id, edition.top)

    async def most_voted(self, group: ReadingGroup, at: datetime) -> dict[str, int]:
        """The papers of a meeting at that moment, and their upvotes in the seven days before; most first."""
        zone = ZoneInfo(group.timezone)
        local = at.astimezone(zone)
        since = datetime.combine(local.date() - WEEK, local.time(), zone).astimezone(UTC)
        voted = await self.store.voted_between(self.team_id, group.channel_id, since, at, _LOOKED_AT)
        had = await self.store.discussed_in(self.team_id, group.channel_id, list(voted))
        fresh = [(id, votes) for id, votes in voted.items() if id not in had]
        return dict(fresh[: group.papers])

    async def in_turn(self, group: ReadingGroup) -> list[str]:
        """The people of a group in the order of their turns. Raises DeliveryError and NotSent."""
        if not group.rota:
            return []
        presented = await self.store.last_presented(self.team_id, group.channel_id)
        return turns(group.rota, presented, await self.slack.members(group.channel_id))

    async def draw(self, post: Post) -> Message:
        """The first message of a meeting."""
        edition = await self.store.edition_of(post)
        return agenda_message(edition.day, list((await self._agenda(edition)).values()))

    async def draw_paper(self, post: Post) -> Message:
        """The message that a paper's thread hangs on."""
        edition = await self.store.edition_of(post)
        return group_paper_message((await self._agenda(edition))[post.position], edition.day, post.position)

    async def _agenda(self, edition: Edition) -> dict[int, OnAgenda]:
        planned = await self.store.presentations(self.team_id, edition.channel_id, edition.day)
        papers = {paper.id: paper for paper in await self.store.papers([one.paper_id for one in planned])}
        votes = json.loads(edition.about or "{}")
        return {
            one.position: OnAgenda(papers[one.paper_id], one.user_id, votes.get(one.paper_id, 0))
            for one in planned
        }

    # Who presents.

    async def take(self, channel_id: str, day: date, position: int, user_id: str) -> Message:
        """Somebody presents a paper from now on. Stored at once; the messages are drawn by `redraw_stale`."""
        agenda = await self._known(channel_id, day, position)
        changed = taken_over(agenda, position, user_id)
        before = {one.position: one.user_id for one in agenda if one.position in changed}
        if before[position] == user_id:
            raise UsageError("You present this paper already.")
        await self.store.set_presenters(self.team_id, channel_id, day, changed)
        titles = await self._titles(agenda)
        said = f"You present {titles[position]}."
        for other, user in changed.items():
            if other != position:
                said += f" {titles[other]} is presented by {f'<@{user}>' if user else 'nobody yet'}."
        return presenter_message(said, presenter_value(day, before))

    async def leave(self, channel_id: str, day: date, position: int) -> str:
        """Nobody presents a paper for now; returns who was to."""
        agenda = await self._known(channel_id, day, position)
        before = next(one.user_id for one in agenda if one.position == position)
        if not before:
            raise UsageError("Nobody presents this paper yet. *I present this* takes it.")
        await self.store.set_presenters(self.team_id, channel_id, day, {position: ""})
        return before

    async def hand_on(self, channel_id: str, day: date, position: int, leaving: str) -> Message:
        """Have the next in turn present a paper that somebody has left."""
        agenda = await self._known(channel_id, day, position)
        group = await self.store.group(self.team_id, channel_id)
        following = stand_in(await self.in_turn(group), agenda, leaving) if group else ""
        if following:
            await self.store.set_presenters(self.team_id, channel_id, day, {position: following})
        of = (await self._titles(agenda))[position]
        said = (
            f"{of} is passed on to <@{following}>, who is next in turn."
            if following
            else f"Nobody presents {of} now: everybody else in the rota has a paper, or has left."
        )
        return presenter_message(said, presenter_value(day, {position: leaving}))

    async def put_back(self, channel_id: str, day: date, presenters: dict[int, str]) -> Message:
        """Who presented before does so again."""
        for position in presenters:
            await self._known(channel_id, day, position)
        await self.store.set_presenters(self.team_id, channel_id, day, presenters)
        return notice("As before.")

    async def redraw_stale(self) -> None:
        """Have every message of a meeting say who presents now."""
        for post in await self.store.stale_agendas(self.team_id):
            message, _ = await self.drawing.message(post)
            try:
                if await self.slack.update(post.channel_id, post.ts, message):
                    await self.store.drawn(post, "")
                else:
                    await self.store.lost(post, "deleted in Slack")
            except NotSent:
                return  # The next tick tries again.
            except DeliveryError as refused:
                log.warning("who presents is not shown in %s: %s", post.channel_id, refused)
                await self.store.drawn(post, "")

    async def _known(self, channel_id: str, day: date, position: int) -> list[Presentation]:
        agenda = await self.store.presentations(self.team_id, channel_id, day)
        if position not in {one.position for one in agenda}:
            raise UsageError("This meeting is not known any more. `/papers group` says when the next one is.")
        return agenda

    async def _titles(self, agenda: list[Presentation]) -> dict[int, str]:
        papers = await self.store.papers([one.paper_id for one in agenda])
        return {one.position: quoted(paper.title) for one, paper in zip(agenda, papers, strict=True)}


def _posts(edition: Edition) -> list[Post]:
    """The agenda, and a message for each paper, whose thread is the paper's."""
    kinds = [PostKind.AGENDA, *[PostKind.DISCUSSION] * edition.top] if edition.top else []
    return posts_without_votes(edition, kinds)
