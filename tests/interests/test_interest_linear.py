"""EASE, BPR, item-kNN's weightings and nearest customers, against answers worked by hand or by plain NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conformance import test_recommenders as conformance

from regulars.interests import MODELS, Histories, Interactions, ItemKNN
from regulars.interests.bpr import BPR
from regulars.interests.ease import EASE
from regulars.interests.item_pairs import in_blocks
from regulars.interests.session_knn import SessionKNN
from regulars.interests.svd import SVD, SVDPlusPlus

if TYPE_CHECKING:
    from pathlib import Path

    from regulars.interests.item_pairs import Rows
    from regulars.interests.neighbours import Neighbours
    from regulars.interests.recommender import Recommender

OURS: list[type[Recommender]] = [EASE, BPR, SessionKNN, SVD, SVDPlusPlus]


def data(rows: list[list[int]], items: int) -> Interactions:
    return Interactions([str(i) for i in range(len(rows))], [str(i) for i in range(items)], Histories.of(rows))


def dense(table: Neighbours) -> np.ndarray:
    n_items = len(table.indptr) - 1
    out = np.zeros((n_items, n_items))
    out[np.repeat(np.arange(n_items), np.diff(table.indptr)), table.items] = table.strengths
    return out


def sets(rows: list[list[int]], items: int) -> np.ndarray:
    X = np.zeros((len(rows), items))
    for row, chosen in enumerate(rows):
        X[row, chosen] = 1
    return X


def random_rows(seed: int, customers: int = 80, items: int = 15) -> list[list[int]]:
    random = np.random.default_rng(seed)
    return [random.choice(items, int(random.integers(2, 7)), replace=False).tolist() for _ in range(customers)]


@pytest.mark.parametrize("form", ["exact", "local"])
def test_ease_is_the_closed_form_however_it_is_solved(form: str) -> None:
    """B = I − P·diag(1/P_jj); a system of all companions gives the same, every pair having some."""
    rows = random_rows(0, 400)
    X = sets(rows, 15)
    P = np.linalg.inv(X.T @ X + 5 * np.eye(15))
    expected = np.eye(15) - P / np.diag(P)
    np.fill_diagonal(expected, 0)
    model = EASE(reg=5.0, form=form, local_items=15, gram_items=15).fit(data(rows, 15))
    np.testing.assert_allclose(dense(model.neighbours_), expected, atol=2e-5)


def test_ease_in_small_systems_stays_near_the_whole() -> None:
    """With a third of the items in each system the order of scores stays nearly the same."""
    rows = random_rows(1, 400, 30)
    exact = EASE(reg=20.0, form="exact").fit(data(rows, 30)).score(Histories.of(rows[:50]))
    local = EASE(reg=20.0, form="local", local_items=12).fit(data(rows, 30)).score(Histories.of(rows[:50]))
    assert np.corrcoef(exact.ravel(), local.ravel())[0, 1] > 0.8


def test_ease_discounts_what_only_follows_a_third_item() -> None:
    """0 and 2 are chosen together only where 1 is: 1 takes it all, where the cosine of 0 and 2 is high."""
    rows = [[0, 1, 2]] * 20 + [[0, 1]] * 20 + [[1, 2]] * 20 + [[1]] * 20 + [[3]] * 5
    weights = dense(EASE(reg=1.0).fit(data(rows, 4)).neighbours_)
    assert abs(weights[0, 2]) < 0.1 < weights[1, 2]


def test_item_knn_weighs_customers_by_what_they_tell() -> None:
    """tfidf: w² = ln(1 + items/n)²; items 0 and 1 share customers of 2 and of 4 items."""
    rows = [[0, 1], [0, 1, 2, 3], [0, 2]]
    model = ItemKNN(weighting="tfidf", shrink=0.0).fit(data(rows, 4))
    w = np.log1p(4 / np.array([2, 4, 2])) ** 2
    expected = (w[0] + w[1]) / np.sqrt((w[0] + w[1] + w[2]) * (w[0] + w[1]))
    assert dense(model.neighbours_)[0, 1] == pytest.approx(expected, rel=1e-5)


def test_bm25_trusts_a_customer_of_many_items_less_than_tfidf_of_few() -> None:
    """The pair shared by a customer of two items is closer than the one shared by a customer of seven."""
    rows = [[0, 1], [0, 2, 3, 4, 5, 6, 7]]
    near = dense(ItemKNN(weighting="bm25", shrink=1.0).fit(data(rows, 8)).neighbours_)
    assert near[0, 1] > near[0, 2] > 0


def test_tables_built_in_blocks_are_those_built_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of one item at a time gives the same table."""
    rows = data(random_rows(2), 15)
    whole = ItemKNN(neighbours=4).fit(rows).neighbours_
    monkeypatch.setattr("regulars.interests.item_pairs.CELLS", 4)
    parts = ItemKNN(neighbours=4).fit(rows).neighbours_
    np.testing.assert_array_equal(whole.items, parts.items)
    np.testing.assert_array_equal(whole.strengths, parts.strengths)


def test_items_without_neighbours_have_empty_rows() -> None:
    """Nothing found in any block is a table without entries."""

    def nothing(begin: int, end: int) -> Rows:
        size = end - begin
        return np.zeros(size, np.int64), np.zeros((size, 2), np.int32), np.zeros((size, 2), np.float32)

    table = in_blocks(3, 2, nothing)
    assert (table.indptr.tolist(), len(table.items)) == ([0, 0, 0, 0], 0)


def test_nearest_customers_by_hand() -> None:
    """History [0]: customer 0 shares 0 and chose 1 right after it and 2 two later; customer 1 shares nothing."""
    model = SessionKNN(length_power=0.0, popularity_power=0.0, gap_decay=1.0, backward=0.5)
    _ = model.fit(data([[3, 0, 1, 2], [3, 4]], 5))
    scores = model.score(Histories.of([[0]]))[0]
    rarity = np.log1p(2 / 1)
    assert scores.tolist() == pytest.approx([0, rarity, rarity / 2, rarity / 2, 0], rel=1e-5)


def test_only_the_latest_customers_of_an_item_are_asked() -> None:
    """Of 30 customers of item 0 the last two chose 2 next, the others 1: with two an item, 2 is all there is."""
    rows = [[0, 1]] * 28 + [[0, 2]] * 2
    times = [[at, at + 1] for at in range(0, 300, 10)]
    events = Interactions([str(u) for u in range(30)], ["0", "1", "2"], Histories.of(rows, times))
    scores = SessionKNN(per_item=2).fit(events).score(Histories.of([[0]]))[0]
    assert scores[2] > 0 == scores[1]


def test_bpr_puts_what_was_chosen_before_what_was_not() -> None:
    """Two worlds of items: six in seven pairs are in order, for newcomers, whoever else is asked for."""
    random = np.random.default_rng(3)
    rows = [(random.choice(10, 5, replace=False) + 10 * (user % 2)).tolist() for user in range(200)]
    model = BPR(embedding_size=8, candidates=4).fit(data(rows, 20))
    scores = model.score(Histories.of([[0, 1, 2], [15, 16, 17]]))
    assert np.mean(scores[0, 3:10, None] > scores[0, 10:]) > 6 / 7
    assert np.mean(np.delete(scores[1, 10:], [5, 6, 7])[:, None] > scores[1, :10]) > 6 / 7
    alone, beside = (model.vectors(Histories.of(rows)) for rows in ([[15, 16, 17]], [[0, 1, 2], [15, 16, 17]]))
    np.testing.assert_array_equal(alone[0], beside[1])


def test_bpr_goes_on_from_the_items_it_has() -> None:
    """With a new item in front the others keep their vectors to start from: ten epochs instead of forty do."""
    rows = [[item for item in range(20) if item % 2 == user % 2][: 6 + user % 4] for user in range(40)]
    model = BPR(embedding_size=8).fit(data(rows, 20))
    before = model.item_factors_.copy()
    again = model.partial_fit(data([[i + 1 for i in row] for row in rows], 21), was=np.arange(-1, 20, dtype=np.int32))
    close = np.sum(before * again.item_factors_[1:], axis=1)
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(again.item_factors_[1:], axis=1)
    assert np.median(close / sizes) > 0.8


@pytest.mark.parametrize("model_type", OURS, ids=lambda model: model.name)
def test_every_model_does_what_all_recommenders_do(
    model_type: type[Recommender], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The suite over all recommenders, for these, whether or not they are registered."""
    name = model_type.name
    monkeypatch.setitem(MODELS, name, model_type)
    if issubclass(model_type, SVD):
        monkeypatch.setitem(conformance.SETTINGS, name, {"burn_in": 10, "sweeps": 20, "draws": 4})
    board = conformance.named(
        [[i for i in range(20) if i % 2 == u % 2 and i != 2 * ((u // 2) % 10) + u % 2] for u in range(40)], 20
    )
    conformance.test_same_seed_same_model(name, board)
    conformance.test_saved_and_loaded_scores_equal(name, board, tmp_path / "a")
    conformance.test_empty_and_unseen_histories_are_served(name, board)
    conformance.test_a_history_of_ten_thousand_events(name)
    conformance.test_known_items_are_left_out_and_exhausted_lists_say_so(name, board)
    conformance.test_errors_are_ours(name, board, tmp_path / "b")
    if model_type.forgets_at_once or model_type is BPR:
        conformance.test_known_answer_checkerboard(name, board)
