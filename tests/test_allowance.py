"""How much one person may ask for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import MOST_PEOPLE, Allowance


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_then_one_a_second() -> None:
    clock = Seconds()
    allowance = Allowance(3, clock)
    assert [allowance.take("ada") for _ in range(5)] == [True, True, True, False, False]
    clock.now += 1
    assert [allowance.take("ada") for _ in range(2)] == [True, False]
    clock.now += 60
    assert [allowance.take("ada") for _ in range(4)] == [True, True, True, False]


def test_one_persons_haste_is_no_other_persons() -> None:
    allowance = Allowance(1, Seconds())
    assert allowance.take("ada")
    assert not allowance.take("ada")
    assert allowance.take("ben")


def test_zero_means_no_limit() -> None:
    allowance = Allowance(0, Seconds())
    assert all(allowance.take("ada") for _ in range(1000))


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    clock = Seconds()
    allowance = Allowance(2, clock)
    assert allowance.take("ada")
    clock.now -= 500
    assert [allowance.take("ada") for _ in range(2)] == [True, False]
    clock.now += 1
    assert allowance.take("ada")


def test_whoever_has_rested_is_forgotten_before_those_who_have_not() -> None:
    clock = Seconds()
    allowance = Allowance(1, clock)
    for number in range(MOST_PEOPLE - 1):
        allowance.take(f"u{number}")
    clock.now += 0.5
    allowance.take("ada")
    clock.now += 0.75
    # Everybody but Ada has all their tokens back by now.
    assert allowance.take("newcomer")
    assert len(allowance._buckets) == 2
    assert not allowance.take("ada")


def test_a_crowd_that_is_busy_all_at_once_does_not_fill_the_memory() -> None:
    allowance = Allowance(1, Seconds())
    for number in range(MOST_PEOPLE + 10):
        assert allowance.take(f"u{number}")
    assert len(allowance._buckets) == MOST_PEOPLE


@given(st.lists(st.floats(0, 5), max_size=100), st.integers(1, 10))
def test_over_any_time_no_more_is_given_than_a_burst_and_one_a_second(waits: list[float], burst: int) -> None:
    clock = Seconds()
    allowance, given_ = Allowance(burst, clock), 0
    for wait in waits:
        clock.now += wait
        given_ += allowance.take("ada")
    assert given_ <= burst + sum(waits) + 1e-6
