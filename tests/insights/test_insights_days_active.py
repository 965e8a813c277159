"""Days active: how many customers came on 1, 2, … days."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.days_active import DaysActiveParams, days_active
from regulars.insights.sources import Sources


def test_the_last_days_by_hand(events_of, run):
    """Window 5 is 6-10 January: a on 2 days (twice on the 6th), b on 1 (the 5th is outside), c not at all."""
    events = events_of(
        ("a", "2024-01-06"), ("a", "2024-01-06", "view"), ("a", "2024-01-10"), ("b", "2024-01-05"),
        ("b", "2024-01-07"), ("c", "2024-01-01"), ("c", "2024-01-08", "message"),
    )  # fmt: skip
    answer = days_active(Sources(events, run), DaysActiveParams(window=5))
    assert answer.rows["days"].to_pylist() == [1, 2, 3, 4, 5]
    assert answer.rows["customers"].to_pylist() == [1, 1, 0, 0, 0]
    assert answer.rows["share"].to_pylist() == [0.5, 0.5, 0, 0, 0]
    assert answer.params["from"] == "2024-01-06"
    assert answer.headline["mean_days"]["value"] == pytest.approx(1.5)
    assert answer.headline["more_than_once"]["value"] == 0.5
    assert answer.headline["customers"]["value"] == 2


def test_an_earlier_evening_looks_at_the_days_before_it(events_of, run):
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-02"), ("a", "2024-01-03"))
    answer = days_active(Sources(events, run), DaysActiveParams(to=date(2024, 1, 2)))
    assert answer.rows["customers"].to_pylist()[:3] == [0, 1, 0]
    assert answer.params["from"] == "2024-01-01"


def test_nobody_is_no_share(events_of, run):
    answer = days_active(Sources(events_of(), run), DaysActiveParams(window=2))
    assert answer.rows["customers"].to_pylist() == [0, 0]
    assert answer.rows["share"].to_pylist() == [None, None]
    assert answer.headline["mean_days"]["value"] is None


def test_a_breakdown_has_a_histogram_for_each_group(events_of, run):
    """Two customers found by search, active on 2 and 1 days; one by mail, on 1."""
    events = events_of(
        ("a", "2024-01-01", {"channel": "search"}),
        ("a", "2024-01-03", {"channel": "mail"}),
        ("b", "2024-01-03", {"channel": "search"}),
        ("c", "2024-01-02", {"channel": "mail"}),
    )
    answer = days_active(Sources(events, run), DaysActiveParams(window=3, breakdown="first_channel"))
    found = [(row["group"], row["days"], row["customers"], row["share"]) for row in answer.rows.to_pylist()]
    assert found == [
        ("search", 1, 1, 0.5),
        ("search", 2, 1, 0.5),
        ("search", 3, 0, 0),
        ("mail", 1, 1, 1),
        ("mail", 2, 0, 0),
        ("mail", 3, 0, 0),
    ]
    assert answer.headline == days_active(Sources(events, run), DaysActiveParams(window=3)).headline
    assert len(answer.plot().data) == 2
    others = days_active(Sources(events, run), DaysActiveParams(window=3, breakdown="first_channel", groups=1))
    assert list(dict.fromkeys(others.rows["group"].to_pylist())) == ["search", "…"]


def test_a_breakdown_without_events_has_no_rows(events_of, run):
    answer = days_active(Sources(events_of(), run), DaysActiveParams(breakdown="first_channel"))
    assert answer.rows.num_rows == 0
    assert answer.plot() is not None
