"""A query as tantivy reads it: which papers may be found at all, and what of the others counts how much."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from tantivy import FieldType, Occur
from tantivy import Query as Clause

from bot.ids import paper_id
from bot.search.query import Query, Term
from bot.search.text import STEMMED, content, names, says_something, stems
from bot.search.words import SCHEMA, Words

#: A word of the title counts once as a word of the text, and this much again.
TITLE_WEIGHT = 0.3
#: Of a longer text the words that tell most: more of them change the order little and cost time.
MOST_WORDS = 32
#: A word in fewer papers than this may be two that others write apart.
_RARE = 20
_SHORTEST_SPLIT = 2
#: Two words written as one are rarer than either, and would outweigh both and all the others.
_JOINED_WEIGHT = 0.3
#: How many words are a few, and how many are a text; and how many papers are looked at first.
_SOME, _MANY, _LOOKED_AT = 4, 20, 20
#: Whoever names a paper wants that one first.
_ID_WEIGHT = 10
#: Whoever names an author wants that one's papers about the rest of the query.
_NAMED_WEIGHT = 10
Part = tuple[Occur, Clause]


class Lexical:
    """One query on one state of the index.

    `words` are the stems it looks for, each as often as it stands in the query; `extra` are words from elsewhere,
    such as those of the paper that others should resemble.
    """

    def __init__(self, index: Words, query: Query, extra: str = "") -> None:
        self.index = index
        self.query = query
        self.chunks = _chunks(query.of("word"))
        typed = content(query.text)
        self.words = self._telling(Counter([*typed, *content(extra)]) if extra else Counter(typed))
        self.filters = list(self._filters())

    def any_word(self) -> Clause | None:
        """Papers with some of the words, by BM25; None when there are no words to look for."""
        if not self.words:
            return None
        clauses = [part for word, times in self.words.items() for part in self._scored(word, times)]
        clauses += [(Occur.Should, clause) for clause in self._others()]
        some = Clause.boolean_query(clauses)
        return _all([*self.filters, (Occur.Must, some)]) if self.filters else some

    @functools.cached_property
    def every_word(self) -> Clause:
        """Papers with every word, in any of its spellings; every paper that is allowed when there are none."""
        return _all([*self.filters, *((Occur.Must, self._spelt(chunk)) for chunk in self.chunks)])

    def count_every_word(self, most: int, best: NDArray[np.int64]) -> int:
        """How many papers have every word, counted up to `most`; of a whole text that is not worth its time, and 0.

        Of a few words the papers that match best nearly always have enough, which is soon seen.
        """
        if len(self.chunks) > _MANY:
            return 0
        if len(self.chunks) <= _SOME:
            numbers = best[:_LOOKED_AT].tolist()
            few = _any([Clause.term_query(SCHEMA, "number", number, "basic") for number in numbers])
            among = self.index.matches(_all([(Occur.Must, few), (Occur.Must, self.every_word)]), most)
            if among >= most:
                return among
        return self.index.matches(self.every_word, most)

    def allowed(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some papers that the query does not rule out."""
        if not self.filters or not len(numbers):
            return numbers
        among = Clause.term_set_query(SCHEMA, "number", numbers.tolist())
        found, _ = self.index.best(_all([*self.filters, (Occur.Must, among)]), len(numbers))
        return numbers[np.isin(numbers, found)]

    def _telling(self, words: Counter[str]) -> Counter[str]:
        """The words that tell most: by how often they stand here, and in how few papers there."""
        if len(words) <= MOST_WORDS:
            return words
        total = len(self.index) + 1
        weighed = {
            word: times * math.log(total / (1 + self.index.count("text", word)))
            for word, times in words.items()
        }
        return Counter(
            {word: words[word] for word in sorted(weighed, key=lambda w: -weighed[w])[:MOST_WORDS]}
        )

    def _scored(self, word: str, times: int) -> Iterator[Part]:
        yield Occur.Should, _weighed(_term("text", word), times)
        if self.index.count("title", word):
            yield Occur.Should, _weighed(_term("title", word), times * TITLE_WEIGHT)

    def _others(self) -> Iterator[Clause]:
        """What else the words can be: papers' numbers, authors' names, and compounds that others join or part."""
        for id in filter(None, map(paper_id, self.chunks)):
            yield _weighed(_term("id", id), _ID_WEIGHT)
        flat = [name for chunk in self.chunks for name in names(chunk)]
        for name in dict.fromkeys(flat):
            if stem(name) in self.words:
                yield from self._other_forms(name)
        for first, second in dict.fromkeys(itertools.pairwise(flat)):
            if self.words.keys() & {stem(first), stem(second)}:
                yield from self._together(first, second)

    def _other_forms(self, name: str) -> Iterator[Clause]:
        in_text = self.index.count("text", stem(name))
        # `long` is no author's name to whoever types it, though some have it.
        if self.index.count("author", name) > in_text:
            yield _term("author", name)
        if self.index.count("compounds", stem(name)):
            yield _term("compounds", stem(name))
        if in_text < _RARE and (parts := self._parted(name)):
            yield parts

    def _together(self, first: str, second: str) -> Iterator[Clause]:
        if self.index.count("text", stem(first + second)):
            yield _weighed(_term("text", stem(first + second)), _JOINED_WEIGHT)
        person = _phrase("author", [first, second])
        if self.index.count("author", first) and self.index.matches(person, 1):
            # Whoever names a person means that person's papers with all the other words.
            yield _weighed(person, 2)
            yield _weighed(Clause.const_score_query(self.every_word, 1), _NAMED_WEIGHT)

    def _spelt(self, chunk: str) -> Clause:
        """A word in each of its spellings: `few-shot` is also `fewshot`, and `hinton` may be an author."""
        whole, parts = names(chunk), stems(chunk)
        if id := paper_id(chunk):
            return _any([_term("id", id), _phrase("text", parts)])
        joined = stem("".join(whole))
        # A way that no paper has, or that stands here already, would be looked for in vain.
        ways = [_phrase("text", parts)]
        if all(self.index.count("author", name) for name in whole):
            ways.append(_phrase("author", whole))
        ways += [
            _term(field, joined) for field in ("text", "compounds") if self._is_another(field, joined, parts)
        ]
        if len(whole) == 1 and (apart := self._parted(whole[0])):
            ways.append(apart)
        return ways[0] if len(ways) == 1 else _any(ways)

    def _is_another(self, field: str, joined: str, parts: Sequence[str]) -> bool:
        return (field, joined) != ("text", *parts) and self.index.count(field, joined) > 0

    def _parted(self, name: str) -> Clause | None:
        """The way to write a rare word as two that most papers use."""
        if self.index.count("text", stem(name)) >= _RARE:
            return None
        best, most = None, 0
        for cut in range(_SHORTEST_SPLIT, len(name) - _SHORTEST_SPLIT + 1):
            parts = [stem(name[:cut]), stem(name[cut:])]
            if all(self.index.count("text", part) for part in parts):
                phrase = _phrase("text", parts)
                if (found := self.index.matches(phrase, 100)) > most:
                    best, most = phrase, found
        return best

    def _filters(self) -> Iterator[Part]:
        for term in self.query.terms:
            if term.negative:
                yield Occur.MustNot, self._condition(term)
            elif term.name in ("phrase", "title", "author"):
                yield Occur.Must, self._condition(term)
            elif term.name == "like":
                yield Occur.MustNot, _term("id", term.value)
        for name in ("cat", "from", "has"):
            # Several categories widen the search.
            if values := self.query.of(name):
                yield Occur.Must, _unscored(_any([_term(name, value) for value in values]))
        if self.query.of("after", "before"):
            yield Occur.Must, _unscored(_between(self.query.of("after"), self.query.of("before")))

    def _condition(self, term: Term) -> Clause:
        match term.name:
            case "word":
                return self._spelt(term.value)
            case "phrase":
                return _phrase("text", stems(term.value))
            case "title":
                return _phrase("title", stems(term.value))
            case "author":
                return _unscored(_author(term.value))
        return _term(term.name, term.value)


@functools.lru_cache(1 << 14)
def stem(name: str) -> str:
    """The stem of one folded word."""
    return "".join(STEMMED.analyze(name))


def _chunks(words: Iterable[str]) -> list[str]:
    """What stands between spaces, without what says nothing; all of it when nothing else is there."""
    known = [word for word in words if names(word)]
    telling = [word for word in known if says_something(word)]
    return list(dict.fromkeys(telling or known))


def _term(field: str, value: str) -> Clause:
    # `author` and words are asked for as they were indexed; "freq" leaves positions unread.
    return Clause.term_query(
        SCHEMA, field, value, "freq" if field in ("text", "title", "author") else "basic"
    )


def _phrase(field: str, parts: Sequence[str]) -> Clause:
    if not parts:
        return Clause.empty_query()
    return _term(field, parts[0]) if len(parts) == 1 else Clause.phrase_query(SCHEMA, field, list(parts))


def _author(value: str) -> Clause:
    """A name in either order, `Hinton, Geoffrey`; a single letter is an initial."""
    parts = names(value)
    orders = [parts] if "," not in value else [parts, names(" ".join(reversed(value.split(","))))]
    return _any([_name(order) for order in orders])


def _name(parts: Sequence[str]) -> Clause:
    if len(parts) > 1 and any(len(part) == 1 for part in parts):
        patterns = [f"{part}.*" if len(part) == 1 else part for part in parts]
        return Clause.regex_phrase_query(SCHEMA, "author", list(patterns))
    return _phrase("author", parts)


def _between(after: Sequence[str], before: Sequence[str]) -> Clause:
    """From the first day after, to the day before `before`; papers of no known date are in no period."""
    first = max((date.fromisoformat(day).toordinal() for day in after), default=date.min.toordinal() + 1)
    end = min((date.fromisoformat(day).toordinal() for day in before), default=date.max.toordinal())
    if first >= end:
        return Clause.empty_query()
    return Clause.range_query(SCHEMA, "published", FieldType.Integer, first, end, include_upper=False)


def _weighed(clause: Clause, weight: float) -> Clause:
    return clause if weight == 1 else Clause.boost_query(clause, float(weight))


def _unscored(clause: Clause) -> Clause:
    return Clause.const_score_query(clause, 0.0)


def _any(ways: Sequence[Clause]) -> Clause:
    return Clause.boolean_query([(Occur.Should, way) for way in ways])


def _all(parts: Sequence[Part]) -> Clause:
    """Every part; beside what is ruled out there must be something that is not."""
    if any(occur == Occur.Must for occur, _ in parts):
        return Clause.boolean_query(list(parts))
    return Clause.boolean_query([(Occur.Must, _unscored(Clause.all_query())), *parts])
