"""Subscriptions as people make, see and change them: the modal with its preview, and the list of them.

Raises UsageError with the sentence a person reads.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.asking import Answer, Asker
from bot.errors import DeliveryError, UsageError
from bot.ingest import Clock
from bot.messages import (
    HERE,
    ME,
    MOST_TOPICS,
    Change,
    Form,
    Message,
    Opened,
    Place,
    Shown,
    Subscribed,
    changed_note,
    form_of,
    kept_message,
    notice_blocks,
    opened_of,
    preview_blocks,
    subscription_view,
    subscriptions_message,
    undo_of,
)
from bot.outcomes import NotSent
from bot.permission import Permission
from bot.search import parse
from bot.slack import Slack
from bot.subscription_form import Checked, Words, check
from bot.surfaces import Surfaces
from bot.topics import preview, wanted
from storage import Store
from storage.models import SOURCES, Subscription, Topic

_GONE = "This subscription is gone. `/papers subscriptions` lists those there are."
_ELSEWHERE = "Only who is in its channel changes this subscription: `/papers subscriptions` there."


class Kept(NamedTuple):
    """A subscription that was stored, and whether it was there before."""

    held: Subscription | Topic
    changed: bool

    @property
    def message(self) -> Message:
        return kept_message(self.held, direct=is_direct(self.held.channel_id), changed=self.changed)


class Subscriptions:
    """The subscriptions of one workspace.

    `defaults` are what a form begins with. A form that is submitted waits for Slack for `patience` seconds at most.
    `channels_of` says which channels somebody is in, who asks from their Home.
    """

    def __init__(
        self,
        store: Store,
        slack: Slack,
        surfaces: Surfaces,
        permission: Permission,
        defaults: Subscription,
        bot_user_id: str,
        clock: Clock,
        patience: float,
        channels_of: Callable[[str], Awaitable[Collection[str]]],
    ) -> None:
        self.store = store
        self.slack = slack
        self.surfaces = surfaces
        self.permission = permission
        self.defaults = defaults
        self.team_id = defaults.team_id
        self.bot_user_id = bot_user_id
        self.clock = clock
        self.patience = patience
        self.channels_of = channels_of

    def answering(self, rest: str, _: Place, asker: Asker) -> Answer:
        """`/papers subscriptions`."""
        return None if rest else self.listed(asker)

    async def listed(self, asker: Asker, note: str = "", undo: str = "") -> Message:
        """The subscriptions of the channel and of the person, with what changes them."""
        return subscriptions_message(await self.held(asker), note, undo)

    async def held(self, asker: Asker) -> Subscribed:
        """What is subscribed to in a channel, and by a person for themselves; paused ones, too.

        Without a channel, as on the Home tab, only the person's.
        """
        mine: list[Subscription | Topic] = list(
            await self.store.direct_subscriptions(self.team_id, asker.user_id)
        )
        here: list[Subscription | Topic] = []
        topics = await self.store.topics_of(self.team_id, asker.channel_id, asker.user_id)
        if asker.channel_id and not is_direct(asker.channel_id):
            daily = await self.store.subscription(self.team_id, asker.channel_id)
            here = [*([daily] if daily else []), *(one for one in topics if not is_direct(one.channel_id))]
        return Subscribed(here, [*mine, *(one for one in topics if is_direct(one.channel_id))])

    # --- the modal ---------------------------------------------------------------------------------------------

    async def open_new(self, asker: Asker, words: Words = Words()) -> None:  # noqa: B008 - immutable
        """Open the modal for a new subscription, with what was typed filled in."""
        problem = await self._problem_here(asker)
        channel_id = "" if problem or is_direct(asker.channel_id) else asker.channel_id
        daily = None if words.topic else await self.store.subscription(self.team_id, asker.channel_id)
        form = _form(daily or self.defaults)._replace(typed=words.topic, where=HERE if channel_id else ME)
        if words.post_at:
            form = form._replace(post_at=f"{words.post_at:%H:%M}")
        if words.timezone:
            form = form._replace(timezone=words.timezone)
        opened = Opened(
            channel_id, "", problem if asker.channel_id and not is_direct(asker.channel_id) else ""
        )
        await self.surfaces.open_modal(asker.trigger_id, subscription_view(form, opened))

    async def open_edit(self, key: str, asker: Asker) -> None:
        """Open the modal for a subscription that is there."""
        held = await self._changeable(key, asker)
        opened = Opened(held.channel_id, key)
        await self.surfaces.open_modal(asker.trigger_id, subscription_view(_form(held), opened))

    async def preview(self, view: dict[str, Any]) -> None:
        """Show in an open modal what it would have posted over the last two weeks."""
        form, opened = form_of(view), _opened(view)
        checked = check(form)
        if isinstance(checked, Checked):
            below = preview_blocks(await self.previewed(checked))
        else:
            below = notice_blocks(" ".join(checked.values()))
        await self.surfaces.update_modal(str(view["id"]), subscription_view(form, opened, below))

    async def previewed(self, checked: Checked) -> Shown:
        wants = wanted(checked.typed, checked.categories, checked.sources, checked.minimum)
        found = await preview(self.store, wants, checked.weekdays, checked.top, self._today(checked.timezone))
        return Shown(found.days, found.papers, found.per_week, parse(checked.typed).notes)

    async def submit(self, view: dict[str, Any], user_id: str) -> Kept | dict[str, str]:
        """Store what a modal says; or what is wrong with its fields, a sentence each."""
        form, checked = form_of(view), check(form_of(view))
        if not isinstance(checked, Checked):
            return checked
        opened = _opened(view)
        try:
            async with asyncio.timeout(self.patience):
                if opened.edits:
                    return await self._edited(opened, checked, user_id)
                return await self._made(form, opened, checked, user_id, str(view["id"]))
        except UsageError as error:
            return {_first_field(opened): str(error)}
        except (DeliveryError, NotSent, TimeoutError):
            return {_first_field(opened): "Slack did not answer in time. Press the button again."}

    async def _made(
        self, form: Form, opened: Opened, checked: Checked, user_id: str, view_id: str
    ) -> Kept | dict[str, str]:
        here = form.where == HERE and opened.channel_id
        if here and (problem := await self._problem_here(Asker(user_id, opened.channel_id))):
            # A field's error is shown as it is written.
            return {"where": problem.replace("`", "").replace(f"<@{self.bot_user_id}>", "@papers")}
        channel_id = opened.channel_id if here else await self.slack.direct(user_id)
        if not (checked.typed or checked.categories):
            return await self._keep_daily(self._daily(channel_id, checked, user_id))
        # The modal's own name, so that one submitted twice is one topic.
        id = hashlib.sha256(view_id.encode()).hexdigest()[:12]
        topic = Topic(
            id=id,
            team_id=self.team_id,
            channel_id=channel_id,
            user_id=user_id,
            created_at=self.clock(),
            **checked._asdict(),
        )
        return await self.keep_topic(topic, changed=False)

    async def _edited(self, opened: Opened, checked: Checked, user_id: str) -> Kept | dict[str, str]:
        held = await self._changeable(opened.edits, Asker(user_id, opened.channel_id))
        if isinstance(held, Subscription):
            daily = self._daily(held.channel_id, checked, user_id).model_copy(update={"active": held.active})
            return await self._keep_daily(daily)
        if not (checked.typed or checked.categories):
            return {"typed": "Write a topic, or categories below."}
        return await self.keep_topic(held.model_copy(update=checked._asdict()), changed=True)

    def _daily(self, channel_id: str, checked: Checked, user_id: str) -> Subscription:
        asked = {
            name: value for name, value in checked._asdict().items() if name not in ("typed", "categories")
        }
        return Subscription(team_id=self.team_id, channel_id=channel_id, created_by=user_id, **asked)

    async def _keep_daily(self, daily: Subscription) -> Kept:
        before = await self.store.subscription(self.team_id, daily.channel_id)
        await self.store.subscribe(daily)
        return Kept(daily, changed=before is not None and before.active)

    async def keep_topic(self, topic: Topic, *, changed: bool) -> Kept | dict[str, str]:
        """Store a topic, unless it is there already or there are too many: then what is wrong with the field."""
        others = await self.store.topics_of(self.team_id, topic.channel_id)
        others = [one for one in others if one.id != topic.id]
        if any(_alike(one, topic) for one in others):
            return {
                "typed": "This topic is followed there already: /papers subscriptions lists and changes it."
            }
        if len(others) >= MOST_TOPICS:
            return {
                "typed": f"There are {MOST_TOPICS} topics there already. Delete one with /papers subscriptions."
            }
        await self.store.keep_topic(topic)
        return Kept(topic, changed=changed)

    # --- the list ----------------------------------------------------------------------------------------------

    async def change(self, change: Change, key: str, asker: Asker) -> tuple[str, str]:
        """Pause, resume, delete or bring back; returns what was done, and what undoes it."""
        held = await self._changeable(key, asker, deleted=change is Change.RESTORE)
        active = {"active": change is Change.RESUME} if change in (Change.PAUSE, Change.RESUME) else {}
        if isinstance(held, Topic):
            deleted = {} if active else {"deleted": change is Change.DELETE}
            await self.store.keep_topic(held.model_copy(update={**active, **deleted}))
        elif active:
            # From now on the settings have no say in it.
            decided = {"created_by": asker.user_id, **active}
            await self.store.subscribe(held.model_copy(update=decided))
        else:
            raise UsageError(_GONE)
        return changed_note(change, held), undo_of(change, key)

    async def _changeable(self, key: str, asker: Asker, *, deleted: bool = False) -> Subscription | Topic:
        """A subscription that this person may change, from where they are."""
        kind, _, id = key.partition(":")
        held: Subscription | Topic | None = None
        if kind == "topic":
            topic = await self.store.topic(self.team_id, id)
            held = topic if topic and topic.deleted is deleted else None
        elif kind == "daily":
            held = await self.store.subscription(self.team_id, id)
        if held is None:
            raise UsageError(_GONE)
        owner = held.user_id if isinstance(held, Topic) else held.created_by
        if is_direct(held.channel_id):
            if owner != asker.user_id:
                raise UsageError(_GONE)
        elif owner != asker.user_id and not await self._stands_in(held.channel_id, asker):
            raise UsageError(_ELSEWHERE)
        else:
            await self.permission.to_subscribe(asker.user_id)
        return held

    async def _stands_in(self, channel_id: str, asker: Asker) -> bool:
        """Whether somebody asks from this channel, or from their Home and is in it."""
        return channel_id == asker.channel_id or (
            not asker.channel_id and channel_id in await self.channels_of(asker.user_id)
        )

    async def _problem_here(self, asker: Asker) -> str:
        """Why this person can't subscribe this channel; empty where they can."""
        if not asker.channel_id or is_direct(asker.channel_id):
            return ""
        try:
            await asyncio.gather(
                self.permission.to_subscribe(asker.user_id), self.check_member(asker.channel_id)
            )
        except UsageError as error:
            return str(error)
        return ""

    async def check_member(self, channel_id: str) -> None:
        """Raises UsageError where the bot can't post, with what to do."""
        if not await self.slack.may_post(channel_id):
            raise UsageError(
                f"I am not in this channel, so I can't post here. Type `/invite` <@{self.bot_user_id}> "
                "and then `/papers subscribe` again."
            )

    def _today(self, timezone: str) -> date:
        return self.clock().astimezone(ZoneInfo(timezone)).date()


def is_direct(channel_id: str) -> bool:
    """Whether a conversation is one person's with the bot."""
    return channel_id.startswith("D")


def _opened(view: dict[str, Any]) -> Opened:
    try:
        return opened_of(view)
    except ValueError as error:
        raise UsageError("This form is too old to work. Open it again with `/papers subscribe`.") from error


def _first_field(opened: Opened) -> str:
    """The field that stands for what is wrong with none in particular."""
    return "sources" if opened.edits else "where"


def _form(held: Subscription | Topic) -> Form:
    """The fields of a subscription as the modal has them."""
    topic = held if isinstance(held, Topic) else None
    return Form(
        typed=topic.typed if topic else "",
        sources=held.sources or SOURCES,
        categories=", ".join(topic.categories) if topic else "",
        post_at=f"{held.post_at:%H:%M}",
        timezone=held.timezone,
        weekdays=tuple(map(str, held.weekdays)),
        top=str(held.top),
        minimum=str(held.minimum or ""),
        mode=held.mode,
    )


def _alike(one: Topic, other: Topic) -> bool:
    return one.typed.casefold() == other.typed.casefold() and one.categories == other.categories
