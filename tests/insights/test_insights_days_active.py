"""Days active: how many customers came on 1, 2, … days."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.days_active import DaysActiveParams, days_active


def test_the_last_days_by_hand(events_of, run):
    """Window 5 is 6-10 January: a on 2 days (twice on the 6th), b on 1 (the 5th is outside), c not at all."""
    events = events_of(
        ("a", "2024-01-06"), ("a", "2024-01-06", "view"), ("a", "2024-01-10"), ("b", "2024-01-05"),
        ("b", "2024-01-07"), ("c", "2024-01-01"), ("c", "2024-01-08", "message"),
    )  # fmt: skip
    answer = days_active(events, DaysActiveParams(window=5), run)
    assert answer.rows["days"].to_pylist() == [1, 2, 3, 4, 5]
    assert answer.rows["customers"].to_pylist() == [1, 1, 0, 0, 0]
    assert answer.rows["share"].to_pylist() == [0.5, 0.5, 0, 0, 0]
    assert answer.params["from"] == "2024-01-06"
    assert answer.headline["mean_days"]["value"] == pytest.approx(1.5)
    assert answer.headline["more_than_once"]["value"] == 0.5
    assert answer.headline["customers"]["value"] == 2


def test_an_earlier_evening_looks_at_the_days_before_it(events_of, run):
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-02"), ("a", "2024-01-03"))
    answer = days_active(events, DaysActiveParams(to=date(2024, 1, 2)), run)
    assert answer.rows["customers"].to_pylist()[:3] == [0, 1, 0]
    assert answer.params["from"] == "2024-01-01"


def test_nobody_is_no_share(events_of, run):
    answer = days_active(events_of(), DaysActiveParams(window=2), run)
    assert answer.rows["customers"].to_pylist() == [0, 0]
    assert answer.rows["share"].to_pylist() == [None, None]
    assert answer.headline["mean_days"]["value"] is None
