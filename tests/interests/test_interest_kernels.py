"""The numbers inside the models, against definitions worked by hand or by plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.interests import ALS, CoVisitation, Histories, Interactions, ItemKNN
from regulars.interests.blend_weights import conditional_logit
from regulars.interests.metrics import coverage, find_hits, hit_rate, ndcg, recall
from regulars.interests.splits import by_time, leave_one_out
from regulars.interests.top_k import top_k


def data(rows: list[list[int]], items: int) -> Interactions:
    return Interactions([str(i) for i in range(len(rows))], [str(i) for i in range(items)], Histories.of(rows))


def test_top_k_equals_a_full_sort_with_ties_by_number() -> None:
    """Against NumPy's stable sort, with many equal scores and forbidden items."""
    random = np.random.default_rng(0)
    scores = random.integers(0, 9, (50, 40)).astype(np.float32)
    scores[random.random(scores.shape) < 0.3] = -np.inf
    items, values = top_k(scores, 7)
    for row in range(50):
        order = [i for i in np.argsort(-scores[row], kind="stable") if np.isfinite(scores[row, i])][:7]
        assert items[row, : len(order)].tolist() == order
        assert (items[row, len(order) :] == -1).all()
        assert values[row, 0] == scores[row, order[0]]


def test_covisitation_by_hand() -> None:
    """History 0 1 2: 0→1 has gap 1, 0→2 gap 2; backwards half of it; each item was seen once."""
    model = CoVisitation(
        gap_decay=1.0,
        backward=0.5,
        customer_power=0.0,
        popularity_power=0.0,
        source_power=0.0,
        count_power=1.0,
        window=5,
    ).fit(data([[0, 1, 2]], 3))
    near, strengths = model.neighbours_.of(0)
    assert dict(zip(near.tolist(), strengths.tolist(), strict=True)) == {1: 1.0, 2: 0.5}
    near, strengths = model.neighbours_.of(2)
    assert dict(zip(near.tolist(), strengths.tolist(), strict=True)) == {1: 0.5, 0: 0.25}


def test_covisitation_prefers_what_follows() -> None:
    """Order matters: after 0 comes 1, before it came 2, and after counts more."""
    model = CoVisitation().fit(data([[2, 0, 1]] * 5, 3))
    scores = model.score(Histories.of([[0]]))[0]
    assert scores[1] > scores[2] > 0


def test_item_knn_is_the_cosine_of_customer_sets() -> None:
    """|{0,1}| shared by 2 of 3 and 2 customers: 2 / √6; a repeated purchase changes nothing."""
    model = ItemKNN(shrink=0.0).fit(data([[0, 1, 1], [0, 1], [0, 2]], 3))
    near, strengths = model.neighbours_.of(0)
    found = dict(zip(near.tolist(), strengths.tolist(), strict=True))
    assert found[1] == pytest.approx(2 / np.sqrt(6))
    assert found[2] == pytest.approx(1 / np.sqrt(3))


@pytest.mark.parametrize("long", [False, True])
def test_als_row_solution_equals_the_normal_equations(long: bool) -> None:
    """A customer's vector solves (α₀PᵀP + λI + BᵀCB)x = BᵀC1, in the dual and by conjugate gradients alike."""
    random = np.random.default_rng(2)
    rows = [random.choice(60, 50 if long else 6, replace=False).tolist() for _ in range(80)]
    model = ALS(embedding_size=16, history_decay=0.0, epochs=3).fit(data(rows, 60))
    history = Histories.of([rows[0]])
    P = model.item_factors_.astype(np.float64)
    a0 = model.config.unobserved_weight
    lam = model.config.reg * (len(rows[0]) + a0 * 60) ** model.config.reg_power
    B = P[np.array(rows[0])]
    expected = np.linalg.solve(a0 * P.T @ P + lam * np.eye(16) + B.T @ B, B.sum(axis=0))
    # Eight steps from zero leave a thousandth; the dual is exact to the precision of float32.
    np.testing.assert_allclose(model.vectors(history)[0], expected, rtol=0.02 if long else 2e-3, atol=2e-3)


def test_als_lowers_its_loss_with_every_epoch() -> None:
    """The objective of the formula falls over epochs."""
    random = np.random.default_rng(3)
    rows = [random.choice(30, 8, replace=False).tolist() for _ in range(100)]

    def loss(epochs: int) -> float:
        model = ALS(embedding_size=8, epochs=epochs, reg_power=0.0, reg=0.1, history_decay=0.0).fit(data(rows, 30))
        U, P = model.user_factors_, model.item_factors_
        fit = sum((1 - U[u] @ P[i]) ** 2 for u, row in enumerate(rows) for i in row)
        return float(fit + 0.1 * ((U @ P.T) ** 2).sum() + 0.1 * ((U**2).sum() + (P**2).sum()))

    assert loss(1) > loss(3) > loss(8)


def test_metrics_by_hand() -> None:
    """Two targets, hits at places 1 and 3: nDCG = (1 + 1/2) / (1 + 1/log₂3)."""
    hits = find_hits(np.array([[5, 1, 7, 2], [0, 1, 2, -1]], np.int32), Histories.of([[5, 7], [9]]), 10)
    assert recall(hits, 4).tolist() == [1.0, 0.0]
    assert hit_rate(hits, 1).tolist() == [1.0, 0.0]
    assert ndcg(hits, 4)[0] == pytest.approx(1.5 / (1 + 1 / np.log2(3)))
    assert coverage(np.array([[0, 1], [1, -1]]), 10) == 0.2


def test_leave_one_out_hides_the_last_and_keeps_validation_from_the_model() -> None:
    """Without refit the model does not see the validation item, the history does; two events are too few to ask."""
    events = data([[0, 1, 2, 3], [4, 5]], 6)
    plain, refit = leave_one_out(events, refit=False), leave_one_out(events)
    assert plain.targets.items.tolist() == [3]
    assert plain.histories.items.tolist() == [0, 1, 2]
    assert plain.train.histories.items.tolist() == [0, 1, 4, 5]
    assert refit.train.histories.items.tolist() == [0, 1, 2, 4, 5]
    assert leave_one_out(events, back=1).targets.items.tolist() == [2]


def test_time_split_never_learns_from_the_future() -> None:
    """Events at the cutoff are future; targets end with the horizon; customers without either side are not asked."""
    histories = Histories.of([[0, 1, 2], [3], [4, 5]], [[1, 10, 12], [2], [11, 30]])
    events = Interactions(["a", "b", "c"], [str(i) for i in range(6)], histories)
    split = by_time(events, 10, 5)
    assert split.train.histories.items.tolist() == [0, 3]
    assert split.users.tolist() == [0]
    assert split.targets.items.tolist() == [1, 2]


def test_conditional_logit_finds_the_weights_that_made_the_choices() -> None:
    """Choices drawn with weights (2, -1): found within their standard error."""
    random = np.random.default_rng(4)
    X = random.normal(size=(4000 * 5, 2)).astype(np.float32)
    utility = (X @ np.array([2.0, -1.0]) + random.gumbel(size=len(X))).reshape(-1, 5)
    chosen = np.zeros(utility.shape)
    chosen[np.arange(len(utility)), utility.argmax(axis=1)] = 1
    found = conditional_logit(X, chosen.ravel(), np.full(len(utility), 5), reg=0.01)
    np.testing.assert_allclose(found, [2.0, -1.0], atol=0.12)
