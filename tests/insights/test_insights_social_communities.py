"""Communities: worked ties and modularity, planted groups found again, chance called chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from regulars.insights import social_graph
from regulars.insights.communities import CommunitiesParams, communities
from regulars.insights.sources import Sources


def bought(*rows):
    return csr_array(np.array(rows, float))


def test_a_shared_product_ties_more_the_fewer_buy_it():
    """Customers 0 and 1 share products with 2 and 3 buyers: 1/1 + 1/2; 0 and 2 share one: not enough."""
    graph = social_graph.co_purchases(bought([1, 1, 0], [1, 1, 0], [0, 1, 1]), shared=2, neighbours=5)
    assert graph.toarray().tolist() == [[0, 1.5, 0], [1.5, 0, 0], [0, 0, 0]]


def test_a_customer_keeps_the_strongest_ties_and_those_that_keep_them():
    """0 is tied with 1 by 1, with 2 and 3 by less. With one neighbour each: 0–1, and 2 and 3 keep theirs to 0 or 1."""
    rows = bought([1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0])
    graph = social_graph.co_purchases(rows, shared=1, neighbours=1).toarray()
    assert graph[0].tolist() == [0, 1, 0.5, 0] or graph[0].tolist() == [0, 1, 0.5, 0.5]
    assert (graph == graph.T).all()


def two_triangles():
    links = np.zeros((6, 6))
    for a, b in ((0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)):
        links[a, b] = links[b, a] = 1
    return csr_array(links)


def test_modularity_is_newmans():
    """Two triangles with a bridge: 6 of 7 ties inside, each half of the degrees: 6/7 − 1/2 = 5/14."""
    graph = two_triangles()
    assert social_graph.modularity(graph, np.array([0, 0, 0, 1, 1, 1])) == pytest.approx(5 / 14)
    assert social_graph.modularity(graph, np.zeros(6, np.int64)) == pytest.approx(0)
    assert social_graph.modularity(csr_array((3, 3)), np.zeros(3, np.int64)) == 0


def test_two_triangles_are_two_communities():
    for seed in range(5):
        member = social_graph.communities(two_triangles(), seed)
        assert len(set(member[:3])) == len(set(member[3:])) == 1
        assert member[0] != member[3]


def random_purchases(seed: int, groups: int, customers: int = 120, items: int = 60):
    random = np.random.default_rng(seed)
    chance = np.full((customers, items), 0.03 if groups > 1 else 0.1)
    for group in range(groups):
        chance[np.ix_(np.arange(customers) % groups == group, np.arange(items) % groups == group)] = 0.5
    if groups == 1:
        chance[:] = 0.1
    return csr_array((random.random((customers, items)) < chance).astype(float))


def test_a_random_shop_keeps_how_much_everybody_buys_and_how_many_buy_everything():
    real = random_purchases(1, 4)
    shop = social_graph.random_shop(real, 5)
    assert (shop.sum(axis=0) == real.sum(axis=0)).all()
    assert (shop.sum(axis=1) == real.sum(axis=1)).all()
    assert shop.max() == 1
    assert abs(shop - real).sum() > real.sum()


def as_events(events_of, matrix):
    rows = [
        (f"c{row:03}", "2024-01-01", {"item": f"i{column:03}", "value": 1.0})
        for row, column in zip(*matrix.nonzero(), strict=True)
    ]
    return events_of(*rows, ("zz", "2024-01-01", {"item": "lonely"}), ("browser", "2024-01-01", "view"))


def test_planted_tastes_are_found_again_with_what_they_buy(events_of, run):
    """Four tastes of 30 customers, each with 15 products of its own; zz bought what nobody else did."""
    answer = communities(Sources(as_events(events_of, random_purchases(1, 4)), run), CommunitiesParams(min_customers=5))
    rows = answer.rows.to_pylist()
    assert [row["community"] for row in rows] == ["1", "2", "3", "4", ""]
    assert [row["customers"] for row in rows] == [30, 30, 30, 30, 1]
    for row in rows[:4]:
        assert len({int(item[1:]) % 4 for item in row["products"].split("; ")}) == 1
    head = answer.headline
    assert head["p"]["value"] == pytest.approx(0.05)
    assert head["modularity"]["value"] > head["random"]["high"]
    assert head["tied"]["value"] == 120 / 121


def test_chance_is_called_chance(events_of, run):
    head = communities(Sources(as_events(events_of, random_purchases(2, 1)), run), CommunitiesParams()).headline
    assert head["p"]["value"] > 0.05
    assert head["random"]["low"] <= head["modularity"]["value"] <= head["random"]["high"]


def test_the_same_seed_gives_the_same_answer(events_of, run):
    sources = Sources(as_events(events_of, random_purchases(2, 1)), run)
    assert communities(sources, CommunitiesParams()).to_json() == communities(sources, CommunitiesParams()).to_json()


def test_small_communities_are_counted_together_and_no_pseudonym_is_shown(events_of, run):
    params = CommunitiesParams(min_customers=40)
    answer = communities(Sources(as_events(events_of, random_purchases(1, 4)), run), params)
    assert [(row["community"], row["customers"]) for row in answer.rows.to_pylist()] == [("…", 120), ("", 1)]
    assert "c001" not in str(answer.to_json())


def test_a_shop_where_nobody_shares_anything_has_no_communities(events_of, run):
    answer = communities(Sources(events_of(("a", "2024-01-01", {"item": "x"})), run), CommunitiesParams())
    assert [(row["community"], row["customers"]) for row in answer.rows.to_pylist()] == [("", 1)]
    assert answer.headline["modularity"]["value"] is None
