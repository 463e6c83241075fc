"""The lists of papers that `/papers` answers with: a day's, the top of a period, and what one person may like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import emptiness, messages
from bot.errors import UsageError
from bot.for_you import UNTASTED, ForYou
from bot.ingest import SEARCH_PATIENCE, Ingest
from bot.messages import day_heading
from bot.ranking import VERSION
from bot.recommend import Audience, Ranked, Recommender
from storage import Store
from storage.models import Exposure, Paper

PERIODS = {"day": 1, "today": 1, "week": 7, "month": 30, "year": 365, "all": 36_500}
#: The first days on Hugging Face's page.
FIRST_DAY = date(2023, 5, 4)
_TOP_CANDIDATES = 300
_TOP_SHOWN = 50
_NOTHING_NEW = "I have no new papers for you yet. `/papers today` reads today's."
_NONE_LEFT = (
    "You have read all papers of the last week that I would show you. The app's *Home* tab can show them again: "
    "*Settings*, *Show what I have read*."
)


class Listing(NamedTuple):
    """A list of papers with its heading; `asked` is what brings the same list again, where it is not what was typed."""

    heading: str
    papers: Sequence[Paper]
    note: str = ""
    asked: str = ""


class Lists:
    """Makes lists for one workspace. Every method raises UsageError with the sentence a person reads."""

    def __init__(
        self, store: Store, ingest: Ingest, recommender: Recommender, team_id: str, zone: ZoneInfo
    ) -> None:
        self.store = store
        self.ingest = ingest
        self.recommender = recommender
        self.team_id = team_id
        self.zone = zone
        self.for_you = ForYou(store, recommender, team_id)

    async def day(self, day: date, audience: Audience, *, newest: bool) -> Listing:
        """The papers of a day, as this audience should see them; of the `newest` day instead where it has none."""
        read = await self.ingest.ensure_day(min(day, self.ingest.today()), SEARCH_PATIENCE)
        listed = await self.store.listed(day, day)
        shown, note = day, ""
        if not listed:
            why = ": Hugging Face is slow to answer; ask again in a minute"
            if read:
                why = emptiness.for_answer(await emptiness.examine(self.store, self.ingest, day, self.zone))
            before = await self.store.newest_day(day)
            if before is None or not newest:
                raise UsageError(f"No papers are listed for {day:%A} {day}{why}.")
            shown, note = before, f"Nothing is listed for today yet{why}. This is the newest day I have."
            listed = await self.store.listed(shown, shown)
        ranked = await self.recommender.rank(await self.store.papers(list(listed)), audience)
        # The buttons name the day: "today" is another one after midnight.
        return Listing(
            day_heading(shown), ranked.ordered, " ".join(filter(None, [note, _tasted(ranked)])), str(shown)
        )

    async def top(self, period: str) -> Listing:
        """What this team and Hugging Face's readers liked best in a period, whoever asks."""
        today = self.ingest.today()
        first = today - timedelta(days=PERIODS[period] - 1)
        ids = await self.store.most_upvoted(first, today, _TOP_CANDIDATES)
        since = datetime.combine(max(first, FIRST_DAY), datetime.min.time(), UTC)
        ids += await self.store.papers_voted(self.team_id, since)
        papers = await self.store.papers(list(dict.fromkeys(ids)))
        if not papers:
            raise UsageError(f"I have no papers for this {period} yet. `/papers today` reads today's.")
        # Compared as one list: the best of a quiet day need not be among the best of the year.
        ranked = await self.recommender.rank(papers, together=True)
        names = {"all": "of all time", "day": "of the day", "today": "of the day"}
        return Listing(f"*Top papers {names.get(period, f'of the {period}')}*", ranked.ordered[:_TOP_SHOWN])

    async def recommended(self, user_id: str) -> Listing:
        """The last days' papers that a person may like best, without those they have judged."""
        today = self.ingest.today()
        # Where the bot is new, nobody has asked for a day yet.
        await self.ingest.ensure_day(today, SEARCH_PATIENCE)
        picks = await self.for_you.of(user_id)
        if not picks.papers:
            raise UsageError(_NONE_LEFT if picks.hidden else _NOTHING_NEW)
        hidden = (
            f"{messages.count(picks.hidden, 'paper')} that you have read left out." if picks.hidden else ""
        )
        note = " ".join(filter(None, ["" if picks.tasted else UNTASTED, hidden]))
        return Listing("*For you, of the last week*", picks.papers, note)

    async def record(self, papers: Iterable[Paper], offset: int, audience: Audience) -> None:
        """Keep what was shown to a person, so that what they left alone can be learned from.

        What a whole channel can read was shown to nobody in particular.
        """
        if not audience.user_id:
            return
        now = self.recommender.clock()
        await self.store.record_exposures(
            [
                Exposure(
                    team_id=self.team_id,
                    channel_id=audience.channel_id,
                    user_id=audience.user_id,
                    day=now.date(),
                    paper_id=paper.id,
                    position=position,
                    shown_at=now,
                    ranking=VERSION,
                    upvotes=paper.upvotes,
                )
                for position, paper in enumerate(papers, start=offset + 1)
            ]
        )


def _tasted(ranked: Ranked) -> str:
    return "Ordered by upvotes and by what was liked here before." if ranked.tasted else ""
