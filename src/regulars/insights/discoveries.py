"""Many tests at once: which of them stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def discoveries(p_values: NDArray[np.float64], tests: int, rate: float = 0.05) -> NDArray[np.bool_]:
    """Return which tests stand at a false discovery rate (Benjamini and Hochberg 1995).

    The largest p(i), in order of size, with p(i) ≤ i · rate ÷ tests stands, and all smaller ones with it.

    Parameters
    ----------
    p_values
        Shape (k,); nan never stands.
    tests
        How many tests there were, at least k: those without a p-value count as 1.
    rate
        The share of false discoveries among all that is allowed in expectation.
    """
    if len(p_values) == 0:
        return np.zeros(0, dtype=np.bool_)
    order = np.sort(np.where(np.isnan(p_values), 1.0, p_values))
    bounds = rate * np.arange(1, len(order) + 1) / max(tests, len(order))
    passed = np.flatnonzero(order <= bounds)
    threshold = order[passed[-1]] if len(passed) else -1.0
    return p_values <= threshold
