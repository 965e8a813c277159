"""Exact top-k against a full sort, and what every model with vectors gets of it."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.interests import ALS, Histories, Interactions
from regulars.interests.factor_top_k import factor_top_k, pack
from regulars.interests.recommender import Recommender


def sorted_lists(scores: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """By falling score, then rising number; -1 where only -inf is left."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    values = np.take_along_axis(scores, order, 1)
    return np.where(np.isfinite(values), order, -1), values


@pytest.mark.parametrize("items", [1, 63, 64, 65, 500])
@pytest.mark.parametrize("users", [1, 3, 4, 131])
def test_equals_a_full_sort_with_ties_seen_and_forbidden_items(items: int, users: int) -> None:
    """Small whole numbers make sums exact and ties plenty; lengths differ, so that the search stops early."""
    random = np.random.default_rng(items + users)
    P = random.integers(-2, 3, (items, 5)) * random.choice([1, 1, 1, 8], (items, 1))
    U = random.integers(-2, 3, (users, 5))
    seen = [random.integers(0, items, random.integers(0, 9)) for _ in range(users)]
    indptr = np.concatenate([[0], np.cumsum([len(own) for own in seen])]).astype(np.int64)
    scores = (U @ P.T).astype(np.float64)
    for user, own in enumerate(seen):
        scores[user, own] = -np.inf
    for share in (None, 0.7, 0.05):
        allowed = None if share is None else random.random(items) < share
        expected = scores if allowed is None else np.where(allowed, scores, -np.inf)
        lists, values = factor_top_k(
            U.astype(np.float32), P.astype(np.float32), 10, indptr, np.concatenate(seen).astype(np.int32), allowed
        )
        wanted, wanted_values = sorted_lists(expected, 10)
        width = wanted.shape[1]
        np.testing.assert_array_equal(lists[:, :width], wanted)
        np.testing.assert_array_equal(values[:, :width], wanted_values)
        assert (lists[:, width:] == -1).all()


def test_a_score_does_not_depend_on_company_threads_or_packing() -> None:
    """One at a time, all at once, on two threads: the same bits."""
    random = np.random.default_rng(5)
    U = random.normal(size=(700, 20)).astype(np.float32)
    P = (random.normal(size=(900, 20)) * random.pareto(1.5, (900, 1))).astype(np.float32)
    lists, values = factor_top_k(U, P, 7)
    for packed, threads in ((pack(P), 1), (P, 2)):
        again = factor_top_k(U, packed, 7, threads=threads)
        np.testing.assert_array_equal(again[0], lists)
        np.testing.assert_array_equal(again[1], values)
    alone = [factor_top_k(U[user : user + 1], P, 7) for user in range(0, 700, 50)]
    np.testing.assert_array_equal(np.concatenate([one for one, _ in alone]), lists[::50])
    np.testing.assert_array_equal(np.concatenate([one for _, one in alone]), values[::50])


def test_the_bound_holds_where_an_item_points_the_way_the_customer_does() -> None:
    """The score then equals the bound up to rounding: the last of many equally long items is still found."""
    random = np.random.default_rng(6)
    P = random.normal(size=(640, 33)).astype(np.float32)
    P /= np.linalg.norm(P, axis=1, keepdims=True)
    lists, _ = factor_top_k(P, P, 1)
    assert lists[:, 0].tolist() == list(range(640))


def test_nothing_to_choose_from_and_nobody_to_choose_for() -> None:
    """Empty sides, n = 0 and vectors that are not numbers give empty lists, no error."""
    assert factor_top_k(np.ones((2, 4), np.float32), np.ones((0, 4), np.float32), 3)[0].tolist() == [[-1] * 3] * 2
    assert factor_top_k(np.ones((0, 4), np.float32), np.ones((5, 4), np.float32), 3)[0].shape == (0, 3)
    assert factor_top_k(np.ones((2, 4), np.float32), np.ones((5, 4), np.float32), 0)[0].shape == (2, 0)
    assert factor_top_k(np.full((1, 4), np.nan, np.float32), np.ones((5, 4), np.float32), 2)[0].tolist() == [[-1, -1]]


@pytest.fixture(scope="module")
def learned() -> tuple[ALS, Interactions]:
    random = np.random.default_rng(7)
    rows = [random.choice(90, random.integers(1, 30), replace=False).tolist() for _ in range(150)]
    data = Interactions([str(u) for u in range(150)], [str(i) for i in range(90)], Histories.of(rows))
    return ALS(embedding_size=16, epochs=3).fit(data), data


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("share", [None, 0.5, 0.05])
def test_als_recommends_what_scoring_everything_would(
    learned: tuple[ALS, Interactions], known: bool, share: float | None
) -> None:
    """The short way gives the long way's scores, to the rounding of the matrix product."""
    model, data = learned
    allowed = None if share is None else np.random.default_rng(8).random(90) < share
    lists, values = model.recommend(data.histories, 8, exclude_known=known, allowed=allowed)
    long_lists, long_values = Recommender._recommend(model, data.histories, 8, known, allowed)
    np.testing.assert_allclose(values, long_values, rtol=1e-4, atol=1e-5)
    assert ((lists >= 0) == (long_lists >= 0)).all()
    assert (lists == long_lists).mean() > 0.98


def test_a_model_that_learns_again_searches_its_new_items(learned: tuple[ALS, Interactions]) -> None:
    """The sorted items are those of the vectors that are there now."""
    model, data = learned
    before = model.packed_items()
    assert model.packed_items() is before
    again = ALS(embedding_size=16, epochs=1).fit(data)
    again.recommend(data.histories, 3)
    again.fit(data)
    np.testing.assert_array_equal(again.packed_items().blocks, pack(again.item_factors_).blocks)
