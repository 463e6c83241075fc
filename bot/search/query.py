"""What a person typed, read as a query: plain words, and the few operators they can use.

    diffusion "policy learning" -survey author:chi title:robot cat:cs.RO cat:cs.* after:2025-06 before:2026-01-15
    has:code from:huggingface like:2403.01234 sort:new

An operator is recognised where a word begins, and `-` before a word, a phrase or an operator turns it round.
Whatever can't be understood is plain words: reading a query never fails. Titles and abstracts are queries as well,
and their colons, dashes and quotation marks are no operators: a number is never ruled out, `Before: a study` is
no date, and in longer texts only `field:value` is read as anything but words.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from bot.ids import paper_id
from storage.models import ARXIV_ARCHIVES

#: Longer queries are read up to here: a pasted abstract fits, a pasted paper doesn't.
QUERY_LIMIT = 4_000
#: More operators than anybody means are words; with so many a search would take its time.
MOST_OPERATORS = 24
#: Nobody types so many words: longer text is pasted, and what looks like an operator in it is punctuation.
MOST_TYPED = 40
#: Nobody reads more remarks than this about one query.
MOST_NOTES = 5

Sort = Literal["relevance", "new", "top"]
Name = Literal["word", "phrase", "title", "author", "cat", "has", "from", "after", "before", "like", "sort"]


class Term(NamedTuple):
    """One thing asked for, or ruled out: `value` is in its canonical form."""

    name: Name
    value: str
    negative: bool = False


@dataclass(frozen=True)
class Query:
    """A query as it was understood: `notes` say what was taken literally, a sentence each."""

    terms: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, *names: Name, negative: bool = False) -> list[str]:
        """The values of the terms with these names, in the order they were typed."""
        return [term.value for term in self.terms if term.name in names and term.negative == negative]

    @property
    def text(self) -> str:
        """Its words as one text: what a paper should be about."""
        return " ".join(self.of("word", "phrase", "title"))

    @property
    def like(self) -> str:
        """The id of the paper that others should resemble, or empty."""
        return next(iter(self.of("like")), "")

    @property
    def sort(self) -> Sort:
        """The order asked for; of what has no words and so no relevance, the newest come first."""
        asked = self.of("sort")
        if asked:
            return "new" if asked[-1] == "new" else "top" if asked[-1] == "top" else "relevance"
        return "relevance" if self.text or self.like else "new"

    @property
    def empty(self) -> bool:
        """Whether nothing at all was asked for: no letter, no digit, no operator."""
        return not self.terms


def parse(typed: str) -> Query:
    """Read a query of up to QUERY_LIMIT characters; what lies further on is named in the notes."""
    clean = _clean(typed[:QUERY_LIMIT])
    reader = _Reader(pasted=clean.count(" ") >= MOST_TYPED)
    if len(typed) > QUERY_LIMIT:
        reader.notes.append(f"Only the first {QUERY_LIMIT:,} characters were searched.")
    for piece in _pieces(clean):
        reader.read(piece)
    query = Query(tuple(reader.terms))
    notes = dict.fromkeys([*reader.notes, *_contradictions(query)])
    return Query(query.terms, tuple(notes)[:MOST_NOTES])


def _contradictions(query: Query) -> Iterator[str]:
    first, end = max(query.of("after"), default=""), min(query.of("before"), default="")
    if first and end and first >= end:
        yield f"No day is both after:{first} and before:{end}; maybe they are the wrong way round."


def show(terms: tuple[Term, ...]) -> str:
    """Terms as a person would type them: `parse` reads the same again."""
    return " ".join(_shown(term) for term in terms)


def _shown(term: Term) -> str:
    lead = f"{'-' * term.negative}{'' if term.name in ('word', 'phrase') else f'{term.name}:'}"
    bare, quoted = f"{lead}{term.value}", f'{lead}"{term.value}"'
    # Before another word, because `author: x` is an operator and a word `author:` by itself is not.
    return bare if parse(f"{bare} x").terms == (term, Term("word", "x")) else quoted


# --- the pieces between spaces ---------------------------------------------------------------------------------

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″〝〞＂", '"'))
_LINK = re.compile(r"<(?:[^<>|\s]+\|)?([^<>|]+)>")
# With a space behind its colon only what is hardly ever the end of a title's first half.
_SPACED = "title|ti|authors?|au|category|cat|has|source|from|since|after|until|before|similar|like|order|sort"
_PIECE = re.compile(
    rf"""(?P<minus>(?<!\S)-(?!\d[\d.,]*+[^\w\s]*+(?!\S))(?=[\w"]))?
    (?:(?P<field>[A-Za-z]{{2,12}}):(?=[^\s/])|(?P<spaced>(?i:{_SPACED})):[ ](?=\S))?
    (?:(?<!\w)"(?P<quoted>[^"]*)"(?!\w)|(?P<plain>[^\s"]+))
    |(?P<unpaired>(?<!\w)"(?=\w))""",
    re.VERBOSE,
)


class _Piece(NamedTuple):
    raw: str
    minus: bool
    field: str
    value: str
    quoted: bool = False
    spaced: bool = False
    unpaired: bool = False


def _clean(typed: str) -> str:
    """Without controls and links, with straight quotes and single spaces.

    Composed, because an accent that stands alone would end a word.
    """
    composed = unicodedata.normalize("NFC", typed)
    printable = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") else letter for letter in composed
    )
    straight = re.sub("``|''", '"', printable.translate(_QUOTES))
    # Slack makes links of what looks like one: <http://cs.CL|cs.CL>.
    unlinked = _LINK.sub(r"\1", straight)
    return unicodedata.normalize("NFC", " ".join(re.sub("[<>]", " ", unlinked).split()))


def _pieces(clean: str) -> Iterator[_Piece]:
    for found in _PIECE.finditer(clean):
        field, spaced = found["field"] or "", found["spaced"] or ""
        # `FroM:` is a name, no operator.
        usual = field.islower() or field.istitle() or field.isupper()
        quoted = found["quoted"] is not None
        value = (found["quoted"] if quoted else found["plain"] or "").strip()
        yield _Piece(
            found[0],
            bool(found["minus"]),
            spaced.lower() or (field.lower() if usual else ""),
            value if usual or not field else f"{field}:{value}",
            quoted,
            bool(spaced),
            bool(found["unpaired"]),
        )


# --- what each operator takes ----------------------------------------------------------------------------------


def _date(value: str) -> str | None:
    """The first day of `2025`, `2025-06` or `2025-06-30`, in ISO form."""
    if not re.fullmatch(r"\d{4}([-/]\d{1,2}){0,2}", value):
        return None
    parts = [int(part) for part in re.split("[-/]", value)]
    try:
        return date(*[*parts, 1, 1][:3]).isoformat()
    except ValueError:
        return None


_ARCHIVES = {*ARXIV_ARCHIVES, "econ", "eess", "q-fin", "stat"}


def _category(value: str) -> str | None:
    """`cs.lg` for one, `cs.*` for a whole archive, which may also be written `cs`."""
    found = re.fullmatch(r"([a-z-]+)(?:\.(\*|[a-z-]+))?", value.lower())
    return f"{found[1]}.{found[2] or '*'}" if found and found[1] in _ARCHIVES else None


def _words(value: str) -> str | None:
    return value if any(letter.isalnum() for letter in value) else None


def _one_of(**meanings: str) -> Callable[[str], str | None]:
    return lambda value: meanings.get(value.lower().replace(" ", ""))


class _Field(NamedTuple):
    name: Name
    read: Callable[[str], str | None]
    advice: str


_ALIASES: Mapping[str, str] = {
    "ti": "title",
    "au": "author",
    "authors": "author",
    "by": "author",
    "category": "cat",
    "since": "after",
    "until": "before",
    "source": "from",
    "similar": "like",
    "order": "sort",
}
_DATES = "write a date such as 2025, 2025-06 or 2025-06-30."
_FIELDS: dict[str, _Field] = {
    "title": _Field("title", _words, "write a word of the title."),
    "author": _Field("author", _words, "write a name."),
    "cat": _Field("cat", _category, "write a category such as cs.LG or cs.*."),
    "has": _Field("has", _one_of(code="code"), "it can be has:code."),
    "from": _Field(
        "from",
        _one_of(huggingface="huggingface", hf="huggingface", arxiv="arxiv"),
        "it can be from:huggingface or from:arxiv.",
    ),
    "after": _Field("after", _date, _DATES),
    "before": _Field("before", _date, _DATES),
    "like": _Field("like", paper_id, "write the number or the link of a paper, such as 2403.01234."),
    "sort": _Field(
        "sort",
        _one_of(new="new", newest="new", date="new", top="top", upvotes="top", relevance="relevance"),
        "it can be sort:new or sort:top.",
    ),
}
_FIELDS |= {alias: _FIELDS[name] for alias, name in _ALIASES.items()}


#: What may stand around a value in a sentence: `(author:hinton, since:2025)`.
_AROUND = " ,;:.!?()'‘’"


class _Reader:
    """Turns pieces into terms, and says which it could not understand."""

    def __init__(self, *, pasted: bool) -> None:
        self.terms: list[Term] = []
        self.notes: list[str] = []
        self._pasted = pasted
        self._operators = 0

    def read(self, piece: _Piece) -> None:
        if self._pasted and (piece.spaced or not piece.field):
            self._literally(piece.raw.replace('"', " "))
        elif self._is_one_too_many(piece):
            self.notes.append(f"Operators after the first {MOST_OPERATORS} were searched as plain words.")
            self._literally(piece.value)
        elif piece.unpaired:
            self.notes.append("A quotation mark without its partner was left out.")
        elif piece.field in _FIELDS:
            self._field(piece, _FIELDS[piece.field])
        elif piece.field:
            self._unknown(piece)
        else:
            self._plain(piece)

    def _is_one_too_many(self, piece: _Piece) -> bool:
        is_phrase = piece.quoted and " " in piece.value
        self._operators += piece.field in _FIELDS or piece.minus or is_phrase
        return self._operators > MOST_OPERATORS

    def _field(self, piece: _Piece, field: _Field) -> None:
        value = field.read(piece.value.strip(_AROUND))
        if value is None:
            self._refuse(piece, field.advice)
        elif piece.minus and field.name in ("like", "sort", "after", "before"):
            self._refuse(piece, "there is no opposite of it.")
        else:
            self.terms.append(Term(field.name, value, piece.minus))

    def _refuse(self, piece: _Piece, advice: str) -> None:
        # `After: the storm` is a title, and `after: 2025-13` is not.
        if not self._pasted and not (piece.spaced and not any(map(str.isdigit, piece.value))):
            self._note(piece, advice)
        self._literally(f"{piece.field} {piece.value}")

    def _note(self, piece: _Piece, advice: str) -> None:
        self.notes.append(f"“{piece.raw[:60]}” was searched as plain words: {advice}")

    def _unknown(self, piece: _Piece) -> None:
        """A colon in a title is no operator; one after a slip of the keyboard is worth a word."""
        close = difflib.get_close_matches(piece.field, _FIELDS, 1, 0.75)
        if close and not self._pasted and _FIELDS[close[0]].read(piece.value.strip(_AROUND)):
            self._note(piece, f"did you mean {_FIELDS[close[0]].name}:?")
        self._literally(paper_id(f"{piece.field}:{piece.value}") or f"{piece.field} {piece.value}")

    def _plain(self, piece: _Piece) -> None:
        if piece.quoted and " " in piece.value and _words(piece.value):
            self.terms.append(Term("phrase", piece.value, piece.minus))
        else:
            self._literally(piece.value, negative=piece.minus)

    def _literally(self, words: str, *, negative: bool = False) -> None:
        self.terms += [
            Term("word", paper_id(word) or word, negative) for word in words.split() if _words(word)
        ]
