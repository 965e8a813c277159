"""Promotions: what marks them, how much more is bought on them, and who buys again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from math import expm1, sqrt

import numpy as np
import pytest

from regulars.core.errors import UsageError
from regulars.insights.intervals import wilson
from regulars.insights.promotion_rows import FirstPurchases, newcombe, pooled_difference
from regulars.insights.promotions import PromotionResponseParams, promotion_response
from regulars.insights.sources import Sources

MONDAY = date(2024, 1, 1)


def bought(subject, day, item="tea", properties=None, **more):
    at = MONDAY + timedelta(days=day) if isinstance(day, int) else day
    return (subject, at, {"item": item, "properties": properties, "value": 1.0} | more)


def ask_promotions(events, run, items=None, **params):
    sources = Sources(events, run)
    sources = replace(sources, items=items) if items is not None else sources
    return promotion_response(sources, PromotionResponseParams(**params))


SAYINGS = [
    ('{"discount":0.5}', True),
    ('{"discount": 12}', True),
    ('{"discount":-0.05}', True),
    ('{"discount":0}', False),
    ('{"discount":0.00}', False),
    ('{"discount":null}', False),
    ('{"promotion":true}', True),
    ('{"promotion":false}', False),
    ('{"price":3,"coupon":"SPRING"}', True),
    ('{"coupon":""}', False),
    ('{"coupon":"0"}', False),
    ('{"coupon":"0.5"}', True),
    ('{"coupon":"0FF"}', True),
    ('{"retail_discount":1.39}', True),
    ('{"my_discount":1}', False),
    ('{"note":"say \\\\"discount\\\\":5"}', False),
    (None, False),
]


def test_what_says_that_a_purchase_was_on_promotion(events_of, run):
    events = events_of(*[bought("a", 0, f"i{at:02}", properties) for at, (properties, _) in enumerate(SAYINGS)])
    rows = ask_promotions(events, run, by="item").rows.to_pylist()
    found = {row["title"]: row["share"] for row in rows}
    assert [found[f"i{at:02}"] for at in range(len(SAYINGS))] == [float(promoted) for _, promoted in SAYINGS]


def test_other_marks_and_campaigns_when_asked(events_of, run):
    events = events_of(bought("a", 0, properties='{"sale.price":2}'), bought("b", 0, campaign="spring"), bought("c", 0))
    assert ask_promotions(events, run).headline["share"]["value"] == 0
    assert ask_promotions(events, run, marks=("sale.price",)).headline["share"]["value"] == pytest.approx(1 / 3)
    assert ask_promotions(events, run, marks=("sale_price",)).headline["share"]["value"] == 0
    both = ask_promotions(events, run, marks=("sale.price",), campaign=True)
    assert both.headline["share"]["value"] == pytest.approx(2 / 3)
    assert ask_promotions(events, run, marks=(), campaign=True).headline["share"]["value"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("marks", [(), ('"x',)])
def test_marks_that_cannot_mark_are_refused(events_of, run, marks):
    with pytest.raises(UsageError) as caught:
        ask_promotions(events_of(bought("a", 0)), run, marks=marks)
    assert caught.value.where == "marks"


def test_shares_of_purchases_and_of_the_quantity(events_of, items_of, run):
    """Of four lines one on promotion, 6 of 10 pieces; a line without a quantity is 1, one of 0 does not count."""
    events = events_of(
        bought("a", 0, quantity=6.0, properties='{"discount":1}'),
        bought("a", 0, quantity=2.0),
        bought("b", 1, quantity=1.0),
        bought("b", 2),
        bought("b", 2, quantity=0.0),
    )
    answer = ask_promotions(events, run, items_of(("tea", "Green tea", "Tea > Green")))
    [row] = answer.rows.to_pylist()
    assert (row["title"], row["lines"], row["share"], row["quantity_share"]) == ("Tea", 4, 0.25, 0.6)
    assert (row["low"], row["high"]) == wilson(1, 4)
    assert row["revenue"] == 4.0
    share = answer.headline["share"]
    assert (share["value"], share["n"]) == (0.25, 4)


def weekly(effect, *, items=8, weeks=20, seed=1):
    """Make one purchase a product and week; on promotion in about a third, with `effect` on the log of the quantity."""
    rng = np.random.default_rng(seed)
    season = rng.normal(0, 0.5, weeks)
    rows = []
    for item in range(items):
        for week in range(weeks):
            on = rng.random() < 1 / 3
            quantity = float(np.exp(item / 4 + season[week] + effect * on + rng.normal(0, 0.1)))
            mark = '{"discount":1}' if on else None
            rows.append(bought("a", 7 * week + 1, f"i{item}", mark, quantity=quantity))
    return [("a", MONDAY, "page"), *rows, ("a", MONDAY + timedelta(days=7 * weeks - 1), "page")]


def test_a_known_uplift_is_found_despite_seasons_and_levels(events_of, run):
    answer = ask_promotions(events_of(*weekly(0.5)), run)
    [row] = answer.rows.to_pylist()
    assert row["uplift_low"] < expm1(0.5) < row["uplift_high"]
    assert row["uplift_high"] - row["uplift_low"] < 0.3
    assert row["products"] == 8
    assert answer.headline["uplift"]["value"] == pytest.approx(row["uplift"])
    none = ask_promotions(events_of(*weekly(0.0, seed=2)), run).headline["uplift"]
    assert none["low"] < 0 < none["high"]


def test_each_product_has_its_own_uplift(events_of, run):
    rows = ask_promotions(events_of(*weekly(0.5)), run, by="item").rows.to_pylist()
    assert len(rows) == 8
    assert sum(row["uplift_low"] < expm1(0.5) < row["uplift_high"] for row in rows) >= 7


def test_a_week_is_on_promotion_when_enough_of_its_quantity_was(events_of, run):
    """In every other week 6 of 10 pieces of each are on promotion, so above 0.6 none ever is."""
    rows = []
    for week in range(16):
        mark = '{"coupon":"X"}' if week % 2 else None
        for item in range(6):
            turned = mark if item % 2 else ('{"coupon":"X"}' if not mark else None)
            rows += [bought("a", 7 * week, f"i{item}", turned, quantity=6.0)]
            rows += [bought("b", 7 * week, f"i{item}", quantity=4.0)]
    events = events_of(*rows, ("a", MONDAY + timedelta(days=7 * 16), "page"))
    assert ask_promotions(events, run, threshold=0.6).headline["uplift"]["n"] == 6
    over = ask_promotions(events, run, threshold=0.61).headline
    assert (over["uplift"]["value"], over["unmoved"]["value"], over["unmoved"]["n"]) == (None, 6, 6)


def test_who_bought_again_after_a_first_purchase(events_of, run):
    """Settled from day 10, followed to day 72: a and b first buy on promotion, c and d without; a and c buy again."""
    mark = '{"coupon":"X"}'
    events = events_of(
        ("z", MONDAY, "page"),
        bought("old", 5),
        bought("old", 30),
        bought("a", 10, properties=mark),
        bought("a", 10),
        bought("a", 38),
        bought("b", 12, properties=mark),
        bought("b", 12, "salt"),
        bought("b", 41),
        bought("c", 20),
        bought("c", 21, properties=mark),
        bought("d", 72),
        bought("late", 73),
        ("z", MONDAY + timedelta(days=100), "page"),
    )
    [row] = [
        r
        for r in ask_promotions(events, run, by="item", again_days=28, settling_days=10).rows.to_pylist()
        if r["title"] == "tea"
    ]
    assert (row["first_on"], row["returned_on"]) == (2, 0.5)
    assert (row["first_off"], row["returned_off"]) == (2, 0.5)
    assert row["return_difference"] == 0
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(newcombe(FirstPurchases(2, 1, 2, 1))[1:])


def test_newcombe_s_own_example():
    """56 of 70 against 48 of 80 (Newcombe 1998, example a): 0.2000, method 10 from 0.0524 to 0.3339."""
    found = newcombe(FirstPurchases(70, 56, 80, 48))
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert newcombe(FirstPurchases(3, 1, 0, 0)) == (None, None, None)


def test_the_pooled_difference_by_hand():
    """Two groups of 10 and 10 with differences .2 and .4 pool to .3; a group without both kinds says nothing."""
    firsts = {
        "tea": FirstPurchases(10, 5, 10, 3),
        "salt": FirstPurchases(10, 8, 10, 4),
        "oud": FirstPurchases(5, 5, 0, 0),
    }
    value, low, high = pooled_difference(firsts)
    # Each group: (ab·1000 + cd·1000)/(10·10·400), over (5 + 5)².
    spread = (25 + 21) * 1000 / 40_000 + (16 + 24) * 1000 / 40_000
    assert (value, low, high) == pytest.approx(
        (0.3, 0.3 - 1.959964 * sqrt(spread) / 10, 0.3 + 1.959964 * sqrt(spread) / 10)
    )
    assert pooled_difference({}) == (None, None, None)


def test_a_range_counts_its_purchases_and_firsts_but_remembers_older_ones(events_of, run):
    events = events_of(bought("a", 0), bought("a", 50), bought("b", 50), ("z", MONDAY + timedelta(days=100), "page"))
    from_day = MONDAY + timedelta(days=40)
    [row] = ask_promotions(events, run, from_=from_day, settling_days=0).rows.to_pylist()
    assert (row["lines"], row["first_off"]) == (2, 1)


def test_no_activity_is_an_empty_answer(events_of, run):
    answer = ask_promotions(events_of(), run)
    assert answer.rows.num_rows == 0
    assert answer.headline["uplift"]["value"] is None
    assert answer.plot() is not None
