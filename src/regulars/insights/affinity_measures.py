"""Support, confidence, lift and how sure it is, for many pairs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.core.compute import pc
from regulars.insights.discoveries import discoveries
from regulars.insights.intervals import Z_975

if TYPE_CHECKING:
    from numpy.typing import NDArray

SORTED_BY = {"lift": "low", "confidence": "confidence", "support": "support"}


def measured(pairs: pa.Table, *, anchored: bool) -> pa.Table:
    """Return the measures of pairs counted by `co_bought`, the rarer of each first unless `one` is the anchor.

    The row without names that stands for 'no pair' is dropped.
    """
    pairs = pairs.filter(pairs["one"].is_valid())
    columns = {name: pairs[name].to_numpy() for name in ("orders", "one_orders", "two_orders", "all_orders")}
    k, a, b, n = (columns[name].astype(np.float64) for name in ("orders", "one_orders", "two_orders", "all_orders"))
    swap = np.zeros(len(k), dtype=np.bool_) if anchored else b < a
    lift, low, high = lift_interval(k, a, b, n)
    units = int(pairs["units"][0].as_py()) if len(k) else 0
    tests = units - 1 if anchored else units * (units - 1) // 2
    p_value = more_than_chance(k, a, b, n)
    values: dict[str, Any] = {
        "item": _either(swap, pairs["two"], pairs["one"]),
        "with_item": _either(swap, pairs["one"], pairs["two"]),
        "title": _either(swap, pairs["two_title"], pairs["one_title"]),
        "with_title": _either(swap, pairs["one_title"], pairs["two_title"]),
        "orders": columns["orders"],
        "customers": pairs["customers"].combine_chunks(),
        "item_orders": np.where(swap, columns["two_orders"], columns["one_orders"]),
        "with_orders": np.where(swap, columns["one_orders"], columns["two_orders"]),
        "support": k / n,
        "confidence": k / np.where(swap, b, a),
        "confidence_back": k / np.where(swap, a, b),
        "lift": lift,
        "low": low,
        "high": high,
        "p_value": p_value,
        "stands": discoveries(p_value, tests),
    }
    return pa.table(values)


def lift_interval(
    k: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the lift k·n ÷ (a·b) and its 95% interval, by the delta method on its logarithm.

    With p = k/n, q = a/n, r = b/n the variance of log lift is (1/p − 1/q − 1/r + 2·lift − 1) ÷ n, from the
    multinomial counts of the four kinds of order.

    Parameters
    ----------
    k, a, b, n
        Orders with both (above 0), with the first, with the second, and all; shape (pairs,).
    """
    lift = k * n / (a * b)
    variance = 1 / k - 1 / a - 1 / b + (2 * lift - 1) / n
    factor = np.exp(Z_975 * np.sqrt(np.maximum(variance, 0.0)))
    return lift, lift / factor, lift * factor


def more_than_chance(
    k: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], n: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return Fisher's exact p-value that two would be together in k orders or more by chance (hypergeometric)."""
    from scipy.stats import hypergeom

    if len(k) == 0:
        return np.zeros(0)
    return np.clip(hypergeom.sf(k - 1, n, a, b), 0.0, 1.0)


def ranked(pairs: pa.Table, sort: str, limit: int) -> pa.Table:
    """Return the first pairs: by the chosen measure, then by orders with both, then by the names."""
    keys = [(SORTED_BY[sort], "descending"), ("orders", "descending")]
    keys += [("item", "ascending"), ("with_item", "ascending")]
    return pairs.sort_by(keys).slice(0, limit)


def _either(swap: NDArray[np.bool_], yes: pa.ChunkedArray, no: pa.ChunkedArray) -> pa.Array:
    return pc.if_else(pa.array(swap), yes.combine_chunks(), no.combine_chunks())
