"""Which differences between models are more than chance: paired over customers, corrected for their number."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regulars.interests.resampling import FLIPS, SEED, bootstrap_means, holm, percentiles, sign_flips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MEASURE = "ndcg@10"
"""What models are compared by."""
ALPHA = 0.05


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One model against another, on the same customers."""

    model: str
    other: str
    difference: float
    """Mean of `model` − mean of `other`."""
    interval: tuple[float, float]
    """95%, paired bootstrap over customers."""
    p: float
    """Two-sided sign-flip permutation test: how often chance alone makes so large a difference."""
    p_holm: float
    """The same, adjusted for the number of comparisons in the table."""

    def turned(self) -> Comparison:
        """Return the same comparison from the other model's side."""
        low, high = self.interval
        return Comparison(
            model=self.other, other=self.model, difference=-self.difference, interval=(-high, -low),
            p=self.p, p_holm=self.p_holm,
        )  # fmt: skip


def compare(values: dict[str, NDArray[np.float64]], *, flips: int = FLIPS, seed: int = SEED) -> list[Comparison]:
    """Compare every pair of models.

    Parameters
    ----------
    values
        A measure of each customer, float64 (customers), by model; the customers are the same for all.
    flips, seed
        How many sign flips, and which.

    Returns
    -------
    comparisons
        One a pair, in the order of `values`.
    """
    names = list(values)
    pairs = list(combinations(range(len(names)), 2))
    if not pairs:
        return []
    table = np.column_stack([values[name] for name in names])
    one, other = np.array(pairs).T
    drawn = bootstrap_means(table, seed=seed)
    ends = percentiles(drawn[:, one] - drawn[:, other])
    differences = table[:, one].mean(axis=0) - table[:, other].mean(axis=0)
    p_values = _sign_flip_p(table, one, other, flips, seed)
    return [
        Comparison(
            model=names[a], other=names[b], difference=float(differences[at]), interval=ends[at],
            p=float(p_values[at]), p_holm=float(adjusted),
        )
        for at, ((a, b), adjusted) in enumerate(zip(pairs, holm(p_values), strict=True))
    ]  # fmt: skip


def _sign_flip_p(
    table: NDArray[np.float64], one: NDArray[np.int64], other: NDArray[np.int64], flips: int, seed: int
) -> NDArray[np.float64]:
    # A customer whom all models served alike adds nothing to any difference, flipped or not: most of them, often.
    telling = table[np.ptp(table, axis=1) > 0]
    sums = telling.sum(axis=0)
    drawn = sign_flips(telling, draws=flips, seed=seed)
    found = np.abs(drawn[:, one] - drawn[:, other])
    # The same sum in another order differs in its last digits; it is the same sum.
    extreme = (found >= np.abs(sums[one] - sums[other]) - 1e-9).sum(axis=0)
    return (1 + extreme) / (flips + 1)


def verdict(
    values: dict[str, NDArray[np.float64]], comparisons: Sequence[Comparison], measure: str = MEASURE
) -> dict[str, Any]:
    """Say which model won, and from which others the data do not tell it apart.

    Returns
    -------
    verdict
        model (the highest mean, of equals the first by name), measure, not_distinguishable_from (names whose adjusted
        p-value is .05 or more).
    """
    winner = min(values, key=lambda name: (-float(values[name].mean()), name))
    tied = [
        pair.other if pair.model == winner else pair.model
        for pair in comparisons
        if winner in (pair.model, pair.other) and pair.p_holm >= ALPHA
    ]
    return {"model": winner, "measure": measure, "not_distinguishable_from": tied}


def against(comparisons: Sequence[Comparison], model: str, other: str) -> Comparison | None:
    """Return the comparison of `model` with `other`, from the side of `model`; None when it was not made."""
    for pair in comparisons:
        if (pair.model, pair.other) == (model, other):
            return pair
        if (pair.other, pair.model) == (model, other):
            return pair.turned()
    return None
