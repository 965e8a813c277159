"""Chances of coming back: by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from regulars.insights.kaplan_meier import kaplan_meier
from regulars.insights.rhythm import band_of, chances, waits_by_rhythm


def test_waits_are_sorted_by_the_waits_before_them(events_of, run):
    """`a` waits 1 (nothing known), then 3 (mean 1), then has waited 2 (mean 2); `b` has waited 4."""
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-02"), ("a", "2024-01-05"), ("b", "2024-01-03"))
    rows = run(waits_by_rhythm(events, date(2024, 1, 7)).order_by(["band", "length"])).to_pylist()
    assert [(r["band"], r["length"], r["ended"], r["open"]) for r in rows] == [
        (0, 1, 1, 0),
        (0, 4, 0, 1),
        (1, 2, 0, 1),
        (1, 3, 1, 0),
    ]


def test_only_the_last_five_waits_count():
    start = date(2024, 1, 1)
    steps = [100, 1, 1, 1, 1, 1]
    days = [start + timedelta(days=int(at)) for at in np.cumsum([0, *steps])]
    assert band_of(days) == 1
    assert band_of(days[:2]) == 8
    assert band_of(days[:1]) == 0


def test_the_chance_of_those_who_have_waited_already():
    """Of 100 who wait, 50 come on day 3 and 25 on day 10; the others are seen until day 60.

    After 3 days 50 wait: 25 of them come within 7 days more. After none, 50 of 100.
    """
    curve = kaplan_meier([3, 10, 60], [50, 25, 0], [0, 0, 25])
    week, month = chances(curve, 3)
    assert (week.days, week.share, week.n) == (7, pytest.approx(0.5), 50)
    assert week.low < 0.5 < week.high
    assert month.share == pytest.approx(0.5)
    assert chances(curve, 0)[0].share == pytest.approx(0.5)
    assert chances(curve, 20) == []
