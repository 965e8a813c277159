"""How much each reason of the text model counts: learned on items hidden from a second, smaller fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from regulars.interests.text_parts import PERSONAL
from regulars.interests.top_k import top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories
    from regulars.interests.text_parts import TextParts

COLD = PERSONAL
"""Weights of cold items: near, map, category and popularity (nobody chose them, so nothing follows)."""
SIZE = COLD + PERSONAL + 2
"""Then those of warm items (all five reasons), and what an item has for being cold at all."""
DEFAULT = np.array([0.6, 1.0, 0.3, 0.1, 1.0, 0.3, 0.3, 0.1, 0.5, -0.5])
"""When a shop is too small to learn them."""
FEWEST = 200
"""Choices that must have been hidden for weights to be learned."""
BEST = 100
"""Items that a choice is compared with: those that the default weights put first,"""
OTHERS = 200
"""and so many of the rest, each standing for its share of them."""
PULL = 0.01
"""Of the weights towards zero."""


def combine(features: NDArray[np.float32], parts: TextParts, weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return Σ weight · reason, float32 (customers × items), from `TextParts.features`."""
    w = weights.astype(np.float32)
    scores = features @ w[COLD : COLD + PERSONAL] + w[COLD + PERSONAL] * parts.popular
    cold = np.flatnonzero(~parts.warm)
    if len(cold):
        scores[:, cold] = features[:, cold, 1:] @ w[: COLD - 1] + w[COLD - 1] * parts.popular[cold] + w[-1]
    return scores


class Choices:
    """What customers chose beside what else they could have: the rows of two conditional logits with one weight vector.

    One asks which of the hidden items a customer chose, the other what the last event was, hidden items and old ones
    together; the first tells the cold items from one another, the second the cold ones from the warm.

    Parameters
    ----------
    parts
        Fitted without the hidden items.
    hidden
        Numbers of the hidden items.
    seed
        Which items stand for all others.
    """

    def __init__(self, parts: TextParts, hidden: NDArray[np.int64], seed: int) -> None:
        self._parts = parts
        self._random = np.random.default_rng(seed)
        self._pools = (hidden, np.arange(len(parts.warm)))
        self._rows: tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]] = ([], [])

    def __len__(self) -> int:
        return len(self._rows[0])

    def add(self, features: NDArray[np.float32], histories: Histories, cold: Histories, last: Histories) -> None:
        """Add customers: `cold` holds hidden items that they chose, `last` the last event of each."""
        scores = combine(features, self._parts, DEFAULT)
        scores[histories.owners, histories.items] = -np.inf
        for targets, pool, rows in zip((cold, last), self._pools, self._rows, strict=True):
            best, _ = top_k(np.ascontiguousarray(scores[:, pool]), min(BEST, len(pool)))
            for owner, item in zip(targets.owners, targets.items, strict=True):
                if scores[owner, item] > -np.inf:
                    rows.append(self._row(features[owner], scores[owner], int(item), pool, pool[best[owner]]))

    def _row(
        self,
        features: NDArray[np.float32],
        scores: NDArray[np.float32],
        item: int,
        pool: NDArray[np.int64],
        best: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Return the choice and what it is compared with, each with the logarithm of how many items it stands for."""
        others = self._random.choice(pool, min(OTHERS, len(pool)))
        items = np.concatenate([[item], best, others])
        row = self._wide(features[items], items)
        stands_for = np.log(max(len(pool) - len(best), 1) / len(others))
        row[1 + len(best) :, SIZE] = np.where(np.isin(others, best), -np.inf, stands_for)
        # What the customer had, and the choice itself, cannot be what was not chosen.
        row[1:, SIZE] += np.where((scores[items[1:]] == -np.inf) | (items[1:] == item), -np.inf, 0)
        return row

    def _wide(self, features: NDArray[np.float32], items: NDArray[np.int64]) -> NDArray[np.float32]:
        """Put each item's reasons into the columns of its kind, cold or warm; the last column is for exclusions."""
        out = np.zeros((len(items), SIZE + 1), np.float32)
        warm = self._parts.warm[items]
        popular = self._parts.popular[items]
        cold = ~warm
        out[cold, : COLD - 1] = features[cold, 1:]
        out[cold, COLD - 1] = popular[cold]
        out[cold, SIZE - 1] = 1
        out[warm, COLD : COLD + PERSONAL] = features[warm]
        out[warm, COLD + PERSONAL] = popular[warm]
        return out

    def learn(self) -> NDArray[np.float64]:
        """Return the weights of the greatest likelihood, float64 (`SIZE`); `DEFAULT` when there is too little."""
        if len(self._rows[0]) < FEWEST or len(self._rows[1]) < FEWEST:
            return DEFAULT.copy()
        stacks = [np.stack(rows) for rows in self._rows]

        def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            total, slope = PULL * float(w @ w), 2 * PULL * w
            for stack in stacks:
                value, gradient = _logit(stack, w)
                total, slope = total + value, slope + gradient
            return total, slope

        return np.asarray(minimize(loss, DEFAULT, jac=True, method="L-BFGS-B").x, np.float64)


def _logit(rows: NDArray[np.float32], w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the mean of -ln P(first | row) and its gradient."""
    X = rows[:, :, :SIZE]
    scores = X @ w.astype(np.float32) + rows[:, :, SIZE]
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    totals = chances.sum(axis=1, keepdims=True)
    chances /= totals
    value = float((np.log(totals[:, 0]) - scores[:, 0]).mean())
    expected = np.einsum("rc,rcw->w", chances, X, optimize=True) / len(X)
    return value, np.asarray(expected - X[:, 0].mean(axis=0), np.float64)
