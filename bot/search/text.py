"""Text as the index sees it: folded, split into words, stemmed. Papers and queries go the same way."""

from __future__ import annotations

import functools
import re
import unicodedata

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

#: Changes whenever a change here makes an index of before answer wrongly.
TEXT_VERSION = 2

# Chinese and Japanese are written without spaces: there, each character is a word.
_IDEOGRAPHS = r"\p{Han}\p{Hiragana}\p{Katakana}"
# `C++` and `C#` are words; `GPT-4o`, `few-shot` and `BT^2` are several, which a query looks for side by side.
_WORD = rf"[{_IDEOGRAPHS}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_IDEOGRAPHS}]]+(?:\+\+|#)?"
_LONGEST_WORD = 60

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
# As words of their own: TNFα, TNF-α and TNF-alpha are one.
_SPELLED = str.maketrans(
    {letter: f" {name} " for letter, name in _GREEK.items()}
    | {letter.upper(): f" {name} " for letter, name in _GREEK.items()}
)
# Schr\"odinger, Poincar\'{e}, {\L}ojasiewicz, \c{c}: arXiv's titles and authors are written in TeX.
_TEX_ACCENT = re.compile(
    r"""\{?\\(?:["'`^~=.]|[cvuHkrbd](?=[\s{]))\s*\{?(?:\\([ij])(?![A-Za-z])\s?|([A-Za-z]))\}?\}?"""
)
_TEX_LETTER = re.compile(r"\{?\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])\s?(?:\{\}|\})?")
_TEX_STYLE = re.compile(r"\\(?:emph|text(?:it|bf|tt|sc|rm|sf|sl)?|math(?:bb|bf|cal|rm|sf|it|frak)|mbox)\b")
# From the beginning of a word: tried at each letter of it, an endless one would take for ever.
_COMPOUND = re.compile(r"(?<!\w)\w++(?:[-‐‑–]\w++)++")
_HYPHEN = re.compile("[-‐‑–]")
# _WORD where there are only ASCII letters.
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:\+\+|#)?")
_KNOWN_WORDS = 1 << 16

#: Words that say nothing of what a paper is about: grammar, and how questions are put.
_STOP_WORDS = """
    a about above after again all also am among an and another any are as at be because been before being below
    between both but by can could did do does doing down during each for from further had has have having he
    her here hers him his how i if in into is it its just may me might more most must my no nor not of off on
    once only or other our ours out over own per same shall she should so some such than that the their theirs
    them then there these they this those through to too under until up upon us very via was we were what when
    where which while who whom whose why will with within without would you your yours
    article articles concerning deal dealing describe describes discuss discusses find give interested look looking
    paper papers please regarding related show tell want
"""


def _analyzer(*filters: Filter) -> TextAnalyzer:
    builder = (
        TextAnalyzerBuilder(Tokenizer.regex(_WORD))
        # In this order: the small letter of a dotted capital I is two characters.
        .filter(Filter.ascii_fold())
        .filter(Filter.lowercase())
        .filter(Filter.remove_long(_LONGEST_WORD))
    )
    for one in filters:
        builder = builder.filter(one)
    return builder.build()


#: For what is written in sentences, and for names.
STEMMED = _analyzer(Filter.stemmer("english"))
PLAIN = _analyzer()
_CONTENT = _analyzer(Filter.custom_stopword(_STOP_WORDS.split()), Filter.stemmer("english"))


def fold(text: str) -> str:
    """One spelling of what can be written in several: TeX accents, ligatures, raised figures, Greek letters."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "\\" in text:
        text = _TEX_LETTER.sub(_letter, _TEX_ACCENT.sub(r"\1\2", text))
        text = _TEX_STYLE.sub(" ", text).replace("\\", " ")
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_SPELLED)


def _letter(found: re.Match[str]) -> str:
    return {"aa": "å", "AA": "Å"}.get(found[1], found[1])


def stems(text: str) -> list[str]:
    """The words of a text, folded and stemmed, in their order."""
    folded = fold(text)
    if folded.isascii():
        return list(filter(None, map(_stem, _ASCII_WORD.findall(folded.lower()))))
    return STEMMED.analyze(folded)


def names(text: str) -> list[str]:
    """The words of a text, folded and whole, in their order."""
    folded = fold(text)
    if folded.isascii():
        return [word for word in _ASCII_WORD.findall(folded.lower()) if len(word) < _LONGEST_WORD]
    return PLAIN.analyze(folded)


def content(text: str) -> list[str]:
    """The stems of a text without words that say nothing; all of them when nothing else is there."""
    folded = fold(text)
    return _telling(folded) or STEMMED.analyze(folded)


def says_something(text: str) -> bool:
    """Whether any of its words tells what a paper is about."""
    return bool(_telling(fold(text)))


def _telling(folded: str) -> list[str]:
    if folded.isascii():
        # Nearly every text, and nearly every word of it has been met before: several times as fast.
        return list(filter(None, map(_telling_stem, _ASCII_WORD.findall(folded.lower()))))
    return _CONTENT.analyze(folded)


@functools.lru_cache(_KNOWN_WORDS)
def _stem(word: str) -> str:
    """The stem of one word, empty when it is too long to be one."""
    return "".join(STEMMED.analyze(word))


@functools.lru_cache(_KNOWN_WORDS)
def _telling_stem(word: str) -> str:
    """The stem of one word, empty when it says nothing."""
    return "".join(_CONTENT.analyze(word))


def compounds(text: str) -> str:
    """Every hyphenated word of a text in one piece: `few-shot` can be found as `fewshot`."""
    pieces = filter(_HYPHEN.search, text.split())
    return " ".join(_HYPHEN.sub("", found) for piece in pieces for found in _COMPOUND.findall(piece))
