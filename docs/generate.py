"""`python -m docs.generate`: the parts of the documentation that the code knows best.

Writes the tables of README.md, docs/commands.md and .env.example; with `--check` it writes nothing, names
what is stale and exits with status 1.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import time
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from bot import cli
from bot.config import Settings
from bot.messages.answers import SEARCH_HELP
from bot.messages.help import forms

ROOT = Path(__file__).parent.parent
PROGRAM = "papers-bot"
#: Without these two nothing works in a workspace, so `.env.example` begins with them.
NEEDED = ("slack_bot_token", "slack_app_token")
#: The help must not depend on the terminal it is made in.
WIDTH: dict[str, Any] = {"terminal_width": 100, "max_content_width": 100}
#: A line of the help on searching that says what a form does.
_FORM = re.compile(r"^• (`/papers.*?): (.+)$", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is stale")
    arguments = parser.parse_args()
    stale = stale_files()
    if arguments.check and stale:
        does = "does" if len(stale) == 1 else "do"
        sys.exit(
            f"{' and '.join(stale)} {does} not say what the code does: run `make docs`, commit the result."
        )
    for name, text in stale.items():
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"wrote {name}")


def stale_files() -> dict[str, str]:
    """The generated files that are not what they should be, and what they should be."""
    wanted = {
        "README.md": readme(_read(ROOT / "README.md")),
        "docs/commands.md": commands_page(),
        ".env.example": example_settings(),
    }
    return {name: text for name, text in wanted.items() if _read(ROOT / name) != text}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def readme(text: str) -> str:
    """The README with each of its generated tables between its two markers."""
    tables = {
        "slash commands": slash_table(),
        "search operators": operators_table(),
        "settings": settings_table(),
        "commands": commands_table(),
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name}: made by `make docs` -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not ended:
            sys.exit(f"README.md lacks the place for its table of {name}: the lines {begin} and {end}.")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def slash_table() -> str:
    """The forms of `/papers`, as the bot's own help gives them."""
    return _table(("Type", "What you get"), list(forms()))


def operators_table() -> str:
    """What a search understands, as its own help gives it."""
    return _table(("Type", "What you get"), _FORM.findall(SEARCH_HELP))


def settings_table() -> str:
    rows = [
        (f"`{name.upper()}`", f"`{default}`" if default else "", f"{about} (secret)" if secret else about)
        for name, default, about, secret in _settings()
    ]
    return _table(("Setting", "Default", "What it is"), rows)


def commands_table() -> str:
    rows = [
        (f"`{PROGRAM} {name}`", command.get_short_help_str(limit=200))
        for name, command in _commands(cli.main)
    ]
    return _table(("Command", "What it does"), rows)


def commands_page() -> str:
    """Every command's own help; the first ends with what the exit statuses mean."""
    whole = click.Context(cli.main, info_name=PROGRAM, **WIDTH, **cli.main.context_settings)
    settings = "Settings come from the environment and from `.env` in the current folder."
    parts = ["# Commands", f"The commands' own help, put here by `make docs`. {settings}", _help(whole)]
    for name, command in _commands(cli.main):
        parts += [f"## {name}", _help(click.Context(command, whole, name, **WIDTH))]
    return "\n\n".join(parts) + "\n"


def _commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by all its words: of a group, those in it, and itself where it does."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield f"{before}{name}", command
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _help(context: click.Context) -> str:
    return f"```\n{context.get_help()}\n```"


def example_settings() -> str:
    """`.env.example`: every setting with its default, commented out but for the two that must be filled in."""
    settings = sorted(_settings(), key=lambda setting: setting[0] not in NEEDED)
    entries = [
        f"# {re.sub('[`*]', '', about)}\n{'' if name in NEEDED else '# '}{name.upper()}={default}\n"
        for name, default, about, _ in settings
    ]
    return "# Copy this file to .env, fill in the two tokens, and uncomment what you want to change.\n\n" + (
        "\n".join(entries)
    )


def _settings() -> Iterator[tuple[str, str, str, bool]]:
    """Each setting's name, default as it is typed, description, and whether it is a secret."""
    for name, field in Settings.model_fields.items():
        yield name, _typed(field.default), field.description or "", field.annotation is SecretStr


def _typed(value: Any) -> str:  # noqa: ANN401 - the default of any setting
    match value:
        case bool():
            return "on" if value else "off"
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(value)
        case time():
            return f"{value:%H:%M}"
    return str(value)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |" for cells in lines)


if __name__ == "__main__":
    main()
