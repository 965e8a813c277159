"""Stickiness: rolling distinct customers on a calendar without holes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from regulars.core.errors import UsageError
from regulars.insights.sources import Sources
from regulars.insights.stickiness import StickinessParams, stickiness

TEN_DAYS = (("a", "2024-01-01"), ("a", "2024-01-02"), ("b", "2024-01-03"), ("a", "2024-01-10"))


def test_each_day_counts_who_was_there_in_the_window(events_of, run):
    """Window 3: 'a' counts on days 1-4, 'b' on 3-5, 'a' again on 10; day 4-9 nobody came and still appear."""
    rows = stickiness(Sources(events_of(*TEN_DAYS), run), StickinessParams(window=3)).rows
    assert rows["day"].to_pylist() == [date(2024, 1, day) for day in range(1, 11)]
    assert rows["dau"].to_pylist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
    assert rows["wau"].to_pylist() == [1, 1, 2, 2, 2, 2, 2, 2, 1, 1]
    assert rows["mau"].to_pylist() == [1, 1, 2, 2, 1, 0, 0, 0, 0, 1]
    assert rows["stickiness"].to_pylist() == [1, 1, 0.5, 0, 0, None, None, None, None, 1]
    assert rows["complete"].to_pylist() == [False, False] + [True] * 8


def test_the_smoothed_line_is_the_mean_daily_count_over_the_window(events_of, run):
    """Day 3: (1+1+1)/3 of 2 customers; day 4: (1+1+0)/3 of 2; incomplete and empty windows are null."""
    smoothed = stickiness(Sources(events_of(*TEN_DAYS), run), StickinessParams(window=3)).rows["smoothed"].to_pylist()
    expected = [None, None, 1 / 2, 1 / 3, 1 / 3, None, None, None, None, 1 / 3]
    assert smoothed == [value if value is None else pytest.approx(value) for value in expected]


def test_a_customer_back_after_exactly_the_window_leaves_and_enters_on_one_day(events_of, run):
    events = events_of(("a", "2024-01-01"), ("a", "2024-01-04"), ("a", "2024-01-08"))
    mau = stickiness(Sources(events, run), StickinessParams(window=3)).rows["mau"].to_pylist()
    assert mau == [1, 1, 1, 1, 1, 1, 0, 1]


def test_what_the_shop_does_is_not_activity(events_of, run):
    """A message the day after and an impression the day before move neither the counts nor the calendar."""
    shown = events_of(
        ("a", "2024-01-02"),
        ("b", "2024-01-01", "impression"),
        ("b", "2024-01-03", "message"),
        ("c", "2024-01-02", "decision"),
    )
    rows = stickiness(Sources(shown, run), StickinessParams()).rows
    assert rows["day"].to_pylist() == [date(2024, 1, 2)]
    assert rows["dau"].to_pylist() == [1]


def test_a_range_shows_part_of_the_days_but_remembers_what_came_before(events_of, run):
    params = StickinessParams(window=3, from_=date(2024, 1, 4), to=date(2024, 1, 5))
    answer = stickiness(Sources(events_of(*TEN_DAYS), run), params)
    assert answer.rows["mau"].to_pylist() == [2, 1]
    assert (answer.params["from"], answer.params["to"], answer.params["window"]) == ("2024-01-04", "2024-01-05", 3)


def test_a_kind_that_stopped_is_zero_until_the_last_day_of_any_activity(events_of, run):
    events = events_of(("a", "2024-01-01", "view"), ("a", "2024-01-03", "purchase"))
    rows = stickiness(Sources(events, run), StickinessParams(kinds=("view",))).rows
    assert rows["dau"].to_pylist() == [1, 0, 0]


def test_by_default_the_last_ninety_days_are_shown(events_of, run):
    events = events_of(("a", "2024-01-01"), ("a", "2024-06-30"))
    rows = stickiness(Sources(events, run), StickinessParams()).rows
    assert rows["day"][0].as_py() == date(2024, 4, 2)
    assert rows.num_rows == 90


def test_the_headline_compares_four_weeks_with_the_four_before(events_of, run):
    """'a' comes daily; 'b' every other day of the last 28. MAU (2 days) is 2, so days alternate 1 and 0.5.

    Weekly means alternate 5.5/7 and 5/7, before that all are 1: change −0.25 ± 2.446912 × √(0.00170068/4).
    """
    start = date(2024, 1, 1)
    daily = [("a", start + timedelta(days=i)) for i in range(57)]
    second = [("b", start + timedelta(days=i)) for i in range(29, 57, 2)]
    head = stickiness(Sources(events_of(*daily, *second), run), StickinessParams(window=2)).headline
    assert head["stickiness"]["value"] == pytest.approx(0.75)
    assert head["stickiness"]["n"] == 28
    assert head["dau"]["value"] == pytest.approx(1.5)
    assert head["mau"]["value"] == 2
    change = head["stickiness_change"]
    assert (change["value"], change["low"], change["high"]) == pytest.approx((-0.25, -0.300454, -0.199546), abs=1e-5)


def test_a_short_history_has_no_headline_it_cannot_know(events_of, run):
    head = stickiness(Sources(events_of(*TEN_DAYS), run), StickinessParams()).headline
    assert head["stickiness"]["value"] is None
    assert head["mau"]["value"] is None
    assert head["stickiness_change"]["value"] is None


def test_no_activity_is_an_empty_answer(events_of, run):
    answer = stickiness(Sources(events_of(("a", "2024-01-01", "message")), run), StickinessParams())
    assert answer.rows.num_rows == 0
    assert answer.headline["dau"]["value"] is None
    assert answer.plot() is not None


BY_CHANNEL = (
    ("a", "2024-01-01", {"channel": "search"}),
    ("a", "2024-01-02"),
    ("b", "2024-01-03", {"channel": "mail"}),
    ("c", "2024-01-03"),
    ("a", "2024-01-10", {"channel": "mail"}),
)


def test_a_breakdown_counts_each_group_on_every_day(events_of, run):
    """Search is a, with most active days; mail b; c's channel is not known. The headline is of all three."""
    sources = Sources(events_of(*BY_CHANNEL), run)
    answer = stickiness(sources, StickinessParams(window=3, breakdown="first_channel"))
    rows = answer.rows.to_pylist()
    assert list(dict.fromkeys(row["group"] for row in rows)) == ["search", "", "mail"]
    mau = {group: [row["mau"] for row in rows if row["group"] == group] for group in ("search", "mail", "")}
    assert mau["search"] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 1]
    assert mau["mail"] == mau[""] == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]
    whole = stickiness(sources, StickinessParams(window=3))
    assert answer.headline == whole.headline
    sums = [sum(day) for day in zip(*mau.values(), strict=True)]
    assert sums == whole.rows["mau"].to_pylist()
    assert len(answer.plot().data) == 3


def test_small_groups_are_counted_together(events_of, run):
    params = StickinessParams(window=3, breakdown="first_channel", groups=1)
    answer = stickiness(Sources(events_of(*BY_CHANNEL), run), params)
    others = [row["mau"] for row in answer.rows.to_pylist() if row["group"] == "…"]
    assert others == [0, 0, 2, 2, 2, 0, 0, 0, 0, 0]


def test_a_breakdown_is_of_customers(events_of, run):
    with pytest.raises(UsageError, match="belongs to events"):
        StickinessParams(breakdown="channel")
    empty = stickiness(Sources(events_of(), run), StickinessParams(breakdown="first_channel"))
    assert empty.rows.column_names[0] == "group"
