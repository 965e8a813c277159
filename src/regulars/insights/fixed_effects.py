"""How one thing moves with another within products, whatever sets products and weeks apart.

The within estimator: y = a(product) + g(group, week) + b·x + noise, with the products' and the weeks' own levels
taken out of x and y by sweeping means (Frisch, Waugh and Lovell); the intervals take the weeks of one product as
dependent (clusters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

SWEEPS = 500
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Slope:
    """A slope with its 95% interval; nan where too few products say something."""

    value: float
    low: float
    high: float
    units: int
    """Products in which x moved."""
    n: int
    """Product-weeks."""


def codes_of(*columns: NDArray[np.generic]) -> Codes:
    """Return the numbers of the distinct combinations of columns, in their order."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, own = np.unique(column, return_inverse=True)
        _, code = np.unique(code * (int(own.max(initial=0)) + 1) + own, return_inverse=True)
    return code.astype(np.int64)


def within(values: Floats, unit: Codes, time: Codes) -> Floats:
    """Return values without their units' and their times' means: alternating sweeps until neither is left.

    Parameters
    ----------
    values
        Shape (n,).
    unit, time
        Codes from 0, shape (n,).
    """
    found = values.astype(np.float64)
    scale = float(np.std(found)) or 1.0 if len(found) else 1.0
    sizes = [(codes, np.bincount(codes)) for codes in (unit, time)]
    for _ in range(SWEEPS):
        moved = 0.0
        for codes, size in sizes:
            means = np.bincount(codes, found) / np.maximum(size, 1)
            found = found - means[codes]
            moved = max(moved, float(np.abs(means).max(initial=0.0)))
        if moved < TOLERANCE * scale:
            break
    return found


def slope(x: Floats, y: Floats, unit: Codes, times: int) -> Slope:
    """Return the slope of y on x, both from `within`, with standard errors clustered by unit.

    Variance: G/(G − 1) · (n − 1)/(n − times − 1) · Σ(Σ x·e within a unit)² ÷ (Σ x²)², Student's t with G − 1
    degrees of freedom, G the units in which x moves.

    Parameters
    ----------
    x, y
        Shape (n,).
    unit
        Codes, shape (n,).
    times
        How many time effects were taken out.
    """
    from scipy.special import stdtrit

    squares = float(x @ x)
    moving = np.bincount(unit, x * x, minlength=1) > TOLERANCE
    clusters, n = int(moving.sum()), len(x)
    if squares <= TOLERANCE or clusters < 2 or n <= times + 1:
        return Slope(np.nan, np.nan, np.nan, clusters, n)
    value = float(x @ y) / squares
    scores = np.bincount(unit, x * (y - value * x))
    factor = clusters / (clusters - 1) * (n - 1) / (n - times - 1)
    half = float(stdtrit(clusters - 1, 0.975) * np.sqrt(factor * (scores @ scores))) / squares
    return Slope(value, value - half, value + half, clusters, n)


def unit_slopes(x: Floats, errors: Floats, unit: Codes, common: float) -> tuple[Floats, Floats]:
    """Return each unit's own slope and its standard error; nan with fewer than three points or an x that stays.

    Parameters
    ----------
    x
        x without its units' means alone, shape (n,).
    errors
        What the common slope leaves of y (without units' and times' levels), shape (n,).
    unit
        Codes, shape (n,).
    common
        The common slope.
    """
    size = np.bincount(unit)
    squares = np.bincount(unit, x * x)
    known = (size >= 3) & (squares > TOLERANCE)
    safe = np.where(known, squares, 1.0)
    more = np.bincount(unit, x * errors) / safe
    left = np.bincount(unit, (errors - more[unit] * x) ** 2)
    variance = left / np.maximum(size - 2, 1) / safe
    return np.where(known, common + more, np.nan), np.where(known, np.sqrt(variance), np.nan)


def shrunk(values: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Pull estimates towards their common mean, the less sure the more (empirical Bayes).

    The spread τ² of the true values is the one at which Σ (v − m)² ÷ (s² + τ²) is what it should be, k − 1 (Paule
    and Mandel 1982), by bisection; m is the mean weighted by 1/(s² + τ²). With w = τ²/(s² + τ²) the result is
    w·v + (1 − w)·m, its standard error √(w·s² + (1 − w)² ÷ Σ 1/(s² + τ²)).

    Parameters
    ----------
    values, errors
        Estimates and standard errors, shape (k,); nan stays nan and counts for nothing.

    Returns
    -------
    values, errors
        Shape (k,).
    """
    known = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    if known.sum() < 3:
        return values, errors
    v, s2 = values[known], errors[known] ** 2
    spread = _spread(v, s2)
    weights = 1 / (s2 + spread)
    mean = float(weights @ v) / float(weights.sum())
    keep = spread * weights
    pulled, sure = values.copy(), errors.copy()
    pulled[known] = keep * v + (1 - keep) * mean
    sure[known] = np.sqrt(keep * s2 + (1 - keep) ** 2 / weights.sum())
    return pulled, sure


def _spread(v: Floats, s2: Floats) -> float:
    def excess(spread: float) -> float:
        weights = 1 / (s2 + spread)
        mean = float(weights @ v) / float(weights.sum())
        return float(weights @ (v - mean) ** 2) - (len(v) - 1)

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(np.var(v)) + float(np.max(s2))
    while excess(high) > 0:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
