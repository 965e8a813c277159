"""Affinity: pairs of products in one order, against chance."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import exp, sqrt

import numpy as np
import pytest

from regulars.insights.affinity import AffinityParams, affinity
from regulars.insights.discoveries import discoveries
from regulars.insights.sources import Sources
from regulars.insights.units import labels


def baskets(events_of, *orders):
    """Make one event a product: each order is (customer, products separated by spaces), in a session of its own."""
    lines = [
        (customer, "2024-01-01", {"item": item, "session": f"s{number}"})
        for number, (customer, items) in enumerate(orders)
        for item in items.split()
    ]
    return events_of(*lines)


@pytest.fixture
def ten_orders(events_of):
    """Tea and cake together in 4 of 10 orders, each alone once more; four orders of milk."""
    together = [(f"c{number}", "tea cake") for number in range(4)]
    alone = [("d", "tea"), ("e", "cake"), *[(f"m{number}", "milk") for number in range(4)]]
    return baskets(events_of, *together, *alone)


def ask_pairs(events, run, **params):
    params = {"min_orders": 2, "min_customers": 1} | params
    return affinity(Sources(events, run), AffinityParams(**params))


def test_the_measures_of_a_pair_by_hand(ten_orders, run):
    """Lift 4·10/(5·5) = 1.6; variance of its logarithm 1/4 − 1/5 − 1/5 + (3.2 − 1)/10 = 0.07.

    By chance, 5 of 10 drawn twice share 4 or more in (5·5 + 1) of 252 cases.
    """
    answer = ask_pairs(ten_orders, run)
    [row] = answer.rows.to_pylist()
    assert (row["item"], row["with_item"]) == ("cake", "tea")
    assert (row["orders"], row["customers"], row["item_orders"], row["with_orders"]) == (4, 4, 5, 5)
    assert (row["support"], row["confidence"], row["confidence_back"]) == (0.4, 0.8, 0.8)
    assert row["lift"] == pytest.approx(1.6)
    assert row["low"] == pytest.approx(1.6 * exp(-1.959964 * sqrt(0.07)))
    assert row["high"] == pytest.approx(1.6 * exp(1.959964 * sqrt(0.07)))
    assert row["p_value"] == pytest.approx(26 / 252)
    assert row["stands"] is False
    assert answer.headline["orders"]["value"] == 10


def test_a_product_bought_twice_in_an_order_counts_once(events_of, run):
    events = baskets(events_of, ("a", "tea tea cake"), ("b", "tea cake"), ("c", "milk"))
    [row] = ask_pairs(events, run).rows.to_pylist()
    assert (row["orders"], row["item_orders"]) == (2, 2)


def test_purchases_without_a_session_are_one_order_a_customer_and_day(events_of, run):
    lines = [
        ("a", "2024-01-01", {"item": "tea"}),
        ("a", "2024-01-01", {"item": "cake"}),
        ("a", "2024-01-02", {"item": "tea"}),
        ("b", "2024-01-02", {"item": "cake"}),
        ("b", "2024-01-02", {"item": "tea"}),
        ("b", "2024-01-03", "view", {"item": "cake"}),
    ]
    answer = ask_pairs(events_of(*lines), run)
    assert answer.rows["orders"].to_pylist() == [2]
    assert answer.headline["orders"]["value"] == 3


def test_a_session_called_like_a_day_is_not_that_day(events_of, run):
    lines = [
        ("a", "2024-01-01", {"item": "tea"}),
        ("a", "2024-01-01", {"item": "cake", "session": "2024-01-01"}),
    ]
    assert ask_pairs(events_of(*lines), run).headline["orders"]["value"] == 2


def test_orders_too_large_are_left_out_of_everything_and_counted(events_of, run):
    events = baskets(events_of, ("a", "tea cake"), ("b", "tea cake"), ("c", "tea cake milk"))
    answer = ask_pairs(events, run, max_basket=2)
    [row] = answer.rows.to_pylist()
    assert (row["orders"], row["item_orders"], row["support"]) == (2, 2, 1.0)
    assert (answer.headline["orders"]["value"], answer.headline["left_out"]["value"]) == (2, 1)


def test_an_anchor_shows_its_pairs_only_and_comes_first(events_of, run):
    events = baskets(events_of, *[(c, "tea cake milk") for c in "abc"], ("d", "cake"), ("e", "tea"), ("f", "tea"))
    rows = ask_pairs(events, run, item="tea").rows.to_pylist()
    assert [(row["item"], row["with_item"], row["orders"]) for row in rows] == [("tea", "milk", 3), ("tea", "cake", 3)]
    assert rows[1]["confidence"] == pytest.approx(3 / 5)


def test_without_an_anchor_the_rarer_of_a_pair_comes_first(events_of, run):
    events = baskets(events_of, ("a", "cake tea"), ("b", "cake tea"), ("c", "cake"))
    [row] = ask_pairs(events, run).rows.to_pylist()
    assert (row["item"], row["confidence"], row["confidence_back"]) == ("tea", 1.0, pytest.approx(2 / 3))


def test_one_customer_s_habit_is_no_pair(ten_orders, events_of, run):
    events = baskets(events_of, *[("a", "tea cake")] * 8, ("b", "milk"))
    assert ask_pairs(events, run, min_customers=2).rows.num_rows == 0
    assert ask_pairs(ten_orders, run, min_customers=4).rows.num_rows == 1


def test_a_surer_pair_leads_a_luckier_one(events_of, run):
    """Two orders with both of two rarities have the greater lift, but forty of a hundred are surer."""
    many = [(f"c{n}", "tea cake") for n in range(40)]
    rare = [("x", "oud myrrh"), ("y", "oud myrrh")]
    other = [(f"m{n}", "milk") for n in range(158)]
    rows = ask_pairs(baskets(events_of, *many, *rare, *other), run).rows.to_pylist()
    assert rows[0]["item"] in {"oud", "myrrh"}
    few = [(f"t{n}", "tea") for n in range(3)] + [(f"d{n}", "cake") for n in range(3)]
    weaker = [("x", "oud myrrh"), ("y", "oud myrrh"), *[(f"o{n}", "oud") for n in range(6)]]
    weaker += [(f"p{n}", "myrrh") for n in range(6)]
    rows = ask_pairs(baskets(events_of, *many, *few, *weaker, *other), run).rows.to_pylist()
    assert [row["item"] for row in rows] == ["cake", "myrrh"]
    assert rows[0]["lift"] < rows[1]["lift"]
    assert [row["stands"] for row in rows] == [True, False]


def test_no_pair_still_says_how_many_orders_there_were(events_of, run):
    answer = ask_pairs(baskets(events_of, ("a", "tea"), ("b", "cake")), run)
    assert answer.rows.num_rows == 0
    assert answer.headline["orders"]["value"] == 2
    assert answer.plot() is not None


def test_categories_come_from_the_catalogue_and_the_unknown_are_left_out(events_of, items_of, run):
    events = baskets(events_of, ("a", "t1 k1 x"), ("b", "t2 k1 x"))
    items = items_of(("t1", "Green", "Tea > Green"), ("t2", "Black", "Tea > Black"), ("k1", "Cake", "Bakery"))
    sources = replace(Sources(events, run), items=items)
    params = AffinityParams(by="category", min_orders=2, min_customers=1)
    [row] = affinity(sources, params).rows.to_pylist()
    assert (row["item"], row["with_item"], row["pair"]) == ("Bakery", "Tea", "Bakery + Tea")
    assert affinity(sources, params).headline["orders"]["value"] == 2


def test_counts_are_those_of_a_slow_and_obvious_program(events_of, run):
    rng = np.random.default_rng(5)
    orders = [
        (f"c{rng.integers(9)}", " ".join(f"i{item}" for item in rng.integers(0, 8, rng.integers(1, 6))))
        for _ in range(120)
    ]
    expected: dict[tuple[str, str], int] = {}
    for _, items in orders:
        for pair in combinations(sorted(set(items.split())), 2):
            expected[pair] = expected.get(pair, 0) + 1
    rows = ask_pairs(baskets(events_of, *orders), run, limit=1000).rows.to_pylist()
    found = {tuple(sorted((row["item"], row["with_item"]))): row["orders"] for row in rows}
    assert found == {pair: count for pair, count in expected.items() if count >= 2}


def test_benjamini_and_hochberg_s_own_example():
    """Their table of 15 p-values: at 5% the four smallest stand; Bonferroni would keep three."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert discoveries(np.array(p), 15).sum() == 4
    assert discoveries(np.array(p[:9]), 15).tolist() == [True] * 4 + [False] * 5
    assert discoveries(np.array([]), 15).tolist() == []


def test_products_that_share_a_title_are_told_apart():
    assert labels(["1", "2", "3", "1"], ["Milk", "Milk", None, "Milk"]) == ["Milk (1)", "Milk (2)", "3", "Milk (1)"]
