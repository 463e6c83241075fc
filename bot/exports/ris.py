"""Papers as RIS: a line for each value, two capitals, two spaces, a hyphen and a space; a record ends with ER.

https://en.wikipedia.org/wiki/RIS_(file_format), after the specification of Research Information Systems.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.exports.bibtex import WHOLE_NAME, doi
from bot.exports.latex import line
from storage.models import Paper

#: Small words that belong to a last name: van Rossum, de la Cruz.
_PARTICLES = frozenset(
    ("al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "la", "le", "ten", "ter")
) | frozenset(("van", "von"))
#: The format's own limit for the name of an author.
_LONGEST_NAME = 255


def ris(papers: Sequence[Paper]) -> str:
    """A file of records. The lines end as the format wants them, with CR and LF."""
    return "".join(f"{tag}  - {value}\r\n" for paper in papers for tag, value in _record(paper))


def _record(paper: Paper) -> Iterator[tuple[str, str]]:
    yield "TY", "UNPB"
    yield "TI", line(paper.title)
    for name in paper.authors:
        if author := _last_first(_starless(name)):
            yield "AU", author[:_LONGEST_NAME]
    if paper.published:
        yield "PY", f"{paper.published.year}"
        yield "DA", f"{paper.published:%Y/%m/%d}/"
    for word in paper.keywords:
        if keyword := _starless(word):
            yield "KW", keyword
    if abstract := line(paper.abstract or paper.summary):
        yield "AB", abstract
    if paper.abstract_url:
        yield "PB", "arXiv"
        yield "AN", f"arXiv:{paper.id}"
        yield "DO", doi(paper)
        yield "UR", paper.abstract_url
    if paper.withdrawn:
        yield "N1", "Withdrawn"
    yield "ER", ""


def _starless(text: str) -> str:
    """The format forbids asterisks in names and keywords."""
    return line(text.replace("*", ""))


def _last_first(name: str) -> str:
    """`van Rossum, Guido`; what is one word, or no person's name, is left as it is."""
    words = name.split()
    if len(words) < 2 or WHOLE_NAME.search(name):
        return name
    start = len(words) - 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    return f"{' '.join(words[start:])}, {' '.join(words[:start])}"
