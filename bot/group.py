"""`/papers group`: when a channel's reading group meets, and who presents in turn."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.agenda import Agendas
from bot.asking import Answer, Asker
from bot.errors import DeliveryError, UsageError
from bot.ids import paper_id
from bot.messages import (
    MOST_ON_AGENDA,
    MOST_PEOPLE,
    GroupForm,
    Message,
    Place,
    group_form,
    group_message,
    group_set_message,
    notice,
    quoted,
)
from bot.notes import Notes
from bot.permission import Permission
from bot.surfaces import Surfaces
from bot.weektime import DAYS, WeekTime
from storage.models import ReadingGroup

DEFAULT_HOUR, DEFAULT_PAPERS = "thursday 15:00", 3
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>|@([\w.-]+)")


class ReadingGroups:
    """The reading groups of one workspace. Raises UsageError with the sentence a person reads."""

    def __init__(
        self,
        agendas: Agendas,
        notes: Notes,
        surfaces: Surfaces,
        permission: Permission,
        timezone: str,
        bot_user_id: str,
    ) -> None:
        self.agendas = agendas
        self.notes = notes
        self.surfaces = surfaces
        self.permission = permission
        self.timezone = timezone
        self.bot_user_id = bot_user_id
        self.store = agendas.store
        self.slack = agendas.slack
        self.team_id = agendas.team_id
        self.clock = agendas.clock

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers group [day hour papers|on|off|skip|next|rota @...|notes paper|settings]`; else a topic."""
        word, behind = (*rest.split(" ", 1), "")[:2]
        match word.lower(), behind:
            case "", "":
                return self._status(asker.channel_id)
            case ("on" | "off") as turned, "":
                return self._turn(asker, active=turned == "on")
            case "skip", "":
                return self.skip(asker)
            case "next", "":
                return self._next(asker)
            case "settings", "":
                return self._open_form(asker)
            case "rota", people if _PERSON.search(people):
                return self._set_rota(people, asker)
            case "notes", paper if id := paper_id(paper):
                return self.notes.listing(id, asker)
        return self._set_hour(rest, asker) if _names_a_day(rest) else None

    async def group(self, channel_id: str) -> ReadingGroup:
        """A channel's reading group; one that is not active where there is none yet."""
        known = await self.store.group(self.team_id, channel_id)
        if known:
            return known
        subscription = await self.store.subscription(self.team_id, channel_id)
        return ReadingGroup(
            team_id=self.team_id,
            channel_id=channel_id,
            hour=DEFAULT_HOUR,
            timezone=subscription.timezone if subscription else self.timezone,
            papers=DEFAULT_PAPERS,
            active=False,
        )

    async def change(self, channel_id: str, user_id: str, **changes: object) -> Message:
        """Change a group; the answer says how things stand then, and can put back what was before."""
        await self.permission.to_subscribe(user_id)
        before = await self.group(channel_id)
        group = before.model_copy(update=changes)
        if group.active and not before.active:
            await self._check_member(channel_id)
        await self.store.set_group(group)
        return group_set_message(await self._lines(group), _kept(before))

    async def put_back(self, value: str, asker: Asker) -> Message:
        """What held before, again."""
        await self.permission.to_subscribe(asker.user_id)
        group = _group_of(value, await self.group(asker.channel_id))
        await self.store.set_group(group)
        lines = await self._lines(group)
        return notice("\n".join([f"As before. {lines[0]}", *lines[1:]]))

    async def open_form(self, asker: Asker) -> None:
        """Open the settings for whoever gave the trigger."""
        group = await self.group(asker.channel_id)
        hour = WeekTime.parse(group.hour)
        await self.surfaces.open_modal(
            asker.trigger_id,
            group_form(
                GroupForm(
                    asker.channel_id,
                    DAYS,
                    DAYS[hour.weekday],
                    f"{hour.at:%H:%M}",
                    group.timezone,
                    group.papers,
                    group.rota,
                )
            ),
        )

    async def skip(self, asker: Asker) -> Message:
        """Leave the next meeting out."""
        group = await self._active(asker.channel_id)
        return await self.change(asker.channel_id, asker.user_id, skipped=self._meets(group))

    async def _open_form(self, asker: Asker) -> None:
        await self.open_form(asker)

    async def _status(self, channel_id: str) -> Message:
        group = await self.group(channel_id)
        lines = await self._lines(group)
        return group_message([*lines, _help(active=group.active)], active=group.active)

    async def _turn(self, asker: Asker, *, active: bool) -> Message:
        return await self.change(asker.channel_id, asker.user_id, active=active)

    async def _set_hour(self, words: str, asker: Asker) -> Message:
        hour, papers = words, None
        if (last := words.split()[-1]).isdecimal() and len(words.split()) > 2:
            hour, papers = words.rpartition(" ")[0], int(last)
        if papers is not None and not 1 <= papers <= MOST_ON_AGENDA:
            raise UsageError(f"A meeting has 1 to {MOST_ON_AGENDA} papers.")
        try:
            changes: dict[str, object] = {"hour": str(WeekTime.parse(hour)), "active": True}
        except ValueError as error:
            raise UsageError(
                "Write a weekday, an hour and how many papers, such as `/papers group thursday 15:00 3`."
            ) from error
        if papers is not None:
            changes["papers"] = papers
        return await self.change(asker.channel_id, asker.user_id, **changes)

    async def _set_rota(self, words: str, asker: Asker) -> Message:
        people = await self._people(words)
        return await self.change(asker.channel_id, asker.user_id, rota=self.rota_of(people))

    def rota_of(self, people: list[str]) -> tuple[str, ...]:
        """The people of a rota, each once. Raises UsageError for too many."""
        rota = tuple(dict.fromkeys(user for user in people if user != self.bot_user_id))
        if len(rota) > MOST_PEOPLE:
            raise UsageError(f"A rota has {MOST_PEOPLE} people at most.")
        return rota

    async def _people(self, words: str) -> list[str]:
        """The ids of people named by mentions or by `@name`."""
        found = [(id, name) for id, name in _PERSON.findall(words)]
        names = [name for _, name in found if name]
        try:
            known = await self.slack.user_ids(names) if names else {}
        except DeliveryError as error:
            raise UsageError(
                "Slack does not let me look up names here. Choose the people in `/papers group settings`."
            ) from error
        if missing := [name for name in names if name.lower() not in known]:
            raise UsageError(
                f"I don't know {quoted('@' + missing[0])}. Choose the people in `/papers group settings`."
            )
        return [id or known[name.lower()] for id, name in found]

    async def _next(self, asker: Asker) -> Message:
        """What the next meeting would be, were it now."""
        group = await self._active(asker.channel_id)
        votes = await self.agendas.most_voted(group, self.clock())
        people = await self.agendas.in_turn(group)
        papers = await self.store.papers(list(votes))
        lines = [self._when(group)]
        for at, paper in enumerate(papers):
            by = f"<@{people[at]}>" if at < len(people) else "nobody yet"
            lines.append(f"{at + 1}. {quoted(paper.title)}, {votes[paper.id]} upvotes: {by}")
        none = "Nobody has voted yet in the last seven days on papers that were not on an agenda."
        return notice("\n".join([*lines, *([] if papers else [none])]))

    async def _active(self, channel_id: str) -> ReadingGroup:
        group = await self.group(channel_id)
        if not group.active:
            raise UsageError(
                "This channel has no reading group. `/papers group thursday 15:00 3` founds one."
            )
        return group

    async def _lines(self, group: ReadingGroup) -> list[str]:
        """How things stand, in sentences."""
        if not group.active:
            return ["This channel has no reading group."]
        rota = ", ".join(f"<@{user}>" for user in group.rota)
        told = (
            f"In turn: {rota}; next is whoever presented longest ago."
            if rota
            else "Nobody is in the rota yet."
        )
        return [self._when(group), told]

    def _when(self, group: ReadingGroup) -> str:
        hour, following = WeekTime.parse(group.hour), self._meets(group)
        skipped = following - timedelta(days=7) == group.skipped
        return (
            f"The reading group meets each {hour.told} ({group.timezone}), over the {group.papers} most voted of the "
            f"week; next on {following.day} {following:%B}{', for one meeting is skipped' if skipped else ''}."
        )

    def _meets(self, group: ReadingGroup) -> date:
        """The day of the next meeting, by the group's calendar."""
        zone, hour = ZoneInfo(group.timezone), WeekTime.parse(group.hour)
        following = hour.next(self.clock(), zone)
        if following.astimezone(zone).date() == group.skipped:
            following = hour.next(following, zone)
        return following.astimezone(zone).date()

    async def _check_member(self, channel_id: str) -> None:
        if not await self.slack.may_post(channel_id):
            raise UsageError(
                f"I am not in this channel, so I can't post here. Type `/invite` <@{self.bot_user_id}> "
                "and then `/papers group` again."
            )


def _names_a_day(words: str) -> bool:
    first, *others = words.lower().split()
    named = len(first) >= 3 and any(day.startswith(first) for day in DAYS)
    return named and len(others) <= 2 and all(word[:1].isdecimal() for word in others)


def _help(*, active: bool) -> str:
    found = (
        "" if active else " founds one: each week an agenda of the most voted, and a thread for each paper"
    )
    more = ", `skip`, `next`, `rota @ada @ben`, `notes 2403.01234`, `off`" if active else ""
    return f"`/papers group thursday 15:00 3`{more}{found}."


def _kept(group: ReadingGroup) -> str:
    """What the Undo carries."""
    skipped = group.skipped.isoformat() if group.skipped else ""
    return json.dumps([group.hour, group.timezone, group.papers, group.active, skipped, group.rota])


def _group_of(value: str, now: ReadingGroup) -> ReadingGroup:
    """A group as an Undo has it. Raises UsageError when the value is not one of ours."""
    try:
        match json.loads(value):
            case [str(hour), str(zone), int(papers), bool(active), str(skipped), list(rota)]:
                return ReadingGroup(
                    team_id=now.team_id,
                    channel_id=now.channel_id,
                    hour=str(WeekTime.parse(hour)),
                    timezone=ZoneInfo(zone).key,
                    papers=min(max(papers, 1), MOST_ON_AGENDA),
                    active=active,
                    skipped=date.fromisoformat(skipped) if skipped else None,
                    rota=tuple(map(str, rota)),
                )
    except (ValueError, KeyError, OSError):
        pass
    raise UsageError("This button is too old to work. Ask again with `/papers group`.")
