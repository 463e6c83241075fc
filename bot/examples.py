"""The papers that somebody names as examples of what they like: from the store, otherwise from the sources."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from bot.bibliography import Reference, read
from bot.errors import SourceError, UsageError
from bot.ingest import Ingest
from bot.ranking.edition import unseen
from bot.search import Search, names
from storage.models import Paper, unique

#: More papers at once are a library, and would keep arXiv busy for minutes at three seconds for a hundred.
MOST_PAPERS = 1_000
#: A paper of such a title is among the first results, or nowhere.
_LOOKED_AT = 5


class Examples(NamedTuple):
    """What came of a text: the papers it names, what nobody knows, and what can't be read as a paper at all.

    `unasked` were not found in the store, and arXiv could not be asked; `cut` beyond MOST_PAPERS were not looked at.
    """

    papers: tuple[Paper, ...] = ()
    missing: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    cut: int = 0


class Finding:
    """Finds named papers: by arXiv id wherever they are, by title in the store."""

    def __init__(self, ingest: Ingest, search: Search) -> None:
        self.ingest = ingest
        self.search = search

    async def find(self, text: str) -> Examples:
        """The papers that a text names with links, ids or BibTeX. Raises UsageError when it names none."""
        # Off the loop: two megabytes of BibTeX take a second.
        references, broken = await asyncio.to_thread(read, text)
        if not references and not broken:
            raise UsageError(
                "I see no paper in that. Name papers by links or numbers of arXiv, Hugging Face or alphaXiv, such as "
                "`/papers taste add 2403.01234 https://arxiv.org/abs/2405.06789`, or paste BibTeX entries."
            )
        wanted = references[:MOST_PAPERS]
        known, unasked = await self._by_id([one.id for one in wanted if one.id])
        papers, missing = dict[str, Paper](), list[str]()
        for reference in wanted:
            paper = known.get(reference.id) or await self.titled(reference.title)
            if paper:
                papers[paper.id] = paper
            elif reference.id not in unasked:
                missing.append(_called(reference))
        return Examples(
            tuple(papers.values()),
            unique(missing),
            broken,
            tuple(_called(one) for one in wanted if one.id in unasked and one.id not in papers),
            len(references) - len(wanted),
        )

    async def _by_id(self, ids: Sequence[str]) -> tuple[dict[str, Paper], set[str]]:
        """The papers with these ids, and those of them that could not be asked for."""
        try:
            return {paper.id: paper for paper in await self.ingest.papers(ids)}, set()
        except SourceError:
            known = {paper.id: paper for paper in await self.ingest.store.papers(ids)}
            return known, set(ids) - set(known)

    async def titled(self, title: str) -> Paper | None:
        """The stored paper of a title, as far as TeX, accents and punctuation go."""
        title = _plain(title)
        if not title:
            return None
        found = (await self.search.search(title, _LOOKED_AT)).papers
        wanted = Paper(id="", title=title)
        return next((paper for paper in found if not unseen([_bare(paper)], [wanted])), None)


def _bare(paper: Paper) -> Paper:
    return Paper(id=paper.id, title=_plain(paper.title))


def _plain(title: str) -> str:
    """A title without what TeX, accents and punctuation add to it."""
    return " ".join(names(title))


def _called(reference: Reference) -> str:
    known = reference.id and reference.id != reference.name
    return f"{reference.name} ({reference.id})" if known else reference.name
