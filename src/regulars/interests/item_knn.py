"""Item nearest neighbours: items chosen by the same customers, whatever the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from regulars.interests.item_to_item import ItemToItem, ItemToItemConfig
from regulars.interests.jit import cores, parallel_kernel, parallel_range
from regulars.interests.neighbours import from_padded, settle_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.recommender import Config


class ItemKNNConfig(ItemToItemConfig, frozen=True, kw_only=True):
    """Settings of `ItemKNN`."""

    neighbours: int = 200
    """Neighbours kept for each item."""
    shrink: float = 10.0
    """Customers added to the denominator: rare pairs are trusted less."""
    customer_depth: int = 400
    """Latest events of each customer that are compared: the cost is quadratic in it."""
    history_decay: float = 0.5
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 512
    """Events of a history that are looked at."""


class ItemKNN(ItemToItem[ItemKNNConfig]):
    """Cosine between the sets of customers of two items.

    strength(i, j) = |U_i ∩ U_j| / (√(|U_i|·|U_j|) + shrink)   (Sarwar et al., 2001, on sets)
    """

    name = "knn"
    config_type = ItemKNNConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        histories = interactions.histories
        from_end = np.repeat(histories.indptr[1:], histories.lengths) - np.arange(len(histories.items))
        latest = histories.keep(from_end <= self.config.customer_depth)
        indptr, items = distinct_items(latest, self.n_items_)
        owners = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
        counts = np.bincount(items, minlength=self.n_items_)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        customers = owners[np.argsort(items, kind="stable")]
        with progress.task("Comparing items by their customers", None):
            lengths, near, strengths = _cosine(
                indptr, items, starts, customers, counts.astype(np.float32),
                np.float32(self.config.shrink), self.config.neighbours, cores(),
            )  # fmt: skip
        self.neighbours_ = from_padded(lengths, near, strengths)

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = ItemKNNConfig()
        changes: list[dict[str, float]] = [
            {"history_decay": 0.0}, {"history_decay": 1.0}, {"shrink": 0.0}, {"shrink": 50.0},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


def distinct_items(histories: Histories, n_items: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return each customer's set of items as (indptr int64, items int32 rising)."""
    pairs = np.unique(histories.owners * n_items + histories.items)
    lengths = np.bincount(pairs // n_items, minlength=len(histories))
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    return indptr, (pairs % n_items).astype(np.int32)


@parallel_kernel
def _cosine(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    starts: NDArray[np.int64],
    customers: NDArray[np.int64],
    counts: NDArray[np.float32],
    shrink: np.float32,
    limit: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    n_items = len(starts) - 1
    lengths = np.zeros(n_items, np.int64)
    near = np.zeros((n_items, limit), np.int32)
    strengths = np.zeros((n_items, limit), np.float32)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(thread, n_items, threads):
            count = 0
            for at in range(starts[item], starts[item + 1]):
                customer = customers[at]
                for there in range(indptr[customer], indptr[customer + 1]):
                    other = items[there]
                    if other != item:
                        if row[other] == 0:
                            touched[count] = other
                            count += 1
                        row[other] += 1
            for index in range(count):
                other = touched[index]
                row[other] /= np.sqrt(counts[item] * counts[other]) + shrink
            lengths[item] = settle_row(row, touched, count, near[item], strengths[item])
    return lengths, near, strengths
