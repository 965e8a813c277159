"""Periods: numbers, first and last days, and the same numbers from an engine."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ibis import _

from regulars.insights.periods import first_day, last_day, number_of, period_number, period_start

DAYS = ("1969-12-28", "1969-12-29", "1970-01-01", "2024-02-29", "2024-12-31", "2025-01-05", "2025-01-06")


@pytest.mark.parametrize(
    ("day", "period", "start"),
    [
        ("2024-01-07", "day", "2024-01-07"),
        ("2024-01-07", "week", "2024-01-01"),
        ("2024-01-08", "week", "2024-01-08"),
        ("2025-01-01", "week", "2024-12-30"),
        ("1969-12-28", "week", "1969-12-22"),
        ("2024-02-29", "month", "2024-02-01"),
        ("2024-12-31", "month", "2024-12-01"),
    ],
)
def test_a_period_starts_on_its_day_its_monday_or_the_first(day: str, period, start: str):
    assert period_start(date.fromisoformat(day), period) == date.fromisoformat(start)


@pytest.mark.parametrize(
    ("period", "numbers"),
    [("day", (-366, -1, 0, 19_782)), ("week", (-30, -1, 0, 2_817)), ("month", (12, 23_639, 24_287, 24_290))],
)
def test_periods_follow_each_other_without_gap(period, numbers):
    for number in numbers:
        assert last_day(number, period) + timedelta(days=1) == first_day(number + 1, period)
        assert number_of(first_day(number, period), period) == number
        assert number_of(last_day(number, period), period) == number


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_the_engine_numbers_periods_like_python(events_of, run, period):
    """Days before 1970 too, where rounding towards zero would put two weeks into one."""
    events = events_of(*[("a", day) for day in DAYS])
    found = run(events.select("day", number=period_number(_.day, period))).to_pylist()
    assert len(found) == len(DAYS)
    assert all(row["number"] == number_of(row["day"], period) for row in found)
