"""The sentences of errors, as the code has them: what stands in an exception that a person reads."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from bot.outcomes import CHANNEL_ERRORS, TOKEN_ERRORS
from handlers import replies
from storage import trouble

ROOT = Path(__file__).resolve().parents[1]
#: Where the sentence stands among the arguments of an error that a person reads as it is.
ARGUMENT = {"UsageError": 0, "StoreError": 0, "FileError": 0, "DeliveryError": 1}
#: Stands for what differs from one time to the next.
HOLE = "…"
#: Sentences that no raised error holds by itself: those of tables, and of the handler of last resort.
OTHERS = (
    *TOKEN_ERRORS.values(),
    *(sentence.format(channel=HOLE) for sentence in CHANNEL_ERRORS.values()),
    f"Slack refused a call for {HOLE}",
    *(
        sentence.format(path=HOLE, error=HOLE)
        for sentence in dict.fromkeys((*trouble._ADVICE.values(), trouble._OTHER))
    ),
    replies.TOO_MANY,
    replies.OUT_OF_REACH,
    replies.UNEXPECTED.format(number=HOLE),
)


def sentences() -> set[str]:
    """Every sentence, with a hole for each part that differs."""
    found = {sentence for path in _sources() for sentence in _raised(path)}
    return {line for line in (*found, *OTHERS) if any(sign.isalpha() for sign in line)}


def _sources() -> Iterator[Path]:
    for package in ("bot", "handlers", "storage"):
        # The local workspace is another program.
        yield from (path for path in (ROOT / package).rglob("*.py") if "workspace" not in path.parts)


def _raised(path: Path) -> Iterator[str]:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if len(arguments) > ARGUMENT.get(name, 99):
                for said in _either(arguments[ARGUMENT[name]]):
                    text = " ".join(_text(said, module).split())
                    # Of several holes in a row one says as much.
                    yield re.sub(f"{HOLE}( ?{HOLE})+", HOLE, text)


def _either(node: ast.expr) -> Iterator[ast.expr]:
    """The sentences between which one is chosen."""
    if isinstance(node, ast.IfExp):
        yield from (*_either(node.body), *_either(node.orelse))
    else:
        yield node


def _text(node: ast.expr, module: str) -> str:
    """What a text says, as far as that does not depend on a moment."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, module) for part in parts)
        case ast.FormattedValue(value=ast.Name() as name) | (ast.Name() as name):
            constant = getattr(importlib.import_module(module), name.id, None)
            return constant if isinstance(constant, str) else HOLE
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left, module) + _text(right, module)
    return HOLE
