"""What chance alone does to a mean over customers: bootstrap intervals and sign-flip tests, many columns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

RESAMPLES = 1_000
FLIPS = 10_000
"""With 45 pairs of ten models, Holm's first threshold is .001: so many flips can reach it."""
CELLS = 4_000_000
"""Random numbers held at once."""
SEED = 7


def bootstrap_means(values: NDArray[np.float64], *, draws: int = RESAMPLES, seed: int = SEED) -> NDArray[np.float64]:
    """Return the means of resampled customers (Efron, 1979).

    All columns are resampled together, so that the difference of two columns of a row is a paired draw.

    Parameters
    ----------
    values
        float64 (customers × columns), at least one customer.
    draws, seed
        How many resamples, and which.

    Returns
    -------
    means
        float64 (draws × columns).
    """
    customers = len(values)
    random = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    for rows in _blocks(draws, customers):
        picks = random.integers(0, customers, (rows, customers))
        picks += np.arange(rows)[:, None] * customers
        times = np.bincount(picks.ravel(), minlength=rows * customers).reshape(rows, customers)
        parts.append(times.astype(np.float64) @ values / customers)
    return np.concatenate(parts)


def interval(values: NDArray[np.float64], *, draws: int = RESAMPLES, seed: int = SEED) -> tuple[float, float]:
    """Return the 95% bootstrap interval (percentiles) of the mean of `values` (customers)."""
    return intervals(values[:, None], draws=draws, seed=seed)[0]


def intervals(
    values: NDArray[np.float64], *, draws: int = RESAMPLES, seed: int = SEED
) -> Sequence[tuple[float, float]]:
    """Return the 95% bootstrap interval of the mean of each column of `values` (customers × columns)."""
    return percentiles(bootstrap_means(values, draws=draws, seed=seed))


def percentiles(draws: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return the middle 95% of each column of `draws` (draws × columns)."""
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def sign_flips(values: NDArray[np.float64], *, draws: int = FLIPS, seed: int = SEED) -> NDArray[np.float64]:
    """Return sums of the columns with each customer's sign flipped by a fair coin.

    The sum is linear: the flipped sum of a difference of two columns is the difference of their flipped sums, so
    every pair of models is tested at the price of its models.

    Returns
    -------
    sums
        float64 (draws × columns).
    """
    random = np.random.default_rng(seed)
    customers = len(values)
    parts: list[NDArray[np.float64]] = [np.zeros((0, values.shape[1]))]
    for rows in _blocks(draws, customers):
        bits = np.frombuffer(random.bytes(rows * ((customers + 7) // 8)), np.uint8).reshape(rows, -1)
        heads = np.unpackbits(bits, axis=1, count=customers).astype(np.float64)
        parts.append(2 * (heads @ values) - values.sum(axis=0))
    return np.concatenate(parts)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values adjusted for their number by Holm (1979): no false finding in 95 of 100 tables."""
    order = np.argsort(p_values, kind="stable")
    raised = p_values[order] * (len(p_values) - np.arange(len(p_values)))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return adjusted


def _blocks(draws: int, customers: int) -> Iterator[int]:
    size = max(1, CELLS // max(1, customers))
    while draws > 0:
        yield min(size, draws)
        draws -= size
