"""Papers as people name them: links and ids in any text, and the entries of a BibTeX file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry

from bot.ids import paper_id, paper_ids
from storage.models import unique

_BIBTEX = re.compile(r"@\s*[A-Za-z]+\s*[{(]")
#: What an entry that can't be read is called: its key or, without one, how it begins.
_KEY = re.compile(r"@\s*\w+\s*[{(]\s*([^\s,{}()=]+)\s*,")
_NAMED = 60
#: Where an id may stand by itself, without saying that it is arXiv's. DBLP writes `volume = {abs/2403.01234}`.
_BARE = ("eprint", "arxivid", "arxiv", "volume")
_FIELDS = (*_BARE, "doi", "url", "howpublished", "note", "journal", "journaltitle", "annote", "pages")
_ARCHIVES = ("archiveprefix", "eprinttype")
_ADDRESS = re.compile(r"\S*(?:arxiv|huggingface|hf\.co)\S*", re.IGNORECASE)
_BRACES = str.maketrans("", "", "{}")


class Reference(NamedTuple):
    """A paper that somebody named: by `id` where there is one, otherwise by its title; `name` is how to call it."""

    name: str
    id: str = ""
    title: str = ""


class Bibliography(NamedTuple):
    """What was named, each paper once, and the beginnings of what could not be read as a paper."""

    references: tuple[Reference, ...] = ()
    broken: tuple[str, ...] = ()


def read(text: str) -> Bibliography:
    """The papers that a text names: its BibTeX entries or, without any, the links and ids in it."""
    return read_bibtex(text) if _BIBTEX.search(text) else _links(text)


def read_bibtex(text: str) -> Bibliography:
    """The entries of a BibTeX file. An entry that can't be read is named among the broken, and the others are read."""
    library = parse_string(text)
    entries, broken = list(library.entries), list[str]()
    for block in library.failed_blocks:
        if (entry := _despite(block)) is not None:
            entries.append(entry)
        else:
            broken.append(_called(block.raw or ""))
    found = [_reference(entry) for entry in entries]
    known = {(one.id or one.title): one for one in reversed(found) if one.id or one.title}
    nameless = [one.name for one in found if not (one.id or one.title)]
    return Bibliography(
        tuple(reversed(known.values())), unique([name for name in (*nameless, *broken) if name])
    )


def _links(text: str) -> Bibliography:
    ids, rest = paper_ids(text)
    return Bibliography(
        tuple(Reference(id, id) for id in unique(ids)),
        # Words around the links are no mistakes; an address or a number is.
        unique([token[:_NAMED] for token in rest if re.match(r"\d|https?:", token) or _ADDRESS.match(token)]),
    )


def _despite(block: Block) -> Entry | None:
    """The entry of a block that is refused only because its key, or a field, is there twice."""
    if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
        inner = block.ignore_error_block
        return inner if isinstance(inner, Entry) else None
    return None


def _called(raw: str) -> str:
    key = _KEY.search(raw)
    return key[1][:_NAMED] if key else " ".join(raw.split())[:_NAMED]


def _reference(entry: Entry) -> Reference:
    # The names of fields are written in any case.
    fields = {field.key.lower(): str(field.value) for field in reversed(entry.fields)}
    title = " ".join(fields.get("title", "").translate(_BRACES).split())
    name = title or entry.key or f"@{entry.entry_type}"
    return Reference(name, next(_ids(fields), ""), title)


def _ids(fields: Mapping[str, str]) -> Iterator[str]:
    """The arXiv ids in an entry's fields, the surest first."""
    archive = next((fields[name] for name in _ARCHIVES if fields.get(name)), "arxiv")
    for name in _FIELDS:
        value = fields.get(name, "")
        if name == "eprint" and archive.lower() != "arxiv":
            continue
        if name in _BARE and (id := paper_id(value.translate(_BRACES).strip().removeprefix("abs/"))):
            yield id
        elif "arxiv" in value.lower() or _ADDRESS.search(value):
            yield from paper_ids(value)[0]
