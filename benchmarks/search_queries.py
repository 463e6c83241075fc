"""What people type, by kind: made of the papers themselves, so that there is something to find."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from benchmarks.search_corpus import Varied
from benchmarks.search_rivals import tells
from storage.models import Paper

PLAIN = "1 to 4 words"
QUESTION = "questions"
ABSTRACT = "pasted abstracts"
LIKE = "like: a paper"
_OPENINGS = ("what is known about", "how can one improve", "which methods are there for")


def kinds(varied: Varied, number: int) -> dict[str, list[str]]:
    """That many queries of each kind, the same every time."""
    made: dict[str, Callable[[random.Random, Paper], str]] = {
        PLAIN: lambda chance, paper: _words(chance, paper, chance.randint(1, 4)),
        "phrases": _phrase,
        "words, filtered": _filtered,
        "words, some ruled out": _negative,
        LIKE: lambda chance, paper: f"like:{paper.id}",
        "words, newest first": lambda chance, paper: f"{_words(chance, paper, 2)} sort:new",
        QUESTION: _question,
        ABSTRACT: partial(_abstract, varied.originals),
        "misspelt words": _misspelt,
    }
    chance = random.Random(20_261_124)
    return {
        kind: [make(chance, varied.paper(chance.randrange(varied.papers))) for _ in range(number)]
        for kind, make in made.items()
    }


def _words(chance: random.Random, paper: Paper, number: int) -> str:
    # A name that was coined for this corpus would be in the title of one paper in three.
    telling = [word for word in paper.title.split() if word.isalpha() and tells(word)]
    return " ".join(chance.sample(telling, min(number, len(telling)))) or "learning"


def _phrase(chance: random.Random, paper: Paper) -> str:
    words = paper.title.replace('"', "").split()
    first = chance.randrange(max(1, len(words) - 2))
    return f'"{" ".join(words[first : first + chance.randint(2, 3)])}"'


def _filtered(chance: random.Random, paper: Paper) -> str:
    published = f"{paper.published:%Y-%m}"
    filters = (
        f"cat:{paper.categories[0]}",
        f"after:{published}",
        f"before:{published}",
        f"after:{published} cat:cs.*",
        f'author:"{paper.authors[0]}"',
        f"author:{paper.authors[-1].split()[-1]}",
        "has:code",
        "from:huggingface",
    )
    return f"{_words(chance, paper, chance.randint(1, 3))} {chance.choice(filters)}"


def _negative(chance: random.Random, paper: Paper) -> str:
    return f"{_words(chance, paper, 2)} -{chance.choice(('survey', 'video', 'language', 'learning'))}"


def _question(chance: random.Random, paper: Paper) -> str:
    words = paper.abstract.replace('"', "").split()
    start = chance.randrange(max(1, len(words) - 16))
    return f"{chance.choice(_OPENINGS)} {' '.join(words[start : start + chance.randint(7, 16)])}?"


def _abstract(originals: list[str], chance: random.Random, _: Paper) -> str:
    return chance.choice(originals)


def _misspelt(chance: random.Random, paper: Paper) -> str:
    """Two letters of a longer word in each other's place."""
    longer = [word for word in paper.title.split() if word.isalpha() and len(word) > 7] or ["diffusion"]
    word = chance.choice(longer)
    at = next(n for n in range(2, len(word) - 1) if word[n] != word[n + 1] or n == len(word) - 2)
    return f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]} {_words(chance, paper, 1)}"
