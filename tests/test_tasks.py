"""Work in the background: a failure reaches the person, the log and the count."""

from __future__ import annotations

import logging

import pytest

from bot.errors import UsageError
from bot.metrics import Metrics
from bot.tasks import Tasks


async def failing(error: Exception) -> None:
    raise error


async def silent(_: Exception) -> None:
    """The person is told."""


async def unreachable(_: Exception) -> None:
    raise ConnectionError("nobody there")


def failures(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("papers_task_failures_total") or 0


async def test_what_nobody_expected_is_counted_and_a_sentence_for_the_person_is_not() -> None:
    metrics = Metrics()
    tasks = Tasks(metrics)
    tasks.start(failing(UsageError("Search for what?")), silent)
    await tasks.finish(5)
    assert failures(metrics) == 0
    tasks.start(failing(ValueError("a mistake of ours")), silent)
    await tasks.finish(5)
    assert failures(metrics) == 1


async def test_a_failure_that_can_not_be_told_is_logged_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    metrics = Metrics()
    tasks = Tasks(metrics)
    tasks.start(failing(UsageError("Search for what?")), unreachable)
    await tasks.finish(5)
    assert failures(metrics) == 1
    assert "could not be reported" in caplog.text


def test_two_bots_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.editions.inc()
    assert one.registry.get_sample_value("papers_editions_total") == 1
    assert other.registry.get_sample_value("papers_editions_total") == 0
