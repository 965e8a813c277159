"""Alternating least squares against solves in float64, and how it goes on learning."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.interests import ALS, Histories, Interactions
from regulars.interests.als_entries import entries, shares, transpose
from regulars.interests.als_kernel import sizes, solve_range, solve_rows


def data(rows: list[list[int]], items: int) -> Interactions:
    return Interactions([str(i) for i in range(len(rows))], [str(i) for i in range(items)], Histories.of(rows))


@pytest.mark.parametrize(("steps", "exact"), [(40, 0), (1, 1000)])
def test_rows_solve_the_normal_equations(steps: int, exact: int) -> None:
    """Many steps and the dual alike; each row has its own λ and its entries their own weights."""
    random = np.random.default_rng(0)
    f, columns = 32, 80
    Y = random.normal(0, 0.3, (columns, f))
    spectrum, Q = np.linalg.eigh(Y.T @ Y)
    lengths = np.array([1, 0, 5, 31, 32, 33, 60])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    chosen = np.concatenate([random.choice(columns, n, replace=False) for n in lengths]).astype(np.int32)
    weights = random.uniform(0.2, 3, len(chosen))
    reg = random.uniform(0.05, 0.5, len(lengths))
    X = np.zeros((len(lengths), f), np.float32)
    solve_range(
        indptr, chosen, weights.astype(np.float32), reg.astype(np.float32), np.float32(0.3),
        spectrum.astype(np.float32), (Y @ Q).astype(np.float32), X, steps, exact, sizes(f), 0, len(lengths),
    )  # fmt: skip
    for row, n in enumerate(lengths):
        part = slice(indptr[row], indptr[row + 1])
        B, c = Y[chosen[part]], weights[part]
        A = 0.3 * Y.T @ Y + reg[row] * np.eye(f) + B.T @ (c[:, None] * B)
        wanted = np.linalg.solve(A, B.T @ c) if n else np.zeros(f)
        np.testing.assert_allclose(X[row] @ Q.T, wanted, rtol=2e-3, atol=2e-4)


def test_rows_longer_than_what_is_copied_are_solved_too() -> None:
    """A row of 20,000 entries at 16 factors does not fit the copy: the rest is fetched again, and nothing is lost."""
    random = np.random.default_rng(1)
    Y = random.normal(0, 0.1, (20_000, 16)).astype(np.float32)
    spectrum, Q = np.linalg.eigh((Y.T @ Y).astype(np.float64))
    chosen = np.arange(20_000, dtype=np.int32)
    X = np.zeros((1, 16), np.float32)
    solve_range(
        np.array([0, 20_000]), chosen, np.ones(20_000, np.float32), np.ones(1, np.float32), np.float32(0.1),
        spectrum.astype(np.float32), (Y @ Q).astype(np.float32), X, 20, 0, sizes(16), 0, 1,
    )  # fmt: skip
    B = Y.astype(np.float64)
    wanted = np.linalg.solve(1.1 * B.T @ B + np.eye(16), B.sum(axis=0))
    np.testing.assert_allclose(X[0] @ Q.T, wanted, rtol=2e-3, atol=2e-4)


def test_two_threads_solve_as_one_does() -> None:
    """A row's solution does not depend on who solves it: the same bits."""
    random = np.random.default_rng(2)
    indptr = np.concatenate([[0], np.cumsum(random.integers(0, 20, 50))])
    chosen = random.integers(0, 30, indptr[-1]).astype(np.int32)
    Y = random.normal(size=(30, 16)).astype(np.float32)
    found = [np.zeros((50, 16), np.float32) for _ in range(2)]
    for threads, X in enumerate(found, 1):
        solve_rows(indptr, chosen, np.ones(len(chosen), np.float32), np.ones(50, np.float32), np.float32(0.1),
                   np.ones(16, np.float32), Y, X, 3, threads)  # fmt: skip
    np.testing.assert_array_equal(*found)


def test_shares_cut_at_equal_entries_and_cover_every_row() -> None:
    """Six entries in one row weigh as much as six rows of one; empty rows at both ends belong to somebody."""
    indptr = np.array([0, 0, 6, 7, 8, 9, 10, 11, 12, 12])
    assert shares(indptr, 2).tolist() == [0, 2, 9]
    assert shares(np.array([0, 0, 0]), 3).tolist()[-1] == 2


def test_entries_and_their_transpose_by_hand() -> None:
    """A repeated item is one entry of weight 1 + ln(sum); the latest event counts whole, the one before 2^-1."""
    rows = entries(Histories.of([[3, 1, 3], [], [1]]), 4, 1.0)
    assert rows[0].tolist() == [0, 2, 2, 3]
    assert rows[1].tolist() == [3, 1, 1]
    np.testing.assert_allclose(rows[2], [1 + np.log(1 + 1 / 3), 1 + np.log(1 / 2), 1.0], rtol=1e-6)
    starts, owners, weights = transpose(rows, 4)
    assert starts.tolist() == [0, 0, 2, 2, 3]
    assert owners.tolist() == [0, 2, 0]
    np.testing.assert_allclose(weights, rows[2][[1, 2, 0]])


def test_factor_counts_that_fill_no_vector_lose_nothing() -> None:
    """Ten factors are solved in sixteen columns: what is kept gives the scores of normal equations in ten."""
    random = np.random.default_rng(4)
    rows = [random.choice(40, 8, replace=False).tolist() for _ in range(60)]
    model = ALS(embedding_size=10, epochs=4, steps=12, history_decay=0.0).fit(data(rows, 40))
    assert model.item_factors_.shape == (40, 10)
    P = model.item_factors_.astype(np.float64)
    lam = model.config.reg * (8 + 0.1 * 40)
    for user in (0, 59):
        B = P[rows[user]]
        wanted = np.linalg.solve(0.1 * P.T @ P + lam * np.eye(10) + B.T @ B, B.sum(axis=0))
        np.testing.assert_allclose(model.user_factors_[user], wanted, rtol=1e-2, atol=1e-3)


def test_going_on_learning_keeps_what_was_known_and_takes_in_what_is_new() -> None:
    """Two sweeps from old vectors come nearer to a whole fit's loss than two from nothing; new items get vectors."""
    random = np.random.default_rng(5)
    taste = [np.arange(0, 20), np.arange(20, 40)]
    rows = [random.choice(taste[u % 2], 8, replace=False).tolist() for u in range(80)]
    model = ALS(embedding_size=8).fit(data(rows, 40))
    # Every item but item 0 moves up by one, item 0 is new, and even customers chose it.
    later = [[item + 1 for item in row] + ([0] if u % 2 == 0 else []) for u, row in enumerate(rows)]
    was = np.arange(-1, 40, dtype=np.int32)
    model.partial_fit(data(later, 41), was=was)
    assert model.item_factors_.shape == (41, 8)
    assert not ALS.forgets_at_once
    scores = model.score(Histories.of([[1, 2, 3], [22, 23, 24]]))
    assert scores[0, 0] > 5 * abs(scores[1, 0])
    assert scores[0, 1:21].mean() > scores[0, 21:].mean() + 0.3
