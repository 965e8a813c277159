"""Gibbs sampling for factors that are sums of features: the arithmetic of SVD and SVD++."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Features:
    """One group of features of a side, with a prior of its own.

    Parameters
    ----------
    count
        How many features there are.
    features, owners
        Which feature belongs to which row of the side, int64 (entries) each.
    weights
        How much it adds there, float64 (entries).
    """

    count: int
    features: NDArray[np.int64]
    owners: NDArray[np.int64]
    weights: NDArray[np.float64]


def own_features(count: int) -> Features:
    """Give every row one feature of its own."""
    numbers = np.arange(count)
    return Features(count, numbers, numbers, np.ones(count))


def met_features(count: int, met: NDArray[np.int32], owners: NDArray[np.int32]) -> Features:
    """Give every row the features of those it met, each weighing 1/√(how many they are)."""
    size = np.bincount(owners)
    return Features(count, met.astype(np.int64), owners.astype(np.int64), 1 / np.sqrt(size[owners]))


class Side:
    """The rows of one side (customers, items, sittings), whose vectors are weighted sums of features.

    Column 0 of a vector is the bias. Every group of features has for each column a normal prior, whose mean and
    precision are drawn too, so that there is no regularisation to choose.

    Attributes
    ----------
    vectors
        float64 (columns × rows).
    values
        The features' own vectors, float64 (columns × features).
    mean, precision
        Priors, float64 (groups × columns).
    """

    def __init__(self, rows: int, groups: list[Features], columns: int, random: np.random.Generator) -> None:
        sizes = [group.count for group in groups]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)])
        features = np.concatenate([g.features + at for g, at in zip(groups, self.offsets[:-1], strict=True)])
        order = np.argsort(features, kind="stable")
        self.owners = np.concatenate([group.owners for group in groups])[order].astype(np.int32)
        self.weights = np.concatenate([group.weights for group in groups])[order]
        counts = np.bincount(features, minlength=self.offsets[-1])
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.group = np.repeat(np.arange(len(groups)), sizes)
        self.values = random.normal(0, 0.1, (columns, int(self.offsets[-1])))
        self.values[0] = 0
        self.vectors = np.zeros((columns, rows))
        self.mean = np.zeros((len(groups), columns))
        self.precision = np.ones((len(groups), columns))
        self.sum_up()

    def sum_up(self) -> None:
        """Set the vectors to the sums of their features."""
        spread = np.repeat(np.arange(len(self.group)), np.diff(self.starts))
        self.vectors[:] = 0
        np.add.at(self.vectors.T, self.owners, (self.values[:, spread] * self.weights).T)

    def draw_priors(self, random: np.random.Generator) -> None:
        """Draw each prior's precision and mean, given the features (normal-gamma, all hyper-parameters 1)."""
        for group, (begin, end) in enumerate(zip(self.offsets[:-1], self.offsets[1:], strict=True)):
            values, mean, size = self.values[:, begin:end], self.mean[group], end - begin
            spread = 1 + ((values - mean[:, None]) ** 2).sum(axis=1) + mean**2
            self.precision[group] = random.gamma(1 + size / 2, 2 / spread)
            scale = 1 / np.sqrt((size + 1) * self.precision[group])
            self.mean[group] = random.normal(values.sum(axis=1) / (size + 1), scale)

    def draw(
        self,
        column: int,
        errors: NDArray[np.float64],
        rows: NDArray[np.int32],
        others: NDArray[np.int32],
        factors: NDArray[np.float64],
        noise: float,
        normals: NDArray[np.float64],
    ) -> None:
        """Draw one column of all features given everything else, and keep `errors` what they are.

        Parameters
        ----------
        column
            Which.
        errors
            Rating minus prediction, float64 (ratings); changed.
        rows, others
            Of each rating, its row on this side and on the other.
        factors
            What the column is multiplied with, float64 (rows of the other side).
        noise
            Precision of a rating's noise.
        normals
            Standard normal numbers, float64 (features).
        """
        _draw(
            errors, rows, others, factors, self.owners, self.weights, self.starts, self.group, self.mean[:, column],
            self.precision[:, column], noise, normals, self.values[column], self.vectors[column],
        )  # fmt: skip


@kernel
def _draw(
    errors: NDArray[np.float64],
    rows: NDArray[np.int32],
    others: NDArray[np.int32],
    factors: NDArray[np.float64],
    owners: NDArray[np.int32],
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    group: NDArray[np.int64],
    mean: NDArray[np.float64],
    precision: NDArray[np.float64],
    noise: float,
    normals: NDArray[np.float64],
    values: NDArray[np.float64],
    vector: NDArray[np.float64],
) -> None:
    # A row's ratings enter only through Σx² and Σx·error, so that a feature of many rows costs one step a row and not
    # one a rating: that is what makes implicit feedback as cheap as the rest.
    squares = np.zeros(len(vector))
    products = np.zeros(len(vector))
    before = vector.copy()
    for at in range(len(errors)):
        x = factors[others[at]]
        squares[rows[at]] += x * x
        products[rows[at]] += x * errors[at]
    for feature in range(len(group)):
        square = 0.0
        product = 0.0
        for at in range(starts[feature], starts[feature + 1]):
            square += weights[at] * weights[at] * squares[owners[at]]
            product += weights[at] * products[owners[at]]
        prior = precision[group[feature]]
        sharp = noise * square + prior
        centre = (noise * (product + square * values[feature]) + prior * mean[group[feature]]) / sharp
        step = centre + normals[feature] / np.sqrt(sharp) - values[feature]
        values[feature] += step
        for at in range(starts[feature], starts[feature + 1]):
            products[owners[at]] -= step * weights[at] * squares[owners[at]]
            vector[owners[at]] += step * weights[at]
    for at in range(len(errors)):
        errors[at] -= factors[others[at]] * (vector[rows[at]] - before[rows[at]])


@kernel
def fold_in(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float32],
    factors: NDArray[np.float32],
    gram: NDArray[np.float32],
    right: NDArray[np.float32],
    blank: np.float32,
    mean: NDArray[np.float32],
    precision: NDArray[np.float32],
    start: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the ridge solution of each history into `out`: its vector beyond `start`, bias first.

    (Σ w·xxᵀ + blank·Σw·gram + Λ) v = Σ w·x·(target − ⟨x, start⟩) + blank·Σw·(right − gram·start) + Λ·mean
    """
    size = factors.shape[1]
    for row in range(len(indptr) - 1):
        A = np.zeros((size, size))
        b = np.zeros(size)
        total = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            x = factors[items[at]]
            rest = targets[at] - np.float32(0)
            for i in range(size):
                rest -= x[i] * start[row, i]
            total += weights[at]
            for i in range(size):
                b[i] += weights[at] * x[i] * rest
                for j in range(i + 1):
                    A[i, j] += weights[at] * x[i] * x[j]
        share = total * blank
        for i in range(size):
            b[i] += precision[i] * mean[i]
            A[i, i] += precision[i]
            if share > 0:
                b[i] += share * right[i]
                for j in range(size):
                    b[i] -= share * gram[i, j] * start[row, j]
                for j in range(i + 1):
                    A[i, j] += share * gram[i, j]
        _solve(A, b)
        for i in range(size):
            out[row, i] = b[i]


@kernel
def _solve(A: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    """Solve A x = b in place by Cholesky, A symmetric and positive, its lower half given."""
    size = len(b)
    for j in range(size):
        for k in range(j):
            A[j, j] -= A[j, k] * A[j, k]
        A[j, j] = np.sqrt(A[j, j])
        for i in range(j + 1, size):
            for k in range(j):
                A[i, j] -= A[i, k] * A[j, k]
            A[i, j] /= A[j, j]
    for i in range(size):
        for k in range(i):
            b[i] -= A[i, k] * b[k]
        b[i] /= A[i, i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            b[i] -= A[k, i] * b[k]
        b[i] /= A[i, i]
