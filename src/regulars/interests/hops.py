"""Neighbours of neighbours: walks of several steps through an item-to-item table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.item_pairs import in_blocks
from regulars.interests.jit import cores, parallel_kernel, parallel_range
from regulars.interests.neighbours import Neighbours, settle_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.item_pairs import Rows

WIDTH = 64
"""Neighbours that a step follows: the cost of an item grows with its square."""


def reach_further(table: Neighbours, hops: int, weight: float, limit: int) -> Neighbours:
    """Return S + w·S·P + w²·S·P² + …: what is reached in up to `hops` steps, an item itself left out.

    P has the rows of S divided by their sums, so that a step passes on what there is and adds nothing.

    Parameters
    ----------
    table
        S: one step.
    hops
        Steps at most.
    weight
        w: what a further step counts.
    limit
        Neighbours kept for each item.
    """
    n_items = len(table.indptr) - 1
    sums = np.zeros(n_items, np.float32)
    np.add.at(sums, np.repeat(np.arange(n_items), np.diff(table.indptr)), table.strengths)
    found = table
    # Horner's rule: what is reached in k steps is one step, and from what k - 1 steps reach one more.
    for _ in range(1, hops):

        def further(first: int, last: int, reached: Neighbours = found) -> Rows:
            return _step(
                table.indptr, table.items, table.strengths, reached.indptr, reached.items, reached.strengths, sums,
                np.float32(weight), WIDTH, limit, first, last, cores(),
            )  # fmt: skip

        found = in_blocks(n_items, limit, further)
    return found


@parallel_kernel
def _step(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    strengths: NDArray[np.float32],
    reached_indptr: NDArray[np.int64],
    reached: NDArray[np.int32],
    reached_strengths: NDArray[np.float32],
    sums: NDArray[np.float32],
    weight: np.float32,
    width: int,
    limit: int,
    first: int,
    last: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Return S + weight · reached · P for items first, …, last - 1, padded."""
    n_items = len(indptr) - 1
    lengths = np.zeros(last - first, np.int64)
    near = np.zeros((last - first, limit), np.int32)
    found = np.zeros((last - first, limit), np.float32)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(first + thread, last, threads):
            count = 0
            for at in range(indptr[item], indptr[item + 1]):
                touched[count] = items[at]
                count += 1
                row[items[at]] = strengths[at]
            for at in range(reached_indptr[item], min(reached_indptr[item + 1], reached_indptr[item] + width)):
                between = reached[at]
                if sums[between] == 0:
                    continue
                passed = weight * reached_strengths[at] / sums[between]
                for there in range(indptr[between], min(indptr[between + 1], indptr[between] + width)):
                    other = items[there]
                    if other == item:
                        continue
                    if row[other] == 0:
                        touched[count] = other
                        count += 1
                    row[other] += passed * strengths[there]
            lengths[item - first] = settle_row(row, touched, count, near[item - first], found[item - first])
    return lengths, near, found
