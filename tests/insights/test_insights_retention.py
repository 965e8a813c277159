"""Retention: cohorts by first activity, followed period by period."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.intervals import wilson
from regulars.insights.retention import RetentionParams, retention


def cells(answer):
    return [(r["cohort"].day, r["period"], r["customers"], r["returned"]) for r in answer.rows.to_pylist()]


def test_four_weeks_by_hand(four_weeks, run):
    """Week 1 cohort {a, b}: a in week 2, nobody in 3, both in 4. Week 2 cohort {c}: c in week 3, not in 4."""
    answer = retention(four_weeks, RetentionParams(), run)
    assert cells(answer) == [
        (1, 0, 2, 2),
        (1, 1, 2, 1),
        (1, 2, 2, 0),
        (1, 3, 2, 2),
        (8, 0, 1, 1),
        (8, 1, 1, 1),
        (8, 2, 1, 0),
    ]
    assert answer.rows["share"].to_pylist() == [1, 0.5, 0, 1, 1, 1, 0]
    assert (answer.rows["low"][1].as_py(), answer.rows["high"][1].as_py()) == wilson(1, 2)


def test_a_week_that_is_not_over_is_left_out(four_weeks, run):
    answer = retention(four_weeks, RetentionParams(to=date(2024, 1, 27)), run)
    assert cells(answer) == [(1, 0, 2, 2), (1, 1, 2, 1), (1, 2, 2, 0), (8, 0, 1, 1), (8, 1, 1, 1)]


def test_to_beyond_the_data_does_not_finish_a_period(events_of, run):
    """Nobody knows what happened after the last day: it is not a week in which nobody came."""
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-07"))
    assert cells(retention(events, RetentionParams(to=date(2024, 3, 1)), run)) == [(1, 0, 1, 1)]


def test_from_leaves_out_cohorts_but_not_history(four_weeks, run):
    """With cohorts from week 3 on nobody is new: a, b and c all came before."""
    answer = retention(four_weeks, RetentionParams(from_=date(2024, 1, 8)), run)
    assert cells(answer) == [(8, 0, 1, 1), (8, 1, 1, 1), (8, 2, 1, 0)]
    assert cells(retention(four_weeks, RetentionParams(from_=date(2024, 1, 15)), run)) == []


def test_the_headline_pools_the_cohorts_that_got_that_far(four_weeks, run):
    """Week 1: one of {a, b} and c of {c}, so 2 of 3."""
    head = retention(four_weeks, RetentionParams(), run).headline
    low, high = wilson(2, 3)
    assert head["week_1"] == {"value": pytest.approx(2 / 3), "low": low, "high": high, "n": 3, "unit": "customers"}
    assert head["week_4"] == {"value": None, "low": None, "high": None, "n": 0, "unit": "customers"}
    assert list(head) == ["week_1", "week_4", "week_8"]


def test_by_month_and_by_day(four_weeks, run):
    by_month = retention(four_weeks, RetentionParams(period="month"), run)
    assert cells(by_month) == []
    by_day = retention(four_weeks, RetentionParams(period="day", periods=7), run)
    assert (2, 7, 1, 1) in cells(by_day)
    assert list(by_day.headline) == ["day_1", "day_7"]


def test_kinds_decide_what_first_means(four_weeks, run):
    """By purchases alone c is first seen on the 17th."""
    answer = retention(four_weeks, RetentionParams(kinds=("purchase",)), run)
    assert (15, 0, 1, 1) in cells(answer)


def test_the_plot_is_a_heat_map_of_every_cell(four_weeks, run):
    answer = retention(four_weeks, RetentionParams(), run)
    [heat] = answer.plot().data
    assert heat.type == "heatmap"
    assert len(heat.z) == answer.rows.num_rows


def test_the_headline_leaves_out_cohorts_of_the_datas_beginning(events_of, run):
    """Old customers fill the first cohort and always return; those who are really new never do."""
    old = [(f"old{n}", day) for n in range(3) for day in ("2024-01-01", "2024-01-08", "2024-04-01", "2024-04-08")]
    events = events_of(*old, ("new", "2024-03-04"), ("end", "2024-04-14"))
    settled = retention(events, RetentionParams(), run).headline["week_1"]
    assert (settled["value"], settled["n"]) == (0.0, 1)
    everyone = retention(events, RetentionParams(settling_days=0), run).headline["week_1"]
    assert (everyone["value"], everyone["n"]) == (0.75, 4)
