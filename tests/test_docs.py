"""The documentation says what the code does, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import cli
from bot.config import Settings
from bot.messages.help import COMMANDS
from docs import generate

ROOT = Path(__file__).parent.parent
GENERATED = ("README.md", "docs/commands.md", ".env.example")
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with the generated files, and with what makes them, beside the real code."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in GENERATED:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def generate_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "docs.generate", *arguments],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def pages() -> Iterator[Path]:
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/**/*.md", "tests/**/*.md"):
        yield from ROOT.glob(pattern)


def test_what_is_generated_is_fresh() -> None:
    ran = generate_in(ROOT, "--check")
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "said"),
    [("README.md", "| `PAPERS_TOP`"), ("docs/commands.md", "--once"), (".env.example", "PAPERS_TOP=")],
)
def test_a_stale_file_is_named_and_mended(copied: Path, name: str, said: str) -> None:
    page, fresh = copied / name, (ROOT / name).read_text(encoding="utf-8")
    stale = fresh.replace(said, "something else")
    page.write_text(stale, encoding="utf-8")
    checked = generate_in(copied, "--check")
    assert checked.returncode == 1
    assert checked.stderr.startswith(f"{name} does not say what the code does")
    assert page.read_text(encoding="utf-8") == stale
    assert generate_in(copied).stdout == f"wrote {name}\n"
    assert page.read_text(encoding="utf-8") == fresh


def test_what_people_wrote_between_the_tables_stays(copied: Path) -> None:
    page = copied / "README.md"
    page.write_text(
        page.read_text(encoding="utf-8").replace("## Settings\n", "## Our settings\n"), encoding="utf-8"
    )
    assert (generate_in(copied).returncode, generate_in(copied, "--check").returncode) == (0, 0)
    assert "## Our settings\n" in page.read_text(encoding="utf-8")


def test_a_readme_without_a_place_for_a_table_is_refused() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("<!-- end of settings -->", "")
    with pytest.raises(SystemExit, match=r"README.md lacks the place for its table of settings"):
        generate.readme(readme)


def test_the_example_settings_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    example = re.sub(r"^# (?=[A-Z_]+=)", "", generate.example_settings(), flags=re.MULTILINE)
    assert [
        line.partition("=")[0].lower() for line in example.splitlines() if re.match(r"[A-Z_]+=", line)
    ] == list(Settings.model_fields)
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    assert Settings(_env_file=tmp_path / ".env") == Settings(_env_file=None)


def test_only_the_two_tokens_wait_to_be_filled_in() -> None:
    lines = generate.example_settings().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == [
        "SLACK_BOT_TOKEN=",
        "SLACK_APP_TOKEN=",
    ]


def test_every_setting_has_a_description_and_every_secret_is_marked() -> None:
    rows = generate.settings_table().splitlines()[2:]
    assert all(re.fullmatch(r"\| `[A-Z_]+` \| .*\| \S.+ \|", row) for row in rows)
    secret = [row.split("`")[1] for row in rows if "(secret)" in row]
    tokens = ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "HUGGINGFACE_TOKEN"]
    assert secret == [*tokens, "PAPERS_SMTP_URL"]


def test_every_form_of_the_slash_command_in_the_help_is_in_the_table() -> None:
    forms = [form for command in COMMANDS.values() for form, _ in command.more]
    assert len(forms) > 5
    assert all(form in generate.slash_table() for form in forms)
    assert len(generate.slash_table().splitlines()) == 2 + len(forms)


def test_every_command_and_option_is_in_the_reference() -> None:
    page = generate.commands_page()
    for name, command in cli.main.commands.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert command.help
        assert all(
            option in section for parameter in command.params for option in parameter.opts if "-" in option
        )
    assert "Exit status: 0 done" in page


def test_every_relative_link_leads_to_a_file() -> None:
    links = [
        (page.relative_to(ROOT), target)
        for page in pages()
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:|#", target)
    ]
    assert links
    assert [
        (page, target)
        for page, target in links
        if not (ROOT / page.parent / target.partition("#")[0]).exists()
    ] == []


def test_the_readme_begins_with_the_two_commands() -> None:
    lines = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line]
    title, fence, first, second, end = lines[:5]
    assert title == "# papers-bot"
    assert (fence, end) == ("```sh", "```")
    assert first.split()[:2] == ["make", "try"]
    assert second.split()[:2] == ["make", "test"]
