"""Log lines hold no secret, whoever put it there."""

from __future__ import annotations

import io
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Redacting

SECRETS = [
    "xoxb-1234567890-abcDEF",
    "xoxp-1234567890-abcDEF",
    "xoxe-1-abcdefgh",
    "xoxe.xoxp-1-abcdefgh",
    "xapp-1-A0123-456-abcdef0123456789",
    "hf_AbCdEfGhIjKlMnOp",
]


def logged(message: str, *values: object, error: BaseException | None = None) -> str:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Redacting("%(levelname)s %(name)s: %(message)s"))
    record = logging.LogRecord(
        "bot.test",
        logging.ERROR,
        __file__,
        1,
        message,
        values,
        (type(error), error, error.__traceback__) if error else None,
    )
    handler.handle(record)
    return lines.getvalue()


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "token={}", "token%3D{}", "'{}',", "a{}", "({})", '{{"token": "{}"}}']
)
def test_a_token_is_taken_out_of_a_line(secret: str, around: str) -> None:
    line = logged("refused: %s", around.format(secret))
    assert secret not in line
    assert "[secret]" in line
    assert line.startswith("ERROR bot.test: refused: ")


@given(
    st.sampled_from(["xoxb-", "xoxp-", "xapp-", "hf_"]), st.from_regex(r"[A-Za-z0-9-]{10,60}", fullmatch=True)
)
def test_nothing_of_a_token_is_left(prefix: str, rest: str) -> None:
    assert logged("%s", f"said {prefix}{rest} twice") == "ERROR bot.test: said [secret] twice\n"


def test_whatever_follows_bearer_is_taken_out() -> None:
    assert logged("{'Authorization': 'Bearer s3cr3t.v4lue'}").count("s3cr3t") == 0


def test_a_traceback_holds_no_token_and_neither_does_its_cause() -> None:
    def refuse(token: str) -> None:
        try:
            raise ValueError(f"token {token} is unknown")
        except ValueError as error:
            raise RuntimeError(f"could not use {token}") from error

    with pytest.raises(RuntimeError) as caught:
        refuse(SECRETS[0])
    line = logged("failed", error=caught.value)
    assert "Traceback" in line
    assert "could not use [secret]" in line
    assert "token [secret] is unknown" in line
    assert "abcDEF" not in line


def test_other_words_stay() -> None:
    said = "posted 2 of C012AB3CD at 1755509400.000100 (xoxb- and hf_ begin tokens)"
    assert logged(said) == f"ERROR bot.test: {said}\n"


PROGRAM = """
import logging
from bot.logs import log_to_stderr
log_to_stderr("{level}")
for name in ("bot.app", "slack_sdk.web", "httpx"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "%s says xoxb-1234567890-abcDEF", name)
"""


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("info", ["INFO bot.app", "WARNING bot.app", "WARNING slack_sdk.web", "WARNING httpx"]),
        ("error", []),
    ],
)
def test_a_program_logs_to_standard_error_at_the_level_asked_for(level: str, expected: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(level=level)], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ""
    assert [" ".join(line.split()[2:4]).rstrip(":") for line in ran.stderr.splitlines()] == expected
    assert "abcDEF" not in ran.stderr
