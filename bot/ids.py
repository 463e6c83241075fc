"""arXiv identifiers, in every form people and services write them.

The forms are those of https://info.arxiv.org/help/arxiv_identifier.html: `YYMM.NNNN` and `YYMM.NNNNN` since
April 2007, `archive/YYMMNNN` or `archive.SC/YYMMNNN` before. arXiv itself takes any four leading digits as
well formed (`0000.0000` is "not found", `abc` is an error), and so does this.
"""

from __future__ import annotations

import html
import re

from storage.models import ARXIV_ARCHIVES

_WRAPPED = re.compile(r"<([^<>|\s]+)(?:\|[^<>]*)?>")
_LEAD = re.compile(
    r"(?:https?://)?(?:"
    r"(?:[a-z0-9-]+\.)*arxiv\.org/(?:abs|pdf|html|format|ps|src)/"
    r"|(?:www\.)?alphaxiv\.org/(?:[a-z]{2}/)?(?:abs|pdf|html|overview|resources)/"
    r"|(?:www\.)?(?:huggingface\.co|hf\.co)/(?:api/)?papers/"
    r"|(?:(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.)"
    r"|oai:arxiv\.org:|arxiv:\s*",
    re.IGNORECASE,
)
_ID = re.compile(
    rf"([0-9]{{4}}\.[0-9]{{4,5}}|(?:{'|'.join(ARXIV_ARCHIVES)})(?:\.[a-z]{{2}})?/[0-9]{{7}})(?:v[0-9]+)?",
    re.IGNORECASE,
)
_OPENREVIEW = re.compile(r"(?<![\w.-])(?:www\.)?openreview\.net/", re.IGNORECASE)
_ADDRESS = re.compile(r"<https?://[^<>]*>|https?://\S+|(?:www\.)?openreview\.net/\S*", re.IGNORECASE)
_BETWEEN = re.compile(r"""[\s,;|<>()\[\]{}"'`“”‘’]+""")
_NUMBER = re.compile(r"([0-9]{3,4})\.([0-9]{1,5})")
_TAIL = re.compile(r"(?:\.pdf|\.html)?/?(?:[?#].*)?[.,;:!)\]]*", re.IGNORECASE | re.DOTALL)


def paper_id(text: str) -> str | None:
    """The arXiv id that `text` is, without version; None when it is anything else.

    Takes a bare id, `arXiv:`, `oai:` and DOI forms, and the addresses of arXiv, alphaXiv and Hugging Face,
    also wrapped by Slack (`<url|label>`). An id inside a longer sentence is not looked for. Old ids lose
    their subject class: arXiv's canonical form of `math.GT/0309136` is `math/0309136`.
    """
    text = text.strip()
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1]
    lead = _LEAD.match(text)
    found = _ID.match(text, lead.end() if lead else 0)
    if found is None or _TAIL.fullmatch(text, found.end()) is None:
        return None
    archive, slash, number = found[1].lower().partition("/")
    return f"{archive.partition('.')[0]}/{number}" if slash else found[1]


def paper_ids(text: str) -> tuple[list[str], list[str]]:
    """The arXiv ids that stand in a text in any of these forms, and the other words, each in its order.

    They may be separated by spaces, commas, brackets, quotation marks, or anything else that no address has in it.
    """
    tokens = [token for token in _BETWEEN.split(_WRAPPED.sub(r" \1 ", text)) if token]
    read = [(token, paper_id(token)) for token in tokens]
    return [id for _, id in read if id], [token for token, id in read if id is None]


def named_ids(text: str) -> list[str]:
    """The papers that somebody's message names, each once: by links and by `arXiv:`; without any, by bare ids.

    Beside a link a number such as 2403.0123 is more likely a price.
    """
    plain = html.unescape(text)
    tokens = [token for token in _BETWEEN.split(_WRAPPED.sub(r" \1 ", plain)) if _LEAD.match(token)]
    linked = [id for token in tokens if (id := paper_id(token))]
    return list(dict.fromkeys(linked or paper_ids(plain)[0]))


def version_of(address: str) -> int | None:
    """The version of a paper that an address names, such as 2 in `arxiv.org/abs/2403.01234v2`."""
    lead = _LEAD.match(address)
    found = _ID.match(address, lead.end() if lead else 0)
    version = found and re.search(r"v([0-9]{1,3})$", found[0], re.IGNORECASE)
    return int(version[1]) if version else None


def names_openreview(text: str) -> bool:
    """Whether a text has a link to OpenReview, whose numbers say nothing about arXiv's."""
    return bool(_OPENREVIEW.search(text))


def without_addresses(text: str) -> str:
    """What of a text is words."""
    return " ".join(_ADDRESS.sub(" ", html.unescape(text)).split())


def with_zeros(text: str) -> str | None:
    """The arXiv id that became `text` by being read as a number (`704.0001`, `2403.012`); None when it is none.

    Papers are numbered with four digits until December 2014 and with five since January 2015, so what was lost at
    either end is known.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    month = found[1].zfill(4)
    number = found[2].ljust(5 if month >= "1501" else 4, "0")
    real = month >= "0704" and "01" <= month[2:] <= "12" and number.strip("0")
    return f"{month}.{number}" if real else None
