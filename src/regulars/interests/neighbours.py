"""Item-to-item tables: for each item its strongest neighbours, and how they score a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regulars.interests.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.interests.interactions import Histories


def fading(count: int, power: float) -> NDArray[np.float32]:
    """Return (1 + r)^-power for r = 0 … count - 1, float32 (count): what events count the further away they are."""
    return (1.0 + np.arange(count, dtype=np.float32)) ** np.float32(-power)


@dataclass(frozen=True)
class Neighbours:
    """For each item, its neighbours by falling strength.

    Parameters
    ----------
    indptr
        Where each item's neighbours begin, int64 (items + 1).
    items
        Neighbour numbers, int32.
    strengths
        Their strength, float32, falling within an item.
    """

    indptr: NDArray[np.int64]
    items: NDArray[np.int32]
    strengths: NDArray[np.float32]

    def of(self, item: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the neighbours of one item and their strengths."""
        part = slice(int(self.indptr[item]), int(self.indptr[item + 1]))
        return self.items[part], self.strengths[part]

    def score(self, histories: Histories, decay: float, depth: int) -> NDArray[np.float32]:
        """Score every item for every history, float32 (histories × items).

        s(j) = Σ_r (1 + r)^-decay · strength(i_r → j), where i_r is the r-th latest event, r < depth.
        """
        out = np.zeros((len(histories), len(self.indptr) - 1), np.float32)
        recency = fading(depth, decay)
        _score(histories.indptr, histories.items, recency, self.indptr, self.items, self.strengths, out)
        return out

    def strongest_source(
        self, history: NDArray[np.int32], targets: NDArray[np.int32], decay: float
    ) -> NDArray[np.int32]:
        """Return for each target the item of the history that adds most to its score (-1: none does)."""
        depth = len(history)
        recency = fading(depth, decay)
        return _sources(history, recency, targets, self.indptr, self.items, self.strengths)


@kernel
def _score(
    indptr: NDArray[np.int64],
    history: NDArray[np.int32],
    recency: NDArray[np.float32],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    strengths: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    for row in range(len(indptr) - 1):
        end = indptr[row + 1]
        depth = min(end - indptr[row], len(recency))
        for rank in range(depth):
            item = history[end - 1 - rank]
            for at in range(starts[item], starts[item + 1]):
                out[row, neighbours[at]] += recency[rank] * strengths[at]


@kernel
def _sources(
    history: NDArray[np.int32],
    recency: NDArray[np.float32],
    targets: NDArray[np.int32],
    starts: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    strengths: NDArray[np.float32],
) -> NDArray[np.int32]:
    best = np.zeros(len(targets), np.float32)
    source = np.full(len(targets), -1, np.int32)
    for rank in range(len(history)):
        item = history[len(history) - 1 - rank]
        for at in range(starts[item], starts[item + 1]):
            for number in range(len(targets)):
                value = recency[rank] * strengths[at]
                if neighbours[at] == targets[number] and value > best[number]:
                    best[number] = value
                    source[number] = item
    return source


def from_padded(lengths: NDArray[np.int64], items: NDArray[np.int32], strengths: NDArray[np.float32]) -> Neighbours:
    """Return the table of rows that were filled up to `lengths`, without their unused places."""
    used = np.arange(items.shape[1]) < lengths[:, None]
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    return Neighbours(indptr, items[used], strengths[used])


@kernel
def keep_strongest(
    values: NDArray[np.float32], touched: NDArray[np.int32], count: int, limit: int
) -> NDArray[np.int32]:
    """Return the `limit` numbers in touched[:count] with the largest values, falling; ties by number."""
    chosen = touched[:count]
    if count > limit:
        # Quickselect first: sorting thousands of touched items for each of a large catalogue took nine tenths of a fit.
        found = values[chosen]
        chosen = chosen[found >= np.partition(found, count - limit)[count - limit]]
    chosen = np.sort(chosen)
    order = np.argsort(-values[chosen], kind="mergesort")
    return chosen[order[:limit]]


@kernel
def settle_row(
    row: NDArray[np.float32],
    touched: NDArray[np.int32],
    count: int,
    items: NDArray[np.int32],
    strengths: NDArray[np.float32],
) -> int:
    """Write the strongest of a dense row into `items` and `strengths`, clear the row, and return how many they are."""
    best = keep_strongest(row, touched, count, len(items))
    for index in range(len(best)):
        items[index] = best[index]
        strengths[index] = row[best[index]]
    for index in range(count):
        row[touched[index]] = 0
    return len(best)
