"""Outside text as LaTeX takes it: what is special there is escaped, formulas and accents stay, Unicode is kept.

That LaTeX reads UTF-8 has been the rule since 2018 (https://www.latex-project.org/news/latex2e-news/ltnews28.pdf), and
Biber and the managers of references read nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SPECIAL = {
    # A brace counts for BibTeX even behind a backslash, so it is given by its name.
    "{": r"$\lbrace$",
    "}": r"$\rbrace$",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # Where a brace follows it, it would look like the beginning of the next entry.
    "@": "{@}",
    **{sign: f"\\{sign}" for sign in "&%$#_"},
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# As Pandoc tells a formula from two prices: https://pandoc.org/MANUAL.html#extension-tex_math_dollars
_FORMULA = r"\$(?=\S)[^$%#&]*?[^$%#&\s\\]\$(?!\d)"
# arXiv writes some accents as TeX does: Erd\H{o}s, Poincar\'e.
_ACCENT = (
    r"""\\(?:["'`^~=.](?:[A-Za-z]|\{[A-Za-z]\})|[Hcuvdbkr]\{[A-Za-z]\}"""
    r"|(?:ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?![A-Za-z]))"
)
_TOKEN = re.compile(rf"(?P<formula>{_FORMULA})|(?P<accent>{_ACCENT})|(?P<text>.)", re.DOTALL)


def line(text: str) -> str:
    """A text on one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def escaped(text: str) -> str:
    """A text of one line, with balanced braces."""
    return "".join(token for token, _ in _tokens(line(text)))


def title(text: str) -> str:
    """A title: words with a capital inside, and formulas, stand in braces, so that no style makes them small."""
    found = list(_tokens(line(text)))
    words: list[list[tuple[str, bool]]] = [[]]
    for token in found:
        if token == (" ", False):
            words.append([])
        else:
            words[-1].append(token)
    return " ".join(_protected(word) for word in words)


def _protected(word: list[tuple[str, bool]]) -> str:
    written = "".join(token for token, _ in word)
    kept = any(formula for _, formula in word) or any(sign.isupper() for sign in written[1:])
    return f"{{{written}}}" if kept else written


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a text as LaTeX takes them, and whether each is a formula."""
    for found in _TOKEN.finditer(text):
        if formula := found["formula"]:
            balanced = _balanced(formula)
            yield (formula if balanced else "".join(_SPECIAL.get(sign, sign) for sign in formula)), balanced
        elif accent := found["accent"]:
            # In braces it is one letter, also to BibTeX.
            yield f"{{{accent}}}", False
        else:
            yield _SPECIAL.get(found["text"], found["text"]), False


def _balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0 and "@" not in text and r"\{" not in text and r"\}" not in text
