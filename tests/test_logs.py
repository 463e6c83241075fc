"""Log lines hold no secret, whoever put it there."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import JsonLines, Redacting, about, event

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


def test_the_address_that_answers_a_person_and_the_ticket_of_a_socket_are_taken_out() -> None:
    line = logged(
        "%s", "https://hooks.slack.com/commands/T1/22/ab-Cd failed; wss://w.slack.com/?ticket=a-1&b=2"
    )
    assert line == (
        "ERROR bot.test: https://hooks.slack.com/[secret] failed; wss://w.slack.com/?ticket=[secret]&b=2\n"
    )


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(st.characters(codec="utf-8"), max_size=60))
def test_an_event_is_one_line_whatever_is_in_it(message: str, value: str) -> None:
    line = formatted(Redacting("%(levelname)s %(message)s"), message, where=value)
    assert line.splitlines() == [line]


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(st.characters(codec="utf-8"), max_size=60))
def test_in_json_an_event_is_one_object_on_one_line(message: str, value: str) -> None:
    line = formatted(JsonLines(), message, where=value, day=date(2026, 8, 18), papers=5, new=True, gone=None)
    assert "\n" not in line
    read = json.loads(line)
    assert read.keys() == {"time", "level", "logger", "event", "where", "day", "papers", "new", "gone"}
    assert (read["day"], read["papers"], read["new"], read["gone"]) == ("2026-08-18", 5, True, None)
    assert read["level"] == "info"
    assert datetime.fromisoformat(read["time"]).tzinfo


@pytest.mark.parametrize("secret", SECRETS)
def test_in_json_too_a_token_is_taken_out_and_what_is_left_is_json(secret: str) -> None:
    try:
        raise ValueError(f"Bearer {secret}")
    except ValueError:
        line = formatted(JsonLines(), f"refused Bearer {secret}", error=True, field=f"token={secret}")
    assert secret not in line
    read = json.loads(line)
    assert read["event"] == "refused Bearer [secret]"
    assert read["field"].endswith("[secret]")
    assert "Traceback" in read["error"]


def test_fields_stand_at_the_end_of_a_line_and_what_is_no_word_in_quotation_marks() -> None:
    line = formatted(
        Redacting("%(message)s"), "posted", channel="C1", day=date(2026, 8, 18), name="a b=c", none=""
    )
    assert line == 'posted channel=C1 day=2026-08-18 name="a b=c" none=""'


def test_what_happens_inside_carries_what_it_is_about_tasks_included() -> None:
    form, lines = Redacting("%(message)s"), []

    async def work() -> None:
        await asyncio.sleep(0)
        lines.append(formatted(form, "in the background"))

    async def delivery() -> None:
        with about(request="ab12", type="vote"):
            lines.append(formatted(form, "at once", type="own"))
            task = asyncio.create_task(work())
        lines.append(formatted(form, "afterwards"))
        await task

    asyncio.run(delivery())
    assert lines == [
        "at once request=ab12 type=own",
        "afterwards",
        "in the background request=ab12 type=vote",
    ]


def formatted(form: logging.Formatter, message: str, *, error: bool = False, **fields: Any) -> str:
    """What a formatter makes of an event."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(form)
    logger = logging.Logger("bot.test")
    logger.addHandler(handler)
    if error:
        logger.exception("%s", message, extra={"fields": fields})
    else:
        event(logger, message, **fields)
    return lines.getvalue().removesuffix("\n")
