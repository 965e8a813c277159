"""Customers' histories as the sparse matrix that is factorised: one weighted entry for each (customer, item)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories

Entries = tuple["NDArray[np.int64]", "NDArray[np.int32]", "NDArray[np.float32]"]
"""Rows as (indptr, columns, weights)."""


def entries(histories: Histories, n_items: int, decay: float) -> Entries:
    """Return one entry for each (customer, item): weight 1 + ln(sum of evidence), at least a tenth.

    Parameters
    ----------
    histories
        Customers.
    n_items
        Items there are.
    decay
        The r-th latest event counts (1 + r)^-decay.
    """
    longest = int(histories.lengths.max(initial=0))
    recency = np.asarray((1.0 + np.arange(longest)) ** -decay, np.float64)
    indptr = np.zeros(len(histories) + 1, np.int64)
    columns = np.empty(len(histories.items), np.int32)
    evidence = np.empty(len(histories.items))
    _sum_evidence(histories.indptr, histories.items, histories.weights, recency, n_items, indptr, columns, evidence)
    total = evidence[: indptr[-1]]
    weights = np.maximum(1 + np.log(np.maximum(total, 1e-3)), 0.1).astype(np.float32)
    return indptr, columns[: indptr[-1]], weights


def transpose(rows: Entries, n_columns: int) -> Entries:
    """Return the same entries by column; within a column the rows rise."""
    indptr, columns, weights = rows
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(columns, minlength=n_columns))])
    owners = np.empty(len(columns), np.int32)
    turned = np.empty(len(columns), np.float32)
    _turn(indptr, columns, weights, starts[:-1].copy(), owners, turned)
    return starts, owners, turned


def shares(indptr: NDArray[np.int64], parts: int) -> NDArray[np.int64]:
    """Return where to cut the rows so that each of `parts` has about as many entries, int64 (parts + 1)."""
    cuts = np.searchsorted(indptr, np.linspace(0, indptr[-1], parts + 1))
    cuts[0], cuts[-1] = 0, len(indptr) - 1
    return np.maximum.accumulate(np.minimum(cuts, len(indptr) - 1)).astype(np.int64)


@kernel
def _sum_evidence(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    weights: NDArray[np.float32],
    recency: NDArray[np.float64],
    n_items: int,
    out_indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    evidence: NDArray[np.float64],
) -> None:
    # Where the entry for an item is; those of customers before this one lie further front, so nothing is cleared.
    place = np.full(n_items, -1, np.int64)
    count = 0
    for row in range(len(indptr) - 1):
        begin = count
        for at in range(indptr[row], indptr[row + 1]):
            item = items[at]
            value = weights[at] * recency[indptr[row + 1] - 1 - at]
            if place[item] >= begin:
                evidence[place[item]] += value
            else:
                place[item] = count
                columns[count] = item
                evidence[count] = value
                count += 1
        out_indptr[row + 1] = count


@kernel
def _turn(
    indptr: NDArray[np.int64],
    columns: NDArray[np.int32],
    weights: NDArray[np.float32],
    following: NDArray[np.int64],
    owners: NDArray[np.int32],
    turned: NDArray[np.float32],
) -> None:
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            to = following[columns[at]]
            owners[to] = row
            turned[to] = weights[at]
            following[columns[at]] = to + 1
