"""Walks through an item-to-item table, and settings that co-visitation chooses for itself."""

from __future__ import annotations

import numpy as np

from regulars.interests import CoVisitation, Histories, Interactions
from regulars.interests.hops import reach_further
from regulars.interests.neighbours import Neighbours


def test_two_steps_are_the_table_and_its_product_without_the_way_back() -> None:
    """0 → 1 (2), 1 → 2 (3) and 1 → 0 (1): two steps from 0 reach 2 with 2 · 3/4, and 0 itself is left out."""
    table = Neighbours(np.array([0, 1, 3, 3]), np.array([1, 2, 0], np.int32), np.array([2.0, 3.0, 1.0], np.float32))
    found = reach_further(table, 2, 0.5, 8)
    items, strengths = found.of(0)
    assert items.tolist() == [1, 2]
    np.testing.assert_allclose(strengths, [2.0, 0.5 * 2.0 * 3.0 / 4.0])
    items, strengths = found.of(1)
    # From 1 over 0 back to 1 is left out, and nothing leads on from 2.
    assert items.tolist() == [2, 0]
    np.testing.assert_allclose(strengths, [3.0, 1.0])


def test_a_second_step_reaches_what_nobody_chose_together() -> None:
    """Nobody chose 0 and 2, but 1 follows 0 and 2 follows 1."""
    data = Interactions(["a", "b"], ["0", "1", "2"], Histories.of([[0, 1], [1, 2]]))
    one = CoVisitation(hops=1).fit(data).score(Histories.of([[0]]))
    two = CoVisitation(hops=2).fit(data).score(Histories.of([[0]]))
    assert one[0, 2] == 0
    assert two[0, 1] > two[0, 2] > 0


def test_popular_items_are_held_back_where_popularity_misleads() -> None:
    """What follows is the item's own successor; a bestseller is in every history: the power chosen is above 0."""
    random = np.random.default_rng(2)
    rows: list[list[int]] = []
    for _ in range(400):
        at = int(random.integers(1, 20))
        row: list[int] = []
        for _ in range(5):
            row += [at, 0] if random.random() < 0.6 and 0 not in row else [at]
            at = at % 20 + 1
        rows.append(row)
    data = Interactions([str(i) for i in range(400)], [str(i) for i in range(21)], Histories.of(rows))
    model = CoVisitation().fit(data)
    items, _ = model.recommend(data.histories, 1)
    follows = [row[-1] % 20 + 1 if row[-1] else row[-2] % 20 + 1 for row in rows]
    assert np.mean(items[:, 0] == follows) > 0.7
