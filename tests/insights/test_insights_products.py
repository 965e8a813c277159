"""Products: who looked, who took, who bought, who came back for more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import exp, log, sqrt

import pytest

from regulars.insights.intervals import wilson
from regulars.insights.product_rows import change_of_counts
from regulars.insights.products import ProductsParams, products
from regulars.insights.sources import Sources


def did(subject, day, kind, item="tea", **more):
    return (subject, day, kind, {"item": item} | more)


def ask_products(events, run, items=None, **params):
    sources = Sources(events, run)
    return products(replace(sources, items=items) if items is not None else sources, ProductsParams(**params))


@pytest.fixture
def march(events_of):
    """February has three buyers of tea; in March a, b, c and d look, a and b take it, a, c and e buy."""
    before = [did(c, "2024-02-10", "purchase", value=5.0) for c in "xyz"]
    return events_of(
        did("z", "2024-02-01", "page", None),
        *before,
        did("a", "2024-03-01", "view"),
        did("a", "2024-03-01", "view"),
        did("b", "2024-03-01", "click"),
        did("c", "2024-03-02", "view"),
        did("d", "2024-03-02", "view"),
        did("a", "2024-03-02", "cart"),
        did("b", "2024-03-02", "cart"),
        did("a", "2024-03-03", "purchase", value=10.0, quantity=2.0),
        did("a", "2024-03-03", "purchase", value=5.0, quantity=1.0),
        did("c", "2024-03-04", "purchase", value=5.0, quantity=1.0),
        did("e", "2024-03-05", "purchase", value=None, quantity=1.0),
        did("a", "2024-03-13", "purchase", value=5.0, quantity=1.0),
        did("c", "2024-03-20", "refund", value=5.0, quantity=1.0),
        did("x", "2024-03-20", "refund", value=5.0),
        did("f", "2024-03-21", "message"),
        did("e", "2024-03-29", "page", None),
    )


def test_the_row_of_a_product_by_hand(march, run):
    """Four looked, of whom a and b took it (2 of 4) and a and c bought (2 of 4); of a and b who took it a bought."""
    answer = ask_products(march, run, from_=date(2024, 3, 1), again_days=10)
    [row] = answer.rows.to_pylist()
    assert (row["item"], row["title"], row["customers"]) == ("tea", "tea", 6)
    assert [row[name] for name in ("viewers", "carters", "buyers")] == [4, 2, 3]
    assert [row[name] for name in ("cart_rate", "buy_rate", "cart_buy_rate")] == [0.5, 0.5, 0.5]
    assert (row["buy_rate_low"], row["buy_rate_high"]) == wilson(2, 4)
    assert (row["revenue"], row["quantity"], row["refunded"]) == (25.0, 6.0, 10.0)
    assert row["refund_rate"] == pytest.approx(1 / 3)
    assert answer.params["from"] == "2024-03-01"
    assert answer.headline["buy_rate"]["value"] == 0.5


def test_buying_again_is_on_a_later_day_in_time_by_buyers_followed_long_enough(march, run):
    """Bought first on the 3rd, 4th and 5th of March; a again ten days later; the data end on the 29th."""
    first = date(2024, 3, 1)
    [row] = ask_products(march, run, from_=first, again_days=10).rows.to_pylist()
    assert (row["followed"], row["repeat_rate"]) == (3, pytest.approx(1 / 3))
    [row] = ask_products(march, run, from_=first, again_days=9).rows.to_pylist()
    assert (row["followed"], row["repeat_rate"]) == (3, 0.0)
    [row] = ask_products(march, run, from_=first, again_days=25).rows.to_pylist()
    assert (row["followed"], row["repeat_rate"]) == (2, 0.5)
    [row] = ask_products(march, run, from_=first, again_days=30).rows.to_pylist()
    assert (row["followed"], row["repeat_rate"]) == (0, None)


def test_the_span_before_must_be_in_the_data(march, run):
    """March 1–29 and the 29 days before, February 1–29: three buyers each. A day longer, and it is not known."""
    [row] = ask_products(march, run, from_=date(2024, 3, 1)).rows.to_pylist()
    assert (row["buyers_before"], row["change"]) == (3, pytest.approx(0.0))
    [row] = ask_products(march, run, from_=date(2024, 2, 29)).rows.to_pylist()
    assert (row["buyers_before"], row["change"], row["change_low"]) == (None, None, None)


def test_a_change_of_counts_by_hand():
    half = 1.959964 * sqrt(1 / 20 + 1 / 10)
    assert change_of_counts(20, 10) == pytest.approx((1.0, exp(log(2) - half) - 1, exp(log(2) + half) - 1))
    assert change_of_counts(0, 10) == (-1.0, None, None)
    assert change_of_counts(3, 0) == (None, None, None)


def test_a_product_known_from_purchases_alone_has_no_rates(events_of, run):
    [row] = ask_products(events_of(did("a", "2024-03-01", "purchase", value=2.0)), run).rows.to_pylist()
    assert (row["viewers"], row["buyers"]) == (0, 1)
    assert [row[name] for name in ("cart_rate", "buy_rate", "buy_rate_low", "cart_buy_rate")] == [None] * 4


def test_ratings_are_read_from_the_properties(events_of, run):
    events = events_of(
        did("a", "2024-03-01", "rate", properties='{"rating": 4}'),
        did("b", "2024-03-01", "review", properties='{"text": "good", "rating": "5"}'),
        did("c", "2024-03-01", "review", properties='{"rating": "lovely"}'),
        did("d", "2024-03-01", "view", properties='{"rating": 1}'),
    )
    [row] = ask_products(events, run).rows.to_pylist()
    assert (row["ratings"], row["rating"], row["reviews"]) == (2, 4.5, 2)


def test_what_is_sorted_first_and_who_is_left_out(events_of, run):
    views = [did(f"v{n}", "2024-03-01", "view", "gift") for n in range(9)]
    views += [did(f"w{n}", "2024-03-01", "view", "tea") for n in range(40)]
    buys = [
        did("v0", "2024-03-02", "purchase", "gift", value=50.0),
        did("q", "2024-03-02", "purchase", "oud", value=1.0),
    ]
    buys += [did(f"w{n}", "2024-03-02", "purchase", "tea", value=1.0) for n in range(20)]
    lucky = [did("l", "2024-03-02", kind, "salt", value=1.0) for kind in ("view", "purchase")]
    events = events_of(*views, *buys, *lucky)

    def order(**params):
        return ask_products(events, run, **params).rows["item"].to_pylist()

    assert order() == ["gift", "tea", "oud", "salt"]
    assert order(sort="buyers") == ["tea", "gift", "oud", "salt"]
    # 20 of 40 are surer to be many than 1 of 1; nobody looked at oud.
    assert order(sort="buy_rate") == ["tea", "salt", "gift", "oud"]
    assert order(min_customers=2) == ["gift", "tea"]
    assert order(limit=1) == ["gift"]


def test_by_category_a_customer_counts_once(events_of, items_of, run):
    events = events_of(
        did("a", "2024-03-01", "purchase", "t1", value=1.0),
        did("a", "2024-03-01", "purchase", "t2", value=2.0),
        did("a", "2024-03-01", "purchase", "unknown", value=9.0),
    )
    items = items_of(("t1", "Green", "Tea > Green"), ("t2", "Black", "Tea > Black"))
    [row] = ask_products(events, run, items, by="category").rows.to_pylist()
    assert (row["title"], row["buyers"], row["revenue"]) == ("Tea", 1, 3.0)


def test_no_activity_is_an_empty_answer(events_of, run):
    answer = ask_products(events_of(), run)
    assert answer.rows.num_rows == 0
    assert answer.headline["revenue"]["value"] == 0
    assert answer.plot() is not None
