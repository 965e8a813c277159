"""Price response: elasticities found again in data made with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest

from regulars.core.schema import EVENTS
from regulars.insights.fixed_effects import codes_of, shrunk, slope, unit_slopes, within
from regulars.insights.price_response import PriceResponseParams, price_response
from regulars.insights.sources import Sources

MONDAY = date(2024, 1, 1)


def market(elasticities, *, weeks=30, seed=1, noise=0.1, moves=0.2):
    """Make one purchase a product and week: log quantity = product + week + elasticity · log price + noise."""
    rng = np.random.default_rng(seed)
    season = rng.normal(0, 0.5, weeks)
    rows = []
    for at, elasticity in enumerate(elasticities):
        level = rng.normal(3, 1)
        for week in range(weeks):
            log_price = rng.normal(1 + at / 10, moves)
            quantity = np.exp(level + season[week] + elasticity * log_price + rng.normal(0, noise))
            day = MONDAY + timedelta(days=7 * week + 2)
            rows.append((f"i{at:02}", day, quantity, quantity * np.exp(log_price)))
    # Activity on the first Monday and the last Sunday: all weeks are whole.
    rows += [(None, MONDAY, None, None), (None, MONDAY + timedelta(days=7 * weeks - 1), None, None)]
    return rows


def table_of(rows):
    lines = [
        dict.fromkeys(EVENTS.names)
        | {"id": f"e{n}", "time": day, "day": day, "subject": "a", "kind": "purchase" if item else "page"}
        | {"item": item, "quantity": quantity, "value": value}
        for n, (item, day, quantity, value) in enumerate(rows)
    ]
    for line in lines:
        line["time"] = np.datetime64(line["time"]).astype("datetime64[us]").item()
    return ibis.memtable(pa.Table.from_pylist(lines, schema=EVENTS))


def ask_prices(rows, run, items=None, **params):
    sources = Sources(table_of(rows), run)
    return price_response(
        replace(sources, items=items) if items is not None else sources, PriceResponseParams(**params)
    )


def test_a_known_elasticity_is_found_despite_seasons_and_levels(run):
    answer = ask_prices(market([-1.5] * 12), run)
    [row] = answer.rows.to_pylist()
    assert row["low"] < -1.5 < row["high"]
    assert row["high"] - row["low"] < 0.2
    assert (row["products"], row["weeks"]) == (12, 360)
    assert answer.headline["elasticity"]["value"] == pytest.approx(row["elasticity"])


def test_prices_exchanged_within_a_product_say_nothing(run):
    """A placebo: the weeks' prices of each product in another order, quantities as they were."""
    rng = np.random.default_rng(4)
    rows = market([-1.5] * 12)
    by_item = {}
    for at, (item, *_rest) in enumerate(rows):
        by_item.setdefault(item, []).append(at)
    exchanged = list(rows)
    for item, places in by_item.items():
        if item:
            prices = rng.permutation([rows[at][3] / rows[at][2] for at in places])
            for at, price in zip(places, prices, strict=True):
                exchanged[at] = (*rows[at][:3], rows[at][2] * price)
    head = ask_prices(exchanged, run).headline["elasticity"]
    assert head["low"] < 0 < head["high"]


def test_a_placebo_covers_zero_about_nineteen_times_in_twenty():
    """Two hundred panels without a response, with noise that lasts within a product."""
    rng = np.random.default_rng(8)
    unit, time = np.repeat(np.arange(40), 20), np.tile(np.arange(20), 40)
    covered = 0
    for _ in range(200):
        lasting = np.cumsum(rng.normal(size=(40, 20)), axis=1).ravel()
        x = np.cumsum(rng.normal(size=(40, 20)), axis=1).ravel()
        found = slope(within(x, unit, time), within(lasting, unit, time), unit, 20)
        covered += found.low < 0 < found.high
    assert 0.90 < covered / 200 < 0.99


def test_the_slope_is_that_of_dummies_for_every_product_and_week():
    """An unbalanced panel against least squares with a column for each product and week; HC errors by hand."""
    rng = np.random.default_rng(3)
    unit, time = rng.integers(0, 6, 80), rng.integers(0, 9, 80)
    unit, time = codes_of(unit), codes_of(time)
    x = rng.normal(size=80)
    y = 0.7 * x + unit + np.sin(time) + rng.normal(size=80)
    dummies = np.column_stack([x, *(unit == u for u in range(6)), *(time == t for t in range(1, 9))]).astype(float)
    expected, *_rest = np.linalg.lstsq(dummies, y, rcond=None)
    found = slope(within(x, unit, time), within(y, unit, time), unit, 9)
    assert found.value == pytest.approx(expected[0], abs=1e-7)
    errors = y - dummies @ expected
    inverse = np.linalg.pinv(dummies.T @ dummies)
    meat = sum(np.outer(s, s) for s in (dummies[unit == u].T @ errors[unit == u] for u in range(6)))
    variance = (inverse @ meat @ inverse)[0, 0] * 6 / 5 * 79 / 70
    assert found.high - found.value == pytest.approx(2.570582 * np.sqrt(variance), rel=1e-5)


def test_prices_that_never_moved_and_short_histories_are_left_out_and_counted(run):
    rows = market([-1.0] * 5)
    still = [("still", day, 10.0 + at, 2 * (10.0 + at)) for at, (_, day, _q, _v) in enumerate(rows[:30])]
    short = [("short", day, 3.0 + at, 5.0 + at * at) for at, (_, day, _q, _v) in enumerate(rows[:4])]
    head = ask_prices([*rows, *still, *short], run).headline
    assert {name: head[name]["value"] for name in ("products", "unmoved", "too_few")} == {
        "products": 5,
        "unmoved": 1,
        "too_few": 1,
    }
    assert head["unmoved"]["n"] == 7


def test_a_category_of_four_products_says_nothing(run):
    answer = ask_prices(market([-1.0] * 4), run)
    [row] = answer.rows.to_pylist()
    assert (row["elasticity"], row["low"], row["products"]) == (None, None, 4)
    assert answer.headline["elasticity"]["value"] is None


def test_lines_without_a_price_and_weeks_not_whole_say_nothing(run):
    rows = market([-1.0] * 5)
    returned = [("i00", MONDAY + timedelta(days=2), 0.0, 5.0), ("i01", MONDAY + timedelta(days=2), 5.0, None)]
    after = [("i00", MONDAY + timedelta(days=7 * 30), 1000.0, 1000.0)]
    plain = ask_prices(rows, run).rows.to_pylist()
    assert ask_prices([*rows, *returned, *after], run).rows.to_pylist() == plain


def test_each_category_has_its_own_elasticity(run, items_of):
    rows = market([-2.0] * 8 + [-0.5] * 8)
    items = items_of(*[(f"i{at:02}", f"Product {at}", "Tea" if at < 8 else "Salt") for at in range(16)])
    found = {row["title"]: row for row in ask_prices(rows, run, items).rows.to_pylist()}
    assert found["Tea"]["low"] < -2 < found["Tea"]["high"] < found["Salt"]["low"] < -0.5 < found["Salt"]["high"]


def test_single_products_are_pulled_towards_their_category(run, items_of):
    """True elasticities differ by 0.2, estimates by about 0.55: pulled, they are nearer to the truth."""
    truth = np.random.default_rng(2).normal(-1.5, 0.2, 40)
    rows = market(truth, noise=0.5, weeks=20)
    items = items_of(*[(f"i{at:02}", "Same title", "Tea") for at in range(40)])
    found = sorted(ask_prices(rows, run, items, by="item", limit=40).rows.to_pylist(), key=lambda row: row["item"])
    pulled, own = (np.array([row[name] for row in found]) for name in ("elasticity", "own"))
    assert np.mean((pulled - truth) ** 2) < 0.5 * np.mean((own - truth) ** 2)
    covered = [row["low"] < value < row["high"] for row, value in zip(found, truth, strict=True)]
    assert np.mean(covered) >= 0.85
    assert len({row["title"] for row in found}) == 40


def test_shrinking_by_hand():
    """Errors of 0 leave nothing to pull; equal values have no spread, so all become their mean."""
    value, error = shrunk(np.array([1.0, 1.0, 1.0, np.nan]), np.array([0.5, 0.5, 1.0, np.nan]))
    assert value[:3].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert error[:3].tolist() == pytest.approx([1 / 3] * 3)
    assert np.isnan(value[3])
    # Variance 4 of three values with errors of 1: spread 3, so three quarters of each own deviation stay.
    value, _ = shrunk(np.array([-2.0, 0.0, 2.0]), np.ones(3))
    assert value.tolist() == pytest.approx([-1.5, 0.0, 1.5])


def test_a_product_s_own_slope_by_hand():
    """Deviations −1, 0, 1 and left-overs −1, 0.5, 0.5: slope 0.75; rest −.25, .5, −.25, squares .375."""
    value, error = unit_slopes(
        np.array([-1.0, 0.0, 1.0]), np.array([-1.0, 0.5, 0.5]), np.zeros(3, dtype=np.int64), -1.0
    )
    assert value.tolist() == pytest.approx([-0.25])
    assert error.tolist() == pytest.approx([np.sqrt(0.375 / 2)])


def test_a_shop_of_a_few_days_has_no_answer(run):
    answer = ask_prices([("i", MONDAY, 1.0, 1.0)], run)
    assert answer.rows.num_rows == 0
    assert answer.headline["elasticity"]["value"] is None
    assert ask_prices([("i", MONDAY, 1.0, 1.0)], run, by="item").plot() is not None


def test_a_shop_whose_prices_all_stay_has_an_empty_answer(run):
    rows = [("i", MONDAY + timedelta(days=7 * week), 2.0 + week, 4.0 + 2 * week) for week in range(15)]
    for by in ("category", "item"):
        answer = ask_prices([*rows, (None, MONDAY + timedelta(days=7 * 15), None, None)], run, by=by)
        assert answer.rows.num_rows == 0
        assert answer.headline["elasticity"]["value"] is None
        assert answer.headline["unmoved"]["value"] == 1
