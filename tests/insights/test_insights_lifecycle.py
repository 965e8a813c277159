"""Lifecycle: new, returning, resurrected and dormant customers."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.lifecycle import LifecycleParams, lifecycle
from regulars.insights.sources import Sources


def counts(answer):
    names = ("new", "returning", "resurrected", "dormant")
    return [tuple(row[name] for name in names) for row in answer.rows.to_pylist()]


def test_four_weeks_by_hand(four_weeks, run):
    """Week 1: a, b new. 2: c new, a returns, b dormant. 3: c returns, a dormant. 4: a, b back, c dormant."""
    answer = lifecycle(Sources(four_weeks, run), LifecycleParams())
    assert counts(answer) == [(2, 0, 0, 0), (1, 1, 0, -1), (0, 1, 0, -1), (0, 0, 2, -1)]
    assert answer.rows["complete"].to_pylist() == [True] * 4
    assert answer.headline["quick_ratio"] == {"value": 2.0, "low": None, "high": None, "n": 3, "unit": "customers"}


def test_a_week_that_is_not_over_has_no_dormant_yet(four_weeks, run):
    """Up to Saturday b has not come: only a is back, and c may still come."""
    answer = lifecycle(Sources(four_weeks, run), LifecycleParams(to=date(2024, 1, 27)))
    # The last activity known on Saturday is a's on Tuesday; the data end on Sunday, so Saturday is the end.
    assert counts(answer)[-1] == (0, 0, 1, None)
    assert answer.rows["complete"].to_pylist() == [True, True, True, False]
    assert answer.headline["quick_ratio"]["value"] == 0.0


def test_a_week_nobody_came_appears_with_everyone_dormant(events_of, run):
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-21"))
    answer = lifecycle(Sources(events, run), LifecycleParams())
    assert counts(answer) == [(1, 0, 0, 0), (0, 0, 0, -1), (0, 0, 1, 0)]
    assert answer.headline["quick_ratio"]["value"] is None


def test_a_first_week_that_began_before_the_data_is_not_complete(events_of, run):
    events = events_of(("a", "2024-01-03"), ("a", "2024-01-14"))
    assert lifecycle(Sources(events, run), LifecycleParams()).rows["complete"].to_pylist() == [False, True]


def test_months_follow_each_other_over_new_year(events_of, run):
    events = events_of(("a", "2023-12-05"), ("a", "2024-01-31"), ("b", "2023-11-01"), ("b", "2024-01-02"))
    answer = lifecycle(Sources(events, run), LifecycleParams(period="month"))
    assert counts(answer) == [(1, 0, 0, 0), (1, 0, 0, -1), (0, 1, 1, 0)]


def test_from_shows_less_and_remembers_all(four_weeks, run):
    answer = lifecycle(Sources(four_weeks, run), LifecycleParams(from_=date(2024, 1, 24)))
    assert counts(answer) == [(0, 0, 2, -1)]


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_no_activity_is_an_empty_answer(events_of, run, period):
    answer = lifecycle(Sources(events_of(), run), LifecycleParams(period=period))
    assert answer.rows.num_rows == 0
    assert answer.headline["quick_ratio"]["value"] is None
