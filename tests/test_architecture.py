"""Who may import whom, and where SQL may stand: the rules of the house, read from the code itself."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import bot
import bot.errors
import handlers
import storage
from bot.errors import PapersError

ROOT = Path(__file__).resolve().parents[1]
#: What puts the parts together, and so may import all of them.
WIRING = {
    "bot.__main__",
    "bot.app",
    "bot.cli",
    "bot.console",
    "bot.library",
    "bot.library_commands",
    "bot.doctor",
    "bot.past",
    "bot.posting",
    "bot.round_trip",
    "bot.terminal",
    "bot.trial",
    "bot.verdict",
}
#: Brought together by others, and so strangers to one another.
STRANGERS = ("bot.messages", "bot.ranking", "bot.search", "bot.sources")
_STATEMENT = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|"
    r"(CREATE|DROP|ALTER)\s+(UNIQUE\s+)?(VIRTUAL\s+)?(TABLE|INDEX|TRIGGER|VIEW)|PRAGMA\s+\w+|BEGIN\s+IMMEDIATE)\b",
    re.DOTALL,
)


def sources() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    found = {}
    for package in ("bot", "handlers", "storage"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = sources()


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports(module: str) -> set[str]:
    """What a module imports, wherever in it; `from a import b` is `a.b` where that is a module of ours."""
    found = set()
    for node in ast.walk(tree(module)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                inner = {f"{origin}.{alias.name}" for alias in names}
                found |= (inner & set(MODULES)) | ({origin} if inner - set(MODULES) else set())
            case ast.ImportFrom():
                found.add("a relative import")
    return found


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def offences(of: str, *forbidden: str, but: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """Every import of something forbidden by a module of a package."""
    return [
        f"{module} imports {name}"
        for module in MODULES
        if within(module, of) and module not in but
        for name in sorted(imports(module))
        if any(within(name, package) for package in forbidden)
    ]


def test_the_rules_see_the_code() -> None:
    assert {"bot.app", "bot.messages", "bot.workspace.server", "handlers.actions", "storage.store"} <= set(
        MODULES
    )
    assert {"bot.daily", "handlers", "storage.models"} <= imports("bot.app")
    assert offences("bot", "storage")
    assert set(MODULES) >= WIRING


def test_imports_are_absolute() -> None:
    assert [module for module in MODULES if "a relative import" in imports(module)] == []


def test_the_store_imports_nothing_of_ours() -> None:
    assert offences("storage", "bot", "handlers") == []


def test_the_bot_knows_neither_slacks_surface_nor_its_own_wiring() -> None:
    assert offences("bot", "handlers", *WIRING, but=WIRING) == []


def test_handlers_do_not_import_the_wiring() -> None:
    assert offences("handlers", *WIRING) == []


@pytest.mark.parametrize("package", STRANGERS)
def test_sources_search_ranking_and_messages_are_strangers(package: str) -> None:
    assert offences(package, *(other for other in STRANGERS if other != package)) == []


@pytest.mark.parametrize("package", ["bot.messages", "bot.ranking"])
def test_messages_and_ranking_are_pure(package: str) -> None:
    assert offences(package, "storage.store", "sqlite3", "sqlite_utils", "httpx", "aiohttp", "asyncio") == []
    for module in MODULES:
        if within(module, package):
            assert not [node for node in ast.walk(tree(module)) if isinstance(node, ast.AsyncFunctionDef)]


def test_sources_do_not_store() -> None:
    assert offences("bot.sources", "storage.store", "storage.database", "sqlite3", "sqlite_utils") == []


def test_the_workspace_shares_nothing_with_the_bot_but_the_wire() -> None:
    ours = ("bot", "handlers", "storage")
    assert [line for line in offences("bot.workspace", *ours) if "imports bot.workspace" not in line] == []
    users = {line.split()[0] for package in ours for line in offences(package, "bot.workspace")}
    assert {module for module in users if not within(module, "bot.workspace")} == {
        "bot.round_trip",
        "bot.trial",
    }


def test_handlers_reach_the_store_only_through_what_they_are_given() -> None:
    forbidden = ("storage.store", "storage.database", "storage.papers", "storage.posts", "storage.votes")
    assert offences("handlers", *forbidden, "sqlite3", "sqlite_utils") == []
    assert "storage" not in {
        name for module in MODULES if within(module, "handlers") for name in imports(module)
    }


def texts(module: str) -> Iterator[str]:
    """Every string in a module's code, the parts of f-strings joined; docstrings are no code."""
    code = list(ast.walk(tree(module)))
    documented = {
        id(node.body[0].value)
        for node in code
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in code:
        match node:
            case ast.JoinedStr(values=values):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in values)
            case ast.Constant(value=str(text)) if id(node) not in documented:
                yield text


def test_sql_stands_only_in_the_store() -> None:
    # The local workspace is another program, with a file of its own.
    ours = [module for module in MODULES if not module.startswith("bot.workspace")]
    speaking = {module for module in ours if any(_STATEMENT.search(text) for text in texts(module))}
    # The local workspace shares nothing with the bot, and so keeps a file of its own.
    assert {module.partition(".")[0] for module in speaking - {"bot.workspace.saved"}} == {"storage"}
    importing = {module for module in MODULES if imports(module) & {"sqlite_utils"}}
    assert {module.partition(".")[0] for module in importing} == {"storage"}


def everything(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def error_classes() -> set[type[PapersError]]:
    return {
        value
        for package in (bot, handlers, storage)
        for module in everything(package)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, PapersError)
    }


def test_the_tree_of_errors_is_drawn_whole() -> None:
    """Each class stands below its parent, one step further in, and no line is about a class that is gone."""
    lines = re.findall(r"^([│├└─ ]*)(\w*Error)\b", bot.errors.__doc__ or "", re.MULTILINE)
    drawn = [(len(indent) // 4, name) for indent, name in lines]
    parents: dict[str, str] = {}
    above: dict[int, str] = {-1: "Exception"}
    for depth, name in drawn:
        above[depth] = name
        parents[name] = above[depth - 1]
    assert parents == {error.__name__: error.__bases__[0].__name__ for error in error_classes()}


def test_every_error_says_when_it_happens() -> None:
    assert [error.__name__ for error in error_classes() if not error.__doc__] == []
