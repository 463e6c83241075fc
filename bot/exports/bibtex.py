"""Papers as BibTeX: a preprint as arXiv itself gives it, https://info.arxiv.org/help/hypertex/bibstyles/."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bot.exports.latex import escaped, line, title
from storage.models import Paper

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Words that a key does not take from a title.
_SMALL = frozenset(
    ("a", "an", "and", "are", "as", "at", "by", "can", "do", "does", "for", "from", "how", "in", "is", "of")
) | frozenset(("on", "or", "the", "to", "towards", "via", "what", "when", "why", "with"))
#: A name that is no person's, or that BibTeX would cut: "Gemini Team", "Davis, Jr.", "Research and Development".
WHOLE_NAME = re.compile(
    r"\band\b|,|\b(?:team|collaboration|group|consortium|project|lab|labs)\b|\d", re.IGNORECASE
)
# What had to be escaped and is no accent, so that parsers need not know where such a name ends.
_SIGN = re.compile(r"(?<!\{)\\|\$")
#: An entry to copy names so many authors; a detector has three thousand.
COPIED_AUTHORS = 30


def bibtex(papers: Sequence[Paper]) -> str:
    """A file of entries, each with a key of its own."""
    keys = unique_keys(papers)
    return "\n\n".join(entry(paper, key) for paper, key in zip(papers, keys, strict=True)) + "\n"


def entry(paper: Paper, key: str = "", *, brief: bool = False) -> str:
    """One entry; a `brief` one leaves out the abstract and, of very many authors, most."""
    rows = [f"  {name} = {value}" for name, value in _fields(paper, brief=brief)]
    return "\n".join([f"@misc{{{key or citation_key(paper)},", ",\n".join(rows), "}"])


def _fields(paper: Paper, *, brief: bool) -> Iterator[tuple[str, str]]:
    yield "title", f"{{{title(paper.title)}}}"
    if names := _names(paper.authors, COPIED_AUTHORS if brief else len(paper.authors)):
        yield "author", f"{{{names}}}"
    if paper.published:
        yield "year", f"{{{paper.published.year}}}"
        yield "month", _MONTHS[paper.published.month - 1]
    if paper.abstract_url:
        yield "eprint", f"{{{paper.id}}}"
        yield "archiveprefix", "{arXiv}"
        if paper.categories:
            yield "primaryclass", f"{{{escaped(paper.categories[0])}}}"
        yield "doi", f"{{{doi(paper)}}}"
        yield "url", f"{{{paper.abstract_url}}}"
    if paper.withdrawn:
        yield "note", "{Withdrawn}"
    if paper.keywords and not brief:
        yield "keywords", f"{{{escaped(', '.join(paper.keywords))}}}"
    if paper.abstract and not brief:
        yield "abstract", f"{{{escaped(paper.abstract)}}}"


def doi(paper: Paper) -> str:
    """The DOI that arXiv gives each of its papers: https://info.arxiv.org/help/doi.html."""
    return f"10.48550/arXiv.{paper.id}"


def _names(authors: Sequence[str], most: int) -> str:
    known = [name for name in map(line, authors) if name]
    return " and ".join([*map(_name, known[:most]), *(["others"] if len(known) > most else [])])


def _name(name: str) -> str:
    written = escaped(name)
    return f"{{{written}}}" if WHOLE_NAME.search(name) or _SIGN.search(written) else written


def citation_key(paper: Paper) -> str:
    """`lovelace2024robot`: the first author's last name, the year, and the title's first word that says something."""
    author = _plain(paper.authors[0].split()[-1]) if paper.authors and paper.authors[0].split() else ""
    words = (_plain(word) for word in re.split(r"[\s\-:/]+", paper.title))
    word = next((word for word in words if word and word not in _SMALL), "")
    year = str(paper.published.year) if paper.published else ""
    return f"{author}{year}{word}" or "paper"


def unique_keys(papers: Sequence[Paper]) -> list[str]:
    """A key for each paper; of those that would have the same one, the later ones end in b, c, and so on."""
    keys: dict[str, None] = {}
    for paper in papers:
        keys[next(name for name in _variants(citation_key(paper)) if name not in keys)] = None
    return list(keys)


def _variants(key: str) -> Iterator[str]:
    yield key
    number = 1
    while True:
        number += 1
        ending, left = "", number
        while left:
            left, letter = divmod(left - 1, 26)
            ending = chr(ord("a") + letter) + ending
        yield f"{key}{ending}"


def _plain(text: str) -> str:
    """Small letters and figures alone, without their accents: what every tool takes for a key."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())
