"""What one person may like best of the last week, and for each paper in one line why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, timedelta
from typing import NamedTuple

from bot.messages import clip, quoted
from bot.ranking.signals import WEIGHT
from bot.ranking.why import Reason
from bot.recommend import Audience, Ranked, Recommender
from storage import Store
from storage.models import Paper, SignalKind

#: What is recommended to a person was listed in so many days.
RECENT = timedelta(days=7)
MOST = 30
#: Of a paper's reasons so many make its line, the first with one title that it rests on.
_REASONS, _TITLE_LIMIT = 2, 60
#: Whoever only looked into a paper has not judged it.
_UNDECIDED = WEIGHT[SignalKind.OPENED]
_NO_REASON = "of the last week; nothing weighs much for or against it yet"
UNTASTED = (
    "I don't know your taste yet, so these are everybody's favourites: vote on papers, "
    "or name some with `/papers taste add`."
)


class Picks(NamedTuple):
    """Papers for a person, best first, with the `ranked` ones that they were chosen from.

    `hidden` counts those left out because they were read.
    """

    papers: Sequence[Paper]
    ranked: Ranked | None = None
    hidden: int = 0

    @property
    def tasted(self) -> bool:
        return bool(self.ranked and self.ranked.tasted)


class ForYou:
    """Picks papers for the people of one workspace, from what is stored; no source is asked."""

    def __init__(self, store: Store, recommender: Recommender, team_id: str) -> None:
        self.store = store
        self.recommender = recommender
        self.team_id = team_id

    async def of(self, user_id: str) -> Picks:
        """The last week's papers that a person may like best, without those they have judged or hide as read."""
        now = self.recommender.clock()
        today = now.astimezone(UTC).date()
        listed = await self.store.listed(today - RECENT, today)
        mine = await self.recommender.liking(user_id)
        shown = [id for id in listed if abs(mine.preferences.get(id, 0)) <= _UNDECIDED]
        read = await self.hidden(user_id, shown)
        papers = await self.store.papers([id for id in shown if id not in read])
        if not papers:
            return Picks((), hidden=len(read))
        ranked = await self.recommender.rank(papers, Audience(user_id=user_id), mine=mine)
        chosen = await self.recommender.choose(ranked, MOST, (), f"{user_id} {today}")
        return Picks([ranked.papers[one.id] for one in chosen], ranked, len(read))

    async def hidden(self, user_id: str, ids: Sequence[str]) -> Collection[str]:
        """Which of these papers a person does not want to see again, because they have read them."""
        if not await self.store.hides_read(self.team_id, user_id):
            return ()
        return await self.store.read_among(self.team_id, user_id, ids)

    async def whys(self, picks: Picks) -> dict[str, str]:
        """For each paper why it was picked, in one line that is escaped already."""
        if picks.ranked is None:
            return {}
        found = await self.recommender.reasons(picks.ranked, [paper.id for paper in picks.papers])
        return {id: _line(reasons) for id, reasons in found.items()}


def _line(reasons: Sequence[Reason]) -> str:
    """The weightiest reasons for a paper: `close to 3 papers you liked, such as “Gliders”; 4 upvotes here`."""
    told = [one for one in reasons if one.text and one.value > 0][:_REASONS]
    return "; ".join(_said(one, named=number == 0) for number, one in enumerate(told)) or _NO_REASON


def _said(reason: Reason, *, named: bool) -> str:
    text = clip(reason.text, 200)
    if not (named and reason.titles):
        return text
    return f"{text}{':' if len(reason.titles) == 1 else ', such as'} {quoted(reason.titles[0], _TITLE_LIMIT)}"
