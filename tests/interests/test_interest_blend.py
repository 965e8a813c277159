"""The blend: trees as arrays, exact shares, and never trusting itself more than its best part deserves."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from regulars.interests import Blend, Histories, Interactions
from regulars.interests.blend_trees import PARAMETERS, Trees, grow
from regulars.interests.blend_weights import Lesson, Weighing, gains, learn_weighing

PARTS = ("repeat", "covisitation", "knn", "als", "popularity")


def lesson(customers: int, seed: int, *, noise: float = 1.0, crossed: bool = False) -> Lesson:
    """Ten candidates a customer; the choice follows column 0, or column 1 for customers whose column 2 is high."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(customers * 10, 4)).astype(np.float32)
    X[:, 2] = np.repeat(random.normal(size=customers), 10)
    worth = np.where(X[:, 2] > 0, X[:, 1], X[:, 0]) if crossed else X[:, 0]
    utility = (3 * worth + noise * random.gumbel(size=len(X))).reshape(-1, 10)
    chosen = np.zeros(utility.shape)
    chosen[np.arange(customers), utility.argmax(axis=1)] = 1
    return Lesson(X, chosen.ravel(), np.full(customers, 10, np.int64))


def test_trees_say_what_lightgbm_says_and_their_shares_add_up() -> None:
    taught = lesson(600, 1, crossed=True)
    data: Any = lgb.Dataset(taught.X, taught.chosen.astype(np.int32), group=taught.lengths)
    booster: Any = lgb.train({**PARAMETERS, "seed": 7}, data, 20)
    trees = Trees.dumped(booster.dump_model()["tree_info"])
    np.testing.assert_allclose(trees.score(taught.X), booster.predict(taught.X), atol=1e-9)
    roots = trees.value[trees.roots].sum()
    np.testing.assert_allclose(trees.shares(taught.X).sum(axis=1) + roots, trees.score(taught.X), atol=1e-9)


def test_trees_come_back_from_their_arrays() -> None:
    taught = lesson(400, 2, crossed=True)
    trees = grow(taught.X, taught.chosen, taught.lengths, np.zeros(len(taught.X)), trees=5)
    again = Trees.restored(trees.arrays())
    np.testing.assert_array_equal(again.score(taught.X), trees.score(taught.X))
    assert len(Trees.none().roots) == 0
    assert Trees.none().score(taught.X[:3]).tolist() == [0.0, 0.0, 0.0]


def test_gains_by_hand() -> None:
    """Chosen second: 1/log₂3; two chosen, first and third of three: (1 + ½) / (1 + 1/log₂3); not in sight: 0."""
    made = Lesson(np.zeros((8, 1), np.float32), np.array([0, 1, 0, 1, 0, 1, 0, 1.0]), np.array([3, 3, 2]))
    scores = np.array([3.0, 2.0, 1.0, 3.0, 2.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(gains(made, scores), [1 / np.log2(3), 1.5 / (1 + 1 / np.log2(3)), 1.0])


def test_trees_are_trusted_where_whom_to_trust_depends_on_who_asks() -> None:
    found = learn_weighing(lesson(3000, 3, crossed=True), {"a": 0, "b": 1}, 1.0, 7)
    assert found.trusts == "trees"
    fresh = lesson(500, 4, crossed=True)
    plain = Weighing(found.weights, Trees.none(), "weights")
    assert gains(fresh, found.score(fresh.X)).mean() > gains(fresh, plain.score(fresh.X)).mean() + 0.05


def test_a_part_that_is_surely_better_is_followed_alone() -> None:
    """Weights held near zero know nothing of what part b knows."""
    random = np.random.default_rng(5)
    X = random.normal(size=(4000, 2)).astype(np.float32)
    X[:, 1] = -np.abs(X[:, 0])
    chosen = np.zeros((400, 10))
    chosen[np.arange(400), X[:, 1].reshape(-1, 10).argmax(axis=1)] = 1
    blind = Lesson(np.column_stack([X[:, 0], np.zeros(4000, np.float32), X[:, 1]]), chosen.ravel(), np.full(400, 10))
    found = learn_weighing(blind, {"a": 0, "b": 2}, 1e9, 7)
    assert gains(blind, found.score(blind.X)).mean() > 0.99


def test_too_few_customers_are_weighed_without_trees() -> None:
    found = learn_weighing(lesson(60, 6), {"a": 0}, 1.0, 7)
    assert found.trusts == "weights"
    assert found.weights[0] > 0
    assert len(found.trees.roots) == 0


@pytest.fixture(scope="module")
def chained() -> Interactions:
    """Each item is followed by the next: only who counts what follows what can know."""
    random = np.random.default_rng(8)
    rows = [
        [(int(first) + step) % 40 for step in range(int(random.integers(4, 9)))]
        for first in random.integers(0, 40, 400)
    ]
    return Interactions([str(i) for i in range(400)], [str(i) for i in range(40)], Histories.of(rows))


def test_a_blend_follows_the_part_that_knows(chained: Interactions) -> None:
    blend = Blend(holdout="last", repeat=False, parts=PARTS).fit(chained)
    items, _ = blend.recommend(chained.histories, 1)
    wanted = [(int(chained.histories.row(row).items[-1]) + 1) % 40 for row in range(400)]
    assert np.mean(items[:, 0] == wanted) > 0.95
    candidates = next(blend.featurizer_.candidates(chained.histories.row(0), known=False))
    shares = blend.shares(candidates)
    best = int(np.argmax(blend.rate(candidates)))
    assert max(shares, key=lambda part: shares[part][best]) == "covisitation"
    total = np.sum(list(shares.values()), axis=0)
    np.testing.assert_allclose(total - total[0], blend.rate(candidates) - blend.rate(candidates)[0], atol=1e-3)


def test_what_each_part_costs_is_kept(chained: Interactions) -> None:
    blend = Blend(holdout="last", repeat=False, parts=PARTS).fit(chained)
    assert set(blend.costs_) == {*PARTS, "blend"}
    assert all(cost.cpu_seconds >= 0 for cost in blend.costs_.values())
