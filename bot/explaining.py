"""Why a paper stands where it does, for whoever asks: by the log of an edition, or as it would be ranked now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.entries import Entries
from bot.known import known_paper
from bot.messages import Explanation, Line, Message, Statement, placed, why_message
from bot.ranking.parts import Part
from bot.ranking.why import Reason, hundredths
from bot.recommend import Audience, Liking, Recommender
from bot.search import Query, Search, Term, matches
from bot.wishes import wishes
from storage import Store
from storage.models import Exposure, Interest, Paper, PostKind, Subject

#: Of a paper's authors and keywords so many can be muted from its menu.
AUTHORS, KEYWORDS = 6, 8
#: Among so many matches a paper is looked for by words of its title.
_LOOKED_THROUGH = 50
_PERSONAL = (Part.PERSON, Part.TOPICS, Part.AUTHORS)


class Explaining:
    """Explains the ranking in one workspace."""

    def __init__(
        self, store: Store, search: Search, recommender: Recommender, entries: Entries, team_id: str
    ) -> None:
        self.store = store
        self.search = search
        self.recommender = recommender
        self.entries = entries
        self.team_id = team_id

    async def why(self, paper_id: str, audience: Audience) -> Message:
        """Why a stored paper scores as it does. Raises UsageError when there is none."""
        return await self.explain(await known_paper(self.store, paper_id), audience)

    async def explain(self, paper: Paper, audience: Audience) -> Message:
        """Why a paper scores as it does: as it was chosen for this channel, or else now, for channel and person."""
        shown = await self.store.exposure(self.team_id, audience.channel_id, paper.id)
        mine = await self.recommender.liking(audience.user_id)
        if shown and shown.parts:
            where = await self._placed(shown)
            reasons = await self.recommender.explain(
                paper, Audience(audience.channel_id), parts=shown.parts, until=shown.shown_at
            )
            own = await self._own(paper, audience.user_id, mine)
        else:
            where, own = await self._unplaced(paper, audience.channel_id), []
            reasons = await self.recommender.explain(paper, audience)
        explained = Explanation(paper, where, await self._lines(reasons), own, mine.wishes.mutes(paper))
        return why_message(explained, mutes_of(paper))

    async def titled(self, words: str, channel_id: str) -> Paper | None:
        """The paper whose title has all of these words: first one that this channel had, then the best match."""
        title = Query(tuple(Term("title", word) for word in re.findall(r"\w+", words)))
        found = await self.search.search(words, _LOOKED_THROUGH)
        papers = [paper for paper in found.papers if matches(title, paper)]
        had = await self.store.papers_posted(self.team_id, channel_id, [paper.id for paper in papers])
        return next((paper for paper in papers if paper.id in had), papers[0] if papers else None)

    async def _placed(self, shown: Exposure) -> str:
        edition = await self.store.edition(self.team_id, shown.channel_id, shown.day, shown.series)
        of = len(await self.store.exposures(edition)) if edition else 0
        return placed(shown.position, max(of, shown.position), self.entries.told(shown.day), shown.role)

    async def _unplaced(self, paper: Paper, channel_id: str) -> str:
        """How a paper came here that no edition of which the log tells has chosen."""
        post = await self.store.post_about(paper.id, self.team_id, channel_id)
        if post is None:
            return "Not in an edition of this channel. Ranked now, for this channel and you:"
        if post.kind is PostKind.SHARE:
            return "Somebody shared it here; I did not choose it. Ranked now, for this channel and you:"
        return "From an edition of before I wrote down why. Ranked now, for this channel and you:"

    async def _own(self, paper: Paper, user_id: str, mine: Liking) -> list[Line]:
        """What a person's own taste makes of a paper now; nothing while they have none."""
        reasons = await self.recommender.explain(paper, Audience(user_id=user_id))
        told = [reason for reason in reasons if reason.part in _PERSONAL and reason.text]
        if not told and mine.preferences:
            return [Line(0, "an average paper")]
        return await self._said(told, hundredths([reason.value for reason in told]))

    async def _lines(self, reasons: Sequence[Reason]) -> list[Line]:
        """The reasons that have words, and the others as one; in hundredths that add up."""
        told, rest = [one for one in reasons if one.text], [one.value for one in reasons if not one.text]
        *shown, small = hundredths([*(one.value for one in told), sum(rest)])
        lines = await self._said(told, shown)
        other = "everything else" if told else "nothing in particular"
        return [*lines, Line(small, other)] if small or not told else lines

    async def _said(self, reasons: Sequence[Reason], values: Sequence[int]) -> list[Line]:
        named = {id for reason in reasons for id in reason.papers}
        papers = {paper.id: paper for paper in await self.store.papers(sorted(named))}
        return [
            Line(value, reason.text, [papers[id] for id in reason.papers if id in papers])
            for value, reason in zip(values, reasons, strict=True)
        ]


def mutes_of(paper: Paper) -> list[Statement]:
    """What of a paper can be muted so that it would have been left out: authors, keywords, its first category."""
    return [one for one in dict.fromkeys(_mutes(paper)) if _mutes_it(one, paper)]


def _mutes(paper: Paper) -> Iterator[Statement]:
    for name in paper.authors[:AUTHORS]:
        yield Statement(Subject.AUTHOR, name, -1)
    for keyword in paper.keywords[:KEYWORDS]:
        # Side by side, because a topic's words are otherwise looked for anywhere.
        yield Statement(Subject.TOPIC, f'"{keyword}"' if " " in keyword else keyword, -1)
    for category in paper.categories[:1]:
        yield Statement(Subject.TOPIC, f"cat:{category}", -1)


def _mutes_it(statement: Statement, paper: Paper) -> bool:
    stated = Interest(team_id="", owner_id="", stated_at=0, **statement._asdict())
    return wishes([stated]).mutes(paper)
