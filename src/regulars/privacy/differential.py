"""Counts that hide whether any one person is in them.

The discrete Laplace (two-sided geometric) mechanism: `count + Z`, `P(Z = z) = (1 − α)/(1 + α) · α^|z|`, `α = e^−ε`,
is ε-differentially private when one person changes the count by at most 1 (Ghosh, Roughgarden and Sundararajan,
2009). The noise is drawn exactly, with whole numbers alone (Canonne, Kamath and Steinke, 2020): the rounding of
floating-point Laplace noise gives the true count away (Mironov, 2012).
"""

from __future__ import annotations

import math
import secrets
from fractions import Fraction
from typing import TYPE_CHECKING

from regulars.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    Below = Callable[[int], int]
    """Returns a uniform whole number below its argument."""


def laplace_count(true: int, epsilon: float, rng: Below = secrets.randbelow) -> int:
    """Return the count with noise, at least 0.

    Parameters
    ----------
    true
        How many people; each counts once (sensitivity 1).
    epsilon
        Privacy loss, above 0: small is private, large is exact. It is read to a thousandth, rounded down.
    rng
        Source of randomness; only tests should name another than the system's.

    Raises
    ------
    UsageError
        `epsilon` is below 0.001 or not a number.
    """
    return max(0, true + _noise(_fraction(epsilon), rng))  # not below 0: what follows the noise costs no privacy


def interval_95(epsilon: float) -> int:
    """Return the m for which the noise lies within ±m at least 95 times in 100.

    `P(|Z| > m) = 2·α^(m+1) / (1 + α)`; 6 for ε = 0.5.
    """
    alpha = math.exp(-float(_fraction(epsilon)))
    within = math.log(0.05 * (1 + alpha) / 2) / math.log(alpha)
    return max(0, math.ceil(within) - 1)


def _fraction(epsilon: float) -> Fraction:
    if not (math.isfinite(epsilon) and epsilon >= 0.001):
        raise UsageError(f"an epsilon of {epsilon} cannot be used", fix="Use a number from 0.001 up, such as 0.5.")
    # 0.29 · 1000 is 289.99999999999994 in binary: a millionth of slack reads it as it was written.
    return Fraction(math.floor(epsilon * 1000 + 1e-6), 1000)


def _noise(epsilon: Fraction, below: Below) -> int:
    """Draw from the discrete Laplace distribution of scale 1/ε (Canonne et al., algorithm 2)."""
    s, t = epsilon.numerator, epsilon.denominator
    while True:
        u = below(t)
        if not _happens(Fraction(u, t), below):
            continue
        whole = 0
        while _happens(Fraction(1), below):
            whole += 1
        size = (u + t * whole) // s
        negative = below(2) == 1
        if not (negative and size == 0):  # zero has one sign
            return -size if negative else size


def _happens(gamma: Fraction, below: Below) -> bool:
    """Return True with probability `e^−γ`, 0 ≤ γ ≤ 1 (Canonne et al., algorithm 1)."""
    k = 1
    # Each round goes on with probability γ/k; the number of rounds is odd with probability e^−γ.
    while below(gamma.denominator * k) < gamma.numerator:
        k += 1
    return k % 2 == 1
