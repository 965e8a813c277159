"""Neighbours of neighbours: walks of several steps through an item-to-item table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import cores, parallel_kernel, parallel_range
from regulars.interests.neighbours import Neighbours, Padded, in_blocks, settle_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    longest = found = table
    for hop in range(1, hops):
        at, share = longest, np.float32(weight**hop)

        def further(first: int, last: int, at: Neighbours = at) -> Padded:
            return _step(
                at.indptr, at.items, at.strengths, table.indptr, table.items, table.strengths, sums, WIDTH, limit,
                first, last, cores(),
            )  # fmt: skip

        longest = in_blocks(n_items, further)
        step = longest

        def added(
            first: int, last: int, step: Neighbours = step, so_far: Neighbours = found, share: np.float32 = share
        ) -> Padded:
            return _add(
                so_far.indptr, so_far.items, so_far.strengths, step.indptr, step.items, step.strengths, share, limit,
                first, last, cores(),
            )  # fmt: skip

        found = in_blocks(n_items, added)
    return found


@parallel_kernel
def _step(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    strengths: NDArray[np.float32],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    weights: NDArray[np.float32],
    sums: NDArray[np.float32],
    width: int,
    limit: int,
    first: int,
    last: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Take one step more from where items first, …, last - 1 lead."""
    n_items = len(indptr) - 1
    lengths = np.zeros(last - first, np.int64)
    near = np.zeros((last - first, limit), np.int32)
    reached = np.zeros((last - first, limit), np.float32)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(first + thread, last, threads):
            count = 0
            for at in range(indptr[item], min(indptr[item + 1], indptr[item] + width)):
                between = items[at]
                if sums[between] == 0:
                    continue
                passed = strengths[at] / sums[between]
                for there in range(starts[between], min(starts[between + 1], starts[between] + width)):
                    other = neighbours[there]
                    if other == item:
                        continue
                    if row[other] == 0:
                        touched[count] = other
                        count += 1
                    row[other] += passed * weights[there]
            lengths[item - first] = settle_row(row, touched, count, near[item - first], reached[item - first])
    return lengths, near, reached


@parallel_kernel
def _add(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    strengths: NDArray[np.float32],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    weights: NDArray[np.float32],
    share: np.float32,
    limit: int,
    first: int,
    last: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Add two tables' rows first, …, last - 1, the second times `share`."""
    n_items = len(indptr) - 1
    lengths = np.zeros(last - first, np.int64)
    near = np.zeros((last - first, limit), np.int32)
    summed = np.zeros((last - first, limit), np.float32)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(first + thread, last, threads):
            count = 0
            for at in range(indptr[item], indptr[item + 1]):
                touched[count] = items[at]
                count += 1
                row[items[at]] = strengths[at]
            for at in range(starts[item], starts[item + 1]):
                if row[neighbours[at]] == 0:
                    touched[count] = neighbours[at]
                    count += 1
                row[neighbours[at]] += share * weights[at]
            lengths[item - first] = settle_row(row, touched, count, near[item - first], summed[item - first])
    return lengths, near, summed
