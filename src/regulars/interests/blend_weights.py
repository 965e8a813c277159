"""How the blend weighs what it knows of candidates, and which way of weighing it trusts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from regulars.interests.blend_trees import Trees, grow

if TYPE_CHECKING:
    from numpy.typing import NDArray

JUDGES = 0.25
"""Share of the customers that teach which decide what is trusted: how many trees, and whether the blend at all."""
FEWEST = 200
"""With fewer teaching customers trees are not tried."""
SURE = 1.0
"""A part alone is preferred to the blend when it is better by this many standard errors."""
DEPTH = 20
"""Places of a list that count."""


@dataclass(frozen=True)
class Lesson:
    """Candidates of customers who chose one of them.

    Parameters
    ----------
    X
        Features, float32 (candidates of all customers, one customer after the other × features).
    chosen
        1 for what was chosen, float64 (candidates).
    lengths
        Candidates of each customer, int64.
    """

    X: NDArray[np.float32]
    chosen: NDArray[np.float64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lengths)

    def first(self, customers: int) -> Lesson:
        """Return the lesson of the first customers."""
        end = int(self.lengths[:customers].sum())
        return Lesson(self.X[:end], self.chosen[:end], self.lengths[:customers])

    def after(self, customers: int) -> Lesson:
        """Return the lesson of the others."""
        begin = int(self.lengths[:customers].sum())
        return Lesson(self.X[begin:], self.chosen[begin:], self.lengths[customers:])


@dataclass(frozen=True)
class Weighing:
    """A score of candidates: w · features + trees.

    Parameters
    ----------
    weights
        w, float64 (features).
    trees
        What is added to it.
    trusts
        'trees', 'weights' or the name of the one part that is followed.
    """

    weights: NDArray[np.float64]
    trees: Trees
    trusts: str

    def score(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the score of each candidate, float64 (candidates)."""
        return X @ self.weights.astype(np.float32) + self.trees.score(X)

    def added(self, X: NDArray[np.float32], centre: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each feature adds beside an average candidate's, float64 (candidates × features)."""
        return (X - centre) * self.weights + self.trees.shares(X)


def learn_weighing(lesson: Lesson, places: dict[str, int], reg: float, seed: int) -> Weighing:
    """Learn weights and trees, and return what ranks best for customers that taught nothing.

    Three ways compete on the last quarter of the customers: weights alone, weights corrected by trees, and each part
    alone, so that the blend is not worse than its best part where there is too little to learn from. The one that
    wins then learns from all customers.

    Parameters
    ----------
    lesson
        Customers in random order.
    places
        Part → the column of its own order.
    reg
        Of the weights (see `conditional_logit`).
    seed
        Of the trees.
    """
    if len(lesson) < FEWEST:
        return Weighing(_logit(lesson, reg), Trees.none(), "weights")
    judges = int(len(lesson) * JUDGES)
    teachers, held = lesson.first(len(lesson) - judges), lesson.after(len(lesson) - judges)
    trial = Weighing(_logit(teachers, reg), Trees.none(), "weights")
    plain = gains(held, trial.score(held.X))
    base = (lesson.X @ trial.weights.astype(np.float32)).astype(np.float64)
    trees = grow(lesson.X, lesson.chosen, lesson.lengths, base, judges=judges, seed=seed)
    corrected = gains(held, trial.score(held.X) + trees.score(held.X))
    best, trusts = (corrected, "trees") if corrected.mean() > plain.mean() else (plain, "weights")
    for part, column in places.items():
        alone = gains(held, held.X[:, column].astype(np.float64))
        apart = alone - best
        if apart.mean() > SURE * apart.std(ddof=1) / len(apart) ** 0.5:
            best, trusts = alone, part
    if trusts in places:
        weights = np.zeros(lesson.X.shape[1])
        weights[places[trusts]] = 1.0
        return Weighing(weights, Trees.none(), trusts)
    weights = _logit(lesson, reg)
    if trusts == "weights":
        return Weighing(weights, Trees.none(), trusts)
    base = (lesson.X @ weights.astype(np.float32)).astype(np.float64)
    final = grow(lesson.X, lesson.chosen, lesson.lengths, base, trees=len(trees.roots), seed=seed)
    return Weighing(weights, final, trusts)


def gains(lesson: Lesson, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each customer's nDCG over the first places of the candidates in the order of the scores, float64."""
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lesson.lengths)[:-1]])
    customer = np.repeat(np.arange(len(lesson)), lesson.lengths)
    order = np.lexsort((-scores, customer))
    place = np.empty(len(scores), np.int64)
    place[order] = np.arange(len(scores)) - np.repeat(starts, lesson.lengths)
    worth = np.where(place < DEPTH, lesson.chosen / np.log2(place + 2.0), 0.0)
    wanted = np.add.reduceat(lesson.chosen, starts).astype(np.int64)
    ideal = np.concatenate([np.zeros(1), np.cumsum(1 / np.log2(np.arange(DEPTH) + 2.0))])
    return np.add.reduceat(worth, starts) / ideal[np.clip(wanted, 1, DEPTH)]


def _logit(lesson: Lesson, reg: float) -> NDArray[np.float64]:
    return conditional_logit(lesson.X, lesson.chosen, lesson.lengths, reg)


def conditional_logit(
    X: NDArray[np.float32], chosen: NDArray[np.float64], lengths: NDArray[np.int64], reg: float
) -> NDArray[np.float64]:
    """Return the weights that make the choices most likely.

    Parameters
    ----------
    X
        Features, float32 (candidates of all customers, one customer after the other × features).
    chosen
        1 for what was chosen, float64 (candidates); several choices of a customer count equally, in total one.
    lengths
        Candidates of each customer, int64.
    reg
        Weight of ½|w|², on features scaled to unit deviation.

    Returns
    -------
    w
        float64 (features), in the features' own units.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    scale = X.std(axis=0, dtype=np.float64)
    scale[scale == 0] = 1.0
    # In float32: millions of candidates are held once more, and no more precisely than they were computed.
    Z = (X - mean.astype(np.float32)) / scale.astype(np.float32)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])
    customer = np.repeat(np.arange(len(lengths)), lengths)
    share = chosen / np.add.reduceat(chosen, starts)[customer]

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        utility = (Z @ w.astype(np.float32)).astype(np.float64)
        utility -= np.maximum.reduceat(utility, starts)[customer]
        odds = np.exp(utility)
        total = np.add.reduceat(odds, starts)
        value = -share @ utility + np.log(total).sum() + 0.5 * reg * w @ w
        miss = (odds / total[customer] - share).astype(np.float32)
        return float(value), (miss @ Z).astype(np.float64) + reg * w

    found = minimize(loss, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x) / scale
