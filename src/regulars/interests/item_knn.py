"""Item nearest neighbours: items chosen by the same customers, whatever the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from regulars.interests.item_pairs import in_blocks
from regulars.interests.item_to_item import ItemToItem, ItemToItemConfig
from regulars.interests.jit import cores, parallel_kernel, parallel_range
from regulars.interests.neighbours import settle_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.core.progress import Progress
    from regulars.interests.interactions import Histories, Interactions
    from regulars.interests.item_pairs import Rows
    from regulars.interests.recommender import Config


class ItemKNNConfig(ItemToItemConfig, frozen=True, kw_only=True):
    """Settings of `ItemKNN`."""

    neighbours: int = 200
    """Neighbours kept for each item."""
    shrink: float = 30.0
    """Customers of mean worth added to the denominator: rare pairs are trusted less."""
    customer_depth: int = 400
    """Latest events of each customer that are compared: the cost is quadratic in it."""
    history_decay: float = 0.8
    """The r-th latest event of a history weighs (1 + r)^-history_decay."""
    history_depth: int = 512
    """Events of a history that are looked at."""
    weighting: Literal["cosine", "tfidf", "bm25"] = "tfidf"
    """What a customer in common counts: 1, or less the more items the customer has (see `ItemKNN`)."""
    k1: float = 1.2
    """BM25: how fast further evidence for one item stops counting."""
    b: float = 0.75
    """BM25: how far a customer's length counts, 0 to 1."""


class ItemKNN(ItemToItem[ItemKNNConfig]):
    """Similarity of two items by the customers who chose both.

    strength(i, j) = Σ_{u ∈ U_i ∩ U_j} w_u² / (‖w_i‖·‖w_j‖ + shrink), where ‖w_i‖² = Σ_{u ∈ U_i} w_u².

    `cosine`: w_u = 1 (Sarwar et al., 2001, on sets). `tfidf`: w_u = ln(1 + items / n_u), for someone who chose
    everything says nothing about what goes together. `bm25` (Robertson et al., 1994, customers being the terms):
    w_u² = ln(1 + items / n_u) · (k1 + 1) / (1 + k1·(1 − b + b·n_u / mean n)), n_u standing in for a text's length.
    """

    name = "knn"
    config_type = ItemKNNConfig

    def _fit(self, interactions: Interactions, progress: Progress) -> None:
        histories, config, n_items = interactions.histories, self.config, self.n_items_
        indptr, items = distinct_items(histories.latest(config.customer_depth), n_items)
        owners = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
        worth = customer_worth(np.diff(indptr), n_items, config)
        norms = np.sqrt(np.bincount(items, weights=worth[owners], minlength=n_items)).astype(np.float32)
        counts = np.bincount(items, minlength=n_items)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
        customers = owners[np.argsort(items, kind="stable")]
        shrink, limit = np.float32(config.shrink * worth[owners].mean()), min(config.neighbours, n_items)
        with progress.task("Comparing items by their customers", n_items) as step:

            def rows(begin: int, end: int) -> Rows:
                found = compare(
                    indptr, items, starts, customers, worth, norms, shrink, begin, end, limit,
                    cores(),
                )  # fmt: skip
                step.advance(end - begin)
                return found

            self.neighbours_ = in_blocks(n_items, limit, rows)

    @classmethod
    def grid(cls) -> Sequence[Config]:
        """Return the settings worth trying on a validation split, the default first."""
        base = ItemKNNConfig()
        changes: list[dict[str, Any]] = [
            {"history_decay": 0.0}, {"history_decay": 1.0}, {"shrink": 0.0}, {"shrink": 50.0},
            {"weighting": "tfidf"}, {"weighting": "bm25"},
        ]  # fmt: skip
        return [base, *(msgspec.structs.replace(base, **change) for change in changes)]


def distinct_items(histories: Histories, n_items: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return each customer's set of items as (indptr int64, items int32 rising)."""
    pairs = np.unique(histories.owners * n_items + histories.items)
    lengths = np.bincount(pairs // n_items, minlength=len(histories))
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    return indptr, (pairs % n_items).astype(np.int32)


def customer_worth(lengths: NDArray[np.int64], n_items: int, config: ItemKNNConfig) -> NDArray[np.float32]:
    """Return w_u², what each customer in common counts, float32 (customers)."""
    n = np.maximum(lengths, 1).astype(np.float64)
    if config.weighting == "cosine":
        return np.ones(len(n), np.float32)
    rarity = np.log1p(n_items / n)
    if config.weighting == "tfidf":
        return (rarity**2).astype(np.float32)
    saturation = (config.k1 + 1) / (1 + config.k1 * (1 - config.b + config.b * n / n.mean()))
    return (rarity * saturation).astype(np.float32)


@parallel_kernel
def compare(
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
    starts: NDArray[np.int64],
    customers: NDArray[np.int64],
    worth: NDArray[np.float32],
    norms: NDArray[np.float32],
    shrink: np.float32,
    begin: int,
    end: int,
    limit: int,
    threads: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Return the strongest neighbours of the items from begin to end, padded: Σ worth / (norm · norm + shrink)."""
    n_items = len(starts) - 1
    lengths = np.zeros(end - begin, np.int64)
    near = np.zeros((end - begin, limit), np.int32)
    strengths = np.zeros((end - begin, limit), np.float32)
    for thread in parallel_range(threads):
        row = np.zeros(n_items, np.float32)
        touched = np.empty(n_items, np.int32)
        for item in range(begin + thread, end, threads):
            count = 0
            for at in range(starts[item], starts[item + 1]):
                customer = customers[at]
                value = worth[customer]
                for there in range(indptr[customer], indptr[customer + 1]):
                    other = items[there]
                    if other != item:
                        if row[other] == 0:
                            touched[count] = other
                            count += 1
                        row[other] += value
            for index in range(count):
                other = touched[index]
                row[other] /= norms[item] * norms[other] + shrink
            lengths[item - begin] = settle_row(row, touched, count, near[item - begin], strengths[item - begin])
    return lengths, near, strengths
