"""The counting behind `CoVisitation`, one item's row at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import parallel_kernel, parallel_range
from regulars.interests.neighbours import settle_row

if TYPE_CHECKING:
    from numpy.typing import NDArray


@parallel_kernel
def count_pairs(
    events: NDArray[np.int32],
    weights: NDArray[np.float32],
    indptr: NDArray[np.int64],
    owners: NDArray[np.int64],
    customer_weights: NDArray[np.float32],
    where: NDArray[np.int64],
    starts: NDArray[np.int64],
    gaps: NDArray[np.float32],
    backward: np.float32,
    power: np.float32,
    scale: NDArray[np.float32],
    limit: int,
    first: int,
    last: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Count what stands near items first, …, last - 1 and keep the strongest.

    Parameters
    ----------
    events, weights, indptr, owners
        The histories, one after the other.
    customer_weights
        What each customer's pairs count, float32 (customers).
    where, starts
        Places of each item in `events` (CSR by item).
    gaps
        Weight of a pair 1, 2, … events apart, float32 (window).
    backward
        Weight of what came before beside what came after.
    power
        Counts are raised to it.
    scale
        Factor of each neighbour, float32 (items).
    limit
        Neighbours kept.
    first, last
        Which items.
    threads
        How many.

    Returns
    -------
    lengths, items, strengths
        int64 (last - first), int32 and float32 (last - first × limit), filled up to `lengths`.
    """
    n_items = len(starts) - 1
    lengths = np.zeros(last - first, np.int64)
    items = np.zeros((last - first, limit), np.int32)
    strengths = np.zeros((last - first, limit), np.float32)
    window = len(gaps)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(first + thread, last, threads):
            count = 0
            for at in range(starts[item], starts[item + 1]):
                here = where[at]
                owner = owners[here]
                weight = customer_weights[owner]
                for there in range(max(indptr[owner], here - window), min(indptr[owner + 1], here + window + 1)):
                    other = events[there]
                    if other == item:
                        continue
                    if there > here:
                        value = gaps[there - here - 1] * weights[there] * weight
                    else:
                        value = backward * gaps[here - there - 1] * weights[there] * weight
                    if value == 0:
                        continue
                    if row[other] == 0:
                        touched[count] = other
                        count += 1
                    row[other] += value
            for index in range(count):
                other = touched[index]
                row[other] = row[other] ** power * scale[other]
            lengths[item - first] = settle_row(row, touched, count, items[item - first], strengths[item - first])
    return lengths, items, strengths
