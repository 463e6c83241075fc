"""`papers-bot post`: one channel's edition now, or what it would be."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from bot.app import Bot
from bot.drafting import Draft, posts_of
from bot.drawing import draw
from bot.errors import DeliveryError, PapersError
from bot.messages import Message, header_message
from storage.models import Subscription


class Posted(NamedTuple):
    """What `post` did for one channel. `messages` holds what it would have posted, when it posted nothing."""

    channel: str
    day: date
    sent: int = 0
    new: int = 0
    open: int = 0
    abandoned: int = 0
    messages: tuple[Message, ...] = ()
    error: str = ""


async def post_now(bot: Bot, subscription: Subscription, day: date | None, *, dry_run: bool) -> Posted:
    """Post a channel's edition, or go on with it; an error is a part of the answer, for the other channels' sake."""
    of = day or bot.daily.local_day(subscription)
    try:
        if dry_run:
            draft = await bot.daily.drafting.draft(subscription, of, exact=day is not None)
            return Posted(
                subscription.channel_id, of, messages=tuple(await _drawn(bot, draft)) if draft else ()
            )
        outcome = await bot.daily.post(subscription, day)
    except DeliveryError as error:
        # Asked for by hand and refused: it must not come by itself, days later, once the bot is invited.
        await bot.library.store.forget_unsent(bot.identity.team_id, subscription.channel_id, of)
        return Posted(subscription.channel_id, of, error=str(error))
    except PapersError as error:
        return Posted(subscription.channel_id, of, error=str(error))
    if outcome is None:
        return Posted(subscription.channel_id, of)
    return Posted(subscription.channel_id, of, *outcome)


async def _drawn(bot: Bot, draft: Draft) -> list[Message]:
    tallies = await bot.library.store.tallies(bot.identity.team_id, [paper.id for paper in draft.papers])
    drawn = [header_message(draft.edition, len(draft.papers), bot.settings.papers_upvote_emoji[0])]
    papers = posts_of(draft)[1:]
    drawn += [draw(post, paper, tallies[paper.id]) for post, paper in zip(papers, draft.papers, strict=True)]
    return drawn
