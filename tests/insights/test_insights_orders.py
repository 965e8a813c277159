"""Orders: what is one order, and what it is worth."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.insights.orders import OrdersParams, orders
from regulars.insights.sources import Sources


@pytest.fixture
def two_weeks(events_of):
    """Week 1: a 10+5 in s1, a 2+null without session, b 4 in its own s1, b 1+2 in s2 over midnight. Week 2: c 6."""

    def line(value, session):
        return {"value": value, "session": session, "currency": "USD"}

    return events_of(
        ("a", "2024-01-01", "view", {"value": 99.0}),
        ("a", "2024-01-02", line(10.0, "s1")),
        ("a", "2024-01-02", line(5.0, "s1")),
        ("a", "2024-01-03", line(2.0, None)),
        ("a", "2024-01-03", line(None, None)),
        ("b", "2024-01-02", line(4.0, "s1")),
        ("b", "2024-01-07", line(1.0, "s2")),
        ("b", "2024-01-08", line(2.0, "s2")),
        ("c", "2024-01-14", line(6.0, "s3")),
    )


def test_orders_buyers_and_revenue_by_hand(two_weeks, run):
    """Sessions split by customer, lines without session joined by day, midnight crossed on the first day."""
    rows = orders(Sources(two_weeks, run), OrdersParams()).rows.to_pylist()
    assert rows == [
        {
            "period": date(2024, 1, 1),
            "orders": 4,
            "buyers": 2,
            "revenue": 24.0,
            "average_order_value": 6.0,
            "complete": True,
        },
        {
            "period": date(2024, 1, 8),
            "orders": 1,
            "buyers": 1,
            "revenue": 6.0,
            "average_order_value": 6.0,
            "complete": True,
        },
    ]


def test_without_session_each_day_is_an_order(events_of, run):
    events = events_of(*[("a", day, {"value": 1.0}) for day in ("2024-01-01", "2024-01-02", "2024-01-02")])
    assert orders(Sources(events, run), OrdersParams(period="month")).rows["orders"].to_pylist() == [2]


def test_days_without_orders_are_zeros_without_average(two_weeks, run):
    rows = orders(Sources(two_weeks, run), OrdersParams(period="day")).rows
    assert rows["orders"].to_pylist() == [0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert rows["average_order_value"][0].as_py() is None
    assert rows["revenue"].to_pylist()[6] == 3.0


def test_the_headline_adds_up_what_is_shown(two_weeks, run):
    """Orders of 15, 2, 4, 3 and 6: mean 6, squares 290, variance 27.5, ± 1.959964 × √(27.5/5)."""
    head = orders(Sources(two_weeks, run), OrdersParams()).headline
    assert head["orders"]["value"] == 5
    assert head["revenue"]["value"] == 30.0
    average = head["average_order_value"]
    assert (average["value"], average["low"]) == pytest.approx((6.0, 6 - 4.596523), abs=1e-5)
    assert head["currency"]["value"] == "USD"
    assert orders(Sources(two_weeks, run), OrdersParams(from_=date(2024, 1, 8))).headline["orders"]["value"] == 1


def test_two_currencies_have_no_common_one(events_of, run):
    events = events_of(
        ("a", "2024-01-01", {"value": 1.0, "currency": "USD"}), ("b", "2024-01-01", {"value": 1.0, "currency": "EUR"})
    )
    assert orders(Sources(events, run), OrdersParams()).headline["currency"]["value"] is None


def test_a_shop_nobody_bought_in_has_periods_of_zeros(events_of, run):
    answer = orders(Sources(events_of(("a", "2024-01-01", "view"), ("a", "2024-01-08", "view")), run), OrdersParams())
    assert answer.rows["orders"].to_pylist() == [0, 0]
    assert answer.headline["average_order_value"]["value"] is None
    assert answer.headline["currency"]["value"] is None
