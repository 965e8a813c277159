"""A share that falls is told from one that strays: the rate of false alarms is kept, a real fall is seen."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.insights.falls import LEAST_DAYS, judge_fall


def days(
    source: np.random.Generator, count: int, share: float, spread: float, customers: int = 200
) -> list[tuple[int, int]]:
    shares = np.clip(source.normal(share, spread, count), 0.01, 0.99)
    return [(int(source.binomial(customers, p)), customers) for p in shares]


def test_what_is_expected_is_what_the_past_had() -> None:
    """Equal days: the mean is theirs, and a day like them is above the limit."""
    found = judge_fall([(30, 100)], [(30, 100)] * 20, 0.01)
    assert found is not None
    assert found.observed == pytest.approx(found.expected)
    assert found.expected == pytest.approx(0.3, abs=0.005)
    # Without a spread of the days: Student's t of 19 degrees of freedom, 2.54, times √(.3 · .7 / 100 · 21/20).
    assert found.low == pytest.approx(0.3 - 2.539 * (0.3 * 0.7 / 100 * 1.05) ** 0.5, abs=0.01)


def test_too_short_a_past_says_nothing() -> None:
    """Below eight days there is no judgement."""
    assert judge_fall([(1, 100)], [(30, 100)] * (LEAST_DAYS - 1), 0.01) is None
    assert judge_fall([], [(30, 100)] * 20, 0.01) is None


@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_false_alarms_keep_to_their_rate(spread: float) -> None:
    """At a chance of .02, days of the same law are alarms 2 times in 100, with and without a spread of their own."""
    source = np.random.default_rng(2)
    alarms = 0
    for _ in range(3000):
        past = days(source, 30, 0.3, spread)
        found = judge_fall(days(source, 1, 0.3, spread), past, 0.02)
        assert found is not None
        alarms += found.observed < found.low
    assert 0.010 < alarms / 3000 < 0.030


def test_a_fall_by_a_third_is_seen_in_a_day_or_a_week() -> None:
    """From 30% to 20% on 200 customers a day: mostly at once; from 30% to 26% only in a week's mean."""
    source = np.random.default_rng(3)
    at_once = small_day = small_week = 0
    for _ in range(300):
        past = days(source, 40, 0.3, 0.01)
        at_once += _is_alarm(days(source, 1, 0.2, 0.01), past)
        small_day += _is_alarm(days(source, 1, 0.26, 0.01), past)
        small_week += _is_alarm(days(source, 7, 0.26, 0.01), past)
    assert at_once / 300 > 0.7
    assert small_week / 300 > 0.6
    assert small_day / 300 < 0.4


def _is_alarm(seen: list[tuple[int, int]], past: list[tuple[int, int]]) -> bool:
    found = judge_fall(seen, past, 0.016)
    assert found is not None
    return found.observed < found.low
