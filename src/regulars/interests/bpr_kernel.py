"""Stochastic gradient steps of Bayesian personalised ranking, one after another: the same seed, the same vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def next_number(state: NDArray[np.uint64], below: int) -> int:
    """Draw a whole number under `below` (xorshift64*); `state` holds one number that is not 0."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return int((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % below


@kernel
def has(sorted_items: NDArray[np.int32], begin: Any, end: Any, item: int) -> bool:
    """Tell whether `item` is in sorted_items[begin:end]."""
    while begin < end:
        middle = (begin + end) // 2
        if sorted_items[middle] < item:
            begin = middle + 1
        elif sorted_items[middle] > item:
            end = middle
        else:
            return True
    return False


@kernel
def epoch(
    order: NDArray[np.int64],
    owners: NDArray[np.int32],
    chosen: NDArray[np.int32],
    weights: NDArray[np.float32],
    indptr: NDArray[np.int64],
    known: NDArray[np.int32],
    U: NDArray[np.float32],
    P: NDArray[np.float32],
    bias: NDArray[np.float32],
    rate: np.float32,
    reg: np.float32,
    candidates: int,
    state: NDArray[np.uint64],
    learn_items: bool,
) -> None:
    """Take one step for each pair of `order`, against the best-scored of a few items that the customer did not choose.

    u ← u + rate·(w·(1 − σ(s_i − s_j))·(p_i − p_j) − reg·u), the items alike; without `learn_items` only u moves.
    """
    n_items, size = P.shape
    for at in order:
        user, item = owners[at], chosen[at]
        other = -1
        best = np.float32(-np.inf)
        for _ in range(candidates):
            drawn = next_number(state, n_items)
            if has(known, indptr[user], indptr[user + 1], drawn):
                continue
            value = bias[drawn]
            for k in range(size):
                value += U[user, k] * P[drawn, k]
            if other < 0 or value > best:
                other, best = drawn, value
        if other < 0:
            continue
        ahead = bias[item] - best
        for k in range(size):
            ahead += U[user, k] * P[item, k]
        pull = weights[at] / (np.float32(1) + np.exp(ahead))
        for k in range(size):
            u, p, q = U[user, k], P[item, k], P[other, k]
            U[user, k] += rate * (pull * (p - q) - reg * u)
            if learn_items:
                P[item, k] += rate * (pull * u - reg * p)
                P[other, k] += rate * (-pull * u - reg * q)
        if learn_items:
            bias[item] += rate * (pull - reg * bias[item])
            bias[other] += rate * (-pull - reg * bias[other])


@kernel
def fold_in(
    latest: NDArray[np.int64],
    owners: NDArray[np.int32],
    chosen: NDArray[np.int32],
    weights: NDArray[np.float32],
    indptr: NDArray[np.int64],
    known: NDArray[np.int32],
    U: NDArray[np.float32],
    P: NDArray[np.float32],
    bias: NDArray[np.float32],
    rate: np.float32,
    reg: np.float32,
    candidates: int,
    seed: int,
    epochs: int,
) -> None:
    """Find the vector of each history, whose events are those from latest[row] to latest[row + 1]."""
    state = np.zeros(1, np.uint64)
    for row in range(len(latest) - 1):
        # The same random numbers for each: what a customer is shown must not depend on who else is asked for.
        state[0] = seed
        order = np.arange(latest[row], latest[row + 1])
        for _ in range(epochs):
            epoch(
                order, owners, chosen, weights, indptr, known, U, P, bias, rate, reg, candidates, state, False
            )  # fmt: skip
