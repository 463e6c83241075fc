"""`papers-bot evaluate`: whether the ranking helped, by this workspace's own history. It needs no Slack."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from bot.config import Settings
from bot.console import progress_bar
from bot.errors import UsageError
from bot.library import Library, now, open_library
from bot.proving import Proof, Prover, Replayed, prove
from bot.recommend import Recommender
from bot.slack import Slack, session
from storage.models import Edition

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{6,}")


async def past_editions(settings: Settings, first: date, channel: str) -> Proof:
    """Replay every workspace's editions from a day on; only those of one channel, by id or name, if one is given.

    Raises UsageError for a name that no token is set to look up with, DeliveryError when there is none of that name.
    """
    replayed: list[Replayed] = []
    async with open_library(settings) as library:
        known = {one.channel_id for one in await _editions(library, first, "")}
        channel_id = await _channel_id(settings, channel, known) if channel else ""
        wanted = await _editions(library, first, channel_id)
        await library.search.open_encoder()
        with progress_bar() as progress:
            task = progress.add_task("replaying editions", total=len(wanted))
            for team_id in dict.fromkeys(one.team_id for one in wanted):
                recommender = Recommender(
                    library.store, library.search, settings.papers_database, team_id, now
                )
                try:
                    of = [one for one in wanted if one.team_id == team_id]
                    async for one in Prover(recommender).replay(of):
                        replayed.append(one)
                        progress.advance(task)
                finally:
                    await recommender.aclose()
    return await prove(replayed)


async def _editions(library: Library, first: date, channel_id: str) -> list[Edition]:
    store = library.store
    return [
        edition
        for team_id in await store.teams()
        for edition in await store.editions_of(team_id, first, channel_id)
    ]


async def _channel_id(settings: Settings, name: str, known: Iterable[str]) -> str:
    bare = name.removeprefix("#")
    if bare in known or _CHANNEL_ID.fullmatch(bare):
        return bare
    token = settings.slack_bot_token.get_secret_value()
    if not token:
        raise UsageError(
            f"Without SLACK_BOT_TOKEN I can't look up the channel {name!r}: give its id, such as C0123456789."
        )
    async with session() as connections:
        return await Slack(token, str(settings.slack_api_url), connections).channel_id(name)
