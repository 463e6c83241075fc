"""`/papers taste`: what a person or a channel likes: told in words, stated, switched off, reset."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from bot import messages
from bot.asking import Answer, Asker
from bot.attachments import Attachment, Attachments
from bot.errors import UsageError
from bot.examples import Finding
from bot.ingest import Clock
from bot.messages import (
    Added,
    Message,
    Place,
    TastePage,
    TastePress,
    Wish,
    count,
    notice,
    short_date,
    wish_name,
)
from bot.recommend import Recommender, is_channel
from bot.taste_words import Asked, Verb, read_taste, wish_of
from storage import Store
from storage.models import Interest, Learning, Signal, SignalKind, Subject

_SHOWN = 5
#: Words are taken from the newest liked papers.
_DESCRIBED = 200
#: Likings below this come from papers that were opened or only shown.
_MEANT = 0.5

Attitude = Literal[-1, 0, 1]


class Owner(NamedTuple):
    """Whose taste is meant: the person's who asks or, with `here`, the channel's they are in."""

    id: str
    here: bool


class Tasting:
    """Tells and changes tastes in one workspace. Every method raises UsageError with the sentence a person reads.

    What is stated is stated at the time of the clock, so that of two statements the later one holds.
    """

    def __init__(
        self,
        store: Store,
        recommender: Recommender,
        finding: Finding,
        attachments: Attachments,
        team_id: str,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self.store = store
        self.recommender = recommender
        self.finding = finding
        self.attachments = attachments
        self.team_id = team_id
        self.zone = zone
        self.clock = clock
        self._forms: dict[Verb, Callable[[Owner, str], Awaitable[Message]]] = {
            Verb.SHOW: self._show,
            Verb.ADD: self._add,
            Verb.FOLLOW: self._follow,
            Verb.MUTE: self._mute,
            Verb.UNFOLLOW: self._unfollow,
            Verb.UNMUTE: self._unmute,
            Verb.ON: self._on,
            Verb.OFF: self._off,
            Verb.RESET: self._ask_to_reset,
        }

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers taste ...`."""
        asked = read_taste(rest)
        return (
            self._answer(asked, _owner(asker.user_id, asker.channel_id, here=asked.here)) if asked else None
        )

    async def _answer(self, asked: Asked, owner: Owner) -> Message:
        return await self._forms[asked.verb](owner, asked.about)

    async def add_files(self, files: Sequence[Attachment], user_id: str) -> Message:
        """The papers of BibTeX files become examples of what a person likes."""
        texts = [await self.attachments.text(file) for file in files]
        return await self._add(Owner(user_id, here=False), "\n".join(texts))

    async def pressed(self, press: TastePress, user_id: str, channel_id: str) -> str:
        """Store what a button of a taste asks for; returns what to say of it above the taste, see `page`."""
        owner = _owner(user_id, channel_id, here=press.here)
        match press.act:
            case "on" | "off":
                return await self._turn(owner, active=press.act == "on")
            case "reset":
                return await self._reset(owner)
            case "undo":
                return await self._undo(owner, press.value)
            case "drop":
                return await self._drop(owner, press)

    async def page(self, press: TastePress, user_id: str, channel_id: str, note: str) -> Message:
        """The taste after a button of it was pressed."""
        return await self._show(_owner(user_id, channel_id, here=press.here), note=note)

    # --- telling -----------------------------------------------------------------------------------------------

    async def _show(self, owner: Owner, about: str = "", note: str = "") -> Message:
        learning = await self.store.learning(self.team_id, owner.id)
        stated = await self.store.interests(self.team_id, owner.id)
        signals = await self._signals(owner, learning)
        liking = (await self.recommender.liking(owner.id)).preferences
        liked, disliked = _most(liking, 1), _most(liking, -1)
        page = TastePage(
            here=owner.here,
            active=learning.active,
            note=note,
            rests_on=_rests_on(signals, stated, learning),
            since=self._since(signals),
            liked=await self.store.papers(liked[:_SHOWN]),
            disliked=await self.store.papers(disliked[:_SHOWN]),
            terms=await self.recommender.terms(liked[:_DESCRIBED]) if liked else (),
            wishes=[
                Wish(one.subject, one.value, one.attitude)
                for one in stated
                if one.subject is not Subject.PAPER
            ],
        )
        return messages.taste_message(page)

    async def _signals(self, owner: Owner, learning: Learning) -> list[Signal]:
        """What people did that says something, without what was only shown to them."""
        asked = self.store.signals_of_channel if is_channel(owner.id) else self.store.signals_of_person
        told = await asked(self.team_id, owner.id, self.clock(), learning.since)
        return [one for one in told if one.kind is not SignalKind.SHOWN]

    def _since(self, signals: Sequence[Signal]) -> str:
        if not signals:
            return ""
        first = min(one.at for one in signals).astimezone(self.zone).date()
        return short_date(first, self.clock().astimezone(self.zone).date())

    # --- stating -----------------------------------------------------------------------------------------------

    async def _add(self, owner: Owner, about: str) -> Message:
        found = await self.finding.find(about)
        liked = {
            one.value
            for one in await self.store.interests(self.team_id, owner.id)
            if one.subject is Subject.PAPER and one.attitude == 1
        }
        new = [paper for paper in found.papers if paper.id not in liked]
        known = [paper for paper in found.papers if paper.id in liked]
        stated_at = await self._state(owner, [(Subject.PAPER, paper.id) for paper in new], 1)
        learning = await self.store.learning(self.team_id, owner.id)
        named = (found.missing, found.broken, found.unasked, found.cut)
        return messages.added_message(Added(owner.here, stated_at, new, known, *named, learning.active))

    async def _follow(self, owner: Owner, about: str) -> Message:
        return await self._wish(owner, about, 1)

    async def _mute(self, owner: Owner, about: str) -> Message:
        return await self._wish(owner, about, -1)

    async def _wish(self, owner: Owner, about: str, attitude: Literal[1, -1]) -> Message:
        subject, value = wish_of(about)
        known = await self._stated(owner, subject, value)
        value = known.value if known else value
        await self._state(owner, [(subject, value)], attitude)
        what = f"Papers {'by' if subject is Subject.AUTHOR else 'of'} {wish_name(subject, value)}"
        whose = "in this channel's editions" if owner.here else "for you"
        said = f"{what} stay away {whose}."
        if attitude > 0:
            learning = await self.store.learning(self.team_id, owner.id)
            said = f"{what} come higher {whose} from now on." + messages.off_remark(
                learning.active, owner.here
            )
        return messages.wished_message(said, Wish(subject, value, attitude), here=owner.here)

    async def _unfollow(self, owner: Owner, about: str) -> Message:
        return await self._unwish(owner, about, 1, "followed")

    async def _unmute(self, owner: Owner, about: str) -> Message:
        return await self._unwish(owner, about, -1, "muted")

    async def _unwish(self, owner: Owner, about: str, attitude: Attitude, name: str) -> Message:
        subject, value = wish_of(about)
        known = await self._stated(owner, subject, value)
        if known is None or known.attitude != attitude:
            raise UsageError(
                f"{_capital(wish_name(subject, value))} is not {name}. "
                f"`/papers taste{' here' * owner.here}` shows what is."
            )
        await self._state(owner, [(subject, known.value)], 0)
        return notice(f"{_capital(wish_name(subject, known.value))} is no longer {name}.")

    async def _stated(self, owner: Owner, subject: Subject, value: str) -> Interest | None:
        """What is known of an author or a topic, in whatever case it is written."""
        for one in await self.store.interests(self.team_id, owner.id):
            if one.subject is subject and one.value.casefold() == value.casefold():
                return one
        return None

    async def _state(self, owner: Owner, stated: Iterable[tuple[Subject, str]], attitude: Attitude) -> float:
        """Keep what was said; returns when that was."""
        now = self.clock().timestamp()
        await self.store.record_interests(
            [
                Interest(
                    team_id=self.team_id,
                    owner_id=owner.id,
                    subject=subject,
                    value=value,
                    attitude=attitude,
                    stated_at=now,
                )
                for subject, value in stated
            ]
        )
        return now

    # --- taking back -------------------------------------------------------------------------------------------

    async def _undo(self, owner: Owner, stated_at: str) -> str:
        """Take back the papers that were named at one time."""
        named = [
            (one.subject, one.value)
            for one in await self.store.interests(self.team_id, owner.id)
            if one.subject is Subject.PAPER and repr(one.stated_at) == stated_at
        ]
        await self._state(owner, named, 0)
        return f"Taken back: {count(len(named), 'paper')}." if named else "That is taken back already."

    async def _drop(self, owner: Owner, press: TastePress) -> str:
        try:
            subject = Subject(press.subject)
        except ValueError as error:
            raise UsageError("This button is too old to work. Ask again with `/papers taste`.") from error
        if known := await self._stated(owner, subject, press.value):
            await self._state(owner, [(subject, known.value)], 0)
        return f"{_capital(wish_name(subject, press.value))} is taken back."

    async def _on(self, owner: Owner, about: str) -> Message:
        return await self._show(owner, note=await self._turn(owner, active=True))

    async def _off(self, owner: Owner, about: str) -> Message:
        return await self._show(owner, note=await self._turn(owner, active=False))

    async def _turn(self, owner: Owner, *, active: bool) -> str:
        learning = await self.store.learning(self.team_id, owner.id)
        await self.store.set_learning(self.team_id, owner.id, learning._replace(active=active))
        return f"Switched {'on' if active else 'off'}."

    async def _ask_to_reset(self, owner: Owner, about: str) -> Message:
        return messages.reset_message(here=owner.here)

    async def _reset(self, owner: Owner) -> str:
        """Learn from now on only, and forget what was said. Votes stay: they belong to the posts, too."""
        learning = await self.store.learning(self.team_id, owner.id)
        await self.store.forget_interests(self.team_id, owner.id)
        since = self.clock().timestamp()
        await self.store.set_learning(self.team_id, owner.id, learning._replace(since=since))
        return "Started anew. Votes on posts stay."


def _owner(user_id: str, channel_id: str, *, here: bool) -> Owner:
    return Owner(channel_id if here else user_id, here)


def _most(liking: Mapping[str, float], sign: int) -> list[str]:
    """The papers liked (1) or disliked (-1), what counts most first, and newest first among equals."""
    newest = [(id, value * sign) for id, value in reversed(list(liking.items())) if value * sign >= _MEANT]
    return [id for id, _ in sorted(newest, key=lambda one: -one[1])]


def _rests_on(signals: Sequence[Signal], stated: Sequence[Interest], learning: Learning) -> list[str]:
    """`3 votes`, `1 saved paper`: of everything that there is some of."""
    kinds = [one.kind for one in signals]
    named = sum(one.subject is Subject.PAPER and one.stated_at >= learning.since for one in stated)
    counted = {
        # Named papers are told as votes.
        "vote": sum(kind in (SignalKind.UP, SignalKind.DOWN) for kind in kinds) - named,
        "saved paper": kinds.count(SignalKind.SAVED),
        "opened paper": kinds.count(SignalKind.OPENED),
        "named paper": named,
    }
    return [count(number, noun) for noun, number in counted.items() if number]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
