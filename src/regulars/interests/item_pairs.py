"""Rows of item-to-item tables, a few items at a time, so that memory is what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.neighbours import Neighbours, from_padded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CELLS = 4_000_000
"""Padded places for neighbours held at once: 32 MB."""

Rows = tuple["NDArray[np.int64]", "NDArray[np.int32]", "NDArray[np.float32]"]


def in_blocks(n_items: int, limit: int, count: Callable[[int, int], Rows]) -> Neighbours:
    """Build a table from `count(begin, end)`, which returns padded rows of the items from begin to end.

    Most items of a large catalogue have few neighbours, so the padded rows are many times what is kept of them;
    packing each block before the next keeps them from adding up.

    Parameters
    ----------
    n_items
        Items of the catalogue.
    limit
        Neighbours a row holds at most.
    count
        Returns lengths int64 (block), items int32 (block × limit), strengths float32 (block × limit).
    """
    lengths = np.zeros(n_items, np.int64)
    items: list[NDArray[np.int32]] = []
    strengths: list[NDArray[np.float32]] = []
    size = max(1, CELLS // max(1, limit))
    for begin in range(0, n_items, size):
        end = min(begin + size, n_items)
        block = from_padded(*count(begin, end))
        lengths[begin:end] = np.diff(block.indptr)
        items.append(block.items)
        strengths.append(block.strengths)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    return Neighbours(indptr, np.concatenate(items), np.concatenate(strengths))
